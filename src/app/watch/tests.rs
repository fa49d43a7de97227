//! What watchers tell of conversations, and that cuts make no difference.

use proptest::prelude::*;

use super::*;

/// Who says what: `>` is the client.
type Talk<'t> = [(char, &'t [u8])];

const TCP: Protocol = Protocol::TCP;
const UDP: Protocol = Protocol::UDP;

const fn direction(side: char) -> Direction {
    if side == '>' { Direction::ClientToServer } else { Direction::ServerToClient }
}

/// The facts as lines of text: pieces of a value put together, `---` for a unit, `.` behind the name for an end.
fn facts<'t>(mut watcher: Watcher, talk: impl IntoIterator<Item = (Direction, &'t [u8])>) -> Vec<String> {
    let (mut lines, mut last) = (Vec::<String>::new(), None);
    for (direction, bytes) in talk {
        let contexts = watcher.contexts();
        watcher.feed(direction, bytes, &mut |fact| match fact {
            Fact::Bytes(context, bytes) => {
                assert!(contexts.contains(&context) && !bytes.is_empty());
                let text = bytes.escape_ascii().to_string();
                if last == Some(context) {
                    lines.last_mut().unwrap().push_str(&text);
                } else {
                    lines.push(format!("{}: {text}", context.name()));
                }
                last = Some(context);
            }
            Fact::End(context) => {
                assert!(contexts.contains(&context));
                // The end of nothing says nothing.
                if last == Some(context) {
                    lines.push(format!("{}.", context.name()));
                }
                last = None;
            }
            Fact::Mail(_) | Fact::MailEnd => {}
            Fact::Unit => {
                lines.push("---".to_owned());
                last = None;
            }
        });
    }
    lines
}

fn whole(watcher: Watcher, talk: &Talk<'_>) -> Vec<String> {
    facts(watcher, talk.iter().map(|(side, bytes)| (direction(*side), *bytes)))
}

/// Every conversation of this file that is cut by TCP.
const TALKS: &[(&str, &Talk<'_>)] = &[
    ("ftp", FTP),
    ("ftp", FTP_TLS),
    ("smtp", SMTP),
    ("smtp", SMTP_TLS),
    ("imap", IMAP),
    ("imap", IMAP_TLS),
    ("ssh", SSH),
    ("telnet", TELNET),
    ("sip", SIP),
    ("rtsp", RTSP),
    ("dns", DNS_TCP),
];

const FTP: &Talk<'_> = &[
    ('<', b"220-Welcome\r\n  to 220 \r\n220 here\r\n"),
    ('>', b"USER  ann\r\nPASS a b\r\n"),
    ('<', b"331 Password?\r\n230 In.\r\n"),
    ('>', b"PWD\r\n"),
];

#[test]
fn ftp() {
    assert_eq!(
        whole(Watcher::of("ftp", TCP).unwrap(), FTP),
        [
            r"ftp-rsp-banner: 220-Welcome\r\n  to 220 \r\n220 here",
            "ftp-rsp-banner.",
            "---",
            "ftp-req-params: ann",
            "ftp-req-params.",
            "---",
            "ftp-req-params: a b",
            "ftp-req-params.",
            "ftp-rsp-message: 331 Password?",
            "ftp-rsp-message.",
            "ftp-rsp-message: 230 In.",
            "ftp-rsp-message.",
            "---",
        ]
    );
}

const FTP_TLS: &Talk<'_> = &[
    ('<', b"220 Hi\r\n"),
    ('>', b"AUTH TLS\r\n"),
    ('<', b"234 Go\r\n"),
    ('>', b"\x16\x03\x01\0\x05USER x\r\n"),
    ('<', b"\x16\x03\x03\0\x05230 x\r\n"),
];

/// Where TLS begins nothing more is told; where it is refused, the conversation goes on.
#[test]
fn ftp_with_tls() {
    let all = whole(Watcher::of("ftp", TCP).unwrap(), FTP_TLS);
    assert_eq!(all.last().unwrap(), "ftp-rsp-message.", "{all:?}");
    let refused = [('>', &b"AUTH TLS\r\n"[..]), ('<', b"500 No\r\n"), ('>', b"USER x\r\n")];
    assert!(whole(Watcher::of("ftp", TCP).unwrap(), &refused).contains(&"ftp-req-params: x".to_owned()));
}

