//! Signatures of custom applications (PANOS.md 2.8) and of custom threats.

use crate::app::{Alternative, AppId, Catalog, Context, Doubt, Pattern, Scope, Signature, Signatures};
use crate::config::candidate::{self, Candidate, Match, Name};
use crate::config::diagnostic::{Diagnostics, quote, quote_some};

/// So many things of one kind are told of.
const TOLD: usize = 20;

/// Who has signatures.
struct Owner<'c> {
    name: &'c str,
    app: AppId,
    parent: Option<AppId>,
    signatures: &'c [candidate::Signature],
}

/// All signatures of custom applications, ready to be looked for.
pub(super) fn signatures(candidate: &Candidate, catalog: &Catalog, out: &mut Diagnostics) -> Signatures {
    let owners = candidate.applications.iter().filter_map(|custom| {
        let name = &custom.name.value;
        let id = catalog.find(name)?;
        let app = catalog.get(id).filter(|app| app.custom)?;
        Some(Owner { name, app: id, parent: app.parent, signatures: &custom.signatures })
    });
    compile("application", owners, candidate.is_panos, out)
}

/// All signatures of custom threats: the application of each is the threat's index.
pub(super) fn of_threats(candidate: &Candidate, out: &mut Diagnostics) -> Signatures {
    let owners = candidate.profiles.custom.iter().enumerate().map(|(index, custom)| Owner {
        name: &custom.id.value,
        app: super::threat::number(index),
        parent: None,
        signatures: &custom.signatures,
    });
    compile("threat", owners, candidate.is_panos, out)
}

fn compile<'c>(
    kind: &'static str,
    owners: impl Iterator<Item = Owner<'c>>,
    is_panos: bool,
    out: &mut Diagnostics,
) -> Signatures {
    let mut reading = Reading { kind, is_panos, out, told: Told::default() };
    let (mut signatures, mut places) = (Vec::new(), Vec::new());
    for owner in owners {
        for written in owner.signatures {
            let (conditions, patterns) = reading.conditions(owner.name, written);
            let signature = Signature {
                app: owner.app,
                parent: owner.parent,
                name: written.name.value.clone(),
                scope: if written.session { Scope::Session } else { Scope::Transaction },
                order_free: written.order_free,
                conditions,
            };
            if !signature.can_be_met() {
                reading.told.dead.push(format!("{} of {}", quote(&signature.name), quote(owner.name)));
            }
            signatures.push(signature);
            places.push((owner.name, patterns));
        }
    }
    let (signatures, too_large) = Signatures::compile(signatures);
    for large in too_large {
        let Some((app, patterns)) = places.get(large.signature) else { continue };
        let alternatives = patterns.get(large.condition);
        if let Some(pattern) = alternatives.and_then(|any| any.get(large.alternative)) {
            reading.wrong(app, pattern, "it would need too much memory");
        }
    }
    let told = reading.told;
    told.tell(out);
    signatures
}

/// What has been come upon and is told once for all signatures.
#[derive(Debug, Default)]
struct Told<'c> {
    /// What is not modelled, with the applications that look at it.
    unmodelled: Vec<(String, Vec<&'c str>)>,
    /// Patterns of a PAN-OS configuration that mean nothing, and why.
    wrong: Vec<String>,
    /// Applications with patterns that some firewalls refuse.
    short: Vec<&'c str>,
    long: Vec<&'c str>,
    /// Signatures that can never match.
    dead: Vec<String>,
}

struct Reading<'c, 'd> {
    /// What has the signatures, for messages.
    kind: &'static str,
    is_panos: bool,
    out: &'d mut Diagnostics,
    told: Told<'c>,
}

/// The conditions of a signature, and in the same order the places of their patterns.
type Conditions<'c> = (Vec<Vec<Alternative>>, Vec<Vec<&'c Name>>);

