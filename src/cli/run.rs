//! What the commands that replay share: opening files, the run with its progress bar, the warnings afterwards.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{Checksums, Input, load};
use super::error::{CliError, Exit};
use super::keylog;
use super::output::Streams;
use crate::audit::Audit;
use crate::capture::{self, CaptureInfo, Merge};
use crate::config::World;
use crate::engine::{Control, EventKind, Events, Label};
use crate::flow::ZoneId;
use crate::packet::checksum::ChecksumSample;
use crate::packet::{self, DecodeOptions};
use crate::replay::{Command, Linger, Notes, Operation, Options, Replay, Stopped, When};
use crate::report::{About, Sink, escape};
use crate::stages::{Hint, Hinted};
use crate::time::Span;

/// Rulebase and captures, opened and checked.
pub(super) struct Run {
    pub(super) world: Arc<World>,
    source: Merge,
    options: Options,
    /// What is not known of the zones.
    unlocated: Option<String>,
    /// Whether to speak of wrong checksums: where there is something to say about them.
    tells_checksums: bool,
    strict: bool,
    audit: bool,
    /// What a device's NAT has chosen.
    hints: Vec<Hint>,
    /// Files with secrets of TLS connections.
    keylog: Vec<PathBuf>,
}

/// What a run leaves behind besides what its sinks have read.
#[derive(Debug)]
pub(super) struct Outcome {
    /// One per capture.
    pub(super) captures: Vec<CaptureInfo>,
    /// One sentence each, without trailing punctuation.
    pub(super) warnings: Vec<String>,
    /// The configuration that was in force at the end.
    pub(super) world: Arc<World>,
    /// What the auditor has to say.
    pub(super) violations: Vec<String>,
    strict: bool,
}

impl Run {
    /// Reads the rulebase and opens the captures; nothing is replayed yet, so every error here comes before output.
    pub(super) fn open(input: &Input, streams: &Streams<'_>) -> Result<Self, CliError> {
        let stdin = |path: &Path| path.as_os_str() == "-";
        let from_stdin = input.captures.iter().chain([&input.rules.path]).filter(|path| stdin(path)).count();
        if from_stdin > 1 {
            return Err(CliError::usage(
                "standard input (`-`) is named more than once",
                "only one capture or the rulebase can come from there",
            ));
        }
        let world = input.rules.load(streams)?;
        let unlocated = zones_without_addresses(&world, !input.ingress.is_empty())?;
        let ingress = ingress(input, &world)?;
        let open = capture::Options { read_ahead: input.threads > 1, ..capture::Options::default() };
        let source = Merge::open(&input.captures, &open)?;
        let checksums = match input.checksums {
            Checksums::Ignore => packet::Checksums::Ignore,
            Checksums::Verify => packet::Checksums::Verify,
        };
        let linger = input.linger.map_or(Linger::UntilIdle, |seconds| Linger::For(Span::from_secs(seconds)));
        let decode = DecodeOptions { checksums };
        let operations = operations(input, streams)?;
        let key_logs = keylog::read(&input.keylog)?;
        let options = Options { decode, ingress, linger, transmitted: false, operations, key_logs };
        let (strict, audit) = (input.strict, input.audit);
        let tells_checksums = checksums == packet::Checksums::Ignore;
        let world = Arc::new(world);
        let (hints, keylog) = (Vec::new(), input.keylog.clone());
        Ok(Self { world, source, options, unlocated, tells_checksums, strict, audit, hints, keylog })
    }

    /// A capture under a rulebase that is at hand already and knows where every address is.
    pub(super) fn over(capture: &Path, world: Arc<World>) -> Result<Self, CliError> {
        let source = Merge::open(&[capture.to_owned()], &capture::Options::default())?;
        let options = Options { ingress: vec![None], ..Options::default() };
        Ok(Self {
            world,
            source,
            options,
            unlocated: None,
            tells_checksums: false,
            strict: false,
            audit: false,
            hints: Vec::new(),
            keylog: Vec::new(),
        })
    }

    /// Also tells what NAT makes of each packet.
    pub(super) fn show_transmitted(&mut self) {
        self.options.transmitted = true;
    }

    /// Also shows the model what a device's NAT has chosen.
    pub(super) fn give_hints(&mut self, hints: Vec<Hint>) {
        self.hints = hints;
    }

