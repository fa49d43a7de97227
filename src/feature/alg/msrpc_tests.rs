//! Answers of endpoint mappers, built by their description.

use Direction::{ClientToServer as C, ServerToClient as S};

use super::super::testing::{hear, open};
use super::*;

/// Writes numbers in one byte order.
#[derive(Clone, Copy)]
struct Order(bool);

impl Order {
    fn u16(self, number: u16) -> Vec<u8> {
        if self.0 { number.to_le_bytes().into() } else { number.to_be_bytes().into() }
    }

    fn u32(self, number: u32) -> Vec<u8> {
        if self.0 { number.to_le_bytes().into() } else { number.to_be_bytes().into() }
    }

    fn unit(self, kind: u8, flags: u8, call: u32, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(HEADER + body.len()).unwrap();
        let drep = [if self.0 { 0x10 } else { 0 }, 0, 0, 0];
        let lengths = [self.u16(len), self.u16(0), self.u32(call)].concat();
        [&[5, 0, kind, flags][..], &drep, &lengths, body].concat()
    }

    fn bind(self, last: u8) -> Vec<u8> {
        let uuid = [self.u32(0xe1af_8308), self.u16(0x5d1f), self.u16(0x11c9)].concat();
        let rest = [0x91, 0xa4, 8, 0, 0x2b, 0x14, 0xa0, last];
        let context = [&self.u16(7)[..], &[1, 0], &uuid, &rest, &[3, 0, 0, 0], &[0; 20]].concat();
        self.unit(BIND, 3, 1, &[&[0; 8][..], &[1, 0, 0, 0], &context].concat())
    }

    fn request(self, operation: u16) -> Vec<u8> {
        self.unit(REQUEST, 3, 2, &[self.u32(0), self.u16(7), self.u16(operation)].concat())
    }

    fn response(self, flags: u8, stub: &[u8]) -> Vec<u8> {
        self.unit(RESPONSE, flags, 2, &[&[0; 8][..], stub].concat())
    }

    fn answer(self, towers: &[Vec<u8>]) -> Vec<u8> {
        let count = u32::try_from(towers.len()).unwrap();
        let mut stub = [vec![0; 20], self.u32(count), self.u32(count), self.u32(0), self.u32(count)].concat();
        (0..count).for_each(|tower| stub.extend(self.u32(tower + 3)));
        for tower in towers {
            let len = self.u32(u32::try_from(tower.len()).unwrap());
            stub.extend([&len[..], &len, tower].concat());
            stub.resize(stub.len().next_multiple_of(4), 0);
        }
        stub.extend(self.u32(0));
        stub
    }
}

fn tower(floors: &[(&[u8], &[u8])]) -> Vec<u8> {
    let le16 = |len: usize| u16::try_from(len).unwrap().to_le_bytes();
    let floor =
        |(left, right): &(&[u8], &[u8])| [&le16(left.len())[..], left, &le16(right.len()), right].concat();
    [le16(floors.len()).to_vec(), floors.iter().flat_map(floor).collect()].concat()
}

fn tcp(port: [u8; 2], addr: [u8; 4]) -> Vec<u8> {
    tower(&[(&[13; 19], &[0, 0]), (&[13; 19], &[0, 0]), (&[11], &[0, 0]), (&[7], &port), (&[9], &addr)])
}

/// What is heard in an answer, with the bytes its fields stand in.
fn told(client: &[u8], server: &[u8]) -> Vec<String> {
    let heard = hear(&mut Msrpc::default(), &[(C, client), (S, server)]);
    let one = |endpoint: &Endpoint| {
        let bytes = |field: &Field| {
            let at = usize::try_from(field.at).unwrap();
            server[at..at + field.len as usize].to_vec()
        };
        let addr = endpoint.addr.map_or("own".to_owned(), |addr| addr.to_string());
        let fields: Vec<_> = endpoint.fields.iter().map(bytes).collect();
        format!("{addr}:{} {fields:?}", endpoint.port.unwrap())
    };
    heard.endpoints.iter().map(one).collect()
}

