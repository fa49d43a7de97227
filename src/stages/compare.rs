//! Device and model, packet by packet.

use std::collections::{BTreeMap, HashMap};

use super::device::StageFile;
use super::mark::{Ends, Mark, Shape};
use super::model::{Judged, Model, Sent};
use super::pair::Pairs;
use super::resets;
use crate::config::World;
use crate::engine::Injection;
use crate::flow::{Direction, Protocol};
use crate::packet::TcpFlags;
use crate::report::stages::Stage;
use crate::session::SessionId;
use crate::time::Timestamp;

/// What came of it.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Session by session, in order of their numbers; packets without one come last.
    pub sessions: Vec<Compared>,
    /// Who sent each RST, one sentence each.
    pub resets: Vec<String>,
    /// The sums.
    pub totals: Totals,
    /// The time of the first packet.
    pub base: Timestamp,
}

/// A session, and each of its packets.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Its number in the model; `None` for the packets that have none.
    pub session: Option<SessionId>,
    /// Its ends, from the client to the server.
    pub ends: Option<Ends>,
    /// Its protocol.
    pub protocol: Option<Protocol>,
    /// Its rule in the model.
    pub rule: String,
    /// Its application in the model.
    pub app: String,
    /// In order of time.
    pub rows: Vec<Row>,
}

/// A packet.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number in the receive stage; `None` for what the firewall has sent.
    pub number: Option<u64>,
    /// When.
    pub at: Timestamp,
    /// What it is.
    pub what: String,
    /// What the device did.
    pub device: String,
    /// What the model does.
    pub model: String,
    /// Whether that is the same; `None` where it cannot be told.
    pub agrees: Option<bool>,
    /// Which way, where it is known.
    pub direction: Option<Direction>,
    pub(super) kind: Kind,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A packet that came in; whether it is a RST, and whether the device passed it on.
    Came { rst: bool, forwarded: Option<bool> },
    /// A packet that one of the two has sent: a RST or not, by the device, by the model.
    Sent { rst: bool, device: bool, model: bool },
}

/// How many packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Of the receive stage.
    pub packets: u64,
    /// Rows in which device and model do the same.
    pub agree: u64,
    /// Rows in which they do not.
    pub differ: u64,
    /// Rows that cannot be told.
    pub unknown: u64,
    /// Packets that the device has sent itself.
    pub device_sent: u64,
    /// Packets that the model sends itself.
    pub model_sent: u64,
}

/// What the device did with a packet.
enum Fate<'a> {
    /// It passed it on, in the form seen in the transmit stage.
    Forwarded(Option<&'a Mark>),
    Dropped,
    Unseen,
}

impl Comparison {
    /// Compares the replay of a receive stage with the other stages, which have been paired with it.
    pub fn new(world: &World, model: &Model, stages: &[StageFile]) -> Self {
        let mut rows: BTreeMap<(bool, Option<SessionId>), Vec<Row>> = BTreeMap::new();
        let mut push = |session: Option<SessionId>, row| {
            rows.entry((session.is_none(), session)).or_default().push(row);
        };
        for (place, judged) in model.frames.iter().enumerate() {
            push(judged.session, came(world, model, judged, &fate(stages, place)));
        }
        let mut sent = SentBoth::new(model, stages);
        while let Some((session, row)) = sent.next() {
            push(session, row);
        }
        let totals = Totals {
            packets: model.frames.len() as u64,
            device_sent: sent.device_sent,
            model_sent: model.sent.len() as u64,
            ..Totals::of(rows.values().flatten())
        };
        let sessions = rows.into_iter().map(|((_, session), rows)| Compared::new(model, session, rows));
        let sessions: Vec<_> = sessions.collect();
        let resets = resets::tell(&sessions, stages);
        let base = model.frames.iter().map(|judged| judged.mark.at).min().unwrap_or_default();
        Self { sessions, resets, totals, base }
    }
}

impl Totals {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut totals = Self::default();
        for row in rows {
            match row.agrees {
                Some(true) => totals.agree += 1,
                Some(false) => totals.differ += 1,
                None => totals.unknown += 1,
            }
        }
        totals
    }
}

impl Compared {
    fn new(model: &Model, session: Option<SessionId>, mut rows: Vec<Row>) -> Self {
        rows.sort_by_key(|row| row.at);
        let known = session.and_then(|id| model.sessions.get(&id));
        Self {
            session,
            ends: known.map(|known| Ends::of_key(&known.c2s)),
            protocol: known.map(|known| known.c2s.protocol),
            rule: known.map(|known| known.rule.clone()).unwrap_or_default(),
            app: known.map(|known| known.app.clone()).unwrap_or_default(),
            rows,
        }
    }

