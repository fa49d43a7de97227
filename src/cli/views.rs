//! `--at` and `--show`: the firewall as it stands at a moment of a replay.

use std::path::PathBuf;

use super::error::{CliError, Exit};
use super::output::Streams;
use super::run::Run;
use crate::report::{Sink, Tally};
use crate::view::{self, Noted, Scene, View};

/// What is shown instead of the report, and when.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Views of a moment")]
pub(super) struct Views {
    /// Stop behind the packet with this number (as in the columns first_packet and last_packet), or at the `end` of
    /// the captures, and --show what follows [default: end]
    #[arg(long, value_name = "PACKET", requires = "show", value_parser = moment)]
    at: Option<Moment>,

    /// Instead of the report, what PAN-OS's CLI shows then: "session all", "session id N", "session info" or "counter
    /// global", with the CLI's filters, e.g. "session all filter source 192.0.2.0/24 state discard" (repeatable)
    #[arg(long, value_name = "VIEW", value_parser = View::parse, conflicts_with_all = SHOWN_ALONE)]
    show: Vec<View>,
}

/// Options about a whole run.
const SHOWN_ALONE: [&str; 5] = ["summary", "filter", "events", "audit", "linger"];

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Packet(u64),
    End,
}

impl Views {
    /// Whether there are any.
    pub(super) const fn is_empty(&self) -> bool {
        self.show.is_empty()
    }

    /// Replays up to the moment and writes the views, as JSON or as text.
    pub(super) fn run(
        &self,
        run: Run,
        as_json: bool,
        output: Option<&PathBuf>,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, CliError> {
        let (mut tally, mut noted) = (Tally::default(), Noted::of(&self.show));
        let last = match self.at {
            Some(Moment::Packet(number)) => Some(number),
            Some(Moment::End) | None => None,
        };
        let mut sinks: [&mut dyn Sink; 2] = [&mut tally, &mut noted];
        let (outcome, stopped) = run.replay_to(last, &mut sinks)?;
        if let Some(last) = last.filter(|&last| stopped.frames < last) {
            let (held, plural) = (stopped.frames, if stopped.frames == 1 { "" } else { "s" });
            return Err(CliError::usage(
                format!("--at {last}: the captures hold {held} packet{plural}"),
                "write a number up to that, or `end`",
            ));
        }
        let scene =
            Scene { firewall: &stopped.firewall, tally: &tally, noted: &noted, packet: stopped.frames };
        streams.write_to(output, |out| match as_json {
            true => view::write_json(out, &self.show, &scene),
            false => view::write_text(out, &self.show, &scene),
        })?;
        Ok(outcome.conclude(streams))
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    match text {
        "end" => Ok(Moment::End),
        _ => match text.parse() {
            Ok(number) if number > 0 => Ok(Moment::Packet(number)),
            _ => Err("write the number of a packet, counted from 1, or `end`".to_owned()),
        },
    }
}
