//! Several measurements of one thing, in three numbers, and whether those of two sides differ.

use serde::{Deserialize, Serialize};
use statrs::statistics::{Data, OrderStatistics};
use statrs::stats_tests::Alternative;
use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};

/// Which of the measurements stands for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pick {
    /// The smallest: what else happens on a machine makes nothing faster.
    Least,
    /// The largest, of a rate.
    Most,
    /// The median: of what is itself a tail or a share, the best of several would say nothing.
    Median,
}

/// Median and spread of some measurements.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Summary {
    /// The one that stands for all.
    pub value: f64,
    /// Half of the measurements are below; of an even number, the mean of the two in the middle.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// All, in the order measured.
    pub samples: Vec<f64>,
}

impl Summary {
    /// `None` of no measurements.
    pub fn of(samples: Vec<f64>, pick: Pick) -> Option<Self> {
        let min = samples.iter().copied().reduce(f64::min)?;
        let max = samples.iter().copied().reduce(f64::max)?;
        let median = Data::new(samples.clone()).median();
        let value = match pick {
            Pick::Least => min,
            Pick::Most => max,
            Pick::Median => median,
        };
        Some(Self {
            value,
            median,
            min,
            max,
            samples,
        })
    }
}

/// A difference that chance makes less often than this is significant.
pub const SIGNIFICANT: f64 = 0.05;

/// Whether two sides differ, by all of their measurements.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
pub struct Difference {
    /// Probability that two sides which do not differ come out as far apart: two-sided Mann-Whitney
    /// U test, which asks for no distribution of the measurements.
    pub p: f64,
    /// Is it under [`SIGNIFICANT`]? Of three measurements on each side it never is.
    pub significant: bool,
}

impl Difference {
    /// `None` if a side has no measurements.
    pub fn between(one: Option<&Summary>, other: Option<&Summary>) -> Option<Self> {
        // The exact form of statrs 0.19 takes the wrong tail of sides of equal size, and none knows
        // ties. This one calls nothing significant that the exact test does not.
        let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
        let (one, other) = (&one?.samples, &other?.samples);
        let (_, p) = mannwhitneyu(one, other, method, Alternative::TwoSided).ok()?;
        let significant = p < SIGNIFICANT;
        Some(Self { p, significant })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(one: &[f64], other: &[f64]) -> Option<Difference> {
        let of = |samples: &[f64]| Summary::of(samples.to_vec(), Pick::Least);
        Difference::between(of(one).as_ref(), of(other).as_ref())
    }

    /// In how many ways `n` and `m` measurements can be ranked so that a measurement of the first
    /// is above one of the second `u` times.
    fn ways(n: usize, m: usize, u: usize) -> f64 {
        match (n, m) {
            (0, _) | (_, 0) => f64::from(u8::from(u == 0)),
            _ if u < m => ways(n, m - 1, u),
            _ => ways(n - 1, m, u - m) + ways(n, m - 1, u),
        }
    }

    /// Measurements 0, 1, ... of two sides, of which those of the first are `u` times above one of
    /// the second.
    fn ranked(n: usize, m: usize, u: usize) -> (Vec<f64>, Vec<f64>) {
        // Each of the first stands above as many of the second as are left to give.
        let above = |k: usize| u.saturating_sub(k * m).min(m) as f64;
        let first = (0..n).map(|k| above(k) + 0.5 - k as f64 / 100.0);
        (first.collect(), (1..=m).map(|k| k as f64).collect())
    }

    #[test]
    fn nothing_is_significant_that_the_exact_test_does_not_call_so() {
        for n in 1..=7 {
            for m in 1..=7 {
                let all: f64 = (0..=n * m).map(|u| ways(n, m, u)).sum();
                for u in 0..=n * m {
                    let far = u.max(n * m - u);
                    let tail: f64 = (far..=n * m).map(|u| ways(n, m, u)).sum();
                    let exact = (2.0 * tail / all).min(1.0);
                    let (one, other) = ranked(n, m, u);
                    let found = difference(&one, &other).unwrap();
                    let what = format!("{n} and {m}, U {u}: {exact} and {}", found.p);
                    assert!(!found.significant || exact < SIGNIFICANT, "{what}");
                    // Of as many rounds on both sides it misses none.
                    assert!(
                        n != m || found.significant == (exact < SIGNIFICANT),
                        "{what}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_difference_shows_in_four_rounds_and_not_in_three() {
        let significant = |one: &[f64], other: &[f64]| difference(one, other).unwrap().significant;
        assert!(!significant(&[1.0, 2.0, 3.0], &[7.0, 8.0, 9.0]));
        assert!(significant(&[1.0, 2.0, 3.0, 4.0], &[6.0, 7.0, 8.0, 9.0]));
        assert!(!significant(&[1.0, 2.0, 3.0, 8.5], &[6.0, 7.0, 8.0, 9.0]));
        // What is always the same has ties only.
        assert!(significant(&[1.0; 5], &[2.0; 5]));
        assert_eq!(difference(&[1.0; 5], &[1.0; 5]).unwrap().p, 1.0);
        assert_eq!(difference(&[1.0], &[]), None);
    }

    #[test]
    fn the_middle_of_odd_and_even_numbers() {
        let of = |samples: &[f64]| Summary::of(samples.to_vec(), Pick::Median);
        let odd = of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!((odd.median, odd.min, odd.max), (2.0, 1.0, 3.0));
        assert_eq!(odd.samples, [3.0, 1.0, 2.0]);
        assert_eq!(of(&[4.0, 1.0, 3.0, 2.0]).unwrap().median, 2.5);
        assert_eq!(of(&[7.0]).unwrap().median, 7.0);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn one_measurement_stands_for_all() {
        let of = |pick| Summary::of(vec![3.0, 1.0, 2.0], pick).unwrap().value;
        assert_eq!(of(Pick::Least), 1.0);
        assert_eq!(of(Pick::Median), 2.0);
        assert_eq!(of(Pick::Most), 3.0);
    }
}
