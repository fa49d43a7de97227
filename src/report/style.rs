//! Colours and numbers of the report for people.

use std::fmt;

use anstyle::{AnsiColor, Effects, Style};

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Heading,
    /// What explains the rest.
    Quiet,
    /// Blocked.
    Deny,
    /// Passed before it was known what it is.
    Leak,
    /// A change to make; all well.
    Good,
    /// A rule, a column.
    Name,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    pub(crate) color: bool,
}

impl Paint {
    pub(crate) fn on<T: fmt::Display>(self, role: Role, text: T) -> Painted<T> {
        Painted { style: if self.color { role.style() } else { Style::new() }, text }
    }
}

impl Role {
    const fn style(self) -> Style {
        let style = Style::new();
        match self {
            Self::Plain => style,
            Self::Heading => style.effects(Effects::BOLD),
            Self::Quiet => style.effects(Effects::DIMMED),
            Self::Deny => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
            Self::Leak => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
            Self::Good => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
            Self::Name => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))),
        }
    }
}

/// A text in its colour.
pub(crate) struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.style.render(), self.text, self.style.render_reset())
    }
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 session`, `2 sessions`.
pub(crate) fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A size for people: `999 B`, `1.5 kB`, `12 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) if bytes >= unit * 100 => format!("{} {name}", bytes / unit),
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [999, 1_000, 20_829, 109_990, 1_500_000, u64::MAX].map(size),
            ["999 B", "1.0 kB", "20.8 kB", "109 kB", "1.5 MB", "18446744 TB"]
        );
        assert_eq!([count(1, "session"), count(0, "packet")], ["1 session", "0 packets"]);
    }

    #[test]
    fn colours_only_where_wanted() {
        assert_eq!(Paint { color: false }.on(Role::Deny, "x").to_string(), "x");
        assert_eq!(Paint { color: true }.on(Role::Deny, "x").to_string(), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(Paint { color: true }.on(Role::Plain, "x").to_string(), "x");
    }
}
