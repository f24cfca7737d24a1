//! What was measured, row by row: the table and the JSON file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use statrs::statistics::Statistics as _;

use super::build::Side;
use super::measure::Reading;
use super::quantity::{SHARE, Unit, digits};
use super::quiet::Seen;
use super::stats::{Difference, Pick, SIGNIFICANT, Summary};
use super::target::{Target, ratio};

/// Everything that a run found out.
#[derive(Debug, Deserialize, Serialize)]
pub struct Report {
    /// Circumstances: versions, machine, options.
    pub about: BTreeMap<String, String>,
    /// Name of the column of the current Go, if there is one.
    pub current: Option<String>,
    /// Was another library measured, too?
    pub against: bool,
    /// A row whose time is more than so many times that of the stock runtime is too slow.
    pub limit: f64,
    /// What was measured.
    pub rows: Vec<Row>,
    /// What else happened on the machine meanwhile.
    pub runs: Vec<Ran>,
    /// What could not be.
    pub failures: Vec<Failure>,
}

/// One run of one side.
#[derive(Debug, Deserialize, Serialize)]
pub struct Ran {
    /// Name of the benchmark.
    pub benchmark: String,
    /// Value of GOMAXPROCS.
    pub procs: u32,
    /// Name of the column.
    pub side: String,
    /// What was seen.
    pub seen: Seen,
    /// Does it count for less?
    pub disturbed: bool,
}

/// One metric of one benchmark.
#[derive(Debug, Deserialize, Serialize)]
pub struct Row {
    /// Name of the benchmark.
    pub benchmark: String,
    /// Value of GOMAXPROCS.
    pub procs: u32,
    /// `time`, `cpu`, `rss` or what the program calls it.
    pub metric: String,
    /// Unit of the numbers.
    pub unit: Unit,
    /// Which number of each side is compared.
    pub pick: Pick,
    /// On the stock runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<Summary>,
    /// On gort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gort: Option<Summary>,
    /// On gort with the other library.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Summary>,
    /// On the current Go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Summary>,
    /// gort/stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Whether gort and stock differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// gort/against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_against: Option<f64>,
    /// Whether gort differs with the other library.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference_against: Option<Difference>,
    /// What disturbed the runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disturbed: Option<String>,
    /// Aims of this row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Judged>,
}

/// A target and whether it was reached.
#[derive(Debug, Deserialize, Serialize)]
pub struct Judged {
    /// The bound, for a person.
    pub bound: String,
    /// `None`: a side is missing.
    pub met: Option<bool>,
    /// It was missed by little.
    #[serde(skip)]
    pub close: bool,
}

/// A side of a benchmark that could not be built or run.
#[derive(Debug, Deserialize, Serialize)]
pub struct Failure {
    /// Name of the benchmark, or of the unit that was not built.
    pub benchmark: String,
    /// Name of the column.
    pub side: String,
    /// The reason, with the end of the output.
    pub why: String,
}

/// What is within this factor of a bound may be on its other side.
const CLOSE: f64 = 1.25;

/// A difference of less than this is of no interest, significant or not.
const NOISE: f64 = 0.05;

/// Which of several measurements of a metric stands for all.
fn pick(metric: &str, unit: &Unit) -> Pick {
    let last = metric.rsplit('-').next().unwrap_or_default();
    let tail = last == "max" || (last.starts_with('p') && last[1..].parse::<u32>().is_ok());
    match unit {
        Unit::Time | Unit::Bytes if !tail => Pick::Least,
        unit if unit.is_rate() => Pick::Most,
        _ => Pick::Median,
    }
}

/// Makes the rows of one benchmark with one number of Ps from the readings of all rounds.
pub fn rows(
    benchmark: &str,
    procs: u32,
    targets: &[Target],
    readings: &[(Side, Reading)],
    disturbed: Option<&str>,
) -> Vec<Row> {
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
            let pick = pick(metric, unit);
            let summary = |side| {
                let samples = readings
                    .iter()
                    .filter(|(of, r)| *of == side && r.metric == metric && r.unit == *unit)
                    .map(|(_, r)| r.value)
                    .collect();
                Summary::of(samples, pick)
            };
            let (stock, gort) = (summary(Side::Stock), summary(Side::Gort));
            let against = summary(Side::Against);
            let value = |s: &Option<Summary>| s.as_ref().map(|s| s.value);
            let judged = targets
                .iter()
                .filter(|target| target.metric == metric)
                .map(|target| {
                    let met = |slack| target.met(unit, value(&stock), value(&gort), slack);
                    Judged {
                        bound: target.show(unit),
                        met: met(1.0),
                        close: met(1.0) == Some(false) && met(CLOSE) == Some(true),
                    }
                })
                .collect();
            Row {
                benchmark: benchmark.to_string(),
                procs,
                metric: metric.to_string(),
                unit: unit.clone(),
                pick,
                ratio: ratio(value(&stock), value(&gort)),
                difference: Difference::between(stock.as_ref(), gort.as_ref()),
                ratio_against: ratio(value(&against), value(&gort)),
                difference_against: Difference::between(against.as_ref(), gort.as_ref()),
                stock,
                gort,
                against,
                current: summary(Side::Current),
                targets: judged,
                disturbed: disturbed.map(str::to_string),
            }
        })
        .collect()
}

