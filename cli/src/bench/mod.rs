//! `gort bench`: benchmarks on gort and on the stock runtime, from the same objects, side by side.
//!
//! [`catalog`] says which benchmarks there are, ours and those of the Go tree ([`tree`], [`crate::excerpt`]), [`source`] what their
//! sources state about themselves; [`build`] makes the executables, [`current`] knows the other Go; [`measure`] turns one run into
//! numbers ([`quantity`]); [`stats`] sums up the rounds; [`report`] makes the rows, with the verdicts on [`target`]s, and
//! [`html`] a page of them.
//!
//! For each benchmark the sides take turns, and every round starts with another side: what changes on the machine meanwhile
//! meets all sides alike.

mod build;
mod catalog;
mod current;
mod html;
mod measure;
mod quantity;
mod report;
mod source;
mod stats;
mod target;
mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use regex::Regex;

use build::{Builder, Side};
use catalog::{Benchmark, Unit};
use current::CurrentGo;
use measure::Clock;
use report::{Failure, Report};

use crate::conform::process::Limits;
use crate::golang::GoInstall;

/// Rounds, unless an option or the benchmark's source says otherwise.
const ROUNDS: u32 = 5;

/// Arguments of `gort bench`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort bench --filter 'trees|pauses' --json result.json\n  gort bench runtime --metric time --html result.html\n\n\
    Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4). GORT_LIB names another libgort.a to measure.\n\n\
    Every benchmark is compiled once; gort's linker and the stock linker link the same objects. Cells are the median of the \
    rounds and, in brackets, the smallest and the largest. The ratio is gort/stock of the medians: under 1 gort takes less. Peak \
    memory (rss) is the most that was resident at once in the process of the benchmark."
)]
pub struct Args {
    /// Suites: `own` (those in the folder of --dir), `contend` (goroutines that want the same thing at once), those of the Go tree by name, or `all`
    #[arg(value_name = "SUITE", default_value = OWN, value_parser = suite_names())]
    suites: Vec<String>,
    /// Folder that holds our own benchmarks
    #[arg(long, value_name = "DIR", default_value = "bench")]
    dir: PathBuf,
    /// Only benchmarks whose name matches
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// Runs of each benchmark on each side [default: 5, or what its source says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Only rows whose metric (time, cpu, rss, ...) matches
    #[arg(long, value_name = "REGEX")]
    metric: Option<Regex>,
    /// How long each benchmark function runs, as for `go test`
    #[arg(long, value_name = "TIME", default_value = "200ms")]
    benchtime: String,
    /// Add a column for this Go (1.21 or later): its go executable or its GOROOT
    #[arg(long, value_name = "PATH")]
    go: Option<PathBuf>,
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
    /// Write the results as a page to FILE
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
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

/// The suite of our own benchmarks.
const OWN: &str = "own";
/// The suite of goroutines that want the same thing at once.
const CONTEND: &str = "contend";
/// All suites.
const ALL: &str = "all";

/// What may stand for SUITE.
fn suite_names() -> clap::builder::PossibleValuesParser {
    let names = [OWN, CONTEND, ALL].into_iter().chain(tree::SUITES);
    clap::builder::PossibleValuesParser::new(names)
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
    let go = locate()?;
    // Found out now rather than by each link.
    let library = gort_link::host::find()?;
    gort_link::host::HostFile::open(&library)?.read()?;
    let current = args.go.as_deref().map(CurrentGo::at).transpose()?;
    let scratch = Scratch::make(args.keep.as_deref())?;
    let limits = Limits {
        time: Duration::from_secs(args.time_limit),
        memory: args.memory_limit << 20,
    };
    let builder = Builder::new(scratch.path(), &go, current.as_ref(), limits)?;
    let mut report = Report {
        about: about(args, &go),
        current: current.as_ref().map(|current| current.version.clone()),
        rows: Vec::new(),
        failures: Vec::new(),
    };

    let bar = progress(&units);
    for (number, unit) in units.iter().enumerate() {
        bar.set_message(format!("building {}", unit.name));
        let built = builder.build(unit, &scratch.path().join(format!("u{number}")));
        let mut session = Session {
            args,
            limits,
            bar: &bar,
            sides: Vec::new(),
        };
        for (side, executable) in built {
            match executable {
                Ok(path) => session.sides.push((side, path)),
                Err(why) => session.fail(&mut report, &unit.name, side, why),
            }
        }
        for benchmark in &unit.benchmarks {
            session.run(benchmark, &mut report);
            bar.inc(1);
            // After each benchmark, so that what a long run has found survives its interruption.
            write(args, &report)?;
        }
    }
    bar.finish_and_clear();
    if let Some(metric) = &args.metric
        && report.rows.is_empty()
        && report.failures.is_empty()
    {
        bail!("--metric {metric} fits nothing that was measured; leave it out to see what is");
    }
    print!("{}\n{}", report.table(), report.summary());
    let (failed, _) = report.count_failures();
    Ok(failed == 0 && (!args.check || report.targets_met()))
}

fn locate() -> Result<GoInstall> {
    Ok(GoInstall::locate()?)
}

/// The benchmarks asked for.
fn chosen(args: &Args) -> Result<Vec<Unit>> {
    let wanted = |name: &str| {
        args.suites
            .iter()
            .any(|suite| suite == name || suite == ALL)
    };
    let mut units = Vec::new();
    if wanted(OWN) || wanted(CONTEND) {
        let dir = args.dir.canonicalize().with_context(|| {
            format!(
                "cannot find the folder of benchmarks {}; name it with --dir",
                args.dir.display()
            )
        })?;
        if wanted(OWN) {
            units.extend(catalog::own(&dir)?);
        }
        if wanted(CONTEND) {
            units.extend(catalog::many(&dir, CONTEND)?);
        }
    }
    for suite in tree::SUITES.into_iter().filter(|suite| wanted(suite)) {
        units.extend(catalog::tree(&locate()?.root, suite, &args.dir)?);
    }
    for unit in &mut units {
        unit.benchmarks.retain(|b| {
            args.filter.as_ref().is_none_or(|r| r.is_match(&b.name))
                && (args.long || !b.directives.long)
        });
        for benchmark in &mut unit.benchmarks {
            if benchmark.clock == Clock::Testing {
                benchmark
                    .args
                    .push(format!("-test.benchtime={}", args.benchtime));
            }
            for (_, extra) in args.args.iter().filter(|(name, _)| *name == benchmark.name) {
                benchmark.args.extend(extra.iter().cloned());
            }
        }
    }
    let names = || units.iter().flat_map(|unit| &unit.benchmarks);
    if let Some((name, _)) = args
        .args
        .iter()
        .find(|(name, _)| names().all(|benchmark| benchmark.name != *name))
    {
        bail!("--args {name}: no benchmark of that name is chosen; --list shows what there is");
    }
    units.retain(|unit| !unit.benchmarks.is_empty());
    if units.is_empty() {
        bail!(
            "no benchmark is chosen; --list shows what there is (those that take minutes with --long)"
        );
    }
    Ok(units)
}

/// What the figures depend on, as far as it is known.
fn about(args: &Args, go: &GoInstall) -> BTreeMap<&'static str, String> {
    let mut about = BTreeMap::from([
        ("go", go.version.clone()),
        ("gort", env!("CARGO_PKG_VERSION").to_string()),
        ("benchtime", args.benchtime.clone()),
    ]);
    if let Ok(cpus) = std::thread::available_parallelism() {
        about.insert("cpus", cpus.to_string());
    }
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|rest| rest.split_once(':'));
    if let Some((_, model)) = model {
        about.insert("cpu", model.trim().to_string());
    }
    if let Ok(kernel) = fs::read_to_string("/proc/sys/kernel/osrelease") {
        about.insert("linux", kernel.trim().to_string());
    }
    for variable in ["GOMAXPROCS", "GOGC", "GODEBUG", "GORT_LIB"] {
        if let Ok(value) = std::env::var(variable) {
            about.insert(variable, value);
        }
    }
    if let Some(procs) = args.gomaxprocs {
        about.insert("GOMAXPROCS", procs.to_string());
    }
    about
}

