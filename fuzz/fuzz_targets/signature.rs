//! Patterns of custom applications, and what they find however the bytes are cut.
#![no_main]

use firstpass::app::{
    Alternative, AppId, Context, Fact, Hit, Pattern, Progress, Scope, Signature, Signatures,
};
use firstpass_fuzz::Dialogue;
use libfuzzer_sys::fuzz_target;

const APP: AppId = AppId(1);

// The first piece is the pattern; the others are values of one context, the server's of another.
fuzz_target!(|data: &[u8]| {
    let Some(mut dialogue) = Dialogue::read(data) else { return };
    if dialogue.pieces.is_empty() {
        return;
    }
    let (_, text) = dialogue.pieces.remove(0);
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(pattern) = Pattern::parse(text) else { return };
    assert_eq!(Pattern::parse(pattern.text()).as_ref(), Ok(&pattern), "its text is the same pattern");
    let _ = pattern.doubt();
    let alternative = |context| Alternative { context, pattern: pattern.clone(), method: None };
    let signature = |parts: Vec<Vec<Alternative>>, order_free| Signature {
        app: APP,
        parent: None,
        name: String::new(),
        scope: Scope::Session,
        order_free,
        conditions: parts,
    };
    let contexts = [Context::UnknownReqTcpPayload, Context::UnknownRspTcpPayload];
    let both = contexts.map(|context| vec![alternative(context)]).to_vec();
    let (signatures, _) = Signatures::compile(vec![
        signature(vec![contexts.map(alternative).to_vec()], false),
        signature(both.clone(), true),
        signature(both, false),
    ]);
    let hits = |dialogue: &Dialogue<'_>| {
        let (mut progress, mut hits) = (Progress::default(), Vec::new());
        for (direction, piece) in &dialogue.pieces {
            let context = contexts[direction.index()];
            let mut next = progress.see(&signatures, Fact::Bytes(context, piece), &[]);
            while let Some(Hit { signature, matched, .. }) = next {
                hits.push((signature, matched));
                assert!(hits.len() <= 3 * (data.len() + 8), "no end of hits");
                next = progress.next_hit(&signatures, &[]);
            }
        }
        hits
    };
    let (straight, other) = (hits(&dialogue), hits(&dialogue.cut_anew()));
    let first = |hits: &[(usize, Vec<u8>)]| hits.first().map(|(signature, _)| *signature);
    assert_eq!(first(&straight), first(&other), "as it comes and cut anew");
});
