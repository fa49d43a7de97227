//! The decoders: one protocol, one file, one table of tests.
//!
//! To add one: a file with a [`Decoder`] constant, and a line in [`DECODERS`].

mod amqp;
mod bacnet;
mod ber;
mod bgp;
mod bittorrent;
mod citrix;
mod coap;
mod dhcp;
mod dhcpv6;
mod dnp3;
mod dns;
mod dropbox;
mod dtls;
mod emule;
mod ftp;
mod git;
mod gnutella;
mod gtp;
mod hsrp;
mod http;
mod ike;
mod imap;
mod irc;
mod jabber;
mod kerberos;
mod l2tp;
mod ldap;
mod memcached;
mod mgcp;
mod modbus;
mod mongodb;
mod mqtt;
mod msrpc;
mod mssql;
mod mysql;
mod netbios;
mod nntp;
mod ntp;
mod openvpn;
mod oracle;
mod pop3;
mod postgres;
mod pptp;
#[cfg(test)]
mod properties;
mod quic;
mod radius;
mod rdp_udp;
mod redis;
mod rip;
mod rlogin;
mod rpc;
mod rsync;
mod rtmp;
mod rtp;
mod rtsp;
mod sccp;
mod sign;
mod sip;
mod smb;
mod smtp;
mod snmp;
mod socks;
mod ssdp;
mod ssh;
mod starttls;
mod stun;
mod syslog;
mod tacacs;
mod teamviewer;
mod telnet;
mod teredo;
#[cfg(test)]
mod testing;
mod tftp;
mod tls;
mod tpkt;
mod traceroute;
mod vnc;
mod vxlan;
mod wireguard;
mod x11;
mod xdmcp;

pub(super) use http::{asked_host, has_request, is_http};
pub(super) use sign::Reader;
pub(super) use smb::{smb_dialect, smb_in_netbios};
pub(super) use starttls::lines_end_in_tls;

use super::{Finding, Heads, Match};
use crate::flow::{Direction, Protocol};

/// All decoders; where two are certain at the same moment, the earlier one wins: specific before generic.
pub(super) const DECODERS: &[Decoder] = &[
    tls::DECODER,
    http::DECODER,
    ssh::DECODER,
    ftp::DECODER,
    smtp::DECODER,
    pop3::DECODER,
    imap::DECODER,
    nntp::DECODER,
    telnet::DECODER,
    smb::DECODER,
    kerberos::DECODER,
    ldap::DECODER,
    msrpc::DECODER,
    tpkt::DECODER,
    postgres::DECODER,
    mysql::DECODER,
    mssql::DECODER,
    oracle::DECODER,
    mongodb::DECODER,
    redis::DECODER,
    netbios::DECODER,
    dns::OVER_UDP,
    dns::OVER_TCP,
    dhcp::DECODER,
    dhcpv6::DECODER,
    ntp::DECODER,
    snmp::DECODER,
    radius::DECODER,
    rpc::OVER_UDP,
    rpc::OVER_TCP,
    tftp::DECODER,
    syslog::DECODER,
    sip::DECODER,
    rtsp::DECODER,
    ssdp::DECODER,
    mgcp::DECODER,
    stun::DECODER,
    dtls::DECODER,
    quic::DECODER,
    rdp_udp::DECODER,
    wireguard::DECODER,
    ike::DECODER,
    l2tp::DECODER,
    pptp::DECODER,
    openvpn::DECODER,
    teredo::DECODER,
    gtp::DECODER,
    vxlan::DECODER,
    bittorrent::OVER_UDP,
    bittorrent::OVER_TCP,
    gnutella::DECODER,
    emule::DECODER,
    socks::DECODER,
    vnc::DECODER,
    x11::DECODER,
    xdmcp::DECODER,
    citrix::DECODER,
    teamviewer::DECODER,
    rlogin::DECODER,
    irc::DECODER,
    jabber::DECODER,
    mqtt::DECODER,
    amqp::DECODER,
    memcached::OVER_UDP,
    memcached::OVER_TCP,
    rsync::DECODER,
    git::DECODER,
    bgp::DECODER,
    rip::DECODER,
    hsrp::DECODER,
    tacacs::DECODER,
    modbus::DECODER,
    dnp3::DECODER,
    bacnet::DECODER,
    coap::DECODER,
    rtmp::DECODER,
    sccp::DECODER,
    dropbox::DECODER,
    rtp::DECODER,
    traceroute::DECODER,
];