const SMTP: &Talk<'_> = &[
    ('<', b"220 mx ESMTP\r\n"),
    ('>', b"EHLO me.example\r\n"),
    ('<', b"250-mx\r\n250 CHUNKING\r\n"),
    ('>', b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
    ('<', b"250 Ok\r\n550 No\r\n354 Go\r\n"),
    ('>', b"HELO not.a.command\r\n..\r\n\r\n.\r\nMAIL FROM:<>\r\n"),
    ('>', b"BDAT 13 LAST\r\nVRFY nobody\r\nNOOP now\r\nDATA\r\n"),
    ('<', b"250 Ok\r\n554 No\r\n"),
    ('>', b"QUIT at once\r\n"),
];

#[test]
fn smtp() {
    let all = whole(Watcher::of("smtp", TCP).unwrap(), SMTP);
    let of = |name: &str| -> Vec<&str> { all.iter().filter_map(|line| line.strip_prefix(name)).collect() };
    assert_eq!(
        of("smtp-req-argument: "),
        ["me.example", "FROM:<a@example.org>", "TO:<b@example.net>", "FROM:<>", "13 LAST", "now", "at once"],
        "{all:?}"
    );
    assert_eq!(of("smtp-rsp-content: ")[..2], ["220 mx ESMTP", "250-mx"]);
    assert_eq!(all.iter().filter(|line| *line == "---").count(), 9, "one for each command: {all:?}");
}

const SMTP_TLS: &Talk<'_> = &[
    ('>', b"EHLO a\r\nSTARTTLS\r\n"),
    ('<', b"250 Ok\r\n220 Go\r\n"),
    ('>', b"\x16\x03\x01\0\x10\r\nEHLO hidden\r\n"),
    ('<', b"250 hidden\r\n"),
];

#[test]
fn smtp_with_tls() {
    let all = whole(Watcher::of("smtp", TCP).unwrap(), SMTP_TLS);
    assert!(all.contains(&"smtp-rsp-content: 220 Go".to_owned()), "{all:?}");
    assert!(!all.iter().any(|line| line.contains("hidden")), "{all:?}");
}

const IMAP: &Talk<'_> = &[
    ('<', b"* OK ready\r\n"),
    ('>', b"a1 LOGIN {3}\r\n"),
    ('<', b"+ go\r\n"),
    ('>', b"ann {5+}\r\nx\r\ny \r\na2 SELECT {inbox}\r\n"),
    ('>', b"a3 APPEND b {19}\r\na4 LOGIN not a line\r\n\r\na5 NOOP\r\n"),
];

#[test]
fn imap() {
    let all = whole(Watcher::of("imap", TCP).unwrap(), IMAP);
    assert_eq!(
        all,
        [
            "---",
            "imap-req-cmd-line: a1 LOGIN {3} {5+}",
            "imap-req-cmd-line.",
            "---",
            "imap-req-cmd-line: a2 SELECT {inbox}",
            "imap-req-cmd-line.",
            "---",
            "imap-req-cmd-line: a3 APPEND b {19}",
            "imap-req-cmd-line.",
            "---",
            "imap-req-cmd-line: a5 NOOP",
            "imap-req-cmd-line.",
        ]
    );
}

const IMAP_TLS: &Talk<'_> =
    &[('>', b"a1 STARTTLS\r\n"), ('<', b"a1 OK\r\n"), ('>', b"\x16\x03\x01\0\x10\r\na2 LOGIN hidden\r\n")];

#[test]
fn imap_with_tls() {
    let all = whole(Watcher::of("imap", TCP).unwrap(), IMAP_TLS);
    assert_eq!(all, ["---", "imap-req-cmd-line: a1 STARTTLS", "imap-req-cmd-line."]);
}

const SSH: &Talk<'_> = &[
    ('<', b"SSX\r\nGo away\r\nSSH-2.0-OpenSSH_9.6 Debian\r\n\0\0\x04SSH-\r\n"),
    ('>', b"SSH-2.0-x\n\0\0\x01SSH-2.0-y\r\n"),
];

#[test]
fn ssh() {
    assert_eq!(
        whole(Watcher::of("ssh", TCP).unwrap(), SSH),
        [
            "ssh-rsp-banner: SSH-2.0-OpenSSH_9.6 Debian",
            "ssh-rsp-banner.",
            "ssh-req-banner: SSH-2.0-x",
            "ssh-req-banner."
        ]
    );
    let long = [b"SSH-", [b'x'; 400].as_slice(), b"\r\n"].concat();
    let all = whole(Watcher::of("ssh", TCP).unwrap(), &[('>', &long)]);
    assert_eq!(all[0].len(), "ssh-req-banner: ".len() + 253);
}

