//! What sessions announce, heard by the gateways of their applications, and the predict sessions that come of it
//! (PANOS.md 7).

use super::appid::Piece;
use super::event::{Event, EventKind, Events, Limit, Uninspected, Unpredicted};
use super::predict::{Nat, Prediction};
use super::rewriting::Base;
use super::{Firewall, query};
use crate::app::AppId;
use crate::config::{FtpData, Settings};
use crate::feature::alg::{Endpoint, Heard, Listener, Opener, Opening, Said};
use crate::feature::nat::NatRuleId;
use crate::flow::{Addr, Direction, FlowKey, Protocol, ZoneId};
use crate::packet::{Layer4, Packet};
use crate::session::{AppState, Session, SessionId, Slot, Stream};
use crate::time::Span;

/// The first port that needs no privilege to listen on.
const UNPRIVILEGED: u16 = 1_024;

impl Firewall {
    /// Shows new payload to the session's gateway, which begins to listen where its application has one.
    /// `is_straight` says that the piece is not with the others.
    pub(super) fn listen(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        is_straight: bool,
        out: &mut Events,
    ) {
        let Some(session) = self.table.get(slot) else { return };
        let (AppState::Known(app), Some(stream)) = (session.app, self.streams.get_mut(session.stream)) else {
            return;
        };
        // What a key log opens cannot be written anew.
        let may_rewrite = !session.decrypted;
        let protocol = session.c2s.protocol;
        let len = u32::try_from(piece.payload.bytes.len()).unwrap_or(u32::MAX);
        if let Some(listener) = stream.listener.as_mut().filter(|_| is_straight) {
            let base = Base { said: listener.said(piece.direction), seq: piece.seq, len };
            let heard = listener.hear(piece.direction, piece.payload.bytes);
            self.announced(slot, packet, piece.direction, &heard, may_rewrite.then_some(base), out);
            return;
        }
        if stream.listener.is_none() && stream.is_from_the_beginning() {
            let gateway = self.world.algs.gateway(app, protocol);
            stream.listener = gateway.map(|gateway| Box::new(Listener::new(gateway, protocol)));
        }
        let mut all = Vec::new();
        stream.listen(|by, heard| all.push((by, heard)));
        let base = base(stream, piece, len).filter(|_| may_rewrite);
        let last = all.len().saturating_sub(1);
        for (number, (by, heard)) in all.into_iter().enumerate() {
            // Of datagrams only the last one is at hand.
            let is_here = by == piece.direction && (protocol == Protocol::TCP || number == last);
            self.announced(slot, packet, by, &heard, base.filter(|_| is_here), out);
        }
    }

    /// Has a session without payload listened to from its beginning, where `app` has a gateway.
    pub(super) fn begin_listening(&mut self, slot: Slot, app: AppId) {
        let world = &self.world;
        let Some(session) = self.table.get_mut(slot) else { return };
        let (AppState::Known(shown), protocol) = (session.app, session.c2s.protocol) else { return };
        let Some(gateway) = world.algs.gateway(app, protocol) else { return };
        let start = || world.identifier.start(protocol);
        let Some(stream) = self.streams.get_or_add(&mut session.stream, start) else { return };
        stream.passed.push(shown);
        stream.listener = Some(Box::new(Listener::new(gateway, protocol)));
    }

    /// Says why a session that is `app` is not looked into, where that is so.
    pub(super) fn say_uninspected(&self, slot: Slot, packet: &Packet<'_>, app: AppId, out: &mut Events) {
        let Some(session) = self.table.get(slot).filter(|session| session.parent.is_none()) else { return };
        let told = query(&session.c2s, session.egress(), None, self.now);
        let is_custom = || self.world.catalog.get(app).is_some_and(|application| application.custom);
        let why = if self.world.algs.is_disabled(app) {
            Uninspected::AlgDisabled
        } else if self.world.overrides.lookup(&told).is_some() && is_custom() {
            Uninspected::Overridden
        } else {
            return;
        };
        let kind = EventKind::Uninspected { why };
        out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
    }

    /// What the log calls sessions of an application that is told by an announcement.
    pub(super) fn shown_as(&self, app: AppId) -> AppId {
        let catalog = &self.world.catalog;
        match (self.world.settings.ftp_data_application, catalog.name(app)) {
            (FtpData::Ftp, "ftp-data") => catalog.find("ftp").unwrap_or(app),
            _ => app,
        }
    }