/// One protocol's decoder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoder {
    /// Name of the protocol.
    pub(super) name: &'static str,
    /// What it runs over.
    pub(super) transport: Transport,
    /// Which first bytes it can begin with.
    pub(super) first: FirstBytes,
    /// Looks at all bytes seen so far.
    pub(super) inspect: for<'a> fn(&Heads<'a>) -> Match<'a>,
}

impl Decoder {
    pub(super) fn inspect<'a>(&self, heads: &Heads<'a>) -> Match<'a> {
        (self.inspect)(heads)
    }
}

/// What a decoder runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// TCP only.
    Tcp,
    /// UDP only.
    Udp,
    /// Both.
    Both,
}

impl Transport {
    pub(super) const fn index_of(protocol: Protocol) -> Option<usize> {
        match protocol {
            Protocol::TCP => Some(0),
            Protocol::UDP => Some(1),
            _ => None,
        }
    }

    pub(super) fn indices(self) -> impl Iterator<Item = usize> {
        match self {
            Self::Tcp => 0..1,
            Self::Udp => 1..2,
            Self::Both => 0..2,
        }
    }
}

/// The bytes that each side's first byte must be among; an empty list means any byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstBytes {
    /// Of the client.
    pub(super) client: &'static [u8],
    /// Of the server.
    pub(super) server: &'static [u8],
}

impl FirstBytes {
    pub(super) fn allows(&self, direction: Direction, byte: u8) -> bool {
        let list = match direction {
            Direction::ClientToServer => self.client,
            Direction::ServerToClient => self.server,
        };
        list.is_empty() || list.contains(&byte)
    }
}

/// The first datagram of a UDP session that is not empty.
fn first_datagram<'a>(heads: &Heads<'a>) -> Option<&'a [u8]> {
    heads.each_datagram().map(|(_, datagram)| datagram).find(|datagram| !datagram.is_empty())
}

/// Datagrams that may be something else before one fits: a damaged one does not hide the protocol.
const DATAGRAMS_MAX: usize = 4;

/// For protocols that one datagram decides, of either side: the first, or one of the next few.
fn at_datagram<'a>(heads: &Heads<'a>, judge: impl Fn(&'a [u8]) -> Option<Finding<'a>>) -> Match<'a> {
    let mut seen = 0;
    for (_, datagram) in
        heads.each_datagram().filter(|(_, datagram)| !datagram.is_empty()).take(DATAGRAMS_MAX)
    {
        if let Some(finding) = judge(datagram) {
            return Match::Yes(finding);
        }
        seen += 1;
    }
    if seen < DATAGRAMS_MAX { Match::More } else { Match::No }
}

/// For protocols over TCP that the first words of whoever speaks first decide.
fn at_opening<'a>(heads: &Heads<'a>, judge: impl Fn(&'a [u8]) -> Match<'a>) -> Match<'a> {
    match (heads.client, heads.server) {
        (opening, []) | ([], opening) => judge(opening),
        (client, server) => match judge(server) {
            Match::Yes(finding) => Match::Yes(finding),
            _ => judge(client),
        },
    }
}

/// A find without detail.
const fn finding(app: &'static str, what: &'static str) -> Finding<'static> {
    Finding { app, what, detail: &[], names_host: false }
}

/// Asks `judge` for the client's and the server's bytes, and for the two the other way round: in a session whose
/// beginning the capture lacks, the side that was seen first, and so counts as the client, may be the server.
fn either_way<'a>(heads: &Heads<'a>, judge: impl Fn(&'a [u8], &'a [u8]) -> Match<'a>) -> Match<'a> {
    match judge(heads.client, heads.server) {
        Match::Yes(finding) => Match::Yes(finding),
        straight if heads.client.is_empty() => straight,
        straight => match judge(heads.server, heads.client) {
            Match::No => straight,
            turned => turned,
        },
    }
}
