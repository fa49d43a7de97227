//! What the tests of gateways share.

use proptest::prelude::*;

use super::{Gateway, Heard, ROWS, Said};
use crate::flow::{Direction, Protocol};

/// All that a gateway hears of what is said, piece by piece.
pub(super) fn hear(gateway: &mut dyn Gateway, said: &[(Direction, &[u8])]) -> Heard {
    let (mut heard, mut at) = (Heard::default(), [0; 2]);
    for (by, bytes) in said {
        gateway.hear(Said { by: *by, at: at[by.index()], bytes }, &mut heard);
        at[by.index()] += bytes.len() as u64;
    }
    heard
}

/// What was heard in `bytes`, in one line: what announced it, the endpoint, and the fields it stands in.
pub(super) fn shown(heard: &Heard, bytes: &[u8]) -> String {
    let text = |at: u64, len: u32| {
        let start = usize::try_from(at).unwrap();
        String::from_utf8_lossy(&bytes[start..start + len as usize]).into_owned()
    };
    let endpoint = |endpoint: &super::Endpoint| {
        let what = endpoint.opens.map_or("named", |opens| opens.what);
        let addr = endpoint.addr.map_or("own".to_owned(), |addr| addr.to_string());
        let port = endpoint.port.map_or("own".to_owned(), |port| port.to_string());
        let fields = endpoint.fields.iter().map(|field| format!(" [{}]", text(field.at, field.len)));
        format!("{what} {addr}:{port}{}", fields.collect::<String>())
    };
    heard.endpoints.iter().map(endpoint).collect::<Vec<_>>().join("; ")
}

/// A stream cut anywhere says the same.
pub(super) fn open(make: fn() -> Box<dyn Gateway>, said: &[(Direction, &[u8])]) {
    let whole = hear(&mut *make(), said);
    assert_ne!(whole, Heard::default());
    for cut in 1..said.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or(1) {
        let pieces: Vec<_> =
            said.iter().flat_map(|(by, bytes)| bytes.chunks(cut).map(|piece| (*by, piece))).collect();
        assert_eq!(hear(&mut *make(), &pieces), whole, "cut every {cut} bytes");
    }
}

proptest! {
    /// Every gateway takes any bytes, and over TCP cuts make no difference.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), small in 0_u8..2, cut in 1_usize..50) {
        // Small numbers look more like headers.
        let bytes: Vec<u8> = bytes.iter().map(|byte| if small == 1 { byte % 12 } else { *byte }).collect();
        for row in ROWS {
            for by in [Direction::ClientToServer, Direction::ServerToClient] {
                let whole = hear(&mut *(row.make)(), &[(by, &bytes)]);
                let pieces: Vec<_> = bytes.chunks(cut).map(|piece| (by, piece)).collect();
                let cut = hear(&mut *(row.make)(), &pieces);
                prop_assert!(row.protocol == Protocol::UDP || cut == whole, "{}", row.app);
            }
        }
    }
}
