//! The report as tables, in Markdown with aligned columns: one row for each metric, but of
//! goroutines that contend one for each benchmark.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use statrs::statistics::Statistics as _;

use super::quantity::digits;
use super::report::{Report, Row};
use super::stats::{Difference, Summary};

/// What stands for a number that is not there.
const NONE: &str = "-";

impl Report {
    /// All tables that have rows.
    pub fn tables(&self) -> String {
        self.joined([self.table(Detail::All), self.contended()])
    }

    /// The same for a page: a table of groups, and below it no spreads, and memory where it has a
    /// bound.
    pub fn short_tables(&self) -> String {
        self.joined([self.groups(), self.table(Detail::Short), self.contended()])
    }

    fn joined<const N: usize>(&self, tables: [Option<String>; N]) -> String {
        let tables: Vec<String> = tables.into_iter().flatten().collect();
        tables.join("\n")
    }

    /// Geometric means of the ratios of time, for each group of benchmarks and number of Ps.
    fn groups(&self) -> Option<String> {
        let mut head = vec!["group", "P", "rows", "gort/stock", "best", "worst"];
        let current = self.current.as_ref().map(|name| format!("gort/{name}"));
        head.extend(current.as_deref());
        let mut groups: BTreeMap<(&str, u32), Vec<&Row>> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.metric == "time") {
            let name = row.short_name().map_or("programs", |_| row.group());
            groups.entry((name, row.procs)).or_default().push(row);
        }
        let mut lines = vec![texts(&head)];
        for ((name, procs), rows) in groups {
            let ratios: Vec<f64> = rows.iter().filter_map(|row| row.ratio).collect();
            let (best, worst) = ((&ratios).min(), (&ratios).max());
            let mut line = vec![
                name.to_string(),
                procs.to_string(),
                ratios.len().to_string(),
                digits((&ratios).geometric_mean()),
                digits(best),
                digits(worst),
            ];
            if self.current.is_some() {
                let ratios: Vec<f64> = rows.iter().filter_map(|row| row.to_current()).collect();
                line.push(digits(ratios.geometric_mean()));
            }
            lines.push(line);
        }
        (lines.len() > 1).then(|| align(&lines, 1..head.len()))
    }

    /// The metrics of all benchmarks that are not in the other table.
    fn table(&self, detail: Detail) -> Option<String> {
        let mut head = vec!["benchmark", "metric", "P", "stock", "gort", "ratio"];
        if self.against {
            head.extend(["against", "gort/against"]);
        }
        if let Some(name) = &self.current {
            head.push(name);
        }
        let numbers = 2..head.len();
        head.push("target");
        let mut lines = vec![texts(&head)];
        let mut above = "";
        for benchmark in self.benchmarks() {
            if contends(benchmark) {
                continue;
            }
            for row in benchmark.iter().filter(|row| detail.shows(row)) {
                let spread = |summary| detail.spread(row, summary);
                let name = if row.benchmark == above {
                    ""
                } else {
                    &row.benchmark
                };
                above = &row.benchmark;
                let mut line = vec![
                    name.to_string(),
                    row.metric.clone(),
                    row.procs.to_string(),
                    spread(&row.stock),
                    spread(&row.gort),
                    to_stock(row),
                ];
                if self.against {
                    line.extend([spread(&row.against), to_against(row)]);
                }
                if self.current.is_some() {
                    line.push(spread(&row.current));
                }
                line.push(row.remarks());
                lines.push(line);
            }
        }
        (lines.len() > 1).then(|| align(&lines, numbers))
    }

    /// Benchmarks of goroutines that contend: a line for each, with what one wants to see side by
    /// side.
    fn contended(&self) -> Option<String> {
        let mut head = vec![
            "contended",
            "P",
            "stock",
            "gort",
            "time",
            "cpu",
            "share",
            "share",
            "p99",
            "p99",
        ];
        if self.against {
            head.extend(["gort/against", "cpu"]);
        }
        if let Some(name) = &self.current {
            head.push(name);
        }
        let numbers = 1..head.len();
        head.push("target");
        // Two columns of a metric: the second line says which is whose.
        let mut second = vec![
            "", "", "", "", "ratio", "ratio", "stock", "gort", "stock", "gort",
        ];
        second.resize(head.len(), "");
        let mut lines = vec![texts(&head), texts(&second)];
        for benchmark in self.benchmarks().filter(|benchmark| contends(benchmark)) {
            let of = |metric: &str| benchmark.iter().find(|row| row.metric == metric);
            let value = |metric: &str, side: fn(&Row) -> Option<&Summary>| {
                let shown = of(metric).and_then(|row| Some(row.unit.show(side(row)?.value)));
                shown.unwrap_or(NONE.to_string())
            };
            let stock = |metric| value(metric, |row| row.stock.as_ref());
            let gort = |metric| value(metric, |row| row.gort.as_ref());
            let part = |metric: &str, ratio: fn(&Row) -> String| {
                of(metric).map_or(NONE.to_string(), ratio)
            };
            let mut line = vec![
                benchmark[0]
                    .short_name()
                    .unwrap_or(&benchmark[0].benchmark)
                    .to_string(),
                benchmark[0].procs.to_string(),
                stock("time"),
                gort("time"),
                part("time", to_stock),
                part("cpu", to_stock),
                stock("share"),
                gort("share"),
                stock("p99"),
                gort("p99"),
            ];
            if self.against {
                line.extend(["time", "cpu"].map(|metric| part(metric, to_against)));
            }
            if self.current.is_some() {
                line.push(value("time", |row| row.current.as_ref()));
            }
            line.push(of("time").unwrap_or(&benchmark[0]).remarks());
            lines.push(line);
        }
        (lines.len() > 2).then(|| align(&lines, numbers))
    }

    /// The rows of each benchmark with each number of Ps.
    fn benchmarks(&self) -> impl Iterator<Item = &[Row]> {
        self.rows
            .chunk_by(|a, b| a.benchmark == b.benchmark && a.procs == b.procs)
    }
}