const ONE: &str = "192.0.2.1:49664 [[194, 0], [192, 0, 2, 1]]";

#[test]
fn both_orders_and_fragments() {
    for order in [Order(true), Order(false)] {
        let asked = [order.bind(0xfa), order.request(EPT_MAP)].concat();
        let stub = order.answer(&[
            tcp([0xc2, 0], [192, 0, 2, 1]),
            tower(&[(&[11], &[0, 0]), (&[15], b"\\PIPE\\lsass\0")]),
            tcp([0xc2, 1], [0; 4]),
        ]);
        let expected = [ONE, "own:49665 [[194, 1]]"];
        assert_eq!(told(&asked, &order.response(3, &stub)), expected);
        // A fragment ends inside the first port: it is known, and cannot be rewritten.
        let in_port = stub.windows(2).position(|two| two == [0xc2, 0]).unwrap() + 1;
        for cut in [1, 50, in_port, stub.len() - 1] {
            let (one, other) = stub.split_at(cut);
            let server = [order.response(FIRST, one), order.response(LAST, other)].concat();
            let first = if cut == in_port { "192.0.2.1:49664 [[192, 0, 2, 1]]" } else { ONE };
            assert_eq!(told(&asked, &server), [first, expected[1]], "cut at {cut}");
        }
    }
}

#[test]
fn near_misses() {
    let order = Order(true);
    let stub = order.answer(&[tcp([0xc2, 0], [192, 0, 2, 1])]);
    let answer = order.response(3, &stub);
    let asked = [order.bind(0xfa), order.request(EPT_MAP)].concat();
    assert_eq!(told(&asked, &answer), [ONE]);
    let nothing: [String; 0] = [];
    assert_eq!(told(b"", &answer), nothing);
    assert_eq!(told(&[order.bind(0xfb), order.request(EPT_MAP)].concat(), &answer), nothing);
    assert_eq!(told(&[order.bind(0xfa), order.request(2)].concat(), &answer), nothing);
    let fault = order.unit(3, 3, 2, &[0; 16]);
    assert_eq!(told(&asked, &[&fault[..], &answer].concat()), nothing);
    // The second of two fragments alone; more than is kept; more towers than there are; no port.
    assert_eq!(told(&asked, &order.response(LAST, &stub)), nothing);
    let long = [order.response(FIRST, &[0; 4_000]), order.response(LAST, &stub)].concat();
    assert_eq!(told(&asked, &long), nothing);
    assert_eq!(told(&asked, &order.response(3, &stub[..stub.len() - 12])), nothing);
    let portless = order.answer(&[tcp([0, 0], [192, 0, 2, 1])]);
    assert_eq!(told(&asked, &order.response(3, &portless)), nothing);
    // A second answer to the same call.
    assert_eq!(told(&asked, &[&answer[..], &answer].concat()), [ONE]);
}

#[test]
fn sealed() {
    let order = Order(true);
    let asked = [order.bind(0xfa), order.request(EPT_MAP)].concat();
    let stub = order.answer(&[tcp([0xc2, 0], [192, 0, 2, 1])]);
    for (level, expected) in [(5, vec![ONE]), (PRIVACY, vec![])] {
        let mut unit = order.response(3, &[&stub[..], &[10, level, 0, 0, 0, 0, 0, 0], &[0; 16]].concat());
        unit[10] = 16;
        assert_eq!(told(&asked, &unit), expected, "level {level}");
    }
}

#[test]
fn cut_anywhere() {
    let order = Order(true);
    let asked = [order.bind(0xfa), order.request(EPT_MAP)].concat();
    let stub = order.answer(&[tcp([0xc2, 0], [192, 0, 2, 1])]);
    let (one, other) = stub.split_at(40);
    // One side after the other: an answer comes after what it answers.
    let server = [order.response(FIRST, one), order.response(LAST, other)].concat();
    open(|| Box::<Msrpc>::default(), &[(C, &asked), (S, &server)]);
}
