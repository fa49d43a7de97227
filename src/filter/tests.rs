use proptest::prelude::*;

use super::*;
use crate::flow::Addr;
use crate::session::EndReason;

/// A row: an `ssl` session on port 5514 that a rule denied (PANOS.md 11.1a), behind NAT.
#[derive(Debug, Clone)]
struct Row {
    subtype: &'static str,
    action: &'static str,
    app: &'static str,
    rule: &'static str,
    from: &'static str,
    to: &'static str,
    user: &'static str,
    reason: &'static str,
    src: [u8; 4],
    dst: [u8; 4],
    sport: u64,
    dport: u64,
    proto: u64,
    flags: u32,
    session: u64,
    clock: i64,
}

/// 2015-08-31 08:30:00.
const MORNING: i64 = 1_441_009_800;

const ROW: Row = Row {
    subtype: "deny",
    action: "reset-both",
    app: "ssl",
    rule: "untrust.untrust.globalprotect",
    from: "guest_wlan",
    to: "untrust",
    user: "corp\\bob",
    reason: "policy-deny",
    src: [10, 10, 10, 1],
    dst: [192, 0, 2, 7],
    sport: 40_000,
    dport: 5_514,
    proto: 6,
    flags: 0x0050_0000,
    session: 7,
    clock: MORNING,
};

impl Entry for Row {
    fn get(&self, column: Column) -> Datum<'_> {
        match column {
            Column::Type => Datum::Text("traffic"),
            Column::Subtype => Datum::Text(self.subtype),
            Column::Src => Datum::Addr(Addr::v4(self.src)),
            Column::Dst => Datum::Addr(Addr::v4(self.dst)),
            Column::NatSrc => Datum::Addr(Addr::v4([198, 51, 100, 1])),
            Column::NatDst => Datum::Addr(Addr::v4([192, 0, 2, 7])),
            Column::Sport => Datum::Number(self.sport),
            Column::Dport | Column::NatDport => Datum::Number(self.dport),
            Column::NatSport => Datum::Number(1_024),
            Column::Proto => Datum::Number(self.proto),
            Column::From => Datum::Text(self.from),
            Column::To => Datum::Text(self.to),
            Column::InboundIf => Datum::Text("ethernet1/1"),
            Column::OutboundIf => Datum::Text("ethernet1/3"),
            Column::Rule => Datum::Text(self.rule),
            Column::SrcUser => Datum::Text(self.user),
            Column::DstUser | Column::Serial | Column::DeviceName => Datum::Text(""),
            Column::App => Datum::Text(self.app),
            Column::Category => Datum::Text("any"),
            Column::Action => Datum::Text(self.action),
            Column::ActionSource => Datum::Text("from-application"),
            Column::SessionEndReason => Datum::Text(self.reason),
            Column::Flags => Datum::Bits(self.flags),
            Column::SessionId => Datum::Number(self.session),
            Column::ParentSessionId | Column::Elapsed => Datum::Number(0),
            Column::RepeatCnt => Datum::Number(1),
            Column::Bytes => Datum::Number(587),
            Column::BytesSent => Datum::Number(521),
            Column::BytesReceived => Datum::Number(66),
            Column::Packets => Datum::Number(4),
            Column::PktsSent => Datum::Number(3),
            Column::PktsReceived => Datum::Number(1),
            Column::Start | Column::TimeGenerated | Column::ReceiveTime => Datum::Clock(self.clock),
            Column::Vsys => Datum::Text("vsys1"),
        }
    }

    fn is_in_group(&self, column: Column, group: &str) -> bool {
        self.get(column) == Datum::Text("corp\\bob") && group == "admins"
    }
}

fn finds(text: &str, row: &Row) -> bool {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{}", error.render(false)));
    filter.matches(row)
}

