//! `gort conform std`: the standard library's own tests.
//!
//! The stock toolchain builds each package's test binary once, as `go test -c` does, and leaves
//! what it has compiled; gort's linker makes another binary of the same archives. A package passes
//! if every test function that passes on the stock runtime passes on gort: the stock runtime's own
//! failures, for reasons such as an expired certificate, are the measure, not a list in a file.
//! Where a test ends the binary, on either runtime, the functions after it are run all the same.

mod reference;
mod run;
pub(super) mod transcript;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::reference::Reference;
use self::run::Run;
use gort_goroot::Linker;
use gort_harness::expected::Expected;
use gort_harness::process::{Ending, Finished};
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::toolchain::Toolchain;
use gort_harness::verdict::{Cause, Verdict, judge_step, text};
use gort_link::golang::GoInstall;

/// Arguments of `gort conform std`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform std --cache target/std --filter net/http\n  \
    gort conform std --cache target/std --exact sync --exact io --repeat 20 --cpu 1,2,4,16\n\n\
    Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4). A package passes if every test function that passes on the \
    stock runtime passes on gort."
)]
pub struct Args {
    #[command(flatten)]
    options: Options,
    /// Run what the tests leave out under `-short`, too
    #[arg(long)]
    full: bool,
    /// Only this package; may be given several times
    #[arg(long, value_name = "PACKAGE")]
    exact: Vec<String>,
    /// Only test functions that match REGEXP
    #[arg(long = "run", value_name = "REGEXP")]
    select: Option<String>,
    /// Run every package N times under each value of GOMAXPROCS
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Values of GOMAXPROCS to start with [default: the number of CPUs]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    gomaxprocs: Vec<u32>,
    /// Values of GOMAXPROCS that a binary runs its tests under, one after the other
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    cpu: Vec<u32>,
    /// Keep the compiled tests and the stock runtime's results in DIR, and use what is there
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Only take the stock runtime's results anew; its failures are reported
    #[arg(long)]
    stock: bool,
}

/// Packages whose tests belong elsewhere.
const LEFT_OUT: [&str; 3] = [
    // Its tests reach into the stock runtime.
    "runtime",
    // Neither cgo nor the race detector is there to be tested.
    "runtime/cgo",
    "runtime/race",
];

/// Time limit of one run of a package's tests.
const TIME: Duration = Duration::from_secs(600);
/// Runs on the stock runtime, at most, until every function has passed.
const STOCK_RUNS: usize = 3;

/// `gort conform std`.
pub fn run(args: &Args) -> Result<bool> {
    let go = GoInstall::locate()?;
    let scratch = args.options.scratch()?;
    let cache = match &args.cache {
        Some(dir) => {
            fs::create_dir_all(dir)
                .with_context(|| format!("cannot make the folder {}", dir.display()))?;
            dir.canonicalize()
                .with_context(|| format!("cannot use {}", dir.display()))?
        }
        None => scratch.path().to_path_buf(),
    };
    let limits = args.options.limits_or(TIME);
    let suite = Suite {
        stock: Toolchain::make(&cache, "stock", &go, Linker::Stock, limits)?,
        gort: Toolchain::make(&cache, "goroot", &go, Linker::Gort, limits)?,
        binaries: cache.join("tests"),
        results: cache.join(if args.full {
            "results-full"
        } else {
            "results-short"
        }),
        args,
    };
    for dir in [&suite.binaries, &suite.results] {
        fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
    }
    suite.forget_another_go(&go)?;

    let packages = suite.packages(scratch.path())?;
    for name in &args.exact {
        if !packages.contains(name) {
            bail!("{name} is no package of the standard library with tests of its own");
        }
    }
    let suite = &suite;
    let cases: Vec<Case<'_>> = packages
        .into_iter()
        .filter(|name| {
            args.exact.contains(name) || (args.exact.is_empty() && args.options.wants(name))
        })
        .map(|name| Case {
            name: name.clone(),
            kind: "package",
            run: Box::new(move |work| suite.run(&name, work).unwrap_or_else(Attempt::only)),
        })
        .collect();
    if args.options.lists() {
        return runner::list(&cases, &args.options);
    }
    let against = if args.stock { "stock" } else { "gort" };
    runner::run(
        "conform std",
        against,
        &cases,
        &args.options,
        &Expected::nothing(),
        scratch.path(),
    )
}

