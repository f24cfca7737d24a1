//! The programs of the sweeps: linked, and run undisturbed to see what they do, call and cost.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use syscalls::Sysno;

use super::beside;
use super::inject::{self, Calls};
use super::outcome::{Class, Made, Outcome};
use super::table;
use crate::expectation::Expectation;
use crate::matrix::program;
use gort_goroot::Linker;
use gort_harness::process::{self, Finished, Limits};
use gort_harness::toolchain::Toolchain;
use gort_harness::verdict::{Cause, Verdict, judge_step};
use gort_link::golang::GoInstall;

/// A program that is ready to be disturbed.
pub struct Program {
    /// Its name in the table.
    pub name: String,
    /// Does it write files?
    pub files: bool,
    /// Does the order of its calls differ from run to run?
    pub any_order: bool,
    /// Hangs on both runtimes that are still to be waited for in full.
    pub doubts: AtomicU32,
    /// The calls that get errors.
    pub disturbed: Vec<Sysno>,
    /// On gort.
    pub gort: Exe,
    /// On the stock runtime, where there is a Go.
    pub stock: Option<Exe>,
    does: Does,
}

/// What it does.
enum Does {
    /// A Go program's own.
    Program {
        expectation: Expectation,
        /// Where it has to be run, if that matters.
        folder: Option<PathBuf>,
    },
    /// Links an object.
    Link(PathBuf),
}

/// One executable of it.
pub struct Exe {
    path: PathBuf,
    args: Vec<&'static str>,
    goroot: Option<PathBuf>,
    /// Processor time of an undisturbed run.
    pub usual: Duration,
    /// Time from its start to its end.
    pub wall: Duration,
    /// The calls that it makes, and how often.
    pub calls: Calls,
    /// Of a linker: bytes of what it makes.
    size: u64,
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
    /// For the tests in the folder `tests`. Without a Go only kept objects can be linked, and only
    /// on gort.
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
        let own = env::current_exe().context("cannot find gort's own executable")?;
        let object = |name: &str| self.tests.join(name).join(format!("{name}.o"));
        let exe = |path: &Path, args: &[&'static str]| Exe {
            path: path.to_path_buf(),
            args: args.to_vec(),
            goroot: None,
            usual: Duration::ZERO,
            wall: Duration::ZERO,
            calls: Calls::new(),
            size: 0,
        };
        let linkers = || {
            let stock = self.go.as_ref().map(|go| Exe {
                goroot: Some(go.install.root.clone()),
                ..exe(&go.install.tool("link"), &[])
            });
            (exe(&own, &["link"]), stock)
        };
        let (mut gort, mut stock, does);
        if let Some(test) = &entry.links {
            (gort, stock) = linkers();
            does = Does::Link(object(test));
        } else if entry.std {
            let go = self.go.as_ref().context("it needs Go")?;
            let dir = self.tests.join("std");
            let expectation = Expectation::read(&dir, |what| format!("{}.{what}", entry.name))
                .map_err(anyhow::Error::msg)?;
            let (archive, source) = (work.join("main.a"), format!("{}.go", entry.name));
            let (ours, theirs) = (work.join("gort.exe"), work.join("stock.exe"));
            let built = go
                .gort
                .compile_main(&dir, &work, &archive, &[source])
                .and_then(|()| go.gort.link_main(&dir, &work, &archive, &ours))
                .and_then(|()| go.stock.link_main(&dir, &work, &archive, &theirs));
            passed(built)?;
            (gort, stock) = (exe(&ours, &[]), Some(exe(&theirs, &[])));
            does = Does::Program {
                expectation,
                folder: Some(dir),
            };
        } else {
            let folder = self.tests.join(&entry.name);
            let expectation =
                Expectation::read(&folder, str::to_string).map_err(anyhow::Error::msg)?;
            let link = Does::Link(object(&entry.name));
            let (ours, theirs) = linkers();
            let make = |linker: Exe, name| -> Result<Exe> {
                let folder = work.join(name);
                fs::create_dir(&folder)?;
                self.step(link.command(&linker, &folder))?;
                Ok(exe(&folder.join(OUTPUT), &[]))
            };
            gort = make(ours, "gort")?;
            stock = theirs.map(|linker| make(linker, "stock")).transpose()?;
            does = Does::Program {
                expectation,
                folder: None,
            };
        }
        let folder = work.join("r");
        self.measure(&mut gort, &folder, &does)?;
        if let Some(stock) = &mut stock {
            self.measure(stock, &folder, &does)?;
        }
        let chosen = |call: &Sysno| match &entry.calls {
            Some(chosen) => chosen.iter().any(|name| name == call.name()),
            None => true,
        };
        Ok(Program {
            name: entry.name.clone(),
            files: entry.files,
            any_order: entry.any_order,
            doubts: AtomicU32::new(beside::DOUBTS),
            disturbed: gort.calls.keys().copied().filter(chosen).collect(),
            gort,
            stock,
            does,
        })
    }

    /// Runs an executable undisturbed and under observation.
    fn measure(&self, exe: &mut Exe, folder: &Path, does: &Does) -> Result<()> {
        for _ in 0..RECORDINGS {
            fs::create_dir(folder)?;
            let done = process::run(does.command(exe, folder), self.limits)
                .with_context(|| format!("cannot run {}", exe.path.display()))?;
            exe.usual = exe.usual.max(done.cpu);
            exe.wall = exe.wall.max(done.wall);
            if let Does::Link(_) = does {
                exe.size = made(folder).executable.unwrap_or(0);
            }
            let undisturbed = does.outcome(exe, &done, folder);
            ensure!(
                undisturbed.class == Class::Same,
                "{} fails undisturbed: {}: {}\n{}",
                exe.path.display(),
                undisturbed.class,
                undisturbed.line,
                undisturbed.output
            );
            let (_, seen) = inject::record(does.command(exe, folder), self.limits)
                .context("cannot record its system calls")?;
            fs::remove_dir_all(folder)?;
            for (call, count) in seen {
                let most = exe.calls.entry(call).or_insert(0);
                *most = count.max(*most);
            }
        }
        Ok(())
    }

    fn step(&self, command: Command) -> Result<()> {
        let done = process::run(command, self.limits).context("cannot run the linker")?;
        passed(judge_step(&done, Cause::LinkError).map_or(Ok(()), Err))
    }
}

