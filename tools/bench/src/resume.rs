//! Taking up the measurements of an earlier run, so that a long list of benchmarks can be measured
//! piece by piece, whenever the machine is quiet.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::build::Side;
use super::report::Report;

/// What may differ from piece to piece.
const PASSING: [&str; 3] = ["before", "cache line round trip", "load before"];

/// Puts what the file holds into `report`, which has no rows yet. The file must come from the same
/// libraries and options on the same machine. What failed in it is to be measured again.
pub fn take_up(file: &Path, report: &mut Report) -> Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut earlier: Report = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} does not hold what --json of this command writes",
            file.display()
        )
    })?;
    if let Some(what) = other(&earlier, report) {
        bail!(
            "{} is from a run with {what}: its figures cannot stand beside those of this one; measure all again without --resume",
            file.display()
        );
    }
    let failed: Vec<String> = earlier
        .failures
        .iter()
        .filter(|failure| failure.side != Side::Current.name())
        .map(|failure| failure.benchmark.clone())
        .collect();
    let again = |benchmark: &String| failed.contains(benchmark);
    earlier.rows.retain(|row| !again(&row.benchmark));
    earlier.runs.retain(|run| !again(&run.benchmark));
    earlier.failures.retain(|it| !again(&it.benchmark));
    *report = earlier;
    Ok(())
}

/// What differs between two runs, in words.
fn other(earlier: &Report, now: &Report) -> Option<String> {
    let of = |report: &Report, what: &str| report.about.get(what).cloned();
    let mut about = earlier.about.keys().chain(now.about.keys());
    if let Some(what) =
        about.find(|what| !PASSING.contains(&what.as_str()) && of(earlier, what) != of(now, what))
    {
        let value = of(earlier, what);
        return Some(value.map_or(format!("no {what}"), |value| format!("{what} {value}")));
    }
    if earlier.current != now.current {
        let name = earlier.current.clone();
        return Some(name.map_or("no --go".into(), |name| format!("--go {name}")));
    }
    if earlier.against != now.against {
        let with = if earlier.against { "" } else { "out" };
        return Some(format!("and with{with} --against"));
    }
    (earlier.limit != now.limit).then(|| format!("--limit {}", earlier.limit))
}

#[cfg(test)]
mod tests {
    use super::super::measure::Reading;
    use super::super::quantity::Unit;
    use super::super::report::{Failure, report, rows};
    use super::*;

    fn with_library(library: &str) -> Report {
        let mut report = report(Vec::new());
        let about = [("library", library), ("before", "quiet")];
        report.about = about.map(|(k, v)| (k.to_string(), v.to_string())).into();
        report
    }

    fn measured(name: &str) -> Vec<super::super::report::Row> {
        let reading = |side, unit, value| {
            let metric = "time".to_string();
            (
                side,
                Reading {
                    metric,
                    unit,
                    value,
                },
            )
        };
        let readings = [
            reading(Side::Stock, Unit::Time, 1.5),
            reading(Side::Gort, Unit::Time, 2.0),
            reading(Side::Gort, Unit::Other("share".into()), 3.0),
        ];
        rows(name, 2, &[], &readings, None)
    }

    #[test]
    fn what_was_measured_is_taken_up_and_what_failed_is_not() {
        let mut earlier = with_library("1");
        earlier.rows = measured("a").into_iter().chain(measured("b")).collect();
        earlier.failures.push(Failure {
            benchmark: "b".into(),
            side: "gort".into(),
            why: "exit status 1".into(),
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("earlier.json");
        fs::write(&file, serde_json::to_string(&earlier).unwrap()).unwrap();

        let mut now = with_library("1");
        now.about.insert("before".into(), "a load of 3".into());
        take_up(&file, &mut now).unwrap();
        assert!(now.has("a", 2) && !now.has("a", 1) && !now.has("b", 2));
        let of_a: Vec<_> = now.rows.iter().map(|row| (&row.unit, row.ratio)).collect();
        let other = Unit::Other("share".into());
        assert_eq!(of_a, [(&Unit::Time, Some(2.0 / 1.5)), (&other, None)]);
        assert!(now.failures.is_empty());
        assert_eq!(now.about["before"], "quiet");

        let refused = take_up(&file, &mut with_library("2")).unwrap_err();
        assert!(refused.to_string().contains("library 1"), "{refused}");
        fs::write(&file, "{}").unwrap();
        take_up(&file, &mut with_library("1")).unwrap_err();
    }
}
