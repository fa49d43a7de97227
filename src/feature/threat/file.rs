//! One file, as its bytes come: its type, and whether the EICAR test file is in it.

use super::file_type::{self, HEAD};

/// What has been found of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Its types, most special first.
    Types(Vec<&'static str>),
    /// The EICAR test file is in it.
    Eicar,
}

/// A file in transfer.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Its name, raw; empty where there is none.
    pub(super) name: Vec<u8>,
    /// Its first bytes, until its type is told.
    head: Vec<u8>,
    is_typed: bool,
    /// Its last bytes, in case the test file goes on in the next ones.
    tail: Vec<u8>,
    is_virus: bool,
}

/// The EICAR test file (eicar.org, "Anti Malware Testfile"), 68 bytes. It stands nowhere as it is, so that scanners do
/// not take this program for it.
pub(super) fn eicar() -> Vec<u8> {
    const TURNED: &[u8] = b"*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\\4[PA@%P!O5X";
    TURNED.iter().rev().copied().collect()
}

impl File {
    pub(super) fn new(name: Vec<u8>) -> Self {
        Self { name, head: Vec::new(), is_typed: false, tail: Vec::new(), is_virus: false }
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, eicar: &[u8], bytes: &[u8], out: &mut dyn FnMut(&[u8], Found)) {
        if bytes.is_empty() {
            return;
        }
        if !self.is_typed {
            let room = HEAD.saturating_sub(self.head.len());
            self.head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            self.tell_type(false, out);
        }
        if !self.is_virus && self.has(eicar, bytes) {
            self.is_virus = true;
            out(&self.name, Found::Eicar);
        }
    }

    /// It has ended.
    pub(super) fn end(mut self, out: &mut dyn FnMut(&[u8], Found)) {
        if !self.is_typed && !self.head.is_empty() {
            self.tell_type(true, out);
        }
    }

    fn tell_type(&mut self, is_whole: bool, out: &mut dyn FnMut(&[u8], Found)) {
        let Some(types) = file_type::types(&self.head, is_whole, &self.name) else { return };
        self.is_typed = true;
        if !types.is_empty() {
            out(&self.name, Found::Types(types));
        }
    }

    /// Whether the test file ends within `bytes`.
    fn has(&mut self, eicar: &[u8], bytes: &[u8]) -> bool {
        let keep = eicar.len().saturating_sub(1);
        // What may have begun before, and as much of the new bytes as could end it.
        self.tail.extend_from_slice(bytes.get(..keep).unwrap_or(bytes));
        let found =
            memchr::memmem::find(&self.tail, eicar).is_some() || memchr::memmem::find(bytes, eicar).is_some();
        if bytes.len() >= keep {
            self.tail.clear();
            self.tail.extend_from_slice(bytes.get(bytes.len() - keep..).unwrap_or_default());
        } else {
            let over = self.tail.len().saturating_sub(keep);
            self.tail.drain(..over);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_test_file_is_the_one() {
        let file = eicar();
        assert_eq!(file.len(), 68);
        assert!(file.starts_with(b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$") && file.ends_with(b"FILE!$H+H*"));
    }

    proptest! {
        /// It is found wherever it stands and however the file is cut; with a byte missing it is not.
        #[test]
        fn found_in_any_pieces(before in 0usize..200, after in 0usize..200, cut in 1usize..90, less in 0usize..68) {
            for is_there in [true, false] {
                let mut text = vec![b'X'; before];
                let mut virus = eicar();
                if !is_there {
                    virus.remove(less);
                }
                text.extend(virus);
                text.extend(vec![b'*'; after]);
                let mut file = File::new(Vec::new());
                let mut found = 0;
                for piece in text.chunks(cut) {
                    file.feed(&eicar(), piece, &mut |_, what| found += usize::from(what == Found::Eicar));
                }
                // The first and the last byte are what stands before and behind it.
                let same = is_there || less == 0 && before > 0 || less == 67 && after > 0;
                prop_assert_eq!(found, usize::from(same));
            }
        }
    }
}
