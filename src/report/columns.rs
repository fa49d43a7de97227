//! The columns of PAN-OS's traffic log, in their order: what each is called, since which release it is there, and how
//! a row fills it (PANOS.md 11.1).

use std::borrow::Cow;
use std::fmt;

use super::escape;
use super::row::Row;
use crate::app::Class;
use crate::config::PanosVersion;

/// A release of PAN-OS by its first two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release(pub u8, pub u8);

impl Release {
    /// The number that the release writes into the sixth column: major × 256 + minor from 8.1 on (PANOS.md 11.1), 1
    /// before that, as real rows have it.
    pub fn number(self) -> u64 {
        if self < Self(8, 1) { 1 } else { u64::from(self.0) * 256 + u64::from(self.1) }
    }

    /// The release that writes this number; `None` where the number tells none.
    pub fn of_number(number: u64) -> Option<Self> {
        let (major, minor) = (u8::try_from(number / 256).ok()?, u8::try_from(number % 256).ok()?);
        (8..=30).contains(&major).then_some(Self(major, minor)).filter(|_| minor < 10)
    }

    /// How many columns it writes.
    pub fn width(self) -> usize {
        COLUMNS.iter().filter(|column| column.since <= self).count()
    }
}

impl From<PanosVersion> for Release {
    fn from(version: PanosVersion) -> Self {
        match version {
            PanosVersion::V7_1 => Self(7, 1),
            PanosVersion::V8_1 => Self(8, 1),
            PanosVersion::V9_0 => Self(9, 0),
            PanosVersion::V9_1 => Self(9, 1),
            PanosVersion::V10_0 => Self(10, 0),
            PanosVersion::V10_1 => Self(10, 1),
            PanosVersion::V11_1 => Self(11, 1),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in PAN-OS's field list.
    pub name: &'static str,
    /// Its heading in the CSV files that the web interface exports.
    pub title: &'static str,
    /// The first release that has it.
    pub since: Release,
    pub(super) fill: Fill,
}

/// Makes the text of a column.
pub(super) type Fill = for<'r> fn(&'r Filled<'r>) -> Cow<'r, str>;

/// A row with what several columns show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filled<'r> {
    pub(super) row: &'r Row<'r>,
    pub(super) release: Release,
    /// `start`, on the firewall's clock.
    pub(super) start: &'r str,
    /// When the row is written, on the same clock.
    pub(super) written: &'r str,
    /// The same as ISO 8601, with milliseconds and offset.
    pub(super) precise: &'r str,
    /// Number of the row in the log.
    pub(super) sequence: u64,
}

impl Filled<'_> {
    /// A column about the application's place among the others; `unknown` where it is not known or is a label.
    fn class<'r>(text: Option<&'r str>) -> Cow<'r, str> {
        text.filter(|text| !text.is_empty()).unwrap_or("unknown").into()
    }

    fn is_saas(&self) -> bool {
        self.row.model.class.is_some_and(|class| class.characteristics.names().any(|name| name == "is-saas"))
    }

    fn is_sanctioned(&self) -> bool {
        let is_tag = |tag: &String| tag.eq_ignore_ascii_case("sanctioned");
        self.row.model.class.is_some_and(|class| class.tags.iter().any(is_tag))
    }
}

/// What an application does or may be used for, separated by commas. What has a column of its own, and what changes
/// with each content release, is not among it.
pub(super) fn characteristics(class: Option<&Class>) -> String {
    let all = class.map(|class| class.characteristics.entry_names()).into_iter().flatten();
    all.filter(|name| !["is-saas", "new-appid"].contains(name)).collect::<Vec<_>>().join(",")
}

/// Where an address is, as the firewall says it of private ones; the countries of others are not known here.
fn location(addr: &str) -> &'static str {
    let Ok(std::net::IpAddr::V4(addr)) = addr.parse() else { return "" };
    match addr.octets() {
        [10, ..] => "10.0.0.0-10.255.255.255",
        [172, 16..=31, ..] => "172.16.0.0-172.31.255.255",
        [192, 168, ..] => "192.168.0.0-192.168.255.255",
        _ => "",
    }
}

