//! One application, or a container of several.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::listing::write_table;
use super::measured::{Measured, measured};
use super::page::Page;
use super::rows::{self, ApplicationRow, DecisionRow, names};
use crate::app::{AppId, Application, Catalog, Dependency, DependencyGraph, Timeouts, Told};
use crate::report::escape;
use crate::report::style::{count, size};
use crate::report::text::Look;

/// What a name stands for: an application, a container of several, or both.
#[derive(Debug)]
pub struct Subject<'c> {
    catalog: &'c Catalog,
    graph: DependencyGraph,
    name: String,
    app: Option<AppId>,
    functions: Vec<AppId>,
}

/// Others that have to do with an application, apart for those that do so through others.
#[derive(Debug, Default, Serialize)]
struct Relation<'c> {
    direct: Vec<&'c str>,
    through_others: Vec<&'c str>,
}

/// All that have to do with an application.
#[derive(Debug, Serialize)]
struct Relations<'c> {
    depends_on: Relation<'c>,
    implicitly_uses: Relation<'c>,
    needed_by: Relation<'c>,
    implicitly_used_by: Relation<'c>,
}

#[derive(Serialize)]
struct Document<'c> {
    firstpass: &'static str,
    name: &'c str,
    application: Option<ApplicationRow<'c>>,
    relations: Option<Relations<'c>>,
    /// As the lesson captures have it.
    decision_point: Option<DecisionRow>,
    /// Of a container.
    functions: Vec<ApplicationRow<'c>>,
}

impl<'c> Subject<'c> {
    /// What `name` stands for; `None` where it is neither an application nor a container.
    pub fn find(catalog: &'c Catalog, name: &str) -> Option<Self> {
        let app = catalog.find(name);
        let functions: Vec<AppId> = catalog.functions(name).collect();
        if app.is_none() && functions.is_empty() {
            return None;
        }
        let graph = DependencyGraph::new(catalog);
        Some(Self { catalog, graph, name: name.to_owned(), app, functions })
    }

    /// The applications it stands for: what a graph is drawn around.
    pub fn applications(&self) -> Vec<AppId> {
        self.app.iter().chain(&self.functions).copied().collect()
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut page = Page::new(out, look);
        if let Some((app, application)) = self.application() {
            self.sheet(&mut page, app, application)?;
        }
        if self.functions.is_empty() {
            return Ok(());
        }
        let name = escape::name(&self.name);
        let functions: Vec<&Application> =
            self.functions.iter().filter_map(|&app| self.catalog.get(app)).collect();
        let number = count(functions.len() as u64, "application");
        page.heading(&name, &format!("a container of {number}; a rule that names it means all of them"))?;
        page.gap()?;
        write_table(&mut page, &functions)
    }

