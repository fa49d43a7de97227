//! What a TLS handshake shows before it is encrypted, which application is behind it, and connections opened with the
//! secrets of a key log.
//!
//! Everything is a pure function of the bytes that a side has sent so far: what is complete for them is the same for
//! every longer prefix, however it was cut into segments, records and messages.

mod certificate;
pub mod decrypt;
mod dtls;
mod expand;
mod handshake;
mod hello;
mod offer;
mod record;
mod service;
mod standing;
#[cfg(test)]
pub(in crate::app) mod testing;

use std::borrow::Cow;

pub use certificate::{Certificate, certificate};
pub use dtls::dtls_client_hello;
pub(in crate::app) use expand::expand_label;
pub use handshake::{Handshake, alert_name, handshake};
pub(in crate::app) use hello::server_name;
pub use hello::{ClientHello, ServerHello, client_hello, client_hello_message, server_hello};
pub use offer::{ClientOffer, released, version_name};
pub(in crate::app) use record::{Messages, Stop};
pub use service::{Service, Shown, Source, service_by_name, service_of};
pub use standing::{Chain, Standing};

/// The host that a client's complete ClientHello asks for; raw bytes.
pub fn asked_name(client: &[u8]) -> Option<Cow<'_, [u8]>> {
    client_hello(client).complete()?.into_server_name()
}

/// What the bytes so far make of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read<T> {
    /// It may come: more bytes are needed.
    More,
    /// It is not there, whatever follows.
    Malformed,
    /// Here it is.
    Complete(T),
}

impl<T> Read<T> {
    /// The message, where it is complete.
    pub fn complete(self) -> Option<T> {
        match self {
            Self::Complete(message) => Some(message),
            Self::More | Self::Malformed => None,
        }
    }

    /// From a parse of all its bytes.
    fn of(parsed: Option<T>) -> Self {
        parsed.map_or(Self::Malformed, Self::Complete)
    }
}
