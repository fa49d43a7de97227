//! What the device's captures hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::mark::Mark;
use super::model::{Hint, Judged, Model};
use super::pair::Pairs;
use crate::capture::{CaptureError, CaptureFile, CaptureInfo, Options, Source as _};
use crate::config::World;
use crate::report::escape;
use crate::report::stages::Stage;
use crate::time::Span;

/// Captures of one moment are not farther apart than this.
const APART: Span = Span::from_secs(60);

/// The capture of a stage.
#[derive(Debug, Clone)]
pub struct StageFile {
    /// Which stage.
    pub stage: Stage,
    /// Where it is.
    pub path: PathBuf,
    /// The file as a whole.
    pub info: CaptureInfo,
    /// Its packets, in order.
    pub marks: Vec<Mark>,
    /// Which of them came in as what; filled by [`Self::pair`].
    pub(super) pairs: Pairs,
}

/// Why captures do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unrelated(String);

impl StageFile {
    /// Reads a capture.
    ///
    /// # Errors
    /// Where it is none.
    pub fn read(stage: Stage, path: &Path) -> Result<Self, CaptureError> {
        let mut file = CaptureFile::open(path, &Options::default())?;
        let mut marks = Vec::new();
        while let Some(frame) = file.next_frame() {
            marks.push(Mark::of(&frame, marks.len() as u64 + 1));
        }
        let (path, info) = (path.to_owned(), file.info().clone());
        Ok(Self { stage, path, info, marks, pairs: Pairs::default() })
    }

    /// Finds the packets that came in again in it.
    ///
    /// # Errors
    /// Where it holds packets, and none of them came in.
    pub fn pair(&mut self, model: &Model, receive: &str) -> Result<(), Unrelated> {
        let mut received: Vec<Mark> = model.frames.iter().map(|judged| judged.mark).collect();
        if self.marks.is_empty() {
            self.pairs = Pairs { of: vec![None; received.len()], others: Vec::new() };
            return Ok(());
        }
        let name = self.stage.name();
        let path = escape::name(&self.info.path).into_owned();
        let span = |marks: &[Mark]| {
            let times = marks.iter().map(|mark| mark.at);
            times.clone().min().zip(times.max())
        };
        let (Some((first, last)), Some((own_first, own_last))) = (span(&received), span(&self.marks)) else {
            return Err(Unrelated(format!("`{receive}` holds no packet, and `{path}` does")));
        };
        if own_first > last + APART || first > own_last + APART {
            return Err(Unrelated(format!(
                "the captures are of different times: `{receive}` (receive) from {first} to {last}, `{path}` ({name}) \
                 from {own_first} to {own_last}"
            )));
        }
        if self.stage == Stage::Transmit {
            // The model may take something off that the device takes off as well.
            for (mark, judged) in received.iter_mut().zip(&model.frames) {
                mark.content = judged.content;
            }
        }
        let expected: Vec<_> = model.frames.iter().map(|judged| judged.leaves).collect();
        self.pairs = Pairs::find(&received, &expected, &self.marks);
        if self.pairs.of.iter().all(Option::is_none) {
            return Err(Unrelated(format!(
                "no packet of `{path}` ({name}) is in `{receive}` (receive): they are not of the same traffic"
            )));
        }
        Ok(())
    }

    /// How many of its packets came in.
    pub fn paired(&self) -> usize {
        self.pairs.of.iter().flatten().count()
    }

    /// The packet that the frame at this place of the receive stage is here.
    pub(super) fn of(&self, place: usize) -> Option<&Mark> {
        self.marks.get((*self.pairs.of.get(place)?)?)
    }
}

/// The packets of a transmit stage that show an address or port of NAT that the model would not have chosen: to be shown
/// to it, so that it knows the answers. None where it chose the same.
///
/// # Errors
/// Where the capture cannot be read again.
pub fn hints(world: &World, model: &Model, transmit: &StageFile) -> Result<Vec<Hint>, CaptureError> {
    let is_choice = |judged: &Judged, left: &Mark| {
        let session = judged.session.and_then(|id| model.sessions.get(&id));
        judged.begins_nat
            && judged.leaves != left.ends
            && session.is_some_and(|session| session.may_leave_as(world, &left.ends))
    };
    let wanted: BTreeMap<u64, &Mark> = model
        .frames
        .iter()
        .enumerate()
        .filter_map(|(place, judged)| Some((judged, transmit.of(place)?)))
        .filter(|(judged, left)| is_choice(judged, left))
        .map(|(judged, left)| (left.number, &judged.mark))
        .collect();
    let mut hints = Vec::new();
    if wanted.is_empty() {
        return Ok(hints);
    }
    let mut file = CaptureFile::open(&transmit.path, &Options::default())?;
    let mut number = 0;
    while let Some(frame) = file.next_frame() {
        number += 1;
        if let Some(came) = wanted.get(&number) {
            // The time is that of the packet that came in: the model's clock must not run ahead.
            let (after, at, link_type, wire_len) = (came.number, came.at, frame.link_type, frame.wire_len);
            hints.push(Hint { after, at, link_type, wire_len, bytes: frame.bytes.to_vec() });
        }
    }
    hints.sort_by_key(|hint| hint.after);
    Ok(hints)
}
