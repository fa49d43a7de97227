//! Which application-level gateways are switched off: `alg-override` (PANOS.md 7).

use std::collections::BTreeSet;

use crate::app::Catalog;
use crate::config::candidate::{Candidate, Name};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};
use crate::feature::alg::Algs;

/// The gateways that are left.
pub(super) fn algs(candidate: &Candidate, catalog: &Catalog, out: &mut Diagnostics) -> Algs {
    let names = candidate.disabled_algs.iter();
    let disabled = names.filter_map(|name| {
        if !Algs::names().any(|known| known == name.value) {
            unknown(name, candidate.is_panos, out);
            return None;
        }
        catalog.find(&name.value)
    });
    let disabled = disabled.collect();
    Algs::new(catalog, disabled)
}

/// PAN-OS has more gateways than the model.
fn unknown(name: &Name, is_panos: bool, out: &mut Diagnostics) {
    let message = format!("`alg-override`: there is no gateway of application {}", quote(&name.value));
    if is_panos {
        out.warn(format!("{message} that could be switched off"));
        return;
    }
    let names: BTreeSet<&str> = Algs::names().collect();
    let all = names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
    out.error(&name.span, message)
        .help_with(|| did_you_mean(&name.value, names.iter().copied(), &format!("there are those of {all}")));
}

#[cfg(test)]
mod tests {
    use crate::config::{ConfigError, Overrides, World, parse};
    use crate::flow::Protocol;

    const TOML: &str = "[zones]\nall = \"0.0.0.0/0\"\n[[security]]\nname = \"r\"\naction = \"allow\"\n";
    const SET: &str = "set zone lan network layer3 ethernet1/1\nset rulebase security rules r from lan to lan source any \
                       destination any application any service any action allow\n";

    fn read(text: &str) -> Result<World, ConfigError> {
        parse("r", text.as_bytes(), &Overrides::default())
    }

    /// Which of some gateways there are.
    fn gateways(world: &World) -> Vec<&'static str> {
        let all = [("ftp", Protocol::TCP), ("sip", Protocol::TCP), ("sip", Protocol::UDP)];
        let has = |(name, protocol): &(&str, Protocol)| {
            world.algs.has(world.catalog.find(name).unwrap(), *protocol)
        };
        all.into_iter().filter(has).map(|(name, _)| name).collect()
    }

    #[test]
    fn switches() {
        let xml = |shared: &str, vsys: &str| {
            let entry = |text: &str| {
                format!(
                    "<alg-override><application><entry name=\"sip\"><alg-disabled>{text}</alg-disabled></entry>\
                         </application></alg-override>"
                )
            };
            let vsys = if vsys.is_empty() { String::new() } else { entry(vsys) };
            format!(
                "<config><shared>{}</shared><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\">\
                 {vsys}<zone><entry name=\"lan\"/></zone><rulebase><security><rules><entry name=\"r\"><from><member>any\
                 </member></from><to><member>any</member></to><source><member>any</member></source><destination><member>\
                 any</member></destination><application><member>any</member></application><service><member>any</member>\
                 </service><action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices>\
                 </config>",
                entry(shared)
            )
        };
        let (on, off) = (&["ftp", "sip", "sip"][..], &["ftp"][..]);
        for (text, expected) in [
            (TOML.to_owned(), on),
            (format!("{TOML}[alg-override.sip]\nalg-disabled = true\n"), off),
            (format!("{TOML}[alg-override]\nsip = {{ alg-disabled = \"yes\" }}\n"), off),
            (format!("{TOML}[alg-override.sip]\nalg-disabled = false\n"), on),
            (SET.to_owned(), on),
            (format!("{SET}set shared alg-override application sip alg-disabled yes\n"), off),
            (format!("{SET}set alg-override application sip alg-disabled yes\n"), off),
            (format!("{SET}set shared alg-override application sip alg-disabled no\n"), on),
            (xml("yes", ""), off),
            (xml("no", ""), on),
            // What the vsys says comes before what is shared.
            (xml("yes", "no"), on),
            (xml("no", "yes"), off),
        ] {
            let world = read(&text).unwrap();
            assert_eq!(gateways(&world), expected, "{text}");
            assert!(!world.warnings.iter().any(|warning| warning.contains("alg")), "{:?}", world.warnings);
        }
    }

    #[test]
    fn what_has_no_gateway() {
        for (name, help) in [("spi", "did you mean `sip`?"), ("web-browsing", "there are those of `ftp`, ")] {
            let error =
                read(&format!("{TOML}[alg-override.{name}]\nalg-disabled = true\n")).map(drop).unwrap_err();
            let error = error.render(false);
            assert!(error.contains(&format!("there is no gateway of application `{name}`")), "{error}");
            assert!(error.contains(help), "{error}");
            let text = format!("{SET}set shared alg-override application {name} alg-disabled yes\n");
            let warnings = read(&text).unwrap().warnings;
            let said = format!("there is no gateway of application `{name}` that could be switched off");
            assert!(warnings.iter().any(|warning| warning.contains(&said)), "{warnings:?}");
        }
        let error = read(&format!("{TOML}[alg-override.sip]\nalg-disable = true\n")).map(drop).unwrap_err();
        assert!(error.render(false).contains("did you mean `alg-disabled`?"), "{}", error.render(false));
    }
}
