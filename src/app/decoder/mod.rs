//! The decoders: one protocol, one file, one table of tests.
//!
//! To add one: a file with a [`Decoder`] constant, and a line in [`DECODERS`].

mod aerospike;
mod afp;
mod ajp;
mod amqp;
mod ard;
mod bacnet;
mod battle_net;
pub(super) mod ber;
mod bfcp;
mod bfd;
mod bgp;
mod big_brother;
mod bitcoin;
mod bittorrent;
mod bittorrent_sync;
mod bjnp;
mod capwap;
mod cassandra;
mod cddb;
mod chargen;
mod citrix;
mod coap;
mod collectd;
mod cubrid;
mod cups;
mod cvs;
mod dameware;
mod daytime;
mod dhcp;
mod dhcpv6;
mod diameter;
mod dicom;
mod direct_connect;
mod discord;
mod distcc;
mod dlms;
mod dnp3;
mod dns;
mod dnscrypt;
mod drda;
mod dropbox;
mod dtls;
mod elastic;
mod emule;
mod ethernet_ip;
mod fanuc;
mod fasttrack;
mod fetion;
mod finger;
mod firebird;
mod fix;
mod ftp;
mod gadu;
mod gamespy;
mod gdbremote;
mod ge_egd;
mod giop;
mod git;
mod gkrellm;
mod gnutella;
mod gnutella_udp;
mod gopher;
mod gtp;
mod gtpc;
mod h245;
mod h248;
mod hadoop;
mod hl7;
mod hsrp;
mod http;
mod httptunnel;
mod iax;
mod icap;
mod icecast;
mod iec104;
mod ike;
mod imap;
mod informix;
mod iperf;
mod ipmsg;
mod ipp;
mod irc;
mod irods;
mod iscsi;
mod jabber;
mod kad;
mod kakaotalk;
mod kerberos;
mod l2tp;
mod ldap;
mod lotus;
mod lpd;
mod mailru;
mod maplestory;
mod memcached;
mod mgcp;
mod minecraft;
mod mms;
mod modbus;
mod mongodb;
mod mpeg_ts;
mod mqtt;
mod msdp;
mod msn;
mod msrpc;
mod mssql;
mod mssql_mon;
mod munin;
mod mysql;
mod napster;
mod ncp;
mod ndmp;
mod net_tcp;
mod netbios;
mod netflow;
mod nntp;
mod nomachine;
mod ntp;
mod openvpn;
mod oracle;
mod oscar;
mod pcanywhere;
mod perforce;
mod pna;
mod pop3;
mod popo;
mod postgres;
mod pplive;
mod pptp;
mod printer;
#[cfg(test)]
mod properties;
mod qq;
mod quake;
mod quic;
mod radius;
mod radmin;
mod ras;
mod rdp_udp;
mod redis;
mod rip;
mod rlogin;
mod rmcp;
mod rpc;
mod rsync;
mod rtcm;
mod rtmp;
mod rtp;
mod rtsp;
mod rwho;
mod sametime;
mod sap;
mod sccp;
mod second_life;
mod sflow;
mod shoutcast;
mod sign;
mod sip;
mod sip2;
mod slp;
mod smb;
mod smpp;
mod smtp;
mod snmp;
mod socks;
mod sopcast;
mod soulseek;
mod source_engine;
mod speedtest;
mod splunk;
mod spotify;
mod ssdp;
mod ssh;
mod sstp;
mod starttls;
mod steam;
mod stratum;
mod stun;
mod subspace;
mod subversion;
mod sybase;
mod synchrophasor;
mod synergy;
mod syslog;
mod tacacs;
mod teamspeak;
mod teamviewer;
mod telegram;
mod telnet;
mod teredo;
mod terraria;
#[cfg(test)]
mod testing;
mod tftp;
mod tls;
mod tpkt;
mod traceroute;
mod tsp;
mod tvants;
mod unistim;
mod vmware;
mod vnc;
mod vqp;
mod vtun;
mod vxlan;
mod wccp;
mod websphere_mq;
mod wechat;
mod whatsapp;
mod whois;
mod wireguard;
mod words;
mod wow;
mod x11;
mod xdmcp;
mod zabbix;
mod zookeeper;

pub(super) use http::{asked_host, has_request, is_http};
pub(super) use sign::Reader;
pub(super) use smb::{smb_dialect, smb_in_netbios};
pub(super) use starttls::lines_end_in_tls;
mod xfire;
mod yahoo;
mod zoom;

use super::{Finding, Heads, Match};
use crate::flow::{Direction, Protocol};

