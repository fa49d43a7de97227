//! `firstpass apps`: what an application is, what it needs, and when App-ID decides it.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;

use super::args::{self, Instead};
use super::error::{CliError, Exit};
use super::output::Streams;
use super::run::Run;
use crate::app::{AppId, Catalog, DependencyGraph};
use crate::apps::{self, DecisionPoints, Listing, Subject};
use crate::config::{self, Overrides, World, nearest};
use crate::lint;
use crate::report::escape;
use crate::report::text::Look;

/// The rulebase of `--decision-points`: everything is allowed, everywhere.
const ALLOW_ALL: &str = r#"
[zones]
everywhere = ["0.0.0.0/0", "::/0"]

[[security]]
name = "Allow"
service = "any"
"#;

/// Its settings: sessions without a beginning are taken, and so are packets that do not fit.
const PERMISSIVE: [(&str, &str); 2] =
    [("session.tcp-reject-non-syn", "no"), ("tcp.asymmetric-path", "bypass")];

/// Arguments of `apps`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without NAME it lists all applications; with it, it tells about one, or lists the functions of a container. `decided \
by` says how this program comes to know an application: by payload (a decoder), by the host that a client \
asks for, by the header of the first packet (ICMP and the other IP protocols), by what the rulebase says of its own; \
`several` is more than one of these, `rest` what a session is called that nothing recognises. A dash means that nothing tells it: its sessions are known only as what carries them.

Examples:
  firstpass apps ftp
  firstpass apps --search 'tcp/443 file-sharing'
  firstpass apps facebook --format mermaid
  firstpass apps --unused --rules rules.toml
  firstpass apps --decision-points inside.pcapng outside.pcapng")]
pub(super) struct Apps {
    /// An application, or a container of several such as facebook
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// List only what has TEXT in its name, container, category, technology, tag or characteristic, or a default port
    /// written as tcp/443, udp/53 or ip/47; several words must all be found
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["name", "unused", "decision_points"])]
    search: Option<String>,

    /// What a rulebase makes of dependencies: applications that an allowed one depends on, also through others, and no
    /// rule allows for the same zones and addresses (missing); implicitly used ones that a rule of their own denies
    /// (denied); and allowed ones that serve others, where nothing that is allowed beside them needs them (not
    /// needed). Exit status 1 where something is missing or denied
    #[arg(long, requires = "rules", conflicts_with_all = ["name", "decision_points"])]
    unused: bool,

    /// Replay captures, one after the other, under a rulebase that allows everything, and tell for each application
    /// what had passed when App-ID decided: medians of packets with payload and of payload bytes, without the packet
    /// that decides
    #[arg(
        long,
        value_name = "CAPTURE",
        num_args = 1..,
        conflicts_with_all = ["name", "rules", "zone", "settings", "tables", "vsys", "device_group", "template"]
    )]
    decision_points: Vec<PathBuf>,

    /// A rulebase, for its own applications as well
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    #[command(flatten)]
    instead: Instead,

    /// What the output looks like
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// The dependency graph in Graphviz's language: of all applications, or around NAME; implicit use is dashed
    Dot,
    /// The same as a Mermaid flowchart
    Mermaid,
    /// A page with a table; of --decision-points alone
    Markdown,
}

impl Apps {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        self.check_format()?;
        if !self.decision_points.is_empty() {
            return self.decision_points(streams);
        }
        let world = self.world(streams)?;
        if self.unused {
            return match &world {
                Some(world) => self.needs(world, streams),
                None => {
                    Err(CliError::usage("there is no rulebase to look at", "name it with `--rules FILE`"))
                }
            };
        }
        let (catalog, warnings) = match world {
            Some(world) => (world.catalog, world.warnings),
            None => {
                let (catalog, warnings) =
                    config::catalog(self.instead.app_catalog.as_deref()).map_err(|error| {
                        CliError::rendered(Exit::Usage, error.render(streams.colored_errors()))
                    })?;
                (Arc::new(catalog), warnings)
            }
        };
        match &self.name {
            Some(name) => self.one(&catalog, name, streams)?,
            None => self.list(&catalog, streams)?,
        }
        for warning in &warnings {
            streams.warn(warning);
        }
        Ok(Exit::Done)
    }

    /// What of the formats makes no sense with what is asked for.
    fn check_format(&self) -> Result<(), CliError> {
        let measures = !self.decision_points.is_empty();
        let wrong = match self.format {
            Format::Text | Format::Json => false,
            Format::Dot | Format::Mermaid => measures || self.unused || self.search.is_some(),
            Format::Markdown => !measures,
        };
        if !wrong {
            return Ok(());
        }
        Err(match self.format {
            Format::Markdown => CliError::usage(
                "`--format markdown` is a page of decision points",
                "add `--decision-points CAPTURE...`, or use `--format text` or `--format json`",
            ),
            _ => CliError::usage(
                "a graph is of all applications, or of those around one",
                "leave out the other options, or use `--format text` or `--format json`",
            ),
        })
    }

    /// The rulebase, where there is one.
    fn world(&self, streams: &Streams<'_>) -> Result<Option<World>, CliError> {
        let overrides = self.instead.overrides();
        match &self.rules {
            Some(path) => args::load(path, &overrides, streams).map(Some),
            None if overrides
                == (Overrides { app_catalog: overrides.app_catalog.clone(), ..Overrides::default() }) =>
            {
                Ok(None)
            }
            None => Err(CliError::usage(
                "there is no rulebase that these options could change",
                "name it with `--rules FILE`",
            )),
        }
    }

    fn list(&self, catalog: &Catalog, streams: &mut Streams<'_>) -> Result<(), CliError> {
        let listing = Listing::new(catalog, self.search.as_deref());
        let look = self.look(streams);
        streams.write_to(self.output.as_ref(), |out| match self.format {
            Format::Json => listing.write_json(out),
            Format::Dot | Format::Mermaid => out.write_all(self.graph(catalog, &[]).as_bytes()),
            Format::Text | Format::Markdown => listing.write_text(out, look),
        })?;
        Ok(())
    }

    fn one(&self, catalog: &Catalog, name: &str, streams: &mut Streams<'_>) -> Result<(), CliError> {
        let subject = Subject::find(catalog, name).ok_or_else(|| unknown(catalog, name))?;
        let look = self.look(streams);
        streams.write_to(self.output.as_ref(), |out| match self.format {
            Format::Json => subject.write_json(out),
            Format::Dot | Format::Mermaid => {
                out.write_all(self.graph(catalog, &subject.applications()).as_bytes())
            }
            Format::Text | Format::Markdown => subject.write_text(out, look),
        })?;
        Ok(())
    }

    fn graph(&self, catalog: &Catalog, around: &[AppId]) -> String {
        let graph = DependencyGraph::new(catalog);
        if self.format == Format::Dot { graph.dot(catalog, around) } else { graph.mermaid(catalog, around) }
    }

    /// `--unused`.
    fn needs(&self, world: &World, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let found = lint::dependencies(world);
        let look = self.look(streams);
        streams.write_to(self.output.as_ref(), |out| match self.format {
            Format::Json => apps::write_needs_json(out, world, &found),
            _ => apps::write_needs(out, world, &found, look),
        })?;
        for warning in &world.warnings {
            streams.warn(warning);
        }
        Ok(if found.is_sound() { Exit::Done } else { Exit::Findings })
    }

    /// `--decision-points`.
    fn decision_points(&self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let overrides = Overrides {
            settings: PERMISSIVE.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
            ..self.instead.overrides()
        };
        let world = config::parse("allow everything", ALLOW_ALL.as_bytes(), &overrides)
            .map_err(|error| CliError::rendered(Exit::Usage, error.render(streams.colored_errors())))?;
        let world = Arc::new(world);
        let mut points = DecisionPoints::default();
        let mut outcomes = Vec::with_capacity(self.decision_points.len());
        for capture in &self.decision_points {
            let run = Run::over(capture, Arc::clone(&world))?;
            points.begin(&capture.to_string_lossy());
            outcomes.push(run.replay(&mut [&mut points])?);
        }
        let look = self.look(streams);
        streams.write_to(self.output.as_ref(), |out| match self.format {
            Format::Json => points.write_json(out),
            Format::Markdown => points.write_markdown(out),
            Format::Text | Format::Dot | Format::Mermaid => points.write_text(out, look),
        })?;
        for warning in &world.warnings {
            streams.warn(warning);
        }
        for (capture, outcome) in self.decision_points.iter().zip(&outcomes) {
            for warning in outcome.warnings.iter().filter(|warning| !world.warnings.contains(warning)) {
                streams.warn(&format!("{}: {warning}", escape::name(&capture.to_string_lossy())));
            }
        }
        Ok(Exit::Done)
    }

    fn look(&self, streams: &Streams<'_>) -> Look {
        let output = self.output.as_deref();
        Look { width: streams.width(output), color: streams.colored(output) }
    }
}

/// A name that neither an application nor a container has.
fn unknown(catalog: &Catalog, name: &str) -> CliError {
    let applications = catalog.iter().map(|(_, application)| application.name.as_str());
    let containers = catalog.iter().filter_map(|(_, application)| application.class.container.as_deref());
    let help = match nearest(name, applications.chain(containers)) {
        Some(nearest) => format!("did you mean `{}`?", escape::name(nearest)),
        None => format!("`firstpass apps --search {}` looks for a part of a name", first_word(name)),
    };
    CliError::usage(format!("there is no application `{}`", escape::name(name)), help)
}

/// Something to search for that needs no quoting.
fn first_word(name: &str) -> &str {
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    name.get(..end).filter(|word| !word.is_empty()).unwrap_or("TEXT")
}
