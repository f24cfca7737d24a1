//! `gort conform faults`: programs whose system calls fail, and programs that get too little of something.
//!
//! Each program is run undisturbed and recorded. Then each system call that it made gets each error that it may give: the
//! first time, a later time, always, and always from a later time on. The program may go on as if nothing had happened, or end
//! with a status and a line that says why. It may not hang, die of a signal, end without a word, print something wrong, or run in
//! a busy loop; and where the stock runtime goes on, it has to go on, too.

mod inject;
mod outcome;
mod programs;
mod report;
mod table;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};
use syscalls::Sysno;

use self::inject::Plan;
use self::outcome::{Class, Outcome, is_fault};
use self::programs::{Builder, Exe, Program};
use self::report::Row;
use self::table::{Error, Run, Table};
use super::expected::Expected;
use super::process::Limits;
use super::runner::{self, Attempt, Case, Options};
use super::verdict::{Cause, Verdict};
use crate::golang::GoInstall;

/// Arguments of `gort conform faults`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  gort conform faults --filter epoll\n\n\
    Without a Go 1.5 installation ($GO15ROOT or $HOME/sdk/go1.5.4) only the programs from kept objects are run, and nothing \
    stands beside them.")]
pub struct Args {
    /// Folder that holds the tests whose programs are used
    #[arg(default_value = "go-tests")]
    dir: PathBuf,
    /// A few programs, and each error the first time and always only
    #[arg(long)]
    quick: bool,
    /// Read programs, errors and accepted outcomes from FILE instead of gort's own table (cli/faults.toml)
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Write what each run came to, gort beside stock, to FILE
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// Time that a program may take: all take well under a second.
const TIME: Duration = Duration::from_secs(10);

/// `gort conform faults`.
pub fn run(args: &Args) -> Result<bool> {
    let table = Table::load(args.rules.as_deref())?;
    let tests = args
        .dir
        .canonicalize()
        .with_context(|| format!("cannot find the folder of tests {}", args.dir.display()))?;
    let scratch = args.options.scratch()?;
    let limits = args.options.limits_or(TIME);
    let builder = Builder::new(&tests, scratch.path(), limits, GoInstall::locate().ok())?;
    let mut programs = Vec::new();
    let mut skipped = Vec::new();
    for entry in &table.programs {
        if args.quick && !entry.quick {
            continue;
        }
        match builder.can(entry) {
            true => programs.push(builder.program(entry)?),
            false => skipped.push(entry.name.as_str()),
        }
    }
    let rows = Mutex::new(Vec::new());
    let sweep = Sweep {
        table: &table,
        limits,
        whens: match args.quick {
            true => &[When::First, When::Always],
            false => &[When::First, When::Later, When::Always, When::FromLater],
        },
        rows: &rows,
    };
    let mut cases = Vec::new();
    for program in &programs {
        for &call in program.gort.calls.keys() {
            cases.push(Case {
                name: format!("{} {}", program.name, call.name()),
                kind: "error",
                run: Box::new(move |work| sweep.errors(program, call, work)),
            });
        }
    }
    for name in skipped {
        cases.push(Case {
            name: name.to_string(),
            kind: "error",
            run: Box::new(|_| Attempt::only(Verdict::Skip("it needs Go 1.5".to_string()))),
        });
    }
    cases.retain(|case| args.options.wants(&case.name));
    if args.options.lists() {
        runner::list(&cases);
        return Ok(true);
    }
    let good = runner::run(
        "conform faults",
        "gort",
        &cases,
        &args.options,
        &Expected::nothing(),
        scratch.path(),
    )?;
    drop(cases);
    let rows = rows.into_inner().unwrap_or_else(|e| e.into_inner());
    if let Some(file) = &args.table {
        report::write(file, rows)?;
    }
    Ok(good)
}

/// Which of a program's calls get the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    First,
    Later,
    Always,
    FromLater,
}

/// The later call: past the start of the program where it makes many.
const LATER: u32 = 5;

impl When {
    /// The first call and how many, for a program that makes `count`; `None` where it would be the same as another.
    fn range(self, count: u32) -> Option<(u32, u32)> {
        let later = LATER.min(count);
        match self {
            Self::First => Some((1, 1)),
            Self::Always => (count > 1).then_some((1, u32::MAX)),
            Self::Later => (later > 1).then_some((later, 1)),
            Self::FromLater => (later > 1 && later < count).then_some((later, u32::MAX)),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::First => "first",
            Self::Later => "later",
            Self::Always => "always",
            Self::FromLater => "from-later",
        })
    }
}

