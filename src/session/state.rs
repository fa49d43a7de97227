//! The states of a session table entry (PANOS.md 1.6, KB "Session states").

use std::fmt;

/// State of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// In the pool: never used, or returned.
    Init,
    /// Allocated, not yet in the flow table.
    Opening,
    /// In the flow table: its packets are inspected and forwarded.
    Active,
    /// In the flow table, blocked: its packets are dropped.
    Discard,
    /// To be expired at once; packets no longer match it.
    Closing,
    /// Expired, out of the ager.
    Closed,
    /// Out of the flow table, not yet back in the pool.
    Free,
}

/// What moves an entry from state to state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A packet needs a session.
    Allocate,
    /// Both flows go into the flow table.
    Install,
    /// The flow table refuses them.
    Reject,
    /// Policy or threat prevention blocks it.
    Block,
    /// Its timer ran out, or something ends it at once.
    Expire,
    /// The ager lets go of it.
    Age,
    /// It leaves the flow table.
    Unlink,
    /// It goes back to the pool.
    Release,
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] =
        [Self::Init, Self::Opening, Self::Active, Self::Discard, Self::Closing, Self::Closed, Self::Free];

    /// The state after `trigger`; `None` where it means nothing in this one.
    #[must_use]
    pub const fn next(self, trigger: Trigger) -> Option<Self> {
        match (self, trigger) {
            (Self::Init, Trigger::Allocate) => Some(Self::Opening),
            (Self::Opening, Trigger::Install) => Some(Self::Active),
            (Self::Opening, Trigger::Reject) | (Self::Closed, Trigger::Unlink) => Some(Self::Free),
            (Self::Active, Trigger::Block) => Some(Self::Discard),
            (Self::Active | Self::Discard, Trigger::Expire) => Some(Self::Closing),
            (Self::Closing, Trigger::Age) => Some(Self::Closed),
            (Self::Free, Trigger::Release) => Some(Self::Init),
            (Self::Init, Trigger::Install | Trigger::Reject | Trigger::Block | Trigger::Expire)
            | (Self::Init, Trigger::Age | Trigger::Unlink | Trigger::Release)
            | (Self::Opening, Trigger::Allocate | Trigger::Block | Trigger::Expire)
            | (Self::Opening, Trigger::Age | Trigger::Unlink | Trigger::Release)
            | (Self::Active | Self::Discard, Trigger::Allocate | Trigger::Install | Trigger::Reject)
            | (Self::Active | Self::Discard, Trigger::Age | Trigger::Unlink | Trigger::Release)
            | (Self::Discard, Trigger::Block)
            | (Self::Closing, Trigger::Allocate | Trigger::Install | Trigger::Reject | Trigger::Block)
            | (Self::Closing, Trigger::Expire | Trigger::Unlink | Trigger::Release)
            | (Self::Closed, Trigger::Allocate | Trigger::Install | Trigger::Reject | Trigger::Block)
            | (Self::Closed, Trigger::Expire | Trigger::Age | Trigger::Release)
            | (Self::Free, Trigger::Allocate | Trigger::Install | Trigger::Reject | Trigger::Block)
            | (Self::Free, Trigger::Expire | Trigger::Age | Trigger::Unlink) => None,
        }
    }

    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Opening => "OPENING",
            Self::Active => "ACTIVE",
            Self::Discard => "DISCARD",
            Self::Closing => "CLOSING",
            Self::Closed => "CLOSED",
            Self::Free => "FREE",
        }
    }

    /// What it means, in one line.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Init => "in the pool: never used, or returned",
            Self::Opening => "allocated, not yet in the flow table",
            Self::Active => "in the flow table: packets are inspected and forwarded",
            Self::Discard => "in the flow table, blocked: packets are dropped",
            Self::Closing => "to be expired at once: packets no longer match",
            Self::Closed => "expired, out of the ager",
            Self::Free => "out of the flow table, not yet back in the pool",
        }
    }

    /// What becomes of a packet that has its key.
    pub const fn on_packet(self) -> &'static str {
        match self {
            Self::Active => "inspected and forwarded",
            Self::Discard => "dropped: no lookup, no row, no refresh",
            Self::Closing | Self::Closed => "not matched: a new session is tried",
            Self::Init | Self::Opening | Self::Free => "none can match: not in the flow table",
        }
    }

    /// Whether an entry stays in it until something happens.
    pub const fn is_stable(self) -> bool {
        matches!(self, Self::Init | Self::Active | Self::Discard)
    }
}

impl Trigger {
    /// All triggers.
    pub const ALL: [Self; 8] = [
        Self::Allocate,
        Self::Install,
        Self::Reject,
        Self::Block,
        Self::Expire,
        Self::Age,
        Self::Unlink,
        Self::Release,
    ];

    /// What happens, in one line.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Allocate => "a packet without session needs one",
            Self::Install => "both flows go into the flow table",
            Self::Reject => "the flow table refuses them",
            Self::Block => "policy or threat prevention blocks it",
            Self::Expire => "its timer runs out, or something ends it at once",
            Self::Age => "the ager lets go of it",
            Self::Unlink => "it leaves the flow table",
            Self::Release => "it goes back to the pool",
        }
    }

    /// A name for pictures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allocate => "allocate",
            Self::Install => "install",
            Self::Reject => "reject",
            Self::Block => "block",
            Self::Expire => "expire",
            Self::Age => "age",
            Self::Unlink => "unlink",
            Self::Release => "release",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
