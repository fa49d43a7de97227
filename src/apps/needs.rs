//! What a rulebase makes of its applications' dependencies, for people and programs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use super::page::Page;
use super::rows;
use crate::app::AppId;
use crate::config::World;
use crate::lint::{Dependencies, Need};
use crate::policy::RuleId;
use crate::report::escape;
use crate::report::style::{Role, count};
use crate::report::text::Look;

#[derive(Serialize)]
struct Document<'d> {
    firstpass: &'static str,
    rulebase: RulebaseRow<'d>,
    missing: Vec<NeedRow<'d>>,
    denied: Vec<DeniedRow<'d>>,
    unused: Vec<UnusedRow<'d>>,
    /// Rules of which that would take too long to tell.
    undecided: &'d [String],
    warnings: &'d [String],
}

#[derive(Serialize)]
struct RulebaseRow<'d> {
    path: &'d str,
    format: &'static str,
    security_rules: usize,
}

#[derive(Serialize)]
struct NeedRow<'d> {
    rule: &'d str,
    line: Option<u32>,
    application: &'d str,
    needs: &'d str,
    /// The application between the two; `None` where the one names the other.
    through: Option<&'d str>,
}

#[derive(Serialize)]
struct DeniedRow<'d> {
    rule: &'d str,
    line: Option<u32>,
    application: &'d str,
    implicitly_uses: &'d str,
    denied_by: &'d str,
}

#[derive(Serialize)]
struct UnusedRow<'d> {
    rule: &'d str,
    line: Option<u32>,
    application: &'d str,
}

/// Writes for people what [`crate::lint::dependencies`] has found.
///
/// # Errors
/// Where `out` fails.
pub fn write_needs(out: &mut dyn Write, world: &World, found: &Dependencies, look: Look) -> io::Result<()> {
    let mut page = Page::new(out, look);
    missing(&mut page, world, found)?;
    denied(&mut page, world, found)?;
    unused(&mut page, world, found)?;
    for rule in &found.undecided {
        let text =
            format!("not decided: what rule `{}` lacks would take too long to tell", escape::name(rule));
        page.line(0, Role::Quiet, &text)?;
    }
    let role = if found.is_sound() { Role::Good } else { Role::Leak };
    page.parts(role, &summary(found))
}

/// `2 dependencies missing · 1 implicit use denied · 4 rules`.
fn summary(found: &Dependencies) -> Vec<String> {
    let missing = match found.missing.len() {
        0 => "no dependency missing".to_owned(),
        1 => "1 dependency missing".to_owned(),
        many => format!("{many} dependencies missing"),
    };
    let denied = match found.denied.len() {
        0 => None,
        1 => Some("1 implicit use denied".to_owned()),
        many => Some(format!("{many} implicit uses denied")),
    };
    let rules = count(found.rules as u64, "rule");
    [missing].into_iter().chain(denied).chain([rules]).collect()
}

fn missing(page: &mut Page<'_>, world: &World, found: &Dependencies) -> io::Result<()> {
    if found.missing.is_empty() {
        return Ok(());
    }
    let about =
        "needed by an allowed application, allowed by no rule for all of the same zones and addresses";
    page.heading("Missing", about)?;
    let mut last = None;
    for (user, needs) in by_user(&found.missing) {
        if last != Some(user.0) {
            page.line(2, Role::Plain, &heading(world, user.0))?;
            last = Some(user.0);
        }
        let names = |through: Option<AppId>| {
            let needed = needs.iter().filter(|need| need.through == through).map(|need| need.needed);
            rows::names(&world.catalog, &needed.collect::<Vec<_>>()).join(", ")
        };
        let user = world.catalog.name(user.1);
        let direct = names(None);
        let throughs: BTreeSet<AppId> = needs.iter().filter_map(|need| need.through).collect();
        let first = if direct.is_empty() { user.to_owned() } else { format!("{user} needs {direct}") };
        page.hanging(4, 2, Role::Leak, &escape::name(&first))?;
        for through in throughs {
            let text = format!("through {}: {}", world.catalog.name(through), names(Some(through)));
            page.hanging(6, 2, Role::Leak, &escape::name(&text))?;
        }
    }
    page.gap()
}

type User = (RuleId, AppId);

/// Needs by rule and application.
fn by_user(missing: &[Need]) -> BTreeMap<User, Vec<&Need>> {
    let mut users: BTreeMap<User, Vec<&Need>> = BTreeMap::new();
    for need in missing {
        users.entry((need.rule, need.user)).or_default().push(need);
    }
    users
}

fn denied(page: &mut Page<'_>, world: &World, found: &Dependencies) -> io::Result<()> {
    if found.denied.is_empty() {
        return Ok(());
    }
    let about = "used implicitly by an allowed application, denied by name for some of the same traffic";
    page.heading("Denied", about)?;
    let mut last = None;
    for denied in &found.denied {
        if last != Some(denied.rule) {
            page.line(2, Role::Plain, &heading(world, denied.rule))?;
            last = Some(denied.rule);
        }
        let name = |app| escape::name(world.catalog.name(app));
        let by = escape::name(&world.policy.rule(denied.by).name);
        let text = format!("{} uses {}, which `{by}` denies", name(denied.user), name(denied.used));
        page.hanging(4, 2, Role::Leak, &text)?;
    }
    page.gap()
}

fn unused(page: &mut Page<'_>, world: &World, found: &Dependencies) -> io::Result<()> {
    if found.unused.is_empty() {
        return Ok(());
    }
    let about = "allowed, and there to serve others, none of which is allowed for the same traffic";
    page.heading("Not needed", about)?;
    for (rule, apps) in &found.unused {
        page.line(2, Role::Plain, &heading(world, *rule))?;
        let names: Vec<_> = apps.iter().map(|&app| escape::name(world.catalog.name(app))).collect();
        page.line(4, Role::Plain, &names.join(", "))?;
    }
    page.gap()
}

/// A rule with its line.
fn heading(world: &World, rule: RuleId) -> String {
    let rule = world.policy.rule(rule);
    let line = rule.line.map_or_else(String::new, |line| format!(", line {line}"));
    format!("`{}`{line}", escape::name(&rule.name))
}

/// Writes the same as one JSON document.
///
/// # Errors
/// Where `out` fails.
pub fn write_needs_json(out: &mut dyn Write, world: &World, found: &Dependencies) -> io::Result<()> {
    let rule = |id| world.policy.rule(id);
    let name = |app| world.catalog.name(app);
    let source = &world.source;
    let document = Document {
        firstpass: env!("CARGO_PKG_VERSION"),
        rulebase: RulebaseRow {
            path: &source.path,
            format: source.format,
            security_rules: source.security_rules,
        },
        missing: found
            .missing
            .iter()
            .map(|need| NeedRow {
                rule: &rule(need.rule).name,
                line: rule(need.rule).line,
                application: name(need.user),
                needs: name(need.needed),
                through: need.through.map(name),
            })
            .collect(),
        denied: found
            .denied
            .iter()
            .map(|denied| DeniedRow {
                rule: &rule(denied.rule).name,
                line: rule(denied.rule).line,
                application: name(denied.user),
                implicitly_uses: name(denied.used),
                denied_by: &rule(denied.by).name,
            })
            .collect(),
        unused: found
            .unused
            .iter()
            .flat_map(|(id, apps)| apps.iter().map(move |&app| (*id, app)))
            .map(|(id, app)| UnusedRow { rule: &rule(id).name, line: rule(id).line, application: name(app) })
            .collect(),
        undecided: &found.undecided,
        warnings: &world.warnings,
    };
    rows::write(out, &document)
}
