//! Telnet (RFC 854): what either side sends, without commands and options.
//!
//! There are no requests to tell apart: all that a side sends is one value (assumed).

use crate::app::{Context, Fact};
use crate::flow::Direction;

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;

/// Watches one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Telnet {
    sides: [State; 2],
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Data,
    /// Behind IAC.
    Command,
    /// Behind WILL, WONT, DO or DONT.
    Option,
    /// Between SB and SE (RFC 855).
    Parameters,
    /// The same, behind IAC.
    ParametersCommand,
}

impl Telnet {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] = &[Context::TelnetReqClientData, Context::TelnetRspServerData];

    /// Takes new bytes of one side.
    pub(super) fn feed(&mut self, direction: Direction, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        let context = match direction {
            Direction::ClientToServer => Context::TelnetReqClientData,
            Direction::ServerToClient => Context::TelnetRspServerData,
        };
        let Some(state) = self.sides.get_mut(direction.index()) else { return };
        while let Some((&byte, rest)) = bytes.split_first() {
            if matches!(state, State::Data) {
                let len = memchr::memchr(IAC, bytes).unwrap_or(bytes.len());
                let (data, after) = bytes.split_at(len);
                if !data.is_empty() {
                    out(Fact::Bytes(context, data));
                }
                bytes = after.get(1..).unwrap_or_default();
                if !after.is_empty() {
                    *state = State::Command;
                }
                continue;
            }
            bytes = rest;
            *state = match (*state, byte) {
                (State::Command, IAC) => {
                    out(Fact::Bytes(context, &[IAC]));
                    State::Data
                }
                (State::Command, SB) => State::Parameters,
                (State::Command, 251..=254) => State::Option,
                (State::Parameters, IAC) => State::ParametersCommand,
                (State::ParametersCommand, SE) | (State::Command | State::Option | State::Data, _) => {
                    State::Data
                }
                (State::Parameters | State::ParametersCommand, _) => State::Parameters,
            };
        }
    }
}
