//! Aligned tables: columns between `|`, the first line names them.

use super::DocumentError;
use super::markdown::Block;

/// A cell that says nothing.
pub(super) const ANY: &str = "_";

/// A table as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// Names of the columns.
    pub(super) columns: Vec<String>,
    /// Line and cells of each row.
    pub(super) rows: Vec<(usize, Vec<String>)>,
}

impl Table {
    /// Reads a block; empty lines and lines that begin with `#` say nothing.
    pub(super) fn parse(block: &Block<'_>) -> Result<Self, DocumentError> {
        let mut lines = block.lines().filter(|(_, line)| !is_comment(line));
        let (line, header) =
            lines.next().ok_or_else(|| DocumentError::new(block.line, "a table needs its header"))?;
        let columns = cells(header);
        if columns.iter().any(String::is_empty) {
            return Err(DocumentError::new(line, "a column without name"));
        }
        let rows = lines
            .map(|(line, text)| match cells(text) {
                row if row.len() == columns.len() => Ok((line, row)),
                row => {
                    let what = format!("{} cells under {} columns", row.len(), columns.len());
                    Err(DocumentError::new(line, what))
                }
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { columns, rows })
    }

    /// The table aligned.
    pub(super) fn render(columns: &[String], rows: &[Vec<String>]) -> String {
        let lines = || std::iter::once(columns).chain(rows.iter().map(Vec::as_slice));
        let widths: Vec<usize> = (0..columns.len())
            .map(|column| {
                lines().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in lines() {
            let mut line = String::new();
            for (index, (cell, width_max)) in row.iter().zip(&widths).enumerate() {
                line.push_str(if index == 0 { "" } else { " | " });
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width_max - width(cell)));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

pub(super) fn is_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

fn cells(line: &str) -> Vec<String> {
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_and_render() {
        let text = "a|long name\n# comment\n1 | x y\n_ |\n";
        let table = Table::parse(&Block { info: "rows", line: 5, text }).unwrap();
        assert_eq!(table.columns, ["a", "long name"]);
        assert_eq!(table.rows[1], (8, vec!["_".to_owned(), String::new()]));
        let rows: Vec<_> = table.rows.into_iter().map(|(_, cells)| cells).collect();
        assert_eq!(Table::render(&table.columns, &rows), "a | long name\n1 | x y\n_ |\n");
        let error = Table::parse(&Block { info: "rows", line: 5, text: "a|b\n1\n" }).unwrap_err();
        assert_eq!(error.to_string(), "line 6: 1 cells under 2 columns");
    }
}
