//! What one session says, looked into: signatures, hosts, files.

use std::collections::VecDeque;

use super::content::{Content, Parts};
use super::file::{File, Found};
use super::mail;
use super::mailbox::Mailbox;
use super::{Decoder, Threats};
use crate::app::{AppId, Catalog, Context, Fact, Heads, Progress, Reader, Said, Transfer};
use crate::flow::Direction;
use crate::policy::RuleId;

/// So much is waiting to be judged at most; what comes beside it is passed over.
const SIGHTS_MAX: usize = 64;
/// So much of a URL is kept: what a row of PAN-OS's threat log holds.
const URL_MAX: usize = 1_023;

/// Something that a profile may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// A custom signature is met.
    Signature {
        /// Which: index in [`Threats::custom`].
        index: usize,
        /// Where it was met.
        context: Context,
        /// By what, raw: the last 64 bytes where it is longer.
        matched: Vec<u8>,
        /// The URL that was asked for last, raw.
        object: Vec<u8>,
    },
    /// The EICAR test file is transferred.
    Virus {
        /// In which protocol.
        decoder: Decoder,
        /// Name of the file, raw.
        file: Vec<u8>,
    },
    /// A host is asked for.
    Url {
        /// It alone, as it was named; it may have a port.
        host: Vec<u8>,
        /// Host, path and query, raw.
        url: Vec<u8>,
        /// What names it.
        what: &'static str,
    },
    /// A file is transferred.
    File {
        /// Its types, most special first.
        types: Vec<&'static str>,
        /// Its name, raw.
        name: Vec<u8>,
    },
}

impl Sight {
    /// The same for a combination that has counted this signature.
    #[must_use]
    pub fn of(&self, number: usize) -> Self {
        match self {
            Self::Signature { context, matched, object, .. } => Self::Signature {
                index: number,
                context: *context,
                matched: matched.clone(),
                object: object.clone(),
            },
            other => other.clone(),
        }
    }
}

/// One session being looked into.
#[derive(Debug)]
pub struct Inspection {
    source: Source,
    seen: Seen,
}

#[derive(Debug)]
enum Source {
    Read(Reader),
    /// All that either side sends is one file.
    Data,
    /// Mail that is fetched; and what signatures want of the protocol.
    Mailbox(Box<Mailbox>, Option<Reader>),
}

/// How far it has come.
#[derive(Debug)]
struct Seen {
    decoder: Decoder,
    progress: Progress,
    /// Signatures that have been told of: each is once in a session (assumed), but for those that others count.
    told: Vec<AppId>,
    /// The content of the message at hand, of each side.
    contents: [Option<Content>; 2],
    /// A data connection's file, of each side.
    files: [Option<File>; 2],
    parts: Parts,
    path: Vec<u8>,
    query: Vec<u8>,
    host: Vec<u8>,
    server_name: Vec<u8>,
    /// The last says whether it is new: some have been put back.
    sights: VecDeque<(Direction, Sight, bool)>,
    is_over: bool,
}

impl Inspection {
    /// Of a session whose application is known and that sounds like this; `None` where its rule's profiles look for
    /// nothing in it. `is_told` says that it was not the payload that told the application: FTP without a greeting is
    /// a data connection then.
    pub(crate) fn of(
        threats: &Threats,
        rule: RuleId,
        catalog: &Catalog,
        heads: &Heads<'_>,
        (app, is_told): (AppId, bool),
    ) -> Option<Self> {
        let set = threats.of(rule)?;
        let is_data = match catalog.name(app) {
            "ftp-data" => true,
            "ftp" => is_told && !heads.server.starts_with(b"220"),
            _ => false,
        };
        let wants_files = set.virus.is_some() || set.file.is_some();
        if is_data {
            return wants_files.then(|| Self::new(Source::Data, Decoder::Ftp));
        }
        let reader = Reader::for_session(catalog, heads, app);
        let reader = reader.filter(|reader| threats.needs(rule, reader));
        match catalog.name(app) {
            name @ ("pop3" | "imap") if wants_files => {
                let is_pop3 = name == "pop3";
                let decoder = if is_pop3 { Decoder::Pop3 } else { Decoder::Imap };
                Some(Self::new(Source::Mailbox(Box::new(Mailbox::new(is_pop3)), reader), decoder))
            }
            _ => reader.map(Self::reading),
        }
    }

