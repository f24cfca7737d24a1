//! `gort bench`: benchmarks on gort and on the stock runtime, from the same objects, side by side.
//!
//! [`catalog`] says which benchmarks there are, ours and those of the Go tree ([`tree`],
//! [`gort_harness::excerpt`]), [`source`] what their sources state about themselves; [`build`] makes
//! the executables, [`current`] knows the other Go; [`session`] runs them in turns; [`measure`]
//! turns one run into numbers ([`quantity`]); [`stats`] sums up the rounds; [`report`] makes the
//! rows, with the verdicts on [`target`]s, [`table`] the text, [`page`] and [`html`] pages of them.
//!
//! Figures are worth something only from a quiet machine: [`machine`] reads what else it does,
//! [`quiet`] judges it before and during each run, [`topology`] says what the processors are to
//! each other, and [`about`] puts it all on record.

mod about;
mod build;
mod catalog;
mod current;
mod html;
mod machine;
mod measure;
mod page;
mod quantity;
mod quiet;
mod report;
mod resume;
mod session;
mod source;
mod stats;
mod table;
mod target;
mod topology;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use regex::Regex;

use about::Libraries;
use build::Builder;
use catalog::Unit;
use current::CurrentGo;
use measure::Clock;
use report::Report;
use session::Session;
use topology::Topology;

use gort_harness::process::Limits;
use gort_link::golang::GoInstall;

/// Rounds, unless an option or the benchmark's source says otherwise.
const ROUNDS: u32 = 5;
/// The same with `--fast`.
const FAST_ROUNDS: u32 = 3;
/// How long a benchmark function runs, and the same with `--fast`.
const BENCHTIME: &str = "200ms";
const FAST_BENCHTIME: &str = "50ms";

/// Arguments of `gort bench`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort bench --filter 'trees|pauses' --json result.json\n  gort bench runtime --metric time --html result.html\n\n\
    Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4). GORT_LIB names another libgort.a to measure.\n\n\
    Every benchmark is compiled once; gort's linker and the stock linker link the same objects. Cells are the best of the \
    rounds (of percentiles, maxima and shares the median) and, in brackets, the smallest and the largest. The ratio is gort/stock: \
    under 1 gort takes less. Peak memory (rss) is the most that was resident at once in the process of the benchmark.\n\n\
    Benchmarks that start goroutines run with GOMAXPROCS 1, 2 and the number of processors, the others with the last alone."
)]
pub struct Args {
    /// Suites: `own` (those in the folder of --dir), `contend` (goroutines that want the same thing
    /// at once), those of the Go tree by name, or `all`
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
    /// How long each benchmark function and each row of contend runs, as for `go test`
    /// [default: 200ms]
    #[arg(long, value_name = "TIME")]
    benchtime: Option<String>,
    /// A first look: 3 rounds of 50ms, unless --rounds or --benchtime say otherwise
    #[arg(long)]
    fast: bool,
    /// Add a column for this Go (1.21 or later): its go executable or its GOROOT
    #[arg(long, value_name = "PATH")]
    go: Option<PathBuf>,
    /// Add a column for gort with this other libgort.a, such as that of an older build
    #[arg(long, value_name = "LIB")]
    against: Option<PathBuf>,
    /// Values of GOMAXPROCS, with commas, for every program
    /// [default: that of the environment, else 1, 2 and the number of processors for those that start goroutines]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    gomaxprocs: Vec<u32>,
    /// Also benchmarks that take minutes
    #[arg(long)]
    long: bool,
    /// Arguments for the benchmark NAME, split at blanks; may be given several times
    #[arg(long, value_name = "NAME=ARGS", value_parser = named_args)]
    args: Vec<(String, Vec<String>)>,
    /// Refuse a busy machine; repeat runs that were disturbed; exit with status 1 if a target is
    /// missed, a time is over --limit, or a row stayed disturbed
    #[arg(long)]
    check: bool,
    /// Wait until the machine is quiet, at most so long, before the first row and before disturbed
    /// runs are repeated
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// A time of more than so many times that of stock is too slow
    #[arg(long, value_name = "RATIO", default_value_t = 1.05)]
    limit: f64,
    /// Write all measurements to FILE
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the results as a page for a browser to FILE
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the results as a page of the documentation to FILE (docs/performance.md)
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Take up the measurements of FILE, which --json of an earlier run with the same libraries and
    /// options wrote: what it holds is not measured again
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// List the benchmarks, run nothing
    #[arg(long)]
    list: bool,
    /// Time limit of each program
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    /// Memory limit of each program (writable private memory)
    #[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: u64,
    /// Read the state of the machine below DIR
    #[arg(long, value_name = "DIR", default_value = machine::PROC, hide = true)]
    proc: PathBuf,
    /// Work in DIR, which must not exist, and leave the executables there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Args {
    fn benchtime(&self) -> &str {
        self.benchtime
            .as_deref()
            .unwrap_or(if self.fast { FAST_BENCHTIME } else { BENCHTIME })
    }
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

/// `gort bench`: false if something could not be built or run, or with `--check` if what was
/// measured is not as it should be.
pub fn run(args: &Args) -> Result<bool> {
    let mut units = chosen(args)?;
    if args.list {
        for benchmark in units.iter().flat_map(|unit| &unit.benchmarks) {
            println!("{}", benchmark.name);
        }
        return Ok(true);
    }
    let before = quiet_enough(args)?;
    let go = locate()?;
    // Found out now rather than by each link.
    let library = gort_link::host::find()?;
    gort_link::host::HostFile::open(&library)?.read()?;
    let against = args.against.as_deref().map(other_library).transpose()?;
    let current = args.go.as_deref().map(CurrentGo::at).transpose()?;
    let scratch = Scratch::make(args.keep.as_deref())?;
    let limits = Limits {
        time: Duration::from_secs(args.time_limit),
        memory: args.memory_limit << 20,
    };
    let builder = Builder::new(
        scratch.path(),
        &go,
        against.as_deref(),
        current.as_ref(),
        limits,
    )?;
    let topology = Topology::find();
    let libraries = Libraries {
        ours: &library,
        against: against.as_deref(),
    };
    let mut report = Report {
        about: about::about(args, &go, &topology, &libraries, before)?,
        current: current.as_ref().map(|current| current.version.clone()),
        against: against.is_some(),
        limit: args.limit,
        rows: Vec::new(),
        runs: Vec::new(),
        failures: Vec::new(),
    };
    if let Some(file) = &args.resume {
        resume::take_up(file, &mut report)?;
        for unit in &mut units {
            unit.benchmarks
                .retain(|benchmark| session::missing(args, benchmark, &report).next().is_some());
        }
        units.retain(|unit| !unit.benchmarks.is_empty());
    }

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
            session.run(benchmark, &mut report)?;
            bar.inc(1);
            // After each benchmark, so that what a long run has found survives its interruption.
            write(args, &report)?;
        }
    }
    bar.finish_and_clear();
    if units.is_empty() {
        write(args, &report)?;
    }
    if let Some(metric) = &args.metric
        && report.rows.is_empty()
        && report.failures.is_empty()
    {
        bail!("--metric {metric} fits nothing that was measured; leave it out to see what is");
    }
    print!("{}\n{}", report.tables(), report.summary());
    let (failed, _) = report.count_failures();
    let as_it_should =
        report.targets_met() && report.too_slow().next().is_none() && report.disturbed().is_empty();
    Ok(failed == 0 && (!args.check || as_it_should))
}

