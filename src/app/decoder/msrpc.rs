//! DCE/RPC of Microsoft: decided at the first protocol data unit (C706, 12.6.3; \[MS-RPCE\] 2.2.2). A bind, or a unit
//! without a connection, names the interface it is for (C706, 12.6.4.3 and 12.5.2.9), and some have an application of
//! their own.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "msrpc",
    transport: Transport::Both,
    first: FirstBytes { client: &[4, 5], server: &[4, 5] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        // The client tells more than the server's answer, which does not say what the interface is, and never comes
        // before the bind.
        let opening = if heads.client.is_empty() { heads.server } else { heads.client };
        return match unit(Reader(opening)) {
            None => Match::More,
            Some(None) => Match::No,
            Some(Some(app)) => Match::Yes(finding(app, "DCE/RPC unit")),
        };
    }
    at_datagram(heads, |datagram| {
        let app = connectionless(Reader(datagram)).flatten()?;
        Some(finding(app, "DCE/RPC unit"))
    })
}

/// Interfaces that have an application of their own. Where they are documented is said in the middle; those of OPC are of
/// OPC Data Access 3.00 and OPC Common 1.10, those of PROFINET of IEC 61158-6-10.
const INTERFACES: &[(u128, &str)] = &[
    (0x12345678_1234_abcd_ef00_01234567cffb, "ms-netlogon"), // [MS-NRPC] 1.9
    (0x367abb81_9844_35f1_ad32_98f038001003, "ms-service-controller"), // [MS-SCMR] 1.9
    (0xf5cc59b4_4264_101a_8c59_08002b2f8426, "ms-frs"),      // [MS-FRS1] 1.9
    (0xd049b186_814f_11d1_9a3c_00c04fc9b232, "ms-frs"),
    (0x897e2e5f_93f3_4376_9c9c_fd2277495c27, "ms-frs"), // [MS-FRS2] 1.9
    (0x1ff70682_0a51_30e8_076d_740be8cee98b, "ms-scheduler"), // [MS-TSCH] 1.9
    (0x378e52b0_c0a9_11cf_822d_00aa0051e40f, "ms-scheduler"),
    (0x86d35949_83c9_4044_b424_db363231fd0c, "ms-scheduler"),
    (0x50abc2a4_574d_40b3_9d66_ee4fd5fba076, "ms-win-dns"), // [MS-DNSP] 1.9
    (0x45f52c28_7f9f_101a_b52b_08002b2efabe, "ms-wins"),    // [MS-RAIW] 1.9
    (0x811109bf_a4e1_11d1_ab54_00a0c91e9b45, "ms-wins"),
    (0x906b0ce0_c70b_1067_b317_00dd010662da, "ms-dtc"), // [MS-CMPO] 1.9
    (0xa4f1db00_ca47_1067_b31f_00dd010662da, "ms-exchange"), // [MS-OXCRPC] 1.9
    (0x5261574a_4572_206e_b268_6b199213b4e4, "ms-exchange"),
    (0x1544f5e0_613c_11d1_93df_00c04fd7bd09, "ms-exchange"), // [MS-OXABREF] 1.9
    (0xf309ad18_d86a_11d0_a075_00c04fb68820, "ms-wmi"),      // [MS-WMI] 1.9
    (0x9556dc99_828c_11cf_a37e_00aa003240c7, "ms-wmi"),
    (0xd4781cd6_e5d3_44df_ad94_930efe48a887, "ms-wmi"),
    (0x1c1c45ee_4395_11d2_b60b_00104b703efd, "ms-wmi"),
    (0x51c82175_844e_4750_b0d8_ec255555bc06, "ms-kms"), // public descriptions of the activation service
    (0x39c13a4d_011e_11d0_9675_0020afd8adb3, "opc"),
    (0x39c13a54_011e_11d0_9675_0020afd8adb3, "opc"),
    (0xf31dfde2_07b6_11d2_b2d8_0060083ba1fb, "opc"),
    (0x13486d50_4821_11d2_a494_3cb306c10000, "opc"),
    (0xdea00001_6c97_11d1_8271_00a02442df7d, "profinet"),
    (0xdea00002_6c97_11d1_8271_00a02442df7d, "profinet"),
    (0xdea00003_6c97_11d1_8271_00a02442df7d, "profinet"),
    (0xdea00004_6c97_11d1_8271_00a02442df7d, "profinet"),
];

