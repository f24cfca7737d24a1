//! The results as a page for a browser: one file that loads nothing.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::build::Side;
use super::quantity::digits;
use super::report::{Failure, Report, Row};
use super::stats::Summary;
use super::table;

const STYLE: &str = include_str!("page.css");

/// The page.
pub fn page(report: &Report) -> String {
    let about = report.about.iter();
    let about: Vec<String> = about
        .map(|(what, value)| format!("{what} {value}"))
        .collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "gort bench" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "gort and the stock runtime" }
                p.faint { (about.join(" · ")) }
                (figures(report))
                (legend(report))
                @for rows in report.rows.chunk_by(|a, b| a.group() == b.group()) {
                    details open {
                        summary { (rows[0].group()) }
                        @for row in rows { (one(row)) }
                    }
                }
                @for failure in &report.failures { (failed(report, failure)) }
            }
        }
    };
    page.into_string() + "\n"
}

/// The large numbers on top.
fn figures(report: &Report) -> Markup {
    let figure = |number: String, what: &str| {
        html! { div.figure { b { (number) } span.faint { (what) } } }
    };
    let means = [("time", "time"), ("rss", "peak memory")];
    let (met, all) = report.count_targets();
    let (failed, _) = report.count_failures();
    html! {
        div.figures {
            @for (metric, what) in means {
                @if let Some((mean, n)) = report.mean_ratio(metric) {
                    (figure(digits(mean), &format!("{what}, gort/stock, geometric mean of {n}")))
                }
            }
            @if all > 0 { (figure(format!("{met} of {all}"), "targets met")) }
            @if failed > 0 { (figure(failed.to_string(), "failures, see below")) }
        }
    }
}

fn legend(report: &Report) -> Markup {
    let entry = |class: &str, name: &str| html! { span { i class=(class) {} (name) } };
    html! {
        div.legend {
            (entry("stock", "stock"))
            (entry("gort", "gort"))
            @if report.against { (entry("against", "gort with the other library")) }
            @if let Some(name) = &report.current { (entry("current", name)) }
            span.faint {
                "Bars: the best of the rounds, of tails and shares the median; bracket: the \
                 smallest and the largest. Ratio: gort/stock; ~ no significant difference \
                 (Mann-Whitney U test, p >= 0.05)."
            }
        }
    }
}

/// A metric of a benchmark.
fn one(row: &Row) -> Markup {
    let sides = [
        ("stock", &row.stock),
        ("gort", &row.gort),
        ("against", &row.against),
        ("current", &row.current),
    ];
    let there = || {
        let sides = sides.iter();
        sides.filter_map(|(class, side)| Some((*class, side.as_ref()?)))
    };
    let full = there().map(|(_, side)| side.max).fold(0.0, f64::max);
    html! {
        div.row {
            div.name {
                // A program is the heading already.
                @if let Some(name) = row.short_name() {
                    (name) small { (row.metric) ", " (row.procs) " P" }
                } @else {
                    (row.metric) small { (row.procs) " P" }
                }
            }
            div.sides { @for (class, side) in there() { (bar(row, class, side, full)) } }
            div.verdict { (verdict(row)) }
        }
    }
}

/// The ratio, and what there is to say about it.
fn verdict(row: &Row) -> Markup {
    let colour = match row.better() {
        Some(true) => " good",
        Some(false) => " bad",
        None => "",
    };
    html! {
        @if row.ratio.is_some() {
            span class={ "chip" (colour) } { (table::ratio(row.ratio, row.difference)) }
        }
        @if let Some(found) = row.difference { span.target { "p = " (digits(found.p)) } }
        @for judged in &row.targets {
            span class={ "target " (judged.word()) } { (judged.bound) " " b { (judged.word()) } }
        }
        @if let Some(why) = &row.disturbed {
            span class="target missed" { (why) " " b { "disturbed" } }
        }
    }
}

/// A side's number as a part of the largest in the row.
fn bar(row: &Row, class: &str, summary: &Summary, full: f64) -> Markup {
    let percent = |value: f64| match full > 0.0 {
        true => (value / full * 100.0).clamp(0.0, 100.0),
        false => 0.0,
    };
    let width = format!("width:{:.2}%", percent(summary.value));
    let (left, right) = (percent(summary.min), 100.0 - percent(summary.max));
    let number = row
        .unit
        .show_spread(summary.value, summary.min, summary.max);
    let (number, spread) = match number.find(" (") {
        Some(at) => number.split_at(at + 1),
        None => (number.as_str(), ""),
    };
    html! {
        div.side {
            div.track {
                div class={ "bar " (class) } style=(width) {}
                @if summary.min < summary.max {
                    div.spread style={ (format!("left:{left:.2}%;right:{right:.2}%")) } {}
                }
            }
            span.number { (number) @if !spread.is_empty() { small { (spread) } } }
        }
    }
}

/// A side that could not be built or run.
fn failed(report: &Report, failure: &Failure) -> Markup {
    let colour = match failure.side == Side::Current.name() {
        true => "",
        false => " bad",
    };
    html! {
        details {
            summary {
                span class={ "chip" (colour) } { "failed" }
                " " (failure.benchmark) " on " (report.column(&failure.side))
            }
            pre { (failure.why) }
        }
    }
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
            about: BTreeMap::from([("go".to_string(), "go1.5.4".to_string())]),
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