    /// Of a session that has sent a whole HTTP request, before anything proves that it is HTTP: so that a request can be
    /// held back.
    pub(crate) fn of_request(threats: &Threats, rule: RuleId, heads: &Heads<'_>) -> Option<Self> {
        let reader = Reader::for_request(heads)?;
        threats.needs(rule, &reader).then(|| Self::reading(reader))
    }

    fn reading(reader: Reader) -> Self {
        let tells = |context: Context| reader.contexts().contains(&context);
        let decoder = if tells(Context::SmtpReqArgument) { Decoder::Smtp } else { Decoder::Http };
        Self::new(Source::Read(reader), decoder)
    }

    fn new(source: Source, decoder: Decoder) -> Self {
        Self {
            source,
            seen: Seen {
                decoder,
                progress: Progress::default(),
                told: Vec::new(),
                contents: [None, None],
                files: [None, None],
                parts: Parts::default(),
                path: Vec::new(),
                query: Vec::new(),
                host: Vec::new(),
                server_name: Vec::new(),
                sights: VecDeque::new(),
                is_over: false,
            },
        }
    }

    /// Takes the next bytes of one side, in order (or a datagram of it).
    pub fn feed(&mut self, threats: &Threats, direction: Direction, bytes: &[u8]) {
        let Self { source, seen } = self;
        match source {
            Source::Read(reader) => {
                reader.feed(direction, bytes, &mut |said| seen.hear(threats, direction, said));
            }
            Source::Data => seen.data(threats, direction, bytes),
            Source::Mailbox(mailbox, reader) => {
                let mut found = Vec::new();
                let eicar = &threats.eicar;
                mailbox.feed(eicar, direction, bytes, &mut |name, what| found.push((name.to_vec(), what)));
                seen.found(direction, found);
                if let Some(reader) = reader {
                    reader.feed(direction, bytes, &mut |said| seen.hear(threats, direction, said));
                }
            }
        }
        seen.name_objects();
    }

    /// What has been come upon since it was asked last, in order; and whether it is new, not put back.
    pub fn take(&mut self) -> Option<(Direction, Sight, bool)> {
        self.seen.sights.pop_front()
    }

    /// Something that follows from what was taken last: it comes next.
    pub fn put_next(&mut self, direction: Direction, sight: Sight) {
        self.seen.sights.push_front((direction, sight, true));
    }

    /// Gives something back that nothing can be said about yet.
    pub fn put_back(&mut self, direction: Direction, sight: Sight) {
        self.seen.add(direction, sight, false);
    }

    /// Whether a limit was reached since it was asked last: content that becomes too large, too much at once.
    pub fn was_over(&mut self) -> bool {
        std::mem::take(&mut self.seen.is_over)
    }
}

impl Seen {
    fn hear(&mut self, threats: &Threats, direction: Direction, said: Said<'_>) {
        match said {
            Said::Fact(fact) => self.fact(threats, direction, fact),
            Said::Host(host) => {
                self.host = host.to_vec();
                let (host, url) = (host.to_vec(), self.url());
                self.see(direction, Sight::Url { host, url, what: "HTTP request" });
            }
            Said::Transfer(part) => self.transfer(threats, direction, part),
            Said::Application(..) | Said::Connection => {}
        }
    }

