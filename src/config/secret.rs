//! What is never shown of a rulebase file: configurations hold password hashes, keys and communities.
//!
//! A source line is shown without what stands in, or behind, a word such as `phash` or `private-key`, and without what
//! has the form of a hash or a key, whatever is before it. In doubt, too much is hidden.

use memchr::memmem;

use super::diagnostic::Span;
use super::panos::{self, Syntax};

/// Parts of a name that say that its value is secret.
const SECRET: &[&str] = &[
    "authpwd",
    "community",
    "credential",
    "credentials",
    "hash",
    "key",
    "keys",
    "md5",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "phash",
    "pin",
    "ppk",
    "preshared",
    "privpwd",
    "psk",
    "pwd",
    "secret",
    "secrets",
    "token",
];
/// From this length on, letters and digits without a break are taken for a key.
const BLOB: usize = 24;

/// The parts of `text` that hold secrets, of those that touch one of `windows`.
pub(super) fn secrets(text: &str, windows: &[Span]) -> Vec<Span> {
    let end = windows.iter().map(|window| window.end).max().unwrap_or(0);
    let is_xml = panos::syntax(text) == Some(Syntax::Xml);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = word(text, at).filter(|word| word.start < end) {
        let secret = if is_xml { in_element(text, &word) } else { behind_word(text, &word) };
        let secret = secret.or_else(|| by_form(text, &word));
        at = secret.as_ref().map_or(word.end, |secret| secret.end).max(word.end);
        found.extend(secret.filter(|secret| {
            windows.iter().any(|window| secret.start < window.end && window.start < secret.end)
        }));
    }
    found
}

/// The next word from `at` on.
fn word(text: &str, at: usize) -> Option<Span> {
    let rest = text.as_bytes().get(at..)?;
    let start = at + rest.iter().position(|&byte| !is_break(byte))?;
    let len = text.as_bytes().get(start..)?.iter().position(|&byte| is_break(byte));
    Some(start..len.map_or(text.len(), |len| start + len))
}

const fn is_break(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b'<' | b'>' | b'"' | b'\'' | b';' | b'{' | b'}' | b'[' | b']' | b',')
}

fn is_secret(name: &str) -> bool {
    name.split(['-', '_']).any(|part| SECRET.iter().any(|secret| part.eq_ignore_ascii_case(secret)))
}

/// `<phash>…</phash>`: all of it, and the rest of the file where it is not closed.
fn in_element(text: &str, word: &Span) -> Option<Span> {
    let (before, rest) = text.split_at_checked(word.start)?;
    let name = text.get(word.clone())?;
    if !before.ends_with('<') || !is_secret(name) {
        return None;
    }
    let tag = rest.find('>')?;
    if rest.get(..tag)?.ends_with('/') {
        return None;
    }
    let start = word.start + tag + 1;
    let inside = text.get(start..)?;
    let close = format!("</{name}");
    Some(start..start + memmem::find(inside.as_bytes(), close.as_bytes()).unwrap_or(inside.len()))
}

/// `phash …`: the rest of the line, and of a value in quotes, brackets or braces that goes on.
fn behind_word(text: &str, word: &Span) -> Option<Span> {
    let rest = text.get(word.end..)?;
    let value = rest.trim_start_matches([' ', '\t']);
    if !is_secret(text.get(word.clone())?) || value.len() == rest.len() || value.starts_with('=') {
        return None;
    }
    let start = text.len() - value.len();
    let len = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => closing(value, quote),
        Some('[') => value.find(']'),
        Some('{') => value.find('}'),
        _ => Some(0),
    };
    let end = start + len.unwrap_or(value.len());
    let line = text.get(end..)?;
    Some(start..end + line.find('\n').unwrap_or(line.len()))
}

