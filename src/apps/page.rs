//! Lines and tables for people, in the width there is.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::report::style::{Paint, Role};
use crate::report::text::Look;
use crate::report::wrap;

/// Columns where it is not for a terminal.
const WIDTH: usize = 120;
/// No narrower than this, whatever the terminal says.
const NARROWEST: usize = 72;
/// Spaces between the columns of a table.
const GAP: usize = 2;
/// Columns that the labels of a sheet take.
const LABEL: usize = 20;

/// Where lines go.
pub(crate) struct Page<'o> {
    out: &'o mut dyn Write,
    paint: Paint,
    width: usize,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// What stands above it.
    pub(crate) heading: &'static str,
    /// Whether it is a number.
    pub(crate) right: bool,
    /// It may be cut to this width where the table is too wide; `None` keeps it whole.
    pub(crate) least: Option<usize>,
}

impl Column {
    /// A text that is never cut.
    pub(crate) const fn whole(heading: &'static str) -> Self {
        Self { heading, right: false, least: None }
    }

    /// A text that may be cut.
    pub(crate) const fn text(heading: &'static str, least: usize) -> Self {
        Self { heading, right: false, least: Some(least) }
    }

    /// A number.
    pub(crate) const fn number(heading: &'static str) -> Self {
        Self { heading, right: true, least: None }
    }
}

impl<'o> Page<'o> {
    pub(crate) fn new(out: &'o mut dyn Write, look: Look) -> Self {
        let width = look.width.unwrap_or(WIDTH).max(NARROWEST);
        Self { out, paint: Paint { color: look.color }, width }
    }

    /// A sentence in as many lines as it needs.
    pub(crate) fn line(&mut self, indent: usize, role: Role, text: &str) -> io::Result<()> {
        self.hanging(indent, 0, role, text)
    }

    /// The same with the further lines set in by `more`.
    pub(crate) fn hanging(&mut self, indent: usize, more: usize, role: Role, text: &str) -> io::Result<()> {
        for (number, part) in wrap::sentence(text, self.width - indent - more).iter().enumerate() {
            let indent = if number == 0 { indent } else { indent + more };
            writeln!(self.out, "{:indent$}{}", "", self.paint.on(role, part))?;
        }
        Ok(())
    }

    /// Parts with dots between them, in as many lines as they need.
    pub(crate) fn parts(&mut self, role: Role, parts: &[String]) -> io::Result<()> {
        for line in wrap::lines(parts, " · ", self.width) {
            writeln!(self.out, "{}", self.paint.on(role, line))?;
        }
        Ok(())
    }

    /// Whether there is little room, so that a table does with less.
    pub(crate) const fn is_narrow(&self) -> bool {
        self.width < 100
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A heading and what explains it behind it.
    pub(crate) fn heading(&mut self, heading: &str, about: &str) -> io::Result<()> {
        let first = self.paint.on(Role::Heading, heading);
        let room = self.width.saturating_sub(heading.width() + GAP);
        if about.is_empty() {
            return writeln!(self.out, "{first}");
        }
        if about.width() <= room {
            return writeln!(self.out, "{first}  {}", self.paint.on(Role::Quiet, about));
        }
        writeln!(self.out, "{first}")?;
        self.line(0, Role::Quiet, about)
    }

    /// A label with items behind it, in as many lines as they need; nothing where there are none.
    pub(crate) fn items(&mut self, label: &str, items: &[String], separator: &str) -> io::Result<()> {
        let lines = wrap::lines(items, separator, self.width - LABEL - 2);
        self.labelled(label, &lines)
    }

    /// A label with a sentence behind it.
    pub(crate) fn sentence(&mut self, label: &str, text: &str) -> io::Result<()> {
        let lines = wrap::sentence(text, self.width - LABEL - 2);
        self.labelled(label, &lines)
    }

    fn labelled(&mut self, label: &str, lines: &[String]) -> io::Result<()> {
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            writeln!(self.out, "  {}{line}", self.paint.on(Role::Quiet, format!("{label:<LABEL$}")))?;
        }
        Ok(())
    }

    /// A table in the width there is: those of the columns that have most to spare give way first.
    pub(crate) fn table(&mut self, columns: &[Column], rows: &[Vec<String>]) -> io::Result<()> {
        let mut widths: Vec<usize> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.width());
                cells.chain([column.heading.width()]).max().unwrap_or(0)
            })
            .collect();
        while widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1) > self.width {
            let spare = columns.iter().zip(&mut widths).filter_map(|(column, width)| {
                let least = column.least?.max(column.heading.width());
                (*width > least).then(|| (*width - least, width))
            });
            let Some((_, widest)) = spare.max_by_key(|(spare, _)| *spare) else { break };
            *widest -= 1;
        }
        let headings: Vec<String> = columns.iter().map(|column| column.heading.to_owned()).collect();
        self.row(columns, &widths, &headings, Some(Role::Heading))?;
        for row in rows {
            self.row(columns, &widths, row, None)?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        columns: &[Column],
        widths: &[usize],
        cells: &[String],
        role: Option<Role>,
    ) -> io::Result<()> {
        let mut line = String::new();
        // Spaces wait until something follows them.
        let mut spaces = 0;
        for (number, ((column, &width), cell)) in columns.iter().zip(widths).zip(cells).enumerate() {
            let cell = wrap::fit(cell, width);
            let pad = width - cell.width();
            spaces += if number == 0 { 0 } else { GAP };
            if column.right {
                spaces += pad;
            }
            if !cell.is_empty() {
                line.extend(std::iter::repeat_n(' ', std::mem::take(&mut spaces)));
                let plain = if number == 0 { Role::Name } else { Role::Plain };
                line.push_str(&self.paint.on(role.unwrap_or(plain), cell).to_string());
            }
            if !column.right {
                spaces += pad;
            }
        }
        writeln!(self.out, "{line}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: usize) -> String {
        let columns = [Column::text("name", 6), Column::number("n"), Column::text("what", 8)];
        let rows = [["a-long-name", "1", "a text that is long"], ["b", "22", ""]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        let mut out = Vec::new();
        let mut page = Page { out: &mut out, paint: Paint { color: false }, width };
        page.table(&columns, &rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tables_give_way() {
        assert_eq!(
            table(40),
            "name          n  what\na-long-name   1  a text that is long\nb            22\n"
        );
        assert_eq!(table(30), "name          n  what\na-long-name   1  a text that …\nb            22\n");
        assert_eq!(table(1), "name     n  what\na-lon…   1  a text …\nb       22\n");
    }
}
