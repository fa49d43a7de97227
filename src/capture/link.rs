//! Link types.

use std::fmt;

/// A link type: a LINKTYPE_ number of the registry at <https://www.tcpdump.org/linktypes.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: a four-byte address family in the byte order of the capturing host.
    pub const NULL: Self = Self(0);
    /// Ethernet (also DIX and 802.3 framing).
    pub const ETHERNET: Self = Self(1);
    /// PPP, with or without the address and control bytes.
    pub const PPP: Self = Self(9);
    /// Raw IP, as some systems number it.
    pub const RAW_12: Self = Self(12);
    /// Raw IP, as OpenBSD numbers it.
    pub const RAW_14: Self = Self(14);
    /// PPP in HDLC-like framing.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE session packets without the Ethernet header.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IP; the version field says which.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: as [`Self::NULL`] in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux "cooked" capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux "cooked" capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);

    /// Name in the registry, without the prefix; `None` for those that we neither read nor often meet.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::NULL => "NULL",
            Self::ETHERNET => "ETHERNET",
            Self::PPP => "PPP",
            Self::RAW | Self::RAW_12 | Self::RAW_14 => "RAW",
            Self::PPP_HDLC => "PPP_HDLC",
            Self::PPP_ETHER => "PPP_ETHER",
            Self::LOOP => "LOOP",
            Self::LINUX_SLL => "LINUX_SLL",
            Self::IPV4 => "IPV4",
            Self::IPV6 => "IPV6",
            Self::LINUX_SLL2 => "LINUX_SLL2",
            Self(6) => "IEEE802_5",
            Self(8) => "SLIP",
            Self(10) => "FDDI",
            Self(100) => "ATM_RFC1483",
            Self(104) => "C_HDLC",
            Self(105) => "IEEE802_11",
            Self(107) => "FRELAY",
            Self(117) => "PFLOG",
            Self(119) => "IEEE802_11_PRISM",
            Self(127) => "IEEE802_11_RADIOTAP",
            Self(147..=162) => "USER",
            Self(163) => "IEEE802_11_AVS",
            Self(189) => "USB_LINUX",
            Self(192) => "PPI",
            Self(195) => "IEEE802_15_4_WITHFCS",
            Self(197) => "ERF",
            Self(201) => "BLUETOOTH_HCI_H4_WITH_PHDR",
            Self(220) => "USB_LINUX_MMAPPED",
            Self(227) => "CAN_SOCKETCAN",
            Self(239) => "NFLOG",
            Self(249) => "USBPCAP",
            Self(252) => "WIRESHARK_UPPER_PDU",
            Self(253) => "NETLINK",
            Self(258) => "PKTAP",
            _ => return None,
        })
    }

    /// Whether [`crate::packet::decode()`] reads it.
    pub const fn is_readable(self) -> bool {
        matches!(
            self,
            Self::NULL
                | Self::ETHERNET
                | Self::PPP
                | Self::RAW
                | Self::RAW_12
                | Self::RAW_14
                | Self::PPP_HDLC
                | Self::PPP_ETHER
                | Self::LOOP
                | Self::LINUX_SLL
                | Self::IPV4
                | Self::IPV6
                | Self::LINUX_SLL2
        )
    }
}

/// The registry's name, e.g. `ETHERNET`, otherwise `LINKTYPE_` and the number.
impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "LINKTYPE_{}", self.0),
        }
    }
}
