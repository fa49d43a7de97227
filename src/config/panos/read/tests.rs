//! What is read of small configurations.

mod decryption;

use super::*;
use crate::config::candidate::{
    AddressObject, Body, InterfaceMode, NextHop, Pool, Recurrence, SourceTranslation, TimeSpan,
};
use crate::config::panos::{Syntax, parse};
use crate::flow::Protocol;
use crate::policy::Action;

/// What is read of an XML text, and the warnings.
fn read_with(xml: &str, overrides: &Overrides) -> (Candidate, Vec<String>) {
    let mut out = Diagnostics::default();
    let candidate = match parse(Syntax::Xml, xml, &mut out) {
        Some(config) => read(&config, xml, overrides, &mut out),
        None => Candidate::default(),
    };
    assert!(!out.has_errors(), "{}", out.into_error("config.xml", xml));
    (candidate, out.into_warnings())
}

fn read_all(xml: &str) -> Candidate {
    read_with(xml, &Overrides::default()).0
}

/// Errors of what must not be read.
fn failure(xml: &str, overrides: &Overrides) -> String {
    let mut out = Diagnostics::default();
    if let Some(config) = parse(Syntax::Xml, xml, &mut out) {
        read(&config, xml, overrides, &mut out);
    }
    assert!(out.has_errors());
    out.into_error("c", xml).to_string()
}

fn firewall(device: &str, shared: &str) -> String {
    format!(
        "<config><shared>{shared}</shared><devices><entry name=\"localhost.localdomain\">{device}</entry></devices>\
         </config>"
    )
}

fn vsys(inside: &str) -> String {
    firewall(&format!("<vsys><entry name=\"vsys1\">{inside}</entry></vsys>"), "")
}

fn rulebase(kind: &str, rules: &[&str]) -> String {
    let rules: String = rules.iter().map(|name| rule(name, "")).collect();
    format!("<{kind}><security><rules>{rules}</rules></security></{kind}>")
}

fn rule(name: &str, more: &str) -> String {
    let columns: String = ["from", "to", "source", "destination", "application"]
        .iter()
        .map(|key| format!("<{key}><member>any</member></{key}>"))
        .collect();
    format!("<entry name=\"{name}\">{columns}<action>allow</action>{more}</entry>")
}

fn rules(candidate: &Candidate) -> Vec<&str> {
    candidate.rules.iter().map(|rule| rule.name.value.as_str()).collect()
}

fn texts(names: &[Name]) -> Vec<&str> {
    names.iter().map(|name| name.value.as_str()).collect()
}

#[test]
fn of_several_vsys_one_is_read() {
    let one = rulebase("rulebase", &["a"]);
    let two = rulebase("rulebase", &["b"]);
    let text = format!(
        "<vsys><entry name=\"vsys1\"/><entry name=\"vsys2\"><display-name>Lab</display-name>{one}</entry>\
         <entry name=\"vsys3\">{two}</entry></vsys>"
    );
    let text = firewall(&text, "");
    let (candidate, warnings) = read_with(&text, &Overrides::default());
    assert_eq!(rules(&candidate), ["a"]);
    assert_eq!(
        warnings[0],
        "of several virtual systems `vsys2` is read; `--vsys` chooses another: `vsys1`, `vsys3`"
    );
    let chosen = |vsys: &str| Overrides { vsys: Some(vsys.to_owned()), ..Overrides::default() };
    assert_eq!(rules(&read_with(&text, &chosen("vsys3")).0), ["b"]);
    assert_eq!(rules(&read_with(&text, &chosen("Lab")).0), ["a"]);
    assert_eq!(
        failure(&text, &chosen("vsys9")),
        "c: --vsys: there is no `vsys9`; the configuration has `vsys1`, `vsys2`, `vsys3`"
    );
}