impl<'c> Reading<'c, '_> {
    fn conditions(&mut self, app: &'c str, written: &'c candidate::Signature) -> Conditions<'c> {
        let all = written.conditions.iter().map(|any| {
            let alive = any.iter().filter_map(|one| Some((self.alternative(app, one)?, &one.pattern)));
            alive.unzip()
        });
        let (conditions, patterns): (Vec<_>, Vec<_>) = all.unzip();
        if let Some(any) = written.conditions.get(Signatures::CONDITIONS_MAX).filter(|_| !self.is_panos) {
            let message = format!("more than {} conditions", Signatures::CONDITIONS_MAX);
            let span = any.first().map_or(&written.name.span, |one| &one.pattern.span);
            self.out.error(span, message);
        }
        (conditions, patterns)
    }

    /// `None` where it can never be met: an alternative that means less than it says would tell what is not there.
    fn alternative(&mut self, app: &'c str, written: &'c Match) -> Option<Alternative> {
        if written.operator != "pattern-match" {
            return self.unmodelled(app, format!("operator {}", quote(written.operator)));
        }
        let Some(context) = Context::named(&written.context.value) else {
            return self.unmodelled(app, format!("context {}", quote(&written.context.value)));
        };
        if written.position.is_some() || written.mask.is_some() {
            return self.unmodelled(app, "positions and masks of patterns".to_owned());
        }
        let method = self.method(app, context, &written.qualifiers)?;
        match Pattern::parse(&written.pattern.value) {
            Ok(pattern) => {
                let applications = match pattern.doubt() {
                    Some(Doubt::Short(_)) => Some(&mut self.told.short),
                    Some(Doubt::Long(_)) => Some(&mut self.told.long),
                    None => None,
                };
                applications.into_iter().for_each(|applications| once(applications, app));
                Some(Alternative { context, pattern, method })
            }
            Err(error) => {
                self.wrong(app, &written.pattern, &error.to_string());
                None
            }
        }
    }

    /// What the qualifiers ask of the request's method; `None` where they ask for anything else.
    fn method(
        &mut self,
        app: &'c str,
        context: Context,
        qualifiers: &[(Name, Name)],
    ) -> Option<Option<String>> {
        let mut method = None;
        for (name, value) in qualifiers {
            if name.value != "http-method" || !context.name().starts_with("http-") {
                return self.unmodelled(app, format!("qualifier {}", quote(&name.value)));
            }
            method = Some(value.value.clone());
        }
        Some(method)
    }

    fn unmodelled<T>(&mut self, app: &'c str, what: String) -> Option<T> {
        let all = &mut self.told.unmodelled;
        match all.iter().position(|(known, _)| *known == what) {
            Some(known) => {
                all.get_mut(known).into_iter().for_each(|(_, applications)| once(applications, app))
            }
            // A hostile file shall not make this long.
            None if all.len() < 10 * TOLD => all.push((what, vec![app])),
            None => {}
        }
        None
    }

    /// A pattern that means nothing. A configuration of PAN-OS may be of a release that understands more.
    fn wrong(&mut self, app: &str, pattern: &Name, why: &str) {
        let message = format!("pattern {} of {} {}: {why}", quote(&pattern.value), self.kind, quote(app));
        if self.is_panos {
            self.told.wrong.push(message);
        } else {
            self.out.error(&pattern.span, message);
        }
    }
}

impl Told<'_> {
    fn tell(self, out: &mut Diagnostics) {
        for (what, applications) in self.unmodelled {
            out.warn(format!(
                "signatures read but not modelled, so that a condition is never met by this: {what} of {}",
                quote_some(&applications)
            ));
        }
        if !self.wrong.is_empty() {
            let what = some(&self.wrong, "; ");
            out.warn(format!("patterns of signatures that mean nothing and are never met: {what}"));
        }
        if !self.dead.is_empty() {
            let what = some(&self.dead, ", ");
            out.warn(format!(
                "signatures that can never match, for nothing meets one of their conditions: {what}"
            ));
        }
        if !self.short.is_empty() {
            out.warn(format!(
                "patterns with fewer than 7 fixed bytes in a row, which PAN-OS before 10.0 refuses: of {}",
                quote_some(&self.short)
            ));
        }
        if !self.long.is_empty() {
            out.warn(format!(
                "patterns with more than 127 characters, which PAN-OS refuses: of {}",
                quote_some(&self.long)
            ));
        }
    }
}

