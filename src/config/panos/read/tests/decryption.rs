//! Decryption rules, profiles and exclusions.

use super::*;
use crate::config::candidate::DecryptionRule;
use crate::feature::decryption::{DecryptionAction, DecryptionType, Section};

/// A vsys with these decryption rules, and what stands beside them.
fn policy(rules: &str, more: &str) -> String {
    let zone = "<zone><entry name=\"lan\"><network><layer3/></network></entry></zone>";
    vsys(&format!("<rulebase><decryption><rules>{rules}</rules></decryption></rulebase>{zone}{more}"))
}

fn only(text: &str) -> DecryptionRule {
    let mut candidate = read_all(text);
    assert_eq!(candidate.decryption.len(), 1);
    candidate.decryption.remove(0)
}

#[test]
fn every_key_of_a_rule_is_read() {
    let rule = only(&policy(
        "<entry name=\"r\" uuid=\"u\"><from><member>lan</member></from><to><member>any</member></to>\
         <source><member>a</member></source><destination><member>b</member></destination>\
         <negate-source>yes</negate-source><negate-destination>no</negate-destination>\
         <source-user><member>ann</member></source-user><category><member>news</member></category>\
         <service><member>service-https</member></service><source-hip><member>laptop</member></source-hip>\
         <action>decrypt-and-forward</action><type><ssl-inbound-inspection><certificates><member>one</member>\
         <member>two</member></certificates></ssl-inbound-inspection></type><profile>p</profile>\
         <log-success>yes</log-success><log-fail>no</log-fail><log-setting>l</log-setting>\
         <disabled>yes</disabled><description>why</description><tag><member>t</member></tag></entry>",
        "",
    ));
    let DecryptionRule { matches, .. } = &rule;
    assert_eq!(texts(&matches.from), ["lan"]);
    assert_eq!(texts(&matches.to), ["any"]);
    assert_eq!((texts(&matches.source), texts(&matches.destination)), (vec!["a"], vec!["b"]));
    assert_eq!((matches.negate_source, matches.negate_destination), (true, false));
    assert_eq!((texts(&matches.source_user), texts(&matches.category)), (vec!["ann"], vec!["news"]));
    assert_eq!(
        (texts(&matches.service), &matches.identity[..]),
        (vec!["service-https"], &["source-hip laptop".to_owned()][..])
    );
    assert_eq!((rule.action, rule.forward), (DecryptionAction::Decrypt, true));
    assert_eq!(
        (rule.kind, texts(&rule.certificates)),
        (DecryptionType::SslInboundInspection, vec!["one", "two"])
    );
    assert_eq!(rule.profile.as_ref().map(|name| name.value.as_str()), Some("p"));
    assert_eq!((rule.log_success, rule.log_fail, matches.disabled), (true, false, true));
    assert_eq!(matches.log_setting.as_ref().map(|name| name.value.as_str()), Some("l"));
    assert_eq!((matches.description.as_deref(), texts(&matches.tags)), (Some("why"), vec!["t"]));
}

/// PANOS.md 8: a rule does not decrypt unless it says so; failures are logged, success is not.
#[test]
fn what_a_rule_leaves_out_is_as_pan_os_has_it() {
    let rule = only(&policy("<entry name=\"r\"/>", ""));
    assert_eq!((rule.action, rule.kind), (DecryptionAction::NoDecrypt, DecryptionType::SslForwardProxy));
    assert_eq!((rule.log_success, rule.log_fail), (false, true));
    assert_eq!(texts(&rule.matches.service), ["any"]);
}

#[test]
fn types_and_actions() {
    for (kind, read, certificates) in [
        ("<ssl-forward-proxy/>", DecryptionType::SslForwardProxy, &[][..]),
        ("<ssh-proxy/>", DecryptionType::SshProxy, &[]),
        // As older releases have it.
        (
            "<ssl-inbound-inspection>one</ssl-inbound-inspection>",
            DecryptionType::SslInboundInspection,
            &["one"],
        ),
    ] {
        let rule = only(&policy(&format!("<entry name=\"r\"><type>{kind}</type></entry>"), ""));
        assert_eq!((rule.kind, texts(&rule.certificates)), (read, certificates.to_vec()), "{kind}");
    }
    let wrong = policy("<entry name=\"r\"><action>open</action></entry>", "");
    let error = failure(&wrong, &Overrides::default());
    assert!(error.contains("`no-decrypt` or `decrypt` or `decrypt-and-forward`, not `open`"), "{error}");
}

