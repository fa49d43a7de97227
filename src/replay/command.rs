//! What an administrator types while packets flow, and when.

use std::fmt;

use ipnet::IpNet;

use crate::engine::{Control, SessionFilter};
use crate::flow::Protocol;
use crate::session::{SessionId, State};
use crate::time::Span;

/// A command in PAN-OS's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `clear session id N`.
    Clear(SessionId),
    /// `clear session all [filter …]`.
    ClearAll(Box<SessionFilter>),
    /// `request session-discard [timeout SECONDS] id N`.
    Discard {
        /// Which.
        id: SessionId,
        /// After so many seconds.
        timeout: Option<u32>,
    },
    /// `commit WHAT`: what it names, a file or a block of a document, is the reader's business.
    Commit(String),
}

/// When a command is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the frame of that number is judged, counted from 1.
    Packet(u64),
    /// So long after the first frame.
    After(Span),
}

/// A command, and when it is carried out.
#[derive(Debug, Clone)]
pub struct Operation {
    /// When.
    pub when: When,
    /// What.
    pub control: Control,
}

/// Every command there is, for messages.
const COMMANDS: &str = "`clear session all [filter …]`, `clear session id N`, \
                        `request session-discard [timeout SECONDS] id N` or `commit FILE`";

/// What `clear session all filter` knows.
const FILTERS: &str =
    "source, destination, source-port, destination-port, protocol, from, to, application, rule, state";

impl Command {
    /// Reads a command from its words.
    ///
    /// # Errors
    /// Where there is no such command, or it does not take what is said: a sentence for people.
    pub fn of_words<S: AsRef<str>>(words: &[S]) -> Result<Self, String> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        match words.as_slice() {
            ["clear", "session", "id", id] => session(id).map(Self::Clear),
            ["clear", "session", "all"] => Ok(Self::ClearAll(Box::default())),
            ["clear", "session", "all", "filter", rest @ ..] => filter(rest).map(Self::ClearAll),
            ["request", "session-discard", rest @ ..] => discard(rest),
            ["commit", name] => Ok(Self::Commit((*name).to_owned())),
            _ => Err(format!("no such command; there is {COMMANDS}")),
        }
    }

    /// The same of a text, whose words may be in double quotes.
    ///
    /// # Errors
    /// As [`Command::of_words`].
    pub fn of_text(text: &str) -> Result<Self, String> {
        Self::of_words(&split(text)?)
    }
}

impl When {
    /// Reads `12` (a packet) or `+12.5s` (seconds after the first packet).
    ///
    /// # Errors
    /// Where it is neither: a sentence for people.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a packet number nor a time such as `+12.5s`");
        let Some(seconds) = text.strip_prefix('+') else {
            let number = text.parse().ok().filter(|&number| number > 0);
            return number.map(Self::Packet).ok_or_else(wrong);
        };
        let seconds = seconds.strip_suffix('s').unwrap_or(seconds);
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        if fraction.len() > 9 || !fraction.bytes().chain(whole.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let nanos: u64 = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
        let nanos = whole.checked_mul(1_000_000_000).and_then(|all| all.checked_add(nanos));
        nanos.map(|nanos| Self::After(Span::from_nanos(nanos))).ok_or_else(wrong)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packet(number) => write!(f, "packet {number}"),
            Self::After(span) => write!(f, "+{span}"),
        }
    }
}

fn session(text: &str) -> Result<SessionId, String> {
    text.parse().map(SessionId).map_err(|_| format!("`{text}` is no session id"))
}

fn discard(mut words: &[&str]) -> Result<Command, String> {
    let (mut id, mut timeout) = (None, None);
    while let [key, value, rest @ ..] = words {
        match *key {
            "id" => id = Some(session(value)?),
            "timeout" => {
                let seconds = value.parse().ok().filter(|seconds| (1..=15_999_999).contains(seconds));
                timeout =
                    Some(seconds.ok_or_else(|| format!("`{value}` are no seconds from 1 to 15999999"))?);
            }
            _ => break,
        }
        words = rest;
    }
    match (id, words) {
        (Some(id), []) => Ok(Command::Discard { id, timeout }),
        _ => Err("write it as `request session-discard [timeout SECONDS] id N`".to_owned()),
    }
}

