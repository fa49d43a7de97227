use super::*;

const RULES: &str = r#"# Title

```toml rules
[zones]
untrust = "0.0.0.0/0"
dmz = "192.0.2.0/24"

[[security]]
name = "Web"
from = "untrust"
to = "dmz"
application = "web-browsing"
```

"#;

/// A document with one scenario.
fn document(scenario: &str) -> Result<Document, DocumentError> {
    Document::parse("test.md", &format!("{RULES}## One\n\nProse.\n\n{scenario}"))
}

fn packets(lines: &str) -> String {
    format!("```packets\nflow a tcp 203.0.113.5:40000 > 192.0.2.10:80\n{lines}```\n")
}

/// What is not as said, one line each.
fn check(scenario: &str) -> Vec<String> {
    let document = document(scenario).unwrap();
    let [scenario] = document.scenarios() else { panic!("one scenario") };
    scenario.check().unwrap().iter().map(|mismatch| format!("{}: {}", mismatch.line, mismatch.what)).collect()
}

fn error(scenario: &str) -> String {
    document(scenario).unwrap_err().to_string()
}

#[test]
fn what_holds_holds() {
    let scenario = packets("+0.0 a > S # forward\n") + "```rows\napp | model.first_packets.outcome | dst\n";
    assert_eq!(check(&(scenario + "incomplete | never-identified | _\n```\n")), [""; 0]);
}

#[test]
fn a_wrong_verdict_is_found() {
    let lines = "+0.0 a > S # drop NonSyn; prose\n+0.1 a < S. # prose alone\n+0.1 a > R. # forward\n";
    assert_eq!(check(&packets(lines)), ["21: expected `drop NonSyn`, got `forward`"]);
}

#[test]
fn wrong_rows_are_found() {
    let lines = packets("+0.0 a > S\n");
    let differs = check(&format!("{lines}```rows\napp | packets\nssl | 1\n```\n"));
    assert_eq!(
        differs,
        ["24:             app        | packets\n  expected  ssl        | 1\n  got       incomplete |"]
    );
    let missing = check(&format!("{lines}```rows\napp\nincomplete\nssl\n```\n"));
    assert_eq!(missing, ["24:             app\n            incomplete\n  missing   ssl"]);
    let extra = check(&format!("{lines}```rows\napp\n```\n"));
    assert_eq!(extra, ["24:             app\n  extra     incomplete"]);
    let no_column = check(&format!("{lines}```rows\nmodel.stat\nnull\n```\n"));
    assert_eq!(no_column.len(), 1, "a column that is not there is not null: {no_column:?}");
}

#[test]
fn partial_rows_may_leave_rows_out() {
    let lines = packets("+0.0 a > S\n+9.0 a > S\n+9.0 a > S\n");
    assert_eq!(check(&format!("{lines}```rows partial\nsessionid\n1\n3\n```\n")), [""; 0]);
    assert_eq!(check(&format!("{lines}```rows partial\nsessionid\n3\n1\n```\n")).len(), 1, "in order");
}

#[test]
fn tables_are_rewritten_and_hold_then() {
    let text = packets("+0.0 a > S\n") + "```rows\napp | packets | dst\nssl | 7 | _\n```\n\nMore prose.\n";
    let document = document(&text).unwrap();
    let runs = [document.scenarios()[0].run().unwrap()];
    let rewritten = document.rewrite(&runs);
    assert!(
        rewritten.ends_with("app        | packets | dst\nincomplete | 1       | _\n```\n\nMore prose.\n")
    );
    let document = Document::parse("test.md", &rewritten).unwrap();
    assert_eq!(document.scenarios()[0].check().unwrap(), []);
    assert_eq!(document.rewrite(&runs), rewritten);
}

#[test]
fn mistakes_have_lines() {
    let scenario = |line: &str| packets(&format!("{line}\n"));
    for (line, what) in [
        ("+0.0 b > S", "no flow `b`"),
        ("+0.0 a - S", "`-` is neither `>` nor `<`"),
        ("0.0 a > S", "`0.0` is no time such as `+0.010`"),
        ("+0.0 a > X", "`X` are no TCP flags"),
        ("+0.0 a > S sek=1", "`sek=` means nothing here"),
        ("+0.0 a > S # drop", "a verdict is `# forward` or `# drop REASON`, with any prose after a `;`"),
        ("+0.0 a > S frag=0-7,7-", "`7-`: a fragment begins at a multiple of 8 and ends later"),
        ("+0.0 a > S \"open", "the quotes are never closed"),
        ("flow a udp 1.1.1.1:1 > 2.2.2.2:2", "a second flow `a`"),
        ("flow b udp 1.1.1.1 > 2.2.2.2:2", "`1.1.1.1` is no address with a port"),
        ("flow b udp 1.1.1.1:1 > [::1]:2", "client and server speak different IP versions"),
    ] {
        assert_eq!(error(&scenario(line)), format!("line 21: {what}"));
    }
}

#[test]
fn blocks_must_make_sense() {
    assert_eq!(error("```row\n```\n"), "line 19: no kind of block `row`");
    assert_eq!(error("```rows\napp\n```\n"), "line 20: a table, and no packets");
    let silent = error(&packets("+0.0 a > S\n"));
    assert_eq!(silent, "line 15: packets, and nothing said of what comes of them");
    let nothing = Document::parse("test.md", "# A\n\nProse.\n\n```packets\n+0.0 raw hex:00 # drop X\n```\n");
    assert_eq!(nothing.unwrap_err().to_string(), "line 1: packets, and no `toml rules`");
    let cut = Document::parse("test.md", &format!("{RULES}```packets\n+0.0 raw hex:00 # drop X\n```\n"));
    assert_eq!(cut.unwrap_err().to_string(), "line 1: a scenario begins with a paragraph about it");
}

#[test]
fn mistakes_in_settings_have_the_lines_of_the_document() {
    let settings = "```toml settings\n[setting.session]\ntimeout-tcpinit = 61\n```\n";
    let message = error(&format!("{}{settings}", packets("+0.0 a > S # forward\n")));
    assert!(message.starts_with("line 25: "), "{message}");
    assert!(message.contains("test.md:25:"), "{message}");
}
