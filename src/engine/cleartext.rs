//! Clear text of decrypted sessions, where a key log opens it: App-ID once more, over what is inside (PANOS.md 8).
//!
//! Nothing is made up: a record that does not authenticate ends it, and a session whose secrets nobody has written down
//! stays what its handshake tells.

use hashbrown::HashMap;

use super::appid::{Decoded, Piece, categories, decode, signed};
use super::event::{DecryptionStep, Event, EventKind, Events, Evidence, Limit, Records};
use super::shift::is_custom;
use super::{Firewall, Judgement};
use crate::app::AppId;
use crate::app::tls::Handshake;
use crate::app::tls::decrypt::{Added, Decrypter, Opened, Secrets, Stop};
use crate::config::World;
use crate::flow::{Direction, Protocol};
use crate::packet::{Packet, Payload};
use crate::session::{AppState, Slot, Stream};

/// Sessions that are opened, and what with.
#[derive(Debug, Default)]
pub(super) struct ClearTexts {
    secrets: Secrets,
    sessions: HashMap<Slot, Box<ClearText>, foldhash::quality::RandomState>,
}

/// One session.
#[derive(Debug)]
struct ClearText {
    /// The decryption rule, by number.
    rule: usize,
    /// Puts the segments in order.
    segments: Stream,
    records: Decrypter,
    /// How many bytes of clear text each side has sent: their sequence numbers.
    passed: [u32; 2],
    inner: Inner,
}

/// What is known of the clear text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inner {
    /// There has been none.
    Awaited,
    /// Decoders look at it.
    Undecided,
    /// No decoder knows it: signatures of custom applications alone may.
    Unknown,
    /// Its application is known, and what it turns into is looked for as in any session.
    Known,
}

/// What the bytes of a packet hold once they are opened.
#[derive(Debug, Default)]
struct Found {
    items: Vec<(Direction, Item)>,
    records: Records,
    data: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Item {
    Begins {
        version: u16,
        cipher: u16,
    },
    Handshake(Handshake),
    /// So many bytes of [`Found::data`].
    Data(usize),
}

impl Found {
    fn take(&mut self, direction: Direction, opened: Opened<'_>) {
        let item = match opened {
            Opened::Begins { version, cipher } => Item::Begins { version, cipher },
            Opened::Record(kind, len) => return self.records.add(kind, len),
            Opened::Handshake(shown) => Item::Handshake(shown),
            Opened::Data(bytes) => {
                self.data.extend_from_slice(bytes);
                if let Some((side, Item::Data(len))) = self.items.last_mut()
                    && *side == direction
                {
                    *len += bytes.len();
                    return;
                }
                Item::Data(bytes.len())
            }
        };
        self.items.push((direction, item));
    }
}

impl ClearTexts {
    /// Whether a session's records are opened.
    pub(super) fn is_used(&self, slot: Slot) -> bool {
        !self.sessions.is_empty() && self.sessions.contains_key(&slot)
    }

    /// Whether there are secrets of the connection that these random bytes begin.
    pub(super) fn has_secrets(&self, random: &[u8; 32]) -> bool {
        self.secrets.has_any_of(random)
    }

    /// Nobody opens them any more.
    pub(super) fn forget(&mut self, slot: Slot) {
        if !self.sessions.is_empty() {
            self.sessions.remove(&slot);
        }
    }

    /// Another configuration is in force: rules are found again by their names. What was decrypted under one that is
    /// gone passes as it is from now on.
    pub(super) fn recommit(&mut self, old: &World, new: &World) {
        let rules = new.decryption.rules();
        self.sessions.retain(|_, session| {
            let before = old.decryption.rules().get(session.rule).map(|rule| &rule.matches.name);
            let place = rules.iter().position(|rule| Some(&rule.matches.name) == before);
            session.rule = place.unwrap_or_default();
            place.is_some()
        });
    }
}

impl Firewall {
    /// Adds secrets of TLS connections in the form of a key log, with which sessions that the decryption policy decrypts
    /// are opened from then on. What is no line of a key log is told.
    pub fn add_secrets(&mut self, log: &[u8], out: &mut Events) -> Added {
        let most = usize::try_from(self.world.settings.key_log_entries).unwrap_or(usize::MAX);
        let added = self.cleartext.secrets.add(log, most);
        if added.is_full {
            let kind = EventKind::Limit { limit: Limit::KeyLogEntries };
            out.push(Event { at: self.now, packet: 0, session: None, kind });
        }
        added
    }