    /// How many of its packets differ.
    pub fn differences(&self) -> usize {
        self.rows.iter().filter(|row| row.agrees == Some(false)).count()
    }
}

/// The capture of a stage, where there is one.
pub(super) fn stage(stages: &[StageFile], stage: Stage) -> Option<&StageFile> {
    stages.iter().find(|file| file.stage == stage)
}

/// What became of a packet on the device. Where a stage is missing, the other one tells: allowed traffic is in firewall
/// and transmit, what is dropped is in drop alone (PANOS.md 11.7).
fn fate(stages: &[StageFile], place: usize) -> Fate<'_> {
    let seen = |wanted| stage(stages, wanted).map(|file| file.of(place));
    match (seen(Stage::Transmit), seen(Stage::Drop), seen(Stage::Firewall)) {
        (Some(Some(left)), ..) => Fate::Forwarded(Some(left)),
        (_, Some(Some(_)), _) | (Some(None), None, _) | (None, None, Some(None)) => Fate::Dropped,
        (None, Some(None), _) | (None, None, Some(Some(_))) => Fate::Forwarded(None),
        (Some(None), Some(None), _) | (None, None, None) => Fate::Unseen,
    }
}

/// The row of a packet that came in.
fn came(world: &World, model: &Model, judged: &Judged, fate: &Fate<'_>) -> Row {
    let Judged { mark, dropped, leaves, again, direction, .. } = judged;
    let known = judged.session.and_then(|id| model.sessions.get(&id));
    let passes = |left: &Ends| match left == &mark.ends {
        true => "forwarded".to_owned(),
        false => format!("forwarded as {left}"),
    };
    let (device, forwarded) = match fate {
        Fate::Forwarded(left) => {
            (left.map_or_else(|| "forwarded".to_owned(), |left| passes(&left.ends)), Some(true))
        }
        Fate::Dropped => ("dropped".to_owned(), Some(false)),
        Fate::Unseen => ("not seen again".to_owned(), None),
    };
    let said = match dropped {
        Some(reason) => format!("dropped: {reason}"),
        None if *again => "seen on the other side of NAT before".to_owned(),
        None => passes(leaves),
    };
    let agrees = match (fate, dropped) {
        _ if *again => None,
        (Fate::Unseen, _) => None,
        (Fate::Dropped, dropped) => Some(dropped.is_some()),
        (Fate::Forwarded(_), Some(_)) => Some(false),
        (Fate::Forwarded(None), None) => Some(true),
        (Fate::Forwarded(Some(left)), None) => Some(
            left.ends == *leaves
                || *direction == Some(Direction::ClientToServer)
                    && known.is_some_and(|known| known.may_leave_as(world, &left.ends)),
        ),
    };
    let kind = Kind::Came { rst: mark.is_rst(), forwarded };
    let (number, what) = (Some(mark.number), mark.shape.to_string());
    Row { number, at: mark.at, what, device, model: said, agrees, direction: *direction, kind }
}

/// What the device has sent itself, each with its like among what the model sends, and what is left of the latter.
struct SentBoth<'a> {
    /// Packets of the firewall and transmit stages that never came in, in order; taken from the back.
    device: Vec<(Mark, Stage)>,
    /// What the model sends, where the device has not.
    left: Vec<Option<&'a Sent>>,
    sessions: HashMap<Ends, (SessionId, Direction)>,
    /// Whether a stage would show what the device sends.
    shown: bool,
    device_sent: u64,
    next: usize,
}

impl<'a> SentBoth<'a> {
    fn new(model: &'a Model, stages: &[StageFile]) -> Self {
        let [transmit, firewall] = [Stage::Transmit, Stage::Firewall].map(|wanted| stage(stages, wanted));
        let others = |file: Option<&StageFile>| -> Vec<Mark> {
            let Some(file) = file else { return Vec::new() };
            file.pairs.others.iter().filter_map(|&place| file.marks.get(place)).copied().collect()
        };
        let (sent, inside) = (others(transmit), others(firewall));
        // What is in both is told once, as it leaves.
        let both = Pairs::find(&inside, &[], &sent).of;
        let alone = inside.iter().zip(both).filter(|(_, left)| left.is_none());
        let mut device: Vec<_> = sent.iter().map(|&mark| (mark, Stage::Transmit)).collect();
        device.extend(alone.map(|(&mark, _)| (mark, Stage::Firewall)));
        device.sort_by_key(|(mark, _)| mark.at);
        device.reverse();
        Self {
            device_sent: device.len() as u64,
            device,
            left: model.sent.iter().map(Some).collect(),
            sessions: sessions(model, transmit),
            shown: transmit.or(firewall).is_some(),
            next: 0,
        }
    }