fn once<'c>(applications: &mut Vec<&'c str>, app: &'c str) {
    if applications.last() != Some(&app) {
        applications.push(app);
    }
}

/// The first few.
fn some(items: &[String], between: &str) -> String {
    let shown = items.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(between);
    match items.len().saturating_sub(TOLD) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Fact, Progress};
    use crate::config::{World, parse};

    const TOML: &str = r#"
[zones]
all = "0.0.0.0/0"
[application.printing]
default-ports = "tcp/9100"
[[application.printing.signature]]
name = "job"
scope = "session"
and-condition = [[{ pattern-match = { context = "unknown-req-tcp-payload", pattern = '\x1b 25\x-12345X' } }]]
[application.portal]
parent-app = "web-browsing"
[[application.portal.signature]]
name = "host and path"
order-free = true
and-condition = [
  [
    { pattern-match = { context = "http-req-host-header", pattern = 'portal\.example', qualifier = { http-method = "POST" } } },
    { pattern-match = { context = "http-req-host-header", pattern = 'intranet\.example' } },
  ],
  [{ pattern-match = { context = "http-req-uri-path", pattern = '/upload/' } }],
]
"#;

    const XML: &str = r#"<config><devices><entry name="localhost.localdomain"><vsys><entry name="vsys1">
<zone><entry name="all"/></zone><application>
<entry name="printing"><default><port><member>tcp/9100</member></port></default><signature><entry name="job">
<and-condition><entry name="And Condition 1"><or-condition><entry name="Or Condition 1"><operator><pattern-match>
<context>unknown-req-tcp-payload</context><pattern>\x1b 25\x-12345X</pattern></pattern-match></operator></entry>
</or-condition></entry></and-condition><scope>session</scope></entry></signature></entry>
<entry name="portal"><signature><entry name="host and path"><and-condition>
<entry name="And Condition 1"><or-condition>
<entry name="Or Condition 1"><operator><pattern-match><qualifier><entry name="http-method"><value>POST</value></entry>
</qualifier><pattern>portal\.example</pattern><context>http-req-host-header</context></pattern-match></operator></entry>
<entry name="Or Condition 2"><operator><pattern-match><pattern>intranet\.example</pattern>
<context>http-req-host-header</context></pattern-match></operator></entry></or-condition></entry>
<entry name="And Condition 2"><or-condition><entry name="Or Condition 1"><operator><pattern-match>
<pattern>/upload/</pattern><context>http-req-uri-path</context></pattern-match></operator></entry></or-condition>
</entry></and-condition><scope>protocol-data-unit</scope><order-free>yes</order-free></entry></signature>
<parent-app>web-browsing</parent-app></entry></application>
</entry></vsys></entry></devices></config>"#;

    fn world(path: &str, text: &str) -> Result<World, String> {
        parse(path, text.as_bytes(), &crate::config::Overrides::default()).map_err(|error| error.to_string())
    }

    fn told(world: &World, facts: &[Fact<'_>]) -> Option<(String, String)> {
        let passed = [world.catalog.find("web-browsing").unwrap()];
        let mut progress = Progress::default();
        let hit = facts.iter().find_map(|fact| progress.see(&world.signatures, *fact, &passed))?;
        Some((world.catalog.name(hit.app).to_owned(), world.signatures.name(hit.signature).to_owned()))
    }

    #[test]
    fn the_same_in_toml_and_xml() {
        use Context::{HttpReqHostHeader, HttpReqMethod, HttpReqUriPath, UnknownReqTcpPayload};
        for (path, text) in [("r.toml", TOML), ("r.xml", XML)] {
            let world = world(path, text).unwrap();
            assert!(
                !world.warnings.iter().any(|warning| warning.contains("signature")),
                "{:?}",
                world.warnings
            );
            let (get, post) = (Fact::Bytes(HttpReqMethod, b"GET"), Fact::Bytes(HttpReqMethod, b"POST"));
            let host = |name: &'static [u8]| Fact::Bytes(HttpReqHostHeader, name);
            let path = Fact::Bytes(HttpReqUriPath, b"/upload/1");
            let portal = Some(("portal".to_owned(), "host and path".to_owned()));
            for (facts, expected) in [
                (&[post, path, host(b"portal.example")][..], portal.clone()),
                (&[get, path, host(b"portal.example")], None),
                (&[get, path, host(b"intranet.example")], portal.clone()),
                (&[post, host(b"portal.example"), path], portal),
                (&[post, host(b"portal.example")], None),
                (
                    &[Fact::Bytes(UnknownReqTcpPayload, b"\x1b%-12345X@PJL")],
                    Some(("printing".to_owned(), "job".to_owned())),
                ),
                (&[Fact::Bytes(Context::UnknownRspTcpPayload, b"\x1b%-12345X@PJL")], None),
            ] {
                assert_eq!(told(&world, facts), expected, "{facts:?}");
            }
        }
        assert!(world("r.toml", "[zones]\nall = \"0.0.0.0/0\"\n").unwrap().signatures.is_empty());
    }

    /// Replaces the second signature's first alternative.
    fn with(alternative: &str) -> Result<World, String> {
        let line = TOML.lines().find(|line| line.contains("POST")).unwrap();
        world("r.toml", &TOML.replace(line, &format!("    {alternative},")))
    }

    #[test]
    fn what_is_not_modelled_is_told_once() {
        for (alternative, what) in [
            (
                "{ pattern-match = { context = 'smb-req-share-name', pattern = 'long enough' } }",
                "context `smb-req-share-name`",
            ),
            ("{ equal-to = { context = 'http-rsp-code', value = 200 } }", "operator `equal-to`"),
            (
                "{ pattern-match = { context = 'http-req-headers', pattern = 'long enough', qualifier = { http-header-field = 'HOST' } } }",
                "qualifier `http-header-field`",
            ),
            (
                "{ pattern-match = { context = 'ftp-req-params', pattern = 'long enough', qualifier = { http-method = 'GET' } } }",
                "qualifier `http-method`",
            ),
            (
                "{ pattern-match = { context = 'ftp-req-params', pattern = 'long enough', position = 4 } }",
                "positions and masks of patterns",
            ),
        ] {
            let world = with(alternative).unwrap();
            let warnings = world.warnings.join("\n");
            assert_eq!(warnings.matches(what).count(), 1, "{warnings}");
            assert!(warnings.contains(&format!("{what} of `portal`")), "{warnings}");
            // The other alternative is alive.
            assert!(!warnings.contains("can never match"), "{warnings}");
            assert!(world.signatures.wants(Context::HttpReqHostHeader));
        }
        let dead = TOML
            .replace("http-req-uri-path", "http-req-nothing")
            .replace("pattern = '/upload/'", "pattern = 'x'");
        let world = world("r.toml", &dead).unwrap();
        let warnings = world.warnings.join("\n");
        assert!(warnings.contains("one of their conditions: `host and path` of `portal`"), "{warnings}");
        assert!(!world.signatures.wants(Context::HttpReqHostHeader), "nothing is looked for in vain");
    }

    #[test]
    fn patterns_that_mean_nothing() {
        let toml = TOML.replace("'/upload/'", r"'/upload(/'");
        let error = world("r.toml", &toml).unwrap_err();
        assert!(error.starts_with("r.toml:20:65:"), "{error}");
        assert!(error.contains("pattern `/upload(/` of application `portal`: unclosed group"), "{error}");
        let toml = TOML.replace("'/upload/'", "'a.{100}b.{100}c'");
        let error = world("r.toml", &toml).unwrap_err();
        assert!(error.starts_with("r.toml:20:65:") && error.contains("too much memory"), "{error}");
        for (pattern, why) in
            [("/upload(/", "unclosed group"), ("a.{100}b.{100}c", "it would need too much memory")]
        {
            let world = world("r.xml", &XML.replace("/upload/", pattern)).unwrap();
            let warnings = world.warnings.join("\n");
            assert!(warnings.contains(&format!("`{pattern}` of application `portal`: {why}")), "{warnings}");
        }
        let short = world("r.toml", &TOML.replace("'/upload/'", "'/up/'")).unwrap().warnings.join("\n");
        assert!(
            short.contains("fewer than 7 fixed bytes in a row") && short.ends_with("`portal`"),
            "{short}"
        );
    }
}
