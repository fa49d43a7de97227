//! Fitting text into a width, counted in terminal columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` in at most `width` columns, with an ellipsis where something is left out.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// `text` in at most `width` columns, with an ellipsis in place of its middle.
pub(crate) fn fit_middle(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let head = fit(text, width.div_ceil(2));
    let mut tail = text;
    while head.width() + tail.width() > width {
        let mut chars = tail.chars();
        chars.next();
        tail = chars.as_str();
    }
    format!("{head}{tail}")
}

/// Joins `items` into lines of at most `width` columns with `separator` between them. An item is never broken unless
/// it is too long for a line of its own; then it is cut.
pub(crate) fn lines(items: &[String], separator: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.width() + separator.width() + item.width() <= width => {
                line.push_str(separator);
                line.push_str(item);
            }
            _ => lines.push(fit(item, width)),
        }
    }
    lines
}

/// The words of a sentence in lines of at most `width` columns. A piece in backticks counts as one word.
pub(crate) fn sentence(text: &str, width: usize) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quoted = false;
    for word in text.split(' ') {
        match words.last_mut() {
            Some(last) if quoted => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        quoted ^= word.matches('`').count() % 2 == 1;
    }
    lines(&words, " ", width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_by_display_width() {
        assert_eq!(fit("short", 5), "short");
        assert_eq!(fit("longer", 5), "long…");
        assert_eq!(fit("東京都庁", 6), "東京…");
        assert_eq!(fit("xy", 0), "");
        assert_eq!(fit_middle("tcp-rst-from-server", 19), "tcp-rst-from-server");
        assert_eq!(fit_middle("tcp-rst-from-server", 13), "tcp-rs…server");
        assert_eq!(fit_middle("tcp-rst-from-server", 2), "…r");
        assert_eq!(fit_middle("xy", 0), "");
    }

    #[test]
    fn wraps() {
        assert_eq!(sentence("a `b c` d", 5), ["a", "`b c`", "d"]);
        assert_eq!(sentence("one two three", 8), ["one two", "three"]);
        assert_eq!(lines(&["a".to_owned(), "b".to_owned(), "c".to_owned()], " · ", 5), ["a · b", "c"]);
    }
}
