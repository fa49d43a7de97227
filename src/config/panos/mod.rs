//! PAN-OS's own formats: XML, set commands and the brace form, each read into one tree (PANOS.md 12).

mod read;
mod tree;
