//! `firstpass` replays packet captures through a packet-level model of a PAN-OS style firewall and shows what a
//! rulebase lets through before App-ID knows better.
//!
//! On such a firewall a session is built on the first packet. The application is not known then, so the first policy
//! lookup uses zones, addresses and ports alone; packets pass under whatever rule that finds, until App-ID has seen
//! enough. Then the policy is looked up again, and the session may be denied. What has passed by then has passed.
//!
//! The library is the whole of it; the program is a thin layer of arguments on top ([`cli`]).
//!
//! ```text
//! capture::Source ─ Frame → packet::decode ─ Packet → engine::Firewall::step ─ Events → report, audit, your own Sink
//! ```
//!
//! Layers, each using only those before it:
//!
//! 0. [`time`] and [`flow`]: points in time, addresses, flow keys.
//! 1. [`capture`] and [`packet`]: bytes to values and back. Decoding never fails; malformed is a value.
//! 2. [`app`], [`policy`], [`feature`] and [`config`]: applications and their decoders, rules and their lookup, routing,
//!    NAT and application override, rulebase files. Pure decisions: they know of no session.
//! 3. [`session`]: states, trackers, timers and the table. They answer, they do not act.
//! 4. [`engine`]: the firewall, the only place that changes sessions. It has no clock, no I/O and no randomness that
//!    shows; its only output is events.
//! 5. [`report`], [`audit`], [`replay`] and [`cli`]: readers of events, and what drives the engine; [`filter`] says which
//!    rows are wanted, [`view`] shows the firewall as it stands. [`lint`] reads the rulebase alone, [`apps`] the catalog,
//!    [`log`] traffic logs of real firewalls, [`states`] the state machines and the table of behaviours, of which [`manual`]
//!    has the page.

pub mod app;
pub mod apps;
pub mod audit;
pub mod capture;
pub mod cli;
pub mod config;
pub mod engine;
pub mod feature;
pub mod filter;
pub mod flow;
pub mod lint;
pub mod log;
pub mod manual;
pub mod packet;
pub mod policy;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod session;
pub mod stages;
pub mod states;
pub mod time;
pub mod view;
