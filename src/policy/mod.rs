//! Security policy: rules, the three-valued lookup and its explanation.
//!
//! There is one lookup. Asked without an application it is the port-only lookup of a session's first packet; asked
//! with one it is the full lookup. What differs is only how certain a match is: [`Ternary::Unknown`] says "may match,
//! the application is not known yet".

mod category;
mod explain;
mod index;
mod lookup;
mod rule;
mod running;
mod schedule;
pub mod space;
mod user;

pub use category::{CategoryMatch, CategorySet};
pub use explain::{Column, ColumnMatch, Explanation, RuleMatch, Step};
pub use lookup::{Lookup, Policy, PolicyOptions, Query, Ternary};
pub use rule::{
    Action, AddressMatch, ApplicationMatch, Rule, RuleId, RuleType, Service, ServiceMatch, ServiceTimeouts,
    ZoneMatch,
};
pub(crate) use running::address_texts;
pub use running::{Running, Tuple};
pub use schedule::{Daytime, Schedule, Times};
pub use user::{UserMatch, Users};
