//! The same for people.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::exclusions::Exclusions;
use super::hosts::{Host, Hosts};
use super::reason::{KNOWN_TO_PIN, Verdict};
use crate::report::style::{Paint, Role, count, grouped, size};
use crate::report::text::Look;
use crate::report::{escape, wrap};

/// So many hosts of each verdict are shown.
const SHOWN: usize = 50;

/// Columns where it is not for a terminal.
const WIDTH: usize = 120;
/// No narrower than this, whatever the terminal says.
const NARROWEST: usize = 80;

/// Widths of the columns whose content is short.
const SESSIONS: usize = 8;
const BYTES: usize = 8;
const VERDICT: usize = 13;

/// Writes what becomes of the sessions to each host, the exclusion list, and what the capture does not tell.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write_text(out: &mut dyn Write, hosts: &Hosts, look: Look) -> io::Result<()> {
    let width = look.width.unwrap_or(WIDTH).max(NARROWEST);
    let page = Page { hosts, paint: Paint { color: look.color }, width };
    page.head(out)?;
    page.table(out)?;
    page.exclusions(out)?;
    page.cannot_tell(out)
}

struct Page<'a> {
    hosts: &'a Hosts,
    paint: Paint,
    width: usize,
}

/// Widths of the host's and the application's column.
struct Columns {
    host: usize,
    app: usize,
}

