//! What programs report: a number with a unit, read, compared and shown.
//!
//! Times are held in nanoseconds and sizes in bytes, so that a target in microseconds can be held
//! against a measurement in nanoseconds. Everything else keeps the unit it was printed with.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Unit of a measurement, after conversion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub enum Unit {
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Time,
    /// Bytes.
    #[serde(rename = "B")]
    Bytes,
    /// Anything else, as it was printed; a name that ends in `/s` is a rate.
    #[serde(untagged)]
    Other(String),
}

/// Spellings of units that are converted, with their size in the unit held.
const SPELLINGS: [(&str, Unit, f64); 11] = [
    ("ns", Unit::Time, 1.0),
    ("ns/op", Unit::Time, 1.0),
    ("us", Unit::Time, 1e3),
    ("µs", Unit::Time, 1e3),
    ("ms", Unit::Time, 1e6),
    ("s", Unit::Time, 1e9),
    ("B", Unit::Bytes, 1.0),
    ("kB", Unit::Bytes, 1e3),
    ("KiB", Unit::Bytes, 1024.0),
    ("MiB", Unit::Bytes, 1_048_576.0),
    ("GiB", Unit::Bytes, 1_073_741_824.0),
];

/// Unit of the smallest share as a part of the largest.
pub const SHARE: &str = "share";

impl Unit {
    /// The unit of this spelling and the factor that converts a number to it.
    pub fn parse(text: &str) -> (Self, f64) {
        SPELLINGS
            .iter()
            .find(|(spelling, ..)| *spelling == text)
            .map_or((Self::Other(text.to_string()), 1.0), |(_, unit, factor)| {
                (unit.clone(), *factor)
            })
    }

    /// Is more better? Only rates and shares are better when they are higher.
    pub fn higher_is_better(&self) -> bool {
        self.is_rate() || matches!(self, Self::Other(name) if name == SHARE)
    }

    /// Is it something in a second?
    pub fn is_rate(&self) -> bool {
        matches!(self, Self::Other(name) if name.ends_with("/s"))
    }

    /// The unit in which `value` reads well, and the factor by which to divide.
    fn scale(&self, value: f64) -> (String, f64) {
        let of = |steps: &[(&str, f64)]| {
            steps
                .iter()
                .rev()
                .find(|(_, factor)| value.abs() >= *factor)
                .or(steps.first())
                .map_or((String::new(), 1.0), |(name, factor)| {
                    ((*name).to_string(), *factor)
                })
        };
        match self {
            Self::Time => of(&[("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)]),
            Self::Bytes => of(&[
                ("B", 1.0),
                ("KiB", 1024.0),
                ("MiB", 1_048_576.0),
                ("GiB", 1_073_741_824.0),
            ]),
            Self::Other(name) if name == SHARE => (String::new(), 1.0),
            Self::Other(name) if name == "%" => (name.clone(), 1.0),
            Self::Other(name) => {
                let (prefix, factor) = of(&[("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9)]);
                (format!("{prefix} {name}").trim().to_string(), factor)
            }
        }
    }

    /// `value` as a person reads it, such as `12.3 ms`.
    pub fn show(&self, value: f64) -> String {
        let (unit, factor) = self.scale(value);
        format!("{} {unit}", digits(value / factor))
            .trim_end()
            .to_string()
    }

    /// `value (min..max)`, all three in the same unit.
    pub fn show_spread(&self, value: f64, min: f64, max: f64) -> String {
        let (unit, factor) = self.scale(value);
        let mut text = format!("{} {unit}", digits(value / factor))
            .trim_end()
            .to_string();
        if min != max {
            let _ = write!(
                text,
                " ({}..{})",
                digits(min / factor),
                digits(max / factor)
            );
        }
        text
    }
}

/// Three significant digits, without an exponent.
pub fn digits(value: f64) -> String {
    let size = value.abs();
    let places = if size == 0.0 || size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else if size >= 0.9995 {
        2
    } else {
        3
    };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_kind_are_converted() {
        assert_eq!(Unit::parse("us"), (Unit::Time, 1e3));
        assert_eq!(Unit::parse("ns/op"), (Unit::Time, 1.0));
        assert_eq!(Unit::parse("MiB"), (Unit::Bytes, 1_048_576.0));
        assert_eq!(
            Unit::parse("nodes/s"),
            (Unit::Other("nodes/s".to_string()), 1.0)
        );
    }

    #[test]
    fn only_rates_and_shares_are_better_when_higher() {
        for higher in ["nodes/s", "share"] {
            assert!(Unit::parse(higher).0.higher_is_better(), "{higher}");
        }
        for lower in ["ns", "s", "MiB", "%", "allocs"] {
            assert!(!Unit::parse(lower).0.higher_is_better(), "{lower}");
        }
    }

    #[test]
    fn numbers_have_three_digits_and_a_unit_that_fits() {
        let shown = |unit: &str, value| Unit::parse(unit).0.show(value);
        assert_eq!(shown("ns", 0.0), "0 ns");
        assert_eq!(shown("ns", 0.3123), "0.312 ns");
        assert_eq!(shown("ns", 45.34), "45.3 ns");
        assert_eq!(shown("ns", 190_400_000.0), "190 ms");
        assert_eq!(shown("ns", 1_904_000_000.0), "1.90 s");
        assert_eq!(shown("B", 1536.0), "1.50 KiB");
        assert_eq!(shown("nodes/s", 12_340_000.0), "12.3 M nodes/s");
        assert_eq!(shown("%", 9.4), "9.40 %");
        assert_eq!(shown("share", 0.5), "0.500");
        assert_eq!(digits(99.97), "100");
        assert_eq!(digits(9.996), "10.0");
    }

    #[test]
    fn a_spread_has_one_unit_and_is_left_out_where_there_is_none() {
        assert_eq!(
            Unit::Time.show_spread(2e6, 9e5, 3.1e6),
            "2.00 ms (0.900..3.10)"
        );
        assert_eq!(Unit::Time.show_spread(2e6, 2e6, 2e6), "2.00 ms");
    }
}
