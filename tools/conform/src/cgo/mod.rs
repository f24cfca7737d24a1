//! `gort conform cgo`: programs of Go and C from the Go tree, built with each C compiler in each
//! link mode.
//!
//! [`table`] says what there is and what comes of it on the stock runtime. [`side`] is a goroot for
//! each C compiler, [`mod@run`] builds the programs and judges them. A case of a mode that gort has not
//! yet is skipped with the words in which gort refuses it; any other refusal is a failure.

mod run;
mod side;
mod table;

use anyhow::{Result, bail};

use self::side::Side;
use self::table::{Mode, SUITES};
use super::matrix::Matrix;
use gort_goroot::Linker;
use gort_harness::expected::Expected;
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::verdict::Verdict;
use gort_link::golang::GoInstall;

/// Arguments of `gort conform cgo`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform cgo --compiler clang --mode auto --filter testtls\n\n\
    Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4) and a C compiler. A case is a suite in a link mode with a \
    compiler; it passes if as many of its tests pass and skip themselves as on the stock runtime."
)]
pub struct Args {
    #[command(flatten)]
    matrix: Matrix,
    /// C compilers to build with [default: gcc and clang, those that are there]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    compiler: Vec<String>,
    /// Link modes to build in [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_enum)]
    mode: Vec<Mode>,
    /// Use the stock linker and runtime, for reference
    #[arg(long)]
    stock: bool,
    #[command(flatten)]
    options: Options,
}

/// What fails, for reasons to live with.
const EXPECTED: &str = include_str!("expected.toml");
/// Time limit of a build, and of a program.
const TIME: std::time::Duration = std::time::Duration::from_secs(600);

/// `gort conform cgo`.
pub fn run(args: &Args) -> Result<bool> {
    let go = GoInstall::locate()?;
    let linker = match args.stock {
        true => Linker::Stock,
        false => Linker::Gort,
    };
    let mut wanted = Vec::new();
    for suite in SUITES {
        for &mode in suite.modes {
            let asked = args.mode.is_empty() || args.mode.contains(&mode);
            if asked && (!args.stock || mode.is_of_stock()) {
                wanted.push((suite, mode));
            }
        }
    }
    let compilers = compilers(&args.compiler)?;
    let name = |suite: &table::Suite, mode: Mode, compiler: &str| {
        format!("{}/{}/{compiler}", suite.name, mode.name())
    };
    let scratch = args.options.scratch()?;
    let mut sides = Vec::new();
    for (compiler, is_there) in &compilers {
        let mut names = wanted
            .iter()
            .map(|(suite, mode)| name(suite, *mode, compiler));
        let runs =
            *is_there && !args.options.lists() && names.any(|name| args.options.wants(&name));
        sides.push(match runs {
            true => Some(Side::make(
                scratch.path(),
                compiler,
                &go,
                linker,
                args.options.limits_or(TIME),
            )?),
            false => None,
        });
    }
    let mut cases: Vec<Case<'_>> = Vec::new();
    for ((compiler, is_there), side) in compilers.iter().zip(&sides) {
        for &(suite, mode) in &wanted {
            let (go, matrix, is_there) = (&go, &args.matrix, *is_there);
            cases.push(Case {
                name: name(suite, mode, compiler),
                kind: suite.how.kind(),
                run: Box::new(move |work| match side {
                    Some(side) => {
                        run::run(side, go, suite, mode, matrix, work).unwrap_or_else(Attempt::only)
                    }
                    None => Attempt::only(Verdict::Skip(match is_there {
                        true => "not run".to_string(),
                        false => format!("{compiler} is not installed"),
                    })),
                }),
            });
        }
    }
    cases.retain(|case| args.options.wants(&case.name));
    if args.options.lists() {
        return runner::list(&cases, &args.options);
    }
    let (against, expected) = match args.stock {
        true => ("stock", Expected::nothing()),
        false => ("gort", Expected::load(None, EXPECTED)?),
    };
    runner::run(
        "conform cgo",
        against,
        &cases,
        &args.options,
        &expected,
        scratch.path(),
    )
}

/// The compilers to build with, and whether each is there. One that was asked for has to be.
fn compilers(asked: &[String]) -> Result<Vec<(String, bool)>> {
    let is_there = |name: &str| gort_goroot::compiler::find_program(name.as_ref()).is_some();
    if let Some(missing) = asked.iter().find(|name| !is_there(name)) {
        bail!("the C compiler {missing} is not there");
    }
    let found: Vec<(String, bool)> = match asked {
        [] => ["gcc", "clang"].map(String::from).to_vec(),
        asked => asked.to_vec(),
    }
    .into_iter()
    .map(|name| {
        let there = is_there(&name);
        (name, there)
    })
    .collect();
    if found.iter().all(|(_, there)| !there) {
        bail!("there is no C compiler: install gcc or clang, or name another with --compiler");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expected_failure_is_of_a_case() {
        let names: Vec<String> = SUITES
            .iter()
            .flat_map(|suite| suite.modes.iter().map(move |mode| (suite, mode)))
            .flat_map(|(suite, mode)| {
                ["gcc", "clang"].map(|cc| format!("{}/{}/{cc}", suite.name, mode.name()))
            })
            .collect();
        let expected = Expected::load(None, EXPECTED).unwrap();
        let strangers = expected.strangers(names.iter().map(String::as_str));
        assert_eq!(strangers, Vec::<&str>::new());
    }
}
