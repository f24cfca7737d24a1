//! `gort conform faults`: programs whose system calls fail, and programs that get too little of
//! something.
//!
//! Each program is run undisturbed and recorded. Then each system call that it made gets each error
//! that it may give: the first time, a later time, always, and always from a later time on. After
//! that it gets 20 amounts of every resource. It may go on as if nothing had happened, or end with
//! a status and a line that says why. It may not hang, die of a signal, end without a word, print
//! something wrong, or run in a busy loop; and where the stock runtime goes on, it has to go on,
//! too.
//!
//! | file | content |
//! |---|---|
//! | `table` | `faults.toml`: the errors of each call, the programs, what is accepted |
//! | `programs` | making the programs, and what they do undisturbed |
//! | `inject` | giving a call an error |
//! | `resources` | giving a program no more than so much |
//! | `outcome` | what came of it |
//! | `beside` | the same on both runtimes: how long each is waited for, what is compared |
//! | `sweep` | all of these together |
//! | `report` | the tables |

mod beside;
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

use self::programs::{Builder, Program};
use self::resources::Resource;
use self::sweep::Sweep;
use self::table::Table;
use gort_harness::expected::Expected;
use gort_harness::process::Limits;
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::verdict::{Cause, Verdict};
use gort_link::golang::GoInstall;

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
    /// Read programs, errors and accepted outcomes from FILE instead of gort's own table
    /// (tools/conform/faults.toml)
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
/// Runs on one CPU at once: most of the time of one goes into sleeping, or into waiting for what
/// cannot come any more.
const AT_ONCE: u16 = 3;
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
    let go = GoInstall::locate().ok();
    let everywhere = go.is_some();
    let builder = Builder::new(&tests, scratch.path(), making, go)?;
    let mut programs = Vec::new();
    let mut skipped = Vec::new();
    for entry in wanted(&table, args) {
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
    let mut cases: Vec<Case<'_>> = programs
        .iter()
        .flat_map(|program| cases(program, sweep))
        .collect();
    cases.extend(skipped.into_iter().map(|name| Case {
        name: name.to_string(),
        kind: "error",
        run: Box::new(|_| Attempt::only(Verdict::Skip("it needs Go 1.5".to_string()))),
    }));
    cases.retain(|case| args.options.wants(&case.name));
    let everything = args.options.filters().is_empty() && !args.quick && everywhere;
    if args.options.lists() {
        return runner::list(&cases, &args.options);
    }
    let good = runner::run_and_say(
        "conform faults",
        "gort",
        &cases,
        &args.options.waiting(AT_ONCE),
        &Expected::nothing(),
        scratch.path(),
        || {
            let rows = rows.lock().unwrap_or_else(|e| e.into_inner());
            report::print(&rows);
            // Programs do not do the same in every run, so this is no failure.
            for reason in table.unused().filter(|_| everything) {
                println!("accepted in tools/conform/faults.toml, but not seen: {reason}");
            }
        },
    )?;
    drop(cases);
    let rows = rows.into_inner().unwrap_or_else(|e| e.into_inner());
    if let Some(file) = &args.table {
        report::write(file, rows)?;
    }
    Ok(good)
}

/// The programs of the table that are to be made: with a filter that names one, only such.
fn wanted<'a>(table: &'a Table, args: &Args) -> Vec<&'a table::Program> {
    let named = |entry: &table::Program| {
        let mut filters = args.options.filters().iter();
        filters.any(|text| text.contains(&entry.name))
    };
    let all = || {
        table
            .programs
            .iter()
            .filter(|entry| !args.quick || entry.quick)
    };
    let any = all().any(named);
    all().filter(|entry| !any || named(entry)).collect()
}

/// A case for each error of each call that a program makes, and for each resource.
fn cases<'a>(program: &'a Program, sweep: Sweep<'a>) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for &call in &program.disturbed {
        let Some(errors) = sweep.table.errors(call) else {
            let why = format!("tools/conform/faults.toml does not say what errors {call} gives");
            cases.push(Case {
                name: format!("{} {}", program.name, call.name()),
                kind: "error",
                run: Box::new(move |_| Attempt::only(Verdict::Fail(Cause::Setup, why.clone()))),
            });
            continue;
        };
        // The last are the call's own; those of filters are the same for all calls.
        let typical = errors.last().copied();
        cases.extend(errors.into_iter().map(|error| Case {
            name: format!("{} {} {}", program.name, call.name(), error.name),
            kind: "error",
            run: Box::new(move |work| {
                sweep.error(program, call, error, Some(error) == typical, work)
            }),
        }));
    }
    let files = Resource::FILES.into_iter().filter(|_| program.files);
    for resource in Resource::ANY.into_iter().chain(files) {
        cases.push(Case {
            name: format!("{} {resource}", program.name),
            kind: "resource",
            run: Box::new(move |work| sweep.resource(program, resource, work)),
        });
    }
    cases
}