    /// Replays everything into `sinks`, with a progress bar where standard error is a terminal.
    pub(super) fn replay(mut self, sinks: &mut [&mut dyn Sink]) -> io::Result<Outcome> {
        let mut audit = self.audit.then(Audit::default);
        let mut readers: Vec<&mut dyn Sink> =
            sinks.iter_mut().map(|sink| &mut **sink as &mut dyn Sink).collect();
        readers.extend(audit.as_mut().map(|audit| audit as &mut dyn Sink));
        let mut cut = CutPayload::default();
        readers.push(&mut cut);
        let bar = Bar::new();
        let options = std::mem::take(&mut self.options);
        let hints = std::mem::take(&mut self.hints);
        let replay = Replay::new(Arc::clone(&self.world), options, readers);
        let show = |progress| bar.show(&progress);
        let notes = match hints.is_empty() {
            true => replay.run(&mut self.source, show),
            false => replay.run(&mut Hinted::new(&mut self.source, hints), show),
        };
        bar.finish();
        let notes = notes?;
        let violations = audit.map(|audit| audit.violations()).unwrap_or_default();
        Ok(self.outcome(&notes, cut.warning(), violations))
    }

    /// Replays up to a frame and stops there.
    pub(super) fn replay_to(
        mut self,
        last: Option<u64>,
        sinks: &mut [&mut dyn Sink],
    ) -> io::Result<(Outcome, Stopped)> {
        let readers = sinks.iter_mut().map(|sink| &mut **sink as &mut dyn Sink).collect();
        let bar = Bar::new();
        let options = std::mem::take(&mut self.options);
        let replay = Replay::new(Arc::clone(&self.world), options, readers);
        let stopped = replay.run_to(&mut self.source, last, |progress| bar.show(&progress));
        bar.finish();
        let stopped = stopped?;
        Ok((self.outcome(&stopped.notes, None, Vec::new()), stopped))
    }

    fn outcome(self, notes: &Notes, cut: Option<String>, violations: Vec<String>) -> Outcome {
        let captures: Vec<CaptureInfo> = self.source.infos().cloned().collect();
        let mut warnings = self.world.warnings.clone();
        warnings.extend(self.unlocated);
        warnings.extend(captures.iter().flat_map(damage));
        warnings.extend(notes.skipped.iter().map(skipped));
        if self.tells_checksums && notes.checksums.is_many() {
            warnings.push(checksums(&notes.checksums));
        }
        warnings.extend(cut);
        warnings.extend(keylog::warnings(&self.keylog, &notes.key_logs));
        let when = |list: &[When], what: &str| -> Vec<String> {
            list.iter().map(|when| format!("--operate: {when}{what}")).collect()
        };
        warnings.extend(when(&notes.about_nothing, ": there was no session that its command is about"));
        warnings.extend(when(&notes.not_reached, " was never reached, and its command not carried out"));
        let world = notes.committed.clone().unwrap_or(self.world);
        Outcome { captures, warnings, world, violations, strict: self.strict }
    }
}

impl Outcome {
    /// What a report about the run needs to know besides its events.
    pub(super) fn about(&self) -> About<'_> {
        About { world: &self.world, captures: &self.captures, warnings: &self.warnings }
    }

    /// Says what there is to say beside the results; the exit status of a run that has come to its end.
    pub(super) fn conclude(&self, streams: &mut Streams<'_>) -> Exit {
        for warning in &self.warnings {
            streams.warn(warning);
        }
        self.judge(streams)
    }

    /// The same where the result holds the warnings already.
    pub(super) fn judge(&self, streams: &mut Streams<'_>) -> Exit {
        for violation in &self.violations {
            streams.warn(&format!("auditor: {violation}"));
        }
        if self.strict && self.captures.iter().any(CaptureInfo::truncated) {
            for damage in self.captures.iter().filter_map(damage) {
                streams.error(&damage);
            }
            Exit::Capture
        } else if self.violations.is_empty() {
            Exit::Done
        } else {
            Exit::Findings
        }
    }
}

/// Counts the sessions that App-ID may have failed to recognise because the capture holds only the beginning of packets.
#[derive(Default)]
struct CutPayload(u64);

impl Sink for CutPayload {
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        let labels = world.identifier.labels();
        let unknown = [labels.unknown_tcp, labels.unknown_udp, labels.non_syn_tcp];
        for event in events.list() {
            let EventKind::Ended { record } = event.kind else { continue };
            let record = events.record(record);
            self.0 += u64::from(
                record.cut
                    && match record.label {
                        Label::App(app) => unknown.contains(&Some(app)),
                        Label::InsufficientData => true,
                        Label::Incomplete | Label::NotApplicable => false,
                    },
            );
        }
        Ok(())
    }
}

impl CutPayload {
    fn warning(&self) -> Option<String> {
        let (count, plural) = (self.0, if self.0 == 1 { "" } else { "s" });
        (count > 0).then(|| {
            format!(
                "{count} session{plural} not recognised whose payload the capture's snap length has cut: a firewall would \
                 have seen all of it (capture whole packets, such as with `tcpdump -s 0`)"
            )
        })
    }
}

