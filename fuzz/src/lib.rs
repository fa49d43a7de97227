//! What the fuzz targets share: how bytes become a conversation, and what must hold of every one.

use std::sync::LazyLock;

use firstpass::app::fuzzing::{ask, decoders, is_asked};
use firstpass::app::{AppId, Catalog, Followed, Heads, Identified, Identifier, Match, Shifts};
use firstpass::flow::{Direction, Protocol};

pub mod packets;

/// The catalog and its index.
pub static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::builtin().expect("the catalog that is built in"));
static IDENTIFIER: LazyLock<Identifier> = LazyLock::new(|| Identifier::new(&CATALOG));

/// Applications that a session can be one after the other: more would be work without end.
const LABELS_MAX: usize = 12;

/// At most so many pieces of a conversation when it is cut anew.
const CUTS_MAX: usize = 48;

/// A conversation: the server's port, how it is cut the second time, and who says what.
#[derive(Debug, Clone)]
pub struct Dialogue<'a> {
    /// Destination port.
    pub port: u16,
    /// From 1: so many bytes at a time when it is cut anew.
    pub cut: usize,
    /// Segments or datagrams.
    pub pieces: Vec<(Direction, &'a [u8])>,
}

/// What one side or the other has said so far.
#[derive(Debug, Default)]
struct Said {
    sides: [Vec<u8>; 2],
    datagrams: Vec<(Direction, u32)>,
}

impl<'a> Dialogue<'a> {
    /// Two bytes of port, one that says how to cut; then pieces, each after two bytes: the server's has the top bit
    /// set, the rest is its length. The last piece may be short.
    pub fn read(data: &'a [u8]) -> Option<Self> {
        let (&[high, low, cut], mut rest) = data.split_first_chunk()?;
        let mut pieces = Vec::new();
        while let Some((head, after)) = rest.split_first_chunk() {
            let head = u16::from_be_bytes(*head);
            let direction =
                if head & 0x8000 == 0 { Direction::ClientToServer } else { Direction::ServerToClient };
            let (piece, after) = after.split_at(after.len().min(usize::from(head & 0x7fff)));
            pieces.push((direction, piece));
            rest = after;
        }
        Some(Self { port: u16::from_be_bytes([high, low]), cut: usize::from(cut & 31) + 1, pieces })
    }

    /// The bytes that are read as this conversation.
    pub fn write(&self) -> Vec<u8> {
        let mut data = self.port.to_be_bytes().to_vec();
        data.push(u8::try_from((self.cut - 1) & 31).unwrap_or(0));
        for (direction, piece) in &self.pieces {
            let len = u16::try_from(piece.len().min(0x7fff)).unwrap_or(0x7fff);
            let head = len | if *direction == Direction::ServerToClient { 0x8000 } else { 0 };
            data.extend(head.to_be_bytes());
            data.extend(&piece[..usize::from(len)]);
        }
        data
    }

    /// The same bytes by the same speakers, cut otherwise.
    #[must_use]
    pub fn cut_anew(&self) -> Self {
        let total: usize = self.pieces.iter().map(|(_, piece)| piece.len()).sum();
        let len = self.cut.max(total / CUTS_MAX + 1);
        let cut = |&(direction, piece): &(Direction, &'a [u8])| {
            piece.chunks(len).map(move |part| (direction, part))
        };
        Self { pieces: self.pieces.iter().flat_map(cut).collect(), ..self.clone() }
    }

    /// All that one side says.
    pub fn side(&self, direction: Direction) -> Vec<u8> {
        self.pieces
            .iter()
            .filter(|(side, _)| *side == direction)
            .flat_map(|(_, piece)| *piece)
            .copied()
            .collect()
    }

    /// Shows what has been said after each piece, until `judge` has enough.
    fn play<T>(&self, protocol: Protocol, mut judge: impl FnMut(&Heads<'_>) -> Option<T>) -> Option<T> {
        let mut said = Said::default();
        for (direction, piece) in &self.pieces {
            said.sides[direction.index()].extend_from_slice(piece);
            let is_udp = protocol == Protocol::UDP;
            if is_udp {
                said.datagrams.push((*direction, u32::try_from(piece.len()).unwrap_or(u32::MAX)));
            } else if piece.is_empty() {
                continue;
            }
            let [client, server] = &said.sides;
            let heads = Heads {
                protocol,
                dport: self.port,
                sport: 50_000,
                ttl: 64,
                client,
                server,
                datagrams: &said.datagrams,
                ..Heads::default()
            };
            if let Some(found) = judge(&heads) {
                return Some(found);
            }
        }
        None
    }

    /// What one decoder makes of it, asked as the engine does: its first answer that is not "more" counts.
    fn settle(&self, protocol: Protocol, decoder: usize) -> Option<&'static str> {
        self.play(protocol, |heads| match ask(decoder, heads) {
            _ if !is_asked(decoder, heads) => Some(None),
            Match::No => Some(None),
            Match::More => None,
            Match::Yes(finding) => Some(Some(finding.app)),
        })
        .flatten()
    }

