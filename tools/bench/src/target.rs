//! What a benchmark is meant to reach, as its source states it.
//!
//! `// target: METRIC [<=|>=] NUMBER[UNIT]`. A number without a unit is a bound on the ratio
//! gort/stock; with one, on gort's own median. Without a sign the bound is an upper one, for rates
//! (`nodes/s`) a lower one. `METRIC` is `time`, `cpu`, `rss` or the name of a metric of the
//! program. `1/1.8` is a number.

use super::quantity::{Unit, digits};

/// One stated aim.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Name of the row that it is about.
    pub metric: String,
    sign: Option<Sign>,
    bound: f64,
    /// `None`: the bound is on the ratio.
    unit: Option<Unit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    AtMost,
    AtLeast,
}

impl Target {
    /// Reads the text after `target:`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("`target: {text}` is not of the form METRIC [<=|>=] NUMBER[UNIT]");
        let (metric, rest) = text
            .trim()
            .split_once(char::is_whitespace)
            .ok_or_else(bad)?;
        let rest = rest.trim();
        let (sign, rest) = if let Some(rest) = rest.strip_prefix("<=") {
            (Some(Sign::AtMost), rest)
        } else if let Some(rest) = rest.strip_prefix(">=") {
            (Some(Sign::AtLeast), rest)
        } else {
            (None, rest)
        };
        let rest = rest.trim();
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '/'))
            .unwrap_or(rest.len());
        let (number, unit) = rest.split_at(end);
        let number = match number.split_once('/') {
            Some((a, b)) => a
                .parse::<f64>()
                .ok()
                .zip(b.parse::<f64>().ok())
                .map(|(a, b)| a / b),
            None => number.parse().ok(),
        }
        .filter(|n: &f64| n.is_finite())
        .ok_or_else(bad)?;
        let (unit, factor) = match unit.trim() {
            "" => (None, 1.0),
            unit => {
                let (unit, factor) = Unit::parse(unit);
                (Some(unit), factor)
            }
        };
        Ok(Self {
            metric: metric.to_string(),
            sign,
            bound: number * factor,
            unit,
        })
    }

    /// Is it reached, with the bound wider by the factor `slack`? `None` if that cannot be told: a
    /// side is missing, or the unit is another one.
    pub fn met(
        &self,
        unit: &Unit,
        stock: Option<f64>,
        gort: Option<f64>,
        slack: f64,
    ) -> Option<bool> {
        let value = match &self.unit {
            Some(wanted) if wanted == unit => gort?,
            Some(_) => return None,
            None => ratio(stock, gort)?,
        };
        Some(match self.sign(unit) {
            Sign::AtMost => value <= self.bound * slack,
            Sign::AtLeast => value >= self.bound / slack,
        })
    }

    /// For the table, such as `<= 0.500` or `<= 300 us`.
    pub fn show(&self, unit: &Unit) -> String {
        let sign = match self.sign(unit) {
            Sign::AtMost => "<=",
            Sign::AtLeast => ">=",
        };
        match &self.unit {
            Some(unit) => format!("{sign} {}", unit.show(self.bound)),
            None => format!("{sign} {}", digits(self.bound)),
        }
    }

    fn sign(&self, unit: &Unit) -> Sign {
        self.sign.unwrap_or(if unit.higher_is_better() {
            Sign::AtLeast
        } else {
            Sign::AtMost
        })
    }
}

/// gort/stock, if both are there and it is a number.
pub fn ratio(stock: Option<f64>, gort: Option<f64>) -> Option<f64> {
    let ratio = gort? / stock?;
    ratio.is_finite().then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_bounds_the_ratio() {
        let target = Target::parse(" time 0.5").unwrap();
        assert_eq!(target.metric, "time");
        assert_eq!(
            target.met(&Unit::Time, Some(10.0), Some(5.0), 1.0),
            Some(true)
        );
        assert_eq!(
            target.met(&Unit::Time, Some(10.0), Some(5.1), 1.0),
            Some(false)
        );
        assert_eq!(target.met(&Unit::Time, None, Some(5.1), 1.0), None);
        assert_eq!(target.show(&Unit::Time), "<= 0.500");
        let target = Target::parse("alloc 1/2").unwrap();
        assert_eq!(
            target.met(&Unit::Time, Some(10.0), Some(5.0), 1.0),
            Some(true)
        );
    }

    #[test]
    fn a_number_with_a_unit_bounds_gort_alone() {
        let target = Target::parse("pause-p99 300us").unwrap();
        assert_eq!(
            target.met(&Unit::Time, None, Some(300_000.0), 1.0),
            Some(true)
        );
        assert_eq!(
            target.met(&Unit::Time, None, Some(300_001.0), 1.0),
            Some(false)
        );
        assert_eq!(target.met(&Unit::Bytes, None, Some(1.0), 1.0), None);
        assert_eq!(target.show(&Unit::Time), "<= 300 us");
        let target = Target::parse("left <= 10 %").unwrap();
        let percent = Unit::parse("%").0;
        assert_eq!(target.met(&percent, None, Some(9.0), 1.0), Some(true));
    }

    #[test]
    fn rates_are_bounded_from_below() {
        let rate = Unit::parse("nodes/s").0;
        let target = Target::parse("throughput 1.5").unwrap();
        assert_eq!(target.met(&rate, Some(10.0), Some(16.0), 1.0), Some(true));
        assert_eq!(target.met(&rate, Some(10.0), Some(14.0), 1.0), Some(false));
        assert_eq!(target.show(&rate), ">= 1.50");
        let turned = Target::parse("throughput <= 1").unwrap();
        assert_eq!(turned.met(&rate, Some(10.0), Some(14.0), 1.0), Some(false));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bad in ["", "time", "time fast", "time <=", "time 1/0", "time 1.2.3"] {
            assert!(Target::parse(bad).is_err(), "{bad:?}");
        }
    }
}
