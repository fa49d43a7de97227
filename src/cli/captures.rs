//! `--captures DIR`: the files that the captures of a run go to.

use std::io;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::output::OutFile;
use super::run::Outcome;
use crate::report::Sink;
use crate::report::stages::{FILES, StageCaptures};

/// Whether the files would take the place of a capture that is read.
pub(super) fn check(folder: &Path, captures: &[PathBuf]) -> Result<(), CliError> {
    let place = |path: &Path| std::fs::canonicalize(path).ok();
    let read: Vec<PathBuf> = captures.iter().filter_map(|path| place(path)).collect();
    match FILES
        .map(|name| folder.join(name))
        .iter()
        .find(|file| place(file).is_some_and(|file| read.contains(&file)))
    {
        None => Ok(()),
        Some(file) => Err(CliError::usage(
            format!("`--captures {}` would replace `{}`, which is read", folder.display(), file.display()),
            "name another folder",
        )),
    }
}

/// Runs `replay` with a sink more, which writes the captures into `folder`; they are there when all are complete.
pub(super) fn write(
    folder: &Path,
    sinks: &mut [&mut dyn Sink],
    replay: impl FnOnce(&mut [&mut dyn Sink]) -> io::Result<Outcome>,
) -> io::Result<Outcome> {
    std::fs::create_dir_all(folder)
        .map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", folder.display())))?;
    let paths = FILES.map(|name| folder.join(name));
    let [receive, firewall, transmit, drop, annotated] = &paths;
    let create = |path| OutFile::create(path);
    let mut files =
        [create(receive)?, create(firewall)?, create(transmit)?, create(drop)?, create(annotated)?];
    let mut captures = StageCaptures::new(files.each_mut())?;
    let mut all: Vec<&mut dyn Sink> = sinks.iter_mut().map(|sink| &mut **sink as &mut dyn Sink).collect();
    all.push(&mut captures);
    let mut outcome = replay(&mut all)?;
    outcome.warnings.extend(captures.finish()?);
    files.into_iter().try_for_each(OutFile::complete)?;
    Ok(outcome)
}