#[test]
fn objects_of_a_vsys_hide_those_of_shared() {
    let shared = "<address><entry name=\"web\"><ip-netmask>192.0.2.1</ip-netmask></entry>\
                  <entry name=\"only\"><ip-netmask>192.0.2.2</ip-netmask></entry></address>\
                  <address-group><entry name=\"all\"><static><member>web</member><member>only</member></static></entry>\
                  </address-group>";
    let own = "<vsys><entry name=\"vsys1\"><address><entry name=\"web\"><ip-netmask>198.51.100.1</ip-netmask></entry>\
               </address><address-group><entry name=\"own\"><static><member>web</member><member>all</member></static>\
               </entry></address-group></entry></vsys>";
    let candidate = read_all(&firewall(own, shared));
    let shown: Vec<(String, Vec<String>)> = candidate
        .addresses
        .iter()
        .map(|address| {
            let value = match &address.body {
                Body::Object(AddressObject::Ranges(ranges)) => vec![ranges[0].0.to_string()],
                Body::Group(members) => texts(members).into_iter().map(str::to_owned).collect(),
                _ => Vec::new(),
            };
            (address.name.value.clone(), value)
        })
        .collect();
    let strings = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
    let expected: Vec<(String, Vec<String>)> = [
        ("web", &["198.51.100.1"][..]),
        ("own", &["web", "all"]),
        ("web [shared]", &["192.0.2.1"]),
        ("only", &["192.0.2.2"]),
        ("all", &["web [shared]", "only"]),
    ]
    .map(|(name, value)| (name.to_owned(), strings(value)))
    .into();
    assert_eq!(shown, expected);
}

/// Rules before and after those of the firewall, and what becomes of traffic between zones that none is about.
fn around(name: &str, interzone: &str) -> String {
    let pre = rulebase("pre-rulebase", &[&format!("{name} pre"), "same"]);
    let post = rulebase("post-rulebase", &[&format!("{name} post")]);
    let defaults = format!(
        "<default-security-rules><rules><entry name=\"interzone-default\"><action>{interzone}</action></entry></rules>\
         </default-security-rules></post-rulebase>"
    );
    pre + &post.replace("</post-rulebase>", &defaults)
}

fn template(name: &str, address: &str, zone: &str) -> String {
    format!(
        "<entry name=\"{name}\"><config><devices><entry name=\"localhost.localdomain\"><network><interface><ethernet>\
         <entry name=\"ethernet1/1\"><layer3><ip><entry name=\"{address}\"/></ip></layer3></entry></ethernet></interface>\
         </network><vsys><entry name=\"vsys1\"><zone><entry name=\"{zone}\"><network><layer3>\
         <member>ethernet1/1</member></layer3></network></entry></zone></entry></vsys></entry></devices></config>\
         <variable><entry name=\"$wan\"><type><ip-netmask>203.0.113.1/28</ip-netmask></type></entry></variable></entry>"
    )
}

/// Three device groups, one above another, and a stack of two templates.
fn panorama() -> String {
    let groups = format!(
        "<entry name=\"outer\">{}</entry>\
         <entry name=\"inner\"><devices><entry name=\"007\"/></devices>{}</entry>\
         <entry name=\"other\">{}</entry>",
        around("outer", "drop"),
        around("inner", "reset-both"),
        around("other", "drop"),
    );
    let templates = template("first", "$wan", "dmz") + &template("second", "10.0.0.1/8", "lan");
    format!(
        "<config><shared>{}</shared><devices><entry name=\"localhost.localdomain\">\
         <device-group>{groups}</device-group><template>{templates}</template>\
         <template-stack><entry name=\"stack\"><templates><member>first</member><member>second</member></templates>\
         <devices><entry name=\"007\"/></devices></entry></template-stack></entry></devices>\
         <readonly><devices><entry name=\"localhost.localdomain\"><device-group><entry name=\"inner\">\
         <parent-dg>outer</parent-dg></entry><entry name=\"outer\"><parent-dg>inner</parent-dg></entry></device-group>\
         </entry></devices></readonly></config>",
        around("shared", "drop"),
    )
}