/// Searches that PANOS.md 11.8 and the articles behind it quote, and whether they find [`ROW`].
#[test]
fn searches_of_the_wild() {
    for (text, found) in [
        ("( subtype neq end ) and ( action eq allow )", false),
        ("( subtype neq end ) and ( action neq allow )", true),
        ("(addr.src in 10.10.10.2/30)", true),
        ("!(addr in 1.1.1.1)", true),
        ("(zone.src eq PROTECT) and (port.dst eq 443)", false),
        ("(receive_time geq '2015/08/31 08:30:00')", true),
        ("(receive_time leq '2015/08/31 08:29:59')", false),
        ("(session_end_reason eq unknown)", false),
        ("(zone.src eq guest_wlan) and ((app eq ssl) or (app eq web-browsing))", true),
        (
            "( zone.src eq DMZ ) and ( app neq ntp ) and !( addr.dst in 192.0.2.1 ) and  (( addr.dst in 198.51.100.7 ) or \
             ( addr.dst in 198.51.100.8 )) and ( port.src neq 5060 )",
            false,
        ),
        ("(rule eq 'untrust.untrust.globalprotect')", true),
        ("(zone.src eq guest_wlan) and (action neq allow)", true),
        ("(user.src eq '')", false),
        ("(flags has proxy)", false),
        ("(flags has nat)", true),
        ("All Logs", true),
    ] {
        assert_eq!(finds(text, &ROW), found, "{text}");
    }
}

/// Each field and operator once where it finds [`ROW`], and once where it does not.
#[test]
fn fields_and_operators() {
    for (yes, no) in [
        ("addr eq 192.0.2.7", "addr neq 192.0.2.7"),
        ("addr in 192.0.2.0/24", "addr notin 192.0.2.0/24"),
        ("addr notin 203.0.113.0/24", "addr in 203.0.113.0/24"),
        ("addr.src eq 10.10.10.1", "addr.src in 192.0.2.0/24"),
        ("addr.dst notin ::/0", "addr.dst in ::/0"),
        ("natsrc in 198.51.100.1", "natsrc in 10.0.0.0/8"),
        ("natdst eq 192.0.2.7", "natdst neq 192.0.2.7"),
        ("port eq 40000", "port neq 5514"),
        ("port.src gt 39999", "port.src gt 40000"),
        ("port.dst lt 5515", "port.dst lt 5514"),
        ("natsport geq 1024", "natsport leq 1023"),
        ("natdport eq 5514", "natdport neq 5514"),
        ("zone eq untrust", "zone neq untrust"),
        ("zone.src contains WLAN", "zone.src eq Guest_wlan"),
        ("zone.dst neq trust", "zone.dst eq trust"),
        ("interface.src eq ethernet1/1", "interface.src eq ethernet1/3"),
        ("interface.dst contains '1/3'", "interface.dst contains '1/1'"),
        ("rule contains globalprotect", "rule eq globalprotect"),
        ("user.src eq 'CORP\\Bob'", "user.src neq 'corp\\bob'"),
        ("user.dst eq ''", "user.dst contains bob"),
        ("user.src in admins", "user.dst in admins"),
        ("user.src notin staff", "user.src notin admins"),
        ("app eq SSL", "app neq ssl"),
        ("category eq any", "category neq any"),
        ("type eq traffic", "type neq TRAFFIC"),
        ("subtype eq Deny", "subtype eq drop"),
        ("action eq reset-both", "action eq 'drop ICMP'"),
        ("action_source eq from-application", "action_source eq from-policy"),
        ("session_end_reason eq policy-deny", "session_end_reason neq policy-deny"),
        ("proto eq tcp", "proto eq udp"),
        ("proto neq 17", "proto neq 6"),
        ("flags has non-std-dport", "flags has flag-proxy"),
        ("sessionid eq 7", "sessionid gt 7"),
        ("parent_session_id eq 0", "parent_session_id neq 0"),
        ("repeatcnt leq 1", "repeatcnt gt 1"),
        ("bytes geq 587", "bytes lt 587"),
        ("bytes_sent eq 521", "bytes_sent neq 521"),
        ("bytes_received leq 66", "bytes_received gt 66"),
        ("packets eq 4", "packets eq 5"),
        ("pkts_sent eq 3", "pkts_sent eq 1"),
        ("pkts_received eq 1", "pkts_received eq 3"),
        ("elapsed eq 0", "elapsed geq 1"),
        ("time_generated eq '2015/08/31 08:30:00'", "time_generated gt '2015/08/31 08:30'"),
        ("start geq 2015/08/31", "start geq 2015/09/01"),
        ("serial eq ''", "serial eq 007200001056"),
        ("device_name neq pa-220", "device_name eq pa-220"),
        ("vsys eq vsys1", "vsys eq vsys2"),
        ("SRC IN 10.0.0.0/8", "dst in 10.0.0.0/8"),
    ] {
        assert!(finds(yes, &ROW), "{yes}");
        assert!(!finds(no, &ROW), "{no}");
    }
}