/// Zones that nothing tells the addresses of: an error where there are no others, otherwise a warning. A rulebase
/// can do without interfaces and routes for anything but a replay.
fn zones_without_addresses(world: &World, has_ingress: bool) -> Result<Option<String>, CliError> {
    let (zones, network) = (&world.zones, &world.network);
    if network.located_zones().is_empty() {
        let alone = zones.names().first().map_or("trust", String::as_str);
        let (alone, all) = (escape::name(alone), escape::name(&zones.names().join(", ")).into_owned());
        let help = format!(
            "tell with `--zone {alone}=10.0.0.0/8`, and one zone with `0.0.0.0/0,::/0`; `--ingress {alone}=CAPTURE` tells \
             where the packets of a file come in"
        );
        return match (network.has_addressless(), has_ingress) {
            (false, _) => Err(CliError::usage(
                format!(
                    "nothing tells which addresses are behind the zones ({all}): the rulebase has no addresses of \
                     interfaces and no routes"
                ),
                help,
            )),
            (true, false) => Ok(Some(
                "no interface has an address: packets come in only where `--ingress` or the name of a pcapng \
                 interface says so"
                    .to_owned(),
            )),
            (true, true) => Ok(None),
        };
    }
    let unlocated = network.unlocated_zones();
    let names: Vec<String> =
        unlocated.iter().map(|&zone| format!("`{}`", escape::name(zones.name(zone)))).collect();
    Ok((!names.is_empty()).then(|| {
        let plural = if names.len() == 1 { "zone" } else { "zones" };
        format!("nothing tells which addresses are behind the {plural} {} (`--zone` does)", names.join(", "))
    }))
}

/// What an administrator does meanwhile: files to commit are read now.
fn operations(input: &Input, streams: &Streams<'_>) -> Result<Vec<Operation>, CliError> {
    let mut operations = Vec::new();
    for (when, command) in &input.operate {
        let control = match command {
            Command::Clear(id) => Control::Clear(*id),
            Command::ClearAll(filter) => Control::ClearAll((**filter).clone()),
            Command::Discard { id, timeout } => Control::Discard { id: *id, timeout: *timeout },
            Command::Commit(file) => {
                if !Path::new(file).exists() {
                    return Err(CliError::usage(
                        format!("--operate {when}: commit {file}: there is no such file"),
                        "check the path behind `commit`",
                    ));
                }
                let world = load(Path::new(file), &input.rules.instead.overrides(), streams)?;
                Control::Commit(Arc::new(world))
            }
        };
        operations.push(Operation { when: *when, control });
    }
    Ok(operations)
}

/// The ingress zone of each capture, where `--ingress` names one.
fn ingress(input: &Input, world: &World) -> Result<Vec<Option<ZoneId>>, CliError> {
    let mut zones = vec![None; input.captures.len()];
    for (name, path) in &input.ingress {
        let zone = world.zones.find(name).ok_or_else(|| {
            CliError::usage(
                format!("--ingress {name}={path}: there is no zone `{name}`"),
                format!("the rulebase has {}", world.zones.names().join(", ")),
            )
        })?;
        let mut found = false;
        for (capture, slot) in input.captures.iter().zip(&mut zones) {
            if capture.as_path() == Path::new(path) {
                *slot = Some(zone);
                found = true;
            }
        }
        if !found {
            return Err(CliError::usage(
                format!("--ingress {name}={path}: `{path}` is not among the captures"),
                "write the capture as it is written among the arguments",
            ));
        }
    }
    Ok(zones)
}

/// A link type that is not read.
fn skipped((link_type, frames): &(capture::LinkType, u64)) -> String {
    let plural = if *frames == 1 { "" } else { "s" };
    format!("{frames} frame{plural} of link type {link_type}, which is not read, skipped")
}

/// Many wrong checksums are a sign of a capture taken on the sending host.
fn checksums(sample: &ChecksumSample) -> String {
    let (wrong, looked_at) = sample.wrong();
    format!(
        "{wrong} of the first {looked_at} checksums are wrong, as in a capture taken on the sending host; they are \
         ignored (`--checksums verify` drops such packets)"
    )
}

/// What is wrong with a capture.
pub(super) fn damage(info: &CaptureInfo) -> Option<String> {
    let damage = info.damage.as_ref()?;
    Some(format!("`{}` is {damage}; replayed up to there", info.path))
}

/// A progress bar on standard error; invisible where that is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Self(bar)
    }

    fn show(&self, progress: &capture::Progress) {
        if let Some(size) = progress.size {
            self.0.set_length(size);
        }
        self.0.set_position(progress.read);
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
