use Direction::{ClientToServer as C, ServerToClient as S};

use super::super::testing::{hear, open};
use super::*;
use crate::flow::Direction;

/// Writes aligned PER.
#[derive(Debug, Clone, Default)]
struct Writer {
    bytes: Vec<u8>,
    /// Bits that are free in the last byte.
    free: u32,
}

impl Writer {
    /// Bits, written as `0` and `1`; blanks are for reading.
    fn bits(mut self, bits: &str) -> Self {
        for bit in bits.chars().filter(|bit| *bit != ' ') {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            self.free -= 1;
            *self.bytes.last_mut().unwrap() |= u8::from(bit == '1') << self.free;
        }
        self
    }

    /// Whole bytes, after what is to be filled up.
    fn octets(mut self, octets: &[u8]) -> Self {
        self.bytes.extend(octets);
        self.free = 0;
        self
    }

    /// A length and so many bytes.
    fn open(self, octets: &[u8]) -> Self {
        let len = u16::try_from(octets.len()).unwrap();
        let [high, low] = len.to_be_bytes();
        if len < 128 { self.octets(&[low]) } else { self.octets(&[high | 0x80, low]) }.octets(octets)
    }

    /// Another value, which begins in the same byte.
    fn then(self, other: impl Fn(Self) -> Self) -> Self {
        other(self)
    }

    /// After digits, which may end within a byte.
    fn bits_back(mut self) -> Self {
        self.free = 4;
        self
    }

    /// A value of its own.
    fn done(self) -> Vec<u8> {
        self.bytes
    }
}

fn per() -> Writer {
    Writer::default()
}

const VERSION: &[u8] = &[0, 8, 0x91, 0x4a, 0, 4];
const ADDR: [u8; 4] = [192, 0, 2, 1];

/// H.225.0's TransportAddress.
fn address(port: u16) -> impl Fn(Writer) -> Writer {
    move |to| to.bits("0 000").octets(&ADDR).octets(&port.to_be_bytes())
}

/// H.245's TransportAddress.
fn unicast(port: u16) -> impl Fn(Writer) -> Writer {
    move |to| to.bits("0 0 0 000 0").octets(&ADDR).octets(&port.to_be_bytes())
}

/// Nothing is said of the endpoint but its vendor.
fn endpoint(to: Writer) -> Writer {
    to.bits("0 010000 0 11 0")
        .octets(&[0xb5, 0, 0, 18])
        .octets(&[2])
        .octets(b"gnu")
        .octets(&[0, b'1'])
        .bits("0 0")
}

/// A gateway with a prefix, a terminal, and non-standard data of both kinds.
fn full_endpoint(to: Writer) -> Writer {
    to.bits("1 100101 0 0")
        .open(&[0x2a, 3])
        .open(b"data")
        // Gateway with two protocols, `voice` with a rate and `sip` after the extension marker.
        .bits("0 10")
        .octets(&[2])
        .bits("0 0111 1 0 0000000 1")
        .open(&[0])
        .bits("1 0 000010")
        .open(&[0])
        .bits("0 1 0 1 0")
        .octets(&[9, 0, 0, 61])
        .open(b"x")
        .bits("0 0")
        // `set`.
        .bits("0 000000 1")
        .open(&[0, 0, 0, 1])
}

/// Digits, a name, and an address after the extension marker.
fn aliases(to: Writer) -> Writer {
    to.octets(&[3])
        .bits("0 0 0000010")
        .octets(&[0x34, 0x50])
        .bits_back()
        .bits("0 1")
        .octets(&[1, 0, b'a', 0, b'b'])
        .bits("1 0 000000")
        .open(&[0, 3, b'a', b'@', b'b', b'c'])
}

