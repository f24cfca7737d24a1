//! The table of a sweep: gort beside stock.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::beside::Stock;
use super::outcome::{Class, Outcome};
use super::table::Run;

/// What one disturbance came to on both runtimes.
pub struct Row {
    call: String,
    error: String,
    program: String,
    when: String,
    class: Class,
    stock_class: Option<Class>,
    gort: String,
    stock: String,
    verdict: &'static str,
    reason: String,
}

impl Row {
    /// A line of the table.
    pub fn new(
        run: &Run<'_>,
        gort: &Outcome,
        stock: &Stock,
        passed: bool,
        accepted: Option<&str>,
    ) -> Self {
        Self {
            call: run.call.to_string(),
            error: run.error.to_string(),
            program: run.program.to_string(),
            when: run.when.to_string(),
            class: gort.class,
            stock_class: stock.class(),
            gort: gort.to_string(),
            stock: stock.to_string(),
            verdict: match (passed, accepted) {
                (false, _) => FAULT,
                (true, Some(_)) => ACCEPTED,
                (true, None) => "",
            },
            reason: accepted.unwrap_or_default().to_string(),
        }
    }
}

/// Prints the sums for each call and each resource.
pub fn print(rows: &[Row]) {
    let mut sums: BTreeMap<&str, [usize; 8]> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(&row.call).or_default();
        let kind = |class| match class {
            Class::Same => 0,
            Class::Words => 1,
            _ => 2,
        };
        sum[kind(row.class)] += 1;
        if let Some(class) = row.stock_class {
            sum[3 + kind(class)] += 1;
        }
        sum[6] += usize::from(row.verdict == ACCEPTED);
        sum[7] += usize::from(row.verdict == FAULT);
    }
    println!("                      gort                stock");
    println!("call                  same words  else     same words  else  accepted  fault");
    for (call, [same, words, bad, same2, words2, bad2, accepted, faults]) in sums {
        println!(
            "{call:<20} {same:>5} {words:>5} {bad:>5}    {same2:>5} {words2:>5} {bad2:>5}  {accepted:>8}  {faults:>5}"
        );
    }
}

/// Runs that are failures, and runs that would be but for `tools/conform/faults.toml`.
const FAULT: &str = "FAULT";
const ACCEPTED: &str = "accepted";

/// Writes the table, as text with tabs between its columns.
pub fn write(file: &Path, mut rows: Vec<Row>) -> Result<()> {
    rows.sort_by_cached_key(|row| {
        let amount: Option<u64> = row.error.parse().ok();
        (
            row.call.clone(),
            amount,
            row.error.clone(),
            row.program.clone(),
        )
    });
    let mut text = String::from("call\terror\twhen\tprogram\tverdict\tgort\tstock\treason\n");
    for row in &rows {
        let columns: [&str; 8] = [
            &row.call,
            &row.error,
            &row.when,
            &row.program,
            row.verdict,
            &row.gort,
            &row.stock,
            &row.reason,
        ];
        let _ = writeln!(text, "{}", columns.join("\t"));
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
