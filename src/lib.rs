//! `firstpass` replays packet captures through a packet-level model of a PAN-OS style firewall.

pub mod app;
pub mod audit;
pub mod capture;
pub mod cli;
pub mod config;
pub mod engine;
pub mod flow;
pub mod packet;
pub mod policy;
pub mod replay;
pub mod report;
pub mod session;
pub mod time;
