//! Runs the cases of a suite in parallel, shows progress, sums up, writes JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::expected::Expected;
use crate::process::Limits;
use crate::verdict::{Cause, Verdict};

/// Options that every suite has.
#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// Tests that run at the same time [default: the number of CPUs, for faults three times that]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Time limit of each program that a test runs [default: 20, for a package's tests 600]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: Option<u64>,
    /// Memory limit of each program that a test runs (writable private memory)
    #[arg(long, value_name = "MIB", default_value_t = 4096, value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: u64,
    /// Only tests whose name contains TEXT; may be given several times
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// List the tests and their kinds, run nothing
    #[arg(long)]
    list: bool,
    /// Write the result of every test to FILE
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Work in DIR, which must not exist, and leave everything there to look at
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Time that a small program may take.
const TIME_LIMIT: Duration = Duration::from_secs(20);

impl Options {
    /// Is a test of this name asked for?
    pub fn wants(&self, name: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|text| name.contains(text.as_str()))
    }

    /// What chooses the tests.
    pub fn filters(&self) -> &[String] {
        &self.filter
    }

    /// What each program may use.
    pub fn limits(&self) -> Limits {
        self.limits_or(TIME_LIMIT)
    }

    /// The same where programs usually need another time.
    pub fn limits_or(&self, time: Duration) -> Limits {
        Limits {
            time: self.time_limit.map_or(time, Duration::from_secs),
            memory: self.memory_limit << 20,
        }
    }

    /// An error if there is nothing among the cases that a part of the filter asks for: a run of
    /// nothing must not count as one that passed.
    fn check(&self, cases: &[Case<'_>]) -> Result<()> {
        let unmet = self
            .filter
            .iter()
            .find(|text| !cases.iter().any(|case| case.name.contains(text.as_str())));
        if let Some(text) = unmet {
            bail!("--filter {text} fits no test; --list without it names them all");
        }
        if cases.is_empty() {
            bail!("there is no test to run");
        }
        Ok(())
    }

    /// Are the tests only to be listed?
    pub fn lists(&self) -> bool {
        self.list
    }

    /// Makes the folder in which everything happens.
    pub fn scratch(&self) -> Result<Scratch> {
        match &self.keep {
            Some(dir) => {
                fs::create_dir(dir)
                    .with_context(|| format!("cannot make the folder {}", dir.display()))?;
                let path = dir
                    .canonicalize()
                    .with_context(|| format!("cannot use {}", dir.display()))?;
                Ok(Scratch {
                    path,
                    temporary: None,
                })
            }
            None => {
                let temporary = tempfile::Builder::new()
                    .prefix("gort-conform-")
                    .tempdir()
                    .context("cannot make a temporary folder")?;
                let path = temporary
                    .path()
                    .canonicalize()
                    .context("cannot use the temporary folder")?;
                Ok(Scratch {
                    path,
                    temporary: Some(temporary),
                })
            }
        }
    }

    /// The same for tests that mostly wait: `each` of them on a CPU, unless a number was asked for.
    pub fn waiting(&self, each: u16) -> Self {
        let cpus = u16::try_from(cpus()).unwrap_or(u16::MAX);
        Self {
            jobs: Some(self.jobs.unwrap_or(cpus.saturating_mul(each))),
            ..self.clone()
        }
    }

    fn jobs(&self) -> usize {
        self.jobs.map_or_else(cpus, usize::from)
    }
}

fn cpus() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The folder in which a suite works; removed at the end unless `--keep` asked for it.
pub struct Scratch {
    path: PathBuf,
    temporary: Option<tempfile::TempDir>,
}

impl Scratch {
    /// Its absolute path, free of links.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// One entry of a suite. It may run a program several times and report each time on its own.
pub struct Case<'a> {
    /// As in the list of expected failures and in reports.
    pub name: String,
    /// What is done with it.
    pub kind: &'static str,
    /// Does it, in a folder of its own.
    #[expect(
        clippy::type_complexity,
        reason = "a name for it would say less than the type"
    )]
    pub run: Box<dyn Fn(&Path) -> Vec<Attempt> + Send + Sync + 'a>,
}

/// One result of a case.
#[derive(Debug)]
pub struct Attempt {
    /// Which of the case's results this is, such as `GOMAXPROCS=2`; empty if there is only one.
    pub label: String,
    /// The result.
    pub verdict: Verdict,
}