/// Version 5.0 or 5.1, a type, flags, a data representation that exists, and lengths that agree; of a bind or a change of
/// context the first interface that is asked for.
fn unit(mut read: Reader<'_>) -> Option<Option<&'static str>> {
    const BIND: u8 = 11;
    const ALTER_CONTEXT: u8 = 14;
    let (major, minor, kind) = (read.u8()?, read.u8()?, read.u8()?);
    if major != 5 || minor > 1 || !matches!(kind, 0 | 2 | 3 | 11..=19) {
        return Some(None);
    }
    read.u8()?;
    let [integer, float, 0, 0] = read.array()? else { return Some(None) };
    let is_little = integer & 0x10 != 0;
    let (fragment, authentication) =
        if is_little { (read.le16()?, read.le16()?) } else { (read.u16()?, read.u16()?) };
    let sound = matches!(integer, 0 | 1 | 0x10 | 0x11) && float <= 3;
    if !sound || fragment < 16 || authentication >= fragment {
        return Some(None);
    }
    // Less than a context with one transfer syntax has no room for an interface.
    if !matches!(kind, BIND | ALTER_CONTEXT) || fragment < 72 {
        return Some(Some("msrpc"));
    }
    read.take(20)?; // call, sizes, group, number of contexts, the first one's number and how many syntaxes
    Some(Some(application(interface(&mut read, is_little)?)))
}

/// Version 4, a type, two bytes of flags, a data representation; after an object the interface.
fn connectionless(mut read: Reader<'_>) -> Option<Option<&'static str>> {
    let (version, kind, _, flags) = (read.u8()?, read.u8()?, read.u8()?, read.u8()?);
    let [integer, float, 0] = read.array()? else { return Some(None) };
    let representation = matches!(integer, 0 | 1 | 0x10 | 0x11) && float <= 3;
    if version != 4 || kind > 10 || flags > 4 || !representation {
        return Some(None);
    }
    read.take(17)?;
    let app = application(interface(&mut read, integer & 0x10 != 0)?);
    read.take(39)?;
    Some(Some(app))
}

/// An identifier in the sender's order of bytes (C706, appendix A).
fn interface(read: &mut Reader<'_>, is_little: bool) -> Option<u128> {
    let mut bytes = read.array::<16>()?;
    if is_little && let [a, b, c, d, e, f, g, h, ..] = &mut bytes {
        std::mem::swap(a, d);
        std::mem::swap(b, c);
        std::mem::swap(e, f);
        std::mem::swap(g, h);
    }
    Some(u128::from_be_bytes(bytes))
}

fn application(interface: u128) -> &'static str {
    INTERFACES.iter().find(|(known, _)| *known == interface).map_or("msrpc", |(_, app)| app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    const NETLOGON: &[u8] = b"\x78\x56\x34\x12\x34\x12\xcd\xab\xef\0\x01\x23\x45\x67\xcf\xfb";

    #[test]
    fn table() {
        let bind =
            b"\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0\x02\0\0\0\xd0\x16\xd0\x16\0\0\0\0\x01\0\0\0\0\0\x01\0";
        let to = |interface: &[u8]| [&bind[..], interface, b"\x01\0\0\0"].concat();
        let mapper = b"\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\0\x2b\x14\xa0\xfa";
        tcp_table(
            DECODER,
            &[
                ("bind to the endpoint mapper", &to(mapper), b"", "msrpc"),
                ("bind to Netlogon", &to(NETLOGON), b"", "ms-netlogon"),
                (
                    "bind of a big-endian host",
                    &[
                        &b"\x05\0\x0b\x03\0\0\0\0\0\x48\0\0"[..],
                        &[0; 20],
                        b"\x36\x7a\xbb\x81\x98\x44\x35\xf1\xad\x32\x98\xf0\x38\0\x10\x03",
                    ]
                    .concat(),
                    b"",
                    "ms-service-controller",
                ),
                ("bind without its interface", bind, b"", "more"),
                ("request, seen from the middle", b"\x05\0\0\x03\x10\0\0\0\x48\0\0\0", b"", "msrpc"),
                ("answer alone", b"", b"\x05\0\x0c\x03\x10\0\0\0\x3c\0\0\0", "msrpc"),
                ("half a header", &bind[..8], b"", "more"),
                ("SOCKS", b"\x05\x09\0\x05\x01\0\x01", b"\x05\0", "no"),
                ("length below the header", b"\x05\0\x0b\x03\x10\0\0\0\x08\0\0\0", b"\x05\x02", "no"),
            ],
        );
    }

    #[test]
    fn without_a_connection() {
        let to = |interface: &[u8]| {
            [&b"\x04\0\x20\0\x10\0\0\0"[..], &[0; 16], interface, &[0; 40], b"data"].concat()
        };
        let device = b"\x01\0\xa0\xde\x97\x6c\xd1\x11\x82\x71\0\xa0\x24\x42\xdf\x7d";
        udp_table(
            DECODER,
            &[
                ("PROFINET", 34_964, &[('>', &to(device))], "profinet"),
                ("another interface", 135, &[('>', &to(&[7; 16]))], "msrpc"),
                ("cut header", 135, &[('>', &to(device)[..60])], "no"),
            ],
        );
    }
}
