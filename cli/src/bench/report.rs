//! What was measured, row by row: the table and the JSON file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::build::Side;
use super::measure::Reading;
use super::quantity::{Unit, digits};
use super::stats::Summary;
use super::target::{Target, ratio};

/// Everything that a run found out.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Circumstances: versions, machine, options.
    pub about: BTreeMap<&'static str, String>,
    /// Name of the column of the current Go, if there is one.
    pub current: Option<String>,
    /// What was measured.
    pub rows: Vec<Row>,
    /// What could not be.
    pub failures: Vec<Failure>,
}

/// One metric of one benchmark.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Name of the benchmark.
    pub benchmark: String,
    /// `time`, `cpu`, `rss` or what the program calls it.
    pub metric: String,
    /// Unit of the numbers.
    pub unit: Unit,
    /// On the stock runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<Summary>,
    /// On gort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gort: Option<Summary>,
    /// On the current Go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Summary>,
    /// gort/stock, of the medians.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Aims of this row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Judged>,
}

/// A target and whether it was reached.
#[derive(Debug, Serialize)]
pub struct Judged {
    /// The bound, for a person.
    pub bound: String,
    /// `None`: a side is missing.
    pub met: Option<bool>,
}

/// A side of a benchmark that could not be built or run.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// Name of the benchmark, or of the unit that was not built.
    pub benchmark: String,
    /// Name of the column.
    pub side: String,
    /// The reason, with the end of the output.
    pub why: String,
}

/// By this much two runs of the same program differ.
const NOISE: f64 = 0.05;

/// Makes the rows of one benchmark from the readings of all rounds.
pub fn rows(benchmark: &str, targets: &[Target], readings: &[(Side, Reading)]) -> Vec<Row> {
    let mut keys: Vec<(&str, &Unit)> = Vec::new();
    for (_, reading) in readings {
        let key = (reading.metric.as_str(), &reading.unit);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    // A metric that only a later run printed still stands above the memory.
    keys.sort_by_key(|(metric, _)| *metric == "rss");
    keys.into_iter()
        .map(|(metric, unit)| {
            let summary = |side| {
                let samples = readings
                    .iter()
                    .filter(|(of, r)| *of == side && r.metric == metric && r.unit == *unit)
                    .map(|(_, r)| r.value)
                    .collect();
                Summary::of(samples)
            };
            let (stock, gort) = (summary(Side::Stock), summary(Side::Gort));
            let median = |s: &Option<Summary>| s.as_ref().map(|s| s.median);
            let judged = targets
                .iter()
                .filter(|target| target.metric == metric)
                .map(|target| Judged {
                    bound: target.show(unit),
                    met: target.met(unit, median(&stock), median(&gort)),
                })
                .collect();
            Row {
                benchmark: benchmark.to_string(),
                metric: metric.to_string(),
                unit: unit.clone(),
                ratio: ratio(median(&stock), median(&gort)),
                stock,
                gort,
                current: summary(Side::Current),
                targets: judged,
            }
        })
        .collect()
}

impl Report {
    /// Were all targets reached? One that cannot be told counts as missed.
    pub fn targets_met(&self) -> bool {
        let (met, all) = self.count_targets();
        met == all
    }

    /// Targets reached, and all of them.
    pub fn count_targets(&self) -> (usize, usize) {
        let targets = || self.rows.iter().flat_map(|row| &row.targets);
        let met = targets().filter(|judged| judged.met == Some(true));
        (met.count(), targets().count())
    }

    /// Geometric mean of the ratios of one metric, and of how many.
    pub fn mean_ratio(&self, metric: &str) -> Option<(f64, usize)> {
        let logarithms: Vec<f64> = self
            .rows
            .iter()
            .filter(|row| row.metric == metric)
            .filter_map(|row| row.ratio)
            .filter(|ratio| *ratio > 0.0)
            .map(f64::ln)
            .collect();
        let n = logarithms.len();
        (n > 0).then(|| ((logarithms.iter().sum::<f64>() / n as f64).exp(), n))
    }

    /// What stands below the table.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for (metric, what) in [("time", "time"), ("rss", "peak memory")] {
            if let Some((mean, n)) = self.mean_ratio(metric) {
                let _ = writeln!(
                    text,
                    "{what}, gort/stock: {} (geometric mean of {n})",
                    digits(mean)
                );
            }
        }
        let (met, all) = self.count_targets();
        if all > 0 {
            let _ = writeln!(text, "targets: {met} of {all} met");
        }
        let (failed, absent) = self.count_failures();
        if failed > 0 {
            let _ = writeln!(text, "failures: {failed}");
        }
        if let Some(name) = self.current.as_ref().filter(|_| absent > 0) {
            let _ = writeln!(text, "not built or run by {name}: {absent}");
        }
        text
    }

    /// Heading of the column of a side.
    pub fn column<'a>(&'a self, side: &'a str) -> &'a str {
        match &self.current {
            Some(name) if side == Side::Current.name() => name,
            _ => side,
        }
    }

    /// Failures on gort and the stock runtime, and those of the other Go, which count for less.
    pub fn count_failures(&self) -> (usize, usize) {
        let absent = self
            .failures
            .iter()
            .filter(|failure| failure.side == Side::Current.name())
            .count();
        (self.failures.len() - absent, absent)
    }

    /// The table, in Markdown, with aligned columns.
    pub fn table(&self) -> String {
        let mut head = vec!["benchmark", "metric", "stock", "gort", "ratio"];
        if let Some(name) = &self.current {
            head.push(name);
        }
        head.push("target");
        let mut lines: Vec<Vec<String>> = vec![head.iter().map(|s| (*s).to_string()).collect()];
        let mut above = "";
        for row in &self.rows {
            let name = if row.benchmark == above {
                ""
            } else {
                &row.benchmark
            };
            above = &row.benchmark;
            let cell = |summary: &Option<Summary>| match summary {
                Some(s) => row.unit.show_spread(s.median, s.min, s.max),
                None => "-".to_string(),
            };
            let mut line = vec![
                name.to_string(),
                row.metric.clone(),
                cell(&row.stock),
                cell(&row.gort),
                row.ratio.map_or("-".to_string(), digits),
            ];
            if self.current.is_some() {
                line.push(cell(&row.current));
            }
            line.push(row.verdicts());
            lines.push(line);
        }
        align(&lines)
    }
}