#[test]
fn a_profile_holds_what_was_set_and_what_is_unknown_is_said_once() {
    let profile = |name: &str, more: &str| {
        format!(
            "<entry name=\"{name}\"><ssl-forward-proxy><block-expired-certificate>yes</block-expired-certificate>\
             <block-client-cert>no</block-client-cert>{more}</ssl-forward-proxy><ssl-protocol-settings>\
             <min-version>tls1-2</min-version><max-version>max</max-version></ssl-protocol-settings></entry>"
        )
    };
    let unknown = "<newer-thing>yes</newer-thing><other-thing>no</other-thing>";
    let profiles = |more| {
        let both = format!("{}{}", profile("p", more), profile("q", more));
        policy("", &format!("<profiles><decryption>{both}</decryption></profiles>"))
    };
    let (candidate, warnings) = read_with(&profiles(unknown), &Overrides::default());
    let [p, q] = &candidate.decryption_profiles[..] else { panic!("{:?}", candidate.decryption_profiles) };
    let said: Vec<_> = p.profile.written().map(|(section, key, said)| (section, key, said.name())).collect();
    assert_eq!(
        said,
        [
            (Section::ForwardProxy, "block-client-cert", "no"),
            (Section::ForwardProxy, "block-expired-certificate", "yes"),
            (Section::Protocol, "max-version", "max"),
            (Section::Protocol, "min-version", "tls1-2"),
        ]
    );
    assert_eq!((p.profile.name.as_str(), q.name.value.as_str()), ("p", "q"));
    let words = "`ssl-forward-proxy newer-thing`";
    assert_eq!(
        warnings,
        [format!("keys of decryption profiles: read but not modelled yet (2: {words}, {words})")]
    );
    let error = failure(&profiles("<strip-alpn>maybe</strip-alpn>"), &Overrides::default());
    assert!(error.contains("`strip-alpn`: it takes yes or no, not `maybe`"), "{error}");
}

/// An inner definition hides an outer one; the template's own list counts as well.
#[test]
fn places_of_profiles_and_exclusions() {
    let profile = |version: &str| {
        format!(
            "<profiles><decryption><entry name=\"p\"><ssl-protocol-settings><min-version>{version}</min-version>\
             </ssl-protocol-settings></entry></decryption></profiles>"
        )
    };
    let servers = |entries: &[(&str, &str)]| {
        let entries: String = entries
            .iter()
            .map(|(name, exclude)| format!("<entry name=\"{name}\"><exclude>{exclude}</exclude></entry>"))
            .collect();
        format!("<ssl-decrypt><ssl-exclude-cert>{entries}</ssl-exclude-cert></ssl-decrypt>")
    };
    let inner =
        format!("{}{}", profile("tls1-2"), servers(&[("*.example.com", "no"), ("one.example", "yes")]));
    let outer =
        format!("{}{}", profile("tls1-0"), servers(&[("*.example.com", "yes"), ("two.example", "yes")]));
    let text = firewall(&format!("<vsys><entry name=\"vsys1\">{inner}</entry></vsys>"), &outer);
    let listed = |candidate: &Candidate| -> Vec<(String, bool)> {
        candidate.ssl_exclusions.iter().map(|one| (one.host.value.clone(), one.exclude)).collect()
    };
    let excluded = |name: &str, exclude| (name.to_owned(), exclude);
    let candidate = read_all(&text);
    let [p] = &candidate.decryption_profiles[..] else { panic!("{:?}", candidate.decryption_profiles) };
    assert_eq!(p.profile.min_version().number(), 0x0303);
    assert_eq!(
        listed(&candidate),
        [excluded("*.example.com", false), excluded("one.example", true), excluded("two.example", true)]
    );
    let rules = rulebase("pre-rulebase", &["a"]);
    let panorama = firewall(
        &format!(
            "<device-group><entry name=\"g\">{rules}<devices><entry name=\"1\"/></devices>{}</entry></device-group>\
             <template><entry name=\"t\"><config><shared>{}</shared></config></entry></template>",
            profile("tls1-3"),
            servers(&[("three.example", "yes")])
        ),
        &profile("tls1-0"),
    );
    let candidate = read_all(&panorama);
    assert_eq!(listed(&candidate), [excluded("three.example", true)]);
    assert_eq!(candidate.decryption_profiles[0].profile.min_version().number(), 0x0304);
}

