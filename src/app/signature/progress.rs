//! How far one session has come with the signatures.

use regex_automata::util::primitives::StateID;

use super::automaton::{Automaton, Found, Use};
use super::{Scope, Signature, Signatures};
use crate::app::{AppId, Context, Fact};

/// So many bytes of a match are shown as evidence, the last ones.
const SHOWN: usize = 64;
/// The longest method of a request that a qualifier can ask for.
const METHOD_MAX: usize = 32;

/// A signature all of whose conditions are met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The application that the session is now.
    pub app: AppId,
    /// Which signature, in order of configuration: [`Signatures::name`] has its name.
    pub signature: usize,
    /// Where the last condition was met.
    pub context: Context,
    /// What met it, raw: the last 64 bytes where it is longer.
    pub matched: Vec<u8>,
}

/// How far one session has come with the signatures of its rulebase.
///
/// How the bytes of a context are cut into pieces makes no difference. Of a session it keeps, for each context that
/// signatures look at and that has come up, the states of its automata and the last 64 bytes; and for each signature
/// that is met in part, which conditions are.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    streams: Vec<Stream>,
    partial: Vec<Partial>,
    /// Met and not reported yet, in the order they were met.
    met: Vec<Hit>,
    /// How many bytes have been seen: what comes later has a higher number.
    seen: u64,
    method: Method,
    /// Whether a unit has ended and its matches are to be forgotten with the next fact.
    unit_ended: bool,
}

/// A value of a context, as far as it has come.
#[derive(Debug, Clone)]
struct Stream {
    context: Context,
    states: Vec<StateID>,
    /// Its last bytes.
    tail: Vec<u8>,
    /// Whether these are all of it.
    is_whole: bool,
    /// What was found to end behind its last byte already.
    ended: Vec<Found>,
}

/// A signature of which some conditions are met.
#[derive(Debug, Clone)]
struct Partial {
    signature: usize,
    /// One bit for each condition.
    conditions: u64,
    /// Where the last one was met.
    at: u64,
}

/// The method of the latest request.
#[derive(Debug, Clone, Default)]
struct Method {
    text: Vec<u8>,
    /// Whether more of it may come.
    open: bool,
}

/// Where in a session something was found.
struct Spot<'f> {
    automaton: &'f Automaton,
    stream: &'f Stream,
    /// What follows the bytes that the stream has kept, up to the end of the match.
    bytes: &'f [u8],
    /// Whether the value ends there.
    is_end: bool,
    at: u64,
}

impl Progress {
    /// Takes a fact. `passed` are the applications that the session has been so far: a signature with a parent counts
    /// only where it is among them, and none is reported again whose application is.
    ///
    /// One fact can make several signatures complete: [`Progress::next_hit`] gives the others, once `passed` has the
    /// application of the one before. The first to be met comes first; of those met by the same byte, the first in
    /// order of configuration.
    pub fn see(&mut self, signatures: &Signatures, fact: Fact<'_>, passed: &[AppId]) -> Option<Hit> {
        if std::mem::take(&mut self.unit_ended) {
            self.forget(signatures);
        }
        match fact {
            Fact::Bytes(context, bytes) => self.bytes(signatures, context, bytes),
            Fact::End(context) => self.end(signatures, |other| other == context),
            Fact::Unit => {
                self.end(signatures, Context::is_request);
                self.unit_ended = true;
            }
            Fact::Mail(_) | Fact::MailEnd => {}
        }
        self.next_hit(signatures, passed)
    }

    /// The next signature that is met already: to be asked after a hit, and when the session has become another
    /// application, which may be the parent that a signature waited for.
    pub fn next_hit(&mut self, signatures: &Signatures, passed: &[AppId]) -> Option<Hit> {
        if self.met.is_empty() {
            return None;
        }
        self.met.retain(|hit| !passed.contains(&hit.app));
        let parent = |hit: &Hit| signatures.all.get(hit.signature).and_then(|one| one.parent);
        let ready = |hit: &Hit| parent(hit).is_none_or(|parent| passed.contains(&parent));
        let first = self.met.iter().position(ready)?;
        Some(self.met.remove(first))
    }

    /// A new unit begins: what was met in the one before no longer counts.
    fn forget(&mut self, signatures: &Signatures) {
        let lasts =
            |signature: usize| signatures.all.get(signature).is_some_and(|one| one.scope == Scope::Session);
        self.partial.retain(|partial| lasts(partial.signature));
        self.met.retain(|hit| lasts(hit.signature));
    }

    fn bytes(&mut self, signatures: &Signatures, context: Context, bytes: &[u8]) {
        if signatures.methods {
            self.method.see(context, bytes);
        }
        let Some(automaton) = signatures.automaton(context).filter(|_| !bytes.is_empty()) else { return };
        let known = self.streams.iter().position(|stream| stream.context == context);
        let mut stream = match known {
            Some(known) => self.streams.swap_remove(known),
            None => Stream::new(context, automaton),
        };
        let mut found = Vec::new();
        for (end, &byte) in bytes.iter().enumerate() {
            automaton.step(&mut stream.states, byte, &mut found);
            if !found.is_empty() {
                if end == 0 {
                    found.retain(|one| !stream.ended.contains(one));
                }
                let before = bytes.get(..end).unwrap_or(bytes);
                self.found(signatures, &self.spot(automaton, &stream, before), &found);
                found.clear();
            }
        }
        automaton.ended(&stream.states, &mut found);
        self.found(signatures, &self.spot(automaton, &stream, bytes), &found);
        stream.ended = found;
        stream.keep(bytes);
        self.streams.push(stream);
        self.seen = self.seen.saturating_add(bytes.len() as u64);
    }

