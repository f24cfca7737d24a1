//! Which benchmarks there are: what has to be built, and what each executable is run for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::measure::Clock;
use super::source::{self, Directives};
use super::tree::{self, Prepared};

/// Something to build once for each side.
#[derive(Debug)]
pub struct Unit {
    /// Name of the program or of the package, first part of the names of its benchmarks.
    pub name: String,
    /// What it is built from.
    pub source: Source,
    /// What it is run for; never empty.
    pub benchmarks: Vec<Benchmark>,
}

/// What an executable is built from.
#[derive(Debug)]
pub enum Source {
    /// A file of package main.
    Program(PathBuf),
    /// A package of test files, to be put into a GOPATH under this import path.
    Package {
        /// Import path.
        import: String,
        /// Names and contents.
        files: Vec<(String, String)>,
    },
}

/// One benchmark: one process in each round on each side.
#[derive(Debug)]
pub struct Benchmark {
    /// As in tables and filters.
    pub name: String,
    /// Arguments of the executable.
    pub args: Vec<String>,
    /// Where its time is taken from.
    pub clock: Clock,
    /// What its source says.
    pub directives: Directives,
}

/// The benchmarks of ours in the folder `dir`, in the order of their names.
pub fn own(dir: &Path) -> Result<Vec<Unit>> {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the folder of benchmarks {}", dir.display()))?
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    let mut units = Vec::new();
    for path in entries {
        if path.extension().is_some_and(|e| e == "go") {
            units.push(program(path)?);
        } else if path.is_dir() {
            let files = tree::all_files(&path)?;
            if !files.is_empty() {
                let name = name(&path)?;
                let import = format!("own/{name}");
                units.push(package(Prepared {
                    name,
                    import,
                    files,
                })?);
            }
        }
    }
    if units.is_empty() {
        bail!("there are no Go programs in {}", dir.display());
    }
    Ok(units)
}

/// A program that is one benchmark.
fn program(path: PathBuf) -> Result<Unit> {
    let name = name(&path)?;
    let directives =
        source::program(&read(&path)?).map_err(|why| anyhow!("{}: {why}", path.display()))?;
    Ok(Unit {
        benchmarks: vec![Benchmark {
            name: name.clone(),
            args: Vec::new(),
            clock: Clock::Wall,
            directives,
        }],
        name,
        source: Source::Program(path),
    })
}

/// The benchmarks of a suite of the Go tree at `root`.
pub fn tree(root: &Path, suite: &str) -> Result<Vec<Unit>> {
    tree::suite(root, suite)?.into_iter().map(package).collect()
}

/// A package with a benchmark for each benchmark function. Each runs in a process of its own.
fn package(prepared: Prepared) -> Result<Unit> {
    let mut benchmarks = Vec::new();
    for (file, text) in &prepared.files {
        let functions =
            source::functions(text).map_err(|why| anyhow!("{}/{file}: {why}", prepared.import))?;
        for function in functions {
            let short = function.name.trim_start_matches("Benchmark");
            benchmarks.push(Benchmark {
                name: format!("{}/{short}", prepared.name),
                args: vec![
                    "-test.run=^$".to_string(),
                    format!("-test.bench=^{}$", function.name),
                ],
                clock: Clock::Testing,
                directives: function.directives,
            });
        }
    }
    if benchmarks.is_empty() {
        bail!("there are no benchmark functions in {}", prepared.import);
    }
    Ok(Unit {
        name: prepared.name,
        source: Source::Package {
            import: prepared.import,
            files: prepared.files,
        },
        benchmarks,
    })
}

/// The name of a file or a folder, without extension.
fn name(path: &Path) -> Result<String> {
    path.file_stem()
        .and_then(|name| name.to_str())
        .map(str::to_string)
        .with_context(|| format!("{} has no name that can be shown", path.display()))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
