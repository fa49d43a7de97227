//! Long documents.

pub mod fidelity {
    #![doc = include_str!("../../docs/fidelity.md")]
}
