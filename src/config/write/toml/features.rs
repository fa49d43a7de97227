//! `[[nat]]` and `[[application-override]]`.

use super::{Page, inline, list, string};
use crate::config::candidate::{
    Candidate, DestinationTranslation, Name, NatRule, OverrideRule, Pool, SourceTranslation,
};
use crate::config::write::text;

pub(super) fn features(candidate: &Candidate, page: &mut Page) {
    for rule in &candidate.nat {
        nat(rule, page);
    }
    for rule in &candidate.overrides {
        application_override(rule, page);
    }
}

fn nat(rule: &NatRule, page: &mut Page) {
    page.head(&["nat"], true);
    page.string("name", &rule.name.value);
    page.names("from", &rule.from);
    page.names("to", &rule.to);
    let one = |page: &mut Page, key: &str, name: &Option<Name>| {
        if let Some(name) = name {
            page.string(key, &name.value);
        }
    };
    one(page, "to-interface", &rule.to_interface);
    page.names("source", &rule.source);
    page.names("destination", &rule.destination);
    one(page, "service", &rule.service);
    one(page, "nat-type", &rule.nat_type);
    if let Some(translation) = &rule.source_translation {
        page.line("source-translation", &source(translation));
    }
    if let Some(translation) = &rule.destination_translation {
        destination(translation, page);
    }
    notes(rule.disabled, rule.description.as_deref(), &rule.tags, page);
}

fn source(translation: &SourceTranslation) -> String {
    match translation {
        SourceTranslation::DynamicIpAndPort(addresses) => {
            inline(&[("dynamic-ip-and-port", inline(&[pool(addresses)]))])
        }
        SourceTranslation::DynamicIp { addresses, fallback } => {
            let mut fields = vec![("translated-address", list(addresses))];
            fields.extend(fallback.as_ref().map(|fallback| ("fallback", inline(&[pool(fallback)]))));
            inline(&[("dynamic-ip", inline(&fields))])
        }
        SourceTranslation::StaticIp { address, bidirectional } => {
            let mut fields = vec![("translated-address", string(&address.value))];
            fields.extend(bidirectional.then(|| ("bi-directional", "true".to_owned())));
            inline(&[("static-ip", inline(&fields))])
        }
    }
}

fn pool(pool: &Pool) -> (&'static str, String) {
    match pool {
        Pool::Addresses(addresses) => ("translated-address", list(addresses)),
        Pool::Interface { interface, ip } => {
            let mut fields = vec![("interface", string(&interface.value))];
            fields.extend(ip.as_ref().map(|ip| ("ip", string(&ip.value))));
            ("interface-address", inline(&fields))
        }
    }
}

fn destination(translation: &DestinationTranslation, page: &mut Page) {
    let mut fields = vec![("translated-address", string(&translation.address.value))];
    fields.extend(translation.port.as_ref().map(|port| ("translated-port", port.value.to_string())));
    let key = match &translation.distribution {
        Some(distribution) => {
            fields.push(("distribution", string(&distribution.value)));
            "dynamic-destination-translation"
        }
        None => "destination-translation",
    };
    page.line(key, &inline(&fields));
}

fn application_override(rule: &OverrideRule, page: &mut Page) {
    page.head(&["application-override"], true);
    page.string("name", &rule.name.value);
    page.names("from", &rule.from);
    page.names("to", &rule.to);
    page.names("source", &rule.source);
    page.names("destination", &rule.destination);
    for (key, flag) in
        [("negate-source", rule.negate_source), ("negate-destination", rule.negate_destination)]
    {
        if flag {
            page.flag(key, true);
        }
    }
    page.string("protocol", &rule.protocol.to_string());
    page.string("port", &text::ports(&rule.ports));
    page.string("application", &rule.application.value);
    notes(rule.disabled, rule.description.as_deref(), &rule.tags, page);
}

fn notes(disabled: bool, description: Option<&str>, tags: &[Name], page: &mut Page) {
    if disabled {
        page.flag("disabled", true);
    }
    if let Some(description) = description {
        page.string("description", description);
    }
    page.names("tag", tags);
}
