//! PAN-OS's pattern language.
//!
//! Sources: PAN-OS, "Custom Signature Pattern Requirements" and "Syntax for Regular Expression Data Patterns", classic
//! (before 10.0) and enhanced (since). Both are read alike: what the classic one refuses is a [`Doubt`].
//!
//! What no source says is assumed: case counts unless `(?i)` says otherwise, a period stands for any byte, and a brace
//! or a bracket that begins nothing stands for itself.

use std::fmt;
use std::fmt::Write as _;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// So many fixed bytes in a row the classic language asks for.
const FIXED_MIN: usize = 7;
/// So many characters a pattern may have.
const LENGTH_MAX: usize = 127;
/// Patterns longer than this are not read at all.
const LENGTH_READ: usize = 8192;
/// A class of more bytes than this stands for nearly anything.
const BROAD: usize = 128;
/// How deep groups may nest.
const NESTED_MAX: u32 = 40;

/// A pattern as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As it was written.
    text: String,
    /// Without what any bytes before and behind add.
    hir: Hir,
}

/// Why a pattern means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternError {
    /// `\x` that no other one ends, or something else than pairs of hexadecimal digits between the two.
    Hex,
    /// A letter or digit behind a backslash that has no meaning, or nothing behind it.
    Escape(Option<char>),
    /// A group that begins with `(?` and is none of those understood.
    Group,
    /// Any other mistake, in the words of the parser.
    Syntax(String),
    /// It fits everywhere, also where nothing is.
    FitsNothing,
    /// It has more than so many bytes.
    Long(usize),
}

/// What a firewall may say against a pattern that is understood here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// So many fixed bytes in a row, where 7 are needed before PAN-OS 10.0.
    Short(usize),
    /// So many characters, where 127 are the most.
    Long(usize),
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hex => f.write_str(r"bytes in hexadecimal are written as `\x0d 0a\x`, from `\x` to `\x`"),
            Self::Escape(Some(character)) => write!(f, r"`\{}` has no meaning", character.escape_default()),
            Self::Escape(None) => f.write_str("nothing follows the last backslash"),
            Self::Group => {
                f.write_str("of groups with `(?`, only `(?i)`, `(?i:...)` and `(?:...)` are understood")
            }
            Self::Syntax(what) => f.write_str(what),
            Self::FitsNothing => f.write_str("it fits everywhere, also where there is nothing"),
            Self::Long(most) => write!(f, "it has more than {most} bytes"),
        }
    }
}

impl std::error::Error for PatternError {}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > LENGTH_READ {
            return Err(PatternError::Long(LENGTH_READ));
        }
        let translated = translate(text)?;
        let mut parser = ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .dot_matches_new_line(true)
            .nest_limit(NESTED_MAX)
            .build();
        let hir = parser.parse(&translated).map_err(|error| PatternError::Syntax(reason(&error)))?;
        if hir.properties().minimum_len().is_none_or(|least| least == 0) {
            return Err(PatternError::FitsNothing);
        }
        Ok(Self { text: text.to_owned(), hir: trim(hir) })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a firewall may say against it.
    pub fn doubt(&self) -> Option<Doubt> {
        let length = self.text.chars().count();
        let fixed = Run::of(&self.hir).best;
        if fixed < FIXED_MIN {
            Some(Doubt::Short(fixed))
        } else {
            (length > LENGTH_MAX).then_some(Doubt::Long(length))
        }
    }

    /// The same for automata.
    pub(super) const fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Whether what follows decides if it has ended: `$`, or a word's end.
    pub(super) fn looks_ahead(&self) -> bool {
        !self.hir.properties().look_set_suffix_any().is_empty()
    }

    /// Whether nearly anything may stand somewhere inside it, however long.
    pub(super) fn has_gap(&self) -> bool {
        has_gap(&self.hir)
    }
}

fn has_gap(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Capture(capture) => has_gap(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(has_gap),
        HirKind::Repetition(repetition) => {
            let is_broad = matches!(
                repetition.sub.kind(),
                HirKind::Class(Class::Bytes(class))
                    if class.ranges().iter().map(|range| range.len()).sum::<usize>() > BROAD
            );
            is_broad && repetition.max.is_none() || has_gap(&repetition.sub)
        }
    }
}

