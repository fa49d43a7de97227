//! Patterns, and what signatures make of facts.

use proptest::prelude::*;

use super::*;
use crate::app::Fact;

/// Nothing is told.
const NONE: [u16; 0] = [];
const WEB: AppId = AppId(1);
const HOST: Context = Context::HttpReqHostHeader;
const PATH: Context = Context::HttpReqUriPath;
const UP: Context = Context::UnknownReqTcpPayload;
const DOWN: Context = Context::UnknownRspTcpPayload;

fn alternative(context: Context, pattern: &str) -> Alternative {
    Alternative { context, pattern: Pattern::parse(pattern).unwrap(), method: None }
}

/// A signature of its own application for each list of conditions: `host:a|path:b` are alternatives.
fn signature(app: u16, conditions: &[&[(Context, &str)]]) -> Signature {
    Signature {
        app: AppId(app),
        parent: None,
        name: format!("s{app}"),
        scope: Scope::Transaction,
        order_free: false,
        conditions: conditions
            .iter()
            .map(|any| any.iter().map(|(context, pattern)| alternative(*context, pattern)).collect())
            .collect(),
    }
}

fn compile(signatures: Vec<Signature>) -> Signatures {
    let (signatures, too_large) = Signatures::compile(signatures);
    assert_eq!(too_large, []);
    signatures
}

