//! One linked program, run many times: under several values of GOMAXPROCS, several times each.

use std::path::Path;
use std::process::Command;

use super::expectation::Expectation;
use gort_harness::process::{self, Limits};
use gort_harness::runner::Attempt;
use gort_harness::verdict::{Cause, Verdict, judge};

/// Options of the suites that run a program many times.
#[derive(clap::Args, Debug, Clone)]
pub struct Matrix {
    /// Run every program N times under each value of GOMAXPROCS
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Values of GOMAXPROCS to run under; a test that sets it itself runs under its own only
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [1, 2, 4], value_parser = clap::value_parser!(u32).range(1..))]
    gomaxprocs: Vec<u32>,
}

impl Matrix {
    /// Runs `exe` in `cwd` as often as asked for. One result for each value of GOMAXPROCS; the
    /// first failure ends its repetitions.
    pub fn run(
        &self,
        exe: &Path,
        cwd: &Path,
        expectation: &Expectation,
        limits: Limits,
    ) -> Vec<Attempt> {
        if expectation.sets("GOMAXPROCS") {
            return Attempt::only(
                self.again(|| run_once(program(exe, cwd, expectation), limits, expectation)),
            );
        }
        self.each(|procs| {
            let mut command = program(exe, cwd, expectation);
            command.env("GOMAXPROCS", procs);
            run_once(command, limits, expectation)
        })
    }

    /// The results of [`Matrix::run`] for a program that could not be made.
    pub fn all(&self, expectation: &Expectation, verdict: &Verdict) -> Vec<Attempt> {
        if expectation.sets("GOMAXPROCS") {
            return Attempt::only(verdict.clone());
        }
        let attempt = |procs| Attempt {
            label: format!("GOMAXPROCS={procs}"),
            verdict: verdict.clone(),
        };
        self.gomaxprocs.iter().map(attempt).collect()
    }

    /// Does something as often as asked for, with the value of GOMAXPROCS: a result for each value.
    pub fn each(&self, once: impl Fn(&str) -> Verdict) -> Vec<Attempt> {
        let values = self.gomaxprocs.iter().map(u32::to_string);
        values
            .map(|procs| Attempt {
                verdict: self.again(|| once(&procs)),
                label: format!("GOMAXPROCS={procs}"),
            })
            .collect()
    }

    /// Does something `repeat` times; the first failure ends it.
    fn again(&self, once: impl Fn() -> Verdict) -> Verdict {
        for round in 1..=self.repeat {
            match once() {
                Verdict::Fail(cause, detail) if self.repeat > 1 => {
                    return Verdict::Fail(
                        cause,
                        format!("in run {round} of {}\n{detail}", self.repeat),
                    );
                }
                Verdict::Pass => {}
                other => return other,
            }
        }
        Verdict::Pass
    }
}

fn run_once(command: Command, limits: Limits, expectation: &Expectation) -> Verdict {
    match process::run(command, limits) {
        Ok(done) => judge(&done, expectation.exit, &expectation.output),
        Err(e) => Verdict::Fail(Cause::Setup, format!("cannot run it: {e}")),
    }
}

/// The program with the arguments and the environment of its test.
pub fn program(exe: &Path, cwd: &Path, expectation: &Expectation) -> Command {
    let mut command = Command::new(exe);
    command
        .current_dir(cwd)
        .args(&expectation.args)
        .env("PWD", cwd)
        // The expected output is that of the default settings.
        .env_remove("GOTRACEBACK")
        .envs(expectation.env.iter().map(|(key, value)| (key, value)));
    command
}
