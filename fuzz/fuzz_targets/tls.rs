//! What is read of TLS and DTLS: records, hellos, certificates, and the service behind them.
#![no_main]

use std::fmt::Debug;
use std::sync::LazyLock;

use firstpass::app::tls::{
    Read, Shown, certificate, client_hello, client_hello_message, dtls_client_hello, server_hello, service_of,
};
use firstpass::flow::{Direction, Protocol};
use firstpass_fuzz::{CATALOG, Dialogue, family, over_tcp, over_udp};
use libfuzzer_sys::fuzz_target;

static TCP: LazyLock<Vec<usize>> = LazyLock::new(|| family(Protocol::TCP, &["tls"]));
static UDP: LazyLock<Vec<usize>> = LazyLock::new(|| family(Protocol::UDP, &["dtls"]));

/// What is complete, or malformed, for some bytes is so for all that begin with them.
fn stays<'a, T: PartialEq + Debug>(
    bytes: &'a [u8],
    cut: usize,
    read: impl Fn(&'a [u8]) -> Read<T>,
) -> Option<T> {
    let whole = read(bytes);
    for len in (0..bytes.len()).step_by(cut.max(bytes.len() / 32 + 1)) {
        let part = read(&bytes[..len]);
        assert!(matches!(part, Read::More) || part == whole, "{len}: {part:?}, then {whole:?}");
    }
    whole.complete()
}

fuzz_target!(|data: &[u8]| {
    let Some(dialogue) = Dialogue::read(data) else { return };
    over_tcp(&dialogue, &TCP);
    over_udp(&dialogue, &UDP);
    let [client, server] = Direction::BOTH.map(|direction| dialogue.side(direction));
    for bytes in [&client, &server] {
        if let Some(hello) = stays(bytes, dialogue.cut, client_hello) {
            assert!(hello.server_name().is_none_or(|name| name.len() <= bytes.len()));
            assert!(hello.protocols().count() <= bytes.len());
        }
        stays(bytes, dialogue.cut, client_hello_message);
        stays(bytes, dialogue.cut, server_hello);
        if let Some(Some(certificate)) = stays(bytes, dialogue.cut, certificate) {
            assert!(certificate.dns_names().count() <= bytes.len());
            let _ = (certificate.common_name(), certificate.issuer_organisation());
        }
        dtls_client_hello(bytes);
    }
    if let Shown::Service(service) = service_of(&CATALOG, dialogue.port, &client, &server) {
        assert!(CATALOG.get(service.app).is_some());
    }
});
