//! From a file's time units to nanoseconds.

use crate::time::Timestamp;

const NANOS_PER_SEC: u64 = 1_000_000_000;

/// How an interface of a pcapng section counts time: its `if_tsresol` and `if_tsoffset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    unit: Unit,
    /// Nanoseconds to add.
    offset: i128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// This many nanoseconds.
    Nanos(u64),
    /// Ten to the power of minus this seconds, finer than a nanosecond.
    Decimal(u8),
    /// Two to the power of minus this seconds.
    Binary(u8),
}

impl Clock {
    /// Microseconds since the epoch: what an interface counts that does not say.
    pub(super) const MICROS: Self = Self { unit: Unit::Nanos(1_000), offset: 0 };

    /// With the value of an `if_tsresol` option: the high bit tells powers of two from powers of ten, the others
    /// are the negative exponent.
    pub(super) fn with_resolution(self, value: u8) -> Self {
        let exponent = value & 0x7f;
        let unit = match value {
            0x80.. => Unit::Binary(exponent),
            0..=9 => Unit::Nanos(10_u64.pow(9 - u32::from(exponent))),
            _ => Unit::Decimal(exponent),
        };
        Self { unit, ..self }
    }

    /// With the value of an `if_tsoffset` option, in seconds.
    pub(super) fn with_offset(self, secs: i64) -> Self {
        Self { offset: i128::from(secs) * i128::from(NANOS_PER_SEC), ..self }
    }

    /// The time of `ticks`, rounded down to the nanosecond, held within what a [`Timestamp`] can say.
    pub(super) fn read(self, ticks: u64) -> Timestamp {
        if let (Unit::Nanos(nanos), 0) = (self.unit, self.offset) {
            return Timestamp::from_nanos(ticks.saturating_mul(nanos));
        }
        let since_start = match self.unit {
            Unit::Nanos(nanos) => u128::from(ticks) * u128::from(nanos),
            // Past 10^28 ticks to the nanosecond no 64-bit count makes one nanosecond.
            Unit::Decimal(exponent) => 10_u128
                .checked_pow(u32::from(exponent) - 9)
                .map_or(0, |ticks_per_nano| u128::from(ticks) / ticks_per_nano),
            Unit::Binary(exponent) => (u128::from(ticks) * u128::from(NANOS_PER_SEC)) >> exponent,
        };
        // INVARIANT: at most 2^64 * 10^9 < 2^94, so the cast and the sum hold.
        let nanos = since_start.cast_signed() + self.offset;
        Timestamp::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolution_is_exact() {
        for (resolution, ticks, nanos) in [
            (0, 7, 7_000_000_000),
            (3, 1_500, 1_500_000_000),
            (6, 1_683_367_121_000_001, 1_683_367_121_000_001_000),
            (9, 1_683_367_121_000_000_001, 1_683_367_121_000_000_001),
            (12, 1_500, 1),                       // picoseconds: rounded down
            (12, 1_999_999, 1_999),               //
            (28, u64::MAX, 1),                    // 18.4e18 ticks of 1e-28 s are 1.8 ns
            (127, u64::MAX, 0),                   // beyond 128 bits
            (0x80, 3, 3_000_000_000),             // 2^0
            (0x8a, 1_536, 1_500_000_000),         // 2^-10
            (0xa0, 0x1_8000_0000, 1_500_000_000), // 2^-32, as NTP counts
            (0xbf, u64::MAX, 1_999_999_999),      // 2^-63
            (0xff, u64::MAX, 0),                  // 2^-127
        ] {
            let clock = Clock::MICROS.with_resolution(resolution);
            assert_eq!(clock.read(ticks).nanos(), nanos, "if_tsresol {resolution:#x}, {ticks} ticks");
        }
    }

    #[test]
    fn times_out_of_range_are_held_at_the_ends() {
        let seconds = Clock::MICROS.with_resolution(0);
        assert_eq!(seconds.read(u64::MAX), Timestamp::MAX);
        assert_eq!(seconds.with_offset(i64::MAX).read(u64::MAX), Timestamp::MAX);
        assert_eq!(seconds.with_offset(-10).read(3), Timestamp::ZERO);
        assert_eq!(seconds.with_offset(i64::MIN).read(3), Timestamp::ZERO);
        assert_eq!(seconds.with_offset(-10).read(13), Timestamp::from_secs(3));
        assert_eq!(Clock::MICROS.with_offset(1_600_000_000).read(1).nanos(), 1_600_000_000_000_001_000);
    }
}