/// The first line of what the parser says, without the pattern that it has put around it.
fn reason(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it is no pattern".to_owned(),
    }
}

/// The pattern in the words of the parser.
fn translate(text: &str) -> Result<String, PatternError> {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        rest = match character {
            '\\' => escape(after, &mut out, false)?,
            '[' => class(after, &mut out)?,
            '(' if after.starts_with('?') => group(after, &mut out)?,
            '{' if !is_count(after) => literal(&mut out, '{', after),
            '^' | '$' | '.' | '|' | '(' | ')' | '?' | '*' | '+' => {
                out.push(character);
                after
            }
            '{' => {
                let end = after.find('}').map_or(0, |end| end + 1);
                out.push('{');
                out.push_str(after.get(..end).unwrap_or_default());
                after.get(end..).unwrap_or_default()
            }
            _ => literal(&mut out, character, after),
        };
    }
    Ok(out)
}

/// Whether `3}`, `3,}` or `3,5}` follows a brace.
fn is_count(after: &str) -> bool {
    let Some((inside, _)) = after.split_once('}') else { return false };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !low.is_empty() && is_number(low) && is_number(high)
}

/// Writes the bytes of a character that stands for itself.
fn literal<'t>(out: &mut String, character: char, after: &'t str) -> &'t str {
    let mut buffer = [0; 4];
    for byte in character.encode_utf8(&mut buffer).bytes() {
        byte_literal(out, byte);
    }
    after
}

fn byte_literal(out: &mut String, byte: u8) {
    // Writing to a string does not fail.
    let _ = write!(out, "\\x{byte:02x}");
}

/// What follows a backslash; inside brackets, words such as `\b` have no meaning.
fn escape<'t>(after: &'t str, out: &mut String, in_class: bool) -> Result<&'t str, PatternError> {
    let character = after.chars().next().ok_or(PatternError::Escape(None))?;
    let rest = after.get(character.len_utf8()..).unwrap_or_default();
    match character {
        'x' => return hex(rest, out),
        'n' => byte_literal(out, b'\n'),
        'r' => byte_literal(out, b'\r'),
        't' => byte_literal(out, b'\t'),
        'f' => byte_literal(out, 0x0c),
        'v' => byte_literal(out, 0x0b),
        'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
            out.push('\\');
            out.push(character);
        }
        'b' | 'B' if !in_class => {
            out.push('\\');
            out.push(character);
        }
        _ if character.is_alphanumeric() => return Err(PatternError::Escape(Some(character))),
        _ => return Ok(literal(out, character, rest)),
    }
    Ok(rest)
}

/// `0d 0a\x`: pairs of digits up to the next `\x`, with or without spaces.
fn hex<'t>(after: &'t str, out: &mut String) -> Result<&'t str, PatternError> {
    let (inside, rest) = after.split_once("\\x").ok_or(PatternError::Hex)?;
    let mut digits = inside.chars().filter(|character| *character != ' ');
    let mut some = false;
    while let Some(high) = digits.next() {
        let value = |digit: Option<char>| digit.and_then(|digit| digit.to_digit(16)).ok_or(PatternError::Hex);
        let byte = value(Some(high))? << 4 | value(digits.next())?;
        byte_literal(out, u8::try_from(byte).map_err(|_| PatternError::Hex)?);
        some = true;
    }
    if some { Ok(rest) } else { Err(PatternError::Hex) }
}

/// A group that begins with `(?`.
fn group<'t>(after: &'t str, out: &mut String) -> Result<&'t str, PatternError> {
    let kinds = ["?i)", "?-i)", "?i:", "?-i:", "?:"];
    let kind = kinds.iter().find(|kind| after.starts_with(**kind)).ok_or(PatternError::Group)?;
    out.push('(');
    out.push_str(kind);
    Ok(after.get(kind.len()..).unwrap_or_default())
}

