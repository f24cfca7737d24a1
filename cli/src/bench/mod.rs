//! `gort bench`: benchmarks on gort and on the stock runtime, from the same objects, side by side.
//!
//! [`catalog`] says which benchmarks there are, [`source`] what their sources state about themselves; [`build`] makes the
//! executables; [`measure`] turns one run into numbers ([`quantity`]); [`stats`] sums up the rounds; [`report`] makes the
//! rows, with the verdicts on [`target`]s.
//!
//! For each benchmark the sides take turns, and every round starts with another side: what changes on the machine meanwhile
//! meets all sides alike.

mod build;
mod catalog;
#[allow(dead_code)]
mod measure;
mod quantity;
mod report;
#[allow(dead_code)]
mod source;
mod stats;
mod target;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use regex::Regex;

use build::{Builder, Built, Side};
use catalog::{Benchmark, Unit};
use report::{Failure, Report};

use crate::conform::process::Limits;
use crate::golang::{self, GoInstall};

/// Rounds, unless an option or the benchmark's source says otherwise.
const ROUNDS: u32 = 5;

/// Arguments of `gort bench`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort bench --filter 'trees|pauses' --json result.json\n\n\
    Needs a Go 1.5 installation ($GO15ROOT or $HOME/sdk/go1.5.4). GORT_LIB names another libgort.a to measure.\n\n\
    Every benchmark is compiled once; gort's linker and the stock linker link the same objects. Cells are the median of the \
    rounds and, in brackets, the smallest and the largest. The ratio is gort/stock of the medians: under 1 gort takes less. Peak \
    memory (rss) is the most that was resident at once in the process of the benchmark."
)]
pub struct Args {
    /// Folder that holds our own benchmarks
    #[arg(long, value_name = "DIR", default_value = "bench")]
    dir: PathBuf,
    /// Only benchmarks whose name matches
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// Runs of each benchmark on each side [default: 5, or what its source says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Value of GOMAXPROCS for every program [default: that of the environment, else the number of CPUs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    gomaxprocs: Option<u32>,
    /// Also benchmarks that take minutes
    #[arg(long)]
    long: bool,
    /// Arguments for the benchmark NAME, split at blanks; may be given several times
    #[arg(long, value_name = "NAME=ARGS", value_parser = named_args)]
    args: Vec<(String, Vec<String>)>,
    /// Exit with status 1 if a target is missed
    #[arg(long)]
    check: bool,
    /// Write all measurements to FILE
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// List the benchmarks, run nothing
    #[arg(long)]
    list: bool,
    /// Time limit of each program
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    /// Memory limit of each program (writable private memory)
    #[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: u64,
    /// Work in DIR, which must not exist, and leave the executables there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Reads `NAME=ARGS`.
fn named_args(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, args) = text
        .split_once('=')
        .ok_or("it should be the name of a benchmark, `=`, and arguments")?;
    let args = args.split_whitespace().map(str::to_string).collect();
    Ok((name.to_string(), args))
}

/// `gort bench`: false if something could not be built or run, or with `--check` if a target was missed.
pub fn run(args: &Args) -> Result<bool> {
    let units = chosen(args)?;
    if args.list {
        for benchmark in units.iter().flat_map(|unit| &unit.benchmarks) {
            println!("{}", benchmark.name);
        }
        return Ok(true);
    }
    let go = GoInstall::locate().map_err(|e| anyhow::anyhow!("{e}\n{}", golang::how_to_get()))?;
    let scratch = Scratch::make(args.keep.as_deref())?;
    let limits = Limits {
        time: Duration::from_secs(args.time_limit),
        memory: args.memory_limit << 20,
    };
    let builder = Builder::new(scratch.path(), &go, limits)?;
    let mut report = Report {
        about: BTreeMap::from([("go", go.version.clone())]),
        current: None,
        rows: Vec::new(),
        failures: Vec::new(),
    };

    let bar = progress(&units);
    for (number, unit) in units.iter().enumerate() {
        bar.set_message(format!("building {}", unit.name));
        let built = builder.build(unit, &scratch.path().join(format!("u{number}")));
        let session = Session {
            args,
            limits,
            bar: &bar,
            sides: session_sides(&built, unit, &mut report),
            built,
        };
        for benchmark in &unit.benchmarks {
            session.run(benchmark, &mut report);
            bar.inc(1);
            // After each benchmark, so that what a long run has found survives its interruption.
            write(args, &report)?;
        }
    }
    bar.finish_and_clear();
    print!("{}", report.table());
    Ok(report.failures.is_empty() && (!args.check || report.targets_met()))
}

