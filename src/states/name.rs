//! What has a name: states, end reasons, labels, subtypes, actions, timers, reasons to drop, settings.

use crate::config::{SettingInfo, Settings};
use crate::engine::DropReason;
use crate::policy::Action;
use crate::report::Subtype;
use crate::session::{EndReason, State, Timer, Trigger};

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A session state.
    State,
    /// A session end reason.
    EndReason,
    /// A label of the application column.
    Label,
    /// A subtype of a traffic-log row.
    Subtype,
    /// An action.
    Action,
    /// A timer.
    Timer,
    /// Why a packet is dropped.
    DropReason,
    /// A setting that the model acts on.
    Setting,
}

impl Kind {
    /// The area of the table whose rows are about it.
    pub const fn area(self) -> &'static str {
        match self {
            Self::State => "session states",
            Self::EndReason => "end reasons",
            Self::Label => "application labels",
            Self::Subtype => "log subtypes",
            Self::Action => "actions",
            Self::Timer => "timers",
            Self::DropReason => "drop reasons",
            Self::Setting => "settings",
        }
    }

    /// One of them.
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "session state",
            Self::EndReason => "session end reason",
            Self::Label => "application label",
            Self::Subtype => "log subtype",
            Self::Action => "action",
            Self::Timer => "timer",
            Self::DropReason => "reason to drop a packet",
            Self::Setting => "setting",
        }
    }
}

/// A name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Of what.
    pub kind: Kind,
    /// As it is spelled.
    pub name: String,
}

/// What the application column says where no application is known.
const LABELS: [&str; 7] = [
    "not-applicable",
    "incomplete",
    "insufficient-data",
    "unknown-tcp",
    "unknown-udp",
    "unknown-p2p",
    "non-syn-tcp",
];

impl Name {
    /// All names there are.
    pub fn all() -> Vec<Self> {
        let of = |kind| move |name: &str| Self { kind, name: name.to_owned() };
        let modelled = Settings::all().filter(|info| info.modelled);
        let mut reasons: Vec<String> = DropReason::all().map(DropReason::name).collect();
        reasons.dedup();
        State::ALL
            .map(|state| of(Kind::State)(state.name()))
            .into_iter()
            .chain(EndReason::ALL.map(|end| of(Kind::EndReason)(end.name())))
            .chain(LABELS.map(of(Kind::Label)))
            .chain(Subtype::ALL.map(|subtype| of(Kind::Subtype)(subtype.name())))
            .chain(Action::ALL.map(|action| of(Kind::Action)(action.name())))
            .chain(Timer::ALL.map(|timer| of(Kind::Timer)(timer.name())))
            .chain(reasons.iter().map(|reason| of(Kind::DropReason)(reason)))
            .chain(modelled.map(|info| of(Kind::Setting)(info.key)))
            .collect()
    }

    /// What is called so, in any case of letters; a reason to drop also goes by its counter.
    pub fn find(asked: &str) -> Vec<Self> {
        let is_asked = |name: &Self| {
            name.name.eq_ignore_ascii_case(asked)
                || name.drop_reason().is_some_and(|reason| reason.counter() == asked)
        };
        Self::all().into_iter().filter(is_asked).collect()
    }

    fn drop_reason(&self) -> Option<DropReason> {
        DropReason::all().find(|reason| self.kind == Kind::DropReason && reason.name() == self.name)
    }

    /// What the code knows of it: a label and a text each.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let name = self.name.as_str();
        match self.kind {
            Kind::State => State::ALL.into_iter().find(|state| state.name() == name).map(state),
            Kind::EndReason => EndReason::ALL.into_iter().find(|end| end.name() == name).map(end_reason),
            Kind::Timer => Some(vec![("Setting", timer_settings(name).join(", "))]),
            Kind::DropReason => self.drop_reason().map(|reason| {
                vec![("Meaning", reason.to_string()), ("Counter", reason.counter().to_owned())]
            }),
            Kind::Setting => Settings::info(name).map(setting),
            Kind::Label | Kind::Subtype | Kind::Action => None,
        }
        .unwrap_or_default()
    }
}

fn state(state: State) -> Vec<(&'static str, String)> {
    let leads = Trigger::ALL.into_iter().filter_map(|trigger| Some((trigger, state.next(trigger)?)));
    let leads: Vec<String> =
        leads.map(|(trigger, to)| format!("{to} ({}: {})", trigger.name(), trigger.describe())).collect();
    let kind = if state.is_stable() { "stable" } else { "passing" };
    vec![
        ("Meaning", format!("{} ({kind})", state.describe())),
        ("Its packets", state.on_packet().to_owned()),
        ("Leads to", leads.join("; ")),
    ]
}

fn end_reason(end: EndReason) -> Vec<(&'static str, String)> {
    let place = end as usize + 1;
    let above = EndReason::ALL.get(place).map(|next| format!("; above {}", next.name()));
    let below = place.checked_sub(2).and_then(|index| EndReason::ALL.get(index));
    let below = below.map(|last| format!("; below {}", last.name())).unwrap_or_default();
    vec![
        ("Precedence", format!("{place} of {}{below}{}", EndReason::ALL.len(), above.unwrap_or_default())),
        ("Tracker stage", end.tracker_stage().unwrap_or("no source gives one").to_owned()),
    ]
}

/// Settings of a timer with their defaults.
pub(super) fn timer_settings(timer: &str) -> Vec<String> {
    let key = format!("session.{timer}");
    let is_its = |info: &&SettingInfo| {
        info.modelled
            && (info.key == key || timer == Timer::Discard.name() && info.key.starts_with(&format!("{key}-")))
    };
    Settings::all()
        .filter(is_its)
        .filter_map(|info| Some(format!("{} = {}", info.key, info.default_value()?)))
        .collect()
}

fn setting(info: &SettingInfo) -> Vec<(&'static str, String)> {
    vec![
        ("Meaning", info.meaning.trim().to_owned()),
        ("Takes", info.values.to_string()),
        ("Default", info.default_value().unwrap_or_default()),
    ]
}
