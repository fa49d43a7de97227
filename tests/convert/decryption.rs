//! Decryption rules, profiles and exclusions, in every form.

use firstpass::config::{Form, World};
use firstpass::feature::decryption::{DecryptionAction, DecryptionRule, DecryptionType, Section};

use super::{FORMS, converted, world};

/// All that can be said of decryption.
const DECRYPTION: &str = r#"
[zones]
lan = "10.0.0.0/8"
wan = "0.0.0.0/0"

[address]
clients = ["10.1.0.0/16", "10.2.0.7"]

[url-category]
banks = "bank.example"

[decryption-profile.strict.ssl-forward-proxy]
block-expired-certificate = true
block-client-cert = false
[decryption-profile.strict.ssl-protocol-settings]
min-version = "tls1-2"
max-version = "max"
enc-algo-3des = false
[decryption-profile.strict.ssh-proxy]
block-ssh-errors = true
[decryption-profile."says nothing"]

[[decryption]]
name = "Banks \"are\" left alone"
from = "lan"
to = ["wan", "lan"]
source = "clients"
destination = "192.0.2.0/24"
negate-source = true
category = "banks"
service = ["service-https", "service-http"]
profile = "says nothing"
description = "by law"
tag = ["a", "b"]
[[decryption]]
name = "Own servers"
action = "decrypt-and-forward"
type = "ssl-inbound-inspection"
certificates = ["www", "mail & more"]
log-success = true
log-fail = false
profile = "strict"
[[decryption]]
name = "Hosts"
action = "decrypt"
source-user = "ann"
source-hip = "laptop"
profile = "default"
[[decryption]]
name = "SSH"
type = "ssh-proxy"
action = "decrypt"
disabled = true

[ssl-decrypt]
ssl-exclude-cert = ["*.example.com", "pinned.example"]

[[security]]
name = "all"
"#;

/// What counts of the rules; zones are numbered alike here, for they are the same ones in the same order.
fn meaning(world: &World) -> (Vec<DecryptionRule>, &[String]) {
    let rules = world.decryption.rules().iter().cloned();
    let rules = rules.map(|mut rule| {
        (rule.matches.line, rule.matches.log_setting) = (None, String::new());
        rule
    });
    (rules.collect(), &world.ssl_exclude)
}

#[test]
fn decryption_survives_every_format() {
    let original = world(DECRYPTION);
    let [banks, own, hosts] = original.decryption.rules() else { panic!("{:?}", original.decryption) };
    assert_eq!((banks.action, own.kind), (DecryptionAction::NoDecrypt, DecryptionType::SslInboundInspection));
    assert_eq!(hosts.profile.as_ref().map(|profile| profile.name.as_str()), Some(""));
    assert_eq!(original.ssl_exclude, ["*.example.com", "pinned.example"]);
    for form in FORMS {
        let there = converted(DECRYPTION, form);
        assert!(!there.notes.iter().any(|note| note.contains("decrypt")), "{form:?}: {:?}", there.notes);
        assert_eq!(meaning(&world(&there.text)), meaning(&original), "{form:?}\n{}", there.text);
        assert_eq!(converted(&there.text, form).text, there.text, "{form:?}");
        let back = converted(&there.text, Form::Toml).text;
        assert_eq!(meaning(&world(&back)), meaning(&original), "{form:?}\n{back}");
        // What only people and the log read, which the worlds do not hold.
        for kept in ["by law", "mail & more", "decrypt-and-forward", "log-success = true", "log-fail = false"]
        {
            assert!(back.contains(kept), "{form:?}: {kept}\n{back}");
        }
    }
}

/// Another text is another meaning, so that the comparison above can fail.
#[test]
fn what_changes_is_seen() {
    let original = world(DECRYPTION);
    for (from, to) in [
        ("min-version = \"tls1-2\"", "min-version = \"tls1-1\""),
        ("type = \"ssl-inbound-inspection\"", "type = \"ssl-forward-proxy\""),
        ("negate-source = true", "negate-source = false"),
        ("\"pinned.example\"", "\"pinned.example.org\""),
        ("action = \"decrypt\"\nsource-user", "action = \"no-decrypt\"\nsource-user"),
        ("category = \"banks\"", "category = \"any\""),
    ] {
        assert!(DECRYPTION.contains(from), "{from}");
        assert_ne!(meaning(&world(&DECRYPTION.replacen(from, to, 1))), meaning(&original), "{from}");
    }
}

