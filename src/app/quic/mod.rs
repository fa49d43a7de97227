//! What the first flight of a QUIC client shows: its Initial packets are encrypted with keys that anyone can derive
//! (RFC 9001, 5.2), so the ClientHello in them can be read.

mod frame;
mod google;
mod keys;
mod packet;
#[cfg(test)]
mod testing;
#[cfg(all(fuzzing, not(test)))]
pub(super) mod testing;

use super::Catalog;
use super::tls::{Read, Service, Shown, Source, client_hello_message, service_by_name};
use frame::Pieces;
use keys::Keys;

/// Client's datagrams that are looked at: a ClientHello takes one to three, and each may be sent again.
const DATAGRAMS_MAX: usize = 16;

/// Which application a client's datagrams, in order of arrival, show to be behind QUIC.
pub fn service_of<'a>(catalog: &Catalog, datagrams: impl IntoIterator<Item = &'a [u8]>) -> Shown<'static> {
    let flight = Flight::read(datagrams);
    let service = match &flight.hello {
        Hello::Google(name) => by_name(catalog, name),
        Hello::Tls(stream) => match client_hello_message(stream) {
            Read::Complete(hello) => service_by_name(catalog, hello).map(Service::into_owned),
            Read::Malformed => None,
            Read::More if flight.is_over => None,
            Read::More => return Shown::More,
        },
    };
    service.map_or(Shown::Nothing, Shown::Service)
}

/// The host that a client asks for, once its ClientHello is complete; raw bytes.
pub fn server_name<'a>(datagrams: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    match Flight::read(datagrams).hello {
        Hello::Google(name) => Some(name),
        Hello::Tls(stream) => client_hello_message(&stream).complete()?.server_name().map(<[u8]>::to_vec),
    }
}

fn by_name(catalog: &Catalog, name: &[u8]) -> Option<Service<'static>> {
    let app = catalog.by_host(name)?;
    Some(Service { app, source: Source::GoogleHello, detail: name.to_vec().into() })
}

/// What a client's first datagrams hold.
struct Flight {
    hello: Hello,
    /// Whether no more of the hello can come.
    is_over: bool,
}

/// A hello, as far as it has come.
enum Hello {
    /// Handshake messages.
    Tls(Vec<u8>),
    /// The server name in the CHLO of Google's QUIC.
    Google(Vec<u8>),
}