fn filter(mut words: &[&str]) -> Result<Box<SessionFilter>, String> {
    let mut filter = SessionFilter::default();
    if words.is_empty() {
        return Err(format!("`filter` needs something to go by: {FILTERS}"));
    }
    while let [key, value, rest @ ..] = words {
        let port = || value.parse().map_err(|_| format!("`{value}` is no port"));
        let name = || Some((*value).to_owned());
        match *key {
            "source" => filter.source = Some(net(value)?),
            "destination" => filter.destination = Some(net(value)?),
            "source-port" => filter.source_port = Some(port()?),
            "destination-port" => filter.destination_port = Some(port()?),
            "protocol" => {
                let number = value.parse().map_err(|_| format!("`{value}` is no IP protocol number"))?;
                filter.protocol = Some(Protocol(number));
            }
            "from" => filter.from = name(),
            "to" => filter.to = name(),
            "application" => filter.application = name(),
            "rule" => filter.rule = name(),
            "state" => {
                let mut states = State::ALL.into_iter();
                let state = states.find(|state| state.name().eq_ignore_ascii_case(value));
                filter.state = Some(state.ok_or_else(|| format!("`{value}` is no state of a session"))?);
            }
            _ => return Err(format!("`{key}` is none of {FILTERS}")),
        }
        words = rest;
    }
    match words {
        [] => Ok(Box::new(filter)),
        rest => Err(format!("`{}` has no value", rest.join(" "))),
    }
}

fn net(text: &str) -> Result<IpNet, String> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    net.map_err(|_| format!("`{text}` is no address"))
}

/// Words, of which those with blanks are in double quotes.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("a quotation mark is not closed")?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        let id = SessionId(7);
        for (text, command) in [
            ("clear session id 7", Command::Clear(id)),
            ("  clear  session all ", Command::ClearAll(Box::default())),
            ("request session-discard id 7", Command::Discard { id, timeout: None }),
            ("request session-discard timeout 5 id 7", Command::Discard { id, timeout: Some(5) }),
            ("request session-discard id 7 timeout 5", Command::Discard { id, timeout: Some(5) }),
            ("commit \"new rules.toml\"", Command::Commit("new rules.toml".to_owned())),
        ] {
            assert_eq!(Command::of_text(text), Ok(command), "{text}");
        }
        let text =
            "clear session all filter source 10.0.0.0/8 destination-port 22 rule \"Allow all\" state active";
        let Ok(Command::ClearAll(filter)) = Command::of_text(text) else { panic!("{text}") };
        assert_eq!(filter.destination_port, Some(22));
        assert_eq!(filter.rule.as_deref(), Some("Allow all"));
        assert_eq!(filter.state, Some(State::Active));
    }

    #[test]
    fn what_is_no_command() {
        for (text, part) in [
            ("", "no such command"),
            ("claer session all", "no such command"),
            ("clear session id x", "`x` is no session id"),
            ("clear session all filter", "needs something"),
            ("clear session all filter color red", "`color` is none of source"),
            ("clear session all filter source", "`source` has no value"),
            ("clear session all filter source 10.0.0.256", "`10.0.0.256` is no address"),
            ("request session-discard timeout 0 id 7", "`0` are no seconds"),
            ("request session-discard", "write it as"),
            ("request session-discard id 7 now", "write it as"),
            ("commit \"open", "not closed"),
        ] {
            let error = Command::of_text(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn times() {
        for (text, when) in [
            ("12", When::Packet(12)),
            ("+12s", When::After(Span::from_secs(12))),
            ("+0.25", When::After(Span::from_nanos(250_000_000))),
            ("+1.5s", When::After(Span::from_nanos(1_500_000_000))),
        ] {
            assert_eq!(When::read(text), Ok(when), "{text}");
        }
        for text in ["", "0", "-1", "+", "+x", "+1.0000000001", "1.5", "+99999999999999999999"] {
            assert!(When::read(text).is_err(), "{text}");
        }
    }
}