impl Attempt {
    /// The single result of a case.
    pub fn only(verdict: Verdict) -> Vec<Self> {
        vec![Self {
            label: String::new(),
            verdict,
        }]
    }
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Record {
    name: String,
    kind: &'static str,
    result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    /// Of the whole case.
    seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Pass,
    Fail,
    Skip,
    ExpectedFailure,
    UnexpectedPass,
}

/// The sums of a suite.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub struct Totals {
    /// As they should.
    pub passed: usize,
    /// Not as they should, or on the list of expected failures and passing.
    pub failed: usize,
    /// Not run.
    pub skipped: usize,
    /// Failed as listed.
    pub expected_failures: usize,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.expected_failures += other.expected_failures;
    }
}

/// What the JSON file holds.
#[derive(Serialize)]
struct Json<'a> {
    suite: &'a str,
    against: &'a str,
    #[serde(flatten)]
    totals: Totals,
    unexpected_passes: usize,
    causes: &'a BTreeMap<Cause, usize>,
    tests: &'a [Record],
}

/// Characters of a failure's detail kept in the JSON file.
const DETAIL_LIMIT: usize = 16 << 10;
/// Lines of a failure's detail shown to a person: enough for a panic and the frame that caused it.
const DETAIL_LINES: usize = 12;