const TELNET: &Talk<'_> = &[
    ('<', b"\xff\xfd\x18\xff\xfa\x18log\xff\xffin\xff\xf0login: \xff\xff\xff\xf1"),
    ('>', b"\xff\xfb\x18ann\r\n\xff\xfa\x01\xff\xf0x"),
];

#[test]
fn telnet() {
    assert_eq!(
        whole(Watcher::of("telnet", TCP).unwrap(), TELNET),
        [r"telnet-rsp-server-data: login: \xff", r"telnet-req-client-data: ann\r\nx"]
    );
}

const SIP: &Talk<'_> = &[
    ('>', b"\r\n\r\nREGISTER sip:example.org SIP/2.0\r\nUser-Agent: phone\r\nl: 7\r\n\r\nbody\r\n!"),
    ('<', b"SIP/2.0 200 OK\r\nServer: x\r\n\r\n"),
    ('>', b"SIP/2.0 200 OK\r\nContent-Length : 0\r\n\r\nBYE sip:x SIP/2.0\r\nVia: y\r\n\r\n"),
];

#[test]
fn sip() {
    let register = r"sip-req-headers: User-Agent: phone\r\nl: 7\r\n";
    assert_eq!(
        whole(Watcher::of("sip", TCP).unwrap(), SIP),
        ["---", register, "sip-req-headers.", "---", r"sip-req-headers: Via: y\r\n", "sip-req-headers."]
    );
    let datagrams = [
        ('>', &b"REGISTER sip:example.org SIP/2.0\r\nUser-Agent: phone\r\nl: 7\r\n\r\nbody BYE x y\r\n"[..]),
        ('>', b"OPTIONS sip:x SIP/2.0\r\nVia: cut o"),
        ('>', b"OPTIONS sip:x SIP/2.0\r\nVia: y\r\n\r\n"),
    ];
    assert_eq!(
        whole(Watcher::of("sip", UDP).unwrap(), &datagrams),
        [
            "---",
            register,
            "sip-req-headers.",
            "---",
            "sip-req-headers: Via: cut o",
            "sip-req-headers.",
            "---",
            r"sip-req-headers: Via: y\r\n",
            "sip-req-headers.",
        ]
    );
}

const RTSP: &Talk<'_> = &[
    ('>', b"DESCRIBE rtsp://cam.example/1 RTSP/1.0\r\nCSeq: 1\r\nContent-length: 2\r\n\r\n\r\n"),
    ('<', b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"),
    ('>', b"$\x01\0\x06PLAY x$\0\0\0SETUP * RTSP/1.0\r\nCSeq: 2\r\n\r\nRTSP/1.0 200 OK\r\nA: b\r\n\r\n"),
];

#[test]
fn rtsp() {
    assert_eq!(
        whole(Watcher::of("rtsp", TCP).unwrap(), RTSP),
        [
            "---",
            "rtsp-req-uri-path: rtsp://cam.example/1",
            "rtsp-req-uri-path.",
            r"rtsp-req-headers: CSeq: 1\r\nContent-length: 2\r\n",
            "rtsp-req-headers.",
            "---",
            "rtsp-req-uri-path: *",
            "rtsp-req-uri-path.",
            r"rtsp-req-headers: CSeq: 2\r\n",
            "rtsp-req-headers.",
        ]
    );
}

const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
const RESPONSE: &[u8] =
    b"\x12\x34\x81\x80\0\x02\0\x01\0\0\0\0\x01a\0\0\x01\0\x01\x01b\xc0\x0c\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0";
const DNS_TCP: &Talk<'_> = &[
    ('>', b"\0\x13\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01\0\x02\0\0"),
    ('<', b"\0\x12\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x01a\0\0\x01\0\0\0"),
    ('>', b"\0\x0c\x12\x35\x01\0\0\0\0\0\0\0\0\0"),
];

#[test]
fn dns() {
    let query = [
        "---",
        r"dns-req-header: \x124\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00",
        "dns-req-header.",
        r"dns-req-section: \x01a\x00\x00\x01\x00\x01",
        "dns-req-section.",
    ];
    let response = [
        r"dns-rsp-header: \x124\x81\x80\x00\x02\x00\x01\x00\x00\x00\x00",
        "dns-rsp-header.",
        r"dns-rsp-queries-section: \x01a\x00\x00\x01\x00\x01\x01b\xc0\x0c\x00\x01\x00\x01",
        "dns-rsp-queries-section.",
    ];
    let all = whole(Watcher::of("dns", UDP).unwrap(), &[('>', QUERY), ('<', RESPONSE), ('>', b"short")]);
    assert_eq!(all, [&query[..], &response].concat());
    let all = whole(Watcher::of("dns", TCP).unwrap(), DNS_TCP);
    assert_eq!(all[..5], query);
    assert_eq!(all.last().unwrap(), "dns-req-header.", "{all:?}");
}