impl Flight {
    fn read<'a>(datagrams: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut pieces = Pieces::default();
        let mut first: Option<Keys> = None;
        let mut is_over = false;
        let mut seen = 0;
        for datagram in datagrams.into_iter().take(DATAGRAMS_MAX) {
            seen += 1;
            if let Some(name) = google::server_name(datagram) {
                return Self { hello: Hello::Google(name.to_vec()), is_over: true };
            }
            // A short header: the client has the server's answer.
            is_over |= datagram.first().is_some_and(|first| first & 0x80 == 0);
            for initial in packet::initials(datagram) {
                // The keys follow from the connection id of the client's first packet; after a Retry from that of its
                // next one, which is the server's choice. A packet that authenticates shows which.
                let payload = first.as_ref().and_then(|keys| keys.open(&initial)).or_else(|| {
                    let keys = Keys::of(&initial)?;
                    let payload = keys.open(&initial)?;
                    first = Some(keys);
                    Some(payload)
                });
                if let Some(payload) = payload {
                    pieces.add(&payload);
                }
            }
        }
        let stream = pieces.stream();
        let hello = match google::chlo_name(&stream) {
            Some(name) => Hello::Google(name.to_vec()),
            None => Hello::Tls(stream),
        };
        Self { hello, is_over: is_over || seen == DATAGRAMS_MAX }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::testing::{Plain, crypto, unhex};
    use super::*;
    use crate::app::tls::testing::hello;

    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().unwrap());

    /// RFC 9001, A.1 and RFC 9369, A.1.
    const ID: &[u8] = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08";
    const FIRST: Plain<'_> = Plain { version: 1, destination: ID, secret: ID, number: 2 };

    fn shown(datagrams: &[Vec<u8>]) -> String {
        match service_of(&CATALOG, datagrams.iter().map(Vec::as_slice)) {
            Shown::More => "more".to_owned(),
            Shown::Nothing => "nothing".to_owned(),
            Shown::Service(service) => {
                let name = String::from_utf8_lossy(&service.detail).into_owned();
                format!("{} by {} {name}", CATALOG.name(service.app), service.source.what())
            }
        }
    }

    fn name(datagrams: &[Vec<u8>]) -> Option<String> {
        let name = server_name(datagrams.iter().map(Vec::as_slice))?;
        Some(String::from_utf8(name).unwrap())
    }

    /// The client's Initial packets of RFC 9001, A.2 and RFC 9369, A.2: the same frame, sealed, must have the RFCs'
    /// header, sample and tag, and the last depends on all of it.
    #[test]
    fn vectors() {
        let frame = unhex(
            "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868 04fe3a47f06a2b69484c0000041301130201
             0000c000000010000e00000b6578616d706c652e636f6dff01000100000a0008 0006001d0017001800100007000504616c70
             6e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559f edba753de171fa71f50f1ce15d43e994ec74
             d748002b0003020304000d0010000e0403050306030203080408050806002d00 020101001c00024001003900320408ffffff
             ffffffffff05048000ffff07048000ffff0801100104800075300901100f0883 94c8f03e51570806048000ffff",
        );
        for (version, head, tag) in [
            (
                1,
                "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b",
                "e221af44860018ab0856972e194cd934",
            ),
            (
                0x6b33_43cf,
                "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071",
                "a18b2faa745b6fe189cf772a9f84cbfc",
            ),
        ] {
            let packet = Plain { version, ..FIRST }.seal(&frame, 1_162);
            assert_eq!(packet.len(), 1_200);
            assert_eq!(packet[..38], unhex(head));
            assert_eq!(packet[1_184..], unhex(tag));
            assert_eq!(name(&[packet]).as_deref(), Some("example.com"));
        }
    }

    #[test]
    fn every_version() {
        let message = hello("mail.google.com", &["h3"], 32);
        let drafts = 0xff00_0016..=0xff00_0022_u32;
        for version in drafts.chain([1, 0x6b33_43cf, 0xface_b001, 0xface_b002, 0x5430_3530, 0x5430_3531]) {
            let packet = Plain { version, ..FIRST }.seal(&crypto(&message, 0, message.len()), 1_162);
            let want = "gmail-base by TLS ClientHello, SNI mail.google.com";
            assert_eq!(shown(&[packet]), want, "{version:x}");
        }
    }

    /// A hello with a post-quantum key share takes two datagrams.
    #[test]
    fn over_datagrams() {
        let message = hello("rr1.googlevideo.com", &["h3"], 1_216);
        let want = "youtube-base by TLS ClientHello, SNI rr1.googlevideo.com";
        let piece = |number: u32, from: usize, to: usize| {
            Plain { number, ..FIRST }.seal(&crypto(&message, from, to), 1_162)
        };
        let (one, two) = (piece(0, 0, 1_100), piece(1, 1_100, message.len()));
        assert_eq!(shown(std::slice::from_ref(&one)), "more");
        assert_eq!(shown(std::slice::from_ref(&two)), "more");
        assert_eq!(shown(&[one.clone(), two.clone()]), want);
        assert_eq!(shown(&[two.clone(), one.clone()]), want, "in the other order");
        assert_eq!(shown(&[one.clone(), one.clone(), two.clone()]), want, "sent again");

        // The server's answer to the first gives the client another id; the keys stay.
        let moved = Plain { destination: b"server", number: 1, ..FIRST };
        assert_eq!(shown(&[one.clone(), moved.seal(&crypto(&message, 1_100, message.len()), 1_162)]), want);

        // After a Retry the id is the server's, and the keys follow it; the hello comes again.
        let retried = Plain { destination: b"retried", secret: b"retried", number: 2, ..FIRST };
        let again = [
            retried.seal(&crypto(&message, 0, 1_100), 1_162),
            retried.seal(&crypto(&message, 1_100, message.len()), 1_162),
        ];
        assert_eq!(shown(&[&[one.clone()][..], &again].concat()), want);

        // Cut into dozens of pieces, in any order, pings and padding between.
        let mut frames = Vec::new();
        for at in (0..message.len()).step_by(20).rev() {
            frames.extend(crypto(&message, at, (at + 20).min(message.len())));
            frames.extend([1, 0, 0]);
        }
        assert_eq!(shown(&[FIRST.seal(&frames, 0)]), want);

        // 0-RTT before it in the datagram.
        let early = b"\xd3\0\0\0\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\0\x0512345".to_vec();
        assert_eq!(shown(&[[early, one].concat(), two]), want);
    }

    #[test]
    fn nothing_is_shown() {
        let message = hello("mail.google.com", &["h3"], 1_216);
        let sealed = |message: &[u8]| FIRST.seal(&crypto(message, 0, message.len()), 1_162);
        let half = FIRST.seal(&crypto(&message, 0, 700), 1_162);
        let mut damaged = sealed(&message);
        *damaged.last_mut().unwrap() ^= 1;
        let other = Plain { secret: b"another", ..FIRST }.seal(&crypto(&message, 0, message.len()), 1_162);
        for (what, datagrams, want) in [
            ("nothing yet", vec![], "more"),
            ("an unknown host", vec![sealed(&hello("www.example.org", &["h3"], 9))], "nothing"),
            ("no name", vec![sealed(&hello("", &["h3"], 9))], "nothing"),
            ("a message of another kind", vec![sealed(b"\x02\0\0\x01a")], "nothing"),
            ("half of it", vec![half.clone()], "more"),
            ("half of it, and the handshake is over", vec![half.clone(), b"\x43short".to_vec()], "nothing"),
            ("half of it, again and again", vec![half; DATAGRAMS_MAX], "nothing"),
            ("damaged", vec![damaged.clone()], "more"),
            (
                "damaged, then sound",
                vec![damaged, sealed(&message)],
                "gmail-base by TLS ClientHello, SNI mail.google.com",
            ),
            ("keys of a packet that is lost", vec![other], "more"),
            ("no QUIC", vec![vec![0xc3; 1_200]; DATAGRAMS_MAX], "nothing"),
        ] {
            assert_eq!(shown(&datagrams), want, "{what}");
        }
    }

    /// Resolvers: over HTTP/3 (RFC 8484), and DNS over QUIC (RFC 9250), which has no name in the catalog.
    #[test]
    fn resolvers() {
        for (protocol, want) in
            [("h3", "dns-over-https by TLS ClientHello, SNI dns.google"), ("doq", "nothing")]
        {
            let message = hello("dns.google", &[protocol], 9);
            assert_eq!(shown(&[FIRST.seal(&crypto(&message, 0, message.len()), 1_162)]), want);
        }
    }

    #[test]
    fn googles_own() {
        let chlo = google::tests::chlo(&[(b"PAD\0", &[b'-'; 900]), (b"SNI\0", b"www.youtube.com")]);
        let want = "youtube-base by QUIC CHLO, SNI www.youtube.com";
        let clear = [b"\x09\x01\x02\x03\x04\x05\x06\x07\x08Q043\x01", &[9; 12][..], b"\xa0\x01\0\x04", &chlo];
        assert_eq!(shown(&[clear.concat()]), want);
        // Q050 encrypts it as an Initial packet.
        let sealed = Plain { version: 0x5130_3530, ..FIRST }.seal(&crypto(&chlo, 0, chlo.len()), 1_162);
        assert_eq!(shown(&[sealed]), want);
    }

    proptest! {
        /// However the hello is cut into frames and datagrams, it is read once the last byte is there, and not before.
        #[test]
        fn cuts_do_not_matter(
            cuts in prop::collection::vec(1_usize..600, 1..20),
            turn in any::<prop::sample::Index>(),
        ) {
            let message = hello("mail.google.com", &["h3"], 1_216);
            let mut datagrams = Vec::new();
            let mut at = 0;
            for (number, len) in (0..).zip(cuts.into_iter().chain([600, 600, 600])) {
                let to = (at + len).min(message.len());
                if at < to && datagrams.len() < DATAGRAMS_MAX {
                    datagrams.push(Plain { number, ..FIRST }.seal(&crypto(&message, at, to), 1_162));
                    at = to;
                }
            }
            prop_assume!(at == message.len() && datagrams.len() < DATAGRAMS_MAX);
            let turn = turn.index(datagrams.len());
            datagrams.rotate_left(turn);
            for len in 0..datagrams.len() {
                prop_assert_eq!(shown(&datagrams[..len]), "more");
            }
            prop_assert_eq!(shown(&datagrams), "gmail-base by TLS ClientHello, SNI mail.google.com");
        }

        /// No bytes make it fail: neither on the wire nor under the keys.
        #[test]
        fn no_bytes_fail(
            noise in prop::collection::vec(any::<u8>(), 0..300),
            head in prop::sample::select(vec![&b""[..], b"\xc3\0\0\0\x01\x08", b"\xc3Q046\x50", b"\x09abcdefghQ043"]),
        ) {
            shown(&[[head, &noise].concat()]);
            shown(&[FIRST.seal(&noise, 40)]);
            let lie = [b"\x01\0\x01\0", &noise[..]].concat();
            shown(&[FIRST.seal(&crypto(&lie, 0, lie.len()), 40)]);
        }
    }
}
