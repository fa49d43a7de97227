//! Rows that wait, in a tenth of the memory that their text takes.
//!
//! A row may have to wait for an older session that has not ended. Until it is written it is what the engine said of
//! it, as variable-length numbers (LEB128), in memory or in a temporary file of this very run.

use super::row::{Application, Subtype};
use crate::app::AppId;
use crate::engine::{ActionSource, FirstPackets, Label, Outcome, Record};
use crate::feature::host_service::HostAccess;
use crate::feature::nat::NatRuleId;
use crate::flow::{Addr, FlowKey, InterfaceId, Protocol, ZoneId};
use crate::policy::{Action, Lookup, RuleId, Ternary};
use crate::session::{Counts, EndReason, History, Passed, SessionId, Side, State};
use crate::time::Timestamp;

/// All that a row is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) subtype: Subtype,
    pub(super) repeat: u64,
    /// How many commits there had been.
    pub(super) era: u64,
    /// When the firewall writes it.
    pub(super) written: Timestamp,
    pub(super) record: Record,
    pub(super) applications: Vec<Application>,
}

/// The same, still to be packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packing<'a> {
    pub(super) subtype: Subtype,
    pub(super) repeat: u64,
    pub(super) era: u64,
    pub(super) written: Timestamp,
    pub(super) record: &'a Record,
    pub(super) applications: &'a [Application],
}

/// Appends a row to `out`.
pub(super) fn pack(out: &mut Vec<u8>, row: &Packing<'_>) {
    let Packing { subtype, repeat, era, written, record, applications } = *row;
    let mut writer = Writer(out);
    writer.number(subtype as u64);
    writer.numbers([repeat, era]);
    writer.record(record);
    // Hardly ever long after the last packet, so that few bytes say it.
    writer.number(written.nanos().wrapping_sub(record.last.nanos()));
    writer.number(applications.len() as u64);
    for application in applications {
        writer.application(application);
    }
}