/// The applications that are told, in order.
fn told(signatures: &Signatures, facts: &[Fact<'_>], passed: &[AppId]) -> Vec<u16> {
    hits(signatures, facts, passed).iter().map(|hit| hit.app.0).collect()
}

fn hits(signatures: &Signatures, facts: &[Fact<'_>], passed: &[AppId]) -> Vec<Hit> {
    let mut progress = Progress::default();
    let (mut passed, mut hits) = (passed.to_vec(), Vec::new());
    for &fact in facts {
        let mut hit = progress.see(signatures, fact, &passed);
        while let Some(one) = hit {
            passed.push(one.app);
            hits.push(one);
            hit = progress.next_hit(signatures, &passed);
        }
    }
    hits
}

/// What of `bytes`, which are the whole value, the pattern fits.
fn matched(pattern: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let signatures = compile(vec![signature(9, &[&[(UP, pattern)]])]);
    hits(&signatures, &[Fact::Bytes(UP, bytes), Fact::End(UP)], &[]).pop().map(|hit| hit.matched)
}

#[test]
fn patterns_fit() {
    for (pattern, bytes, expected) in [
        (r"example\.org", &b"www.example.org"[..], Some(&b"example.org"[..])),
        (r"example\.org", b"www.example-org", None),
        // Case counts, unless it does not.
        ("EXAMPLE", b"example", None),
        ("((?i)EXAMPLE)", b"example", Some(b"example")),
        ("(?i)EXAMPLE", b"eXample", Some(b"eXample")),
        // Bytes in hexadecimal, from `\x` to `\x`.
        (r"\x1b 25\x-12345X", b"\x1b%-12345X@PJL", Some(b"\x1b%-12345X")),
        (r"\x1b25\x-12345X", b"\x1b%-12345X", Some(b"\x1b%-12345X")),
        (r"a\x00 ff\x.\x0A\xb", b"a\0\xff\n\nb", Some(b"a\0\xff\n\nb")),
        // What is literal in hexadecimal stays so.
        (r"\x2e 2a\xabcdefg", b".*abcdefg", Some(b".*abcdefg")),
        (r"\x2e 2a\xabcdefg", b"xxabcdefg", None),
        (r"line\r\nend\t", b"line\r\nend\t", Some(b"line\r\nend\t")),
        (r"GET \/index", b"GET /index", Some(b"GET /index")),
        (r"Scenario\: Upload", b"Scenario: Upload", Some(b"Scenario: Upload")),
        ("((bif)|(scr)|(exe))x", b"scrx", Some(b"scrx")),
        ("(ab)+c{2,3}", b"ababccccc", Some(b"ababcc")),
        ("ab?c", b"ac", Some(b"ac")),
        (r"user-[0-9a-f]+\.log", b"/user-12af.log", Some(b"user-12af.log")),
        ("[^a-c]xyz", b"axyz", None),
        ("[^a-c]xyz", b"dxyz", Some(b"dxyz")),
        ("[a&&b~]-[x-]]", b"&-x]", Some(b"&-x]")),
        ("[a&&b~]-[x-]]", b"a--]", Some(b"a--]")),
        ("[]a]b", b"]b", Some(b"]b")),
        (r"[\]\x41\x]b", b"Ab", Some(b"Ab")),
        // A brace that counts nothing.
        (r#"{"id":{3}"#, br#"{"id":::"#, Some(br#"{"id":::"#)),
        ("a{,3}b", b"a{,3}b", Some(b"a{,3}b")),
        ("é", "é".as_bytes(), Some("é".as_bytes())),
        // Any bytes before and behind say nothing.
        (r".*\.example\..*", b"www.example.org", Some(b".example.")),
        (".+end", b"end", None),
        (".+end", b"xend", Some(b"xend")),
        ("begin.{3}end", b"begin\n\r\0end", Some(b"begin\n\r\0end")),
        // Anchors (PAN-OS 10.0).
        (r"^example\.org$", b"example.org", Some(b"example.org")),
        (r"^example\.org$", b"www.example.org", None),
        (r"^example\.org$", b"example.org.", None),
        (r"\bword\b", b"a word.", Some(b"word")),
        (r"\bword\b", b"a wordy", None),
        (r"\bword\b", b"swords word", Some(b"word")),
    ] {
        assert_eq!(matched(pattern, bytes).as_deref(), expected, "{pattern}");
        let cut: Vec<Fact<'_>> =
            bytes.chunks(1).map(|byte| Fact::Bytes(UP, byte)).chain([Fact::End(UP)]).collect();
        let signatures = compile(vec![signature(9, &[&[(UP, pattern)]])]);
        let hit = hits(&signatures, &cut, &[]).pop();
        assert_eq!(hit.as_ref().map(|hit| &*hit.matched), expected, "{pattern}, a byte at a time");
    }
}

#[test]
fn patterns_that_are_none() {
    for (pattern, expected) in [
        (r"abc\x00", "from `\\x` to `\\x`"),
        (r"\x0\x", "from `\\x` to `\\x`"),
        (r"\x\x", "from `\\x` to `\\x`"),
        (r"\x0g\x", "from `\\x` to `\\x`"),
        (r"\x..\x", "from `\\x` to `\\x`"),
        (r"\pL", r"`\p` has no meaning"),
        (r"(a)\1", r"`\1` has no meaning"),
        (r"[\b]", r"`\b` has no meaning"),
        ("abc\\", "nothing follows"),
        ("(?=a)b", "only `(?i)`"),
        ("(?P<n>a)", "only `(?i)`"),
        ("(abc", "unclosed group"),
        ("abc)", "unopened group"),
        ("[abc", "unclosed bracket"),
        ("[z-a]", "invalid character class range"),
        ("*abc", "repetition operator missing expression"),
        ("a{3,2}", "invalid repetition count range"),
        ("", "fits everywhere"),
        (".*", "fits everywhere"),
        ("(abc)?", "fits everywhere"),
        ("^$", "fits everywhere"),
        ("a{99999999999}", "decimal literal invalid"),
    ] {
        let error = Pattern::parse(pattern).unwrap_err().to_string();
        assert!(error.contains(expected), "{pattern}: {error}");
    }
    assert_eq!(Pattern::parse(&"a".repeat(10_000)), Err(PatternError::Long(8192)));
    assert!(Pattern::parse(&"(".repeat(4_000)).is_err());
    assert!(Pattern::parse(&format!("{}a{}", "(".repeat(4_000), ")".repeat(4_000))).is_err());
}

#[test]
fn patterns_that_a_firewall_may_refuse() {
    for (pattern, expected) in [
        ("1234567", None),
        ("123456", Some(Doubt::Short(6))),
        (r"12345.67", Some(Doubt::Short(5))),
        (r"www\.abc", None),
        (r"\x01 02 03 04\xabc", None),
        ("(1234567|7654321)", None),
        ("(1234567|abc)", Some(Doubt::Short(3))),
        ("abc(def)?ghi", Some(Doubt::Short(3))),
        ("(ab){4}", None),
        ("(ab){3,4}c", None),
        ("a(1234567)+b", None),
        ("[0-9]{7}", Some(Doubt::Short(0))),
        ("((?i)confidential)", None),
    ] {
        assert_eq!(Pattern::parse(pattern).unwrap().doubt(), expected, "{pattern}");
    }
    let long = Pattern::parse(&"x".repeat(128)).unwrap();
    assert_eq!(long.doubt(), Some(Doubt::Long(128)));
}

#[test]
fn hostile_patterns_cost_little() {
    for pattern in ["(x{500}){500}y", "((a{100}){100}){100}", "[ab]*a[ab]{40}", "a.{100}b.{100}c"] {
        let mut alternative = alternative(UP, "harmless");
        alternative.pattern = Pattern::parse(pattern).unwrap();
        let hostile = Signature { conditions: vec![vec![alternative]], ..signature(2, &[]) };
        let (signatures, too_large) =
            Signatures::compile(vec![hostile, signature(3, &[&[(UP, "harmless")]])]);
        assert_eq!(too_large, [TooLarge { signature: 0, condition: 0, alternative: 0 }], "{pattern}");
        assert_eq!(told(&signatures, &[Fact::Bytes(UP, b"harmless")], &[]), [3], "the others go on");
    }
}

/// Many patterns share automata, and each is still found.
#[test]
fn many_patterns() {
    let all: Vec<Signature> = (0..600_u16)
        .map(|number| {
            let gap = if number % 10 == 0 { ".*" } else { "" };
            signature(number, &[&[(HOST, &format!("host{gap}-{number}-example"))]])
        })
        .collect();
    let signatures = compile(all);
    for number in [0, 10, 77, 599] {
        let host = format!("host-{number}-example");
        assert_eq!(told(&signatures, &[Fact::Bytes(HOST, host.as_bytes())], &[]), [number]);
    }
}

#[test]
fn conditions_in_order_or_not() {
    let ordered = signature(1, &[&[(UP, "first")], &[(UP, "second"), (DOWN, "other")], &[(UP, "third")]]);
    let free = Signature { order_free: true, app: AppId(2), ..ordered.clone() };
    let signatures = compile(vec![ordered, free]);
    for (facts, expected) in [
        (&[Fact::Bytes(UP, b"first second third")][..], &[1, 2][..]),
        (&[Fact::Bytes(UP, b"second first third")], &[2]),
        (&[Fact::Bytes(UP, b"third second first second third")], &[2, 1]),
        (&[Fact::Bytes(UP, b"first third")], &[]),
        (&[Fact::Bytes(UP, b"first"), Fact::Bytes(DOWN, b"other"), Fact::Bytes(UP, b"third")], &[1, 2]),
        (&[Fact::Bytes(UP, b"first"), Fact::Bytes(UP, b"third"), Fact::Bytes(DOWN, b"other")], &[2]),
        // A context is not another.
        (&[Fact::Bytes(UP, b"first other third")], &[]),
        (&[Fact::Bytes(DOWN, b"first second third")], &[]),
    ] {
        assert_eq!(told(&signatures, facts, &[]), expected, "{facts:?}");
    }
    // One place does not meet two conditions of an ordered signature.
    let twice = compile(vec![signature(1, &[&[(UP, "again")], &[(UP, "again")]])]);
    assert_eq!(told(&twice, &[Fact::Bytes(UP, b"again")], &[]), NONE);
    assert_eq!(told(&twice, &[Fact::Bytes(UP, b"again"), Fact::Bytes(UP, b"!")], &[]), NONE);
    assert_eq!(told(&twice, &[Fact::Bytes(UP, b"again again")], &[]), [1]);
}

#[test]
fn scopes() {
    let unit = signature(1, &[&[(HOST, "example")], &[(PATH, "/upload")]]);
    let session = Signature { app: AppId(2), scope: Scope::Session, ..unit.clone() };
    let signatures = compile(vec![unit, session]);
    let (host, path) = (Fact::Bytes(HOST, b"example.org"), Fact::Bytes(PATH, b"/upload/1"));
    assert_eq!(told(&signatures, &[host, path], &[]), [1, 2]);
    assert_eq!(told(&signatures, &[host, Fact::Unit, path], &[]), [2]);
    assert_eq!(told(&signatures, &[host, Fact::Unit, Fact::Unit, host, path], &[]), [1, 2]);
    // A value does not go on in the next unit.
    assert_eq!(
        told(&signatures, &[Fact::Bytes(HOST, b"exam"), Fact::Unit, Fact::Bytes(HOST, b"ple"), path], &[]),
        NONE
    );
    let apart = [Fact::Bytes(HOST, b"exam"), Fact::End(HOST), Fact::Bytes(HOST, b"ple"), path];
    assert_eq!(told(&signatures, &apart, &[]), NONE);
    // The server's goes on, whatever the client does.
    let down = compile(vec![signature(1, &[&[(DOWN, "example")]])]);
    assert_eq!(told(&down, &[Fact::Bytes(DOWN, b"exam"), Fact::Unit, Fact::Bytes(DOWN, b"ple")], &[]), [1]);
}

#[test]
fn anchors_at_the_ends_of_values() {
    let signatures = compile(vec![signature(1, &[&[(UP, "^begin")]]), signature(2, &[&[(UP, "end$")]])]);
    let value = |text: &'static [u8]| [Fact::Bytes(UP, text), Fact::End(UP)];
    assert_eq!(told(&signatures, &[value(b"xbegin"), value(b"begin")].concat(), &[]), [1]);
    assert_eq!(told(&signatures, &[Fact::Bytes(UP, b"end")], &[]), NONE, "more may follow");
    assert_eq!(
        told(&signatures, &[Fact::Bytes(UP, b"end"), Fact::Bytes(UP, b"less"), Fact::Unit], &[]),
        NONE
    );
    assert_eq!(told(&signatures, &[Fact::Bytes(UP, b"end"), Fact::Unit], &[]), [2], "a unit ends it");
}

#[test]
fn parents() {
    let child = Signature { parent: Some(WEB), ..signature(7, &[&[(HOST, "example")]]) };
    let grandchild = Signature { parent: Some(AppId(7)), ..signature(6, &[&[(HOST, "example")]]) };
    let signatures = compile(vec![grandchild, child]);
    let fact = Fact::Bytes(HOST, b"example");
    assert_eq!(told(&signatures, &[fact], &[]), NONE);
    assert_eq!(told(&signatures, &[fact], &[WEB]), [7, 6], "the one makes way for the other");
    // The parent may come later, as long as the unit lasts.
    let mut progress = Progress::default();
    assert_eq!(progress.see(&signatures, fact, &[]), None);
    assert_eq!(progress.next_hit(&signatures, &[WEB]).map(|hit| hit.app), Some(AppId(7)));
    let mut progress = Progress::default();
    assert_eq!(progress.see(&signatures, fact, &[]), None);
    assert_eq!(progress.see(&signatures, Fact::Unit, &[]), None);
    assert_eq!(progress.see(&signatures, Fact::Bytes(HOST, b"other"), &[WEB]), None);
}

#[test]
fn the_first_to_be_met_wins() {
    let signatures = compile(vec![
        signature(1, &[&[(UP, "late")]]),
        signature(2, &[&[(UP, "early")]]),
        signature(3, &[&[(UP, "early")]]),
    ]);
    let mut progress = Progress::default();
    let hit = progress.see(&signatures, Fact::Bytes(UP, b"early late"), &[]).unwrap();
    assert_eq!((hit.app, signatures.name(hit.signature), &*hit.matched), (AppId(2), "s2", &b"early"[..]));
    assert_eq!(told(&signatures, &[Fact::Bytes(UP, b"early late early")], &[]), [2, 3, 1]);
    assert_eq!(told(&signatures, &[Fact::Bytes(UP, b"early late")], &[AppId(2)]), [3, 1], "not again");
}

#[test]
fn methods() {
    let mut signature = signature(1, &[&[(HOST, "example")]]);
    signature.conditions[0][0].method = Some("GET".to_owned());
    let signatures = compile(vec![signature]);
    assert!(signatures.wants(Context::HttpReqMethod) && signatures.wants(HOST) && !signatures.wants(PATH));
    let (get, host) = (Fact::Bytes(Context::HttpReqMethod, b"GET"), Fact::Bytes(HOST, b"example"));
    let halves =
        [Fact::Bytes(Context::HttpReqMethod, b"G"), Fact::Bytes(Context::HttpReqMethod, b"ET"), host];
    assert_eq!(told(&signatures, &[get, host], &[]), [1]);
    assert_eq!(told(&signatures, &halves, &[]), [1]);
    assert_eq!(told(&signatures, &[host], &[]), NONE);
    let post = Fact::Bytes(Context::HttpReqMethod, b"POST");
    assert_eq!(told(&signatures, &[get, Fact::Unit, post, host], &[]), NONE);
    assert_eq!(told(&signatures, &[post, Fact::Unit, get, host], &[]), [1]);
}

#[test]
fn what_can_never_be_met() {
    let nothing = Signatures::default();
    assert!(nothing.is_empty() && !nothing.wants(UP));
    let dead = Signature { conditions: vec![vec![alternative(UP, "example")], vec![]], ..signature(1, &[]) };
    let many = Signature { conditions: vec![vec![alternative(UP, "example")]; 65], ..signature(2, &[]) };
    let signatures = compile(vec![dead, many, signature(3, &[])]);
    assert!(signatures.is_empty());
    assert_eq!(told(&signatures, &[Fact::Bytes(UP, b"example")], &[]), NONE);
}

#[test]
fn evidence_is_bounded() {
    let long = [vec![b'x'; 300], b"example".to_vec()].concat();
    let end = |pattern| matched(pattern, &long).unwrap();
    assert_eq!(end("xexample"), b"xexample");
    assert_eq!(end("x+example").len(), 64);
    assert_eq!(end("x{300}example").len(), 65);
    assert_eq!(end("^x*example").len(), 65);
}

proptest! {
    /// How bytes are cut makes no difference.
    #[test]
    fn cuts_make_no_difference(
        text in "[abc ]{0,60}",
        cuts in prop::collection::vec(1_usize..8, 1..30),
        free in any::<bool>(),
        ends in any::<bool>(),
    ) {
        let patterns = ["aa", "ab.*c", r"\bb", "c$", "^a", r"b\b", "[ab]{3}", "a b c"];
        let mut all: Vec<Signature> = (0..).zip(patterns).map(|(app, one)| signature(app, &[&[(UP, one)]])).collect();
        for (app, [one, two, three]) in (20..).zip([["a", "b", "c"], ["ab", "b", "b"], ["c", r"\bb", "a$"]]) {
            let chain = signature(app, &[&[(UP, one)], &[(UP, two)], &[(UP, three)]]);
            all.push(Signature { order_free: free, ..chain });
        }
        let signatures = compile(all);
        let last = if ends { Fact::End(UP) } else { Fact::Unit };
        let whole = hits(&signatures, &[Fact::Bytes(UP, text.as_bytes()), last], &[]);
        let mut pieces = Vec::new();
        let mut rest = text.as_bytes();
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(Fact::Bytes(UP, piece));
            rest = after;
        }
        pieces.extend([Fact::Bytes(UP, rest), last]);
        prop_assert_eq!(hits(&signatures, &pieces, &[]), whole);
    }

    /// A literal is found where it is, and only there.
    #[test]
    fn literals(text in "[ab]{0,40}", literal in "[ab]{1,6}") {
        let found = matched(&literal, text.as_bytes());
        prop_assert_eq!(found, text.contains(&literal).then(|| literal.into_bytes()));
    }

    /// No pattern makes reading or looking fail.
    #[test]
    fn any_pattern(text in "[ab\\\\x0(){}|*+?.,^$\\[\\]-]{0,24}", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(pattern) = Pattern::parse(&text) {
            let _ = pattern.doubt();
            let alternative = Alternative { context: UP, pattern, method: None };
            let one = Signature { conditions: vec![vec![alternative]], ..signature(1, &[]) };
            let (signatures, _) = Signatures::compile(vec![one]);
            let _ = told(&signatures, &[Fact::Bytes(UP, &bytes), Fact::Unit], &[]);
        }
    }
}
