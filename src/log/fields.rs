//! One record of CSV taken apart.

use csv_core::{ReadRecordResult, Reader};

/// The fields of a record. The memory serves one record after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// A splitter of records.
#[derive(Debug, Clone)]
pub(super) struct Splitter {
    reader: Reader,
    pub(super) fields: Fields,
}

/// The default of `csv_core::Reader` knows no separators.
impl Default for Splitter {
    fn default() -> Self {
        Self { reader: Reader::new(), fields: Fields::default() }
    }
}

impl Splitter {
    /// Takes a record apart; a line feed outside of quotes is the end of it.
    pub(super) fn split(&mut self, record: &str) {
        let Fields { text, ends } = &mut self.fields;
        // A field is never longer than what it is written as, and every field but the last has its comma.
        text.resize(record.len() + 2, 0);
        ends.resize(record.bytes().filter(|&byte| byte == b',').count() + 2, 0);
        let (mut written, mut ended) = (0, 0);
        // The end of a line in case there is none, and the end of all in case that is within quotes.
        for input in [record.as_bytes(), b"\n", b""] {
            let (output, places) = (text.get_mut(written..), ends.get_mut(ended..));
            let (result, _, wrote, fields) =
                self.reader.read_record(input, output.unwrap_or_default(), places.unwrap_or_default());
            written += wrote;
            ended += fields;
            if input.is_empty() {
                // Nothing follows the end of all but a new reader.
                self.reader = Reader::new();
            }
            if !matches!(result, ReadRecordResult::InputEmpty) {
                break;
            }
        }
        text.truncate(written);
        ends.truncate(ended);
    }
}

impl Fields {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field by its place, counted from 0.
    pub(super) fn get(&self, place: usize) -> Option<&str> {
        let start = match place {
            0 => 0,
            _ => *self.ends.get(place - 1)?,
        };
        std::str::from_utf8(self.text.get(start..*self.ends.get(place)?)?).ok()
    }

    /// Puts a list in braces together again: PAN-OS writes `{a,b}` without quotes into `link_switches`. One that is
    /// not closed stays as it is.
    pub(super) fn join_braces(&mut self, place: usize) {
        if !self.get(place).is_some_and(|field| field.starts_with('{')) {
            return;
        }
        let mut depth = 0;
        let last = (place..self.len()).find(|&place| {
            for byte in self.get(place).unwrap_or_default().bytes() {
                depth += i32::from(byte == b'{') - i32::from(byte == b'}');
            }
            depth <= 0
        });
        let Some(last) = last.filter(|&last| last > place) else { return };
        let parts: Vec<String> =
            (0..self.len()).map(|at| self.get(at).unwrap_or_default().to_owned()).collect();
        let (before, rest) = parts.split_at(place);
        let (list, after) = rest.split_at(last + 1 - place);
        let joined = list.join(",");
        self.text.clear();
        self.ends.clear();
        for part in before.iter().chain([&joined]).chain(after) {
            self.text.extend_from_slice(part.as_bytes());
            self.ends.push(self.text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(record: &str, braces: usize) -> Vec<String> {
        let mut splitter = Splitter::default();
        splitter.split(record);
        splitter.fields.join_braces(braces);
        let fields = &splitter.fields;
        (0..fields.len()).map(|place| fields.get(place).unwrap().to_owned()).collect()
    }

    #[test]
    fn takes_records_apart() {
        for (record, braces, expected) in [
            ("a,b,,d", 9, vec!["a", "b", "", "d"]),
            ("a,\"b,c\",\"say \"\"x\"\"\"\r\n", 9, vec!["a", "b,c", "say \"x\""]),
            ("a,", 9, vec!["a", ""]),
            ("a,{b,c},d", 1, vec!["a", "{b,c}", "d"]),
            ("a,{b,{c,d},e},f", 1, vec!["a", "{b,{c,d},e}", "f"]),
            ("a,{b},d", 1, vec!["a", "{b}", "d"]),
            ("a,\"b", 9, vec!["a", "b\n"]),
            // Not closed, or not where the list stands.
            ("a,{b,c", 1, vec!["a", "{b", "c"]),
            ("{a,b},c", 1, vec!["{a", "b}", "c"]),
        ] {
            assert_eq!(split(record, braces), expected, "{record:?}");
        }
    }

    proptest! {
        /// What the csv crate writes comes out again, whatever is in it.
        #[test]
        fn what_is_written_comes_out_again(fields in proptest::collection::vec("[ -~\\n\u{e9}]{0,9}", 2..9)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(split(&text, 99), fields);
        }
    }
}
