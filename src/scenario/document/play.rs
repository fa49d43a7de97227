//! A script to packets on the wire, and through the firewall.

use std::net::SocketAddr;
use std::sync::Arc;

use super::script::{Action, Body, Flow, IcmpKind, PacketLine, Script};
use super::{DocumentError, Scenario};
use crate::engine::Control;
use crate::flow::{Direction, Protocol};
use crate::replay::{Command, Linger};
use crate::scenario::run::Run;
use crate::scenario::tcp::Conversation;
use crate::scenario::wire::{Headers, Port, Wire, between, sender_first, tcp, with_headers};
use crate::time::Span;

/// A scenario that was played.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) run: Run,
    /// Frame number after each step of the script: the last frame it has sent.
    pub(super) frames: Vec<u64>,
}

impl Scenario {
    /// Plays the script.
    ///
    /// # Errors
    /// Where it says something that cannot be sent, or the auditor disagrees with the firewall.
    pub fn run(&self) -> Result<Run, DocumentError> {
        self.play().map(|played| played.run)
    }

    pub(super) fn play(&self) -> Result<Played, DocumentError> {
        let Script { flows, steps, linger } = &self.script;
        let mut wire = Wire::default();
        let mut frames = Vec::new();
        let mut conversations: Vec<_> = flows.iter().map(|flow| Conversation::new(flow.initial)).collect();
        let mut sent = 0;
        for step in steps {
            let span = Span::from_nanos(step.after.unsigned_abs());
            wire.now = if step.after < 0 { wire.now - span } else { wire.now + span };
            sent = match &step.action {
                Action::Raw(bytes) => {
                    wire.port = Port::default();
                    wire.frame(bytes.clone())
                }
                Action::Command(command) => {
                    wire.control(self.control(command));
                    sent
                }
                Action::Packet(packet) => {
                    let flow = flows.get(packet.flow);
                    wire.port =
                        flow.map(|flow| flow.arrivals[packet.direction.index()].clone()).unwrap_or_default();
                    let bytes = flow
                        .zip(conversations.get_mut(packet.flow))
                        .and_then(|(flow, conversation)| flow.frame(packet, conversation, &wire));
                    match bytes {
                        Some(bytes) if !bytes.is_empty() && packet.headers == Headers::default() => {
                            wire.packet(bytes, &packet.cuts)
                        }
                        Some(bytes) if !bytes.is_empty() => {
                            wire.packet(with_headers(&bytes, &packet.headers), &packet.cuts)
                        }
                        _ => return Err(DocumentError::new(step.line, "there can be no such packet")),
                    }
                }
            };
            frames.push(sent);
        }
        let linger = linger.map_or(Linger::UntilIdle, |seconds| Linger::For(Span::from_secs(seconds)));
        let run = wire
            .run(self.world.clone(), linger)
            .map_err(|error| DocumentError::new(self.line, error.to_string()))?;
        Ok(Played { run, frames })
    }

    /// What a command does. Each configuration that one names was read with the document.
    fn control(&self, command: &Command) -> Control {
        match command {
            Command::Clear(id) => Control::Clear(*id),
            Command::ClearAll(filter) => Control::ClearAll((**filter).clone()),
            Command::Discard { id, timeout } => Control::Discard { id: *id, timeout: *timeout },
            Command::Commit(name) => {
                Control::Commit(Arc::clone(self.commits.get(name).unwrap_or(&self.world)))
            }
        }
    }
}

impl Flow {
    /// The frame; `None` where it quotes a packet that was never sent.
    fn frame(&self, packet: &PacketLine, conversation: &mut Conversation, wire: &Wire) -> Option<Vec<u8>> {
        let ttl = packet.ttl.unwrap_or(self.ttl);
        let [client, server] = [0, 1].map(|side: usize| SocketAddr::new(self.hosts[side], self.ports[side]));
        let [src, dst] = sender_first([client, server], packet.direction);
        let builder = between(src, dst, ttl);
        Some(match &packet.body {
            Body::Tcp(segment) => tcp(conversation, [client, server], packet.direction, segment, ttl),
            Body::Bytes(payload) => match self.kind.protocol() {
                Protocol::UDP => builder.udp(src.port(), dst.port(), payload),
                protocol => builder.other(protocol, payload),
            },
            Body::Icmp { kind, payload } => match *kind {
                IcmpKind::Echo { is_reply: false, identifier, sequence } => {
                    builder.echo_request(identifier, sequence, payload)
                }
                IcmpKind::Echo { is_reply: true, identifier, sequence } => {
                    builder.echo_reply(identifier, sequence, payload)
                }
                IcmpKind::Message { kind, code } => builder.icmp(kind, code, [0; 4], payload),
                IcmpKind::Error { kind, code, about } => {
                    let quoted = wire.datagram(about)?;
                    builder.icmp(kind, code, [0; 4], quoted.get(..QUOTE_MAX).unwrap_or(quoted))
                }
            },
        })
    }
}

/// As much of a packet as an error quotes (RFC 1812, 4.3.2.3: the error has 576 bytes at most).
const QUOTE_MAX: usize = 548;

/// Toward whom a packet goes, as a document writes it.
pub(super) const fn receiver(direction: Direction) -> &'static str {
    match direction {
        Direction::ClientToServer => "server",
        Direction::ServerToClient => "client",
    }
}