#[test]
fn rules_of_panorama_go_from_the_outside_in_and_back() {
    let chosen = Overrides { device_group: Some("inner".to_owned()), ..Overrides::default() };
    let (candidate, warnings) = read_with(&panorama(), &chosen);
    let inward = ["shared pre", "same", "outer pre", "same", "inner pre", "same"];
    let outward = ["inner post", "outer post", "shared post"];
    assert_eq!(rules(&candidate), [&inward[..], &outward].concat());
    let rulebases: Vec<usize> = candidate.rules.iter().map(|rule| rule.rulebase).collect();
    assert_eq!(rulebases, [0, 0, 1, 1, 2, 2, 3, 4, 5]);
    assert_eq!(candidate.interzone.action, Some(Action::ResetBoth));
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn templates_give_zones_and_interfaces() {
    let chosen = |group: &str, template: Option<&str>| Overrides {
        device_group: Some(group.to_owned()),
        template: template.map(str::to_owned),
        ..Overrides::default()
    };
    let shown = |candidate: &Candidate| {
        let zones = candidate.zones.iter().map(|zone| zone.name.value.clone());
        let interfaces = candidate.interfaces.iter().flat_map(|interface| &interface.addresses);
        zones.chain(interfaces.map(|address| address.value.to_string())).collect::<Vec<_>>()
    };
    let text = panorama();
    // The stack of the group's firewall: what comes first in it counts.
    let (candidate, _) = read_with(&text, &chosen("inner", None));
    assert_eq!(shown(&candidate), ["lan", "dmz", "203.0.113.1/28"]);
    let (candidate, _) = read_with(&text, &chosen("inner", Some("second")));
    assert_eq!(shown(&candidate), ["lan", "10.0.0.1/8"]);
    assert_eq!(
        failure(&text, &chosen("inner", Some("third"))),
        "c: --template: there is no `third`; the configuration has `stack`, `first`, `second`"
    );
    assert_eq!(
        failure(&text, &chosen("middle", None)),
        "c: --device-group: there is no `middle`; the configuration has `outer`, `inner`, `other`"
    );
    let vsys = Overrides { vsys: Some("vsys2".to_owned()), ..chosen("inner", None) };
    assert_eq!(failure(&text, &vsys), "c: --vsys: there is no `vsys2`; the configuration has `vsys1`");
    let (_, warnings) = read_with(&text, &Overrides::default());
    assert_eq!(
        warnings,
        [
            "of several device groups `outer` is read, with those above it and shared; `--device-group` chooses another: \
          `inner`, `other`"
        ]
    );
}

#[test]
fn a_firewall_may_carry_what_panorama_pushed() {
    let text = vsys(&rulebase("rulebase", &["own"]));
    let pushed = format!(
        "<panorama><vsys><entry name=\"vsys1\">{}</entry></vsys></panorama></config>",
        around("pushed", "drop")
    );
    let candidate = read_all(&text.replace("</config>", &pushed));
    assert_eq!(rules(&candidate), ["pushed pre", "same", "own", "pushed post"]);
    assert_eq!(candidate.interzone.action, Some(Action::Drop));
}

#[test]
fn containers_of_the_cloud_are_not_silently_left_out() {
    let container =
        format!("<container><entry name=\"All\">{}</entry></container>", rulebase("rulebase", &["a"]));
    let (candidate, warnings) = read_with(&firewall(&container, ""), &Overrides::default());
    assert!(candidate.rules.is_empty());
    assert!(
        warnings
            .iter()
            .any(|warning| warning.starts_with("containers of a configuration")
                && warning.ends_with("(1: `All`)")),
        "{warnings:?}"
    );
}

#[test]
fn fragments_are_read() {
    let bare = rulebase("rulebase", &["a"]);
    let inner = bare.trim_start_matches("<rulebase>").trim_end_matches("</rulebase>").to_owned();
    let rules_only = inner.trim_start_matches("<security>").trim_end_matches("</security>").to_owned();
    let entry = format!("<entry name=\"vsys1\">{bare}</entry>");
    for text in [
        rules_only.clone(),
        inner,
        bare.clone(),
        entry.clone(),
        format!("<vsys>{entry}</vsys>"),
        format!("<devices><entry name=\"localhost.localdomain\"><vsys>{entry}</vsys></entry></devices>"),
        format!("<response status=\"success\"><result>{rules_only}</result></response>"),
        format!("<response status=\"success\"><result>{}</result></response>", vsys(&bare)),
        format!("<policy><panorama>{}</panorama></policy>", rulebase("pre-rulebase", &["a"])),
    ] {
        assert_eq!(rules(&read_all(&text)), ["a"], "{text}");
    }
    let (candidate, warnings) = read_with(
        &rules_only.replacen("any", "dmz", 1).replacen("any", "multicast", 1),
        &Overrides::default(),
    );
    let zones: Vec<(&str, usize)> =
        candidate.zones.iter().map(|zone| (&*zone.name.value, zone.prefixes.len())).collect();
    assert_eq!(zones, [("dmz", 0), ("multicast", 2)]);
    assert_eq!(
        warnings,
        ["zones that rules name and nothing defines: `--zone` says what is behind them (1: `dmz`)"]
    );
}

#[test]
fn a_rule_says_all_this() {
    let more = "<negate-source>yes</negate-source><disabled>yes</disabled><log-start>yes</log-start>\
                <log-end>no</log-end><rule-type>intrazone</rule-type><schedule>nights</schedule>\
                <source-user><member>known-user</member></source-user><category><member>games</member></category>\
                <hip-profiles><member>any</member></hip-profiles><source-hip><member>patched</member></source-hip>\
                <service><member>service-http</member></service><description>why</description><tag><member>t</member></tag>\
                <profile-setting><profiles><virus><member>default</member></virus></profiles></profile-setting>\
                <target><negate>no</negate></target><newer-key>1</newer-key>";
    let text = vsys(&format!("<rulebase><security><rules>{}</rules></security></rulebase>", rule("r", more)));
    let (candidate, warnings) = read_with(&text, &Overrides::default());
    let rule = &candidate.rules[0];
    assert!(rule.negate_source && rule.disabled && rule.log_start && !rule.log_end);
    assert_eq!((texts(&rule.service), texts(&rule.source_user)), (vec!["service-http"], vec!["known-user"]));
    assert_eq!(rule.identity, ["source-hip patched"]);
    assert_eq!(
        (rule.schedule.as_ref().unwrap().value.as_str(), texts(&rule.category)),
        ("nights", vec!["games"])
    );
    assert_eq!((rule.description.as_deref(), texts(&rule.tags)), (Some("why"), vec!["t"]));
    assert_eq!((rule.profiles[0].0.value.as_str(), texts(&rule.profiles[0].1)), ("virus", vec!["default"]));
    assert_eq!(warnings, ["`newer-key` of security rules: read but not modelled yet (1: `r`)"]);
    for (from, to, why) in [
        ("<log-start>yes", "<log-start>maybe", "`log-start` takes `yes` or `no`, not `maybe`"),
        (
            "<rule-type>intrazone",
            "<rule-type>x",
            "`rule-type` takes `universal` or `intrazone` or `interzone`, not `x`",
        ),
        ("<action>allow", "<action>permit", "`action` takes `allow` or `deny` or `drop`"),
    ] {
        let error = failure(&text.replace(from, to), &Overrides::default());
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn nat_rules_translate() {
    let source = |inside: &str| format!("<source-translation>{inside}</source-translation>");
    let text = |translation: &str| {
        let rule = rule("n", &format!("<service>any</service><nat-type>ipv4</nat-type>{translation}"));
        let rule = rule
            .replace("<action>allow</action>", "")
            .replace("<application><member>any</member></application>", "");
        vsys(&format!("<rulebase><nat><rules>{rule}</rules></nat></rulebase>"))
    };
    let nat = |translation: &str| read_all(&text(translation)).nat.remove(0);
    let rule = nat(&source(
        "<dynamic-ip-and-port><interface-address><interface>ethernet1/1</interface><ip>192.0.2.1/24</ip>\
         </interface-address></dynamic-ip-and-port>",
    ));
    assert!(rule.from.is_empty() && rule.service.is_none() && rule.nat_type.is_none());
    let Some(SourceTranslation::DynamicIpAndPort(Pool::Interface { interface, ip: Some(ip) })) =
        rule.source_translation
    else {
        panic!("{:?}", rule.source_translation)
    };
    assert_eq!((interface.value.as_str(), ip.value.as_str()), ("ethernet1/1", "192.0.2.1/24"));
    let rule = nat(&source(
        "<dynamic-ip><translated-address><member>a</member></translated-address><fallback><translated-address>\
         <member>b</member></translated-address></fallback></dynamic-ip>",
    ));
    let Some(SourceTranslation::DynamicIp { addresses, fallback: Some(Pool::Addresses(fallback)) }) =
        rule.source_translation
    else {
        panic!("{:?}", rule.source_translation)
    };
    assert_eq!((texts(&addresses), texts(&fallback)), (vec!["a"], vec!["b"]));
    let rule = nat(&(source(
        "<static-ip><translated-address>c</translated-address><bi-directional>yes</bi-directional></static-ip>",
    ) + "<destination-translation><translated-address>d</translated-address><translated-port>8080</translated-port>\
               </destination-translation>"));
    assert!(matches!(
        rule.source_translation,
        Some(SourceTranslation::StaticIp { address, bidirectional: true }) if address.value == "c"
    ));
    let destination = rule.destination_translation.unwrap();
    assert_eq!((destination.address.value.as_str(), destination.port.unwrap().value), ("d", 8080));
    assert!(destination.distribution.is_none());
    let error = failure(&text(&source("<static-ip/>")), &Overrides::default());
    assert!(error.contains("nat rule `n` translates to no address"), "{error}");
}

#[test]
fn objects_of_every_kind() {
    let text = vsys(
        "<address><entry name=\"range\"><ip-range>192.0.2.1-192.0.2.9</ip-range><tag><member>t</member></tag></entry>\
         <entry name=\"wild\"><ip-wildcard>10.0.0.1/0.0.255.0</ip-wildcard></entry>\
         <entry name=\"name\"><fqdn>www.example.org</fqdn></entry></address>\
         <address-group><entry name=\"old\"><member>range</member></entry>\
         <entry name=\"tagged\"><dynamic><filter>'t' and 'u'</filter></dynamic></entry></address-group>\
         <region><entry name=\"here\"><address><member>192.0.2.0/24</member></address></entry></region>\
         <external-list><entry name=\"bad\"><type><ip><url>https://example.org</url></ip></type></entry></external-list>\
         <service><entry name=\"alt\"><protocol><tcp><port>80,8080-8090</port><source-port>1024-65535</source-port>\
         <override><yes><timeout>60</timeout></yes></override></tcp></protocol></entry></service>\
         <service-group><entry name=\"both\"><members><member>alt</member><member>service-https</member></members></entry>\
         </service-group>\
         <profiles><custom-url-category><entry name=\"own\"><list><member>*.example.org</member></list>\
         <type>URL List</type></entry></custom-url-category></profiles>\
         <schedule><entry name=\"work\"><schedule-type><recurring><weekly><monday><member>08:00-17:00</member></monday>\
         </weekly></recurring></schedule-type></entry></schedule>",
    );
    let candidate = read_all(&text);
    let [range, wild, name, old, tagged] = &candidate.addresses[..] else {
        panic!("{:?}", candidate.addresses)
    };
    assert!(matches!(&range.body, Body::Object(AddressObject::Ranges(ranges)) if ranges.len() == 1));
    assert_eq!(texts(&range.tags), ["t"]);
    let wildcard = AddressObject::Wildcard { addr: 0x0a00_0001, mask: 0xff00 };
    assert!(matches!(&wild.body, Body::Object(object) if *object == wildcard));
    assert!(matches!(&name.body, Body::Object(AddressObject::Fqdn(host)) if host.value == "www.example.org"));
    assert!(matches!(&old.body, Body::Group(members) if texts(members) == ["range"]));
    assert!(matches!(&tagged.body, Body::Dynamic(filter) if filter.value == "'t' and 'u'"));
    assert_eq!(texts(&candidate.tables.regions[0].1), ["192.0.2.0/24"]);
    assert!(candidate.tables.external_lists[0].1.is_empty());
    assert_eq!(texts(&candidate.tables.url_categories[0].1), ["*.example.org"]);
    let Body::Object(services) = &candidate.services[0].body else { panic!() };
    assert_eq!(
        (&services[0].ports[..], services[0].timeouts.idle),
        (&[(80, 80), (8080, 8090)][..], Some(60))
    );
    let Recurrence::Weekly(days) = &candidate.schedules[0].recurrence else { panic!() };
    assert_eq!(days[0][0].value, TimeSpan { from: 480, to: 1_020 });
    for (from, to, why) in [
        ("192.0.2.1-", "192.0.2.99-", "address `range`: `192.0.2.99-192.0.2.9` is no ip-range"),
        ("<fqdn>www.example.org</fqdn>", "", "address `name` has no value"),
        ("80,8080-8090", "80,99999", "`99999` is not a port from 0 to 65535"),
        ("08:00-17:00", "8-17", "are no times of a day"),
        ("weekly", "monthly", "schedule `work` says no time"),
    ] {
        let error = failure(&text.replace(from, to), &Overrides::default());
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn applications_of_ones_own() {
    let condition = "<signature><entry name=\"s\"><scope>session</scope><order-free>yes</order-free><and-condition>\
                     <entry name=\"and\"><or-condition><entry name=\"or\"><operator><pattern-match>\
                     <context>http-req-host-header</context><pattern>example\\.org</pattern></pattern-match></operator>\
                     </entry></or-condition></entry></and-condition></entry></signature>";
    let text = firewall(
        &format!(
            "<vsys><entry name=\"vsys1\"><application><entry name=\"own\"><default><port><member>tcp/80,443</member></port>\
             </default><category>networking</category><risk>2</risk><parent-app>web-browsing</parent-app>\
             <evasive-behavior>yes</evasive-behavior><pervasive-use>no</pervasive-use><tcp-timeout>60</tcp-timeout>\
             {condition}</entry><entry name=\"echo\"><default><ident-by-icmp-type><type>8</type><code>0</code>\
             </ident-by-icmp-type></default></entry></application><application-filter><entry name=\"f\"><category>\
             <member>media</member></category><risk><member>5</member></risk><evasive>yes</evasive><exclude>\
             <member>own</member></exclude></entry></application-filter></entry></vsys>"
        ),
        "<override><application><entry name=\"ftp\"><timeout>120</timeout></entry></application></override>",
    );
    let candidate = read_all(&text);
    let [own, echo, ftp] = &candidate.applications[..] else { panic!("{:?}", candidate.applications) };
    assert_eq!((&own.ports.tcp[..], own.timeouts.tcp_timeout), (&[(80, 80), (443, 443)][..], Some(60)));
    assert_eq!((texts(&own.characteristics), own.class.risk), (vec!["evasive-behavior"], 2));
    let signature = &own.signatures[0];
    assert!(signature.session && signature.order_free);
    let matched = &signature.conditions[0][0];
    assert_eq!((matched.context.value.as_str(), matched.operator), ("http-req-host-header", "pattern-match"));
    assert_eq!(echo.icmp, Some((8, Some(0))));
    assert!(ftp.defines.is_empty() && ftp.timeouts.timeout == Some(120));
    let filter = &candidate.application_filters[0];
    assert_eq!((&filter.risk[..], texts(&filter.exclude)), (&[5][..], vec!["own"]));
    assert_eq!(texts(&filter.characteristics), ["evasive"]);
}

/// Interfaces of several kinds, two routers, a virtual wire and a zone.
fn network() -> String {
    firewall(
        "<network><interface><ethernet>\
         <entry name=\"ethernet1/1\"><layer3><ip><entry name=\"wan\"/></ip><units><entry name=\"ethernet1/1.10\">\
         <tag>10</tag><ip><entry name=\"10.0.10.1/24\"/></ip><ipv6><address><entry name=\"2001:db8::1/64\"/></address>\
         </ipv6></entry></units></layer3></entry>\
         <entry name=\"ethernet1/2\"><layer3><dhcp-client><enable>yes</enable></dhcp-client></layer3></entry>\
         <entry name=\"ethernet1/3\"><virtual-wire/></entry><entry name=\"ethernet1/4\"><aggregate-group>ae1</aggregate-group>\
         </entry></ethernet><loopback><units><entry name=\"loopback.1\"><ip><entry name=\"192.0.2.7\"/></ip></entry></units>\
         </loopback></interface><virtual-router><entry name=\"vr\"><interface><member>ethernet1/1</member></interface>\
         <routing-table><ip><static-route><entry name=\"out\"><destination>0.0.0.0/0</destination><nexthop>\
         <ip-address>203.0.113.14</ip-address></nexthop><metric>5</metric></entry><entry name=\"off\"><destination>10.0.0.0/8\
         </destination><route-table><no-install/></route-table></entry></static-route></ip></routing-table><protocol><bgp>\
         <enable>yes</enable></bgp></protocol></entry></virtual-router><logical-router><entry name=\"lr\"><vrf>\
         <entry name=\"default\"><interface><member>ethernet1/2</member></interface><routing-table><ipv6><static-route>\
         <entry name=\"six\"><destination>::/0</destination><nexthop><discard/></nexthop></entry></static-route></ipv6>\
         </routing-table></entry></vrf></entry></logical-router><virtual-wire><entry name=\"vw\">\
         <interface1>ethernet1/3</interface1><interface2>ethernet1/5</interface2></entry></virtual-wire></network>\
         <vsys><entry name=\"vsys1\"><address><entry name=\"wan\"><ip-netmask>203.0.113.1/28</ip-netmask></entry></address>\
         <zone><entry name=\"out\"><network><layer3><member>ethernet1/1</member></layer3>\
         <zone-protection-profile>zp</zone-protection-profile></network></entry></zone></entry></vsys>",
        "",
    )
}

#[test]
fn the_network_says_where_packets_come_from() {
    let text = network();
    let (candidate, warnings) = read_with(&text, &Overrides::default());
    for (interface, (name, mode, addresses, tag, dynamic)) in candidate.interfaces.iter().zip([
        ("ethernet1/1", InterfaceMode::Layer3, &["203.0.113.1/28"][..], None, false),
        ("ethernet1/1.10", InterfaceMode::Layer3, &["10.0.10.1/24", "2001:db8::1/64"], Some(10), false),
        ("ethernet1/2", InterfaceMode::Layer3, &[], None, true),
        ("ethernet1/3", InterfaceMode::VirtualWire, &[], None, false),
        ("ethernet1/4", InterfaceMode::Other, &[], None, false),
        ("loopback.1", InterfaceMode::Layer3, &["192.0.2.7/32"], None, false),
    ]) {
        let had: Vec<String> = interface.addresses.iter().map(|address| address.value.to_string()).collect();
        assert_eq!((interface.name.value.as_str(), interface.mode), (name, mode));
        assert_eq!(had, addresses, "{name}");
        assert_eq!((interface.tag, interface.dynamic), (tag, dynamic), "{name}");
    }
    assert_eq!(candidate.interfaces.len(), 6);
    let [vr, lr] = &candidate.virtual_routers[..] else { panic!("{:?}", candidate.virtual_routers) };
    let [out] = &vr.routes[..] else { panic!("{:?}", vr.routes) };
    assert!(matches!(out.next_hop, NextHop::Address(address) if address.to_string() == "203.0.113.14"));
    assert_eq!((out.metric, out.admin_distance), (5, 10));
    assert_eq!((lr.name.value.as_str(), texts(&lr.interfaces)), ("lr", vec!["ethernet1/2"]));
    assert!(matches!(lr.routes[0].next_hop, NextHop::Discard));
    assert_eq!(candidate.virtual_wires[0].interfaces[1].value, "ethernet1/5");
    let zone = &candidate.zones[0];
    assert_eq!(
        (texts(&zone.interfaces), zone.zone_protection.as_ref().unwrap().value.as_str()),
        (vec!["ethernet1/1"], "zp")
    );
    assert_eq!(warnings, ["routes that bgp learns stand in no configuration (1: `vr`)"]);
    let error = failure(
        &text.replace("<entry name=\"10.0.10.1/24\"/>", "<entry name=\"lan\"/>"),
        &Overrides::default(),
    );
    assert!(
        error.contains("interface `ethernet1/1.10`: `lan` is no address with a prefix length"),
        "{error}"
    );
}

#[test]
fn settings_and_what_is_not_modelled_are_said_by_name() {
    let rule = |name: &str| format!("<entry name=\"{name}\"><action>mark</action></entry>");
    let text = firewall(
        &format!(
            "<deviceconfig><system><timezone>Europe/Berlin</timezone></system><setting><session><timeout-udp>60</timeout-udp>\
             <newer-thing>1</newer-thing></session><tcp><asymmetric-path>bypass</asymmetric-path></tcp><management>\
             <idle-timeout>10</idle-timeout></management></setting><high-availability><enabled>yes</enabled>\
             </high-availability></deviceconfig><vsys><entry name=\"vsys1\"><rulebase><qos><rules>{}{}</rules>\
             </qos><dos><rules/></dos></rulebase></entry></vsys>",
            rule("a"),
            rule("b")
        ),
        "",
    );
    let (candidate, warnings) = read_with(&text, &Overrides::default());
    let settings: Vec<(&str, &str)> =
        candidate.settings.iter().map(|(key, value)| (&*key.value, &*value.value)).collect();
    assert_eq!(settings, [("session.timeout-udp", "60"), ("tcp.asymmetric-path", "bypass")]);
    assert_eq!(candidate.timezone.unwrap().value, "Europe/Berlin");
    assert_eq!(
        warnings,
        [
            "high availability: read but not modelled here, one firewall is taken to see all packets",
            "settings the model does not know (1: `session.newer-thing`)",
            "qos rules: read but not modelled yet (2: `a`, `b`)",
        ]
    );
}

#[test]
fn application_override_rules() {
    let more = "<protocol>udp</protocol><port>53,5353</port>";
    let rule = rule("o", more)
        .replace("<application><member>any</member></application>", "<application>dns</application>");
    let text = vsys(&format!(
        "<rulebase><application-override><rules>{}</rules></application-override></rulebase>",
        rule.replace("<action>allow</action>", "")
    ));
    let candidate = read_all(&text);
    let rule = &candidate.overrides[0];
    assert_eq!((rule.protocol, &rule.ports[..]), (Protocol::UDP, &[(53, 53), (5353, 5353)][..]));
    assert_eq!((rule.application.value.as_str(), rule.from.len()), ("dns", 0));
    let error = failure(&text.replace("<protocol>udp</protocol>", ""), &Overrides::default());
    assert!(error.contains("application-override rule `o` has no `protocol`"), "{error}");
}
