//! URL categories by host.

use hashbrown::HashMap;

use super::diagnostic::quote;
use crate::policy::CategorySet;

/// The hosts of URL categories (custom URL categories and lists of URLs; PANOS.md 12.1).
///
/// A pattern is a host, whose labels may be `*` for one or more labels and `^` for exactly one. A path is passed over:
/// what is known of a session is its host.
#[derive(Debug, Clone, Default)]
pub struct Categories {
    /// By number.
    names: Vec<String>,
    hosts: ByHost,
    /// `*.example.org`, by what comes after the asterisk.
    below: ByHost,
    /// Patterns of any other form.
    others: Vec<(Pattern, CategorySet)>,
}

type ByHost = HashMap<String, CategorySet, foldhash::fast::FixedState>;

impl Categories {
    /// The categories of a host, as a session names it: in any case, perhaps with a port or a dot at its end.
    pub fn of(&self, host: impl AsRef<[u8]>) -> CategorySet {
        let host = normal(&String::from_utf8_lossy(host.as_ref()));
        let mut found = self.hosts.get(&host).copied().unwrap_or_default();
        for (dot, _) in host.match_indices('.') {
            let above = host.get(dot + 1..).unwrap_or_default();
            found = found.with(self.below.get(above).copied().unwrap_or_default());
        }
        let fitting = self.others.iter().filter(|(pattern, _)| pattern.fits(&host));
        fitting.fold(found, |found, (_, set)| found.with(*set))
    }

    /// The category of that name.
    pub fn find(&self, name: &str) -> Option<CategorySet> {
        (0..).zip(&self.names).find(|(_, known)| *known == name).map(|(number, _)| CategorySet::of(number))
    }

    /// The names of all categories, in order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The names of the categories of a set, in order of their numbers.
    pub fn names(&self, set: CategorySet) -> impl Iterator<Item = &str> {
        let numbered = (0u8..).zip(&self.names);
        numbered.filter(move |&(number, _)| set.meets(CategorySet::of(number))).map(|(_, name)| name.as_str())
    }

    /// Adds a category; `None` where there are [`CategorySet::MOST`] already.
    pub(super) fn add<'p>(
        &mut self,
        name: &str,
        patterns: impl Iterator<Item = &'p Pattern>,
    ) -> Option<CategorySet> {
        let number = u8::try_from(self.names.len()).ok().filter(|&number| number < CategorySet::MOST)?;
        self.names.push(name.to_owned());
        let set = CategorySet::of(number);
        for pattern in patterns {
            let slot = match pattern.0.as_slice() {
                [Label::Some, rest @ ..] if !rest.is_empty() => {
                    texts(rest).map(|host| (&mut self.below, host))
                }
                labels => texts(labels).map(|host| (&mut self.hosts, host)),
            };
            match slot {
                Some((by_host, host)) => {
                    let known = by_host.entry(host).or_default();
                    *known = known.with(set);
                }
                None => self.others.push((pattern.clone(), set)),
            }
        }
        Some(set)
    }
}

/// A host pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Label>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Label {
    Text(String),
    /// `^`.
    One,
    /// `*`.
    Some,
}

impl Pattern {
    /// Reads a pattern such as `*.example.org/path`.
    ///
    /// # Errors
    /// With what is wrong, without trailing punctuation.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let host = text.split_once("://").map_or(text, |(_, rest)| rest);
        let host = normal(host.split(['/', '?']).next().unwrap_or_default());
        let label = |label: &str| match label {
            "*" => Ok(Label::Some),
            "^" => Ok(Label::One),
            "" => Err("one of its labels is empty".to_owned()),
            _ if label.contains(['*', '^']) => {
                Err(format!("`*` and `^` stand for whole labels, not for a part of {}", quote(label)))
            }
            _ if label.contains(|c: char| c.is_whitespace() || c.is_control()) => {
                Err("there are blanks in it".to_owned())
            }
            _ => Ok(Label::Text(label.to_owned())),
        };
        host.split('.').map(label).collect::<Result<_, _>>().map(Self)
    }

    /// Whether `host` fits: labels from the left, going back to the last `*` where they do not.
    fn fits(&self, host: &str) -> bool {
        let hosts: Vec<&str> = host.split('.').collect();
        let (mut at, mut label, mut again) = (0, 0, None);
        loop {
            match (self.0.get(label), hosts.get(at)) {
                (None, None) => return true,
                (Some(Label::Some), Some(_)) => again = Some((at + 1, label + 1)),
                (Some(Label::One), Some(_)) => {}
                (Some(Label::Text(text)), Some(host)) if text == host => {}
                // The last `*` takes one label more.
                _ => match again {
                    Some((next, after)) if next < hosts.len() => {
                        again = Some((next + 1, after));
                        (at, label) = (next + 1, after);
                        continue;
                    }
                    _ => return false,
                },
            }
            (at, label) = (at + 1, label + 1);
        }
    }
}