/// H2250LogicalChannelParameters with either address.
fn parameters(media: Option<u16>, control: Option<u16>) -> Vec<u8> {
    let bit = |port: Option<u16>| if port.is_some() { "1" } else { "0" };
    let to = per().bits("0 00").bits(bit(media)).bits("0").bits(bit(control)).bits("00000").octets(&[1]);
    let to = media.map_or(to.clone(), |port| unicast(port)(to));
    control.map_or(to.clone(), |port| unicast(port)(to)).done()
}

/// OpenLogicalChannel whose forward channel is of this kind, after what says which message it is.
fn forward(to: Writer, data_type: impl Fn(Writer) -> Writer, parameters: &[u8]) -> Vec<u8> {
    to.bits("0 0").octets(&[0, 1]).bits("0 0").then(data_type).bits("1 0 000000").open(parameters).done()
}

/// OpenLogicalChannel whose reverse channel is of this kind; nothing is sent forward.
fn reverse(to: Writer, data_type: impl Fn(Writer) -> Writer, parameters: &[u8]) -> Vec<u8> {
    to.bits("0 1")
        .octets(&[0, 2])
        .bits("0 0 0 001 1 0 000001")
        .open(&[0])
        .bits("0 1")
        .then(data_type)
        .bits("1 0 000000")
        .open(parameters)
        .done()
}

/// G.711, 20 frames.
fn ulaw(to: Writer) -> Writer {
    to.bits("0 011 0 0011").octets(&[19])
}

fn request() -> Writer {
    per().bits("0 00 0 0011")
}

/// OpenLogicalChannelAck.
fn acknowledgement(media: u16, control: u16) -> Vec<u8> {
    let body = per().bits("0 0 01110 00000001").then(unicast(media)).then(unicast(control)).done();
    per().bits("0 01 0 00101 1 0").octets(&[0, 1]).bits("0 000001 01").open(&body).done()
}

fn tpkt(contents: &[u8]) -> Vec<u8> {
    let len = u16::try_from(contents.len() + 4).unwrap();
    [&[3, 0], &len.to_be_bytes()[..], contents].concat()
}

/// A Q.931 message with a bearer capability and a display, and this in User-user.
fn q931(kind: u8, contents: &[u8]) -> Vec<u8> {
    let len = u16::try_from(contents.len() + 1).unwrap();
    let front = [8, 2, 0x12, 0x34, kind, 4, 3, 0x88, 0x93, 0xa5, 0x28, 2, b'a', 0, 0xa1, 0x7e];
    tpkt(&[&front[..], &len.to_be_bytes(), &[5], contents].concat())
}

fn call_identifier() -> Vec<u8> {
    per().bits("0").octets(&[7; 16]).done()
}

fn list(elements: &[&[u8]]) -> Vec<u8> {
    let count = u8::try_from(elements.len()).unwrap();
    elements.iter().fold(per().octets(&[count]), |to, one| to.open(one)).done()
}

/// The body of a message with nothing after it but that H.245 is tunnelled, and these messages of it.
fn uu(body: impl Fn(Writer) -> Writer, h245: &[&[u8]]) -> Vec<u8> {
    let to = per().bits("0 0 1 0").then(body).bits("0 000010 011").open(&[0x80]).open(&list(h245));
    to.done()
}

fn setup(channels: &[&[u8]], h245: &[&[u8]]) -> Vec<u8> {
    let fast_start = list(channels);
    let body = |to: Writer| {
        to.bits("0 000 1 1111111")
            .open(VERSION)
            .then(address(1_025))
            .then(aliases)
            .then(full_endpoint)
            .then(aliases)
            .then(address(1_720))
            .then(aliases)
            .octets(&[1, 0, 5])
            .bits("0")
            .octets(&[9; 16])
            .bits("0 00 0 0000000 0 00 0 00")
            .bits("0 000111 1010 0011")
            .open(&address(1_720)(per()).done())
            .open(&call_identifier())
            .open(&fast_start)
            .open(&[0])
    };
    q931(5, &uu(body, h245))
}