fn number<'r>(number: impl Into<u64>) -> Cow<'r, str> {
    itoa::Buffer::new().format(number.into()).to_owned().into()
}

fn yes_no<'r>(yes: bool) -> Cow<'r, str> {
    if yes { "yes" } else { "no" }.into()
}

/// Lines of `release => name "title" = text of `|f|`;`.
macro_rules! columns {
    ($($major:literal . $minor:literal: [$($name:literal $title:literal |$f:ident| $text:expr;)+])+) => {
        /// All of them. What a replay does not know has the value that most rows have.
        pub const COLUMNS: &[Column] = &[
            $($(Column {
                name: $name,
                title: $title,
                since: Release($major, $minor),
                fill: |$f| $text,
            },)+)+
        ];
    };
}

columns! {
    5 . 0: [
        "future_use1" "Domain" |_f| "1".into();
        "receive_time" "Receive Time" |f| f.written.into();
        "serial" "Serial #" |_f| SERIAL.into();
        "type" "Type" |f| f.row.kind.into();
        "subtype" "Threat/Content Type" |f| f.row.subtype.name().into();
        "future_use2" "Config Version" |f| number(f.release.number());
        "time_generated" "Generate Time" |f| f.written.into();
        "src" "Source address" |f| f.row.src.as_str().into();
        "dst" "Destination address" |f| f.row.dst.as_str().into();
        "natsrc" "NAT Source IP" |f| f.row.natsrc.as_str().into();
        "natdst" "NAT Destination IP" |f| f.row.natdst.as_str().into();
        "rule" "Rule" |f| escape::name(f.row.rule);
        "srcuser" "Source User" |_f| "".into();
        "dstuser" "Destination User" |_f| "".into();
        "app" "Application" |f| escape::name(f.row.app);
        "vsys" "Virtual System" |_f| VSYS.into();
        "from" "Source Zone" |f| escape::name(f.row.from);
        "to" "Destination Zone" |f| escape::name(f.row.to);
        "inbound_if" "Inbound Interface" |f| escape::name(f.row.inbound_if);
        "outbound_if" "Outbound Interface" |f| escape::name(f.row.outbound_if);
        "logset" "Log Action" |f| escape::name(f.row.model.log_setting);
        "future_use3" "Time Logged" |f| f.written.into();
        "sessionid" "Session ID" |f| number(f.row.sessionid);
        "repeatcnt" "Repeat Count" |f| number(f.row.repeatcnt);
        "sport" "Source Port" |f| number(f.row.sport);
        "dport" "Destination Port" |f| number(f.row.dport);
        "natsport" "NAT Source Port" |f| number(f.row.natsport);
        "natdport" "NAT Destination Port" |f| number(f.row.natdport);
        "flags" "Flags" |f| f.row.flags.as_str().into();
        "proto" "IP Protocol" |f| f.row.proto.as_str().into();
        "action" "Action" |f| f.row.action.into();
        "bytes" "Bytes" |f| number(f.row.bytes);
        "bytes_sent" "Bytes Sent" |f| number(f.row.bytes_sent);
        "bytes_received" "Bytes Received" |f| number(f.row.bytes_received);
        "packets" "Packets" |f| number(f.row.packets);
        "start" "Start Time" |f| f.start.into();
        "elapsed" "Elapsed Time (sec)" |f| number(f.row.elapsed);
        "category" "Category" |f| f.row.category.into();
        "future_use4" "Padding" |_f| "0".into();
        "seqno" "seqno" |f| number(f.sequence);
        "actionflags" "actionflags" |_f| "0x0".into();
        "srcloc" "Source Country" |f| location(f.row.src.as_str()).into();
        "dstloc" "Destination Country" |f| location(f.row.dst.as_str()).into();
    ]
    5 . 1: [
        "future_use5" "cpadding" |_f| "0".into();
        "pkts_sent" "pkts_sent" |f| number(f.row.pkts_sent);
        "pkts_received" "pkts_received" |f| number(f.row.pkts_received);
    ]
    6 . 1: [
        "session_end_reason" "session_end_reason" |f| f.row.session_end_reason.into();
    ]
    7 . 0: [
        "dg_hier_level_1" "DG Hierarchy Level 1" |_f| "0".into();
        "dg_hier_level_2" "DG Hierarchy Level 2" |_f| "0".into();
        "dg_hier_level_3" "DG Hierarchy Level 3" |_f| "0".into();
        "dg_hier_level_4" "DG Hierarchy Level 4" |_f| "0".into();
        "vsys_name" "Virtual System Name" |_f| "".into();
        "device_name" "Device Name" |_f| DEVICE.into();
    ]
    7 . 1: [
        "action_source" "action_source" |f| f.row.action_source.into();
    ]
    8 . 0: [
        "src_uuid" "Source VM UUID" |_f| "".into();
        "dst_uuid" "Destination VM UUID" |_f| "".into();
        "tunnelid/imsi" "Tunnel ID/IMSI" |_f| "0".into();
        "monitortag/imei" "Monitor Tag/IMEI" |_f| "".into();
        "parent_session_id" "Parent Session ID" |_f| "0".into();
        "parent_start_time" "parent_start_time" |_f| "".into();
        "tunnel" "Tunnel" |_f| "N/A".into();
    ]
    8 . 1: [
        "assoc_id" "assoc_id" |_f| "0".into();
        "chunks" "chunks" |_f| "0".into();
        "chunks_sent" "chunks_sent" |_f| "0".into();
        "chunks_received" "chunks_received" |_f| "0".into();
    ]
    9 . 0: [
        "rule_uuid" "Rule UUID" |_f| "".into();
        "http2_connection" "HTTP/2 Connection" |_f| "0".into();
    ]
    9 . 1: [
        "link_change_count" "link_change_count" |_f| "0".into();
        "policy_id" "policy_id" |_f| "".into();
        "link_switches" "link_switches" |_f| "".into();
        "sdwan_cluster" "sdwan_cluster" |_f| "".into();
        "sdwan_device_type" "sdwan_device_type" |_f| "".into();
        "sdwan_cluster_type" "sdwan_cluster_type" |_f| "".into();
        "sdwan_site" "sdwan_site" |_f| "".into();
        "dynusergroup_name" "Dynamic User Group Name" |_f| "".into();
    ]
    10 . 0: [
        "xff_ip" "XFF address" |_f| "".into();
        "src_category" "Source Device Category" |_f| "".into();
        "src_profile" "Source Device Profile" |_f| "".into();
        "src_model" "Source Device Model" |_f| "".into();
        "src_vendor" "Source Device Vendor" |_f| "".into();
        "src_osfamily" "Source Device OS Family" |_f| "".into();
        "src_osversion" "Source Device OS Version" |_f| "".into();
        "src_host" "Source Hostname" |_f| "".into();
        "src_mac" "Source Mac Address" |_f| "".into();
        "dst_category" "Destination Device Category" |_f| "".into();
        "dst_profile" "Destination Device Profile" |_f| "".into();
        "dst_model" "Destination Device Model" |_f| "".into();
        "dst_vendor" "Destination Device Vendor" |_f| "".into();
        "dst_osfamily" "Destination Device OS Family" |_f| "".into();
        "dst_osversion" "Destination Device OS Version" |_f| "".into();
        "dst_host" "Destination Hostname" |_f| "".into();
        "dst_mac" "Destination Mac Address" |_f| "".into();
        "container_id" "Container ID" |_f| "".into();
        "pod_namespace" "POD Namespace" |_f| "".into();
        "pod_name" "POD Name" |_f| "".into();
        "src_edl" "Source External Dynamic List" |_f| "".into();
        "dst_edl" "Destination External Dynamic List" |_f| "".into();
        "hostid" "Host ID" |_f| "".into();
        "serialnumber" "Serial Number" |_f| "".into();
        "src_dag" "Source Dynamic Address Group" |_f| "".into();
        "dst_dag" "Destination Dynamic Address Group" |_f| "".into();
        "session_owner" "session_owner" |_f| "".into();
        "high_res_timestamp" "High Res Timestamp" |f| f.precise.into();
        "nsdsai_sst" "nsdsai_sst" |_f| "".into();
        "nsdsai_sd" "nsdsai_sd" |_f| "".into();
    ]
    10 . 1: [
        "subcategory_of_app" "Application Subcategory"
            |f| Filled::class(f.row.model.class.map(|class| class.subcategory.as_str()));
        "category_of_app" "Application Category"
            |f| Filled::class(f.row.model.class.map(|class| class.category.as_str()));
        "technology_of_app" "Application Technology"
            |f| Filled::class(f.row.model.class.map(|class| class.technology.as_str()));
        "risk_of_app" "Application Risk" |f| number(f.row.model.class.map_or(1, |class| class.risk.max(1)));
        "characteristic_of_app" "Application Characteristic" |f| characteristics(f.row.model.class).into();
        "container_of_app" "Application Container"
            |f| escape::name(f.row.model.class.and_then(|class| class.container.as_deref()).unwrap_or(""));
        "tunneled_app" "Tunneled Application" |f| escape::name(f.row.app);
        "is_saas_of_app" "Application SaaS" |f| yes_no(f.is_saas());
        "sanctioned_state_of_app" "Application Sanctioned State" |f| yes_no(f.is_sanctioned());
        "offloaded" "offloaded" |_f| "0".into();
    ]
    11 . 1: [
        "flow_type" "flow_type" |_f| "NonProxyTraffic".into();
        "cluster_name" "cluster_name" |_f| "".into();
    ]
}