/// Only what was set is written, and as it was set.
#[test]
fn profiles_are_written_as_they_were_set() {
    let xml = converted(DECRYPTION, Form::PanosXml).text;
    let profile = xml.split("<entry name=\"strict\">").nth(1).unwrap().split("</entry>").next().unwrap();
    assert_eq!(
        profile.split_whitespace().collect::<Vec<_>>(),
        [
            "<ssl-forward-proxy>",
            "<block-client-cert>no</block-client-cert>",
            "<block-expired-certificate>yes</block-expired-certificate>",
            "</ssl-forward-proxy>",
            "<ssl-protocol-settings>",
            "<enc-algo-3des>no</enc-algo-3des>",
            "<max-version>max</max-version>",
            "<min-version>tls1-2</min-version>",
            "</ssl-protocol-settings>",
            "<ssh-proxy>",
            "<block-ssh-errors>yes</block-ssh-errors>",
            "</ssh-proxy>",
        ]
    );
    assert!(xml.contains("<entry name=\"says nothing\"/>"), "{xml}");
    let set = converted(DECRYPTION, Form::PanosSet).text;
    for line in [
        "set shared ssl-decrypt ssl-exclude-cert \"*.example.com\" exclude yes",
        "set profiles decryption strict ssl-protocol-settings min-version tls1-2",
        "set rulebase decryption rules \"Own servers\" type ssl-inbound-inspection certificates [ www \"mail & more\" ]",
        "set rulebase decryption rules SSH type ssh-proxy",
    ] {
        assert!(set.contains(&format!("{line}\n")), "{line}\n{set}");
    }
}

/// Every key of every section, set against its default, in every form.
#[test]
fn every_key_of_a_profile_survives() {
    let mut text = "[zones]\nall = \"0.0.0.0/0\"\n".to_owned();
    let mut keys = 0;
    for (name, section) in Section::ALL {
        text += &format!("[decryption-profile.p.{name}]\n");
        for key in firstpass::feature::decryption::DecryptionProfile::keys(section) {
            let value =
                if key.ends_with("-version") && !key.starts_with("block") { "\"tls1-3\"" } else { "true" };
            text += &format!("{key} = {value}\n");
            keys += 1;
        }
    }
    assert!(keys > 30, "{keys}");
    text += "[[decryption]]\nname = \"r\"\nprofile = \"p\"\n[[security]]\nname = \"all\"\n";
    let original = world(&text);
    let written = |world: &World| {
        let [rule] = world.decryption.rules() else { panic!("{:?}", world.decryption) };
        rule.profile.as_ref().unwrap().written().collect::<Vec<_>>()
    };
    assert_eq!(written(&original).len(), keys);
    for form in FORMS {
        let there = converted(&text, form);
        assert_eq!(written(&world(&there.text)), written(&original), "{form:?}");
        assert_eq!(written(&world(&converted(&there.text, Form::Toml).text)), written(&original), "{form:?}");
    }
}

/// In TOML a key may stand in no section: it goes for all that have it, but for those that say otherwise.
#[test]
fn keys_without_a_section() {
    let profile = |text: &str| {
        let rules = "[zones]\nall = \"0.0.0.0/0\"\n[[decryption]]\nname = \"r\"\nprofile = \"p\"\n";
        let world = world(&format!("{rules}{text}"));
        let [rule] = world.decryption.rules() else { panic!("{:?}", world.decryption) };
        rule.profile.clone().unwrap()
    };
    let short = profile(
        "[decryption-profile.p]\nblock-expired-certificate = true\nblock-unsupported-version = true\n\
         min-version = \"tls1-1\"\nssh-proxy = { block-unsupported-version = false }\n",
    );
    let long = profile(
        "[decryption-profile.p.ssl-forward-proxy]\nblock-expired-certificate = true\n\
         block-unsupported-version = true\n[decryption-profile.p.ssl-inbound-proxy]\n\
         block-unsupported-version = true\n[decryption-profile.p.ssl-no-proxy]\n\
         block-expired-certificate = true\n[decryption-profile.p.ssl-protocol-settings]\n\
         min-version = \"tls1-1\"\n[decryption-profile.p.ssh-proxy]\nblock-unsupported-version = false\n",
    );
    assert_eq!(short, long);
}

