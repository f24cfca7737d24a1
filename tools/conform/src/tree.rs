//! `gort conform test`: the programs in the Go tree's folder `test`.
//!
//! The tree's own driver calls the go command for each program. Here the compiler and the linker
//! are called as the go command would call them, which is faster and tells a compile error from a
//! link error from a crash.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::header::{self, Header, Kind};
use gort_goroot::Linker;
use gort_harness::expected::Expected;
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::toolchain::Toolchain;
use gort_harness::verdict::{Cause, Output, Verdict, judge, text};
use gort_link::golang::GoInstall;

/// Arguments of `gort conform test`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform test --filter chan/ --json results.json\n\n\
    Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4). Exits with 0 if nothing failed but what is listed as \
    an expected failure, with 1 otherwise."
)]
pub struct Args {
    #[command(flatten)]
    options: Options,
    /// Use the stock linker and runtime, for reference
    #[arg(long)]
    stock: bool,
    /// List of expected failures to use instead of gort's own (with --stock: instead of none)
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
}

/// Folders below `test` that hold tests.
const FOLDERS: [&str; 8] = [
    ".",
    "ken",
    "chan",
    "interface",
    "syntax",
    "dwarf",
    "fixedbugs",
    "bugs",
];

/// One program of the tree.
struct Test {
    /// Path of the file below `test`.
    name: String,
    kind: Kind,
    args: Vec<String>,
    /// The build constraint that keeps it off this platform.
    elsewhere: Option<String>,
}

/// The project's own list of expected failures.
const EXPECTED: &str = include_str!("../expected-failures.toml");

/// `gort conform test`.
pub fn run(args: &Args) -> Result<bool> {
    let go = GoInstall::locate()?;
    let expected = match &args.expected {
        None if args.stock => Expected::nothing(),
        file => Expected::load(file.as_deref(), EXPECTED)?,
    };
    let tests = find(&go.root.join("test"))?;
    for name in expected.strangers(tests.iter().map(|t| t.name.as_str())) {
        eprintln!("note: {name} is listed as an expected failure, but there is no such test");
    }

    let scratch = args.options.scratch()?;
    let linker = if args.stock {
        Linker::Stock
    } else {
        Linker::Gort
    };
    let toolchain = Toolchain::make(scratch.path(), "goroot", &go, linker, args.options.limits())?;
    let folder = if args.options.lists() {
        go.root.join("test")
    } else {
        toolchain.copy_tests(&go)?
    };
    let (toolchain, folder) = (&toolchain, folder.as_path());
    let cases: Vec<Case<'_>> = tests
        .into_iter()
        .filter(|test| args.options.wants(&test.name))
        .map(|test| Case {
            name: test.name.clone(),
            kind: test.kind.name(),
            run: Box::new(move |work| {
                Attempt::only(run_test(toolchain, folder, &test, work).unwrap_or_else(|v| v))
            }),
        })
        .collect();
    if args.options.lists() {
        return runner::list(&cases, &args.options);
    }
    let against = if args.stock { "stock" } else { "gort" };
    runner::run(
        "conform test",
        against,
        &cases,
        &args.options,
        &expected,
        scratch.path(),
    )
}

/// Finds the tests that run programs, in the order of folders and names.
fn find(root: &Path) -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    for folder in FOLDERS {
        let path = root.join(folder);
        if !path.is_dir() {
            continue;
        }
        for file in
            go_files(&path).with_context(|| format!("cannot read the folder {}", path.display()))?
        {
            // Some tests hold bytes that are not UTF-8; their first lines are plain.
            let bytes = fs::read(path.join(&file))
                .with_context(|| format!("cannot read {file} in {}", path.display()))?;
            let Header::Run {
                kind,
                args,
                elsewhere,
            } = header::parse(&String::from_utf8_lossy(&bytes))
            else {
                continue;
            };
            let name = if folder == "." {
                file
            } else {
                format!("{folder}/{file}")
            };
            tests.push(Test {
                name,
                kind,
                args,
                elsewhere,
            });
        }
    }
    Ok(tests)
}

