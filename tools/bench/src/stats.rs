//! Several measurements of one thing, in three numbers.

use serde::Serialize;

/// Which of the measurements stands for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
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
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        };
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

#[cfg(test)]
mod tests {
    use super::*;

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