impl Row {
    /// The targets as one cell.
    pub fn verdicts(&self) -> String {
        let each = self
            .targets
            .iter()
            .map(|judged| format!("{} {}", judged.bound, judged.word()));
        each.collect::<Vec<_>>().join(", ")
    }

    /// The program or package of the benchmark.
    pub fn group(&self) -> &str {
        let (group, _) = self
            .benchmark
            .split_once('/')
            .unwrap_or((&self.benchmark, ""));
        group
    }

    /// The benchmark's name in its package; a program has none.
    pub fn short_name(&self) -> Option<&str> {
        self.benchmark.split_once('/').map(|(_, name)| name)
    }

    /// Is gort better than the stock runtime? `None` if it may be chance: the measurements of the two overlap, or the medians
    /// hardly differ.
    pub fn better(&self) -> Option<bool> {
        let (stock, gort) = (self.stock.as_ref()?, self.gort.as_ref()?);
        let apart = gort.max < stock.min || gort.min > stock.max;
        let lower = gort.median < stock.median;
        let differ = (self.ratio? - 1.0).abs() > NOISE;
        (apart && differ).then_some(lower != self.unit.higher_is_better())
    }
}

impl Judged {
    /// In one word.
    pub fn word(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "unknown",
        }
    }
}

/// A Markdown table; the first two columns and the last are text, the others numbers.
fn align(lines: &[Vec<String>]) -> String {
    let columns = lines[0].len();
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let number = |column: usize| column >= 2 && column + 1 < columns;
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            let _ = if number(column) {
                write!(text, "| {cell:>width$} ")
            } else {
                write!(text, "| {cell:<width$} ")
            };
        }
        text += "|\n";
        if at == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(*width);
                text += &if number(column) {
                    format!("| {}: ", &dashes[1..])
                } else {
                    format!("| {dashes} ")
                };
            }
            text += "|\n";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(side: Side, metric: &str, value: f64) -> (Side, Reading) {
        let unit = if metric == "rss" {
            Unit::Bytes
        } else {
            Unit::Time
        };
        let metric = metric.to_string();
        (
            side,
            Reading {
                metric,
                unit,
                value,
            },
        )
    }

    fn report(rows: Vec<Row>) -> Report {
        Report {
            about: BTreeMap::new(),
            current: None,
            rows,
            failures: Vec::new(),
        }
    }

    #[test]
    fn readings_become_rows_with_medians_and_verdicts() {
        let readings = [
            reading(Side::Stock, "time", 10.0),
            reading(Side::Stock, "rss", 2048.0),
            reading(Side::Gort, "time", 4.0),
            reading(Side::Gort, "rss", 1024.0),
            reading(Side::Gort, "time", 6.0),
            reading(Side::Gort, "pause", 1.0),
        ];
        let targets = ["time 0.5", "rss 0.4", "time 4ns"].map(|t| Target::parse(t).unwrap());
        let report = report(rows("x", &targets, &readings));
        let names: Vec<&str> = report.rows.iter().map(|r| r.metric.as_str()).collect();
        assert_eq!(names, ["time", "pause", "rss"]);
        let time = &report.rows[0];
        assert_eq!(time.ratio, Some(0.5));
        assert_eq!(time.gort.as_ref().unwrap().samples, [4.0, 6.0]);
        assert_eq!(time.verdicts(), "<= 0.500 met, <= 4.00 ns missed");
        assert_eq!(report.rows[1].ratio, None);
        assert_eq!(report.rows[2].verdicts(), "<= 0.400 missed");
        assert!(!report.targets_met());
    }

    #[test]
    fn the_table_is_aligned_and_shows_what_is_missing() {
        let readings = [
            reading(Side::Stock, "time", 10.0),
            reading(Side::Gort, "time", 4.0),
            reading(Side::Gort, "time", 6.0),
            reading(Side::Gort, "rss", 1024.0),
        ];
        let table = report(rows("trees", &[], &readings)).table();
        assert_eq!(
            table,
            "| benchmark | metric |   stock |                 gort | ratio | target |\n\
             | --------- | ------ | ------: | -------------------: | ----: | ------ |\n\
             | trees     | time   | 10.0 ns | 5.00 ns (4.00..6.00) | 0.500 |        |\n\
             |           | rss    |       - |             1.00 KiB |     - |        |\n"
        );
    }

    #[test]
    fn what_may_be_chance_is_neither_better_nor_worse() {
        let of = |stock: &[f64], gort: &[f64]| {
            let stock = stock.iter().map(|v| reading(Side::Stock, "time", *v));
            let gort = gort.iter().map(|v| reading(Side::Gort, "time", *v));
            rows("x", &[], &stock.chain(gort).collect::<Vec<_>>()).remove(0)
        };
        assert_eq!(of(&[10.0, 12.0], &[8.0, 9.0]).better(), Some(true));
        assert_eq!(of(&[10.0, 12.0], &[13.0, 14.0]).better(), Some(false));
        assert_eq!(of(&[10.0, 12.0], &[8.0, 10.0]).better(), None);
        assert_eq!(of(&[10.0], &[9.9]).better(), None);
        assert_eq!(of(&[10.0], &[]).better(), None);
        let mut rate = of(&[10.0, 12.0], &[13.0, 14.0]);
        rate.unit = Unit::parse("nodes/s").0;
        assert_eq!(rate.better(), Some(true));
    }

    #[test]
    fn ratios_are_averaged_geometrically() {
        let of = |stock, gort| {
            let readings = [
                reading(Side::Stock, "time", stock),
                reading(Side::Gort, "time", gort),
            ];
            rows("x", &[], &readings).remove(0)
        };
        let both = report(vec![of(10.0, 5.0), of(10.0, 20.0)]);
        let (mean, n) = both.mean_ratio("time").unwrap();
        assert!((mean - 1.0).abs() < 1e-12, "{mean}");
        assert_eq!(n, 2);
        assert_eq!(both.mean_ratio("rss"), None);
        assert_eq!(
            both.summary(),
            "time, gort/stock: 1.00 (geometric mean of 2)\n"
        );
    }

    #[test]
    fn a_target_that_cannot_be_told_is_not_met() {
        let target = [Target::parse("time 0.5").unwrap()];
        let readings = [reading(Side::Stock, "time", 10.0)];
        let report = report(rows("x", &target, &readings));
        assert_eq!(report.rows[0].verdicts(), "<= 0.500 unknown");
        assert!(!report.targets_met());
    }
}