    /// The application that the decoders together tell, and what it turns into.
    pub fn labels(&self, protocol: Protocol) -> Vec<AppId> {
        let mut candidates = IDENTIFIER.start(protocol);
        let (mut passed, mut followers, mut host_known) = (Vec::new(), Default::default(), false);
        self.play(protocol, |heads| -> Option<()> {
            if passed.is_empty() {
                let app = match IDENTIFIER.inspect(&CATALOG, &mut candidates, heads) {
                    Identified::Found(app, _) | Identified::FoundIn(_, app, _) => app,
                    Identified::Pending => return None,
                    Identified::Exhausted => return Some(()),
                };
                passed.push(app);
                followers = IDENTIFIER.followers(app, Shifts::ALL);
            }
            let mut rounds = 0;
            while let Some(followed) = IDENTIFIER.follow(&CATALOG, &mut followers, heads, &passed, host_known)
            {
                match followed {
                    Followed::Application(app, _) | Followed::Through(app, _) => {
                        assert!(!passed.contains(&app), "{} comes twice", CATALOG.name(app));
                        passed.push(app);
                        followers = followers.with(IDENTIFIER.followers(app, Shifts::ALL));
                    }
                    Followed::Host(_) => {
                        assert!(!host_known, "the host is told twice");
                        host_known = true;
                    }
                }
                rounds += 1;
                assert!(rounds <= LABELS_MAX, "no end of followers");
            }
            None
        });
        passed
    }
}

/// The numbers of the decoders in a family, over one protocol. A name that no decoder has is a mistake in the target.
pub fn family(protocol: Protocol, names: &[&str]) -> Vec<usize> {
    decoders(protocol).filter(|(_, name)| names.contains(name)).map(|(index, _)| index).collect()
}

/// All decoders over a protocol.
pub fn everyone(protocol: Protocol) -> Vec<usize> {
    decoders(protocol).map(|(index, _)| index).collect()
}

/// Of a conversation over TCP: each decoder says the same however it is cut, and stays with it; so do all together
/// where no two of them are certain of different things.
pub fn over_tcp(dialogue: &Dialogue<'_>, family: &[usize]) {
    let anew = dialogue.cut_anew();
    let mut told = Vec::new();
    for &decoder in family {
        let straight = dialogue.settle(Protocol::TCP, decoder);
        let other = anew.settle(Protocol::TCP, decoder);
        assert_eq!(straight, other, "{}, as it comes and cut anew", name(Protocol::TCP, decoder));
        told.extend(straight);
        stays(dialogue, Protocol::TCP, decoder);
    }
    let (straight, other) = (dialogue.labels(Protocol::TCP), anew.labels(Protocol::TCP));
    if told.len() <= 1 && straight.first() == other.first() {
        assert_eq!(names(&straight), names(&other), "as it comes and cut anew");
    }
}

/// Of a conversation over UDP: each decoder stays with what it says, as above.
pub fn over_udp(dialogue: &Dialogue<'_>, family: &[usize]) {
    for &decoder in family {
        stays(dialogue, Protocol::UDP, decoder);
    }
    dialogue.labels(Protocol::UDP);
}

/// What is certain stays certain as long as the same side goes on. (What the other one answers may contradict it, but
/// comes in a packet of its own, and nobody is asked again by then.)
fn stays(dialogue: &Dialogue<'_>, protocol: Protocol, decoder: usize) {
    let (mut certain, mut over, mut silent) = (None, false, [0; 2]);
    dialogue.play(protocol, |heads| -> Option<()> {
        let lens = Direction::BOTH.map(|direction| heads.side(direction).len());
        let answer = match ask(decoder, heads) {
            _ if over || certain.is_none() && !is_asked(decoder, heads) => return Some(()),
            Match::Yes(finding) => Some(finding.app),
            Match::No => {
                over = true;
                None
            }
            Match::More => None,
        };
        match certain {
            Some(_) if lens[0] != silent[0] && lens[1] != silent[1] => {
                return Some(());
            }
            Some(_) => assert_eq!(answer, certain, "{} changes its mind", name(protocol, decoder)),
            None => {
                // The side that has not spoken just now keeps its length.
                silent = if answer.is_some() { silent } else { lens };
                certain = answer;
            }
        }
        None
    });
}

fn name(protocol: Protocol, decoder: usize) -> &'static str {
    decoders(protocol).find(|(index, _)| *index == decoder).map_or("", |(_, name)| name)
}

fn names(apps: &[AppId]) -> Vec<&str> {
    apps.iter().map(|app| CATALOG.name(*app)).collect()
}