/// `[...]`: every character in it that has no meaning there stands for itself.
fn class<'t>(after: &'t str, out: &mut String) -> Result<&'t str, PatternError> {
    out.push('[');
    let mut rest = after;
    if let Some(negated) = rest.strip_prefix('^') {
        out.push('^');
        rest = negated;
    }
    let mut is_first = true;
    while let Some(character) = rest.chars().next() {
        let next = rest.get(character.len_utf8()..).unwrap_or_default();
        rest = match character {
            ']' if !is_first => {
                out.push(']');
                return Ok(next);
            }
            '\\' => escape(next, out, true)?,
            '-' if !is_first && !next.starts_with(']') => {
                out.push('-');
                next
            }
            _ => literal(out, character, next),
        };
        is_first = false;
    }
    Err(PatternError::Syntax("unclosed bracket".to_owned()))
}

/// Without any number of any bytes at either end: where a match may be anywhere, they say nothing.
fn trim(hir: Hir) -> Hir {
    if !matches!(hir.kind(), HirKind::Concat(_)) {
        return hir;
    }
    let HirKind::Concat(mut parts) = hir.into_kind() else { return Hir::fail() };
    let last = parts.len().saturating_sub(1);
    for end in [last, 0] {
        if let Some(part) = parts.get_mut(end)
            && let HirKind::Repetition(any) = part.kind()
            && any.max.is_none()
            && is_any(&any.sub)
        {
            let least = Repetition { max: Some(any.min), ..any.clone() };
            *part = Hir::repetition(least);
        }
    }
    Hir::concat(parts)
}

fn is_any(hir: &Hir) -> bool {
    matches!(hir.kind(), HirKind::Class(Class::Bytes(class)) if class.ranges().first().is_some_and(|range| range.len() == 256))
}

/// Bytes that every match has in a row.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// At its beginning.
    first: usize,
    /// At its end.
    last: usize,
    /// Anywhere.
    best: usize,
    /// Whether it is nothing but fixed bytes.
    all: bool,
}

impl Run {
    const NONE: Self = Self { first: 0, last: 0, best: 0, all: false };

    const fn fixed(count: usize) -> Self {
        Self { first: count, last: count, best: count, all: true }
    }

    fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::fixed(0),
            HirKind::Literal(literal) => Self::fixed(literal.0.len()),
            HirKind::Class(class) => Self::of_class(class),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Repetition(repetition) => Self::of_repetition(repetition),
            HirKind::Concat(parts) => parts.iter().map(Self::of).fold(Self::fixed(0), Self::then),
            HirKind::Alternation(parts) => parts.iter().map(Self::of).reduce(Self::or).unwrap_or(Self::NONE),
        }
    }

    /// A letter in either case counts as one that is fixed.
    fn of_class(class: &Class) -> Self {
        let Class::Bytes(class) = class else { return Self::NONE };
        match class.ranges() {
            [one, other]
                if one.len() == 1 && other.len() == 1 && one.start().eq_ignore_ascii_case(&other.start()) =>
            {
                Self::fixed(1)
            }
            _ => Self::NONE,
        }
    }

    fn of_repetition(repetition: &Repetition) -> Self {
        let sub = Self::of(&repetition.sub);
        let least = repetition.min as usize;
        let times = if repetition.max == Some(repetition.min) { least } else { least.min(LENGTH_READ) };
        match (sub.all, least) {
            (_, 0) => Self { all: repetition.max == Some(0), ..Self::NONE },
            (true, _) => Self {
                all: repetition.max == Some(repetition.min),
                ..Self::fixed(sub.first.saturating_mul(times))
            },
            (false, 1) => sub,
            (false, _) => sub.then(sub),
        }
    }

    fn then(self, next: Self) -> Self {
        let joined = self.last.saturating_add(next.first);
        Self {
            first: if self.all { joined } else { self.first },
            last: if next.all { joined } else { next.last },
            best: self.best.max(next.best).max(joined),
            all: self.all && next.all,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.min(other.last),
            best: self.best.min(other.best),
            all: self.all && other.all && self.first == other.first,
        }
    }
}