    /// Predicts what was announced; `base` says where the payload at hand begins, if it was announced in that.
    fn announced(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        by: Direction,
        heard: &Heard,
        base: Option<Base>,
        out: &mut Events,
    ) {
        let mut before = None;
        for endpoint in &heard.endpoints {
            match endpoint.opens {
                Some(opening) => {
                    let announced = Announced { by, endpoint, opening, base, before };
                    before = self.predict(slot, packet, &announced, out).or(before);
                }
                None => self.rewrite_named(slot, by, endpoint, base),
            }
        }
        if let Some(base) = base {
            for length in &heard.lengths {
                self.rewriting.adapt(slot, by, base, length);
            }
        }
    }

    /// Rewrites an endpoint that is only named: where it is the speaker's as its peer sees it, and the peer's as that is
    /// itself; so, too, what the peer has announced, and hears again as the speaker knows it.
    fn rewrite_named(&mut self, slot: Slot, by: Direction, endpoint: &Endpoint, base: Option<Base>) {
        let Some(session) = self.table.get(slot).filter(|session| session.is_translated()) else { return };
        let Some(base) = base else { return };
        let ends = Ends::of(session, by);
        let [own, shown] = ends.own;
        let [real, seen] = ends.peer;
        let again = |port| {
            let shown = (endpoint.addr.unwrap_or(seen.0), port);
            self.predictions.announced(session.id, by.reverse(), shown)
        };
        if let Some(real) = endpoint.port.and_then(again) {
            self.rewriting.write(slot, by, base, &endpoint.fields, real);
            return;
        }
        let Some(addr) = endpoint.addr else { return };
        for (from, to) in [(own, shown), (seen, real)] {
            if addr == from.0 && from.0 != to.0 {
                let port = endpoint.port.map_or(to.1, |port| if port == from.1 { to.1 } else { port });
                self.rewriting.write(slot, by, base, &endpoint.fields, (to.0, port));
                return;
            }
        }
    }

    /// The other side of NAT shows a packet again, or already: what the captured device has made of its payload holds, as
    /// what is acknowledged and who comes will go by it. Captures of two sides are not exact to the microsecond, so that
    /// it may come before the packet itself.
    pub(super) fn learn(&mut self, slot: Slot, by: Direction, packet: &Packet<'_>) {
        let Some(session) = self.table.get(slot) else { return };
        let AppState::Known(app) = session.app else { return };
        if self.streams.get_mut(session.stream).is_none_or(|stream| stream.listener.is_none()) {
            return;
        }
        let Some(mut gateway) = self.world.algs.gateway(app, session.c2s.protocol) else { return };
        let (seq, bytes) = match packet.layer4 {
            Layer4::Tcp(segment) => (segment.payload_seq(), segment.payload.bytes),
            Layer4::Udp(datagram) => (0, datagram.payload.bytes),
            _ => return,
        };
        let mut heard = Heard::default();
        gateway.hear(Said { by, at: 0, bytes }, &mut heard);
        let fields = heard.endpoints.iter().flat_map(|endpoint| &endpoint.fields);
        let texts = fields.filter_map(|field| {
            let start = usize::try_from(field.at).ok()?;
            Some((u32::try_from(start).ok()?, bytes.get(start..start + field.len as usize)?))
        });
        self.rewriting.correct(slot, by, seq, texts);
        let openings = heard.endpoints.iter().filter(|endpoint| endpoint.opens.is_some());
        let shown: Vec<_> = openings.map(|endpoint| Some((endpoint.addr?, endpoint.port?))).collect();
        if shown.is_empty() {
            return;
        }
        let is_ahead = session.tcp.next(by) == Some(self.rewriting.back(slot, by, seq));
        if is_ahead {
            self.rewriting.look_ahead(slot, by, shown);
            return;
        }
        for (id, shown) in self.rewriting.told(slot, by).into_iter().zip(shown) {
            if let Some(shown) = shown {
                self.predictions.move_to(id, shown);
            }
        }
    }

