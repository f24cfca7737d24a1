//! `gort conform programs`: programs of our own that use the standard library, on gort and on the
//! stock runtime.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::expectation::Expectation;
use super::matrix::{Matrix, program};
use gort_goroot::Linker;
use gort_harness::expected::Expected;
use gort_harness::process::Limits;
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::toolchain::Toolchain;
use gort_harness::verdict::{Cause, Verdict, judge};
use gort_link::golang::GoInstall;

/// Arguments of `gort conform programs`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform programs go-tests/std --repeat 100\n\n\
    Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4). A program passes if it does what its files say on the \
    stock runtime (unless they say that it differs) and in every run on gort."
)]
pub struct Args {
    /// Folder that holds the programs, each a file NAME.go with NAME.expected beside it
    #[arg(default_value = "go-tests/std")]
    dir: PathBuf,
    #[command(flatten)]
    matrix: Matrix,
    #[command(flatten)]
    options: Options,
}

/// `gort conform programs`.
pub fn run(args: &Args) -> Result<bool> {
    let go = GoInstall::locate()?;
    let dir = args
        .dir
        .canonicalize()
        .with_context(|| format!("cannot find the folder of programs {}", args.dir.display()))?;
    let mut names = Vec::new();
    for entry in
        fs::read_dir(&dir).with_context(|| format!("cannot read the folder {}", dir.display()))?
    {
        let name = entry
            .with_context(|| format!("cannot read the folder {}", dir.display()))?
            .file_name();
        if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".go")) {
            names.push(name.to_string());
        }
    }
    if names.is_empty() {
        bail!("there are no Go programs in {}", dir.display());
    }
    names.sort();

    let scratch = args.options.scratch()?;
    let limits = args.options.limits();
    let gort = Toolchain::make(scratch.path(), "goroot", &go, Linker::Gort, limits)?;
    let stock = Toolchain::make(scratch.path(), "stock", &go, Linker::Stock, limits)?;
    let (gort, stock, dir, matrix) = (&gort, &stock, dir.as_path(), &args.matrix);
    let cases: Vec<Case<'_>> = names
        .into_iter()
        .filter(|name| args.options.wants(name))
        .map(|name| Case {
            name: name.clone(),
            kind: "program",
            run: Box::new(move |work| {
                run_program(gort, stock, dir, &name, matrix, limits, work)
                    .unwrap_or_else(Attempt::only)
            }),
        })
        .collect();
    if args.options.lists() {
        return runner::list(&cases, &args.options);
    }
    runner::run(
        "conform programs",
        "gort",
        &cases,
        &args.options,
        &Expected::nothing(),
        scratch.path(),
    )
}

/// Compiles a program once, links it twice; checks what is expected on the stock runtime, then
/// gort.
fn run_program(
    gort: &Toolchain,
    stock: &Toolchain,
    dir: &Path,
    name: &str,
    matrix: &Matrix,
    limits: Limits,
    work: &Path,
) -> Result<Vec<Attempt>, Verdict> {
    let expectation = Expectation::read(dir, |what| format!("{name}.{what}"))
        .map_err(|why| Verdict::Fail(Cause::Setup, why))?;
    let archive = work.join("main.a");
    gort.compile_main(dir, work, &archive, &[format!("{name}.go")])?;

    if expectation.differs.is_none() {
        let reference = work.join("stock.exe");
        stock.link_main(dir, work, &archive, &reference)?;
        let done = stock.run(program(&reference, dir, &expectation))?;
        if let Verdict::Fail(cause, detail) = judge(&done, expectation.exit, &expectation.output) {
            return Err(Verdict::Fail(
                Cause::Setup,
                format!("on the stock runtime already: {cause}\n{detail}"),
            ));
        }
    }

    let exe = work.join("gort.exe");
    match gort.link_main(dir, work, &archive, &exe) {
        Ok(()) => Ok(matrix.run(&exe, dir, &expectation, limits)),
        Err(verdict) => Ok(matrix.all(&expectation, &verdict)),
    }
}