/// Where a value in quotes ends: at a quote that a break follows, and no backslash comes before.
fn closing(value: &str, quote: char) -> Option<usize> {
    let bytes = value.as_bytes();
    value.match_indices(quote).skip(1).map(|(index, _)| index).find(|&index| {
        let (before, after) = (bytes.get(index.saturating_sub(1)), bytes.get(index + 1));
        before != Some(&b'\\') && after.is_none_or(|&byte| is_break(byte))
    })
}

/// What looks like a hash, an encrypted value or a key.
fn by_form(text: &str, word: &Span) -> Option<Span> {
    let content = text.get(word.clone())?;
    if content.starts_with("-----BEGIN") {
        let rest = text.get(word.start..)?;
        return Some(
            word.start..word.start + memmem::find(rest.as_bytes(), b"-----END").unwrap_or(rest.len()),
        );
    }
    let is_hash = content.strip_prefix('$').is_some_and(|rest| rest.contains('$'));
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let is_blob = content.len() >= BLOB
        && content.bytes().all(is_base64)
        && content.bytes().any(|byte| byte.is_ascii_digit())
        && content.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_hash || is_blob || content.starts_with("-AQ=")).then(|| word.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text with a star for each secret.
    fn without(text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in secrets(text, std::slice::from_ref(&(0..text.len()))).into_iter().rev() {
            shown.replace_range(secret, "*");
        }
        shown
    }

    #[test]
    fn secrets_are_found_and_nothing_else() {
        let table = [
            // Set commands and braces.
            ("set mgt-config users admin phash S3CR", "set mgt-config users admin phash *"),
            ("set a bind-password S3CR description d\nset b", "set a bind-password *\nset b"),
            ("set a psk \"S3C\nR3T\" x\nset b", "set a psk *\nset b"),
            ("set a psk \"S3C", "set a psk *"),
            ("set a snmp-community-string S3CR", "set a snmp-community-string *"),
            ("set x\na { phash S3CR; }\nb", "set x\na { phash *\nb"),
            ("set a psk \"S\\\"3\nCR\" x\nset b", "set a psk *\nset b"),
            ("a { community {\n S3CR;\n}\n}", "a { community *\n}"),
            ("a { community [\n S3CR ];\n}", "a { community *\n}"),
            ("a { keys\n{ b; } }", "a { keys\n{ b; } }"),
            ("set a comments $5$rounds$S3CR", "set a comments *"),
            ("set a b -AQ==S3CR=T", "set a b *"),
            ("set a b 'QUJDREVGR0hJSktMTU5PUFFSU1Q5'", "set a b '*'"),
            ("set a b \"-----BEGIN X-----\nS3CR\n-----END X-----\"", "set a b \"*-----END X-----\""),
            ("set a b \"-----BEGIN X-----\nS3CR", "set a b \"*"),
            ("set rulebase security rules R from trust", "set rulebase security rules R from trust"),
            (
                "set address monkey ip-netmask 2001:db8:aaaa:bbbb::/64",
                "set address monkey ip-netmask 2001:db8:aaaa:bbbb::/64",
            ),
            // XML.
            ("<a><phash>S3CR</phash><b>c</b></a>", "<a><phash>*</phash><b>c</b></a>"),
            ("<a><phash x=\"1\">S3<CR</b></phash></a>", "<a><phash x=\"1\">*</phash></a>"),
            ("<a><key/>c</a>", "<a><key/>c</a>"),
            ("<a><key><member>S3</member><member>CR</member></key>", "<a><key>*</key>"),
            ("<a><secret>S3CR", "<a><secret>*"),
            ("<a>the key of</a>", "<a>the key of</a>"),
            ("<a><b>$1$S3CR</b></a>", "<a><b>*</b></a>"),
            ("<a><b>-AQ==S3CR</b></a>", "<a><b>*</b></a>"),
            // TOML.
            ("community = [\"192.0.2.0/24\"]", "community = [\"192.0.2.0/24\"]"),
            ("name = \"$1$S3CR\"", "name = \"*\""),
        ];
        for (text, expected) in table {
            assert_eq!(without(text), expected, "{text}");
        }
    }
}
