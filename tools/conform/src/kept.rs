//! `gort conform kept` and `gort conform objects`: the tests of `go-tests`, whose objects are kept
//! with their sources.
//!
//! The first links the objects and runs the programs, on machines without Go, too. The second,
//! where there is a Go 1.5, compiles the sources again and compares, or replaces the objects.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::expectation::Expectation;
use super::matrix::{Matrix, program};
use gort_harness::expected::Expected;
use gort_harness::process::{self, Ending, Limits};
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::verdict::{Cause, Verdict, judge_step};
use gort_link::golang::{GoInstall, REFERENCE};

/// Arguments of `gort conform kept`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform kept go-tests --repeat 100 --gomaxprocs 1,2,4\n\n\
    Needs no Go, except with --stock. Each combination of a test and a value of GOMAXPROCS counts as one test."
)]
pub struct KeptArgs {
    /// Folder that holds the tests
    #[arg(default_value = "go-tests")]
    dir: PathBuf,
    #[command(flatten)]
    matrix: Matrix,
    #[command(flatten)]
    options: Options,
    /// Use the stock linker and runtime of Go 1.5, for reference
    #[arg(long)]
    stock: bool,
    /// Make what it does what the cases expect, instead of comparing: with --stock, all but those
    /// in which stock differs; without, those
    #[arg(long)]
    write: bool,
}

/// Arguments of `gort conform objects`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  gort conform objects go-tests --write\n\n\
    Needs Go 1.5.4 ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4): another release makes other objects.")]
pub struct ObjectsArgs {
    /// Folder that holds the tests
    #[arg(default_value = "go-tests")]
    dir: PathBuf,
    /// Replace the kept objects instead of comparing with them
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    options: Options,
}

/// `gort conform kept`.
pub fn run(args: &KeptArgs) -> Result<bool> {
    let linker = if args.stock {
        let go = GoInstall::locate()?;
        Linker {
            program: go.tool("link"),
            first: None,
            goroot: Some(go.root),
        }
    } else {
        let program = env::current_exe().context("cannot find gort's own executable")?;
        Linker {
            program,
            first: Some("link"),
            goroot: None,
        }
    };
    let tests = find(&args.dir, |folder, name| {
        folder.join(format!("{name}.o")).is_file()
    })?;
    let limits = args.options.limits();
    let (matrix, linker, write) = (&args.matrix, &linker, args.write);
    let cases: Vec<Case<'_>> = tests
        .into_iter()
        .filter(|test| args.options.wants(&test.name))
        .map(|test| Case {
            name: test.name.clone(),
            kind: "kept",
            run: Box::new(move |work| run_test(&test, matrix, linker, write, limits, work)),
        })
        .collect();
    finish(
        "conform kept",
        if args.stock { "stock" } else { "gort" },
        &cases,
        &args.options,
    )
}

/// `gort conform objects`.
pub fn run_objects(args: &ObjectsArgs) -> Result<bool> {
    let go = GoInstall::locate()?;
    if go.version != REFERENCE {
        bail!(
            "{} holds {}; the kept objects are those of {REFERENCE}",
            go.root.display(),
            go.version
        );
    }
    let tests = find(&args.dir, |folder, name| {
        folder.join(format!("{name}.go")).is_file()
    })?;
    let (go, limits, write) = (&go, args.options.limits(), args.write);
    let cases: Vec<Case<'_>> = tests
        .into_iter()
        .filter(|test| args.options.wants(&test.name))
        .map(|test| Case {
            name: test.name.clone(),
            kind: "object",
            run: Box::new(move |work| Attempt::only(compile(&test, go, write, limits, work))),
        })
        .collect();
    finish("conform objects", &go.version, &cases, &args.options)
}

fn finish(suite: &str, against: &str, cases: &[Case<'_>], options: &Options) -> Result<bool> {
    if options.lists() {
        return runner::list(cases, options);
    }
    let scratch = options.scratch()?;
    runner::run(
        suite,
        against,
        cases,
        options,
        &Expected::nothing(),
        scratch.path(),
    )
}

/// A folder of `go-tests`.
struct Test {
    name: String,
    folder: PathBuf,
}

/// How objects are linked.
struct Linker {
    program: PathBuf,
    first: Option<&'static str>,
    goroot: Option<PathBuf>,
}

/// The tests below `dir`, by name: folders that `has` says hold what is needed.
fn find(dir: &Path, has: impl Fn(&Path, &str) -> bool) -> Result<Vec<Test>> {
    let root = dir
        .canonicalize()
        .with_context(|| format!("cannot find the folder of tests {}", dir.display()))?;
    let mut tests = Vec::new();
    for entry in
        fs::read_dir(&root).with_context(|| format!("cannot read the folder {}", root.display()))?
    {
        let folder = entry
            .with_context(|| format!("cannot read the folder {}", root.display()))?
            .path();
        if let Some(name) = folder
            .file_name()
            .and_then(|n| n.to_str())
            .map(str::to_string)
            && has(&folder, &name)
        {
            tests.push(Test { name, folder });
        }
    }
    if tests.is_empty() {
        bail!(
            "there are no tests in {}: each is a folder NAME with NAME.go and NAME.o",
            root.display()
        );
    }
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tests)
}

