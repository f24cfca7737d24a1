//! The results as a page of the documentation: Markdown, with the machine on top.

use std::fmt::Write as _;

use super::report::Report;

/// The page.
pub fn page(report: &Report) -> String {
    let mut page = String::from(
        "# Performance\n\n\
         Written by `gort bench --page`; what the columns mean says [bench/README.md](../bench/README.md). Figures belong to the machine \
         that they come from: compare ratios.\n\n\
         | | |\n| --- | --- |\n",
    );
    for (what, value) in &report.about {
        let _ = writeln!(page, "| {what} | {} |", value.replace('|', "\\|"));
    }
    let _ = write!(
        page,
        "\n```text\n{}```\n\n{}",
        report.outcome(),
        report.short_tables()
    );
    if !report.failures.is_empty() {
        page += "\n## What could not be measured\n\n";
        for failure in &report.failures {
            let why = failure.why.lines().next().unwrap_or_default();
            let column = report.column(&failure.side);
            let _ = writeln!(page, "- {} on {column}: {why}", failure.benchmark);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::build::Side;
    use super::super::measure::Reading;
    use super::super::quantity::Unit;
    use super::super::report::{Failure, rows};
    use super::*;

    #[test]
    fn the_page_has_machine_summary_tables_and_failures() {
        let reading = |side, value| {
            let metric = "time".to_string();
            let unit = Unit::Time;
            (
                side,
                Reading {
                    metric,
                    unit,
                    value,
                },
            )
        };
        let round = [reading(Side::Stock, 10.0), reading(Side::Gort, 20.0)];
        let readings = vec![round; 4].concat();
        let page = page(&Report {
            about: BTreeMap::from([("cpus".to_string(), "2 processors".to_string())]),
            current: None,
            against: false,
            limit: 1.05,
            rows: rows("sched/Ring", 2, &[], &readings, None),
            runs: Vec::new(),
            failures: vec![Failure {
                benchmark: "x".to_string(),
                side: "gort".to_string(),
                why: "exit status 3\nmore".to_string(),
            }],
        });
        for text in [
            "| cpus | 2 processors |\n",
            "```text\ntime, gort/stock: 2.00 (geometric mean of 1)\nslower than 1.05 times stock: 1\n  sched/Ring on 2 P: 2.00\nfailures: 1\n```",
            "| sched/Ring | time   |   2 | 10.0 ns | 20.0 ns |  2.00 |        |\n",
            "- x on gort: exit status 3\n",
        ] {
            assert!(page.contains(text), "{text:?} is not in\n{page}");
        }
    }
}