/// The serial number that stands for the model.
pub(super) const SERIAL: &str = "000000000001";
/// The only virtual system.
pub(super) const VSYS: &str = "vsys1";
/// The name of the device.
pub(super) const DEVICE: &str = "firstpass";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// PANOS.md 11.1 counts the columns of real rows.
    #[test]
    fn releases_have_as_many_columns_as_their_rows() {
        let widths = PanosVersion::ALL.map(|version| Release::from(version).width());
        assert_eq!(widths, [54, 65, 67, 75, 105, 115, 117]);
        assert_eq!([Release(10, 2), Release(11, 0), Release(11, 2)].map(Release::width), [115, 115, 117]);
        assert_eq!(
            [Release(5, 0), Release(6, 0), Release(6, 1), Release(8, 0)].map(Release::width),
            [43, 46, 47, 61]
        );
    }

    #[test]
    fn columns_are_where_the_field_list_has_them() {
        let place = |name: &str| COLUMNS.iter().position(|column| column.name == name).unwrap() + 1;
        for (name, expected) in [
            ("future_use2", 6),
            ("sessionid", 23),
            ("flags", 29),
            ("action", 31),
            ("start", 36),
            ("session_end_reason", 47),
            ("action_source", 54),
            ("rule_uuid", 66),
            ("link_switches", 70),
            ("high_res_timestamp", 103),
            ("characteristic_of_app", 110),
            ("offloaded", 115),
        ] {
            assert_eq!(place(name), expected, "{name}");
        }
        assert!(COLUMNS.is_sorted_by_key(|column| column.since));
        let names: BTreeSet<_> = COLUMNS.iter().map(|column| column.name).collect();
        let titles: BTreeSet<_> = COLUMNS.iter().map(|column| column.title).collect();
        assert_eq!((names.len(), titles.len()), (COLUMNS.len(), COLUMNS.len()));
    }

    #[test]
    fn the_sixth_column_tells_the_release() {
        let numbers = PanosVersion::ALL.map(|version| Release::from(version).number());
        assert_eq!(numbers, [1, 2049, 2304, 2305, 2560, 2561, 2817]);
        assert_eq!(Release::of_number(2562), Some(Release(10, 2)));
        assert_eq!([0, 1, 1210, u64::MAX].map(Release::of_number), [None; 4]);
    }
}
