//! The heads of HTTP/1 messages: what they say, how long the content is, and which application they give away.

/// A whole head, as far as its start line and fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    /// The three words of the start line: method, target, version; or version, status, reason.
    words: [&'a [u8]; 3],
    /// All field lines, without the empty one.
    pub(super) fields: &'a [u8],
    /// The value of the first field of each name in [`FIELDS`].
    values: [&'a [u8]; FIELDS.len()],
}

/// The fields that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    ContentDisposition,
    ContentEncoding,
    ContentLength,
    ContentType,
    Cookie,
    Host,
    IcyBr,
    IcyName,
    Nt,
    SoapAction,
    TransferEncoding,
    Upgrade,
    UserAgent,
}

/// Their names, in the order of [`Field`].
const FIELDS: [&[u8]; 13] = [
    b"content-disposition",
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"cookie",
    b"host",
    b"icy-br",
    b"icy-name",
    b"nt",
    b"soapaction",
    b"transfer-encoding",
    b"upgrade",
    b"user-agent",
];

/// How long a message's content is (RFC 9112, 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Len(u64),
    Chunked,
    /// To the end of the connection.
    Close,
    /// No content, or none that can be told: nothing more is read.
    ToTheEnd,
}

/// An application that a message gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) app: &'static str,
    pub(super) what: &'static str,
}

/// Methods of WebDAV and its extensions (RFC 4918, 9; RFC 3253; RFC 5323).
const WEBDAV: [&[u8]; 11] = [
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"SEARCH",
    b"CHECKOUT",
    b"MERGE",
];

/// Media types of requests that belong to one application: the type, or what it begins with where it ends in `*`.
const REQUEST_TYPES: [(&[u8], Shift); 6] = [
    (b"application/ocsp-request", Shift { app: "ocsp", what: "HTTP request, OCSP" }),
    (b"application/ipp", Shift { app: "ipp", what: "HTTP request, IPP" }),
    (b"application/soap+xml", Shift { app: "soap", what: "HTTP request, SOAP" }),
    (b"application/x-git-*", Shift { app: "git-base", what: "HTTP request, Git" }),
    (b"application/dns-message", Shift { app: "dns-over-https", what: "HTTP request, DNS message" }),
    (b"application/x-fcs", Shift { app: "rtmpt", what: "HTTP request, RTMP inside" }),
];

/// Media types of responses, likewise.
const RESPONSE_TYPES: [(&[u8], Shift); 5] = [
    (b"video/*", Shift { app: "http-video", what: "HTTP response, video" }),
    (b"audio/*", Shift { app: "http-audio", what: "HTTP response, audio" }),
    (b"application/x-shockwave-flash", Shift { app: "flash", what: "HTTP response, Flash" }),
    (b"application/ocsp-response", Shift { app: "ocsp", what: "HTTP response, OCSP" }),
    (b"application/x-git-*", Shift { app: "git-base", what: "HTTP response, Git" }),
];

impl<'a> Head<'a> {
    /// Reads a whole head; `None` where its first line is neither a request's nor a status line.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii_start();
        let end = memchr::memchr(b'\n', bytes)?;
        let (line, fields) = bytes.split_at_checked(end)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let fields = fields.trim_ascii();
        let (first, rest) = line.split_at_checked(memchr::memchr(b' ', line)?)?;
        let rest = rest.get(1..)?;
        // A status line has its reason last, a request line its version; clients have put more between than they may.
        let is_status = is_version(first);
        let at = if is_status { memchr::memchr(b' ', rest) } else { Some(memchr::memrchr(b' ', rest)?) };
        let (second, third) = at.and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, &[]));
        let third = third.trim_ascii_start();
        (is_status || is_version(third)).then(|| Self {
            words: [first, second, third],
            fields,
            values: values(fields),
        })
    }

    pub(super) fn is_request(&self) -> bool {
        !is_version(self.words[0])
    }

    pub(super) const fn method(&self) -> &'a [u8] {
        self.words[0]
    }

    /// The three digits of a response's status.
    pub(super) fn status(&self) -> [u8; 3] {
        self.words[1].first_chunk().copied().unwrap_or_default()
    }

    pub(super) const fn reason(&self) -> &'a [u8] {
        self.words[2]
    }

    /// The value of the first such field; empty where there is none.
    pub(super) fn field(&self, field: Field) -> &'a [u8] {
        self.values.get(field as usize).copied().unwrap_or_default()
    }

    /// The values of all fields of that name.
    fn each_field(&self, field: Field) -> impl Iterator<Item = &'a [u8]> {
        let wanted = FIELDS.get(field as usize).copied().unwrap_or_default();
        lines(self.fields).filter(move |(name, _)| wanted.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether it asks a proxy: by method, or by a target with its scheme (RFC 9112, 3.2.2 and 3.2.3).
    pub(super) fn is_for_proxy(&self) -> bool {
        self.method() == b"CONNECT" || self.authority().is_some()
    }

    /// The host it asks for: the target's, otherwise the Host field's; with a port where one is given.
    pub(super) fn host(&self) -> &'a [u8] {
        match self.authority() {
            Some(authority) => authority,
            None if self.method() == b"CONNECT" => self.words[1],
            None => self.field(Field::Host),
        }
    }

    /// Path and query of the target, whatever its form.
    pub(super) fn path_and_query(&self) -> (&'a [u8], &'a [u8]) {
        let target = self.words[1];
        let path = match self.authority() {
            Some(authority) => {
                let at = memchr::memmem::find(target, b"://").map_or(0, |at| at + 3);
                target.get(at + authority.len()..).unwrap_or_default()
            }
            None => target,
        };
        match memchr::memchr(b'?', path) {
            Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
            None => (path, &[]),
        }
    }

    /// The content's length; `None` where the head does not say.
    pub(super) fn body(&self) -> Option<Body> {
        let coding = self.field(Field::TransferEncoding);
        if !coding.is_empty() {
            let last = coding.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
            return Some(if last.eq_ignore_ascii_case(b"chunked") { Body::Chunked } else { Body::ToTheEnd });
        }
        let len = self.field(Field::ContentLength);
        if len.is_empty() {
            return None;
        }
        // Lengths that differ, or are no digits, leave nothing to go by (RFC 9112, 6.3).
        let is_sound = len.iter().all(u8::is_ascii_digit)
            && self.each_field(Field::ContentLength).all(|other| other == len);
        let len = std::str::from_utf8(len).ok().filter(|_| is_sound).and_then(|text| text.parse().ok());
        Some(len.map_or(Body::ToTheEnd, Body::Len))
    }

    fn authority(&self) -> Option<&'a [u8]> {
        let target = self.words[1];
        let rest = target.strip_prefix(b"http://").or_else(|| target.strip_prefix(b"ftp://"))?;
        rest.split(|byte| matches!(byte, b'/' | b'?')).next()
    }
}

