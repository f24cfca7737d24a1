//! The programs of the sweeps: linked, and run undisturbed to see what they do, call and cost.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::inject::{self, Calls};
use super::table;
use crate::conform::expectation::Expectation;
use crate::conform::matrix::program;
use crate::conform::process::{self, Limits};
use crate::conform::toolchain::Toolchain;
use crate::conform::verdict::{Cause, Verdict, judge, judge_step};
use crate::golang::GoInstall;
use crate::goroot::Linker;

/// A program that is ready to be disturbed.
pub struct Program {
    /// Its name in the table.
    pub name: String,
    /// On gort.
    pub gort: Exe,
    /// On the stock runtime, where there is a Go.
    pub stock: Option<Exe>,
    expectation: Expectation,
    folder: PathBuf,
}

/// One executable of it.
pub struct Exe {
    path: PathBuf,
    /// Processor time of an undisturbed run.
    pub usual: Duration,
    /// The calls that it makes, and how often.
    pub calls: Calls,
}

/// Undisturbed runs of which the calls are taken: not every run makes every call.
const RECORDINGS: usize = 3;

/// Where programs come from and how they are linked.
pub struct Builder<'a> {
    tests: &'a Path,
    scratch: &'a Path,
    limits: Limits,
    go: Option<Go>,
}

/// A Go, and goroots on both runtimes.
struct Go {
    install: GoInstall,
    gort: Toolchain,
    stock: Toolchain,
}

impl<'a> Builder<'a> {
    /// For the tests in the folder `tests`. Without a Go only kept objects can be linked, and only on gort.
    pub fn new(
        tests: &'a Path,
        scratch: &'a Path,
        limits: Limits,
        go: Option<GoInstall>,
    ) -> Result<Self> {
        let go = go
            .map(|install| {
                let make = |name, linker| Toolchain::make(scratch, name, &install, linker, limits);
                Ok::<_, anyhow::Error>(Go {
                    gort: make("goroot", Linker::Gort)?,
                    stock: make("stock", Linker::Stock)?,
                    install,
                })
            })
            .transpose()?;
        Ok(Self {
            tests,
            scratch,
            limits,
            go,
        })
    }

    /// Can the program be built here?
    pub fn can(&self, program: &table::Program) -> bool {
        !program.std || self.go.is_some()
    }

    /// Links a program and runs it a few times.
    pub fn program(&self, entry: &table::Program) -> Result<Program> {
        self.make(entry)
            .with_context(|| format!("the program {}", entry.name))
    }

    fn make(&self, entry: &table::Program) -> Result<Program> {
        let work = self.scratch.join(format!("p-{}", entry.name));
        fs::create_dir(&work).with_context(|| format!("cannot make {}", work.display()))?;
        let (gort, stock) = (work.join("gort.exe"), work.join("stock.exe"));
        let (folder, expectation) = if entry.std {
            let dir = self.tests.join("std");
            let expectation = Expectation::read(&dir, |what| format!("{}.{what}", entry.name));
            let go = self.go.as_ref().context("it needs Go")?;
            let archive = work.join("main.a");
            let source = format!("{}.go", entry.name);
            let built = go
                .gort
                .compile_main(&dir, &work, &archive, &[source])
                .and_then(|()| go.gort.link_main(&dir, &work, &archive, &gort))
                .and_then(|()| go.stock.link_main(&dir, &work, &archive, &stock));
            passed(built)?;
            (dir, expectation)
        } else {
            let dir = self.tests.join(&entry.name);
            let expectation = Expectation::read(&dir, str::to_string);
            let object = dir.join(format!("{}.o", entry.name));
            let own = env::current_exe().context("cannot find gort's own executable")?;
            let mut link = Command::new(own);
            link.arg("link").arg("-o").arg(&gort).arg(&object);
            self.step(link)?;
            if let Some(go) = &self.go {
                let mut link = Command::new(go.install.tool("link"));
                link.arg("-o").arg(&stock).arg(&object);
                link.env("GOROOT", &go.install.root);
                self.step(link)?;
            }
            (work.clone(), expectation)
        };
        let expectation = expectation.map_err(anyhow::Error::msg)?;
        let measure = |path: PathBuf| self.measure(path, &folder, &expectation);
        Ok(Program {
            name: entry.name.clone(),
            gort: measure(gort)?,
            stock: self.go.as_ref().map(|_| measure(stock)).transpose()?,
            expectation,
            folder,
        })
    }

    /// Runs an executable undisturbed and under observation.
    fn measure(&self, path: PathBuf, folder: &Path, expectation: &Expectation) -> Result<Exe> {
        let mut usual = Duration::ZERO;
        let mut calls = Calls::new();
        for _ in 0..RECORDINGS {
            let done = process::run(command(&path, folder, expectation), self.limits)
                .context("cannot run it")?;
            usual = usual.max(done.cpu);
            let undisturbed = judge(&done, expectation.exit, &expectation.output);
            ensure!(
                undisturbed == Verdict::Pass,
                "{} fails undisturbed: {undisturbed:?}",
                path.display()
            );
            let (_, seen) = inject::record(command(&path, folder, expectation), self.limits)
                .context("cannot record its system calls")?;
            for (call, count) in seen {
                let most = calls.entry(call).or_insert(0);
                *most = count.max(*most);
            }
        }
        Ok(Exe { path, usual, calls })
    }

    fn step(&self, command: Command) -> Result<()> {
        let done = process::run(command, self.limits).context("cannot run the linker")?;
        passed(judge_step(&done, Cause::LinkError).map_or(Ok(()), Err))
    }
}

impl Program {
    /// The command that runs one of its executables, with temporary files in `folder`.
    pub fn command(&self, exe: &Exe, folder: &Path) -> Command {
        let mut command = command(&exe.path, &self.folder, &self.expectation);
        command.env("TMPDIR", folder);
        command
    }

    /// What it should do.
    pub fn expectation(&self) -> &Expectation {
        &self.expectation
    }
}

/// Two threads of Go code at a time, everywhere: what is called does not depend on the machine.
fn command(exe: &Path, folder: &Path, expectation: &Expectation) -> Command {
    let mut command = program(exe, folder, expectation);
    if !expectation.sets("GOMAXPROCS") {
        command.env("GOMAXPROCS", "2");
    }
    command
}

fn passed(result: Result<(), Verdict>) -> Result<()> {
    match result {
        Ok(()) => Ok(()),
        Err(Verdict::Fail(cause, detail)) => bail!("{cause}: {detail}"),
        Err(other) => bail!("{other:?}"),
    }
}