/// What a configuration leaves to elsewhere: a profile that nothing defines, a server that is named and decrypted.
#[test]
fn what_stands_elsewhere_is_said() {
    let text = "set rulebase decryption rules r from any to any source any destination any action decrypt profile gone\n\
                set shared ssl-decrypt ssl-exclude-cert kept.example exclude no\n\
                set rulebase security rules s from any to any source any destination any application any action allow\n";
    let original = world(text);
    let said =
        "decryption profiles that rules name and nothing defines: taken as PAN-OS makes new ones: `gone`";
    assert!(original.warnings.iter().any(|warning| warning == said), "{:?}", original.warnings);
    assert!(
        !original.warnings.iter().any(|warning| warning.contains("not modelled")),
        "{:?}",
        original.warnings
    );
    assert_eq!(original.ssl_exclude, Vec::<String>::new());
    for form in FORMS {
        let there = converted(text, form);
        let notes = there.notes.join("\n");
        assert!(notes.contains("nothing defines them: the decryption profiles: `gone`"), "{notes}");
        assert_eq!(notes.contains("`kept.example`"), form == Form::Toml, "{notes}");
        assert_eq!(there.text.contains("kept.example"), form != Form::Toml, "{}", there.text);
        assert_eq!(meaning(&world(&there.text)), meaning(&original), "{form:?}\n{}", there.text);
    }
}

/// Rules of Panorama with the same name before and after the firewall's own.
#[test]
fn rules_of_several_rulebases_become_rules_of_one() {
    let rule = |base: &str, action: &str| {
        format!("set shared {base} decryption rules r from any to any action {action} type ssh-proxy\n")
    };
    let text = rule("pre-rulebase", "decrypt") + &rule("post-rulebase", "no-decrypt");
    let names = |world: &World| -> Vec<String> {
        world.decryption.rules().iter().map(|rule| rule.matches.name.clone()).collect()
    };
    assert_eq!(names(&world(&text)), ["r", "r"]);
    for form in FORMS {
        let there = converted(&text, form);
        assert_eq!(names(&world(&there.text)), ["r", "r-2"], "{form:?}");
        assert!(there.notes.join("\n").contains("have another one now: `r-2`"), "{:?}", there.notes);
    }
}

/// A server's name is a name or a pattern (the validator of PAN-OS's schema: a `*` needs to be followed by a `.`), in any
/// format.
#[test]
fn names_of_servers() {
    let refused = |text: &str| {
        let result =
            firstpass::config::parse("rules", text.as_bytes(), &firstpass::config::Overrides::default());
        result.map(drop).map_err(|error| error.to_string())
    };
    for (name, is_name) in [
        ("www.example.com", true),
        ("*.example.com", true),
        ("a.*.example.com", true),
        ("*", false),
        ("*example.com", false),
        ("**.example.com", false),
    ] {
        let toml = format!("[zones]\nall = \"0.0.0.0/0\"\n[ssl-decrypt]\nssl-exclude-cert = \"{name}\"\n");
        let set = format!(
            "set zone z network layer3 e1\nset shared ssl-decrypt ssl-exclude-cert \"{name}\" exclude yes\n"
        );
        for text in [toml, set] {
            match refused(&text) {
                Ok(()) => assert!(is_name, "{text}"),
                Err(error) => {
                    assert!(!is_name && error.contains("a `*` is followed by a `.`"), "{text}{error}")
                }
            }
        }
    }
    let error =
        refused("[zones]\nall = \"0.0.0.0/0\"\n[ssl-decrypt]\nssl-exclude = \"a.example\"\n").unwrap_err();
    assert!(error.contains("did you mean `ssl-exclude-cert`"), "{error}");
}
