//! Builds handshake messages for tests.

/// A ClientHello's body with a server name (none where empty), protocols, and an extension of `padding` bytes before
/// both, as a post-quantum key share is.
pub(in crate::app) fn hello_body(
    name: &str,
    protocols: &[&str],
    padding: usize,
    cookie: Option<&[u8]>,
) -> Vec<u8> {
    let mut body = b"\x03\x03".to_vec();
    body.extend([7; 32]);
    body.extend(vector8(&[9; 32]));
    if let Some(cookie) = cookie {
        body.extend(vector8(cookie));
    }
    body.extend(vector16(b"\x13\x01\x13\x02\xc0\x2f"));
    body.extend(b"\x01\x00");
    let mut list = extension(51, &vec![0; padding]);
    if !name.is_empty() {
        list.extend(extension(0, &vector16(&[&[0], &vector16(name.as_bytes())[..]].concat())));
    }
    if !protocols.is_empty() {
        let names: Vec<u8> = protocols.iter().flat_map(|name| vector8(name.as_bytes())).collect();
        list.extend(extension(16, &vector16(&names)));
    }
    body.extend(vector16(&list));
    body
}

/// A handshake message around a body.
pub(in crate::app) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &vector24(body)[..]].concat()
}

/// A ClientHello.
pub(in crate::app) fn hello(name: &str, protocols: &[&str], padding: usize) -> Vec<u8> {
    message(1, &hello_body(name, protocols, padding, None))
}

/// Handshake messages in records of at most `len` bytes.
pub(in crate::app) fn records(messages: &[u8], len: usize) -> Vec<u8> {
    let record = |content: &[u8]| [b"\x16\x03\x01", &vector16(content)[..]].concat();
    messages.chunks(len).flat_map(record).collect()
}

/// A ServerHello of TLS 1.2, or of TLS 1.3.
pub(in crate::app) fn server_hello(is_1_3: bool) -> Vec<u8> {
    let mut body = b"\x03\x03".to_vec();
    body.extend([8; 32]);
    body.extend(vector8(&[9; 32]));
    body.extend(if is_1_3 { b"\x13\x01\x00" } else { b"\xc0\x2f\x00" });
    let list = if is_1_3 { extension(43, b"\x03\x04") } else { extension(0, b"") };
    body.extend(vector16(&list));
    message(2, &body)
}

/// A Certificate message: one with these names, and another one.
pub(in crate::app) fn certificates(common: &str, names: &[&str]) -> Vec<u8> {
    let list = [&vector24(&certificate(common, names))[..], &vector24(&certificate("A CA", &[]))].concat();
    message(11, &vector24(&list))
}

/// A certificate for a common name (none where empty) and alternative names, issued by "Example Trust".
pub(in crate::app) fn certificate(common: &str, names: &[&str]) -> Vec<u8> {
    certificate_by("Issuing CA", common, names)
}

/// The same with another common name of the issuer.
pub(in crate::app) fn certificate_by(issuer: &str, common: &str, names: &[&str]) -> Vec<u8> {
    let issuer = [attribute(b"\x55\x04\x0a", "Example Trust"), attribute(b"\x55\x04\x03", issuer)].concat();
    let mut subject = attribute(b"\x55\x04\x06", "NL");
    if !common.is_empty() {
        subject.extend(attribute(b"\x55\x04\x03", common));
    }
    encoded([&issuer, &subject], ["250101000000Z", "260101000000Z"], names)
}

/// A certificate by the common names of issuer and subject, and when it is valid.
#[derive(Debug)]
pub(in crate::app) struct Issued<'a> {
    pub(in crate::app) issuer: &'a str,
    pub(in crate::app) subject: &'a str,
    pub(in crate::app) validity: [&'a str; 2],
}

impl Default for Issued<'_> {
    fn default() -> Self {
        Self { issuer: "", subject: "", validity: ["250101000000Z", "260101000000Z"] }
    }
}

pub(in crate::app) fn certificate_of(issued: &Issued<'_>) -> Vec<u8> {
    let [issuer, subject] = [issued.issuer, issued.subject].map(|name| attribute(b"\x55\x04\x03", name));
    encoded([&issuer, &subject], issued.validity, &[])
}

fn attribute(kind: &[u8], text: &str) -> Vec<u8> {
    der(0x31, &der(0x30, &[der(6, kind), der(0x0c, text.as_bytes())].concat()))
}

fn encoded([issuer, subject]: [&[u8]; 2], validity: [&str; 2], names: &[&str]) -> Vec<u8> {
    let mut signed = [
        der(0xa0, &der(2, &[2])),
        der(2, &[1, 2, 3]),
        der(0x30, &der(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")),
        der(0x30, issuer),
        der(0x30, &validity.map(|time| der(0x17, time.as_bytes())).concat()),
        der(0x30, subject),
        der(0x30, &der(3, &[0; 300])),
    ]
    .concat();
    if !names.is_empty() {
        let mut list = der(0x87, &[192, 0, 2, 1]); // an address among the names
        list.extend(names.iter().flat_map(|name| der(0x82, name.as_bytes())));
        let usage =
            der(0x30, &[der(6, b"\x55\x1d\x0f"), der(1, &[0xff]), der(4, &der(3, &[5, 0xa0]))].concat());
        let alternative = der(0x30, &[der(6, b"\x55\x1d\x11"), der(4, &der(0x30, &list))].concat());
        signed.extend(der(0xa3, &der(0x30, &[usage, alternative].concat())));
    }
    let algorithm = der(0x30, &der(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"));
    der(0x30, &[der(0x30, &signed), algorithm, der(3, &[0; 257])].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header: &[u8] = match len {
        [0, short @ ..=0x7f] => &[tag, short],
        [0, byte] => &[tag, 0x81, byte],
        [a, b] => &[tag, 0x82, a, b],
    };
    [header, content].concat()
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes(), &vector16(data)[..]].concat()
}

fn vector8(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

fn vector16(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn vector24(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[1..], bytes].concat()
}
