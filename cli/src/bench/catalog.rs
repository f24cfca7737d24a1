//! Which benchmarks there are: what has to be built, and what each executable is run for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::measure::Clock;
use super::source::{self, Directives};

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
        }
    }
    if units.is_empty() {
        bail!("there are no Go programs in {}", dir.display());
    }
    Ok(units)
}

/// A program that is one benchmark.
fn program(path: PathBuf) -> Result<Unit> {
    let name = path
        .file_stem()
        .and_then(|name| name.to_str())
        .with_context(|| format!("{} has no name that can be shown", path.display()))?
        .to_string();
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

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