/// Links one object and runs the program, once for each case if it has cases.
fn run_test(
    test: &Test,
    matrix: &Matrix,
    linker: &Linker,
    write: bool,
    limits: Limits,
    work: &Path,
) -> Vec<Attempt> {
    let cases = match Expectation::cases(&test.folder) {
        Ok(Some(cases)) => Ok(cases),
        Ok(None) => {
            Expectation::read(&test.folder, str::to_string).map(|only| vec![(String::new(), only)])
        }
        Err(why) => Err(why),
    };
    let cases = match cases {
        Ok(cases) => cases,
        Err(why) => return Attempt::only(Verdict::Fail(Cause::Setup, why)),
    };
    let exe = work.join(&test.name);
    let mut link = Command::new(&linker.program);
    link.current_dir(work)
        .args(linker.first)
        .arg("-o")
        .arg(&exe)
        .arg(test.folder.join(format!("{}.o", test.name)));
    if let Some(goroot) = &linker.goroot {
        link.env("GOROOT", goroot);
    }
    let stock = linker.goroot.is_some();
    let linked = step(link, limits, Cause::LinkError);
    let mut attempts = Vec::new();
    for (case, expectation) in &cases {
        // What is expected is not what this runtime does.
        if (write || stock) && stock == expectation.differs.is_some() {
            continue;
        }
        let mut results = match &linked {
            Ok(()) if write && !case.is_empty() => {
                Attempt::only(write_case(test, case, expectation, &exe, limits, work))
            }
            Ok(()) => matrix.run(&exe, work, expectation, limits),
            Err(verdict) => matrix.all(expectation, verdict),
        };
        for attempt in &mut results {
            attempt.label = format!("{case} {}", attempt.label).trim().to_string();
        }
        attempts.extend(results);
    }
    attempts
}

/// Replaces what a case expects by what the program does.
fn write_case(
    test: &Test,
    case: &str,
    expectation: &Expectation,
    exe: &Path,
    limits: Limits,
    work: &Path,
) -> Verdict {
    let done = match process::run(program(exe, work, expectation), limits) {
        Ok(done) => done,
        Err(e) => return Verdict::Fail(Cause::Setup, format!("cannot run it: {e}")),
    };
    let Ending::Exit(status) = done.ending else {
        return Verdict::Fail(Cause::Crash, format!("{:?}", done.ending));
    };
    let file = test.folder.join("cases").join(case);
    match fs::write(&file, expectation.case_text(status, &done.output)) {
        Ok(()) => Verdict::Pass,
        Err(e) => Verdict::Fail(
            Cause::Setup,
            format!("cannot write {}: {e}", file.display()),
        ),
    }
}

/// Compiles one test as its kept object was compiled, and compares or replaces.
///
/// The source is named without a folder and the folder is trimmed away, so the object does not
/// depend on where the project lies.
fn compile(test: &Test, go: &GoInstall, write: bool, limits: Limits, work: &Path) -> Verdict {
    let object = work.join("new.o");
    let args: Vec<OsString> = vec![
        "-trimpath".into(),
        (&test.folder).into(),
        "-p".into(),
        "main".into(),
        "-o".into(),
        (&object).into(),
        format!("{}.go", test.name).into(),
    ];
    let mut compiler = Command::new(go.tool("compile"));
    compiler
        .args(args)
        .current_dir(&test.folder)
        .env("PWD", &test.folder)
        .env("GOROOT", &go.root);
    compiler.env("GOOS", "linux").env("GOARCH", "amd64");
    if let Err(verdict) = step(compiler, limits, Cause::CompileError) {
        return verdict;
    }
    let kept = test.folder.join(format!("{}.o", test.name));
    let read =
        |path: &Path| fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()));
    if write {
        return match fs::copy(&object, &kept) {
            Ok(_) => Verdict::Pass,
            Err(e) => Verdict::Fail(
                Cause::Setup,
                format!("cannot write {}: {e}", kept.display()),
            ),
        };
    }
    match (read(&object), read(&kept)) {
        (Ok(new), Ok(old)) if new == old => Verdict::Pass,
        (Ok(new), Ok(old)) => {
            let at = new
                .iter()
                .zip(&old)
                .position(|(a, b)| a != b)
                .unwrap_or(new.len().min(old.len()));
            let sizes = format!(
                "{} bytes kept, {} compiled, the first difference at {at}",
                old.len(),
                new.len()
            );
            Verdict::Fail(
                Cause::DifferentObject,
                format!("{sizes}\n`gort conform objects --write` replaces it"),
            )
        }
        (Err(why), _) | (_, Err(why)) => Verdict::Fail(Cause::Setup, why),
    }
}

/// Runs a tool that has to succeed.
fn step(command: Command, limits: Limits, cause: Cause) -> Result<(), Verdict> {
    let name = command.get_program().to_owned();
    let done = process::run(command, limits).map_err(|e| {
        Verdict::Fail(
            Cause::Setup,
            format!("cannot run {}: {e}", Path::new(&name).display()),
        )
    })?;
    judge_step(&done, cause).map_or(Ok(()), Err)
}
