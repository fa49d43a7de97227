//! Predict sessions, in sentences.

use crate::config::World;
use crate::engine::{Prediction, Unpredicted};
use crate::flow::{Addr, Protocol};
use crate::report::style::count;

/// What was announced, and what comes of it.
pub(super) fn predicted(world: &World, prediction: &Prediction) -> String {
    let Prediction { id, what, protocol, src, dst: [received, real], .. } = *prediction;
    let opener = src.map_or_else(|| "anybody".to_owned(), |[src, _]| src.to_string());
    let nat = if received == real { String::new() } else { format!(", as {} beyond NAT", at(received)) };
    format!(
        "ALG: {} announces {}{nat}: predict session {} lets {opener} open {} to it, for {}",
        named(what),
        at(real),
        id.0,
        kind(world, prediction, protocol),
        count(prediction.expires.since(prediction.since).secs(), "second"),
    )
}

fn kind(world: &World, prediction: &Prediction, protocol: Protocol) -> String {
    format!("{} ({protocol})", world.catalog.name(prediction.app))
}

/// What was announced, and why nothing comes of it.
pub(super) fn unpredicted(why: Unpredicted, endpoint: (Addr, u16), what: &str) -> String {
    format!("ALG: {what} announces {}, which is not predicted: {}", at(endpoint), why.describe())
}

/// What takes the place of a lookup.
pub(super) fn matched(prediction: &Prediction) -> String {
    let Prediction { id, parent, what, .. } = *prediction;
    format!(
        "predict session {}: announced in session {} ({}); no policy lookup, the rule is that of session {}",
        id.0,
        parent.0,
        named(what),
        parent.0
    )
}

/// What never came.
pub(super) fn expired(prediction: &Prediction) -> String {
    let Prediction { id, what, dst: [received, _], .. } = *prediction;
    let came = if prediction.matched { "it is given up" } else { "nothing came: it is given up" };
    format!("predict session {} ({what}, {}): {came}", id.0, at(received))
}

fn at((addr, port): (Addr, u16)) -> String {
    addr.with_port(Some(port))
}

/// The flows of FTP besides its control connection, by what announces them (PANOS.md 7).
pub(super) fn named(what: &str) -> String {
    match what {
        "PORT" | "EPRT" => format!("{what}, active data"),
        "reply 227" | "reply 229" => format!("{what}, passive data"),
        _ => what.to_owned(),
    }
}
