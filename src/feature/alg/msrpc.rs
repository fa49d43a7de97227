//! The endpoint mapper of DCE/RPC: which ports an interface is at (C706, 12.6 and appendix I and L; \[MS-RPCE\] 2.2.1.2).
//!
//! Answers to `ept_map` are read, over several fragments where they come so; sealed ones cannot be.

use super::frames::{Frames, Message, array};
use super::{Endpoint, Field, Gateway, Heard, Opener, Opening, Said, Spelling};
use crate::flow::{Addr, Direction, Protocol};

/// Version, kind, flags, representation of data, lengths, call.
const HEADER: usize = 16;
const REQUEST: u8 = 0;
const RESPONSE: u8 = 2;
const BIND: u8 = 11;
const ALTER_CONTEXT: u8 = 14;
const FIRST: u8 = 1;
const LAST: u8 = 2;
/// The operation `ept_map`.
const EPT_MAP: u16 = 3;
/// The endpoint mapper, `e1af8308-5d1f-11c9-91a4-08002b14a0fa` (C706, appendix O).
const MAPPER: u128 = 0xe1af8308_5d1f_11c9_91a4_08002b14a0fa;
/// Everything after it is encrypted (\[MS-RPCE\] 2.2.1.1.8).
const PRIVACY: u8 = 6;
/// Floors of a tower: a TCP port, an IPv4 address (C706, appendix I).
const TCP_PORT: u8 = 7;
const IP: u8 = 9;
/// What is kept of one side, at most.
const CONTEXTS_MAX: usize = 16;
const CALLS_MAX: usize = 16;
const STUB_MAX: usize = 4_096;
const TOWERS_MAX: u32 = 32;
const FLOORS_MAX: u16 = 8;

/// Reads one connection.
#[derive(Debug, Default)]
pub(super) struct Msrpc {
    sides: [Frames; 2],
    state: State,
}

#[derive(Debug, Default)]
struct State {
    /// Contexts that were asked for with the endpoint mapper's interface.
    contexts: Vec<u16>,
    /// Calls of `ept_map` without an answer.
    calls: Vec<u32>,
    answer: Stub,
}

/// What has come of an answer, out of its fragments.
#[derive(Debug, Default)]
struct Stub {
    call: Option<u32>,
    bytes: Vec<u8>,
    /// Where parts of it begin: in `bytes`, and as [`Said::at`] counts.
    parts: Vec<(usize, u64)>,
}

impl Gateway for Msrpc {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        let Self { sides, state } = self;
        sides[said.by.index()].feed(said.at, said.bytes, HEADER, unit_len, |unit| {
            let _ = match said.by {
                Direction::ClientToServer => state.asked(Unit(unit)),
                Direction::ServerToClient => state.answered(Unit(unit), heard),
            };
        });
    }
}

fn unit_len(header: &[u8]) -> Option<u64> {
    let unit = Unit(Message { at: 0, bytes: header });
    (header.first() == Some(&5)).then(|| unit.u16(8).map(u64::from))?
}

/// A protocol data unit.
#[derive(Debug, Clone, Copy)]
struct Unit<'a>(Message<'a>);

impl<'a> Unit<'a> {
    fn byte(self, at: usize) -> Option<u8> {
        self.0.bytes.get(at).copied()
    }

    fn is_little(self) -> bool {
        self.byte(4).is_some_and(|format| format >> 4 == 1)
    }

    fn u16(self, at: usize) -> Option<u16> {
        array(self.0.bytes, at).map(if self.is_little() { u16::from_le_bytes } else { u16::from_be_bytes })
    }

    fn u32(self, at: usize) -> Option<u32> {
        array(self.0.bytes, at).map(if self.is_little() { u32::from_le_bytes } else { u32::from_be_bytes })
    }

    fn call(self) -> Option<u32> {
        self.u32(12)
    }

    /// An identifier; its first three parts follow the representation of data.
    fn uuid(self, at: usize) -> Option<u128> {
        let (a, b, c) = (self.u32(at)?, self.u16(at + 4)?, self.u16(at + 6)?);
        let rest: [u8; 8] = array(self.0.bytes, at + 8)?;
        let high = u64::from(a) << 32 | u64::from(b) << 16 | u64::from(c);
        Some(u128::from(high) << 64 | u128::from(u64::from_be_bytes(rest)))
    }

    /// Parameters of a response, without what authenticates them; `None` where they are sealed.
    fn stub(self) -> Option<&'a [u8]> {
        const START: usize = HEADER + 8;
        let (bytes, auth) = (self.0.bytes, usize::from(self.u16(10)?));
        if auth == 0 {
            return bytes.get(START..);
        }
        // Kind, level, bytes of padding before this trailer.
        let trailer = bytes.len().checked_sub(auth + 8)?;
        let (level, padding) = (self.byte(trailer + 1)?, usize::from(self.byte(trailer + 2)?));
        (level != PRIVACY).then(|| bytes.get(START..trailer.checked_sub(padding)?))?
    }
}