/// What announced it, port and application, and where its fields stand, of what one side says.
fn told(gateway: &mut dyn Gateway, by: Direction, bytes: &[u8]) -> Vec<String> {
    let heard = hear(gateway, &[(by, bytes)]);
    let one = |endpoint: &Endpoint| {
        let (opens, port) = (endpoint.opens.unwrap(), endpoint.port.unwrap());
        for pair in endpoint.fields.chunks(2) {
            let at = |field: &Field| {
                usize::try_from(field.at).unwrap()..usize::try_from(field.at).unwrap() + field.len as usize
            };
            assert_eq!(bytes[at(&pair[1])], port.to_be_bytes());
            if pair[0].len == 4 {
                assert_eq!((&bytes[at(&pair[0])], endpoint.addr), (&ADDR[..], Some(Addr::v4(ADDR))));
            }
        }
        format!("{} {port} {} {}", opens.what, opens.app, endpoint.fields.len() / 2)
    };
    heard.endpoints.iter().map(one).collect()
}

fn signalling(bytes: &[u8]) -> Vec<String> {
    told(&mut Signalling::default(), C, bytes)
}

fn control(bytes: &[u8]) -> Vec<String> {
    told(&mut Control::default(), S, bytes)
}

/// Two proposals for one channel back, one forward, and one in H.245.
fn call() -> Vec<u8> {
    let (both, rtcp) = (parameters(Some(5_000), Some(5_001)), parameters(None, Some(5_001)));
    let g7231 = |to: Writer| to.bits("0 011 0 1000").octets(&[0]).bits("1");
    let channels = [reverse(per(), ulaw, &both), reverse(per(), g7231, &both), forward(per(), ulaw, &rtcp)];
    let tunnelled = forward(request(), ulaw, &parameters(None, Some(5_003)));
    setup(&channels.each_ref().map(Vec::as_slice), &[&tunnelled])
}

#[test]
fn setup_with_fast_start_and_tunnel() {
    assert_eq!(
        signalling(&call()),
        [
            "H.225 Setup 1025 h.245 1",
            "fastStart of Setup 5000 rtp-base 2",
            "fastStart of Setup 5001 rtcp 3",
            "OpenLogicalChannel 5003 rtcp 1",
        ]
    );
}

/// CallProceeding and Alerting.
fn answer(to: Writer, kind: &str) -> Writer {
    to.bits("0").bits(kind).bits("1 1").open(VERSION).then(endpoint).then(address(1_026))
}

fn connect(to: Writer) -> Writer {
    let channels = list(&[&forward(per(), ulaw, &parameters(Some(5_002), Some(5_003)))]);
    to.bits("0 010 1 1")
        .open(VERSION)
        .then(address(1_026))
        .then(endpoint)
        .octets(&[9; 16])
        .bits("0 000100 10001")
        .open(&call_identifier())
        .open(&channels)
}

/// Wants H.245 to begin.
fn facility(to: Writer) -> Writer {
    to.bits("0 110 1 001")
        .open(VERSION)
        .octets(&[9; 16])
        .bits("1 0 000001")
        .open(&[0])
        .bits("0 000110 1000001")
        .open(&call_identifier())
        .open(&address(1_027)(per()).done())
}

fn progress(to: Writer) -> Writer {
    let channels = list(&[&forward(per(), ulaw, &parameters(Some(5_002), Some(5_003)))]);
    let body = per()
        .bits("0 11001")
        .open(VERSION)
        .then(endpoint)
        .then(address(1_028))
        .bits("0")
        .octets(&[7; 16])
        .bits("0 01")
        .then(|to| to.octets(&channels))
        .done();
    to.bits("1 0 000000").open(&body)
}

fn empty(to: Writer) -> Writer {
    to.bits("1 0 000001").open(&[0])
}