/// Reads a row back; `None` where the bytes are not of [`pack`]'s making.
pub(super) fn unpack(bytes: &[u8]) -> Option<Packed> {
    let mut reader = Reader(bytes);
    let subtype = reader.choice(&Subtype::ALL)?;
    let (repeat, era) = (reader.number()?, reader.number()?);
    let record = reader.record()?;
    let written = Timestamp::from_nanos(record.last.nanos().wrapping_add(reader.number()?));
    let count = reader.number()?;
    let applications = (0..count).map(|_| reader.application()).collect::<Option<_>>()?;
    Some(Packed { subtype, repeat, era, written, record, applications })
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn numbers(&mut self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            self.number(number);
        }
    }

    /// A number that may be missing: 0, or one more.
    fn option(&mut self, number: Option<u64>) {
        self.number(number.map_or(0, |number| number + 1));
    }

    /// An IPv4 address in four bytes, with 4 before them; any other in sixteen, with 6.
    #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are the IPv4 address")]
    fn addr(&mut self, addr: Addr) {
        if addr.is_v4() {
            self.0.push(4);
            self.0.extend_from_slice(&(addr.bits() as u32).to_be_bytes());
        } else {
            self.0.push(6);
            self.0.extend_from_slice(&addr.bits().to_be_bytes());
        }
    }

    fn key(&mut self, key: &FlowKey) {
        let FlowKey { src, dst, sport, dport, protocol, zone } = *key;
        self.addr(src);
        self.addr(dst);
        self.numbers([sport.into(), dport.into(), protocol.0.into(), zone.0.into()]);
    }

    fn record(&mut self, record: &Record) {
        // Every field by name: a new one must not be forgotten here.
        let Record {
            id,
            parent,
            ref c2s,
            ref s2c,
            ingress,
            egress,
            rule,
            tentative,
            decided,
            label,
            action,
            action_source,
            counts,
            passed,
            started,
            last,
            nat,
            sides,
            reason,
            state,
            host,
            open,
            history,
            cut,
            url_denied,
            decrypted,
            first_packets,
            first_packet,
            last_packet,
        } = *record;
        self.option(id.map(|id| id.0));
        self.option(parent.map(|id| id.0));
        self.numbers([started.nanos(), last.nanos().wrapping_sub(started.nanos())]);
        self.key(c2s);
        let mirrored = c2s.reply(s2c.zone) == *s2c;
        self.option(mirrored.then_some(s2c.zone.0.into()));
        if !mirrored {
            self.key(s2c);
        }
        for interface in [ingress, egress] {
            self.option(interface.map(|interface| interface.index() as u64));
        }
        self.numbers([rule.0.into(), tentative.0.into()]);
        self.option(decided.map(|rule| rule.0.into()));
        self.number(match label {
            Label::Incomplete => 0,
            Label::InsufficientData => 1,
            Label::NotApplicable => 2,
            Label::App(app) => 3 + u64::from(app.0),
        });
        self.numbers([action as u64, action_source as u64]);
        self.numbers(counts.packets.into_iter().chain(counts.bytes));
        self.passed(&passed);
        self.option(nat.map(|rule| rule.index() as u64));
        for side in sides {
            self.option(side.map(|side| side as u64));
        }
        self.option(reason.map(|reason| reason as u64));
        self.numbers([state as u64, host as u64]);
        self.numbers([open.into(), cut.into(), url_denied.into(), decrypted.into()]);
        self.number(history.bits());
        self.first_packets(first_packets.as_ref());
        self.numbers([first_packet, last_packet]);
    }

    fn first_packets(&mut self, first: Option<&FirstPackets>) {
        self.option(first.map(|first| first.outcome as u64));
        if let Some(first) = first {
            self.number(first.admitted_by.0.into());
            self.passed(&first.passed);
        }
    }

    fn passed(&mut self, passed: &Passed) {
        self.numbers(passed.packets.into_iter().chain(passed.payload));
    }

    fn text(&mut self, text: &[u8]) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text);
    }

    fn application(&mut self, application: &Application) {
        let Application { packet, app, ref evidence, lookup } = *application;
        self.numbers([packet, app.0.into()]);
        self.text(evidence.as_bytes());
        self.option(lookup.map(|lookup| lookup.rule.0.into()));
        if let Some(Lookup { rule: _, action, certainty, implicit }) = lookup {
            self.numbers([action as u64, certainty as u64, u64::from(implicit)]);
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.number()?).ok()
    }

    fn choice<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        choices.get(self.small::<usize>()?).copied()
    }

    /// What [`Writer::option`] wrote, made something of by `make`.
    fn option<T>(&mut self, make: impl FnOnce(u64) -> Option<T>) -> Option<Option<T>> {
        match self.number()? {
            0 => Some(None),
            number => make(number - 1).map(Some),
        }
    }

    fn addr(&mut self) -> Option<Addr> {
        match self.number()? {
            4 => self.bytes().map(Addr::v4),
            _ => self.bytes().map(|bytes| Addr::from_bits(u128::from_be_bytes(bytes))),
        }
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn key(&mut self) -> Option<FlowKey> {
        Some(FlowKey {
            src: self.addr()?,
            dst: self.addr()?,
            sport: self.small()?,
            dport: self.small()?,
            protocol: Protocol(self.small()?),
            zone: ZoneId(self.small()?),
        })
    }

    fn record(&mut self) -> Option<Record> {
        let id = self.option(|id| Some(SessionId(id)))?;
        let parent = self.option(|id| Some(SessionId(id)))?;
        let started = self.number()?;
        let last = started.wrapping_add(self.number()?);
        let c2s = self.key()?;
        let s2c = match self.option(|zone| u16::try_from(zone).ok())? {
            Some(zone) => c2s.reply(ZoneId(zone)),
            None => self.key()?,
        };
        Some(Record {
            id,
            parent,
            c2s,
            s2c,
            ingress: self.interface()?,
            egress: self.interface()?,
            rule: RuleId(self.small()?),
            tentative: RuleId(self.small()?),
            decided: self.option(|rule| u32::try_from(rule).ok().map(RuleId))?,
            label: match self.number()? {
                0 => Label::Incomplete,
                1 => Label::InsufficientData,
                2 => Label::NotApplicable,
                app => Label::App(AppId(u16::try_from(app - 3).ok()?)),
            },
            action: self.choice(&Action::ALL)?,
            action_source: self.choice(&ActionSource::ALL)?,
            counts: Counts {
                packets: [self.number()?, self.number()?],
                bytes: [self.number()?, self.number()?],
            },
            passed: self.passed()?,
            started: Timestamp::from_nanos(started),
            last: Timestamp::from_nanos(last),
            nat: self.option(|rule| NatRuleId::new(usize::try_from(rule).ok()?))?,
            sides: [self.side()?, self.side()?],
            reason: self.option(|reason| EndReason::ALL.get(usize::try_from(reason).ok()?).copied())?,
            state: self.choice(&State::ALL)?,
            host: self.choice(&HostAccess::ALL)?,
            open: self.flag()?,
            cut: self.flag()?,
            url_denied: self.flag()?,
            decrypted: self.flag()?,
            history: History::from_bits(self.number()?),
            first_packets: match self.option(|outcome| Outcome::ALL.get(usize::try_from(outcome).ok()?))? {
                Some(&outcome) => {
                    Some(FirstPackets { outcome, admitted_by: RuleId(self.small()?), passed: self.passed()? })
                }
                None => None,
            },
            first_packet: self.number()?,
            last_packet: self.number()?,
        })
    }

    fn side(&mut self) -> Option<Option<Side>> {
        self.option(|side| Side::ALL.get(usize::try_from(side).ok()?).copied())
    }

    fn interface(&mut self) -> Option<Option<InterfaceId>> {
        self.option(|interface| InterfaceId::new(usize::try_from(interface).ok()?))
    }

    fn passed(&mut self) -> Option<Passed> {
        Some(Passed { packets: [self.number()?, self.number()?], payload: [self.number()?, self.number()?] })
    }

    fn flag(&mut self) -> Option<bool> {
        self.number().map(|flag| flag != 0)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let len = self.small()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(text)
    }

    fn application(&mut self) -> Option<Application> {
        Some(Application {
            packet: self.number()?,
            app: AppId(self.small()?),
            evidence: std::str::from_utf8(self.text()?).ok()?.to_owned(),
            lookup: match self.option(|rule| u32::try_from(rule).ok())? {
                Some(rule) => Some(Lookup {
                    rule: RuleId(rule),
                    action: self.choice(&Action::ALL)?,
                    certainty: self.choice(&[Ternary::No, Ternary::Unknown, Ternary::Yes])?,
                    implicit: self.flag()?,
                }),
                None => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = FlowKey> {
        (any::<u128>(), any::<u128>(), any::<u16>(), any::<u16>(), any::<u8>(), any::<u16>()).prop_map(
            |(src, dst, sport, dport, protocol, zone)| FlowKey {
                src: Addr::from_bits(src),
                dst: Addr::from_bits(dst),
                sport,
                dport,
                protocol: Protocol(protocol),
                zone: ZoneId(zone),
            },
        )
    }

    fn record() -> impl Strategy<Value = Record> {
        let keys = (key(), key(), any::<bool>())
            .prop_map(|(c2s, s2c, mirrored)| (c2s, if mirrored { c2s.reply(s2c.zone) } else { s2c }));
        let passed =
            || any::<([u64; 2], [u64; 2])>().prop_map(|(packets, payload)| Passed { packets, payload });
        let first = proptest::option::of((any::<u32>(), proptest::sample::select(&Outcome::ALL), passed()));
        let id = || proptest::option::of(0..u64::MAX);
        let choices = (
            proptest::sample::select(&Action::ALL),
            proptest::sample::select(&ActionSource::ALL),
            proptest::option::of(proptest::sample::select(&EndReason::ALL)),
            proptest::sample::select(&State::ALL),
            prop_oneof![
                Just(Label::Incomplete),
                Just(Label::InsufficientData),
                Just(Label::NotApplicable),
                any::<u16>().prop_map(|app| Label::App(AppId(app))),
            ],
            any::<u64>(),
        );
        let numbers = any::<([u64; 2], [u64; 2], [u32; 2], [bool; 2], [u64; 4])>();
        (keys, id(), id(), proptest::option::of(any::<u32>()), choices, passed(), first, numbers).prop_map(
            |((c2s, s2c), session, parent, decided, choices, passed, first, numbers)| {
                let (action, action_source, reason, state, label, letters) = choices;
                let (packets, bytes, [rule, tentative], [open, cut], times) = numbers;
                let [started, last, first_packet, last_packet] = times;
                Record {
                    id: session.map(SessionId),
                    parent: parent.map(SessionId),
                    c2s,
                    s2c,
                    ingress: InterfaceId::new(usize::from(c2s.zone.0)),
                    egress: cut.then(|| InterfaceId::new(9)).flatten(),
                    rule: RuleId(rule),
                    tentative: RuleId(tentative),
                    decided: decided.map(RuleId),
                    label,
                    action,
                    action_source,
                    counts: Counts { packets, bytes },
                    passed,
                    started: Timestamp::from_nanos(started),
                    last: Timestamp::from_nanos(last),
                    nat: parent.and_then(|_| NatRuleId::new(usize::try_from(rule).ok()?)),
                    sides: [Some(Side::Transmitted), cut.then_some(Side::Received)],
                    reason,
                    state,
                    host: HostAccess::ALL[usize::from(cut) + usize::from(open)],
                    open,
                    history: History::from_bits(letters),
                    cut,
                    url_denied: open ^ cut,
                    decrypted: open,
                    first_packets: first.map(|(rule, outcome, passed)| FirstPackets {
                        admitted_by: RuleId(rule),
                        outcome,
                        passed,
                    }),
                    first_packet,
                    last_packet,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(
            record in record(),
            (repeat, written) in any::<(u64, u64)>(),
            subtype in proptest::sample::select(&Subtype::ALL),
            apps in proptest::collection::vec((any::<u64>(), any::<u16>(), ".{0,9}", any::<Option<u32>>()), 0..3),
        ) {
            let applications: Vec<_> = apps
                .into_iter()
                .map(|(packet, app, evidence, rule)| Application {
                    packet,
                    app: AppId(app),
                    evidence,
                    lookup: rule.map(|rule| Lookup {
                        rule: RuleId(rule),
                        action: Action::Drop,
                        certainty: Ternary::Unknown,
                        implicit: rule % 2 == 0,
                    }),
                })
                .collect();
            let mut bytes = Vec::new();
            let written = Timestamp::from_nanos(written);
            let era = record.first_packet;
            let row = Packing { subtype, repeat, era, written, record: &record, applications: &applications };
            pack(&mut bytes, &row);
            prop_assert_eq!(unpack(&bytes), Some(Packed { subtype, repeat, era, written, record, applications }));
            // What is cut off is not taken for a row.
            bytes.pop();
            prop_assert_eq!(unpack(&bytes), None);
        }
    }
}
