//! A document's sections and fenced blocks. Everything else is prose.

use super::DocumentError;

/// A heading and what stands under it, up to the next heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Section<'t> {
    /// Title of the document and, below its first heading, of the section.
    pub(super) name: String,
    /// Line of the heading.
    pub(super) line: usize,
    /// Fenced blocks, in order.
    pub(super) blocks: Vec<Block<'t>>,
    /// `known-failure: REASON`.
    pub(super) known_failure: Option<String>,
    /// Whether there is any prose before its packets.
    pub(super) has_prose: bool,
}

/// A fenced block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block<'t> {
    /// What follows the backticks.
    pub(super) info: &'t str,
    /// Line of its first content line, counted from 1.
    pub(super) line: usize,
    /// The content with its line ends.
    pub(super) text: &'t str,
}

impl<'t> Block<'t> {
    /// Its lines with their numbers in the document.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'t str)> + use<'t> {
        (self.line..).zip(self.text.lines())
    }
}

const FENCE: &str = "```";

/// Splits a document at its headings.
pub(super) fn sections(text: &str) -> Result<Vec<Section<'_>>, DocumentError> {
    let mut sections = vec![Section { line: 1, ..Section::default() }];
    let mut title = String::new();
    let mut open: Option<(usize, usize, &str)> = None;
    let mut offset = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let (start, trimmed) = (offset, line.trim_end());
        offset += line.len();
        let Some(section) = sections.last_mut() else { continue };
        if let Some((first, begin, info)) = open {
            if trimmed == FENCE {
                let text = text.get(begin..start).unwrap_or_default();
                section.blocks.push(Block { info, line: first, text });
                open = None;
            }
        } else if let Some(info) = trimmed.strip_prefix(FENCE) {
            open = Some((number + 1, offset, info.trim()));
        } else if trimmed.starts_with('#') {
            let heading = trimmed.trim_start_matches('#').trim();
            let name = if title.is_empty() { heading.to_owned() } else { format!("{title}: {heading}") };
            if title.is_empty() {
                heading.clone_into(&mut title);
            }
            sections.push(Section { name, line: number, ..Section::default() });
        } else if let Some(reason) = trimmed.strip_prefix("known-failure:") {
            section.known_failure = Some(reason.trim().to_owned());
        } else {
            let early = section.blocks.iter().all(|block| block.info != "packets");
            section.has_prose |= early && !trimmed.is_empty();
        }
    }
    match open {
        Some((first, ..)) => Err(DocumentError::new(first - 1, "this block is never closed")),
        None => Ok(sections),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_blocks() {
        let text = "# A\nprose\n```toml rules\nx = 1\n```\n## B\nknown-failure: not yet\n```packets\n# no heading\n```\n";
        let sections = sections(text).unwrap();
        let names: Vec<_> = sections.iter().map(|section| (section.name.as_str(), section.line)).collect();
        assert_eq!(names, [("", 1), ("A", 1), ("A: B", 6)]);
        assert_eq!(sections[1].blocks, [Block { info: "toml rules", line: 4, text: "x = 1\n" }]);
        assert!(sections[1].has_prose && !sections[2].has_prose);
        assert_eq!(sections[2].blocks, [Block { info: "packets", line: 9, text: "# no heading\n" }]);
        assert_eq!(sections[2].known_failure, Some("not yet".to_owned()));
    }

    #[test]
    fn an_open_block_is_an_error() {
        assert_eq!(
            sections("a\n```packets\nx\n").unwrap_err().to_string(),
            "line 2: this block is never closed"
        );
    }
}