fn answers() -> Vec<(Vec<u8>, &'static [&'static str])> {
    let ack = acknowledgement(5_004, 5_005);
    let tunnel = |kind, body: fn(Writer) -> Writer| q931(kind, &uu(body, &[&ack]));
    let proceeding = |to: Writer| answer(to, "001").bits("0 000000 1").open(&call_identifier());
    let alerting = |to: Writer| answer(to, "011").bits("0 000000 1").open(&call_identifier());
    vec![
        (tunnel(2, proceeding), &["H.225 CallProceeding 1026 h.245 1", ACK, ACK_RTCP]),
        (tunnel(1, alerting), &["H.225 Alerting 1026 h.245 1", ACK, ACK_RTCP]),
        (tunnel(7, connect), &["H.225 Connect 1026 h.245 1", FAST, FAST_RTCP, ACK, ACK_RTCP]),
        (tunnel(0x62, facility), &["H.225 Facility 1027 h.245 1", ACK, ACK_RTCP]),
        (tunnel(3, progress), &["H.225 Progress 1028 h.245 1", FAST, FAST_RTCP, ACK, ACK_RTCP]),
        (tunnel(0x62, empty), &[ACK, ACK_RTCP]),
    ]
}

const ACK: &str = "OpenLogicalChannelAck 5004 rtp-base 1";
const ACK_RTCP: &str = "OpenLogicalChannelAck 5005 rtcp 1";
const FAST: &str = "fastStart of an answer 5002 rtp-base 1";
const FAST_RTCP: &str = "fastStart of an answer 5003 rtcp 1";

#[test]
fn answers_of_the_called() {
    for (bytes, expected) in answers() {
        assert_eq!(signalling(&bytes), expected);
    }
}

type Kind = fn(Writer) -> Writer;

/// What a channel carries, and what its media are; nothing where it is not read.
const KINDS: &[(&str, Kind, &str)] = &[
    ("non-standard", |to| to.bits("0 000 1").octets(&[0xb5, 0, 0, 18]).open(b"x"), "rtp-base"),
    ("non-standard object", |to| to.bits("0 000 0").open(&[0x2a, 3]).open(b"x"), "rtp-base"),
    ("G.729", |to| to.bits("0 011 0 1010").octets(&[1]), "rtp-base"),
    ("GSM", |to| to.bits("0 011 1 0 000011").open(&[0, 0x20, 0]), "rtp-base"),
    ("MPEG audio", |to| to.bits("0 011 0 1100 0 11111111").octets(&[0, 9]), ""),
    ("H.261", |to| to.bits("0 010 0 001 0 11 00 01 0").octets(&[0x0c, 0x7f]).bits("0"), "rtp-base"),
    ("H.263", h263, "rtp-base"),
    ("H.264", |to| to.bits("0 010 1 0 000000").open(&h264()), "rtp-base"),
    (
        "T.120",
        |to| to.bits("0 100 0 0 0001 1 0 000011").open(&[0]).bits("01").octets(&[0x18, 0x6a]),
        "rtp-base",
    ),
    ("T.38", |to| to.bits("0 100 0 1 0 000010").open(&t38()).bits("00").octets(&[144]), "t.38"),
    ("H.233", |to| to.bits("0 101 0 1"), ""),
];

fn h263(to: Writer) -> Writer {
    to.bits("0 010 0 011 0 0100011 00001 01").octets(&[0x27, 0x10]).bits("00000 01").octets(&[1, 0, 0, 2])
}

fn h264() -> Vec<u8> {
    per().bits("0 10000 0 00").open(&[0, 8, 0x81, 0x71, 0, 0, 1]).bits("01").octets(&[0x19, 0]).done()
}

fn t38() -> Vec<u8> {
    per().bits("1 0 000110").open(&[0]).bits("0 000").done()
}

/// A packet that determines who is master, then opens this channel.
fn channel(kind: Kind) -> Vec<u8> {
    let determination = per().bits("0 00 0 0001 0").octets(&[50]).bits("10").octets(&[1, 2, 3]).done();
    let channel = forward(request(), kind, &parameters(Some(5_006), Some(5_007)));
    tpkt(&[determination, channel].concat())
}