/// All decoders; where two are certain at the same moment, the earlier one wins: specific before generic.
pub(super) const DECODERS: &[Decoder] = &[
    tls::DECODER,
    ipp::DECODER, // HTTP of a kind
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
    aerospike::DECODER,
    afp::DECODER,
    ajp::DECODER,
    bfd::DECODER,
    big_brother::DECODER,
    bjnp::DECODER,
    capwap::DECODER,
    cassandra::DECODER,
    cddb::DECODER,
    chargen::OVER_TCP,
    chargen::OVER_UDP,
    collectd::DECODER,
    cubrid::DECODER,
    cups::DECODER,
    cvs::DECODER,
    daytime::DECODER,
    diameter::DECODER,
    dicom::DECODER,
    distcc::DECODER,
    dlms::DECODER,
    drda::DECODER,
    elastic::DECODER,
    ethernet_ip::DECODER,
    fanuc::DECODER,
    finger::DECODER,
    firebird::DECODER,
    fix::DECODER,
    gdbremote::DECODER,
    ge_egd::DECODER,
    giop::DECODER,
    gkrellm::DECODER,
    gopher::DECODER,
    gtpc::DECODER,
    hadoop::DECODER,
    hl7::DECODER,
    icap::DECODER,
    iec104::DECODER,
    informix::DECODER,
    iperf::DECODER,
    irods::DECODER,
    iscsi::DECODER,
    lpd::DECODER,
    msdp::DECODER,
    mssql_mon::DECODER,
    munin::DECODER,
    ncp::DECODER,
    ndmp::DECODER,
    net_tcp::DECODER,
    netflow::DECODER,
    perforce::DECODER,
    printer::DECODER,
    rmcp::DECODER,
    rtcm::DECODER,
    rwho::DECODER,
    sap::DECODER,
    sflow::DECODER,
    sip2::DECODER,
    slp::DECODER,
    smpp::DECODER,
    splunk::DECODER,
    subversion::DECODER,
    sybase::DECODER,
    synchrophasor::DECODER,
    vmware::DECODER,
    vqp::DECODER,
    wccp::DECODER,
    websphere_mq::DECODER,
    whois::DECODER,
    zabbix::DECODER,
    zookeeper::DECODER,
    ard::DECODER,
    battle_net::DECODER,
    bfcp::DECODER,
    bitcoin::DECODER,
    bittorrent_sync::DECODER,
    dameware::DECODER,
    direct_connect::DECODER,
    discord::DECODER,
    dnscrypt::DECODER,
    fasttrack::DECODER,
    fetion::DECODER,
    gadu::DECODER,
    gamespy::DECODER,
    gnutella_udp::DECODER,
    h245::DECODER,
    h248::DECODER,
    httptunnel::DECODER,
    iax::DECODER,
    icecast::DECODER,
    ipmsg::DECODER,
    kad::DECODER,
    kakaotalk::DECODER,
    lotus::DECODER,
    mailru::DECODER,
    maplestory::DECODER,
    minecraft::OVER_UDP,
    minecraft::OVER_TCP,
    mms::DECODER,
    mpeg_ts::DECODER,
    msn::DECODER,
    napster::DECODER,
    nomachine::DECODER,
    oscar::DECODER,
    pcanywhere::OVER_UDP,
    pcanywhere::OVER_TCP,
    pna::DECODER,
    popo::DECODER,
    pplive::DECODER,
    qq::DECODER,
    quake::DECODER,
    radmin::DECODER,
    ras::DECODER,
    sametime::DECODER,
    second_life::DECODER,
    shoutcast::DECODER,
    sopcast::DECODER,
    soulseek::DECODER,
    source_engine::DECODER,
    speedtest::DECODER,
    spotify::OVER_UDP,
    spotify::OVER_TCP,
    sstp::DECODER,
    steam::DECODER,
    stratum::DECODER,
    subspace::DECODER,
    synergy::DECODER,
    teamspeak::DECODER,
    telegram::DECODER,
    terraria::DECODER,
    tsp::OVER_UDP,
    tsp::OVER_TCP,
    tvants::DECODER,
    unistim::DECODER,
    vtun::DECODER,
    wechat::DECODER,
    whatsapp::DECODER,
    words::DECODER,
    wow::DECODER,
    xfire::DECODER,
    yahoo::DECODER,
    zoom::DECODER,
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

/// `N` bytes from `low` on, for [`FirstBytes`].
#[expect(clippy::indexing_slicing, reason = "run by the compiler, which finds a wrong index")]
const fn successive<const N: usize>(low: u8) -> [u8; N] {
    let mut bytes = [low; N];
    let mut at = 1;
    while at < N {
        bytes[at] = bytes[at - 1] + 1;
        at += 1;
    }
    bytes
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