impl Report {
    /// Was the benchmark measured with so many Ps?
    pub fn has(&self, benchmark: &str, procs: u32) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|row| row.benchmark == benchmark && row.procs == procs)
    }

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

    /// Rows whose time is over the limit, and not by chance.
    pub fn too_slow(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(|row| row.is_over(self.limit) && row.differs())
    }

    /// Rows whose time is over the limit, but too few runs say so.
    fn perhaps_slow(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(|row| row.is_over(self.limit) && !row.differs())
    }

    /// Of how many ratios a difference is not significant, and of how many it was asked.
    fn count_chance(&self) -> (usize, usize) {
        let told = || {
            let rows = self.rows.iter();
            rows.flat_map(|row| [row.difference, row.difference_against])
                .flatten()
        };
        let chance = told().filter(|difference| !difference.significant);
        (chance.count(), told().count())
    }

    /// Benchmarks that were disturbed, with the number of Ps and what did it.
    pub fn disturbed(&self) -> Vec<(&str, u32, &str)> {
        let mut found: Vec<(&str, u32, &str)> = Vec::new();
        for row in &self.rows {
            if let Some(why) = &row.disturbed
                && found.last().map(|(name, procs, _)| (*name, *procs))
                    != Some((&row.benchmark, row.procs))
            {
                found.push((&row.benchmark, row.procs, why));
            }
        }
        found
    }

    /// Geometric mean of the ratios of one metric, and of how many.
    pub fn mean_ratio(&self, metric: &str) -> Option<(f64, usize)> {
        let ratios: Vec<f64> = self
            .rows
            .iter()
            .filter(|row| row.metric == metric)
            .filter_map(|row| row.ratio)
            .filter(|ratio| *ratio > 0.0)
            .collect();
        let n = ratios.len();
        (n > 0).then(|| (ratios.geometric_mean(), n))
    }

    /// What stands below the table.
    pub fn summary(&self) -> String {
        let mut text = self.outcome();
        for (name, procs, why) in self.disturbed() {
            let _ = writeln!(text, "  {name} on {procs} P: {why}");
        }
        text
    }

    /// The same without the names of what was disturbed, which stand in the table.
    pub fn outcome(&self) -> String {
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
        let (chance, all) = self.count_chance();
        if chance > 0 {
            let _ = writeln!(
                text,
                "~ no significant difference (Mann-Whitney U test, p >= {SIGNIFICANT}): {chance} of {all} ratios"
            );
        }
        let (met, all) = self.count_targets();
        if all > 0 {
            let _ = writeln!(text, "targets: {met} of {all} met");
        }
        let slow: Vec<&Row> = self.too_slow().collect();
        self.list_slow(&mut text, "", &slow);
        let perhaps: Vec<&Row> = self.perhaps_slow().collect();
        self.list_slow(&mut text, ", perhaps by chance", &perhaps);
        let (failed, absent) = self.count_failures();
        if failed > 0 {
            let _ = writeln!(text, "failures: {failed}");
        }
        if let Some(name) = self.current.as_ref().filter(|_| absent > 0) {
            let _ = writeln!(text, "not built or run by {name}: {absent}");
        }
        let disturbed = self.disturbed().len();
        if disturbed > 0 {
            let _ = writeln!(
                text,
                "disturbed, so say little: {disturbed}; measure again on a quiet machine"
            );
        }
        text
    }

    fn list_slow(&self, text: &mut String, how: &str, slow: &[&Row]) {
        if slow.is_empty() {
            return;
        }
        let limit = digits(self.limit);
        let _ = writeln!(text, "slower than {limit} times stock{how}: {}", slow.len());
        for row in slow {
            let ratio = row.ratio.map(digits).unwrap_or_default();
            let _ = writeln!(text, "  {} on {} P: {ratio}", row.benchmark, row.procs);
        }
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

    /// The targets, and whether the row was disturbed, as one cell.
    pub fn remarks(&self) -> String {
        let disturbed = self
            .disturbed
            .as_ref()
            .map(|why| format!("disturbed: {why}"));
        let verdicts = Some(self.verdicts()).filter(|text| !text.is_empty());
        let both: Vec<String> = verdicts.into_iter().chain(disturbed).collect();
        both.join(", ")
    }

    /// Is it a row of a benchmark of goroutines that contend, which has a table of its own?
    pub fn is_share(&self) -> bool {
        self.unit == Unit::Other(SHARE.to_string())
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

    /// gort/current Go.
    pub fn to_current(&self) -> Option<f64> {
        let value = |s: &Option<Summary>| s.as_ref().map(|s| s.value);
        ratio(value(&self.current), value(&self.gort)).filter(|ratio| *ratio > 0.0)
    }

    /// Is its time over the limit?
    fn is_over(&self, limit: f64) -> bool {
        self.metric == "time" && self.ratio.is_some_and(|ratio| ratio > limit)
    }

    /// Do gort and the stock runtime differ with significance?
    fn differs(&self) -> bool {
        self.difference.is_some_and(|found| found.significant)
    }

    /// Might more runs say otherwise? It is over the limit or misses a target by little, or what it
    /// is over the limit may be chance.
    pub fn is_close(&self, limit: f64) -> bool {
        let slow = self.is_over(limit) && (!self.is_over(limit * CLOSE) || !self.differs());
        slow || self.targets.iter().any(|judged| judged.close)
    }

    /// Is gort better than the stock runtime? `None` if that may be chance, or they hardly differ.
    pub fn better(&self) -> Option<bool> {
        let lower = self.gort.as_ref()?.value < self.stock.as_ref()?.value;
        let differ = self.differs() && (self.ratio? - 1.0).abs() > NOISE;
        differ.then_some(lower != self.unit.higher_is_better())
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

/// What the tests make of some rows.
#[cfg(test)]
pub fn report(rows: Vec<Row>) -> Report {
    Report {
        about: BTreeMap::new(),
        current: None,
        against: false,
        limit: 1.05,
        rows,
        runs: Vec::new(),
        failures: Vec::new(),
    }
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

    /// Five rounds that say the same.
    fn rounds(stock: f64, gort: f64) -> Vec<(Side, Reading)> {
        let round = [
            reading(Side::Stock, "time", stock),
            reading(Side::Gort, "time", gort),
        ];
        vec![round; 5].concat()
    }

    #[test]
    fn what_may_be_chance_is_not_too_slow() {
        let told = |gort: &[f64]| {
            let stock = [10.0, 10.1, 10.2, 10.3, 10.4];
            let stock = stock.map(|v| reading(Side::Stock, "time", v));
            let gort = gort.iter().map(|v| reading(Side::Gort, "time", *v));
            let readings: Vec<_> = stock.into_iter().chain(gort).collect();
            report(rows("x", 2, &[], &readings, None))
        };
        let slow = told(&[12.0, 12.1, 12.2, 12.3, 12.4]);
        assert_eq!(slow.too_slow().count(), 1);
        assert!(!slow.summary().contains('~'), "{}", slow.summary());
        // The best of these is as slow, but there are too few of them.
        let few = told(&[12.0, 12.1]);
        assert_eq!(few.too_slow().count(), 0);
        assert_eq!(
            few.summary(),
            "time, gort/stock: 1.20 (geometric mean of 1)\n\
             ~ no significant difference (Mann-Whitney U test, p >= 0.05): 1 of 1 ratios\n\
             slower than 1.05 times stock, perhaps by chance: 1\n  x on 2 P: 1.20\n"
        );
        let json = serde_json::to_value(&slow.rows[0]).unwrap();
        assert_eq!(json["difference"]["significant"], true);
        assert!(json["difference"]["p"].as_f64().unwrap() < 0.05);
    }

    #[test]
    fn readings_become_rows_with_ratios_and_verdicts() {
        let readings = [
            reading(Side::Stock, "time", 10.0),
            reading(Side::Stock, "rss", 2048.0),
            reading(Side::Gort, "time", 4.0),
            reading(Side::Gort, "rss", 1024.0),
            reading(Side::Gort, "time", 6.0),
            reading(Side::Gort, "pause", 1.0),
        ];
        let targets = ["time 0.5", "rss 0.4", "time 3ns"].map(|t| Target::parse(t).unwrap());
        let report = report(rows("x", 2, &targets, &readings, None));
        let names: Vec<&str> = report.rows.iter().map(|r| r.metric.as_str()).collect();
        assert_eq!(names, ["time", "pause", "rss"]);
        let time = &report.rows[0];
        assert_eq!(time.ratio, Some(0.4));
        assert_eq!(time.gort.as_ref().unwrap().samples, [4.0, 6.0]);
        assert_eq!(time.verdicts(), "<= 0.500 met, <= 3.00 ns missed");
        assert_eq!(report.rows[1].ratio, None);
        assert_eq!(report.rows[2].verdicts(), "<= 0.400 missed");
        assert!(!report.targets_met());
    }

    #[test]
    fn tails_and_shares_are_told_by_the_median() {
        let of = |metric, unit: &str| pick(metric, &Unit::parse(unit).0);
        assert_eq!(of("time", "ns"), Pick::Least);
        assert_eq!(of("cpu", "ns"), Pick::Least);
        assert_eq!(of("rss", "B"), Pick::Least);
        assert_eq!(of("pause", "ms"), Pick::Least);
        assert_eq!(of("echo", "requests/s"), Pick::Most);
        for (metric, unit) in [
            ("p99", "ns"),
            ("echo-p50", "us"),
            ("late-max", "ms"),
            ("share", "share"),
            ("left", "%"),
        ] {
            assert_eq!(of(metric, unit), Pick::Median, "{metric}");
        }
    }

    #[test]
    fn rows_that_fail_by_little_are_looked_at_again() {
        let of = |gort, targets: &[&str]| {
            let readings = rounds(10.0, gort);
            let targets: Vec<Target> = targets.iter().map(|t| Target::parse(t).unwrap()).collect();
            rows("x", 2, &targets, &readings, None).remove(0)
        };
        assert!(!of(10.4, &[]).is_close(1.05));
        assert!(of(10.6, &[]).is_close(1.05));
        assert!(!of(14.0, &[]).is_close(1.05));
        let one = [
            reading(Side::Stock, "time", 10.0),
            reading(Side::Gort, "time", 14.0),
        ];
        assert!(rows("x", 2, &[], &one, None)[0].is_close(1.05));
        assert!(of(8.5, &["time 0.77"]).is_close(1.05));
        assert!(!of(7.5, &["time 0.77"]).is_close(1.05));
        assert!(!of(10.0, &["time 0.5"]).is_close(1.05));
    }

    #[test]
    fn disturbed_benchmarks_are_named_once() {
        let readings = [
            reading(Side::Stock, "time", 10.0),
            reading(Side::Stock, "rss", 2048.0),
        ];
        let mut all = rows("x", 1, &[], &readings, Some("others 12.0 %"));
        all.extend(rows("x", 2, &[], &readings, None));
        let report = report(all);
        assert_eq!(report.disturbed(), [("x", 1, "others 12.0 %")]);
        assert_eq!(
            report.summary(),
            "disturbed, so say little: 1; measure again on a quiet machine\n  x on 1 P: others 12.0 %\n"
        );
    }

    #[test]
    fn what_may_be_chance_is_neither_better_nor_worse() {
        let of = |stock: &[f64], gort: &[f64]| {
            let stock = stock.iter().map(|v| reading(Side::Stock, "time", *v));
            let gort = gort.iter().map(|v| reading(Side::Gort, "time", *v));
            rows("x", 2, &[], &stock.chain(gort).collect::<Vec<_>>(), None).remove(0)
        };
        let stock = [10.0, 11.0, 12.0, 13.0];
        assert_eq!(of(&stock, &[6.0, 7.0, 8.0, 9.0]).better(), Some(true));
        assert_eq!(of(&stock, &[14.0, 15.0, 16.0, 17.0]).better(), Some(false));
        assert_eq!(of(&stock, &[6.0, 7.0, 8.0, 10.5]).better(), None);
        assert_eq!(of(&stock, &[9.6, 9.7, 9.8, 9.9]).better(), None);
        assert_eq!(of(&[10.0], &[5.0]).better(), None);
        assert_eq!(of(&[10.0], &[]).better(), None);
        let mut rate = of(&stock, &[14.0, 15.0, 16.0, 17.0]);
        rate.unit = Unit::parse("nodes/s").0;
        assert_eq!(rate.better(), Some(true));
    }

    #[test]
    fn ratios_are_averaged_geometrically() {
        let of = |stock, gort| rows("x", 2, &[], &rounds(stock, gort), None).remove(0);
        let both = report(vec![of(10.0, 5.0), of(10.0, 20.0)]);
        let (mean, n) = both.mean_ratio("time").unwrap();
        assert!((mean - 1.0).abs() < 1e-12, "{mean}");
        assert_eq!(n, 2);
        assert_eq!(both.mean_ratio("rss"), None);
        assert_eq!(
            both.summary(),
            "time, gort/stock: 1.00 (geometric mean of 2)\nslower than 1.05 times stock: 1\n  x on 2 P: 2.00\n"
        );
    }

    #[test]
    fn a_target_that_cannot_be_told_is_not_met() {
        let target = [Target::parse("time 0.5").unwrap()];
        let readings = [reading(Side::Stock, "time", 10.0)];
        let report = report(rows("x", 2, &target, &readings, None));
        assert_eq!(report.rows[0].verdicts(), "<= 0.500 unknown");
        assert!(!report.targets_met());
    }
}