#[test]
fn channels() {
    for (name, kind, app) in KINDS {
        let expected: Vec<_> = if app.is_empty() {
            Vec::new()
        } else {
            vec![format!("OpenLogicalChannel 5006 {app} 1"), "OpenLogicalChannel 5007 rtcp 1".to_owned()]
        };
        assert_eq!(control(&channel(*kind)), expected, "{name}");
    }
}

#[test]
fn several_in_one_packet() {
    let master = per().bits("0 01 0 00001 0 0").done();
    let capabilities = per().bits("0 01 0 00011 0").octets(&[1]).done();
    let acks = [acknowledgement(5_004, 5_005), acknowledgement(5_006, 5_007)].concat();
    let bytes = tpkt(&[master, capabilities, acks].concat());
    let more = ["OpenLogicalChannelAck 5006 rtp-base 1", "OpenLogicalChannelAck 5007 rtcp 1"];
    assert_eq!(control(&bytes), [&[ACK, ACK_RTCP][..], &more].concat());
    // The second one's end is missing: its addresses are not there.
    let short = acknowledgement(5_006, 5_007);
    let bytes = tpkt(&[acknowledgement(5_004, 5_005), short[..short.len() - 3].to_vec()].concat());
    assert_eq!(control(&bytes), [ACK, ACK_RTCP]);
}

#[test]
fn near_misses() {
    let ack = acknowledgement(5_004, 5_005);
    assert_eq!(control(&tpkt(&ack)), [ACK, ACK_RTCP]);
    let multicast = per().bits("0 01 0 00101 1 0").octets(&[0, 1]).bits("0 000001 01");
    let body = per().bits("0 0 00100 0 1 0 0 0").octets(&[239, 0, 0, 1, 0x13, 0x88]).done();
    let six = per().bits("0 0 00100 0 0 0 010 0").octets(&[0x20; 16]).octets(&[0x13, 0x88]).done();
    assert_eq!(control(&tpkt(&multicast.clone().open(&body).done())), [""; 0]);
    assert_eq!(control(&tpkt(&multicast.open(&six).done())), ["OpenLogicalChannelAck 5000 rtp-base 1"]);
    assert_eq!(control(&tpkt(&acknowledgement(0, 0))), [""; 0]);
    // Another version of TPKT, another discriminator of Q.931, another reference of User-user, another identifier.
    let setup = call();
    for (at, byte) in [(0, 2), (1, 1), (4, 9), (22, 4), (27, 0x92)] {
        let mut bytes = setup.clone();
        bytes[at] = byte;
        assert_eq!(signalling(&bytes), [""; 0], "{at}");
    }
}

#[test]
fn cut_anywhere() {
    let answers: Vec<u8> = answers().into_iter().flat_map(|(bytes, _)| bytes).collect();
    open(|| Box::<Signalling>::default(), &[(C, &call()), (S, &answers)]);
    let channels: Vec<u8> = KINDS.iter().flat_map(|(_, kind, _)| channel(*kind)).collect();
    open(|| Box::<Control>::default(), &[(C, &channels), (S, &tpkt(&acknowledgement(5_004, 5_005)))]);
}

/// Any one byte changed, and any end missing: nothing but other endpoints.
#[test]
fn damage() {
    let setup = call();
    for at in 4..setup.len() {
        for byte in [0, 0x7f, 0x80, 0xbf, 0xff] {
            let mut bytes = setup.clone();
            bytes[at] = byte;
            let heard = hear(&mut Signalling::default(), &[(C, &bytes)]);
            assert!(heard.endpoints.len() <= ENDPOINTS_MAX);
        }
        assert!(signalling(&tpkt(&setup[4..at])).len() <= 4);
    }
}
