//! What stands behind a flow's arrow: flags, numbers, payload.

use super::script::{Body, IcmpKind, Kind, PacketLine, number};
use super::words::{Payloads, Word, hex, reference};
use crate::flow::Direction;
use crate::packet::TcpFlags;
use crate::scenario::tcp::{Number, Segment};
use crate::scenario::wire::{Cut, Headers};

/// An echo carries as many bytes as Linux's `ping` sends.
const ECHO_BYTES: usize = 56;
/// What `bytes N` is made of: text that no protocol begins with.
const FILLER: u8 = b'x';

/// What the words say, before it is known what they are about.
#[derive(Debug, Default)]
struct Parts<'t> {
    /// Words that are neither `KEY=VALUE` nor payload.
    plain: Vec<&'t str>,
    options: Vec<(&'t str, &'t str)>,
    payload: Option<Vec<u8>>,
}

pub(super) fn read(
    flow: usize,
    kind: Kind,
    direction: Direction,
    words: &[Word<'_>],
    payloads: &Payloads,
) -> Result<PacketLine, String> {
    let mut parts = Parts::read(words, payloads)?;
    let ttl = parts.take("ttl").map(number).transpose()?;
    let cuts = parts.take("frag").map(cuts).transpose()?.unwrap_or_default();
    let headers = headers(&mut parts)?;
    let body = match kind {
        Kind::Tcp => Body::Tcp(segment(&mut parts)?),
        Kind::Udp | Kind::Ip(_) => Body::Bytes(parts.payload.take().ok_or("this packet needs a payload")?),
        Kind::Icmp => icmp(&mut parts)?,
    };
    match (parts.plain.first(), parts.options.first()) {
        (Some(word), _) => Err(format!("`{word}` means nothing here")),
        (None, Some((key, _))) => Err(format!("`{key}=` means nothing here")),
        (None, None) => Ok(PacketLine { flow, direction, ttl, cuts, headers, body }),
    }
}

impl<'t> Parts<'t> {
    fn read(words: &[Word<'t>], payloads: &Payloads) -> Result<Self, String> {
        let mut parts = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let payload = match word {
                Word::Quoted(bytes) => bytes.clone(),
                Word::Plain("bytes") => match words.next() {
                    Some(Word::Plain(len)) => vec![FILLER; usize::from(number::<u16>(len)?)],
                    _ => return Err("`bytes` needs a number".to_owned()),
                },
                Word::Plain(word) => {
                    if let Some(text) = word.strip_prefix("hex:") {
                        hex(text)?
                    } else if let Some(name) = word.strip_prefix('@') {
                        reference(name, payloads)?
                    } else {
                        match word.split_once('=') {
                            Some(option) => parts.options.push(option),
                            None => parts.plain.push(word),
                        }
                        continue;
                    }
                }
            };
            // Several payloads follow one another.
            parts.payload.get_or_insert_default().extend(payload);
        }
        Ok(parts)
    }

    fn take(&mut self, key: &str) -> Option<&'t str> {
        let index = self.options.iter().position(|&(found, _)| found == key)?;
        Some(self.options.remove(index).1)
    }

    fn take_plain(&mut self) -> Option<&'t str> {
        (!self.plain.is_empty()).then(|| self.plain.remove(0))
    }
}

/// `ipopt=0707…` and `ext=43:0400,60:`.
fn headers(parts: &mut Parts<'_>) -> Result<Headers, String> {
    let options = parts.take("ipopt").map(hex).transpose()?.unwrap_or_default();
    let extension = |text: &str| {
        let (kind, body) =
            text.split_once(':').ok_or_else(|| format!("`{text}` is no header such as `43:0000`"))?;
        let body = if body.is_empty() { Vec::new() } else { hex(body)? };
        Ok::<_, String>((number(kind)?, body))
    };
    let extensions = parts.take("ext").map(|text| text.split(',').map(extension).collect());
    Ok(Headers { options, extensions: extensions.transpose()?.unwrap_or_default() })
}

