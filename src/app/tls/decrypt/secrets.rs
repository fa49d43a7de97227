//! Key logs: secrets that clients and servers write down as they make them (draft-ietf-tls-keylogfile), by the random
//! bytes of the client's hello.

use std::fmt;

use hashbrown::HashMap;
use hashbrown::hash_map;

/// A secret by its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// The master secret, up to TLS 1.2.
    Master,
    /// Of the handshake, by side: the client's first.
    Handshake(usize),
    /// Of application data, by side.
    Traffic(usize),
}

impl Label {
    fn of(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"CLIENT_RANDOM" => Self::Master,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Self::Handshake(0),
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => Self::Handshake(1),
            b"CLIENT_TRAFFIC_SECRET_0" => Self::Traffic(0),
            b"SERVER_TRAFFIC_SECRET_0" => Self::Traffic(1),
            _ => return None,
        })
    }

    const fn index(self) -> usize {
        match self {
            Self::Master => 0,
            Self::Handshake(side) => 1 + side % 2,
            Self::Traffic(side) => 3 + side % 2,
        }
    }
}

/// The secrets of connections, by the client's random bytes.
#[derive(Default)]
pub struct Secrets {
    connections: HashMap<[u8; 32], [Box<[u8]>; 5], foldhash::quality::RandomState>,
}

/// Without the secrets.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("connections", &self.connections.len()).finish()
    }
}

/// What came of a key log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Added {
    /// Secrets that are of use.
    pub secrets: u64,
    /// The first lines that are none, by number.
    pub bad: Vec<(u64, BadLine)>,
    /// How many such lines there are.
    pub bad_lines: u64,
    /// Whether there was no room for the secrets of another connection.
    pub is_full: bool,
}

/// Why a line is none of a key log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLine {
    /// It is not a label, 32 random bytes and a secret.
    Form,
    /// What should be hexadecimal is not, or has another length than random bytes or a secret have.
    Digits,
}

/// One clause for people.
impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "a line is a label, the client's random bytes and a secret",
            Self::Digits => "the random bytes are 64 hexadecimal digits, a secret 64 or 96",
        })
    }
}

/// So many bad lines are kept to be told.
const BAD_MAX: usize = 5;

impl Secrets {
    /// Adds what a key log holds. Labels that are of no use here are passed over, as are comments. Secrets of at most
    /// `most` connections are kept, and of those that are logged twice the first.
    pub fn add(&mut self, log: &[u8], most: usize) -> Added {
        let mut added = Added::default();
        for (number, line) in (1..).zip(log.split(|byte| *byte == b'\n')) {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match parse(line) {
                Ok(None) => {}
                Ok(Some((label, random, secret))) => {
                    let has_room = self.connections.len() < most;
                    let of_connection = match self.connections.entry(random) {
                        hash_map::Entry::Occupied(entry) => entry.into_mut(),
                        hash_map::Entry::Vacant(entry) if has_room => entry.insert(Default::default()),
                        hash_map::Entry::Vacant(_) => {
                            added.is_full = true;
                            continue;
                        }
                    };
                    added.secrets += 1;
                    if let Some(place) = of_connection.get_mut(label.index()).filter(|place| place.is_empty())
                    {
                        *place = secret;
                    }
                }
                Err(why) => {
                    added.bad_lines += 1;
                    if added.bad.len() < BAD_MAX {
                        added.bad.push((number, why));
                    }
                }
            }
        }
        added
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Whether there is a secret of the connection that these random bytes begin.
    pub fn has_any_of(&self, random: &[u8; 32]) -> bool {
        self.connections.contains_key(random)
    }

    /// A secret of the connection that these random bytes begin.
    pub(super) fn find(&self, random: &[u8; 32], label: Label) -> Option<&[u8]> {
        if self.is_empty() {
            return None;
        }
        self.connections.get(random)?.get(label.index()).map(|secret| &**secret).filter(|it| !it.is_empty())
    }
}

/// A line's label, random bytes and secret.
type Entry = (Label, [u8; 32], Box<[u8]>);

/// What a line holds; `None` where the label is of no use.
fn parse(line: &[u8]) -> Result<Option<Entry>, BadLine> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (Some(label), Some(random), Some(secret), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BadLine::Form);
    };
    if !label.iter().all(|byte| byte.is_ascii_graphic()) {
        return Err(BadLine::Form);
    }
    let Some(label) = Label::of(label) else { return Ok(None) };
    let random = hex(random).ok_or(BadLine::Digits)?.try_into().map_err(|_| BadLine::Digits)?;
    let secret = hex(secret).filter(|secret| matches!(secret.len(), 32 | 48)).ok_or(BadLine::Digits)?;
    Ok(Some((label, random, secret.into())))
}

/// The bytes that hexadecimal digits stand for, at most as many as a secret has.
fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    if pairs.len() > 48 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_log() {
        let (random, secret) = ("01".repeat(32), "aB".repeat(32));
        let log = format!(
            "# SSL/TLS secrets log file\r\n\r\nCLIENT_HANDSHAKE_TRAFFIC_SECRET {random} {secret}\r\n\
             EXPORTER_SECRET {random} {secret}\nRSA 0102 03\nCLIENT_RANDOM {random}\n\
             SERVER_TRAFFIC_SECRET_0 {random} {}\nCLIENT_RANDOM {} {secret}\nCLIENT_RANDOM {random} {secret}0\n\
             CLIENT_RANDOM {random} {}",
            "cd".repeat(48),
            "01".repeat(31),
            "ef".repeat(48),
        );
        let mut secrets = Secrets::default();
        let added = secrets.add(log.as_bytes(), 10);
        assert_eq!(
            added,
            Added {
                secrets: 3,
                bad: vec![(6, BadLine::Form), (8, BadLine::Digits), (9, BadLine::Digits)],
                bad_lines: 3,
                is_full: false,
            }
        );
        let find = |label| secrets.find(&[1; 32], label);
        assert_eq!(find(Label::Handshake(0)), Some(&[0xab; 32][..]));
        assert_eq!(find(Label::Handshake(1)), None);
        assert_eq!(find(Label::Traffic(1)), Some(&[0xcd; 48][..]));
        assert_eq!(find(Label::Master), Some(&[0xef; 48][..]));
        assert_eq!(secrets.find(&[2; 32], Label::Master), None);
    }

    /// Of two secrets under one label the first counts; another connection finds no room.
    #[test]
    fn the_limit_and_what_comes_twice() {
        let mut secrets = Secrets::default();
        let line = |random: &str, secret: &str| {
            format!("CLIENT_RANDOM {} {}\n", random.repeat(32), secret.repeat(48))
        };
        let log = [line("01", "aa"), line("01", "bb"), line("02", "cc")].concat();
        let added = secrets.add(log.as_bytes(), 1);
        assert!(added.is_full);
        assert_eq!(secrets.find(&[1; 32], Label::Master), Some(&[0xaa; 48][..]));
        assert_eq!(secrets.find(&[2; 32], Label::Master), None);
    }

    proptest! {
        #[test]
        fn any_bytes(log: Vec<u8>) {
            let added = Secrets::default().add(&log, 2);
            prop_assert!(added.bad.len() <= BAD_MAX);
        }
    }
}
