//! What is wrong with a rulebase, where, and what to do about it.

use std::fmt::{self, Write as _};
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::secret::secrets;

/// So many errors are shown; the others are only counted.
const SHOWN: usize = 20;
/// So many errors are kept while a file is read, so that a hostile file costs no memory.
const KEPT: usize = 50;
/// So many characters of a source line are shown on each side of an error.
const EXCERPT: usize = 100;
/// Names longer than this are cut where they are shown.
const NAME_SHOWN: usize = 80;
/// So many names of a list are shown.
const LISTED: usize = 10;
/// Names are compared up to this many bytes, with so many others.
const COMPARED: usize = 128;
const CANDIDATES: usize = 20_000;

/// A stretch of a rulebase file, in bytes.
pub(super) type Span = Range<usize>;

/// One error of a rulebase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong: lower case, user text in backticks, no control characters.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where, if it is in the file at all.
    pub at: Option<Place>,
    /// Another place that has to do with it, and what is there.
    pub related: Option<(Place, String)>,
}

/// A place in a rulebase file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The same in bytes from the start of the file.
    pub span: Range<usize>,
}

/// A rulebase that cannot be used, with all that is wrong with it.
///
/// `Display` gives one line per error; [`ConfigError::render`] shows the source lines as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file as it was named.
    pub path: String,
    /// What is wrong, in the order of the file; at most 20.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more errors there are.
    pub more: usize,
    /// The lines that `diagnostics` point at.
    lines: Vec<Excerpt>,
}

/// The part of a source line that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    line: usize,
    /// Where the excerpt starts in the file.
    start: usize,
    /// Whether that is not where the line starts.
    cut: bool,
    text: String,
}

impl ConfigError {
    /// An error about the file as a whole.
    pub(super) fn whole(path: &str, message: impl Into<String>, help: &str) -> Self {
        let help = (!help.is_empty()).then(|| help.to_owned());
        let diagnostic = Diagnostic { message: message.into(), help, at: None, related: None };
        Self { path: path.to_owned(), diagnostics: vec![diagnostic], more: 0, lines: Vec::new() }
    }

    /// One error in a text that is no file, such as an option's value; `path` is what messages call it.
    pub(crate) fn at(path: &str, text: &str, span: &Span, message: String, help: Option<String>) -> Self {
        let mut found = Diagnostics::default();
        found.found.push(Found { message, help, span: Some(span.clone()), related: None });
        found.into_error(path, text)
    }

    /// The errors with the source lines they are about, as a person wants to read them.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let path = escape(&self.path);
        let mut parts: Vec<String> =
            self.diagnostics.iter().map(|error| renderer.render(&[self.group(error, &path)])).collect();
        if self.more > 0 {
            parts.push(format!("and {} more", self.more));
        }
        parts.join("\n\n")
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic, path: &'a str) -> Group<'a> {
        let mut group = Group::with_title(Level::ERROR.primary_title(&diagnostic.message));
        match &diagnostic.at {
            None => group = group.element(Origin::path(path)),
            Some(at) => {
                group = self.show(group, path, at, AnnotationKind::Primary, None);
                if let Some((place, what)) = &diagnostic.related {
                    group = self.show(group, path, place, AnnotationKind::Context, Some(what));
                }
            }
        }
        match &diagnostic.help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        }
    }

    /// Adds the source line of `place`.
    fn show<'a>(
        &'a self,
        group: Group<'a>,
        path: &'a str,
        place: &Place,
        kind: AnnotationKind,
        label: Option<&'a str>,
    ) -> Group<'a> {
        let found = self.lines.iter().find(|excerpt| excerpt.line == place.line && excerpt.holds(place));
        let Some(excerpt) = found else { return group };
        let start = place.span.start - excerpt.start;
        let end = place.span.end.saturating_sub(excerpt.start).clamp(start, excerpt.text.len());
        let snippet = Snippet::source(&excerpt.text)
            .line_start(place.line)
            .annotation(kind.span(start..end).label(label));
        if excerpt.cut {
            // The column within the excerpt is not that within the line.
            return group
                .element(Origin::path(path).line(place.line).char_column(place.column))
                .element(snippet);
        }
        group.element(snippet.path(path))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            f.write_str(&escape(&self.path))?;
            if let Some(at) = &diagnostic.at {
                write!(f, ":{}:{}", at.line, at.column)?;
            }
            write!(f, ": {}", diagnostic.message)?;
            if let Some((place, what)) = &diagnostic.related {
                write!(f, " ({what}: line {})", place.line)?;
            }
            if let Some(help) = &diagnostic.help {
                write!(f, "; {help}")?;
            }
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Errors as they are found, with spans instead of lines.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    found: Vec<Found>,
    more: usize,
    warnings: Vec<String>,
}

#[derive(Debug)]
struct Found {
    message: String,
    help: Option<String>,
    span: Option<Span>,
    related: Option<(Span, String)>,
}

/// The error just reported, to say more about it.
pub(super) struct Reported<'d>(Option<&'d mut Found>);