    /// Writes it as one JSON document.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |application| ApplicationRow::of(self.catalog, application);
        let document = Document {
            firstpass: env!("CARGO_PKG_VERSION"),
            name: &self.name,
            application: self.application().map(|(_, application)| row(application)),
            relations: self.application().map(|(app, application)| self.relations(app, application)),
            decision_point: self.measured().map(DecisionRow::from),
            functions: self.functions.iter().filter_map(|&app| self.catalog.get(app)).map(row).collect(),
        };
        rows::write(out, &document)
    }

    fn application(&self) -> Option<(AppId, &'c Application)> {
        let app = self.app?;
        Some((app, self.catalog.get(app)?))
    }

    fn measured(&self) -> Option<Measured> {
        self.app.and_then(|_| measured(&self.name))
    }

    fn relations(&self, app: AppId, application: &Application) -> Relations<'c> {
        let relation = |direct: &[AppId], all: Vec<AppId>| {
            let others: Vec<AppId> = all.into_iter().filter(|other| !direct.contains(other)).collect();
            Relation { direct: names(self.catalog, direct), through_others: names(self.catalog, &others) }
        };
        let users = |kind: Dependency| {
            let users = self.graph.needed_by(app).into_iter().filter(|&(_, found)| found == kind);
            let direct: Vec<AppId> = users.map(|(user, _)| user).collect();
            relation(&direct, self.graph.users(app, kind))
        };
        Relations {
            depends_on: relation(&application.depends_on, self.graph.needs(app)),
            implicitly_uses: relation(&application.implicit, self.graph.implicitly_uses(app)),
            needed_by: users(Dependency::DependsOn),
            implicitly_used_by: users(Dependency::ImplicitlyUses),
        }
    }

    fn sheet(&self, page: &mut Page<'_>, app: AppId, application: &Application) -> io::Result<()> {
        let safe = |text: &str| escape::name(text).into_owned();
        let about = match (application.unknown, application.custom) {
            (true, _) => "named by the rulebase; no catalog has it, so that nothing but its name is known",
            (false, true) => "an application of the rulebase's own",
            (false, false) => "",
        };
        page.heading(&safe(&application.name), about)?;
        let class = &application.class;
        let one = |text: &str| if text.is_empty() { Vec::new() } else { vec![safe(text)] };
        let container = class.container.as_deref().unwrap_or_default();
        page.items("Container", &one(container), "")?;
        page.items("Category", &one(&class.category), "")?;
        page.items("Subcategory", &one(&class.subcategory), "")?;
        page.items("Technology", &one(&class.technology), "")?;
        if class.risk > 0 {
            page.items("Risk", &[format!("{} of 5", class.risk)], "")?;
        }
        let characteristics: Vec<String> = class.characteristics.names().map(str::to_owned).collect();
        page.items("Characteristics", &characteristics, ", ")?;
        page.items("Tags", &class.tags.iter().map(|tag| safe(tag)).collect::<Vec<_>>(), ", ")?;
        page.items("Default ports", &ports(application), " ")?;
        page.items("Deny action", &[rows::deny_action(application.deny_action).to_owned()], "")?;
        page.items("Timeouts", &timeouts(&application.timeouts), ", ")?;
        if let Some(parent) = application.parent {
            page.items("Parent", &[safe(self.catalog.name(parent))], "")?;
        }
        let relations = self.relations(app, application);
        for (label, relation) in [
            ("Depends on", &relations.depends_on),
            ("Implicitly uses", &relations.implicitly_uses),
            ("Needed by", &relations.needed_by),
            ("Implicitly used by", &relations.implicitly_used_by),
        ] {
            let list = |names: &[&str]| names.iter().map(|name| safe(name)).collect::<Vec<_>>();
            let direct = list(&relation.direct);
            page.items(label, if direct.is_empty() { &NOTHING } else { &direct }, ", ")?;
            page.items("  through others", &list(&relation.through_others), ", ")?;
        }
        page.sentence("Decided by", &self.decided_by(app, application))?;
        self.decision_point(page, application)
    }

    /// How it comes to be known, as a sentence.
    fn decided_by(&self, app: AppId, application: &Application) -> String {
        let ways = Told::of(application);
        let decoders = rows::decoders(&ways).join(", ");
        let mut parts = Vec::new();
        if ways.contains(&Told::Header) {
            parts.push("the header of the first packet: nothing passes before".to_owned());
        }
        if !decoders.is_empty() {
            parts.push(format!("payload, which this decoder recognises: {decoders}"));
        }
        for protocol in rows::read_on(&ways) {
            parts.push(format!("payload that shows it later, when the session is known as {protocol}"));
        }
        let parents = rows::announced_by(&ways).join(", ");
        if !parents.is_empty() {
            parts.push(format!("a session that announces it: {parents}"));
        }
        if ways.contains(&Told::Host) {
            parts.push(by_host(&application.name, &application.hosts));
        }
        if ways.contains(&Told::Rulebase) {
            parts.push("the rulebase: its own signatures, or an application-override rule".to_owned());
        }
        if ways.contains(&Told::Rest) {
            parts.push("nothing: it is what a session is called that nothing recognises".to_owned());
        }
        if !parts.is_empty() {
            return parts.join("; or ");
        }
        let carriers = names(self.catalog, &self.carriers(app));
        match carriers.as_slice() {
            [] => "nothing: no decoder tells it, its sessions are taken for something else or stay unknown"
                .to_owned(),
            names => format!(
                "nothing: no decoder tells it, its sessions are known only as what carries them ({})",
                escape::name(&names.join(", "))
            ),
        }
    }

    /// What its sessions may be known as instead: what it needs, and what that uses implicitly, as far as something
    /// tells it.
    fn carriers(&self, app: AppId) -> Vec<AppId> {
        let mut all: BTreeSet<AppId> = self.graph.needs(app).into_iter().collect();
        let implicit: Vec<AppId> =
            all.iter().chain([&app]).flat_map(|&app| self.graph.implicitly_uses(app)).collect();
        all.extend(implicit);
        let is_told = |app: &AppId| self.catalog.get(*app).is_some_and(|app| !Told::of(app).is_empty());
        all.into_iter().filter(is_told).collect()
    }

    /// What had passed by then, where that was measured.
    fn decision_point(&self, page: &mut Page<'_>, application: &Application) -> io::Result<()> {
        let Some(measured) = self.measured() else {
            let by_payload = |way: &Told| matches!(way, Told::Payload(_) | Told::Later(_) | Told::Host);
            if Told::of(application).iter().any(by_payload) {
                let text = "not measured: no lesson capture has it (`--decision-points CAPTURE` measures)";
                page.sentence("Decision point", text)?;
            }
            return Ok(());
        };
        let sides = measured.data_packets.into_iter().zip(measured.payload_bytes).zip(["client", "server"]);
        let passed: Vec<String> = sides
            .filter(|((packets, _), _)| *packets > 0)
            .map(|((packets, bytes), side)| {
                format!("{} ({}) from the {side}", count(packets, "packet"), size(bytes))
            })
            .collect();
        let by_header = Told::of(application) == [Told::Header];
        let before = match (passed.as_slice(), by_header) {
            ([], true) => "the first packet".to_owned(),
            ([], false) => "the first packet with payload".to_owned(),
            (passed, _) => format!("after {}", passed.join(" and ")),
        };
        let over = count(measured.decisions, "decision");
        page.sentence("Decision point", &format!("{before} (median of {over} in the lesson captures)"))?;
        page.sentence("Evidence", &measured.evidence)
    }
}

