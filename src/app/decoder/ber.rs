//! Just enough of ASN.1 BER (ITU-T X.690, 8.1) to look into SNMP, LDAP and Kerberos.

use super::sign::Reader;

/// Elements, read one after the other; `None` where the bytes end or make no sense.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) struct Ber<'a>(pub(in crate::app) &'a [u8]);

impl<'a> Ber<'a> {
    /// Tag and length of the next element, whose content is then next.
    pub(in crate::app) fn header(&mut self) -> Option<(u8, usize)> {
        let mut read = Reader(self.0);
        let tag = read.u8()?;
        let len = match read.u8()? {
            short @ ..=0x7f => usize::from(short),
            0x81 => usize::from(read.u8()?),
            0x82 => usize::from(read.u16()?),
            0x83 => read.u24()? as usize,
            0x84 => read.u32()? as usize,
            _ => return None,
        };
        self.0 = read.0;
        Some((tag, len))
    }

    /// The content of the next element, which must have this tag: as much of it as is there. What follows the
    /// element is next.
    pub(in crate::app) fn enter(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut at = *self;
        let (found, len) = at.header()?;
        if found != tag {
            return None;
        }
        let (content, rest) = at.0.split_at_checked(len).unwrap_or((at.0, &[]));
        self.0 = rest;
        Some(content)
    }

    /// An INTEGER of one to four bytes.
    pub(in crate::app) fn small_integer(&mut self) -> Option<u32> {
        let content = self.enter(2)?;
        (1..=4)
            .contains(&content.len())
            .then(|| content.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
    }
}
