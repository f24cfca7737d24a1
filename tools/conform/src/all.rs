//! `gort conform all`: every suite, and one table.
//!
//! Each suite is a call of this executable, so that what is run is what the table names, and one
//! suite's trouble is its own.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::runtime::library;
use gort_harness::runner::Totals;
use gort_link::golang::GoInstall;

/// Arguments of `gort conform all`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform all --table docs/conformance.md\n\n\
    Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4). Exits with 0 if no suite failed."
)]
pub struct Args {
    /// Folder of the project, with go-tests in it
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Values of GOMAXPROCS to run under
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [1, 2, 4], value_parser = clap::value_parser!(u32).range(1..))]
    gomaxprocs: Vec<u32>,
    /// Run the standard library's tests with what they leave out under `-short`, too
    #[arg(long)]
    full: bool,
    /// Folder for what is compiled and for every suite's results
    /// [default: target/conform in the project's folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Take the stock runtime's results anew
    #[arg(long)]
    stock: bool,
    /// Only this suite; may be given several times
    #[arg(long, value_name = "SUITE")]
    only: Vec<String>,
    /// Write the table as a page to FILE
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

/// How a suite is run.
struct Suite {
    name: &'static str,
    /// What it shows.
    about: &'static str,
    /// How it takes the values of GOMAXPROCS.
    procs: Procs,
    /// Can it run on the stock runtime?
    stock: bool,
}