impl Program {
    /// The command that runs one of its executables, with `folder` for what it writes.
    pub fn command(&self, exe: &Exe, folder: &Path) -> Command {
        self.does.command(exe, folder)
    }

    /// What came of a run, which may have left something in `folder`.
    pub fn outcome(&self, exe: &Exe, done: &Finished, folder: &Path) -> Outcome {
        self.does.outcome(exe, done, folder)
    }
}

/// What linkers make, in the folder of a run.
const OUTPUT: &str = "program";

impl Does {
    fn command(&self, exe: &Exe, folder: &Path) -> Command {
        let mut command = match self {
            Self::Program {
                expectation,
                folder: own,
            } => {
                let mut command = program(&exe.path, own.as_deref().unwrap_or(folder), expectation);
                // Two threads of Go code at a time, everywhere: what is called does not depend on
                // the machine.
                if !expectation.sets("GOMAXPROCS") {
                    command.env("GOMAXPROCS", "2");
                }
                command
            }
            Self::Link(object) => {
                let mut command = Command::new(&exe.path);
                command
                    .current_dir(folder)
                    .args(&exe.args)
                    .arg("-o")
                    .arg(folder.join(OUTPUT))
                    .arg(object);
                if let Some(goroot) = &exe.goroot {
                    command.env("GOROOT", goroot);
                }
                command
            }
        };
        command.env("TMPDIR", folder);
        command
    }

    fn outcome(&self, exe: &Exe, done: &Finished, folder: &Path) -> Outcome {
        match self {
            Self::Program { expectation, .. } => Outcome::of(done, expectation, exe.usual),
            Self::Link(_) => Outcome::of_link(done, &made(folder), exe.size, exe.usual),
        }
    }
}

/// What a linker left.
fn made(folder: &Path) -> Made {
    let mut made = Made {
        executable: None,
        others: Vec::new(),
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_name().to_string_lossy().as_ref() {
            OUTPUT => made.executable = entry.metadata().ok().map(|data| data.len()),
            other => made.others.push(other.to_string()),
        }
    }
    made
}

fn passed(result: Result<(), Verdict>) -> Result<()> {
    match result {
        Ok(()) => Ok(()),
        Err(Verdict::Fail(cause, detail)) => bail!("{cause}: {detail}"),
        Err(other) => bail!("{other:?}"),
    }
}