#[test]
fn ways_to_join() {
    for (text, found) in [
        // `and` before `or`: true or (false and false), and not (true or false) and false.
        ("app eq ssl or app eq dns and app eq ftp", true),
        ("(app eq ssl or app eq dns) and app eq ftp", false),
        ("not (app eq dns)", true),
        ("NOT(app eq ssl)", false),
        ("!!(app eq ssl)", true),
        ("! app eq dns AND Not app eq ftp", true),
        ("(((app eq ssl)))", true),
        ("( app eq ssl )and( proto eq tcp )", true),
        ("app\teq\n\"ssl\"", true),
        (" all LOGS ", true),
    ] {
        assert_eq!(finds(text, &ROW), found, "{text}");
    }
}

/// ICMP rows have ports 0 (PANOS.md 11.1).
#[test]
fn icmp_has_no_ports() {
    let ping = Row { sport: 0, dport: 0, proto: 1, app: "ping", ..ROW };
    assert!(finds("( proto eq icmp ) and ( port.dst eq 0 ) and !( port gt 0 )", &ping));
}

/// Text, column of the mistake, what is said of it, what to do.
#[test]
fn mistakes() {
    for (text, column, message, help) in [
        ("", 1, "the filter is empty", "All Logs"),
        ("( adr.src in 10.0.0.1 )", 3, "unknown field `adr.src`", "did you mean `addr.src`?"),
        ("( app eq ssl ) und ( app eq dns )", 16, "two tests", "`and` or `or`"),
        ("( app eq ssl ) ( app eq dns )", 16, "two tests", "`and` or `or`"),
        ("( app eq ssl", 1, "never closed", "`)`"),
        ("app eq ssl )", 12, "nothing is open", "take it away"),
        ("( app eq ssl ) and", 19, "something is missing", "( action eq allow )"),
        ("and ( app eq ssl )", 1, "a test is missing", "( action eq allow )"),
        ("()", 2, "a test is missing", "( action eq allow )"),
        ("( app )", 7, "an operator is missing", "`app` takes eq, neq or contains"),
        ("app", 4, "an operator is missing", "`app` takes eq, neq or contains"),
        ("( app eq )", 10, "a value is missing", "( app eq VALUE )"),
        ("( app eqq ssl )", 7, "unknown operator `eqq`", "did you mean `eq`?"),
        ("( app = ssl )", 7, "unknown operator `=`", "write `eq`"),
        ("( app != ssl )", 7, "unknown operator `!=`", "write `neq`"),
        ("port.dst>=443", 1, "unknown field", "( port.dst eq VALUE )"),
        ("( app geq ssl )", 7, "`app` has no operator `geq`", "eq, neq or contains"),
        ("( addr.src in 10.0.0.1-10.0.0.9 )", 15, "`10.0.0.1-10.0.0.9`", "write a prefix"),
        ("( addr.src in 10.0.0.0/33 )", 15, "is no value", "192.0.2.0/24"),
        ("( addr.src in webserver )", 15, "is no value", "192.0.2.0/24"),
        ("( port.dst eq https )", 15, "is no value", "0 to 65535"),
        ("( port.dst eq 65536 )", 15, "is no value", "0 to 65535"),
        ("( port.dst eq +443 )", 15, "is no value", "0 to 65535"),
        ("( port.dst eq 80-90 )", 15, "is no value", "( port.dst geq 80 ) and ( port.dst leq 90 )"),
        ("( action eq alow )", 13, "is no value of `action`", "did you mean `allow`?"),
        ("( session_end_reason eq aged_out )", 25, "is no value", "did you mean `aged-out`?"),
        ("( proto eq tcpp )", 12, "is no value", "did you mean `tcp`?"),
        ("( proto eq 256 )", 12, "is no value", "0 to 255"),
        ("( flags has nats )", 13, "no flag `nats`", "did you mean `nat`?"),
        ("( flags eq nat )", 9, "no operator `eq`", "`flags` takes has"),
        ("( receive_time geq 2015-08-31 )", 20, "is no value", "'2026/11/20 18:00:00'"),
        ("( receive_time in last-hour )", 16, "no operator `in`", "geq"),
        ("( receive_time geq last-hour )", 20, "is no value", "no present"),
        ("( receive_time geq '2015/02/30 00:00:00' )", 20, "is no value", "'2026/11/20 18:00:00'"),
        ("( rule eq Allow ping )", 11, "needs quotes", "write 'Allow ping'"),
        ("( rule eq 'Allow ping )", 11, "has no end", "close it with '"),
        ("( rule eq “Allow ping” )", 11, "no quotation mark", "`'`"),
        ("(severity geq medium)", 2, "field of the threat log", "traffic log"),
        ("'ssl'", 1, "a field is missing", "( field operator value )"),
        ("( app in ssl )", 7, "no operator `in`", "eq, neq or contains"),
    ] {
        let error = Filter::parse(text).unwrap_err();
        assert_eq!(error.column(), column, "{text}: {error}");
        let said = error.to_string();
        assert!(said.contains(message) && said.contains(help), "{text}: {said}");
        let caret = error.render(false);
        assert!(text.is_empty() || caret.contains('^'), "{caret}");
    }
}