/// The benchmarks asked for.
fn chosen(args: &Args) -> Result<Vec<Unit>> {
    let mut units = catalog::own(&args.dir.canonicalize().with_context(|| {
        format!(
            "cannot find the folder of benchmarks {}; name it with --dir",
            args.dir.display()
        )
    })?)?;
    for unit in &mut units {
        unit.benchmarks.retain(|b| {
            args.filter.as_ref().is_none_or(|r| r.is_match(&b.name))
                && (args.long || !b.directives.long)
        });
        for benchmark in &mut unit.benchmarks {
            for (_, extra) in args.args.iter().filter(|(name, _)| *name == benchmark.name) {
                benchmark.args.extend(extra.iter().cloned());
            }
        }
    }
    units.retain(|unit| !unit.benchmarks.is_empty());
    if units.is_empty() {
        bail!("no benchmark is chosen; --list shows what there is");
    }
    Ok(units)
}

/// The sides on which a unit was built; the others are reported.
fn session_sides(built: &Built, unit: &Unit, report: &mut Report) -> Vec<Side> {
    let mut sides = Vec::new();
    for side in [Side::Stock, Side::Gort] {
        match built.on(side) {
            Ok(_) => sides.push(side),
            Err(why) => fail(report, &unit.name, side, why),
        }
    }
    sides
}

/// Runs benchmarks of one unit.
struct Session<'a> {
    args: &'a Args,
    limits: Limits,
    bar: &'a ProgressBar,
    sides: Vec<Side>,
    built: Built,
}

impl Session<'_> {
    /// Runs one benchmark in turns and adds its rows.
    fn run(&self, benchmark: &Benchmark, report: &mut Report) {
        let rounds = self
            .args
            .rounds
            .or(benchmark.directives.rounds)
            .unwrap_or(ROUNDS);
        let mut readings = Vec::new();
        let mut alive = self.sides.clone();
        for round in 0..rounds {
            if alive.is_empty() {
                break;
            }
            for side in alive.clone() {
                self.bar.set_message(format!(
                    "{} {}/{rounds}, {}",
                    benchmark.name,
                    round + 1,
                    side.name()
                ));
                match self.once(benchmark, side) {
                    Ok(found) => readings.extend(found.into_iter().map(|reading| (side, reading))),
                    Err(why) => {
                        alive.retain(|s| *s != side);
                        fail(report, &benchmark.name, side, &why);
                    }
                }
            }
            if !alive.is_empty() {
                alive.rotate_left(1);
            }
        }
        report.rows.extend(report::rows(
            &benchmark.name,
            &benchmark.directives.targets,
            &readings,
        ));
    }

    fn once(&self, benchmark: &Benchmark, side: Side) -> Result<Vec<measure::Reading>, String> {
        let mut command = Command::new(self.built.on(side)?);
        command.args(&benchmark.args);
        if let Some(procs) = self.args.gomaxprocs {
            command.env("GOMAXPROCS", procs.to_string());
        }
        measure::measure(command, benchmark.clock, self.limits)
    }
}

/// Reports a failure, at once and at the end.
fn fail(report: &mut Report, benchmark: &str, side: Side, why: &str) {
    eprintln!(
        "{} {benchmark} on {}: {why}",
        style("FAIL").red(),
        side.name()
    );
    report.failures.push(Failure {
        benchmark: benchmark.to_string(),
        side: side.name().to_string(),
        why: why.to_string(),
    });
}

/// Writes the files asked for.
fn write(args: &Args, report: &Report) -> Result<()> {
    if let Some(file) = &args.json {
        let text =
            serde_json::to_string_pretty(report).context("cannot put the results into JSON")?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Without a terminal the bar draws nothing.
fn progress(units: &[Unit]) -> ProgressBar {
    let all: usize = units.iter().map(|unit| unit.benchmarks.len()).sum();
    let bar = ProgressBar::new(all as u64);
    if let Ok(look) = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {msg}")
    {
        bar.set_style(look.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// The folder of goroot and executables; removed at the end unless `--keep` asked for it.
struct Scratch {
    path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Scratch {
    fn make(keep: Option<&Path>) -> Result<Self> {
        let (path, temporary) = match keep {
            Some(dir) => {
                fs::create_dir(dir)
                    .with_context(|| format!("cannot make the folder {}", dir.display()))?;
                (dir.to_path_buf(), None)
            }
            None => {
                let temporary = tempfile::Builder::new()
                    .prefix("gort-bench-")
                    .tempdir()
                    .context("cannot make a temporary folder")?;
                (temporary.path().to_path_buf(), Some(temporary))
            }
        };
        let path = path
            .canonicalize()
            .with_context(|| format!("cannot use {}", path.display()))?;
        Ok(Self {
            path,
            _temporary: temporary,
        })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
