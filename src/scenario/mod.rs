//! Conversations to try a rulebase on, as code and as documents.
//!
//! [`Lab`] is for tests of your own rulebase: build a world, play a conversation, look at the rows. Every packet is
//! built as bytes and goes through the whole program: decoder, defragmenter, firewall, log; the auditor reads along.
//!
//! ```
//! use firstpass::config::World;
//! use firstpass::engine::{DropReason, Verdict};
//! use firstpass::scenario::Lab;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = World::from_toml(
//!     r#"
//!     [zones]
//!     untrust = "0.0.0.0/0"
//!     dmz = "192.0.2.0/24"
//!
//!     [[security]]
//!     name = "Ping from Untrust to DMZ"
//!     from = "untrust"
//!     to = "dmz"
//!     application = ["ping", "traceroute", "icmp", "ipv6-icmp"]
//!     service = "any"
//!     "#,
//! )?;
//! let lab = Lab::new(world);
//! let mut ftp = lab.tcp("203.0.113.5:40000", "192.0.2.10:21");
//! ftp.handshake();
//! let banner = ftp.server(b"220 welcome\r\n");
//! let command = ftp.client(b"USER anonymous\r\n");
//! let run = lab.finish()?;
//!
//! assert_eq!(run.verdict(banner), Some(Verdict::Forward), "the banner reaches a stranger");
//! assert_eq!(run.verdict(command), Some(Verdict::Drop(DropReason::AppDeny)));
//! let row = &run.rows[0];
//! assert_eq!(row.app, "ftp");
//! assert_eq!(row.rule, "interzone-default");
//! assert_eq!(row.session_end_reason, "policy-deny");
//! # Ok(())
//! # }
//! ```
//!
//! [`Document`] is for tests that are read: Markdown with rules, packets and the rows they bring. The notation is
//! described in `tests/scenarios/README.md`.

mod document;
mod lab;
mod row;
mod run;
mod tcp;
mod wire;

pub use document::{Document, DocumentError, Mismatch, Scenario};
pub use lab::{Lab, LabError, Ping, Tcp, Udp};
pub use row::{Application, FirstPackets, Model, Nat, Row};
pub use run::{Emitted, Run, Transmitted};
pub use tcp::{Conversation, INITIAL, Number, Numbers, Segment};