#[derive(PartialEq, Eq)]
enum Procs {
    /// They make no difference.
    No,
    /// As this option of its own.
    Option(&'static str),
    /// From the environment: one call for each.
    Environment,
}

const SUITES: [Suite; 8] = [
    Suite {
        name: "kept",
        about: "our programs that import only runtime and unsafe, from their kept objects",
        procs: Procs::Option("--gomaxprocs"),
        stock: false,
    },
    Suite {
        name: "objects",
        about: "the sources of these, compiled again",
        procs: Procs::No,
        stock: false,
    },
    Suite {
        name: "programs",
        about: "our programs that use the standard library; each has to do the same on the stock runtime",
        procs: Procs::Option("--gomaxprocs"),
        stock: false,
    },
    Suite {
        name: "test",
        about: "programs of the Go tree's folder `test`",
        procs: Procs::Environment,
        stock: true,
    },
    Suite {
        name: "driver",
        about: "everything in that folder, by the tree's own driver",
        procs: Procs::No,
        stock: true,
    },
    Suite {
        name: "runtime",
        about: "tests of package runtime, and of the packages around it, one by one",
        procs: Procs::Option("--cpu"),
        stock: false,
    },
    Suite {
        name: "std",
        about: "packages of the standard library, by their own tests",
        procs: Procs::Option("--gomaxprocs"),
        stock: true,
    },
    Suite {
        name: CGO,
        about: "the Go tree's programs of Go and C, with each C compiler in each link mode",
        procs: Procs::Option("--gomaxprocs"),
        stock: true,
    },
];

/// The suite that has a table of its own.
const CGO: &str = "cgo";

/// A line of the table.
struct Line {
    suite: &'static Suite,
    gort: Totals,
    stock: Option<Totals>,
    /// Where they have a table of their own.
    tests: Vec<Test>,
}

/// The part of a suite's results that the table shows.
#[derive(Deserialize)]
struct Results {
    #[serde(flatten)]
    totals: Totals,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    name: String,
    result: String,
    #[serde(default)]
    detail: String,
}

/// `gort conform all`.
pub fn run(args: &Args) -> Result<bool> {
    let go = GoInstall::locate()?;
    for name in &args.only {
        if !SUITES.iter().any(|suite| suite.name == name) {
            bail!("there is no suite {name}");
        }
    }
    let cache = args
        .cache
        .clone()
        .unwrap_or_else(|| args.dir.join("target/conform"));
    fs::create_dir_all(&cache)
        .with_context(|| format!("cannot make the folder {}", cache.display()))?;
    let mut lines = Vec::new();
    let mut stock_failures = Vec::new();
    for suite in &SUITES {
        if !args.only.is_empty() && !args.only.iter().any(|name| name == suite.name) {
            continue;
        }
        println!("== {}", suite.name);
        if suite.name == "runtime" {
            build_test_library(&args.dir)?;
        }
        let stock = match suite.stock {
            false => None,
            true => {
                let results = stock(args, suite, &cache)?;
                let failed = results.tests.iter().filter(|test| test.result == "fail");
                stock_failures.extend(
                    failed.map(|test| (suite.name, test.name.clone(), test.detail.clone())),
                );
                Some(results.totals)
            }
        };
        let (mut gort, mut tests) = (Totals::default(), Vec::new());
        if suite.procs == Procs::Environment {
            for n in &args.gomaxprocs {
                gort += call(args, suite, &cache, Some(*n), false)?.totals;
            }
        } else {
            let results = call(args, suite, &cache, None, false)?;
            gort += results.totals;
            if suite.name == CGO {
                tests = results.tests;
            }
        }
        lines.push(Line {
            suite,
            gort,
            stock,
            tests,
        });
    }

    println!("\n{}", plain(&lines));
    if let Some(file) = &args.table {
        let page = page(&lines, &stock_failures, args, &go.version);
        fs::write(file, page).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(lines.iter().all(|line| line.gort.failed == 0))
}

/// Builds the library that package runtime's tests are linked with.
fn build_test_library(project: &Path) -> Result<()> {
    let [script, option] = library::MAKE;
    println!("building the library with hooks: {script} {option}");
    let status = Command::new(project.join(script))
        .arg(option)
        .status()
        .with_context(|| format!("cannot run {script} in {}", project.display()))?;
    if !status.success() {
        bail!("{script} {option} failed ({status})");
    }
    Ok(())
}

/// The stock runtime's results of a suite: those of an earlier call, or new ones.
fn stock(args: &Args, suite: &Suite, cache: &Path) -> Result<Results> {
    let file = results_file(suite, cache, None, true);
    if !args.stock && file.exists() {
        return read(&file);
    }
    call(args, suite, cache, None, true)
}

/// Runs a suite once.
fn call(
    args: &Args,
    suite: &Suite,
    cache: &Path,
    procs: Option<u32>,
    stock: bool,
) -> Result<Results> {
    let exe = env::current_exe().context("cannot find gort's own executable")?;
    let file = results_file(suite, cache, procs, stock);
    // Results that are there after the call are the call's.
    if file.exists() {
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    let mut command = Command::new(exe);
    command.args(["conform", suite.name]);
    match suite.name {
        "kept" | "objects" => _ = command.arg(args.dir.join("go-tests")),
        "programs" => _ = command.arg(args.dir.join("go-tests/std")),
        "std" => _ = command.arg("--cache").arg(cache.join("std")),
        _ => {}
    }
    if suite.name == "std" && args.full {
        command.arg("--full");
    }
    command.arg("--json").arg(&file);
    if matches!(suite.name, "kept" | "programs" | "test") {
        command.args(["--time-limit", "120"]);
    }
    if stock {
        command.arg("--stock");
    } else if let Procs::Option(option) = suite.procs {
        let list: Vec<String> = args.gomaxprocs.iter().map(u32::to_string).collect();
        command.args([option, &list.join(",")]);
    }
    match procs {
        Some(n) => command.env("GOMAXPROCS", n.to_string()),
        None => command.env_remove("GOMAXPROCS"),
    };
    let status = command.status().context("cannot run gort itself")?;
    if !file.exists() {
        bail!("gort conform {} left no results ({status})", suite.name);
    }
    read(&file)
}

fn results_file(suite: &Suite, cache: &Path, procs: Option<u32>, stock: bool) -> PathBuf {
    let run = match (stock, procs) {
        (true, _) => "-stock".to_string(),
        (false, Some(n)) => format!("-{n}"),
        (false, None) => String::new(),
    };
    cache.join(format!("{}{run}.json", suite.name))
}

fn read(file: &Path) -> Result<Results> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} holds no results", file.display()))
}

/// A stock result as the table shows it.
fn on_stock(line: &Line) -> String {
    match &line.stock {
        None => "-".to_string(),
        Some(totals) if totals.failed == 0 => format!("{} pass", totals.passed),
        Some(totals) => format!("{} pass, {} fail", totals.passed, totals.failed),
    }
}

/// The table for a terminal.
fn plain(lines: &[Line]) -> String {
    let mut text = format!(
        "{:<10} {:>7} {:>7} {:>18}  stock\n",
        "suite", "passed", "failed", "expected failures"
    );
    for line in lines {
        let Totals {
            passed,
            failed,
            expected_failures,
            ..
        } = line.gort;
        let name = line.suite.name;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{name:<10} {passed:>7} {failed:>7} {expected_failures:>18}  {}",
            on_stock(line)
        );
    }
    text
}

