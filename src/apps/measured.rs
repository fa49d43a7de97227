//! Decision points as they were measured: the page `docs/decision-points.md`, which a test keeps as the program
//! writes it.

use super::decisions::NUMBERS;

/// The page.
const PAGE: &str = include_str!("../../docs/decision-points.md");

/// What had passed when App-ID decided for an application: medians over the lesson captures, the deciding packet not
/// counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// How many decisions that is from.
    pub decisions: u64,
    /// Packets with payload: to the server, to the client.
    pub data_packets: [u64; 2],
    /// Payload bytes: to the server, to the client.
    pub payload_bytes: [u64; 2],
    /// What was mostly seen.
    pub evidence: String,
}

/// What was measured of an application; `None` where no lesson capture has it.
pub fn measured(application: &str) -> Option<Measured> {
    PAGE.lines().filter_map(row).find(|(name, _)| *name == application).map(|(_, measured)| measured)
}

/// A row of the page's table.
fn row(line: &str) -> Option<(&str, Measured)> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let [name, numbers @ .., evidence] = cells.as_slice() else { return None };
    let numbers: Vec<u64> =
        numbers.iter().map(|number| number.replace(',', "").parse().ok()).collect::<Option<_>>()?;
    let &[decisions, packets, bytes, packets_back, bytes_back] =
        <&[u64; NUMBERS]>::try_from(&*numbers).ok()?;
    let measured = Measured {
        decisions,
        data_packets: [packets, packets_back],
        payload_bytes: [bytes, bytes_back],
        evidence: (*evidence).to_owned(),
    };
    Some((name, measured))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_read() {
        let ssl = measured("ssl").unwrap();
        assert!(ssl.decisions > 3 && ssl.evidence.contains("ClientHello"), "{ssl:?}");
        assert_eq!((ssl.data_packets, ssl.payload_bytes), ([0, 0], [0, 0]));
        let ftp = measured("ftp").unwrap();
        assert!(ftp.data_packets[1] > 0, "the banner has passed by then: {ftp:?}");
        assert_eq!(measured("application"), None);
        let rows = PAGE.lines().filter(|line| line.starts_with("| ")).count();
        assert_eq!(PAGE.lines().filter_map(row).count(), rows - 1, "every row but the headings");
    }
}