/// By which hosts it is told: of many a few, those first that are called as it is.
fn by_host(name: &str, domains: &[String]) -> String {
    const SHOWN: usize = 4;
    let word = name.split('-').next().unwrap_or_default();
    let mut domains: Vec<&str> = domains.iter().map(String::as_str).collect();
    domains.sort_by_key(|domain| (!domain.starts_with(word), !domain.ends_with(".com"), *domain));
    let more = domains.len().saturating_sub(SHOWN);
    domains.truncate(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("the server name of TLS or QUIC, or the Host of HTTP, in {}{more}", domains.join(", "))
}

/// Stands for an empty list.
const NOTHING: [String; 0] = [];

/// Default ports for people.
fn ports(application: &Application) -> Vec<String> {
    if application.unknown {
        return vec!["not known".to_owned()];
    }
    let members = application.ports.members();
    if members.is_empty() {
        return vec!["none".to_owned()];
    }
    members.into_iter().map(|member| member.replace("ip/", "IP protocol ")).collect()
}

/// Its own timeouts, by PAN-OS's keys.
fn timeouts(timeouts: &Timeouts) -> Vec<String> {
    let own = [
        ("timeout", timeouts.timeout),
        ("tcp-timeout", timeouts.tcp_timeout),
        ("udp-timeout", timeouts.udp_timeout),
        ("tcp-half-closed-timeout", timeouts.tcp_half_closed_timeout),
        ("tcp-time-wait-timeout", timeouts.tcp_time_wait_timeout),
        ("discard-timeout", timeouts.discard_timeout),
    ];
    let texts: Vec<String> =
        own.iter().filter_map(|(key, seconds)| Some(format!("{key} {} s", (*seconds)?))).collect();
    if texts.is_empty() { vec!["those of the firewall".to_owned()] } else { texts }
}