/// Name and value of each field line.
fn lines(fields: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = fields;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.get(1..).unwrap_or_default();
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (name, value) = line.split_at_checked(colon)?;
        Some((name, value.get(1..).unwrap_or_default().trim_ascii()))
    })
}

/// Goes through the field lines once.
fn values(fields: &[u8]) -> [&[u8]; FIELDS.len()] {
    let mut values: [&[u8]; FIELDS.len()] = [&[]; FIELDS.len()];
    for (name, value) in lines(fields) {
        let known = FIELDS.iter().zip(&mut values).find(|(field, _)| field.eq_ignore_ascii_case(name));
        if let Some((_, slot)) = known.filter(|(_, slot)| slot.is_empty()) {
            *slot = value;
        }
    }
    values
}

fn is_version(word: &[u8]) -> bool {
    word.starts_with(b"HTTP/1.")
}

/// The application that a request gives away, besides the one its host does.
pub(super) fn request_shift(head: &Head<'_>) -> Option<Shift> {
    let method = head.method();
    let (_, query) = head.path_and_query();
    if head.is_for_proxy() {
        return Some(Shift { app: "http-proxy", what: "HTTP request to a proxy" });
    }
    if WEBDAV.contains(&method) {
        return Some(Shift { app: "webdav", what: "WebDAV method" });
    }
    if matches!(method, b"RPC_IN_DATA" | b"RPC_OUT_DATA") {
        return Some(Shift { app: "rpc-over-http", what: "RPC over HTTP method" });
    }
    let action = head.field(Field::SoapAction);
    if memchr::memmem::find(action, b"schemas-upnp-org").is_some()
        || head.field(Field::Nt).eq_ignore_ascii_case(b"upnp:event")
    {
        return Some(Shift { app: "upnp", what: "HTTP request, UPnP" });
    }
    if !action.is_empty() {
        return Some(Shift { app: "soap", what: "HTTP request, SOAPAction" });
    }
    if query.starts_with(b"service=git-") {
        return Some(Shift { app: "git-base", what: "HTTP request, Git" });
    }
    by_type(head, &REQUEST_TYPES)
}

/// The application that a response gives away.
pub(super) fn response_shift(head: &Head<'_>) -> Option<Shift> {
    if !head.field(Field::IcyName).is_empty() || !head.field(Field::IcyBr).is_empty() {
        return Some(Shift { app: "shoutcast", what: "HTTP response, ICY" });
    }
    by_type(head, &RESPONSE_TYPES)
}

fn by_type(head: &Head<'_>, types: &[(&[u8], Shift)]) -> Option<Shift> {
    let value = head.field(Field::ContentType);
    let media = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let fits = |wanted: &[u8]| match wanted.strip_suffix(b"*") {
        Some(start) => media.get(..start.len()).is_some_and(|begun| begun.eq_ignore_ascii_case(start)),
        None => media.eq_ignore_ascii_case(wanted),
    };
    types.iter().find(|(wanted, _)| fits(wanted)).map(|&(_, shift)| shift)
}