impl Diagnostics {
    /// Reports an error at `span`.
    pub(super) fn error(&mut self, span: &Span, message: impl Into<String>) -> Reported<'_> {
        self.push(Some(span.clone()), message.into())
    }

    /// Reports an error that is nowhere in the file.
    pub(super) fn general(&mut self, message: impl Into<String>) -> Reported<'_> {
        self.push(None, message.into())
    }

    /// Notes what was read and means less than it says.
    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.found.is_empty()
    }

    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings
    }

    fn push(&mut self, span: Option<Span>, message: String) -> Reported<'_> {
        if self.found.len() == KEPT {
            self.more += 1;
            return Reported(None);
        }
        self.found.push(Found { message, help: None, span, related: None });
        Reported(self.found.last_mut())
    }

    /// The errors in the order of the file, with lines and columns.
    pub(super) fn into_error(mut self, path: &str, text: &str) -> ConfigError {
        self.found.sort_by_key(|found| found.span.as_ref().map(|span| span.start));
        let more = self.more + self.found.len().saturating_sub(SHOWN);
        self.found.truncate(SHOWN);
        let mut lines = Vec::new();
        let mut locate = |span: &Span| {
            let place = place(text, span);
            lines.push(Excerpt::new(text, &place));
            place
        };
        let diagnostics: Vec<Diagnostic> = self
            .found
            .into_iter()
            .map(|found| Diagnostic {
                message: found.message,
                help: found.help,
                at: found.span.as_ref().map(&mut locate),
                related: found.related.map(|(span, what)| (locate(&span), what)),
            })
            .collect();
        let shown: Vec<Span> = lines.iter().map(Excerpt::span).collect();
        for secret in secrets(text, &shown) {
            lines.iter_mut().for_each(|excerpt| excerpt.hide(&secret));
        }
        ConfigError { path: path.to_owned(), diagnostics, more, lines }
    }
}

impl Reported<'_> {
    /// Adds what to do about it.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        self.help_with(|| help.into())
    }

    /// The same, for what takes time to find out: errors that are only counted need none.
    pub(super) fn help_with(mut self, help: impl FnOnce() -> String) -> Self {
        if let Some(found) = &mut self.0 {
            found.help = Some(help());
        }
        self
    }

    /// Adds another place that has to do with it.
    pub(super) fn related(mut self, span: &Span, what: impl Into<String>) {
        if let Some(found) = &mut self.0 {
            found.related = Some((span.clone(), what.into()));
        }
    }
}

impl Excerpt {
    /// The line of `place`, or where it is very long the part of it around the place.
    fn new(text: &str, place: &Place) -> Self {
        let Range { start: from, end: to } = place.span;
        let line_start =
            text.get(..from).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let line_end =
            text.get(from..).and_then(|after| after.find('\n')).map_or(text.len(), |len| from + len);
        let start = text.ceil_char_boundary(line_start.max(from.saturating_sub(EXCERPT)));
        let end = text.floor_char_boundary(line_end.min(to.min(from + EXCERPT) + EXCERPT));
        let shown = text.get(start..end).unwrap_or_default().trim_end_matches('\r');
        let text = shown.chars().map(harmless).collect();
        Self { line: place.line, start, cut: start > line_start, text }
    }

    /// Where the excerpt stands in the file.
    fn span(&self) -> Span {
        self.start..self.start + self.text.len()
    }

    /// Puts stars in place of a part of the file; as many bytes, since spans must keep their places.
    fn hide(&mut self, part: &Span) {
        let from = self.text.floor_char_boundary(part.start.saturating_sub(self.start));
        let to = self.text.ceil_char_boundary(part.end.saturating_sub(self.start));
        if from < to {
            self.text.replace_range(from..to, &"*".repeat(to - from));
        }
    }

    fn holds(&self, place: &Place) -> bool {
        (self.start..=self.start + self.text.len()).contains(&place.span.start)
    }
}

/// `name` in backticks, fit for a terminal.
pub(crate) fn quote(name: &str) -> String {
    let mut text = escape(name);
    if let Some((cut, _)) = text.char_indices().nth(NAME_SHOWN) {
        text.truncate(cut);
        text.push('…');
    }
    format!("`{text}`")
}

/// Names in backticks, of a long list the first few.
pub(super) fn quote_some(names: &[&str]) -> String {
    let few: Vec<String> = names.iter().take(LISTED).map(|name| quote(name)).collect();
    let text = few.join(", ");
    match names.len() - few.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// How alike two names are, from 0 to 1; a slip of the keyboard, or a part of the name, counts as like it.
fn likeness(name: &str, candidate: &str) -> f64 {
    let likeness = strsim::jaro_winkler(name, candidate);
    if name.len() >= 3 && strsim::osa_distance(name, candidate) == 1 {
        likeness.max(0.9)
    } else if name.len() >= 4 && candidate.contains(name) {
        likeness.max(0.85)
    } else {
        likeness
    }
}

/// Escapes what a terminal would act on.
pub(super) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        if is_hidden(c) {
            escaped.extend(c.escape_default())
        } else {
            escaped.push(c)
        }
        escaped
    })
}

/// Control characters, and those that are not seen or turn the direction of writing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The same for a source line, where spans must keep their places: a stand-in of as many bytes.
pub(super) fn harmless(c: char) -> char {
    match c.len_utf8() {
        _ if c == '\t' || !is_hidden(c) => c,
        1 => '?',
        2 => '·',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// ``did you mean `name`?`` for the candidate that is most like `name`, or else `otherwise`.
pub(crate) fn did_you_mean<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
    otherwise: &str,
) -> String {
    match nearest(name, candidates) {
        Some(nearest) => format!("did you mean {}?", quote(nearest)),
        None => otherwise.to_owned(),
    }
}

/// The candidate most like `name`, if one is like it at all. Of a very long list only the first part is looked at.
pub(crate) fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let key = name.get(..name.floor_char_boundary(COMPARED)).unwrap_or(name).to_lowercase();
    candidates
        .into_iter()
        .take(CANDIDATES)
        .filter(|candidate| candidate.len() <= COMPARED)
        .map(|candidate| (likeness(&key, &candidate.to_lowercase()), candidate))
        .filter(|&(likeness, _)| likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

fn place(text: &str, span: &Span) -> Place {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(start);
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
        column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1,
        span: start..end,
    }
}
