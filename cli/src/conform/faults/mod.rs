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
mod resources;
mod sweep;
mod table;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};

use self::programs::Builder;
use self::resources::Resource;
use self::sweep::Sweep;
use self::table::Table;
use super::expected::Expected;
use super::process::Limits;
use super::runner::{self, Attempt, Case, Options};
use super::verdict::Verdict;
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

/// Time that a program may take: all take well under two seconds.
const TIME: Duration = Duration::from_secs(15);
/// Time for a step that makes a program.
const MAKING: Duration = Duration::from_secs(120);

/// `gort conform faults`.
pub fn run(args: &Args) -> Result<bool> {
    let table = Table::load(args.rules.as_deref())?;
    let tests = args
        .dir
        .canonicalize()
        .with_context(|| format!("cannot find the folder of tests {}", args.dir.display()))?;
    let scratch = args.options.scratch()?;
    let limits = args.options.limits_or(TIME);
    let making = Limits {
        time: MAKING,
        ..limits
    };
    let builder = Builder::new(&tests, scratch.path(), making, GoInstall::locate().ok())?;
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
        quick: args.quick,
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
        let files = Resource::FILES.into_iter().filter(|_| program.files);
        for resource in Resource::ANY.into_iter().chain(files) {
            cases.push(Case {
                name: format!("{} {resource}", program.name),
                kind: "resource",
                run: Box::new(move |work| sweep.resource(program, resource, work)),
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