impl State {
    /// Takes a unit of the client.
    fn asked(&mut self, unit: Unit<'_>) -> Option<()> {
        match unit.byte(2)? {
            BIND | ALTER_CONTEXT => {
                let mut at = HEADER + 12;
                for _ in 0..unit.byte(HEADER + 8)? {
                    let (context, transfers) = (unit.u16(at)?, unit.byte(at + 2)?);
                    if unit.uuid(at + 4)? == MAPPER && self.contexts.len() < CONTEXTS_MAX {
                        self.contexts.push(context);
                    }
                    at += 24 + 20 * usize::from(transfers);
                }
            }
            REQUEST if unit.byte(3)? & FIRST != 0 => {
                let is_map =
                    self.contexts.contains(&unit.u16(HEADER + 4)?) && unit.u16(HEADER + 6)? == EPT_MAP;
                if is_map && self.calls.len() < CALLS_MAX {
                    self.calls.push(unit.call()?);
                }
            }
            _ => {}
        }
        Some(())
    }

    /// Takes a unit of the server.
    fn answered(&mut self, unit: Unit<'_>, heard: &mut Heard) -> Option<()> {
        let (call, flags) = (unit.call()?, unit.byte(3)?);
        let index = self.calls.iter().position(|other| *other == call)?;
        if unit.byte(2)? != RESPONSE {
            // A fault, most likely: no answer comes any more.
            self.calls.swap_remove(index);
            return None;
        }
        if flags & FIRST != 0 {
            self.answer = Stub { call: Some(call), ..Stub::default() };
        }
        let stub = unit.stub();
        let fits = stub.is_some_and(|stub| self.answer.bytes.len() + stub.len() <= STUB_MAX);
        match stub {
            Some(stub) if fits && self.answer.call == Some(call) => {
                self.answer.parts.push((self.answer.bytes.len(), unit.0.at + HEADER as u64 + 8));
                self.answer.bytes.extend_from_slice(stub);
            }
            // A fragment that is missing makes the rest worthless.
            _ => self.answer = Stub::default(),
        }
        if flags & LAST != 0 {
            self.calls.swap_remove(index);
            let answer = std::mem::take(&mut self.answer);
            towers(&answer, unit.is_little(), heard);
        }
        Some(())
    }
}

impl Stub {
    fn u32(&self, at: usize, is_little: bool) -> Option<u32> {
        array(&self.bytes, at).map(if is_little { u32::from_le_bytes } else { u32::from_be_bytes })
    }

    /// A field in it; `None` where a fragment ends inside.
    fn field(&self, at: usize, len: u32, spelling: Spelling) -> Option<Field> {
        let next = self.parts.partition_point(|(start, _)| *start <= at);
        let (start, place) = *self.parts.get(next.checked_sub(1)?)?;
        let end = self.parts.get(next).map_or(self.bytes.len(), |(start, _)| *start);
        let is_whole = at + usize::try_from(len).ok()? <= end;
        is_whole.then_some(Field { at: place + (at - start) as u64, len, spelling })
    }
}

/// Every tower of an answer to `ept_map`: a handle, how many there are, an array of pointers, what they point to.
fn towers(stub: &Stub, is_little: bool, heard: &mut Heard) -> Option<()> {
    const HANDLE: usize = 20;
    let offset = stub.u32(HANDLE + 8, is_little)?;
    let count = stub.u32(HANDLE + 12, is_little)?;
    if offset != 0 || count > TOWERS_MAX {
        return None;
    }
    let pointers = HANDLE + 16;
    let mut at = pointers + 4 * usize::try_from(count).ok()?;
    for tower in 0..usize::try_from(count).ok()? {
        if stub.u32(pointers + 4 * tower, is_little)? == 0 {
            continue;
        }
        // Twice its length.
        let len = usize::try_from(stub.u32(at, is_little)?).ok().filter(|len| *len <= STUB_MAX)?;
        let start = at + 8;
        let end = start + len;
        stub.bytes.get(start..end)?;
        heard.endpoints.extend(endpoint(stub, start, end));
        at = end.next_multiple_of(4);
    }
    Some(())
}

/// The TCP endpoint of a tower, whose numbers are little-endian whatever the rest is.
fn endpoint(stub: &Stub, start: usize, end: usize) -> Option<Endpoint> {
    let bytes = stub.bytes.get(..end)?;
    let le16 = |at| array(bytes, at).map(u16::from_le_bytes);
    let floors = le16(start).filter(|floors| *floors <= FLOORS_MAX)?;
    let (mut at, mut port, mut addr, mut fields) = (start + 2, None, None, Vec::new());
    for _ in 0..floors {
        let left = usize::from(le16(at)?);
        let kind = *bytes.get(at + 2)?;
        let right_at = at + 2 + left;
        let right = usize::from(le16(right_at)?);
        let value = right_at + 2;
        match (kind, left, right) {
            (TCP_PORT, 1, 2) => {
                port = array(bytes, value).map(u16::from_be_bytes);
                fields.extend(stub.field(value, 2, Spelling::PortBytes));
            }
            (IP, 1, 4) if array(bytes, value)? != [0; 4] => {
                addr = array(bytes, value).map(Addr::v4);
                fields.extend(stub.field(value, 4, Spelling::AddressBytes));
            }
            _ => {}
        }
        at = value + right;
    }
    let opens = Opening {
        protocol: Protocol::TCP,
        opener: Opener::Peer,
        app: "msrpc",
        may_be_elsewhere: false,
        repeats: true,
        what: "ept_map",
    };
    let port = port.filter(|port| *port > 0)?;
    Some(Endpoint { addr, port: Some(port), fields, opens: Some(opens) })
}

#[cfg(test)]
#[path = "msrpc_tests.rs"]
mod tests;