#[test]
fn limits() {
    let deep = |levels: usize| format!("{}app eq ssl{}", "!(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&deep(Filter::MAX_DEPTH)).is_ok());
    for text in [
        deep(Filter::MAX_DEPTH + 1),
        "(".repeat(10_000),
        "!".repeat(10_000),
        "not ".repeat(4_000),
        format!("{}app eq ssl{}", "(".repeat(8_000), ")".repeat(8_000)),
    ] {
        let error = Filter::parse(&text).unwrap_err().to_string();
        assert!(error.contains("nested deeper than 64 levels"), "{error}");
    }
    let long = format!("( rule eq '{}' )", "x".repeat(Filter::MAX_BYTES));
    let error = Filter::parse(&long).unwrap_err().to_string();
    assert!(error.contains("longer than 16384 bytes") && error.len() < 200, "{error}");
    // Long is not deep.
    let wide = vec!["(app eq ssl)"; 900].join(" and ");
    assert!(finds(&wide, &ROW));
}

#[test]
fn hostile_text_is_shown_escaped() {
    let error = Filter::parse("( \u{1b}[31mred eq 1 )").unwrap_err();
    for text in [error.to_string(), error.render(false)] {
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn names_are_told_once() {
    let mut names: Vec<_> = Filter::fields()
        .iter()
        .flat_map(|field| [field.name].into_iter().chain(field.aliases.iter().copied()))
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let reasons: Vec<_> = EndReason::ALL.iter().map(|reason| reason.name()).chain(["n/a"]).collect();
    assert_eq!(field::END_REASONS, reasons);
}

/// Texts of tests that are right, for properties.
fn test() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("addr in 10.0.0.0/8".to_owned()),
        Just("app eq ssl".to_owned()),
        Just("zone neq untrust".to_owned()),
        Just("flags has nat".to_owned()),
        Just("rule eq \"it's\"".to_owned()),
        Just("rule contains 'a \"b\" c'".to_owned()),
        Just("user.src neq ''".to_owned()),
        (0u16..9).prop_map(|number| format!("sessionid geq {number}")),
        (1u16..28).prop_map(|day| format!("start lt '2015/08/{day:02} 08:30:00'")),
    ]
}

/// Expressions as people write them, with more or fewer parentheses and spaces.
fn expression() -> impl Strategy<Value = String> {
    test().prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("!( {a} )")),
            inner.clone().prop_map(|a| format!("not {a}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})or({b})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("{a} or {b} AND {c}")),
        ]
    })
}