/// The page for the documentation.
fn page(
    lines: &[Line],
    stock_failures: &[(&str, String, String)],
    args: &Args,
    version: &str,
) -> String {
    let procs: Vec<String> = args.gomaxprocs.iter().map(u32::to_string).collect();
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "# Conformance\n\nMade by `gort conform all --table docs/conformance.md`; do not edit. gort {} and {version}, a machine with {cpus} \
         processors, GOMAXPROCS {}{}.\n\nA suite that depends on GOMAXPROCS counts every test once for each value; the column of the stock \
         runtime counts one run under the machine's own.\n\n| suite | what | passed | failed | expected failures | stock |\n\
         |---|---|---:|---:|---:|---|\n",
        env!("CARGO_PKG_VERSION"),
        procs.join(", "),
        if args.full {
            ", the standard library's tests without `-short`"
        } else {
            ""
        },
    );
    for line in lines {
        let Totals {
            passed,
            failed,
            expected_failures,
            ..
        } = line.gort;
        let (name, about) = (line.suite.name, line.suite.about);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {name} | {about} | {passed} | {failed} | {expected_failures} | {} |",
            on_stock(line)
        );
    }
    let cgo = lines.iter().find(|line| line.suite.name == CGO);
    text.push_str(&cgo.map_or(String::new(), |line| modes(&line.tests)));
    if !stock_failures.is_empty() {
        text.push_str("\nWhat fails on the stock runtime, for reasons of the machine or of the year, is no failure of gort either:\n\n");
        for (suite, name, detail) in stock_failures {
            let _ = writeln!(
                text,
                "- {suite}: {name}: {}",
                detail.lines().next().unwrap_or_default()
            );
        }
    }
    text
}

/// The table of programs with C code: what comes of each in each link mode, with all compilers.
fn modes(tests: &[Test]) -> String {
    // A name is SUITE/MODE/COMPILER, and a label may follow.
    let parts = |test: &Test| -> Option<(String, String)> {
        let name = test.name.split(" [").next()?;
        let mut parts = name.rsplitn(3, '/').skip(1).map(str::to_string);
        let mode = parts.next()?;
        Some((parts.next()?, mode))
    };
    let (mut suites, mut columns) = (Vec::new(), Vec::new());
    let mut worst = BTreeMap::new();
    for test in tests {
        let Some((suite, mode)) = parts(test) else {
            continue;
        };
        let rank = match test.result.as_str() {
            "pass" => 0,
            "skip" => 1,
            _ => 2,
        };
        for (list, name) in [(&mut suites, &suite), (&mut columns, &mode)] {
            if !list.contains(name) {
                list.push(name.clone());
            }
        }
        let cell = worst.entry((suite, mode)).or_insert(rank);
        *cell = rank.max(*cell);
    }
    if suites.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\nPrograms with C code by link mode ([cgo.md](cgo.md)), with gcc and clang; `no` is a mode \
         that is not there yet.\n\n| | {} |\n|---|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    );
    for suite in &suites {
        let cells = columns
            .iter()
            .map(|mode| match worst.get(&(suite.clone(), mode.clone())) {
                None => "",
                Some(0) => "pass",
                Some(1) => "no",
                Some(_) => "FAIL",
            });
        let cells: Vec<&str> = cells.collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {suite} | {} |", cells.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_with_c_have_a_table() {
        let test = |name: &str, result: &str| Test {
            name: name.to_string(),
            result: result.to_string(),
            detail: String::new(),
        };
        let text = modes(&[
            test("os/user/auto/gcc [GOMAXPROCS=1]", "pass"),
            test("os/user/auto/gcc [GOMAXPROCS=2]", "fail"),
            test("os/user/pie/gcc", "skip"),
            test("test/auto/gcc", "pass"),
        ]);
        let expected =
            "| | auto | pie |\n|---|---|---|\n| os/user | FAIL | no |\n| test | pass |  |\n";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn a_table_has_a_line_for_each_suite() {
        let totals = |passed, failed| Totals {
            passed,
            failed,
            ..Totals::default()
        };
        let lines = [
            Line {
                suite: &SUITES[0],
                gort: totals(9, 0),
                stock: None,
                tests: Vec::new(),
            },
            Line {
                suite: &SUITES[6],
                gort: totals(130, 1),
                stock: Some(totals(128, 3)),
                tests: Vec::new(),
            },
        ];
        let text = plain(&lines);
        assert_eq!(text.lines().count(), 3);
        assert!(
            text.ends_with(" 130       1                  0  128 pass, 3 fail\n"),
            "{text}"
        );
    }
}