    const fn spot<'f>(&self, automaton: &'f Automaton, stream: &'f Stream, bytes: &'f [u8]) -> Spot<'f> {
        let at = self.seen.saturating_add(bytes.len() as u64);
        Spot { automaton, stream, bytes, is_end: false, at }
    }

    /// The values of these contexts are complete.
    fn end(&mut self, signatures: &Signatures, is_over: impl Fn(Context) -> bool) {
        if is_over(Context::HttpReqMethod) {
            self.method.open = false;
        }
        // In order of contexts, whatever order they came up in.
        while let Some(index) = (0..self.streams.len())
            .filter(|&index| self.streams.get(index).is_some_and(|stream| is_over(stream.context)))
            .min_by_key(|&index| self.streams.get(index).map(|stream| stream.context))
        {
            let stream = self.streams.swap_remove(index);
            let Some(automaton) = signatures.automaton(stream.context) else { continue };
            let mut found = Vec::new();
            automaton.finished(&stream.states, &mut found);
            found.retain(|one| !stream.ended.contains(one));
            let spot = Spot { is_end: true, ..self.spot(automaton, &stream, &[]) };
            self.found(signatures, &spot, &found);
        }
    }

    /// Counts what was found to end at a spot. What had to wait for the next byte comes last, as it does where that byte
    /// is in another piece.
    fn found(&mut self, signatures: &Signatures, spot: &Spot<'_>, found: &[Found]) {
        for is_late in [false, true] {
            let before = self.met.len();
            for &one in found.iter().filter(|one| one.is_late == is_late) {
                for used in spot.automaton.uses(one) {
                    if self.completes(signatures, used, spot.at) {
                        self.met.extend(spot.hit(signatures, one, used));
                    }
                }
            }
            if let Some(new) = self.met.get_mut(before..) {
                new.sort_by_key(|hit| hit.signature);
            }
        }
    }

    /// One condition is met: whether its signature is complete with that.
    fn completes(&mut self, signatures: &Signatures, used: &Use, at: u64) -> bool {
        let Some(signature) = signatures.all.get(used.signature) else { return false };
        let fits = used.method.as_ref().is_none_or(|method| **method == *self.method.text);
        let is_met = self.met.iter().any(|hit| hit.signature == used.signature);
        fits && !is_met && (signature.conditions.len() == 1 || self.adds_up(signature, used, at))
    }

    /// Notes that one condition of several is met; whether all of them are now.
    fn adds_up(&mut self, signature: &Signature, used: &Use, at: u64) -> bool {
        let known = self.partial.iter().position(|partial| partial.signature == used.signature);
        let bit = 1_u64 << used.condition.min(63);
        let all = u64::MAX >> (64 - signature.conditions.len().clamp(1, 64));
        match known.and_then(|known| self.partial.get_mut(known).map(|partial| (known, partial))) {
            Some((known, partial)) => {
                // In order: each ends later than the one before (that it must is assumed).
                let is_next = partial.conditions == bit - 1 && partial.at < at;
                if signature.order_free || is_next {
                    partial.conditions |= bit;
                    partial.at = at;
                }
                let complete = partial.conditions == all;
                if complete {
                    self.partial.swap_remove(known);
                }
                complete
            }
            None if signature.order_free || used.condition == 0 => {
                self.partial.push(Partial { signature: used.signature, conditions: bit, at });
                false
            }
            None => false,
        }
    }
}

impl Spot<'_> {
    fn hit(&self, signatures: &Signatures, found: Found, used: &Use) -> Option<Hit> {
        let signature = signatures.all.get(used.signature)?;
        let (bytes, is_whole) = self.stream.last(self.bytes);
        let matched = self.automaton.matched(found, &bytes, is_whole, self.is_end).to_vec();
        Some(Hit { app: signature.app, signature: used.signature, context: self.stream.context, matched })
    }
}

impl Stream {
    fn new(context: Context, automaton: &Automaton) -> Self {
        Self { context, states: automaton.start(), tail: Vec::new(), is_whole: true, ended: Vec::new() }
    }

    /// The last bytes of the value up to the end of `bytes`, and whether these are all of it.
    fn last(&self, bytes: &[u8]) -> (Vec<u8>, bool) {
        // One more than is shown tells what stands before it.
        let own = bytes.get(bytes.len().saturating_sub(SHOWN + 1)..).unwrap_or(bytes);
        let kept = (SHOWN + 1).saturating_sub(own.len()).min(self.tail.len());
        let before = self.tail.get(self.tail.len() - kept..).unwrap_or_default();
        let is_whole = self.is_whole && self.tail.len() + bytes.len() <= SHOWN + 1;
        ([before, own].concat(), is_whole)
    }

    fn keep(&mut self, bytes: &[u8]) {
        (self.tail, self.is_whole) = self.last(bytes);
    }
}

impl Method {
    fn see(&mut self, context: Context, bytes: &[u8]) {
        if context == Context::HttpReqMethod {
            if !self.open {
                self.text.clear();
            }
            let room = METHOD_MAX.saturating_sub(self.text.len());
            self.text.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            self.open = true;
        } else if context.is_request() {
            self.open = false;
        }
    }
}