impl Page<'_> {
    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        let title =
            format!("If all TLS were decrypted, with profile `{}`", escape::name(&self.hosts.profile));
        writeln!(out, "{}", self.paint.on(Role::Heading, title))?;
        let verdicts: Vec<String> = Verdict::ALL
            .into_iter()
            .map(|verdict| (verdict.name(), self.hosts.totals(verdict).0))
            .filter(|(_, sessions)| *sessions > 0)
            .map(|(name, sessions)| match (name, sessions) {
                ("breaks", 2..) => format!("{} break", grouped(sessions)),
                _ => format!("{} {name}", grouped(sessions)),
            })
            .collect();
        let mut sentence =
            format!("{} to {}", count(self.hosts.sessions(), "session"), count(self.hosts.len(), "host"));
        if !verdicts.is_empty() {
            sentence.push_str(&format!(": {}", verdicts.join(", ")));
        }
        for (number, what) in
            [(self.hosts.denied, "denied by the rulebase anyway"), (self.hosts.others, "without TLS")]
        {
            if number > 0 {
                sentence.push_str(&format!("; {} {what}", grouped(number)));
            }
        }
        for line in wrap::sentence(&format!("{sentence}."), self.width) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let hosts = self.hosts.sorted();
        if hosts.is_empty() {
            return Ok(());
        }
        let widest = |texts: &mut dyn Iterator<Item = String>, most: usize, least: usize| {
            texts.map(|text| text.width()).max().unwrap_or(0).clamp(least, most)
        };
        let columns = Columns {
            host: widest(&mut hosts.iter().map(|host| host.name.text()), 32, 4),
            app: widest(&mut hosts.iter().map(|host| applications(host)), 24, 11),
        };
        let head = format!(
            "{:<host$}  {:<app$}  {:>SESSIONS$}  {:>BYTES$}  {:<VERDICT$}  WHY",
            "HOST",
            "APPLICATION",
            "SESSIONS",
            "BYTES",
            "VERDICT",
            host = columns.host,
            app = columns.app
        );
        writeln!(out, "\n{}", self.paint.on(Role::Heading, head))?;
        for verdict in Verdict::ALL {
            let alike = || hosts.iter().filter(|host| host.verdict() == verdict);
            for host in alike().take(SHOWN) {
                self.row(out, host, &columns)?;
            }
            let more = alike().count().saturating_sub(SHOWN);
            if more > 0 {
                let more = format!(
                    "… and {}: {} (`--format json` has all)",
                    count(more as u64, "more host"),
                    verdict.name()
                );
                writeln!(out, "{}", self.paint.on(Role::Quiet, more))?;
            }
        }
        Ok(())
    }

    /// A host; its reasons below one another.
    fn row(&self, out: &mut dyn Write, host: &Host, columns: &Columns) -> io::Result<()> {
        let name = pad(&wrap::fit_middle(&host.name.text(), columns.host), columns.host);
        let app = pad(&wrap::fit(&applications(host), columns.app), columns.app);
        let (sessions, bytes) = (grouped(host.sessions), size(host.bytes));
        let verdict = host.verdict();
        let role = match verdict {
            Verdict::Breaks => Role::Deny,
            Verdict::MayBreak => Role::Leak,
            Verdict::NotDecrypted => Role::Quiet,
            Verdict::Fine => Role::Good,
        };
        let before = columns.host + columns.app + SESSIONS + BYTES + VERDICT + 10;
        let why = self.width.saturating_sub(before).max(20);
        let mut lines = reasons(host).into_iter().flat_map(|reason| wrap::sentence(&reason, why));
        let line = format!(
            "{}  {app}  {sessions:>SESSIONS$}  {bytes:>BYTES$}  {}  {}",
            self.paint.on(Role::Name, name),
            self.paint.on(role, format!("{:<VERDICT$}", verdict.name())),
            lines.next().unwrap_or_default()
        );
        writeln!(out, "{}", line.trim_end())?;
        for line in lines {
            writeln!(out, "{:before$}{line}", "")?;
        }
        Ok(())
    }

    fn exclusions(&self, out: &mut dyn Write) -> io::Result<()> {
        let exclusions = Exclusions::of(self.hosts);
        let commands = exclusions.commands();
        let commands_are_none = commands.is_empty();
        if !commands_are_none {
            let title = "What to exclude from decryption, in PAN-OS's configuration mode";
            writeln!(out, "\n{}", self.paint.on(Role::Heading, title))?;
            for command in commands {
                writeln!(out, "{}", self.paint.on(Role::Good, command))?;
            }
        }
        if let Some(toml) = exclusions.toml() {
            writeln!(
                out,
                "{}",
                self.paint.on(Role::Quiet, "or, of those without a name, in a rulebase in TOML")
            )?;
            for line in toml.lines() {
                writeln!(out, "{}", self.paint.on(Role::Good, line))?;
            }
        }
        let mut remarks = Vec::new();
        let quic = self.hosts.quic();
        if quic > 0 {
            remarks.push(format!(
                "{} of QUIC would go on unseen. Where `quic` is blocked, clients go on over TLS.",
                count(quic, "session")
            ));
        }
        if exclusions.names.values().any(|why| *why == KNOWN_TO_PIN) {
            remarks.push(
                "PAN-OS excludes the hosts of its own predefined list in any case; see there which of these it knows."
                    .to_owned(),
            );
        }
        if exclusions.doubtful > 0 {
            remarks.push(format!(
                "Not listed: {} whose certificate nobody should trust. It should be mended, or left to the profile.",
                count(exclusions.doubtful, "host")
            ));
        }
        if exclusions.odd > 0 {
            remarks.push(format!("Not listed: {} whose name is none.", count(exclusions.odd, "host")));
        }
        if commands_are_none && !remarks.is_empty() {
            writeln!(out)?;
        }
        for remark in remarks {
            for line in wrap::sentence(&remark, self.width) {
                writeln!(out, "{}", self.paint.on(Role::Quiet, line))?;
            }
        }
        Ok(())
    }

    fn cannot_tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let sentences = self.hosts.cannot_tell();
        if sentences.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint.on(Role::Heading, "What this capture cannot tell"))?;
        for sentence in sentences {
            for (index, line) in wrap::sentence(&sentence, self.width - 2).into_iter().enumerate() {
                writeln!(out, "{}{line}", if index == 0 { "- " } else { "  " })?;
            }
        }
        Ok(())
    }
}

/// The applications; `+2` for those beside the first.
fn applications(host: &Host) -> String {
    let first = host.applications.first().map_or("", String::as_str);
    match host.applications.len() {
        0 | 1 => first.to_owned(),
        all => format!("{first} +{}", all - 1),
    }
}

/// The worst first; of how many sessions, where it is not all.
fn reasons(host: &Host) -> Vec<String> {
    let mut reasons: Vec<_> = host.reasons.iter().collect();
    reasons.sort_by_key(|(reason, sessions)| std::cmp::Reverse((reason.verdict(), *sessions)));
    let text = |(reason, sessions): &(super::reason::Reason, u64)| match *sessions {
        all if all == host.sessions => reason.to_string(),
        some => format!("{reason} ({} of {})", grouped(some), grouped(host.sessions)),
    };
    reasons.into_iter().map(text).collect()
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{:len$}", "", len = width.saturating_sub(text.width()))
}