/// What all runs share.
#[derive(Clone, Copy)]
struct Sweep<'a> {
    table: &'a Table,
    limits: Limits,
    whens: &'a [When],
    rows: &'a Mutex<Vec<Row>>,
}

impl Sweep<'_> {
    /// Every error for one call of one program.
    fn errors(&self, program: &Program, call: Sysno, work: &Path) -> Vec<Attempt> {
        let Some(errors) = self.table.errors(call) else {
            let why = format!("cli/faults.toml does not say what errors {call} gives");
            return Attempt::only(Verdict::Fail(Cause::Setup, why));
        };
        let mut attempts = Vec::new();
        for error in errors {
            for &when in self.whens {
                let verdict = match self.error(program, call, error, when, work) {
                    Ok(Some(verdict)) => verdict,
                    Ok(None) => continue,
                    Err(why) => Verdict::Fail(Cause::Setup, format!("{why:#}")),
                };
                attempts.push(Attempt {
                    label: format!("{} {when}", error.name),
                    verdict,
                });
            }
        }
        attempts
    }

    /// One error, on both runtimes; `None` if the program does not make that call so often.
    fn error(
        &self,
        program: &Program,
        call: Sysno,
        error: Error,
        when: When,
        work: &Path,
    ) -> Result<Option<Verdict>> {
        let disturb = |exe: &Exe| -> Result<Option<Outcome>> {
            let count = exe.calls.get(&call).copied().unwrap_or(0);
            let Some((from, times)) = when.range(count).filter(|_| count > 0) else {
                return Ok(None);
            };
            let plan = Plan {
                call,
                error: error.number,
                from,
                times,
            };
            let (done, given) = inject::run(program.command(exe, work), self.limits, plan)
                .context("cannot run it")?;
            let outcome = Outcome::of(&done, program.expectation(), exe.usual);
            // A run that did not come to the call is no better than none, but one that ends badly is told all the same.
            Ok((given > 0 || outcome.class != Class::Same).then_some(outcome))
        };
        let Some(gort) = disturb(&program.gort)? else {
            return Ok(None);
        };
        let stock = program.stock.as_ref().map(disturb).transpose()?;
        let run = Run {
            program: &program.name,
            call: call.name(),
            error: error.name,
            when: &when.to_string(),
        };
        Ok(Some(self.verdict(&run, gort, stock)))
    }

    /// Judges and keeps what came of a run. `stock` is `None` without a Go, and `Some(None)` where stock does not make the call.
    fn verdict(&self, run: &Run<'_>, gort: Outcome, stock: Option<Option<Outcome>>) -> Verdict {
        let class = stock
            .as_ref()
            .map(|stock| stock.as_ref().map_or(Class::Same, |stock| stock.class));
        let fault = is_fault(gort.class, class);
        let accepted = match fault {
            true => self.table.accepts(run, gort.class),
            false => None,
        };
        let verdict = match fault && accepted.is_none() {
            false => Verdict::Pass,
            true => {
                let beside = match &stock {
                    None => "not run".to_string(),
                    Some(None) => "does not make this call".to_string(),
                    Some(Some(stock)) => format!("{}: {}", stock.class, stock.line),
                };
                Verdict::Fail(
                    cause(gort.class),
                    format!(
                        "gort:  {}: {}\nstock: {beside}\n{}",
                        gort.class, gort.line, gort.output
                    ),
                )
            }
        };
        let row = Row::new(
            run,
            &gort,
            stock.as_ref(),
            verdict == Verdict::Pass,
            accepted,
        );
        let mut rows = self.rows.lock().unwrap_or_else(|e| e.into_inner());
        rows.push(row);
        verdict
    }
}

/// How the suites call this kind of failure.
fn cause(class: Class) -> Cause {
    match class {
        Class::Hang | Class::Busy => Cause::TimeOut,
        Class::Signal => Cause::Crash,
        Class::Same | Class::WrongOutput => Cause::WrongOutput,
        Class::Words | Class::Silent => Cause::WrongExit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whens_of_few_calls_are_told_once() {
        let all = [When::First, When::Later, When::Always, When::FromLater];
        let ranges = |count| all.map(|when| when.range(count));
        assert_eq!(ranges(1), [Some((1, 1)), None, None, None]);
        let always = Some((1, u32::MAX));
        assert_eq!(ranges(2), [Some((1, 1)), Some((2, 1)), always, None]);
        let from = Some((5, u32::MAX));
        assert_eq!(ranges(9), [Some((1, 1)), Some((5, 1)), always, from]);
    }
}
