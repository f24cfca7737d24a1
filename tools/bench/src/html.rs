//! The results as a page for a browser: one file that loads nothing.

use std::fmt::Write as _;

use super::build::Side;
use super::quantity::digits;
use super::report::{Report, Row};
use super::stats::Summary;
use super::table;

const STYLE: &str = include_str!("page.css");

/// The page.
pub fn page(report: &Report) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>gort bench</title>\n<style>\n{STYLE}</style>\n<h1>gort and the stock runtime</h1>\n"
    );
    let about: Vec<String> = report
        .about
        .iter()
        .map(|(what, value)| format!("{what} {}", escape(value)))
        .collect();
    let _ = writeln!(page, "<p class=\"faint\">{}</p>", about.join(" · "));
    figures(&mut page, report);
    legend(&mut page, report);
    for rows in report.rows.chunk_by(|a, b| a.group() == b.group()) {
        let _ = writeln!(
            page,
            "<details open><summary>{}</summary>",
            escape(rows[0].group())
        );
        for row in rows {
            one(&mut page, row);
        }
        page += "</details>\n";
    }
    for failure in &report.failures {
        let _ = writeln!(
            page,
            "<details><summary><span class=\"chip{}\">failed</span> {} on {}</summary><pre>{}</pre></details>",
            if failure.side == Side::Current.name() {
                ""
            } else {
                " bad"
            },
            escape(&failure.benchmark),
            escape(report.column(&failure.side)),
            escape(&failure.why)
        );
    }
    page
}

/// The large numbers on top.
fn figures(page: &mut String, report: &Report) {
    page.push_str("<div class=\"figures\">\n");
    let mut figure = |number: String, what: &str| {
        let _ = writeln!(
            page,
            "<div class=\"figure\"><b>{number}</b><span class=\"faint\">{what}</span></div>"
        );
    };
    for (metric, what) in [("time", "time"), ("rss", "peak memory")] {
        if let Some((mean, n)) = report.mean_ratio(metric) {
            figure(
                digits(mean),
                &format!("{what}, gort/stock, geometric mean of {n}"),
            );
        }
    }
    let (met, all) = report.count_targets();
    if all > 0 {
        figure(format!("{met} of {all}"), "targets met");
    }
    let (failed, _) = report.count_failures();
    if failed > 0 {
        figure(failed.to_string(), "failures, see below");
    }
    page.push_str("</div>\n");
}

fn legend(page: &mut String, report: &Report) {
    page.push_str("<div class=\"legend\">");
    let mut entry = |class: &str, name: &str| {
        let _ = write!(
            page,
            "<span><i class=\"{class}\"></i>{}</span>",
            escape(name)
        );
    };
    entry("stock", "stock");
    entry("gort", "gort");
    if report.against {
        entry("against", "gort with the other library");
    }
    if let Some(name) = &report.current {
        entry("current", name);
    }
    page.push_str(
        "<span class=\"faint\">Bars: the best of the rounds, of tails and shares the median; bracket: the smallest and the largest. Ratio: gort/stock; ~ no significant difference (Mann-Whitney U test, p &gt;= 0.05).</span></div>\n",
    );
}

fn one(page: &mut String, row: &Row) {
    // A program is the heading already.
    let name = match row.short_name() {
        Some(name) => format!(
            "{}<small>{}, {} P</small>",
            escape(name),
            escape(&row.metric),
            row.procs
        ),
        None => format!("{}<small>{} P</small>", escape(&row.metric), row.procs),
    };
    let _ = writeln!(
        page,
        "<div class=\"row\"><div class=\"name\">{name}</div><div class=\"sides\">"
    );
    let sides = [
        ("stock", &row.stock),
        ("gort", &row.gort),
        ("against", &row.against),
        ("current", &row.current),
    ];
    let full = sides
        .iter()
        .filter_map(|(_, side)| side.as_ref())
        .map(|s| s.max)
        .fold(0.0, f64::max);
    for (class, side) in sides {
        if let Some(summary) = side {
            bar(page, row, class, summary, full);
        }
    }
    page.push_str("</div><div class=\"verdict\">");
    if let Some(ratio) = row.ratio {
        let class = match row.better() {
            Some(true) => " good",
            Some(false) => " bad",
            None => "",
        };
        let _ = write!(
            page,
            "<span class=\"chip{class}\">{}</span>",
            table::ratio(Some(ratio), row.difference)
        );
    }
    if let Some(found) = row.difference {
        let _ = write!(
            page,
            "<span class=\"target\">p = {}</span>",
            digits(found.p)
        );
    }
    for judged in &row.targets {
        let word = judged.word();
        let _ = write!(
            page,
            "<span class=\"target {word}\">{} <b>{word}</b></span>",
            escape(&judged.bound)
        );
    }
    if let Some(why) = &row.disturbed {
        let _ = write!(
            page,
            "<span class=\"target missed\">{} <b>disturbed</b></span>",
            escape(why)
        );
    }
    page.push_str("</div></div>\n");
}

