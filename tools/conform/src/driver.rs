//! `gort conform driver`: all of the Go tree's folder `test`, by the tree's own driver.
//!
//! `gort conform test` runs the programs and says more about each. The driver also has the compiler
//! refuse what it should refuse, and calls the go command for everything, as a user does.

use std::path::Path;

use anyhow::Result;

use gort_goroot::Linker;
use gort_harness::expected::Expected;
use gort_harness::process::Ending;
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::toolchain::Toolchain;
use gort_harness::verdict::{Cause, Verdict, judge_step, text};
use gort_link::golang::GoInstall;

/// Arguments of `gort conform driver`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4).")]
pub struct Args {
    #[command(flatten)]
    options: Options,
    /// Use the stock linker and runtime, for reference
    #[arg(long)]
    stock: bool,
}

/// Parts that the tests are dealt into, so that several drivers can run at the same time: it tells
/// of every test only when it runs one at a time.
const SHARDS: usize = 16;
/// Time limit of a part.
const TIME: std::time::Duration = std::time::Duration::from_secs(900);

/// `gort conform driver`.
pub fn run(args: &Args) -> Result<bool> {
    let go = GoInstall::locate()?;
    let scratch = args.options.scratch()?;
    let (linker, against) = if args.stock {
        (Linker::Stock, "stock")
    } else {
        (Linker::Gort, "gort")
    };
    let limits = args.options.limits_or(TIME);
    let toolchain = Toolchain::make(scratch.path(), "goroot", &go, linker, limits)?;
    let tests = toolchain.copy_tests(&go)?;
    let driver = scratch.path().join("driver");
    build(&toolchain, &tests, &driver, scratch.path())?;
    let (toolchain, tests, driver) = (&toolchain, tests.as_path(), driver.as_path());
    let cases: Vec<Case<'_>> = (0..SHARDS)
        .map(|shard| Case {
            name: format!("part {shard}"),
            kind: "driver",
            run: Box::new(move |work| {
                run_shard(toolchain, tests, driver, shard, work).unwrap_or_else(Attempt::only)
            }),
        })
        .filter(|case| args.options.wants(&case.name))
        .collect();
    if args.options.lists() {
        return runner::list(&cases, &args.options);
    }
    let nothing = Expected::nothing();
    runner::run(
        "conform driver",
        against,
        &cases,
        &args.options,
        &nothing,
        scratch.path(),
    )
}

/// Builds the driver with the goroot's own tools: it is a Go program like others.
fn build(toolchain: &Toolchain, tests: &Path, driver: &Path, scratch: &Path) -> Result<()> {
    let mut command = toolchain.go_command(tests, scratch);
    command.args(["build", "-o"]).arg(driver).arg("run.go");
    let done = toolchain
        .run(command)
        .map_err(|verdict| anyhow::anyhow!("cannot build the driver: {verdict:?}"))?;
    match judge_step(&done, Cause::CompileError) {
        None => Ok(()),
        Some(_) => anyhow::bail!("cannot build the driver: {}", text(&done.output)),
    }
}

/// Runs one part: a result for each of its tests.
fn run_shard(
    toolchain: &Toolchain,
    tests: &Path,
    driver: &Path,
    shard: usize,
    work: &Path,
) -> Result<Vec<Attempt>, Verdict> {
    let mut command = toolchain.command(driver, tests, work);
    command.args([
        "-v",
        "-shard",
        &shard.to_string(),
        "-shards",
        &SHARDS.to_string(),
    ]);
    let done = toolchain.run(command)?;
    let output = text(&done.output);
    let attempts = read(&output);
    let failed = attempts
        .iter()
        .any(|attempt| attempt.verdict != Verdict::Pass);
    match done.ending {
        Ending::Exit(0) if !failed && !attempts.is_empty() => Ok(attempts),
        Ending::Exit(1) if failed => Ok(attempts),
        Ending::TimeOut => Err(Verdict::Fail(Cause::TimeOut, output)),
        other => Err(Verdict::Fail(
            Cause::WrongExit,
            format!("the driver ended with {other:?}\n{output}"),
        )),
    }
}

/// What the driver prints: a line for each test, before the line of a failed one what went wrong.
fn read(output: &str) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut detail = String::new();
    for line in output.lines() {
        let mut fields = line.split('\t');
        let (status, name) = (fields.next().unwrap_or_default(), fields.next());
        let verdict = match (status, name) {
            ("ok  ", Some(_)) => Verdict::Pass,
            ("FAIL", Some(_)) => Verdict::Fail(Cause::TestFailed, std::mem::take(&mut detail)),
            _ => {
                detail.push_str(line);
                detail.push('\n');
                continue;
            }
        };
        detail.clear();
        attempts.push(Attempt {
            label: name.unwrap_or_default().to_string(),
            verdict,
        });
    }
    attempts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_of_the_driver_has_its_result() {
        let attempts = read(
            "ok  \t235.go\t0.234s\n# go run run.go -- chan/a.go\nexit status 2\nno\nFAIL\tchan/a.go\t0.2s\nok  \tb.go\t1s\n",
        );
        let names: Vec<&str> = attempts
            .iter()
            .map(|attempt| attempt.label.as_str())
            .collect();
        assert_eq!(names, ["235.go", "chan/a.go", "b.go"]);
        let detail = "# go run run.go -- chan/a.go\nexit status 2\nno\n".to_string();
        assert_eq!(
            attempts[1].verdict,
            Verdict::Fail(Cause::TestFailed, detail)
        );
    }
}