#[test]
fn snmp() {
    let get = b"\x30\x26\x02\x01\x00\x04\x06public\xa0\x19\x02\x01\x01";
    let v3 = b"\x30\x26\x02\x01\x03\x04\x06public\xa0\x19\x02\x01\x01";
    assert_eq!(
        whole(Watcher::of("snmpv1", UDP).unwrap(), &[('>', get), ('<', get), ('>', v3), ('>', b"\x30")]),
        ["---", "snmp-req-community-text: public", "snmp-req-community-text.", "---", "---"]
    );
}

#[test]
fn unknown() {
    let talk = [('>', &b"a"[..]), ('>', b"b"), ('<', b"c"), ('<', b"d")];
    assert_eq!(
        whole(Watcher::unknown(TCP), &talk),
        ["unknown-req-tcp-payload: ab", "unknown-rsp-tcp-payload: cd"]
    );
    let (up, down) = ("unknown-req-udp-payload", "unknown-rsp-udp-payload");
    let expected = [
        "---".to_owned(),
        format!("{up}: a"),
        format!("{up}."),
        "---".to_owned(),
        format!("{up}: b"),
        format!("{up}."),
        format!("{down}: c"),
        format!("{down}."),
        format!("{down}: d"),
        format!("{down}."),
    ];
    assert_eq!(whole(Watcher::unknown(UDP), &talk), expected);
}

#[test]
fn who_is_watched() {
    assert!(Watcher::of("web-browsing", TCP).is_none());
    assert!(Watcher::of("ftp", UDP).is_none());
    assert!(Watcher::of("snmpv2", TCP).is_none());
    assert!(size_of::<Watcher>() <= 256, "{}", size_of::<Watcher>());
}

/// Pieces of the conversation, each from one side.
fn cut<'t>(talk: &'t Talk<'_>, sizes: &[usize]) -> Vec<(Direction, &'t [u8])> {
    let mut sizes = sizes.iter().cycle();
    let mut pieces = Vec::new();
    for &(side, mut bytes) in talk {
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(bytes.len().min(*sizes.next().unwrap()));
            pieces.push((direction(side), piece));
            bytes = rest;
        }
    }
    pieces
}

#[test]
fn a_byte_at_a_time() {
    for (app, talk) in TALKS {
        let watcher = Watcher::of(app, TCP).unwrap();
        assert_eq!(facts(watcher.clone(), cut(talk, &[1])), whole(watcher, talk), "{app}");
    }
}

proptest! {
    /// How TCP cuts a conversation makes no difference, also of one that has been damaged.
    #[test]
    fn cuts_make_no_difference(
        sizes in prop::collection::vec(1_usize..12, 1..20),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::sample::select(b"\r\n .{}$0S\xff\xc0".to_vec())), 0..6),
    ) {
        for (app, talk) in TALKS {
            let mut talk: Vec<(char, Vec<u8>)> =
                talk.iter().map(|(side, bytes)| (*side, bytes.to_vec())).collect();
            for (turn, at, byte) in &damage {
                let turn = turn.index(talk.len());
                let bytes = &mut talk[turn].1;
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let talk: Vec<(char, &[u8])> = talk.iter().map(|(side, bytes)| (*side, &bytes[..])).collect();
            let watcher = Watcher::of(app, TCP).unwrap();
            prop_assert_eq!(facts(watcher.clone(), cut(&talk, &sizes)), whole(watcher, &talk), "{}", app);
        }
    }

    /// Any bytes are taken.
    #[test]
    fn any_bytes(turns in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..8)) {
        let talk: Vec<(char, &[u8])> =
            turns.iter().map(|(up, bytes)| (if *up { '>' } else { '<' }, &bytes[..])).collect();
        for app in ["dns", "ftp", "imap", "rtsp", "sip", "smtp", "snmpv1", "ssh", "telnet"] {
            for protocol in [TCP, UDP] {
                if let Some(watcher) = Watcher::of(app, protocol) {
                    whole(watcher, &talk);
                }
            }
        }
    }
}