/// Where everything is.
struct Suite<'a> {
    /// Compiles, and links the reference.
    stock: Toolchain,
    gort: Toolchain,
    /// A folder for each package, with what the go command compiled.
    binaries: PathBuf,
    /// A file for each package, with the stock runtime's results.
    results: PathBuf,
    args: &'a Args,
}

/// A package's compiled tests.
struct Binary {
    /// The folder of the archives.
    folder: PathBuf,
    /// The executable on the stock runtime.
    stock: PathBuf,
    /// The test functions and examples, in the order in which they run.
    functions: Vec<String>,
}

impl Suite<'_> {
    /// Removes what is kept of another Go installation.
    fn forget_another_go(&self, go: &GoInstall) -> Result<()> {
        let stamp = self.binaries.join("made-by");
        let this = format!("{} {}\n", go.version, go.root.display());
        if fs::read_to_string(&stamp).is_ok_and(|found| found == this) {
            return Ok(());
        }
        let renew = || {
            for dir in [&self.binaries, &self.results] {
                fs::remove_dir_all(dir)?;
                fs::create_dir(dir)?;
            }
            fs::write(&stamp, &this)
        };
        renew().with_context(|| format!("cannot clear {}", self.binaries.display()))
    }

    /// The packages that have tests.
    fn packages(&self, scratch: &Path) -> Result<Vec<String>> {
        let mut command = self.gort.go_command(scratch, scratch);
        let format = "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}";
        command.args(["list", "-f", format, "std"]);
        let done = match self.gort.run(command) {
            Ok(done) if done.success() => done,
            Ok(done) => bail!("`go list std` failed: {}", text(&done.output)),
            Err(verdict) => bail!("`go list std` failed: {verdict:?}"),
        };
        let names = text(&done.output);
        Ok(names
            .split_whitespace()
            .filter(|name| !LEFT_OUT.contains(name))
            .map(str::to_string)
            .collect())
    }

    /// Builds a package's tests and runs them as often as asked for: a result for each value of
    /// GOMAXPROCS.
    fn run(&self, package: &str, work: &Path) -> Result<Vec<Attempt>, Verdict> {
        let binary = self.compile(package)?;
        let reference = self.reference(package, &binary, work)?;
        if self.args.stock {
            return Ok(Attempt::only(reference.verdict()));
        }
        let exe = work.join("gort.test");
        let main = binary.folder.join("main.a");
        self.gort
            .link_main(&binary.folder, &binary.folder, &main, &exe)?;
        let attempt = |procs: Option<u32>| Attempt {
            label: procs.map_or(String::new(), |n| format!("GOMAXPROCS={n}")),
            verdict: self.repeat(package, &binary, &exe, &reference, procs, work),
        };
        Ok(if self.args.gomaxprocs.is_empty() {
            vec![attempt(None)]
        } else {
            self.args
                .gomaxprocs
                .iter()
                .map(|n| attempt(Some(*n)))
                .collect()
        })
    }

    fn repeat(
        &self,
        package: &str,
        binary: &Binary,
        exe: &Path,
        reference: &Reference,
        procs: Option<u32>,
        work: &Path,
    ) -> Verdict {
        for round in 1..=self.args.repeat {
            let run = self.run_all(&binary.functions, |only| {
                let mut command = self.command(&self.gort, package, exe, work, only);
                if !self.args.cpu.is_empty() {
                    let list: Vec<String> = self.args.cpu.iter().map(u32::to_string).collect();
                    command.arg(format!("-test.cpu={}", list.join(",")));
                }
                if let Some(n) = procs {
                    command.env("GOMAXPROCS", n.to_string());
                }
                self.gort.run(command)
            });
            let verdict = match run {
                Ok(run) => reference.judge(&run, self.args.select.is_some()),
                Err(verdict) => verdict,
            };
            match verdict {
                Verdict::Pass => {}
                Verdict::Fail(cause, detail) if self.args.repeat > 1 => {
                    let detail = format!("in run {round} of {}\n{detail}", self.args.repeat);
                    return Verdict::Fail(cause, detail);
                }
                other => return other,
            }
        }
        Verdict::Pass
    }

    /// Has the stock toolchain compile and link a package's tests, unless that is done.
    fn compile(&self, package: &str) -> Result<Binary, Verdict> {
        let home = self.binaries.join(package.replace('/', "%"));
        let stock = home.join("stock.test");
        if !stock.exists() {
            let setup =
                |e| Verdict::Fail(Cause::Setup, format!("cannot use {}: {e}", home.display()));
            if home.exists() {
                fs::remove_dir_all(&home).map_err(setup)?;
            }
            fs::create_dir(&home).map_err(setup)?;
            // The executable gets its name when everything is there.
            let unfinished = home.join("unfinished.test");
            let mut command = self.stock.go_command(&home, &home);
            command
                .args(["test", "-c", "-work", "-o"])
                .arg(&unfinished)
                .arg(package);
            let done = self.stock.run(command)?;
            if let Some(verdict) = judge_step(&done, Cause::CompileError) {
                return Err(verdict);
            }
            fs::rename(&unfinished, &stock).map_err(setup)?;
        }
        let built = fs::read_dir(&home)
            .ok()
            .and_then(|entries| entries.flatten().find(|entry| entry.path().is_dir()));
        let Some(built) = built else {
            return Err(Verdict::Fail(
                Cause::Setup,
                format!("the go command left no archives in {}", home.display()),
            ));
        };
        let folder = built.path().join(package).join("_test");
        let main = folder.join("_testmain.go");
        let source = fs::read_to_string(&main).map_err(|e| {
            Verdict::Fail(Cause::Setup, format!("cannot read {}: {e}", main.display()))
        })?;
        Ok(Binary {
            functions: run::functions(&source),
            folder,
            stock,
        })
    }

    /// The stock runtime's results: kept ones, or new ones, always under the machine's own
    /// GOMAXPROCS.
    fn reference(&self, package: &str, binary: &Binary, work: &Path) -> Result<Reference, Verdict> {
        let file = self
            .results
            .join(format!("{}.json", package.replace('/', "%")));
        if !self.args.stock
            && let Ok(kept) = fs::read(&file)
            && let Ok(reference) = serde_json::from_slice(&kept)
        {
            return Ok(reference);
        }
        let mut reference = Reference::default();
        for _ in 0..STOCK_RUNS {
            let run = self.run_all(&binary.functions, |only| {
                self.stock
                    .run(self.command(&self.stock, package, &binary.stock, work, only))
            })?;
            reference.add(&run);
            // What hangs once is not worth the time.
            if reference.clean() || run.last.ending == Ending::TimeOut {
                break;
            }
        }
        // Results of some functions are not the package's.
        if self.args.select.is_none() {
            let write = serde_json::to_vec_pretty(&reference)
                .map_err(std::io::Error::from)
                .and_then(|json| fs::write(&file, json));
            write.map_err(|e| {
                Verdict::Fail(
                    Cause::Setup,
                    format!("cannot write {}: {e}", file.display()),
                )
            })?;
        }
        Ok(reference)
    }

    /// Runs a package's tests once. `execute` runs the binary, for all functions or for those that
    /// a regular expression names.
    fn run_all(
        &self,
        functions: &[String],
        execute: impl Fn(Option<&str>) -> Result<Finished, Verdict>,
    ) -> Result<Run, Verdict> {
        let selected = self.args.select.as_deref();
        let mut run = Run::new(execute(selected)?);
        // What was selected cannot be told from what had not begun.
        while selected.is_none()
            && let Some(rest) = run.rest(functions)
        {
            run.add(execute(Some(&rest))?);
        }
        Ok(run)
    }

    /// The binary in the folder of its package's sources, where the go command runs it; `only`: a
    /// regular expression of functions.
    fn command(
        &self,
        toolchain: &Toolchain,
        package: &str,
        exe: &Path,
        work: &Path,
        only: Option<&str>,
    ) -> Command {
        let sources = toolchain.goroot().join("src").join(package);
        let mut command = toolchain.command(exe, &sources, work);
        // Without -test.timeout, whose timer would keep the runtime from seeing a deadlock.
        command.arg("-test.v");
        if !self.args.full {
            command.arg("-test.short");
        }
        if let Some(regexp) = only {
            command.arg(format!("-test.run={regexp}"));
        }
        command
    }
}