    /// A session is decrypted from here on, by a rule: `heads` are what both sides have sent, `next` the sequence numbers
    /// behind that.
    pub(super) fn begin_cleartext(
        &mut self,
        slot: Slot,
        rule: usize,
        heads: &[Vec<u8>; 2],
        next: [Option<u32>; 2],
    ) {
        let segments = Stream::in_order(self.world.identifier.start(Protocol::TCP), next);
        let mut records = Decrypter::default();
        for direction in Direction::BOTH {
            // Hellos alone, in the clear.
            let bytes = &heads[direction.index()];
            if records.feed(&self.cleartext.secrets, direction, bytes, &mut |_, _| {}).is_err() {
                return;
            }
        }
        let session = ClearText { rule, segments, records, passed: [0; 2], inner: Inner::Awaited };
        self.cleartext.sessions.insert(slot, Box::new(session));
    }

    /// More payload of a session that is opened. `None` where the packet may go on.
    pub(super) fn read_cleartext(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let mut session = self.cleartext.sessions.remove(&slot)?;
        // What it is in the clear is read as in any session until there is clear text.
        let outer =
            (session.inner == Inner::Awaited).then(|| self.read_on(slot, packet, piece, out)).flatten();
        if outer.is_some() {
            return outer;
        }
        let mut found = Found::default();
        let opened = self.open(&mut session, piece, &mut found);
        let rule = session.rule;
        if session.records.has_begun() {
            self.table.get_mut(slot)?.decrypted = true;
        }
        let mut told = false;
        let mut data = &found.data[..];
        for (direction, item) in found.items {
            if matches!(item, Item::Data(_)) && !told {
                told = true;
                self.say(slot, packet, rule, DecryptionStep::Opened(found.records), out);
            }
            let judged = match item {
                Item::Begins { version, cipher } => {
                    // Without secrets nothing begins.
                    if opened != Err(Stop::NoSecrets) {
                        self.say(slot, packet, rule, DecryptionStep::Sealed { version, cipher }, out);
                    }
                    None
                }
                Item::Handshake(shown) => match self.hold_against(slot, packet, piece, (rule, shown), out) {
                    Some(judged) => return judged,
                    None => None,
                },
                Item::Data(len) => {
                    let (bytes, rest) = data.split_at_checked(len).unwrap_or((data, &[]));
                    data = rest;
                    self.read_inner(slot, &mut session, packet, (direction, piece, bytes), out)
                }
            };
            if judged.is_some() {
                return judged;
            }
        }
        if !told && !found.records.is_empty() {
            self.say(slot, packet, rule, DecryptionStep::Opened(found.records), out);
        }
        match opened {
            Ok(()) => drop(self.cleartext.sessions.insert(slot, session)),
            Err(stop) => self.shut(slot, packet, (rule, session.inner, stop), out),
        }
        None
    }

    /// Opens what is in order with this piece.
    fn open(&self, session: &mut ClearText, piece: Piece<'_>, found: &mut Found) -> Result<(), Stop> {
        let ClearText { segments, records, .. } = session;
        let secrets = &self.cleartext.secrets;
        let mut feed = |bytes: &[u8]| {
            records.feed(secrets, piece.direction, bytes, &mut |direction, opened| {
                found.take(direction, opened);
            })
        };
        if segments.passes_through(piece.chunk()) {
            return feed(piece.payload.bytes);
        }
        segments.expect(piece.direction, piece.expected);
        let limit = self.world.settings.out_of_order_limit();
        segments.push_segment(piece.chunk(), limit).map_err(|_| Stop::Missing)?;
        let bytes = segments.take_bytes(piece.direction);
        feed(&bytes)?;
        if segments.is_cut(piece.direction) { Err(Stop::Missing) } else { Ok(()) }
    }

    /// It is opened no further.
    fn shut(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        (rule, inner, stop): (usize, Inner, Stop),
        out: &mut Events,
    ) {
        self.say(slot, packet, rule, DecryptionStep::Shut(stop), out);
        if inner != Inner::Awaited
            && let Some(session) = self.table.get_mut(slot)
        {
            self.streams.release(session.stream.take());
        }
    }

