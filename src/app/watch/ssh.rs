//! SSH: the identification line of either side (RFC 4253, 4.2).

use super::lines::{Lines, Part};
use crate::app::{Context, Fact};
use crate::flow::Direction;

const BEGINNING: &[u8] = b"SSH-";
/// So many bytes an identification line has at most, its end included.
const LEN_MAX: usize = 255;

/// Watches one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Ssh {
    sides: [Side; 2],
}

#[derive(Debug, Clone, Copy, Default)]
struct Side {
    lines: Lines,
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// So many bytes of a line's beginning are those of an identification line.
    Beginning(usize),
    /// A line before it, which a server may send.
    #[default]
    Other,
    /// In it, so many bytes after its beginning.
    Inside(usize),
    /// Behind it.
    Over,
}

impl Ssh {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] = &[Context::SshReqBanner, Context::SshRspBanner];

    /// Takes new bytes of one side.
    pub(super) fn feed(&mut self, direction: Direction, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        let context = match direction {
            Direction::ClientToServer => Context::SshReqBanner,
            Direction::ServerToClient => Context::SshRspBanner,
        };
        let Some(side) = self.sides.get_mut(direction.index()) else { return };
        while !matches!(side.state, State::Over)
            && let Some(part) = side.lines.next(&mut bytes)
        {
            match (part, side.state) {
                (Part::First(text), _) => {
                    side.state = State::Beginning(0);
                    side.text(text, context, out);
                }
                (Part::More(text), _) => side.text(text, context, out),
                (Part::End(true), State::Inside(_)) => {
                    side.state = State::Over;
                    out(Fact::End(context));
                }
                (Part::End(_), _) => side.state = State::Other,
            }
        }
    }
}

impl Side {
    fn text(&mut self, mut text: &[u8], context: Context, out: &mut dyn FnMut(Fact<'_>)) {
        if let State::Beginning(seen) = self.state {
            let expected = BEGINNING.get(seen..).unwrap_or_default();
            let alike = text.iter().zip(expected).take_while(|(a, b)| a == b).count();
            text = text.get(alike..).unwrap_or_default();
            self.state = match alike {
                _ if alike == expected.len() => {
                    out(Fact::Bytes(context, BEGINNING));
                    State::Inside(0)
                }
                _ if text.is_empty() => State::Beginning(seen + alike),
                _ => State::Other,
            };
        }
        if let State::Inside(len) = self.state {
            let room = (LEN_MAX - 2 - BEGINNING.len()).saturating_sub(len);
            let shown = text.get(..room).unwrap_or(text);
            if !shown.is_empty() {
                out(Fact::Bytes(context, shown));
            }
            self.state = State::Inside(len.saturating_add(text.len()));
        }
    }
}