fn row() -> impl Strategy<Value = Row> {
    let apps = prop::sample::select(vec!["ssl", "dns", "incomplete"]);
    let rules = prop::sample::select(vec!["it's", "x a \"b\" c", "r"]);
    (apps, rules, 0u64..9, any::<bool>(), any::<bool>(), -9i64..9).prop_map(
        |(app, rule, session, nat, ten, days)| Row {
            app,
            rule,
            session,
            flags: if nat { 0x0040_0000 } else { 0 },
            src: if ten { [10, 0, 0, 1] } else { [172, 16, 0, 1] },
            clock: MORNING + days * 86_400,
            ..ROW
        },
    )
}

proptest! {
    /// Whatever is typed, there is an answer.
    #[test]
    fn never_panics(text in "(?s).{0,80}") {
        let _ = Filter::parse(&text).map_err(|error| (error.render(true), error.to_string()));
    }

    /// The same, with text that comes closer.
    #[test]
    fn never_panics_on_tokens(words in proptest::collection::vec(
        prop::sample::select(vec![
            "(", ")", "!", "not", "and", "or", "app", "addr.src", "port", "flags", "start", "eq", "neq", "in", "has", "geq",
            "'", "\"", "' '", "10.0.0.0/8", "443", "nat", "é", "=", "'2015/08/31 08:30:00'", " ",
        ]),
        0..20,
    )) {
        for text in [words.join(" "), words.concat()] {
            let _ = Filter::parse(&text).map_err(|error| (error.render(true), error.to_string()));
        }
    }

    /// A filter that is printed and read again is the same, and prints the same.
    #[test]
    fn prints_what_it_reads(text in expression()) {
        let filter = Filter::parse(&text).unwrap();
        let printed = filter.to_string();
        let again = Filter::parse(&printed).unwrap();
        prop_assert_eq!(&again, &filter, "{}", printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    /// De Morgan, excluded middle, and `neq` as the negation of `eq`.
    #[test]
    fn logic_holds(a in expression(), b in expression(), row in row()) {
        let is = |text: &str| finds(text, &row);
        let holds = [is(&a), is(&b)];
        prop_assert_eq!(is(&format!("!(({a}) and ({b}))")), is(&format!("!({a}) or !({b})")));
        prop_assert_eq!(is(&format!("!(({a}) or ({b}))")), is(&format!("!({a}) and !({b})")));
        prop_assert_eq!(is(&format!("({a}) and ({b})")), holds[0] && holds[1]);
        prop_assert_eq!(is(&format!("({a}) or ({b})")), holds[0] || holds[1]);
        let either = format!("({a}) or !({a})");
        prop_assert!(is(&either));
        prop_assert_ne!(is("zone eq untrust"), is("zone neq untrust"));
        prop_assert_ne!(is("addr in 10.0.0.0/8"), is("addr notin 10.0.0.0/8"));
    }
}
