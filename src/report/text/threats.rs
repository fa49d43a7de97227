//! **Threats**: what security profiles have acted on; left out where there is nothing.

use std::io::{self, Write};

use super::table::clock;
use crate::report::style::{Paint, Role, count};
use crate::report::threats::Threats;
use crate::report::wrap;
use crate::time::Timestamp;

/// So many are told one by one.
const SHOWN: usize = 20;

/// Writes the part; times count from `base`.
pub(super) fn write(
    out: &mut dyn Write,
    threats: &Threats,
    base: Option<Timestamp>,
    paint: Paint,
    width: usize,
) -> io::Result<()> {
    if threats.rows().is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.on(Role::Heading, "Threats"))?;
    for row in threats.rows().iter().take(SHOWN) {
        let at = base.map_or_else(String::new, |base| clock(row.time.since(base)));
        let id = row.threatid.map_or_else(String::new, |id| format!("({id})"));
        let head = format!("{at:>9}  session {} packet {}  {}", row.sessionid, row.packet, row.subtype);
        let text = format!("{head}  {}{id}  {}  {}  {}", row.threat_name, row.severity, row.action, row.misc);
        let role = if row.action == "alert" { Role::Plain } else { Role::Deny };
        writeln!(out, "{}", paint.on(role, wrap::fit(text.trim_end(), width)))?;
    }
    let more = threats.rows().len().saturating_sub(SHOWN) as u64 + threats.more();
    if more > 0 {
        writeln!(out, "{}", paint.on(Role::Quiet, format!("… and {}", count(more, "more threat"))))?;
    }
    Ok(())
}