    fn fact(&mut self, threats: &Threats, direction: Direction, fact: Fact<'_>) {
        match fact {
            Fact::Bytes(Context::HttpReqMethod, _) => {
                (self.path, self.query, self.host) = (Vec::new(), Vec::new(), Vec::new());
            }
            Fact::Bytes(Context::HttpReqUriPath, path) => self.path = path.to_vec(),
            Fact::Bytes(Context::HttpReqParams, query) => self.query = query.to_vec(),
            Fact::Bytes(Context::SslReqChelloSni, name) => {
                let room = URL_MAX.saturating_sub(self.server_name.len());
                self.server_name.extend_from_slice(name.get(..room).unwrap_or(name));
            }
            Fact::End(Context::SslReqChelloSni) if !self.server_name.is_empty() => {
                let host = std::mem::take(&mut self.server_name);
                let url = host.clone();
                self.see(direction, Sight::Url { host, url, what: "TLS ClientHello, SNI" });
            }
            Fact::Mail(bytes) => {
                let mut found = Vec::new();
                self.parts.feed(&threats.eicar, bytes, &mut |name, what| found.push((name.to_vec(), what)));
                self.found(direction, found);
            }
            Fact::MailEnd => {
                let mut found = Vec::new();
                self.parts.end(&threats.eicar, &mut |name, what| found.push((name.to_vec(), what)));
                self.found(direction, found);
            }
            Fact::Bytes(..) | Fact::End(_) | Fact::Unit => {}
        }
        if threats.signatures.is_empty() {
            return;
        }
        let mut next = self.progress.see(&threats.signatures, fact, &self.told);
        while let Some(hit) = next {
            let (index, context, matched) = (usize::from(hit.app.0), hit.context, hit.matched);
            if threats.counting(index).next().is_none() {
                self.told.push(hit.app);
            }
            self.see(direction, Sight::Signature { index, context, matched, object: Vec::new() });
            next = self.progress.next_hit(&threats.signatures, &self.told);
        }
    }

    fn transfer(&mut self, threats: &Threats, direction: Direction, part: Transfer<'_>) {
        let mut found = Vec::new();
        let mut hear = |name: &[u8], what: Found| found.push((name.to_vec(), what));
        let Some(slot) = self.contents.get_mut(direction.index()) else { return };
        match part {
            Transfer::Begin { disposition, asked, media, coding } => {
                let name = mail::parameter(disposition, b"filename").unwrap_or_else(|| asked.to_vec());
                *slot = Some(Content::new(coding, media, name, threats.inflated_max));
            }
            Transfer::Bytes(bytes) => {
                if let Some(content) = slot {
                    content.feed(&threats.eicar, bytes, &mut hear);
                    self.is_over |= std::mem::take(&mut content.is_over);
                }
            }
            Transfer::End => {
                if let Some(content) = slot.take() {
                    content.end(&threats.eicar, &mut hear);
                }
            }
        }
        self.found(direction, found);
    }

    fn data(&mut self, threats: &Threats, direction: Direction, bytes: &[u8]) {
        let mut found = Vec::new();
        if let Some(slot) = self.files.get_mut(direction.index()) {
            let file = slot.get_or_insert_with(|| File::new(Vec::new()));
            file.feed(&threats.eicar, bytes, &mut |name, what| found.push((name.to_vec(), what)));
        }
        self.found(direction, found);
    }

    fn found(&mut self, direction: Direction, found: Vec<(Vec<u8>, Found)>) {
        for (name, what) in found {
            let sight = match what {
                Found::Eicar => Sight::Virus { decoder: self.decoder, file: name },
                Found::Types(types) => Sight::File { types, name },
            };
            self.see(direction, sight);
        }
    }

    fn see(&mut self, direction: Direction, sight: Sight) {
        self.add(direction, sight, true);
    }

    fn add(&mut self, direction: Direction, sight: Sight, is_new: bool) {
        if self.sights.len() < SIGHTS_MAX {
            self.sights.push_back((direction, sight, is_new));
        } else {
            self.is_over = true;
        }
    }

    /// Host, path and query of the request at hand.
    fn url(&self) -> Vec<u8> {
        let query = if self.query.is_empty() { &[][..] } else { b"?" };
        let mut url = [&self.host, &self.path, query, &self.query].concat();
        url.truncate(URL_MAX);
        url
    }

    /// What was met in a request goes with its URL, of which the host may come after it.
    fn name_objects(&mut self) {
        if self.sights.is_empty() || self.path.is_empty() {
            return;
        }
        let url = self.url();
        for (_, sight, _) in &mut self.sights {
            if let Sight::Signature { object, .. } = sight
                && object.is_empty()
            {
                object.clone_from(&url);
            }
        }
    }
}
