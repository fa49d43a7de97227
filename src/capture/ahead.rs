//! Reading ahead in a thread of its own.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Bytes to a block.
const BLOCK: usize = 256 * 1024;
/// Blocks under way at most.
const BLOCKS: usize = 4;

/// A [`Read`] that hands on exactly what another one gives, read (and decompressed) ahead by a thread.
///
/// The thread ends at the end of the data, at the first error, or soon after this value is dropped.
pub struct ReadAhead {
    full: Receiver<io::Result<Vec<u8>>>,
    empty: SyncSender<Vec<u8>>,
    block: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl ReadAhead {
    /// Starts reading.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(input: impl Read + Send + 'static) -> io::Result<Self> {
        let (full_sender, full) = sync_channel(BLOCKS);
        let (empty, empty_receiver) = sync_channel(BLOCKS + 1);
        thread::Builder::new()
            .name("read-ahead".to_owned())
            .spawn(move || read_blocks(input, &full_sender, &empty_receiver))?;
        Ok(Self { full, empty, block: Vec::new(), taken: 0, ended: false })
    }

    /// Swaps the used block for the next full one; an empty one means the end.
    fn next_block(&mut self) -> io::Result<()> {
        let used = std::mem::take(&mut self.block);
        self.taken = 0;
        if used.capacity() > 0 {
            // The thread may be gone already; then nobody needs the block.
            let _ = self.empty.try_send(used);
        }
        match self.full.recv() {
            Ok(Ok(block)) => self.block = block,
            Ok(Err(error)) => {
                self.ended = true;
                return Err(error);
            }
            Err(_) => self.ended = true,
        }
        Ok(())
    }
}

impl Read for ReadAhead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.block.len() && !self.ended {
            self.next_block()?;
        }
        let mut rest = self.block.get(self.taken..).unwrap_or_default();
        let read = rest.read(out)?;
        self.taken += read;
        Ok(read)
    }
}

/// The thread: fills blocks until the end, an error, or nobody listens.
fn read_blocks(mut input: impl Read, full: &SyncSender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.clear();
        let read = input.by_ref().take(BLOCK as u64).read_to_end(&mut block);
        let whole = block.len() == BLOCK;
        // What was read before an error counts: it goes first.
        if !block.is_empty() && full.send(Ok(block)).is_err() {
            return;
        }
        match read {
            Ok(_) if whole => {}
            Ok(_) => return,
            Err(error) => {
                // Nobody listening is as good an end.
                let _ = full.send(Err(error));
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives odd amounts, then fails.
    struct Odd(Vec<u8>, bool);

    impl Read for Odd {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(out.len()).min(70_001);
            if count == 0 && self.1 {
                return Err(io::Error::other("the disk is gone"));
            }
            out[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    #[test]
    fn hands_on_every_byte_and_then_the_error() {
        let data: Vec<u8> = (0..3 * BLOCK + 17).map(|i| (i % 251) as u8).collect();
        for fails in [false, true] {
            let mut out = Vec::new();
            let result = ReadAhead::new(Odd(data.clone(), fails)).unwrap().read_to_end(&mut out);
            assert_eq!(out, data);
            assert_eq!(result.is_err(), fails);
        }
    }

    #[test]
    fn stays_at_its_end() {
        let mut reader = ReadAhead::new(Odd(vec![1], true)).unwrap();
        let mut out = [0; 8];
        assert_eq!(reader.read(&mut out).unwrap(), 1);
        assert!(reader.read(&mut out).is_err());
        assert_eq!(reader.read(&mut out).unwrap(), 0);
    }
}