/// In lower case, without a port or a dot at the end.
fn normal(host: &str) -> String {
    let host = host.trim();
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if !bare.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    };
    bare.trim_end_matches('.').to_lowercase()
}

/// Labels without wildcards, as a host.
fn texts(labels: &[Label]) -> Option<String> {
    let texts: Option<Vec<&str>> = labels
        .iter()
        .map(|label| match label {
            Label::Text(text) => Some(text.as_str()),
            Label::One | Label::Some => None,
        })
        .collect();
    Some(texts?.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a category of this one pattern has the host.
    fn has(pattern: &str, host: &str) -> bool {
        let mut categories = Categories::default();
        let set = categories.add("c", [Pattern::parse(pattern).unwrap()].iter()).unwrap();
        categories.of(host).meets(set)
    }

    #[test]
    fn hosts_fit_patterns() {
        for (pattern, yes, no) in [
            (
                "example.org",
                "example.org EXAMPLE.org example.org. example.org:8080",
                "www.example.org org a.org",
            ),
            ("*.example.org", "www.example.org a.b.example.org", "example.org example.org.uk wwwexample.org"),
            ("^.example.org", "www.example.org", "example.org a.b.example.org"),
            ("www.*.org", "www.a.org www.a.b.org", "www.org www.a.com a.www.b.org"),
            ("www.*.b.org", "www.a.b.org www.b.b.org www.a.c.b.org", "www.b.org www.a.b.c.org"),
            ("*.a.*.b", "x.a.y.b x.y.a.z.b a.a.a.b x.a.a.b", "a.y.b x.a.b x.a.y"),
            ("example.*", "example.org example.co.uk", "example www.example.org"),
            ("*", "example.org localhost", ""),
            ("https://example.org:443/path/*", "example.org", "www.example.org"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.70"),
        ] {
            for (hosts, expected) in [(yes, true), (no, false)] {
                for host in hosts.split_whitespace() {
                    assert_eq!(has(pattern, host), expected, "{pattern} {host}");
                }
            }
        }
        assert!(!has("example.org", ""));
    }

    #[test]
    fn a_host_can_be_in_several() {
        let mut categories = Categories::default();
        for (name, pattern) in
            [("a", "*.example.org"), ("b", "www.example.org"), ("c", "www.^.org"), ("d", "x.y")]
        {
            categories.add(name, [Pattern::parse(pattern).unwrap()].iter()).unwrap();
        }
        let found = categories.of("www.example.org");
        assert_eq!(categories.names(found).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert!(categories.of(b"\xff\xfe").is_empty());
        for number in 4..CategorySet::MOST {
            assert!(categories.add("more", [].iter()).is_some(), "{number}");
        }
        assert!(categories.add("one too many", [].iter()).is_none());
    }

    #[test]
    fn what_is_no_pattern() {
        for (text, wrong) in [
            ("", "one of its labels is empty"),
            ("a..b", "one of its labels is empty"),
            ("*shop.com", "`*` and `^` stand for whole labels, not for a part of `*shop`"),
            ("two words.com", "there are blanks in it"),
        ] {
            assert_eq!(Pattern::parse(text).unwrap_err(), wrong, "{text}");
        }
    }

    /// Many asterisks cost no more than many steps.
    #[test]
    fn hostile_patterns_end() {
        let pattern = Pattern::parse(&format!("{}b", "*.a.".repeat(50))).unwrap();
        assert!(!pattern.fits(&"a.".repeat(2_000)));
    }
}
