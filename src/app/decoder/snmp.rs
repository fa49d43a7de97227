//! SNMP: decided at the first message, by its version; traps are `snmp-trap`.
//!
//! A message is a SEQUENCE of version, community and PDU (RFC 1157, 4; RFC 3416, 3), or of version 3 with header data
//! (RFC 3412, 6).

use super::ber::Ber;
use super::{Decoder, FirstBytes, Transport, first_datagram};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "snmp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0x30], server: &[0x30] },
    inspect,
};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 2;
const OCTET_STRING: u8 = 4;
const TRAP_V1: u8 = 0xa4;
const INFORM: u8 = 0xa6;
const TRAP_V2: u8 = 0xa7;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let Some(datagram) = first_datagram(heads) else { return Match::More };
    match kind(datagram) {
        Some((app, what)) => Match::Yes(Finding { app, what, detail: &[], names_host: false }),
        None => Match::No,
    }
}

fn kind(datagram: &[u8]) -> Option<(&'static str, &'static str)> {
    let mut message = Ber(Ber(datagram).enter(SEQUENCE)?);
    let version = message.small_integer()?;
    if version == 3 {
        let mut header = Ber(message.enter(SEQUENCE)?);
        header.enter(INTEGER)?;
        header.enter(INTEGER)?;
        let flags = header.enter(OCTET_STRING)?;
        return (flags.len() == 1).then_some(("snmpv3", "SNMPv3 message"));
    }
    message.enter(OCTET_STRING)?;
    let (pdu, _) = message.header()?;
    match (version, pdu) {
        (0, TRAP_V1) | (1, TRAP_V2 | INFORM) => Some(("snmp-trap", "SNMP trap")),
        (0, 0xa0..=0xa3) => Some(("snmpv1", "SNMPv1 message")),
        (1 | 2, 0xa0..=0xa8) => Some(("snmpv2", "SNMPv2 message")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        udp_table(
            DECODER,
            &[
                (
                    "v1 GET",
                    161,
                    &[('>', b"\x30\x26\x02\x01\x00\x04\x06public\xa0\x19\x02\x01\x01")],
                    "snmpv1",
                ),
                (
                    "v2c GETBULK",
                    161,
                    &[('>', b"\x30\x26\x02\x01\x01\x04\x06public\xa5\x19\x02\x01\x01")],
                    "snmpv2",
                ),
                (
                    "long length",
                    1_161,
                    &[('>', b"\x30\x82\x00\x26\x02\x01\x01\x04\x01x\xa0\x19\x02\x01")],
                    "snmpv2",
                ),
                (
                    "v3",
                    161,
                    &[('>', b"\x30\x3e\x02\x01\x03\x30\x11\x02\x04\0\0\0\x01\x02\x03\0\xff\xe3\x04\x01\x04")],
                    "snmpv3",
                ),
                ("trap", 162, &[('>', b"\x30\x26\x02\x01\x00\x04\x06public\xa4\x19\x06\x08")], "snmp-trap"),
                ("inform", 162, &[('>', b"\x30\x26\x02\x01\x01\x04\x06public\xa6\x19\x02\x01")], "snmp-trap"),
                ("LDAP", 389, &[('>', b"\x30\x26\x02\x01\x01\x63\x21\x04\x00")], "no"),
                (
                    "no such version",
                    161,
                    &[('>', b"\x30\x26\x02\x01\x07\x04\x06public\xa0\x19\x02\x01")],
                    "no",
                ),
            ],
        );
    }
}