/// Rulebases come as security rules do: shared, device group, local ones, then post-rules inside out.
#[test]
fn pre_and_post_rules_come_in_their_order() {
    let rules = |kind: &str, name: &str| {
        format!("<{kind}><decryption><rules><entry name=\"{name}\"/></rules></decryption></{kind}>")
    };
    let both = |pre: &str, post: &str| rules("pre-rulebase", pre) + &rules("post-rulebase", post);
    let group = |name: &str, parent: &str, inside: &str| {
        format!("<entry name=\"{name}\">{inside}<parent-dg>{parent}</parent-dg></entry>")
    };
    let groups = group("inner", "outer", &both("c", "d")) + &group("outer", "", &both("b", "e"));
    let text = firewall(&format!("<device-group>{groups}</device-group>"), &both("a", "a"));
    let overrides = Overrides { device_group: Some("inner".to_owned()), ..Overrides::default() };
    let (candidate, warnings) = read_with(&text, &overrides);
    let found: Vec<&str> = candidate.decryption.iter().map(|rule| rule.matches.name.value.as_str()).collect();
    assert_eq!(found, ["a", "b", "c", "d", "e", "a"]);
    assert_eq!(warnings, Vec::<String>::new());
    let mut out = Diagnostics::default();
    let config = parse(Syntax::Xml, &text, &mut out).unwrap();
    let outline = outline(&config, &text, &mut out);
    let listed: Vec<(&str, &str, usize)> =
        outline.iter().map(|(scope, kind, one)| (scope.as_str(), *kind, one.decryption.len())).collect();
    assert_eq!(listed.len(), 6);
    assert_eq!(listed[0], ("shared", "pre-rulebase", 1));
}

/// Set commands and braces say the same.
#[test]
fn other_syntaxes_say_the_same() {
    let set = "set rulebase decryption rules r from any to any action decrypt type ssl-inbound-inspection certificates \
               [ one two ] log-success yes\n\
               set rulebase decryption rules old type ssl-inbound-inspection one\n\
               set profiles decryption p ssl-protocol-settings min-version tls1-1 max-version max\n\
               set shared ssl-decrypt ssl-exclude-cert *.example.com exclude yes description why\n\
               set shared ssl-decrypt trusted-root-CA [ a b ]\n";
    let brace = "config { shared { ssl-decrypt { ssl-exclude-cert { *.example.com { exclude yes; description why; } } } }\n\
                 devices { localhost.localdomain { vsys { vsys1 { rulebase { decryption { rules {\n\
                 r { from any; to any; action decrypt; type { ssl-inbound-inspection { certificates [ one two ]; } } \
                 log-success yes; }\nold { type { ssl-inbound-inspection one; } } } } }\n\
                 profiles { decryption { p { ssl-protocol-settings { min-version tls1-1; max-version max; } } } } } } } } }\n";
    for (syntax, text) in [(Syntax::Set, set), (Syntax::Brace, brace)] {
        let mut out = Diagnostics::default();
        let config = parse(syntax, text, &mut out).unwrap();
        let candidate = read(&config, text, &Overrides::default(), &mut out);
        assert!(!out.has_errors(), "{}", out.into_error("c", text));
        assert_eq!(out.into_warnings(), Vec::<String>::new());
        let [rule, old] = &candidate.decryption[..] else { panic!("{:?}", candidate.decryption) };
        assert_eq!((rule.action, rule.log_success), (DecryptionAction::Decrypt, true));
        assert_eq!((texts(&rule.certificates), texts(&old.certificates)), (vec!["one", "two"], vec!["one"]));
        assert_eq!(candidate.decryption_profiles[0].profile.min_version().number(), 0x0302);
        let [server] = &candidate.ssl_exclusions[..] else { panic!("{:?}", candidate.ssl_exclusions) };
        assert_eq!((server.host.value.as_str(), server.exclude), ("*.example.com", true));
        assert_eq!(server.description.as_deref(), Some("why"));
    }
}
