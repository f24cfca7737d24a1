//! The table of a sweep: gort beside stock.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::outcome::Outcome;
use super::sweep::Stock;
use super::table::Run;

/// What one disturbance came to on both runtimes.
pub struct Row {
    program: String,
    what: String,
    when: String,
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
            program: run.program.to_string(),
            what: format!("{} {}", run.call, run.error),
            when: run.when.to_string(),
            gort: gort.to_string(),
            stock: stock.to_string(),
            verdict: match (passed, accepted) {
                (false, _) => "FAULT",
                (true, Some(_)) => "accepted",
                (true, None) => "",
            },
            reason: accepted.unwrap_or_default().to_string(),
        }
    }
}

/// Writes the table, as text with tabs between its columns.
pub fn write(file: &Path, mut rows: Vec<Row>) -> Result<()> {
    rows.sort_by(|a, b| (&a.what, &a.program, &a.when).cmp(&(&b.what, &b.program, &b.when)));
    let mut text = String::from("call\tprogram\twhen\tverdict\tgort\tstock\treason\n");
    for row in &rows {
        let _ = writeln!(
            text,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}",
            row.what, row.program, row.when, row.verdict, row.gort, row.stock, row.reason
        );
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