    fn next(&mut self) -> Option<(Option<SessionId>, Row)> {
        if let Some((mark, stage)) = self.device.pop() {
            return Some(self.device_row(&mark, stage));
        }
        while let Some(sent) = self.left.get_mut(self.next) {
            self.next += 1;
            if let Some(sent) = sent.take() {
                return Some((sent.session, self.model_row(sent)));
            }
        }
        None
    }

    fn device_row(&mut self, mark: &Mark, stage: Stage) -> (Option<SessionId>, Row) {
        let (session, direction) = self.sessions.get(&mark.ends).copied().unzip();
        let like = |sent: &&Sent| match (sent.what, mark.shape) {
            (Injection::Rst, Shape::Tcp(..)) if mark.is_rst() => {
                let same =
                    sent.session.is_some() && (sent.session, Some(sent.toward)) == (session, direction);
                same || sent.ends == mark.ends
            }
            (Injection::SynAck | Injection::Syn, Shape::Tcp(flags, _)) => {
                flags.contains(TcpFlags::SYN) && sent.ends == mark.ends
            }
            // The model may not know the address of the firewall.
            (
                Injection::Unreachable,
                Shape::Icmp(Protocol::ICMP, 3, _) | Shape::Icmp(Protocol::ICMPV6, 1, _),
            ) => sent.ends.dst == mark.ends.dst,
            _ => false,
        };
        let found = self.left.iter_mut().find(|sent| sent.as_ref().is_some_and(&like));
        let found = found.and_then(Option::take);
        let (session, direction) =
            (session.or(found.and_then(|sent| sent.session)), direction.or(found.map(|sent| sent.toward)));
        let row = Row {
            number: None,
            at: mark.at,
            what: format!("{}, {}", mark.shape, toward(direction, &mark.ends)),
            device: format!("sent it ({} {})", stage.name(), mark.number),
            model: found.map_or("does not send it", |_| "sends it").to_owned(),
            agrees: Some(found.is_some()),
            direction,
            kind: Kind::Sent { rst: mark.is_rst(), device: true, model: found.is_some() },
        };
        (session, row)
    }

    fn model_row(&self, sent: &Sent) -> Row {
        let rst = sent.what == Injection::Rst;
        let what = match sent.what {
            Injection::Rst => "TCP RST,ACK",
            Injection::Unreachable => "ICMP unreachable",
            Injection::SynAck => "TCP SYN,ACK",
            Injection::Syn => "TCP SYN",
        };
        Row {
            number: None,
            at: sent.at,
            what: format!("{what}, {}", toward(Some(sent.toward), &sent.ends)),
            device: if self.shown { "did not send it" } else { "no stage would show it" }.to_owned(),
            model: "sends it".to_owned(),
            agrees: self.shown.then_some(false),
            direction: Some(sent.toward),
            kind: Kind::Sent { rst, device: false, model: true },
        }
    }
}

/// The session and direction that packets of these ends are of, on either side of NAT; a later session takes the place
/// of an earlier one.
fn sessions(model: &Model, transmit: Option<&StageFile>) -> HashMap<Ends, (SessionId, Direction)> {
    let (there, back) = (Direction::ClientToServer, Direction::ServerToClient);
    let mut known = HashMap::new();
    for (&id, session) in &model.sessions {
        let [received, answer, reply, sent] = session.ends();
        known.extend([
            (received, (id, there)),
            (sent, (id, there)),
            (answer, (id, back)),
            (reply, (id, back)),
        ]);
    }
    let seen = |(place, judged): (usize, &Judged)| {
        Some((transmit?.of(place)?.ends, judged.session?, judged.direction?))
    };
    for (ends, id, direction) in model.frames.iter().enumerate().filter_map(seen) {
        known.insert(ends, (id, direction));
        known.insert(ends.reply(), (id, direction.reverse()));
    }
    known
}

fn toward(direction: Option<Direction>, ends: &Ends) -> String {
    match direction {
        Some(Direction::ClientToServer) => "to the server".to_owned(),
        Some(Direction::ServerToClient) => "to the client".to_owned(),
        None => ends.to_string(),
    }
}