/// Lists or runs `cases`; true if everything is as expected. `suite` and `against` name the run in
/// reports.
pub fn run(
    suite: &str,
    against: &str,
    cases: &[Case<'_>],
    options: &Options,
    expected: &Expected,
    scratch: &Path,
) -> Result<bool> {
    run_and_say(suite, against, cases, options, expected, scratch, || {})
}

/// The same for a suite that has more to say than the totals, which come last.
pub fn run_and_say(
    suite: &str,
    against: &str,
    cases: &[Case<'_>],
    options: &Options,
    expected: &Expected,
    scratch: &Path,
    say: impl FnOnce(),
) -> Result<bool> {
    options.check(cases)?;
    let records = run_cases(cases, options, expected, scratch);
    let count = |outcome| records.iter().filter(|r| r.result == outcome).count();
    let (failed, unexpected) = (count(Outcome::Fail), count(Outcome::UnexpectedPass));
    let (skipped, expected_failures) = (count(Outcome::Skip), count(Outcome::ExpectedFailure));
    let mut causes = BTreeMap::new();
    for record in records.iter().filter(|r| r.result == Outcome::Fail) {
        if let Some(cause) = record.cause {
            *causes.entry(cause).or_insert(0) += 1;
        }
    }

    for record in records
        .iter()
        .filter(|r| r.result == Outcome::UnexpectedPass)
    {
        println!(
            "{} {}: listed as an expected failure but passes; take it off the list",
            style("PASS").yellow(),
            record.name
        );
    }
    for record in records.iter().filter(|r| r.result == Outcome::Skip) {
        println!("{} {}: {}", style("skip").dim(), record.name, record.detail);
    }
    if !causes.is_empty() {
        println!("failures by cause:");
        for (cause, n) in &causes {
            println!("  {cause:<16} {n:>4}");
        }
    }
    if let Some(file) = &options.json {
        let json = Json {
            suite,
            against,
            totals: Totals {
                passed: count(Outcome::Pass),
                failed: failed + unexpected,
                skipped,
                expected_failures,
            },
            unexpected_passes: unexpected,
            causes: &causes,
            tests: &records,
        };
        let text =
            serde_json::to_string_pretty(&json).context("cannot put the results into JSON")?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    say();
    let extra = match expected_failures {
        0 => String::new(),
        n => format!(" ({n} of them failed as expected)"),
    };
    println!(
        "{suite}: {} passed, {} failed, {} skipped{extra}",
        count(Outcome::Pass),
        failed + unexpected,
        skipped + expected_failures
    );
    Ok(failed + unexpected == 0)
}

/// Prints the names and kinds of `cases`.
pub fn list(cases: &[Case<'_>], options: &Options) -> Result<bool> {
    options.check(cases)?;
    for case in cases {
        println!("{:<11} {}", case.kind, case.name);
    }
    Ok(true)
}

/// Runs everything on as many threads as asked for. Records come back in the order of the cases.
fn run_cases(
    cases: &[Case<'_>],
    options: &Options,
    expected: &Expected,
    scratch: &Path,
) -> Vec<Record> {
    // Without a terminal the bar draws nothing; failures are printed either way.
    let bar = ProgressBar::new(cases.len() as u64);
    if let Ok(look) =
        ProgressStyle::with_template("{elapsed_precise} [{wide_bar}] {pos}/{len} {msg}")
    {
        bar.set_style(look.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    let failures = AtomicUsize::new(0);
    thread::scope(|threads| {
        for _ in 0..options.jobs().min(cases.len()) {
            threads.spawn(|| {
                loop {
                    // Relaxed: the counter hands out numbers, it publishes nothing.
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { return };
                    let records = run_case(case, index, expected, scratch, options.keep.is_some());
                    for record in &records {
                        if record.result == Outcome::Fail {
                            failures.fetch_add(1, Ordering::Relaxed);
                            show_failure(&bar, record);
                        }
                    }
                    match failures.load(Ordering::Relaxed) {
                        0 => bar.set_message(case.name.clone()),
                        n => bar.set_message(format!("{n} failed; {}", case.name)),
                    }
                    bar.inc(1);
                    results
                        .lock()
                        .unwrap_or_else(|e| e.into_inner())
                        .insert(index, records);
                }
            });
        }
    });
    bar.finish_and_clear();
    results
        .into_inner()
        .unwrap_or_else(|e| e.into_inner())
        .into_values()
        .flatten()
        .collect()
}

/// Runs one case in a folder of its own.
fn run_case(
    case: &Case<'_>,
    index: usize,
    expected: &Expected,
    scratch: &Path,
    keep: bool,
) -> Vec<Record> {
    // Short names: the programs may make sockets below, whose paths are limited to 107 bytes.
    let folder = scratch.join(format!("t{index}"));
    let start = Instant::now();
    let attempts = match fs::create_dir(&folder) {
        Ok(()) => (case.run)(&folder),
        Err(e) => Attempt::only(Verdict::Fail(
            Cause::Setup,
            format!("cannot make {}: {e}", folder.display()),
        )),
    };
    if !keep {
        // What cannot be removed now goes with the whole scratch folder.
        let _ = fs::remove_dir_all(&folder);
    }
    let seconds = start.elapsed().as_secs_f64();
    attempts
        .into_iter()
        .map(|attempt| {
            let reason = expected.reason(&case.name);
            let (result, cause, detail) = match (attempt.verdict, reason) {
                (Verdict::Pass, None) => (Outcome::Pass, None, String::new()),
                (Verdict::Pass, Some(reason)) => {
                    (Outcome::UnexpectedPass, None, reason.to_string())
                }
                (Verdict::Fail(cause, detail), None) => (Outcome::Fail, Some(cause), cut(detail)),
                (Verdict::Fail(cause, _), Some(reason)) => {
                    (Outcome::ExpectedFailure, Some(cause), reason.to_string())
                }
                (Verdict::Skip(why), _) => (Outcome::Skip, None, why),
            };
            let name = match attempt.label.as_str() {
                "" => case.name.clone(),
                label => format!("{} [{label}]", case.name),
            };
            Record {
                name,
                kind: case.kind,
                result,
                cause,
                detail,
                seconds,
            }
        })
        .collect()
}

/// Prints a failure above the progress bar.
fn show_failure(bar: &ProgressBar, record: &Record) {
    bar.suspend(|| {
        let cause = record.cause.map(|c| c.to_string()).unwrap_or_default();
        println!(
            "{} {} ({}): {cause}, {:.1} s",
            style("FAIL").red(),
            record.name,
            record.kind,
            record.seconds
        );
        let lines: Vec<&str> = record.detail.lines().collect();
        for line in lines.iter().take(DETAIL_LINES) {
            println!("     {line}");
        }
        if lines.len() > DETAIL_LINES {
            println!("     ... {} more lines", lines.len() - DETAIL_LINES);
        }
    });
}

/// Shortens a detail that is not for reading any more.
fn cut(mut detail: String) -> String {
    if detail.len() > DETAIL_LIMIT {
        let mut end = DETAIL_LIMIT;
        while !detail.is_char_boundary(end) {
            end -= 1;
        }
        detail.truncate(end);
        detail.push_str("\n(cut)");
    }
    detail
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // Tests may leave folders without write permission; the system's temporary folder is
            // cleaned otherwise.
            let _ = temporary.close();
        }
    }
}
