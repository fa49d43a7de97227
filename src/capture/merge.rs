//! Several captures as one, in order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;

use super::buffer::DEFAULT_SIZE;
use super::{CaptureError, CaptureFile, CaptureInfo, Frame, Options, Progress, Source};
use crate::time::Timestamp;

/// All buffers together take about this much, however many files there are.
const BUFFERS_MAX: usize = 16 * 1024 * 1024;
const BUFFER_MIN: usize = 16 * 1024;

/// Captures merged by time; [`Frame::file`] says which one a frame came from.
///
/// Of frames with the same time, those of the file named first come first. The order within a file is kept, also
/// where its time goes backwards. One file alone passes straight through.
#[derive(Debug)]
pub struct Merge {
    files: Vec<CaptureFile>,
    /// The next frame of each file that has one; the file handed out last is not in it.
    waiting: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The file whose frame is handed out.
    current: Option<usize>,
    started: bool,
    /// Key logs that were come upon and not taken yet.
    secrets: Vec<Vec<u8>>,
}

impl Merge {
    /// Opens all captures; standard input is `-`.
    ///
    /// # Errors
    /// The first that gives no capture at all: see [`CaptureError`].
    pub fn open<P: AsRef<Path>>(paths: &[P], options: &Options) -> Result<Self, CaptureError> {
        let share = (BUFFERS_MAX / paths.len().max(1)).clamp(BUFFER_MIN, DEFAULT_SIZE);
        let options = Options { buffer: options.buffer.min(share), ..*options };
        let files = paths.iter().map(|path| CaptureFile::open(path, &options)).collect::<Result<_, _>>()?;
        Ok(Self::new(files))
    }

    /// Merges captures that are open already.
    pub fn new(files: Vec<CaptureFile>) -> Self {
        Self {
            waiting: BinaryHeap::with_capacity(files.len()),
            files,
            current: None,
            started: false,
            secrets: Vec::new(),
        }
    }

    /// What was read so far of each capture, in the order they were given.
    pub fn infos(&self) -> impl ExactSizeIterator<Item = &CaptureInfo> {
        self.files.iter().map(CaptureFile::info)
    }

    /// Moves a file on and queues it by the time of its next frame.
    fn queue(&mut self, index: usize) {
        let Some(file) = self.files.get_mut(index) else { return };
        file.advance();
        file.take_secrets(&mut self.secrets);
        if let Some(frame) = file.current() {
            self.waiting.push(Reverse((frame.at, index)));
        }
    }

    fn next_of_many(&mut self) -> Option<Frame<'_>> {
        let index = self.advance_of_many()?;
        self.frame_of(index)
    }

    /// Moves to the next frame; the file that has it.
    fn advance_of_many(&mut self) -> Option<usize> {
        if !self.started {
            self.started = true;
            (0..self.files.len()).for_each(|index| self.queue(index));
        }
        if let Some(index) = self.current.take() {
            self.queue(index);
        }
        let Reverse((_, index)) = self.waiting.pop()?;
        self.current = Some(index);
        Some(index)
    }

    fn frame_of(&self, index: usize) -> Option<Frame<'_>> {
        let frame = self.files.get(index)?.current()?;
        Some(Frame { file: u32::try_from(index).unwrap_or(u32::MAX), ..frame })
    }
}

impl Source for Merge {
    #[inline]
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        match self.files.as_mut_slice() {
            // The borrow checker wants the one file again.
            [_] => self.files.first_mut()?.next_frame(),
            _ => self.next_of_many(),
        }
    }

    #[inline]
    fn next_with_secrets(&mut self, secrets: &mut Vec<Vec<u8>>) -> Option<Frame<'_>> {
        match self.files.as_mut_slice() {
            [_] => self.files.first_mut()?.next_with_secrets(secrets),
            _ => {
                let index = self.advance_of_many();
                secrets.append(&mut self.secrets);
                self.frame_of(index?)
            }
        }
    }

    fn progress(&self) -> Progress {
        self.files.iter().map(CaptureFile::progress).fold(Progress { read: 0, size: Some(0) }, |sum, one| {
            Progress { read: sum.read + one.read, size: sum.size.zip(one.size).map(|(a, b)| a + b) }
        })
    }
}
