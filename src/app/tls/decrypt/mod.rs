//! TLS connections opened with secrets from a key log: records in, content out, nothing that is not authentic.
//!
//! Streaming: of each side no more is kept than a record, and a handshake message, that have not come to their end.

mod agreed;
mod keys;
mod open;
mod secrets;
mod suite;
#[cfg(any(test, fuzzing))]
pub mod testing;
#[cfg(test)]
mod tests;

use std::fmt;

use agreed::{Agreement, Offer};
use open::{Opener, Sealed};
use secrets::Label;
pub use secrets::{Added, BadLine, Secrets};
use suite::Suite;

use super::handshake::{self, Handshake};
use super::record::MESSAGE_MAX;
use crate::flow::Direction;

/// Record types (RFC 8446, 5.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Handshake message types that change keys.
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

/// The longest record: 2^14 bytes and what ciphers add (RFC 5246, 6.2.3).
const RECORD_MAX: usize = 0x4000 + 2_048;
/// Bytes that may wait for the other side's hello.
const WAITING_MAX: usize = 4 * RECORD_MAX;
const HEADER: usize = 5;

/// Something that an opened record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened<'a> {
    /// The first record that is sealed: version and cipher suite, as on the wire.
    Begins {
        /// The version.
        version: u16,
        /// The suite.
        cipher: u16,
    },
    /// A record was opened: its type and how many bytes it holds.
    Record(u8, usize),
    /// What the handshake shows.
    Handshake(Handshake),
    /// Application data.
    Data(&'a [u8]),
}

/// Why a connection is opened no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stop {
    /// No key log holds its secrets.
    NoSecrets,
    /// Version or cipher suite are none of those that are opened.
    Unsupported,
    /// A record is not authentic with the secrets there are.
    NotAuthentic,
    /// These are no records.
    Malformed,
    /// The capture lacks bytes of it.
    Missing,
    /// The capture lacks the hellos, or shows too much before them.
    NoHello,
}

impl Stop {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NoSecrets,
        Self::Unsupported,
        Self::NotAuthentic,
        Self::Malformed,
        Self::Missing,
        Self::NoHello,
    ];
}

/// One clause for people.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSecrets => "no key log holds its secrets",
            Self::Unsupported => "its version or cipher suite is not one that is opened",
            Self::NotAuthentic => "a record is not authentic with the secrets of the key log",
            Self::Malformed => "what follows are no records of TLS",
            Self::Missing => "the capture lacks bytes of it",
            Self::NoHello => "the capture lacks its hellos, or shows them too late",
        })
    }
}

/// How records of a cipher suite are sealed, in words; `None` where they are not opened.
pub const fn cipher_name(cipher: u16) -> Option<&'static str> {
    match Suite::of(cipher) {
        Some(suite) => Some(suite.bulk.name()),
        None => None,
    }
}

/// One connection.
#[derive(Debug, Default)]
pub struct Decrypter {
    sides: [Side; 2],
    offer: Option<Offer>,
    /// Whether the server has asked for another hello, which makes it TLS 1.3.
    is_retried: bool,
    /// What the server's hello has agreed to.
    agreed: Option<Agreement>,
    /// Whether a record was sealed.
    has_begun: bool,
    /// Content of the record at hand.
    text: Vec<u8>,
}

/// What one side sends.
#[derive(Debug, Default)]
struct Side {
    /// Bytes of records that are not whole, or must wait.
    waiting: Vec<u8>,
    /// A handshake message that is not whole.
    message: Vec<u8>,
    opener: Option<Opener>,
    /// Up to TLS 1.2: ChangeCipherSpec was sent, and all that follows is sealed.
    is_sealed: bool,
    /// TLS 1.3: the handshake is over, and keys are those of application data.
    is_finished: bool,
    /// TLS 1.3: the traffic secret in use.
    secret: Vec<u8>,
}