/// `FLAGS [seq=…] [ack=…] [win=…] [mss=…] [wscale=…] [ts=VALUE,ECHO] [opt=HEX] [PAYLOAD]`.
fn segment(parts: &mut Parts<'_>) -> Result<Segment, String> {
    let flags = flags(parts.take_plain().ok_or("a TCP packet begins with its flags")?)?;
    let mut options = Vec::new();
    if let Some(mss) = parts.take("mss") {
        options.extend([2, 4]);
        options.extend(number::<u16>(mss)?.to_be_bytes());
    }
    if let Some(scale) = parts.take("wscale") {
        options.extend([1, 3, 3, number(scale)?]);
    }
    if let Some(clocks) = parts.take("ts") {
        let (value, echo) = clocks.split_once(',').ok_or("`ts=` takes two numbers, `ts=VALUE,ECHO`")?;
        options.extend([1, 1, 8, 10]);
        options.extend(number::<u32>(value)?.to_be_bytes());
        options.extend(number::<u32>(echo)?.to_be_bytes());
    }
    if let Some(bytes) = parts.take("opt") {
        options.extend(hex(bytes)?);
    }
    Ok(Segment {
        flags,
        seq: parts.take("seq").map(sequence_number).transpose()?,
        ack: parts.take("ack").map(sequence_number).transpose()?,
        window: parts.take("win").map(number).transpose()?,
        options,
        payload: parts.payload.take().unwrap_or_default(),
    })
}

/// Flags in the letters of tcpdump: `S F R P U E W`, and `.` for ACK; `none` for no flag at all.
fn flags(text: &str) -> Result<TcpFlags, String> {
    if text == "none" {
        return Ok(TcpFlags::default());
    }
    text.chars().try_fold(TcpFlags::default(), |flags, letter| {
        let flag = match letter {
            'F' => TcpFlags::FIN,
            'S' => TcpFlags::SYN,
            'R' => TcpFlags::RST,
            'P' => TcpFlags::PSH,
            '.' => TcpFlags::ACK,
            'U' => TcpFlags::URG,
            'E' => TcpFlags(0x40),
            'W' => TcpFlags(0x80),
            _ => return Err(format!("`{text}` are no TCP flags")),
        };
        Ok(flags.with(flag))
    })
}

/// `+5` and `-5` count from the number that would be sent, `5` from the initial one.
fn sequence_number(text: &str) -> Result<Number, String> {
    match text.strip_prefix('+') {
        Some(digits) => number::<u32>(digits).map(|offset| Number::FromNext(offset.into())),
        None if text.starts_with('-') => number(text).map(Number::FromNext),
        None => number::<u32>(text).map(|offset| Number::FromInitial(offset.into())),
    }
}

/// `0-1480,1480-`: which bytes of the IP payload travel in which fragment, in this order.
fn cuts(text: &str) -> Result<Vec<Cut>, String> {
    text.split(',')
        .map(|range| {
            let (start, end) =
                range.split_once('-').ok_or_else(|| format!("`{range}` is no range such as `0-1480`"))?;
            let start: usize = number(start)?;
            let end = (!end.is_empty()).then(|| number(end)).transpose()?;
            if !start.is_multiple_of(8) || end.is_some_and(|end: usize| end <= start) {
                return Err(format!("`{range}`: a fragment begins at a multiple of 8 and ends later"));
            }
            Ok(Cut { start, end })
        })
        .collect()
}

/// `echo|reply [id=N] [seq=N]`, `error TYPE/CODE about N` or `message TYPE/CODE`, and a payload.
fn icmp(parts: &mut Parts<'_>) -> Result<Body, String> {
    let type_and_code = |text: Option<&str>| {
        let (kind, code) = text.and_then(|text| text.split_once('/')).ok_or("`TYPE/CODE` is missing")?;
        Ok::<_, String>((number(kind)?, number(code)?))
    };
    let payload = parts.payload.take();
    let kind = match parts.take_plain() {
        Some(word @ ("echo" | "reply")) => {
            let identifier = parts.take("id").map(number).transpose()?.unwrap_or(1);
            let sequence = parts.take("seq").map(number).transpose()?.unwrap_or(1);
            let payload = payload.unwrap_or_else(|| vec![0; ECHO_BYTES]);
            let kind = IcmpKind::Echo { is_reply: word == "reply", identifier, sequence };
            return Ok(Body::Icmp { kind, payload });
        }
        Some("error") => {
            let (kind, code) = type_and_code(parts.take_plain())?;
            match (parts.take_plain(), parts.take_plain()) {
                (Some("about"), Some(about)) => IcmpKind::Error { kind, code, about: number(about)? },
                _ => return Err("an error is `error TYPE/CODE about PACKET`".to_owned()),
            }
        }
        Some("message") => {
            let (kind, code) = type_and_code(parts.take_plain())?;
            IcmpKind::Message { kind, code }
        }
        _ => return Err("an ICMP packet is `echo`, `reply`, `error` or `message`".to_owned()),
    };
    Ok(Body::Icmp { kind, payload: payload.unwrap_or_default() })
}
