//! Which benchmarks there are: what has to be built, and what each executable is run for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::measure::Clock;
use super::source::{self, Directives};
use super::target::Target;
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
    /// The files of package main.
    Program(Vec<PathBuf>),
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
        } else if path.is_dir() && !path.join(TABLE).exists() {
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

/// File of a program that has a benchmark for each row of a table; see [`source::table`].
const TABLE: &str = "rows.go";

/// The benchmarks of the program in the folder `name` below `dir`, one for each combination of flags in its table.
pub fn many(dir: &Path, name: &str) -> Result<Vec<Unit>> {
    let folder = dir.join(name);
    let table = folder.join(TABLE);
    let rows =
        source::table(&read(&table)?).map_err(|why| anyhow!("{}: {why}", table.display()))?;
    let mut benchmarks = Vec::new();
    for row in &rows {
        for chosen in row.combinations() {
            let mut benchmark = Benchmark {
                name: format!("{name}/{}", row.name),
                args: vec!["-row".to_string(), row.name.clone()],
                clock: Clock::Own,
                directives: Directives::default(),
            };
            for (flag, value) in chosen {
                let _ = write!(benchmark.name, "/{flag}={value}");
                benchmark
                    .args
                    .extend([format!("-{flag}"), value.to_string()]);
            }
            benchmarks.push(benchmark);
        }
    }
    let files = tree::all_files(&folder)?
        .into_iter()
        .map(|(file, _)| folder.join(file));
    let mut units = [Unit {
        name: name.to_string(),
        source: Source::Program(files.collect()),
        benchmarks,
    }];
    aim_all(&mut units, dir)?;
    Ok(units.into())
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
        source: Source::Program(vec![path]),
    })
}

/// File in the folder of our benchmarks that says what those of the Go tree are meant to reach.
const TARGETS: &str = "targets.toml";

/// The benchmarks of a suite of the Go tree at `root`; `dir` is the folder of ours.
pub fn tree(root: &Path, suite: &str, dir: &Path) -> Result<Vec<Unit>> {
    let mut units = tree::suite(root, suite)?
        .into_iter()
        .map(package)
        .collect::<Result<Vec<_>>>()?;
    aim_all(&mut units, dir)?;
    Ok(units)
}

/// Gives benchmarks the targets in the folder of ours, if it has any.
fn aim_all(units: &mut [Unit], dir: &Path) -> Result<()> {
    let path = dir.join(TARGETS);
    if path.exists() {
        aim(units, &read(&path)?).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Gives benchmarks whose sources are not ours the targets in `text`: a table for each package, `NAME = "METRIC ..."` for each of its benchmarks.
fn aim(units: &mut [Unit], text: &str) -> Result<()> {
    let tables: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(text)?;
    for unit in units {
        for (short, target) in tables.get(&unit.name).into_iter().flatten() {
            let name = format!("{}/{short}", unit.name);
            let benchmark = unit
                .benchmarks
                .iter_mut()
                .find(|b| b.name == name)
                .with_context(|| format!("there is no benchmark {name}"))?;
            let target = Target::parse(target).map_err(|why| anyhow!("{name}: {why}"))?;
            benchmark.directives.targets.push(target);
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Unit {
        package(Prepared {
            name: "runtime".into(),
            import: "tree/runtime".into(),
            files: vec![(
                "x_test.go".into(),
                "func BenchmarkX(b *testing.B) {\n}\n".into(),
            )],
        })
        .unwrap()
    }

    #[test]
    fn targets_reach_benchmarks_that_are_not_ours() {
        let mut units = [unit()];
        aim(
            &mut units,
            "[runtime]\nX = \"time 1/1.5\"\n[sync]\nY = \"time 1\"\n",
        )
        .unwrap();
        assert_eq!(
            units[0].benchmarks[0].directives.targets,
            [Target::parse("time 1/1.5").unwrap()]
        );
    }

    #[test]
    fn a_target_without_benchmark_is_an_error() {
        let why = aim(&mut [unit()], "[runtime]\nGone = \"time 1\"\n").unwrap_err();
        assert_eq!(why.to_string(), "there is no benchmark runtime/Gone");
        assert!(aim(&mut [unit()], "[runtime]\nX = \"time\"\n").is_err());
    }
}