    /// Installs a predict session for a connection that a session has announced. Its port, before NAT and as the other
    /// side sees it.
    fn predict(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        announced: &Announced<'_>,
        out: &mut Events,
    ) -> Option<[u16; 2]> {
        let Announced { by, endpoint, opening, base, .. } = *announced;
        let (session, app) = (self.table.get(slot)?, self.world.catalog.find(opening.app)?);
        let (at, id, rule) = (self.now, Some(session.id), session.nat);
        let event = |kind| Event { at, packet: packet.number, session: id, kind };
        let ends = Ends::of(session, by);
        let seen = self.rewriting.seen_ahead(slot, by);
        let prediction = self.expected(session, &ends, endpoint, opening, app);
        let said = prediction.dst[0];
        let done = match refused(&self.world.settings, &ends, endpoint, opening) {
            Some(why) => Err(why),
            None => {
                if let Some(known) = self.predictions.renew(&prediction) {
                    return self.write_announced(slot, packet, announced, &known, said);
                }
                if self.has_no_room(&prediction) {
                    out.push(event(EventKind::Limit { limit: Limit::Predictions }));
                    return None;
                }
                self.behind_nat(rule, &ends, (announced, seen), prediction)
            }
        };
        let is_whole = |to| to == said || base.is_some_and(|base| base.has(&endpoint.fields));
        let (prediction, nat) = match done {
            Ok((prediction, nat)) if is_whole(prediction.dst[0]) => (prediction, nat),
            unfit => {
                if let Ok((_, Some(nat))) = unfit {
                    self.give_back(nat.lease);
                }
                let why = unfit.err().unwrap_or(Unpredicted::Split);
                out.push(event(EventKind::Unpredicted { why, endpoint: said, what: opening.what }));
                return None;
            }
        };
        self.numbered += 1;
        self.predictions.add(prediction, slot, nat);
        let shown = out.add_prediction(prediction);
        out.push(event(EventKind::Predicted { prediction: shown }));
        self.write_announced(slot, packet, announced, &prediction, said)
    }

    /// Writes what the other side of NAT sees of a prediction where it was announced.
    fn write_announced(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        announced: &Announced<'_>,
        prediction: &Prediction,
        said: (Addr, u16),
    ) -> Option<[u16; 2]> {
        let Announced { by, endpoint, base, .. } = *announced;
        let [shown, real] = prediction.dst;
        if shown != said {
            if let Some(base) = base {
                self.rewriting.write(slot, by, base, &endpoint.fields, shown);
            }
            self.rewriting.tell(slot, by, packet.number, prediction.id);
        }
        Some([real.1, shown.1])
    }

    /// What is to come of an announcement, before NAT has its say.
    fn expected(
        &self,
        session: &Session,
        ends: &Ends,
        endpoint: &Endpoint,
        opening: Opening,
        app: AppId,
    ) -> Prediction {
        let (own, is_peer) = (ends.own[0], opening.opener == Opener::Peer);
        let said = (endpoint.addr.unwrap_or(own.0), endpoint.port.unwrap_or(own.1));
        // Captured behind NAT, it says what NAT has made of it already.
        let real = if ends.has(said.0) { (own.0, endpoint.port.unwrap_or(own.1)) } else { said };
        Prediction {
            id: SessionId(self.numbered + 1),
            parent: session.id,
            triggered_by: ends.by,
            what: opening.what,
            app,
            protocol: opening.protocol,
            src: is_peer.then_some(ends.peer.map(|(addr, _)| addr)),
            dst: [said, real],
            from: is_peer.then_some(ends.peer_zone),
            to: ends.zone,
            lookup: session.lookup(),
            since: self.now,
            expires: self.now + Span::from_secs(self.world.settings.predict_timeout),
            repeats: opening.repeats,
            matched: false,
        }
    }

    fn has_no_room(&self, prediction: &Prediction) -> bool {
        let settings = &self.world.settings;
        self.predictions.len() as u64 >= settings.max_predictions
            || self.predictions.of_parent(prediction.parent) >= settings.session_predictions
    }