/// Names of the Go files in a folder, sorted.
fn go_files(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string()
            && name.ends_with(".go")
            && !name.starts_with('.')
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Runs one test in the folder `work`; either way the result is a verdict.
fn run_test(
    toolchain: &Toolchain,
    root: &Path,
    test: &Test,
    work: &Path,
) -> Result<Verdict, Verdict> {
    if let Some(constraint) = &test.elsewhere {
        return Ok(Verdict::Skip(format!(
            "for another platform ({constraint})"
        )));
    }
    // A test that prints has a file of its output beside it.
    let wanted =
        Output::Exactly(fs::read(root.join(&test.name).with_extension("out")).unwrap_or_default());
    // As for `go run`: leading arguments that are Go files belong to the program.
    let sources = test
        .args
        .iter()
        .take_while(|arg| arg.ends_with(".go"))
        .count();
    let (sources, args) = test.args.split_at(sources);
    let sources: Vec<String> = std::iter::once(&test.name)
        .chain(sources)
        .cloned()
        .collect();
    match test.kind {
        Kind::Run | Kind::CmpOut | Kind::BuildRun => {
            let exe = toolchain.build(root, work, "a", &sources)?;
            let cwd = if test.kind == Kind::BuildRun {
                work
            } else {
                root
            };
            let mut program = toolchain.command(&exe, cwd, work);
            program.args(args);
            Ok(judge(&toolchain.run(program)?, 0, &wanted))
        }
        Kind::RunOutput => {
            let exe = toolchain.build(root, work, "a", &sources)?;
            let mut program = toolchain.command(&exe, root, work);
            program.args(args);
            let made = toolchain.run(program)?;
            if !made.success() {
                return Ok(judge(&made, 0, &wanted));
            }
            let source = work.join("tmp__.go");
            fs::write(&source, &made.output).map_err(|e| {
                Verdict::Fail(
                    Cause::Setup,
                    format!("cannot write {}: {e}", source.display()),
                )
            })?;
            let exe = toolchain.build(work, work, "b", &["tmp__.go".to_string()])?;
            Ok(judge(
                &toolchain.run(toolchain.command(&exe, root, work))?,
                0,
                &wanted,
            ))
        }
        Kind::RunDir => {
            let folder = root.join(&test.name).with_extension("dir");
            let mut last = None;
            for package in packages(&folder).map_err(|e| Verdict::Fail(Cause::Setup, e))? {
                let mut compile: Vec<OsString> =
                    ["-e", "-D", ".", "-I", "."].map(OsString::from).into();
                compile.extend(
                    package
                        .iter()
                        .map(|file| folder.join(file).into_os_string()),
                );
                toolchain.compile(work, work, &compile)?;
                last = package.into_iter().next();
            }
            let Some(main) = last else {
                return Err(Verdict::Fail(
                    Cause::Setup,
                    format!("no packages in {}", folder.display()),
                ));
            };
            // The compiler names its output after the first file.
            let object = Path::new(&main).with_extension("o");
            let mut link: Vec<OsString> =
                ["-w", "-o", "a.exe", "-L", "."].map(OsString::from).into();
            link.push(object.into());
            toolchain.link(work, work, &link)?;
            let mut program = toolchain.command(&work.join("a.exe"), work, work);
            program.args(&test.args);
            Ok(judge(&toolchain.run(program)?, 0, &wanted))
        }
    }
}

/// The packages in a folder, each with its files: in the order in which their first files come.
fn packages(folder: &Path) -> Result<Vec<Vec<String>>, String> {
    let files = go_files(folder)
        .map_err(|e| format!("cannot read the folder {}: {e}", folder.display()))?;
    let mut packages: Vec<Vec<String>> = Vec::new();
    let mut places = BTreeMap::new();
    for file in files {
        let path = folder.join(&file);
        let source = fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let source = text(&source);
        let Some(name) = source
            .lines()
            .find_map(|line| line.strip_prefix("package "))
        else {
            return Err(format!("no package clause in {}", path.display()));
        };
        let name: String = name
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let place = *places.entry(name).or_insert_with(|| {
            packages.push(Vec::new());
            packages.len() - 1
        });
        packages[place].push(file);
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_own_list_is_well_formed() {
        Expected::load(None, EXPECTED).unwrap();
    }

    #[test]
    fn packages_come_in_the_order_of_their_first_files() {
        let dir = tempfile::tempdir().unwrap();
        for (file, package) in [
            ("a.go", "zed"),
            ("b.go", "main"),
            ("c.go", "zed"),
            ("d.txt", "no"),
        ] {
            fs::write(
                dir.path().join(file),
                format!("// x\npackage {package} // y\n"),
            )
            .unwrap();
        }
        assert_eq!(
            packages(dir.path()).unwrap(),
            [vec!["a.go", "c.go"], vec!["b.go"]]
        );
    }

    #[test]
    fn tests_are_found_below_the_known_folders_only() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("chan")).unwrap();
        fs::create_dir(dir.path().join("stress")).unwrap();
        let run = "// run\n\npackage main\n";
        for (file, text) in [
            ("b.go", run),
            ("a.go", "// compile\n\npackage p\n"),
            ("chan/c.go", run),
            ("stress/d.go", run),
        ] {
            fs::write(dir.path().join(file), text).unwrap();
        }
        let names: Vec<String> = find(dir.path())
            .unwrap()
            .into_iter()
            .map(|t| t.name)
            .collect();
        assert_eq!(names, ["b.go", "chan/c.go"]);
    }
}