impl Decrypter {
    /// Takes the next bytes of one side, in order, and tells what they hold, with who sent it: bytes of the other side
    /// may have waited for these.
    ///
    /// # Errors
    /// Where it goes no further: nothing of later bytes is told, whatever they are.
    pub fn feed(
        &mut self,
        secrets: &Secrets,
        direction: Direction,
        bytes: &[u8],
        told: &mut dyn FnMut(Direction, Opened<'_>),
    ) -> Result<(), Stop> {
        let agreed = self.agreed.is_some();
        self.sides[direction.index()].waiting.extend_from_slice(bytes);
        self.read(secrets, direction, told)?;
        if !agreed && self.agreed.is_some() {
            self.read(secrets, direction.reverse(), told)?;
        }
        Ok(())
    }

    /// Whether a sealed record has been seen.
    pub const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Reads the whole records that wait on one side.
    fn read(
        &mut self,
        secrets: &Secrets,
        direction: Direction,
        told: &mut dyn FnMut(Direction, Opened<'_>),
    ) -> Result<(), Stop> {
        let side = direction.index();
        let waiting = std::mem::take(&mut self.sides[side].waiting);
        let mut rest = &waiting[..];
        while let Some((header, behind)) = rest.split_first_chunk::<HEADER>() {
            let [kind, major, minor, high, low] = *header;
            let len = usize::from(u16::from_be_bytes([high, low]));
            if !(CHANGE_CIPHER_SPEC..=24).contains(&kind) || major != 3 || len > RECORD_MAX {
                return Err(Stop::Malformed);
            }
            let Some((body, behind)) = behind.split_at_checked(len) else { break };
            let record = Sealed { kind, version: [major, minor], body };
            if self.must_wait(side, kind) {
                if rest.len() > WAITING_MAX {
                    return Err(Stop::NoHello);
                }
                break;
            }
            self.record(secrets, direction, record, told)?;
            rest = behind;
        }
        let kept = waiting.len() - rest.len();
        let mut waiting = waiting;
        waiting.drain(..kept);
        self.sides[side].waiting = waiting;
        Ok(())
    }

    fn is_1_3(&self) -> bool {
        self.is_retried || self.agreed.is_some_and(|agreed| agreed.is_1_3())
    }

    /// Whether the server's hello must come before this record can be read.
    fn must_wait(&self, side: usize, kind: u8) -> bool {
        self.agreed.is_none() && (kind == APPLICATION_DATA || self.sides[side].is_sealed && !self.is_retried)
    }

    /// One whole record.
    fn record(
        &mut self,
        secrets: &Secrets,
        direction: Direction,
        record: Sealed<'_>,
        told: &mut dyn FnMut(Direction, Opened<'_>),
    ) -> Result<(), Stop> {
        let side = direction.index();
        let is_1_3 = self.is_1_3();
        let is_sealed = if is_1_3 { record.kind == APPLICATION_DATA } else { self.sides[side].is_sealed };
        if !is_sealed {
            return match record.kind {
                CHANGE_CIPHER_SPEC if !is_1_3 => {
                    self.change_cipher(side);
                    Ok(())
                }
                HANDSHAKE => self.messages(direction, record.body, false, told),
                APPLICATION_DATA => Err(Stop::Malformed),
                _ => Ok(()),
            };
        }
        let agreed = self.agreed.ok_or(Stop::NoHello)?;
        if !self.has_begun {
            self.has_begun = true;
            told(direction, Opened::Begins { version: agreed.version, cipher: agreed.cipher });
        }
        let mut text = std::mem::take(&mut self.text);
        let result = self.open(secrets, direction, (agreed, record), &mut text, told);
        self.text = text;
        result
    }

    /// Opens a sealed record.
    fn open(
        &mut self,
        secrets: &Secrets,
        direction: Direction,
        (agreed, record): (Agreement, Sealed<'_>),
        text: &mut Vec<u8>,
        told: &mut dyn FnMut(Direction, Opened<'_>),
    ) -> Result<(), Stop> {
        let index = direction.index();
        if self.sides[index].opener.is_none() {
            self.take_keys(secrets, agreed, index)?;
        }
        let side = &mut self.sides[index];
        let opener = side.opener.as_mut().ok_or(Stop::NoSecrets)?;
        let Some((kind, content)) = opener.open(record, text) else {
            // Early data that the server does not take (RFC 8446, 4.2.10), or whose secret is not read.
            let is_early = self.offer.is_some_and(|offer| offer.has_early_data) && index == 0;
            return if is_early && opener.is_unused() && !side.is_finished {
                Ok(())
            } else {
                Err(Stop::NotAuthentic)
            };
        };
        told(direction, Opened::Record(kind, content.len()));
        match (kind, content) {
            (APPLICATION_DATA, content) => told(direction, Opened::Data(content)),
            (HANDSHAKE, content) => self.messages(direction, content, true, told)?,
            (ALERT, &[level, code]) => {
                told(direction, Opened::Handshake(Handshake::alert(level, code, agreed.is_1_3())));
            }
            (CHANGE_CIPHER_SPEC, _) if !agreed.is_1_3() => self.change_cipher(index),
            _ => {}
        }
        Ok(())
    }

    /// Up to TLS 1.2: what follows is sealed, with keys of the hellos at hand.
    fn change_cipher(&mut self, side: usize) {
        self.sides[side].is_sealed = true;
        self.sides[side].opener = None;
    }

    /// The keys of a side, where the key log holds its secret.
    fn take_keys(&mut self, secrets: &Secrets, agreed: Agreement, side: usize) -> Result<(), Stop> {
        let random = self.offer.ok_or(Stop::NoHello)?.random;
        if !secrets.has_any_of(&random) {
            return Err(Stop::NoSecrets);
        }
        let suite = Suite::of(agreed.cipher).filter(|suite| suite.is_1_3 == agreed.is_1_3());
        let suite = suite.filter(|_| agreed.is_supported()).ok_or(Stop::Unsupported)?;
        let of_label = |label| secrets.find(&random, label).ok_or(Stop::NoSecrets);
        let keys = if suite.is_1_3 {
            let is_finished = self.sides[side].is_finished;
            let secret = of_label(if is_finished { Label::Traffic(side) } else { Label::Handshake(side) })?;
            self.sides[side].secret = secret.to_vec();
            keys::of_traffic_secret(suite, secret)
        } else {
            let master = of_label(Label::Master)?;
            let both = keys::of_master_secret(suite, agreed.version, master, [&random, &agreed.random]);
            both.and_then(|[client, server]| [client, server].into_iter().nth(side))
        };
        let opener = keys.and_then(|keys| Opener::new(suite, agreed.version, agreed.encrypt_then_mac, keys));
        self.sides[side].opener = Some(opener.ok_or(Stop::NotAuthentic)?);
        Ok(())
    }

    /// Content of a handshake record: the messages that are whole with it.
    fn messages(
        &mut self,
        direction: Direction,
        content: &[u8],
        is_sealed: bool,
        told: &mut dyn FnMut(Direction, Opened<'_>),
    ) -> Result<(), Stop> {
        let side = direction.index();
        let mut bytes = std::mem::take(&mut self.sides[side].message);
        bytes.extend_from_slice(content);
        let mut rest = &bytes[..];
        while let Some((&[kind, a, b, c], behind)) = rest.split_first_chunk::<4>() {
            let len = u32::from_be_bytes([0, a, b, c]) as usize;
            if len > MESSAGE_MAX {
                return Err(Stop::Malformed);
            }
            let Some((body, behind)) = behind.split_at_checked(len) else { break };
            self.message(direction, (kind, body), is_sealed, told)?;
            rest = behind;
        }
        self.sides[side].message = rest.to_vec();
        Ok(())
    }

    /// One whole handshake message.
    fn message(
        &mut self,
        direction: Direction,
        (kind, body): (u8, &[u8]),
        is_sealed: bool,
        told: &mut dyn FnMut(Direction, Opened<'_>),
    ) -> Result<(), Stop> {
        let side = direction.index();
        match (kind, direction) {
            (CLIENT_HELLO, Direction::ClientToServer) => {
                self.offer = Some(Offer::of(body).ok_or(Stop::Malformed)?);
            }
            (SERVER_HELLO, Direction::ServerToClient) => {
                let agreement = Agreement::of(body).ok_or(Stop::Malformed)?;
                self.is_retried |= agreement.is_retry;
                self.agreed = (!agreement.is_retry).then_some(agreement);
            }
            _ => {}
        }
        let is_1_3 = self.is_1_3();
        if !is_sealed {
            return Ok(());
        }
        // The certificate of a client is nobody's concern here.
        let counts = kind != handshake::CERTIFICATE || direction == Direction::ServerToClient;
        if counts && let Some(shown) = handshake::told_by(kind, body, is_1_3) {
            told(direction, Opened::Handshake(shown));
        }
        let side = &mut self.sides[side];
        match (kind, self.agreed.and_then(|agreed| Suite::of(agreed.cipher))) {
            (FINISHED, Some(suite)) if suite.is_1_3 => {
                side.is_finished = true;
                side.opener = None;
            }
            (KEY_UPDATE, Some(suite)) if suite.is_1_3 && side.is_finished => {
                let next = keys::next_secret(suite, &side.secret).ok_or(Stop::NotAuthentic)?;
                let keys = keys::of_traffic_secret(suite, &next);
                side.opener = keys.and_then(|keys| Opener::new(suite, 0x0304, false, keys));
                side.secret = next;
            }
            _ => {}
        }
        Ok(())
    }
}