    /// Gives a prediction the endpoint that the other side of NAT sees: the one that was seen there already, if one was.
    fn behind_nat(
        &mut self,
        rule: Option<NatRuleId>,
        ends: &Ends,
        (announced, seen): (&Announced<'_>, Option<(Addr, u16)>),
        prediction: Prediction,
    ) -> Result<(Prediction, Option<Nat>), Unpredicted> {
        let Some(rule) = rule else { return Ok((prediction, None)) };
        let by_server = ends.by == Direction::ServerToClient;
        let by_rule = by_server && prediction.src.is_some() && ends.peer[0].0 != ends.peer[1].0;
        let mut nat = Nat { rule, lease: None, by_rule };
        let ([own, shown], said) = (ends.own, prediction.dst[0]);
        if said.0 != own.0 || own.0 == shown.0 {
            return Ok((prediction, Some(nat)));
        }
        if let Some(seen) = seen {
            return Ok((Prediction { dst: [seen, prediction.dst[1]], ..prediction }, Some(nat)));
        }
        let port = match (announced.endpoint.port, announced.before) {
            (None, _) => shown.1,
            (Some(port), _) if by_server => port,
            // Not written down: it is known by its distance to the one before, as RTCP's is.
            (Some(port), Some([real, shown])) if announced.endpoint.fields.is_empty() => {
                shown.wrapping_add(port.wrapping_sub(real))
            }
            (Some(port), _) => {
                let (src, dst, zone) = (own.0, ends.peer[1].0, ends.zone);
                let key = FlowKey { src, dst, sport: port, dport: 0, protocol: prediction.protocol, zone };
                let done = self.translate_source(rule, &key).ok_or(Unpredicted::NatExhausted)?;
                nat.lease = done.lease();
                done.key.sport
            }
        };
        Ok((Prediction { dst: [(shown.0, port), prediction.dst[1]], ..prediction }, Some(nat)))
    }
}

/// A connection that is announced.
#[derive(Debug, Clone, Copy)]
struct Announced<'a> {
    by: Direction,
    endpoint: &'a Endpoint,
    opening: Opening,
    base: Option<Base>,
    /// The port of the one announced before it in the same bytes, and as the other side of NAT sees it.
    before: Option<[u16; 2]>,
}

/// Why an announcement is not believed (RFC 2577, 3).
fn refused(settings: &Settings, ends: &Ends, endpoint: &Endpoint, opening: Opening) -> Option<Unpredicted> {
    let is_elsewhere = endpoint.addr.is_some_and(|addr| !ends.has(addr));
    let is_privileged = endpoint.port.is_some_and(|port| port < UNPRIVILEGED);
    if is_elsewhere && !opening.may_be_elsewhere && !settings.predict_elsewhere {
        Some(Unpredicted::Elsewhere)
    } else if is_privileged && !settings.predict_privileged_ports {
        Some(Unpredicted::PrivilegedPort)
    } else {
        None
    }
}

/// Where the payload at hand begins, of a session whose bytes have come into order up to its end.
fn base(stream: &Stream, piece: Piece<'_>, len: u32) -> Option<Base> {
    let listener = stream.listener.as_ref()?;
    let Some(next) = stream.next(piece.direction) else { return Some(Base { said: 0, seq: 0, len }) };
    let said = listener.said(piece.direction).checked_sub(u64::from(next.wrapping_sub(piece.seq)))?;
    Some(Base { said, seq: piece.seq, len })
}

/// Both sides of a session, seen from the one that speaks.
#[derive(Debug, Clone, Copy)]
struct Ends {
    by: Direction,
    /// Its own address and port, and as its peer sees them.
    own: [(Addr, u16); 2],
    /// The peer's address and port, and as the speaker sees them.
    peer: [(Addr, u16); 2],
    zone: ZoneId,
    peer_zone: ZoneId,
}

impl Ends {
    fn of(session: &Session, by: Direction) -> Self {
        let Session { c2s, s2c, .. } = session;
        let (this, that) = match by {
            Direction::ClientToServer => (c2s, s2c),
            Direction::ServerToClient => (s2c, c2s),
        };
        Self {
            by,
            own: [(this.src, this.sport), (that.dst, that.dport)],
            peer: [(that.src, that.sport), (this.dst, this.dport)],
            zone: this.zone,
            peer_zone: that.zone,
        }
    }

    /// Whether the speaker is at this address.
    fn has(&self, addr: Addr) -> bool {
        self.own.iter().any(|(own, _)| *own == addr)
    }
}