/// How much of each row is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Detail {
    /// The smallest and the largest measurement, too.
    All,
    /// The number that stands for all.
    Short,
}

impl Detail {
    /// Nearly every program has the same memory on all sides.
    fn shows(self, row: &Row) -> bool {
        self == Self::All || row.metric != "rss" || !row.targets.is_empty()
    }

    fn spread(self, row: &Row, summary: &Option<Summary>) -> String {
        summary.as_ref().map_or(NONE.to_string(), |s| match self {
            Self::All => row.unit.show_spread(s.value, s.min, s.max),
            Self::Short => row.unit.show(s.value),
        })
    }
}

fn contends(rows: &[Row]) -> bool {
    rows.iter().any(Row::is_share)
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_string()).collect()
}

fn to_stock(row: &Row) -> String {
    ratio(row.ratio, row.difference)
}

fn to_against(row: &Row) -> String {
    ratio(row.ratio_against, row.difference_against)
}

/// A ratio, with the mark of what may be chance.
pub fn ratio(ratio: Option<f64>, difference: Option<Difference>) -> String {
    match (ratio, difference) {
        (None, _) => NONE.to_string(),
        (Some(ratio), Some(found)) if !found.significant => format!("~ {}", digits(ratio)),
        (Some(ratio), _) => digits(ratio),
    }
}

/// A Markdown table; the columns in `numbers` stand to the right.
fn align(lines: &[Vec<String>], numbers: std::ops::Range<usize>) -> String {
    let columns = lines[0].len();
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            let _ = if numbers.contains(&column) {
                write!(text, "| {cell:>width$} ")
            } else {
                write!(text, "| {cell:<width$} ")
            };
        }
        text += "|\n";
        if at == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(*width);
                text += &if numbers.contains(&column) {
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
    use super::super::build::Side;
    use super::super::measure::Reading;
    use super::super::quantity::Unit;
    use super::super::report::{report, rows};

    fn reading(side: Side, metric: &str, value: f64, unit: &str) -> (Side, Reading) {
        let reading = Reading {
            metric: metric.to_string(),
            unit: Unit::parse(unit).0,
            value,
        };
        (side, reading)
    }

    #[test]
    fn the_table_is_aligned_and_shows_what_is_missing() {
        let readings = [
            reading(Side::Stock, "time", 10.0, "ns"),
            reading(Side::Gort, "time", 4.0, "ns"),
            reading(Side::Gort, "time", 6.0, "ns"),
            reading(Side::Gort, "rss", 1024.0, "B"),
        ];
        let table = report(rows("trees", 2, &[], &readings, None)).tables();
        assert_eq!(
            table,
            "| benchmark | metric |   P |   stock |                 gort |   ratio | target |\n\
             | --------- | ------ | --: | ------: | -------------------: | ------: | ------ |\n\
             | trees     | time   |   2 | 10.0 ns | 4.00 ns (4.00..6.00) | ~ 0.400 |        |\n\
             |           | rss    |   2 |       - |             1.00 KiB |       - |        |\n"
        );
    }

    #[test]
    fn what_contends_has_one_line_with_shares_and_tails() {
        let round = [
            reading(Side::Stock, "time", 10.0, "ns"),
            reading(Side::Stock, "cpu", 20.0, "ns"),
            reading(Side::Stock, "p99", 400.0, "ns"),
            reading(Side::Stock, "share", 0.5, "share"),
            reading(Side::Gort, "time", 5.0, "ns"),
            reading(Side::Gort, "cpu", 4.0, "ns"),
            reading(Side::Gort, "p99", 100.0, "ns"),
            reading(Side::Gort, "share", 0.9, "share"),
            reading(Side::Against, "time", 20.0, "ns"),
            reading(Side::Against, "cpu", 40.0, "ns"),
        ];
        // With four rounds a difference is significant.
        let readings = vec![round; 4].concat();
        let mut report = report(rows(
            "contend/Mutex/load=2",
            2,
            &[],
            &readings,
            Some("others 9.00 %"),
        ));
        report.against = true;
        assert_eq!(
            report.tables(),
            "| contended    |   P |   stock |    gort |  time |   cpu | share | share |    p99 |    p99 | gort/against |   cpu | target                   |\n\
             | ------------ | --: | ------: | ------: | ----: | ----: | ----: | ----: | -----: | -----: | -----------: | ----: | ------------------------ |\n\
             |              |     |         |         | ratio | ratio | stock |  gort |  stock |   gort |              |       |                          |\n\
             | Mutex/load=2 |   2 | 10.0 ns | 5.00 ns | 0.500 | 0.200 | 0.500 | 0.900 | 400 ns | 100 ns |        0.250 | 0.100 | disturbed: others 9.00 % |\n"
        );
    }
}