/// Looks at the machine before anything is measured and says what was seen; with `--check` a busy
/// one is refused.
fn quiet_enough(args: &Args) -> Result<Option<String>> {
    let busy = quiet::wait(&args.proc, Duration::from_secs(args.wait.unwrap_or(0)))?;
    match &busy {
        Some(why) if args.check => bail!(
            "the machine is busy: {why}; {}",
            if args.wait.is_some() {
                "it has not become quiet in the time of --wait"
            } else {
                "stop what runs, or wait for it to end with --wait SECONDS"
            }
        ),
        Some(why) => eprintln!("note: the machine is busy: {why}"),
        None => {}
    }
    Ok(busy)
}

/// The library of `--against`, found out to be one now rather than by each link.
fn other_library(path: &Path) -> Result<PathBuf> {
    let path = path
        .canonicalize()
        .with_context(|| format!("cannot find the library {}", path.display()))?;
    gort_link::host::HostFile::open(&path)?.read()?;
    Ok(path)
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
            let flag = match benchmark.clock {
                Clock::Testing => Some("-test.benchtime"),
                Clock::Own => Some("-for"),
                Clock::Wall => None,
            };
            if let Some(flag) = flag {
                benchmark.args.push(format!("{flag}={}", args.benchtime()));
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

/// Writes the files asked for.
fn write(args: &Args, report: &Report) -> Result<()> {
    if let Some(file) = &args.json {
        let text =
            serde_json::to_string_pretty(report).context("cannot put the results into JSON")?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    let save = |file: &Option<PathBuf>, page: fn(&Report) -> String| match file {
        Some(file) => fs::write(file, page(report))
            .with_context(|| format!("cannot write {}", file.display())),
        None => Ok(()),
    };
    save(&args.html, html::page)?;
    save(&args.page, page::page)?;
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
