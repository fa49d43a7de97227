//! what a person reads