    /// Clear text of one side: App-ID, and what follows from it. `None` where the packet may go on.
    fn read_inner(
        &mut self,
        slot: Slot,
        session: &mut ClearText,
        packet: &Packet<'_>,
        (direction, of, bytes): (Direction, Piece<'_>, &[u8]),
        out: &mut Events,
    ) -> Option<Judgement> {
        let is_undecided =
            self.table.get(slot).is_some_and(|session| !matches!(session.app, AppState::Known(_)));
        // Another connection that begins inside has taken the session's place.
        if session.inner == Inner::Awaited || is_undecided && session.inner == Inner::Known {
            self.begin_inner(slot);
            (session.inner, session.passed) = (Inner::Undecided, [0; 2]);
        }
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let payload = Payload { bytes, len };
        let seq = session.passed[direction.index()];
        session.passed[direction.index()] = seq.wrapping_add(len);
        let piece = Piece { direction, payload, seq, expected: of.expected };
        if session.inner == Inner::Undecided {
            let (inner, judged) = self.identify_inner(slot, packet, piece, out);
            session.inner = inner;
            return judged;
        }
        self.read_on(slot, packet, piece, out)
    }

    /// The clear text takes the place of what was seen of the session in the clear: nobody reads its records any more.
    fn begin_inner(&mut self, slot: Slot) {
        let world = &self.world;
        let Some(session) = self.table.get_mut(slot) else { return };
        let outer = self.streams.get_mut(session.stream);
        let (passed, category) =
            outer.map_or_else(Default::default, |outer| (std::mem::take(&mut outer.passed), outer.category));
        self.streams.release(session.stream.take());
        let start = || world.identifier.start(Protocol::TCP);
        if let Some(stream) = self.streams.get_or_add(&mut session.stream, start) {
            (stream.passed, stream.category) = (passed, category);
            Direction::BOTH.into_iter().for_each(|side| stream.expect(side, 0));
        }
    }
}

impl Firewall {
    /// Shows clear text to the decoders; each application that it brings is looked up in full, as any other shift.
    fn identify_inner(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> (Inner, Option<Judgement>) {
        let Some(session) = self.table.get_mut(slot) else { return (Inner::Undecided, None) };
        let decoded = decode(&self.world, &mut self.streams, session, piece, out);
        let (candidate, app, evidence) = match decoded {
            Ok(Decoded::Found(candidate, app, evidence)) => (candidate, app, evidence),
            Ok(Decoded::Pending) if self.world.threats.is_off() => return (Inner::Undecided, None),
            Ok(Decoded::Pending) => {
                return (Inner::Undecided, self.inspect_request(slot, packet, piece, out));
            }
            Ok(Decoded::Exhausted | Decoded::Full) | Err(_) => {
                match signed(&self.world, &mut self.streams, &mut self.turns, session, (piece, true), out) {
                    Some((app, evidence)) => (None, app, evidence),
                    None => {
                        // Nobody knows it: it stays what it is (PANOS.md 2.4).
                        let stream = self.streams.get_mut(session.stream);
                        if stream.is_none_or(|stream| !stream.is_read()) {
                            self.streams.release(session.stream.take());
                        }
                        return (Inner::Unknown, None);
                    }
                }
            }
        };
        let stream = self.streams.get_mut(session.stream);
        let category = stream.as_ref().and_then(|stream| stream.category);
        let known = match session.app {
            AppState::Known(known) if stays(&self.world, known, app) => {
                // What it is spoken in is nothing new, and signatures may need to know.
                stream.into_iter().for_each(|stream| stream.passed.push(app));
                known
            }
            _ => app,
        };
        let id = session.id;
        let say = |app, evidence, out: &mut Events| {
            let kind = EventKind::Identified { app, evidence };
            out.push(Event { at: self.now, packet: packet.number, session: Some(id), kind });
        };
        if let Some(candidate) = candidate.filter(|_| known == app) {
            let evidence = Evidence::plain("HTTP request, as yet without an answer", out);
            say(candidate, evidence, out);
        }
        say(known, evidence, out);
        let found = (known, categories(&self.world, app, &evidence, out).or(category));
        let judged = self
            .decide(slot, piece.direction, packet, piece.expected, found, out)
            .or_else(|| self.look_on(slot, packet, piece, found, out));
        (Inner::Known, judged)
    }
}

/// Whether a session stays the application that its handshake has told, although another one is inside: that is what the
/// application is spoken in, or the rulebase's own signature has told it.
fn stays(world: &World, known: AppId, inner: AppId) -> bool {
    let uses = world.catalog.get(known).is_some_and(|known| known.implicit.contains(&inner));
    world.catalog.name(known) != "ssl" && (uses || is_custom(world, known))
}