fn bar(page: &mut String, row: &Row, class: &str, summary: &Summary, full: f64) {
    let percent = |value: f64| {
        if full > 0.0 {
            (value / full * 100.0).clamp(0.0, 100.0)
        } else {
            0.0
        }
    };
    let _ = write!(
        page,
        "<div class=\"side\"><div class=\"track\"><div class=\"bar {class}\" style=\"width:{:.2}%\"></div>",
        percent(summary.value)
    );
    if summary.min < summary.max {
        let _ = write!(
            page,
            "<div class=\"spread\" style=\"left:{:.2}%;right:{:.2}%\"></div>",
            percent(summary.min),
            100.0 - percent(summary.max)
        );
    }
    let text = row
        .unit
        .show_spread(summary.value, summary.min, summary.max);
    let number = match text.split_once(" (") {
        Some((median, spread)) => {
            format!("{} <small>({}</small>", escape(median), escape(spread))
        }
        None => escape(&text),
    };
    let _ = writeln!(page, "</div><span class=\"number\">{number}</span></div>");
}

/// Text for between tags and in quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::measure::Reading;
    use super::super::quantity::Unit;
    use super::super::report::{Failure, rows};
    use super::super::target::Target;
    use super::*;

    fn report() -> Report {
        let readings: Vec<(Side, Reading)> = [
            (Side::Stock, 10.0),
            (Side::Gort, 4.0),
            (Side::Gort, 6.0),
            (Side::Current, 2.0),
        ]
        .repeat(4)
        .into_iter()
        .map(|(side, value)| {
            let reading = Reading {
                metric: "time".to_string(),
                unit: Unit::Time,
                value,
            };
            (side, reading)
        })
        .collect();
        Report {
            about: BTreeMap::from([("go", "go1.5.4".to_string())]),
            current: Some("go1.22".to_string()),
            against: false,
            limit: 1.05,
            rows: rows(
                "micro/A<B",
                2,
                &[Target::parse("time 0.6").unwrap()],
                &readings,
                Some("others 9.00 %"),
            ),
            runs: Vec::new(),
            failures: vec![Failure {
                benchmark: "broken".to_string(),
                side: "gort".to_string(),
                why: "a < b & c".to_string(),
            }],
        }
    }

    #[test]
    fn the_page_shows_bars_ratio_target_and_failure() {
        let page = page(&report());
        for text in [
            "<summary>micro</summary>",
            "A&lt;B<small>time, 2 P</small>",
            "others 9.00 % <b>disturbed</b>",
            "class=\"bar stock\" style=\"width:100.00%\"",
            "class=\"bar gort\" style=\"width:40.00%\"",
            "class=\"bar current\" style=\"width:20.00%\"",
            "style=\"left:40.00%;right:40.00%\"",
            "<span class=\"chip good\">0.400</span><span class=\"target\">p = 0.00",
            "<span class=\"target met\">&lt;= 0.600 <b>met</b></span>",
            "a &lt; b &amp; c",
            "1 of 1",
        ] {
            assert!(page.contains(text), "{text:?} is not in\n{page}");
        }
    }

    #[test]
    fn the_page_loads_nothing() {
        let page = page(&report());
        for text in ["http", "src=", "url(", "@import", "<script", "<link"] {
            assert!(!page.contains(text), "{text:?} is in\n{page}");
        }
    }
}