/// Runs benchmarks of one unit.
struct Session<'a> {
    args: &'a Args,
    limits: Limits,
    bar: &'a ProgressBar,
    /// Those that were built, with their executables.
    sides: Vec<(Side, PathBuf)>,
}

impl Session<'_> {
    /// Runs one benchmark in turns and adds its rows.
    fn run(&self, benchmark: &Benchmark, report: &mut Report) {
        let rounds = self
            .args
            .rounds
            .or(benchmark.directives.rounds)
            .unwrap_or(ROUNDS);
        if !console::user_attended_stderr() {
            eprintln!("{}, {rounds} rounds", benchmark.name);
        }
        let mut readings = Vec::new();
        let mut order: Vec<&(Side, PathBuf)> = self.sides.iter().collect();
        for round in 1..=rounds {
            order.retain(|(side, executable)| {
                let name = &benchmark.name;
                self.bar
                    .set_message(format!("{name} {round}/{rounds}, {}", side.name()));
                match self.once(benchmark, executable) {
                    Ok(found) => {
                        readings.extend(found.into_iter().map(|reading| (*side, reading)));
                        true
                    }
                    Err(why) => {
                        self.fail(report, name, *side, why);
                        false
                    }
                }
            });
            if !order.is_empty() {
                order.rotate_left(1);
            }
        }
        let rows = report::rows(&benchmark.name, &benchmark.directives.targets, &readings);
        let shown = |metric: &str| self.args.metric.as_ref().is_none_or(|r| r.is_match(metric));
        report
            .rows
            .extend(rows.into_iter().filter(|row| shown(&row.metric)));
    }

    fn once(
        &self,
        benchmark: &Benchmark,
        executable: &Path,
    ) -> Result<Vec<measure::Reading>, String> {
        let mut command = Command::new(executable);
        command.args(&benchmark.args);
        if let Some(procs) = self.args.gomaxprocs {
            command.env("GOMAXPROCS", procs.to_string());
        }
        measure::measure(command, benchmark.clock, self.limits)
    }

    /// Reports a failure, at once and at the end. The other Go may lack a row: that takes one line.
    fn fail(&self, report: &mut Report, benchmark: &str, side: Side, why: String) {
        self.bar.suspend(|| match side {
            Side::Current => {
                let line = why.lines().next().unwrap_or_default();
                eprintln!(
                    "{} {benchmark} on {}: {line}",
                    style("none").dim(),
                    report.column(side.name())
                );
            }
            Side::Stock | Side::Gort => {
                eprintln!(
                    "{} {benchmark} on {}: {why}",
                    style("FAIL").red(),
                    side.name()
                );
            }
        });
        report.failures.push(Failure {
            benchmark: benchmark.to_string(),
            side: side.name().to_string(),
            why,
        });
    }
}

/// Writes the files asked for.
fn write(args: &Args, report: &Report) -> Result<()> {
    if let Some(file) = &args.json {
        let text =
            serde_json::to_string_pretty(report).context("cannot put the results into JSON")?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = &args.html {
        fs::write(file, html::page(report))
            .with_context(|| format!("cannot write {}", file.display()))?;
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
