//! Which benchmarks there are: what has to be built, and what each executable is run for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use super::measure::Clock;
use super::source::{self, Directives};
use super::target::Target;
use super::tree::{self, Prepared};
use gort_harness::excerpt;

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
    /// Does it start goroutines? Then the number of Ps matters.
    pub threads: bool,
    /// What its source says.
    pub directives: Directives,
}

/// Words of a source that starts goroutines.
const THREADS: [&str; 4] = ["go", "RunParallel", "AfterFunc", "GOMAXPROCS"];

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

/// The benchmarks of the program in the folder `name` below `dir`, one for each combination of
/// flags in its table.
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
                threads: true,
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
    let text = read(&path)?;
    let directives = source::program(&text).map_err(|why| anyhow!("{}: {why}", path.display()))?;
    let files = [(name.clone(), text)];
    Ok(Unit {
        benchmarks: vec![Benchmark {
            name: name.clone(),
            args: Vec::new(),
            clock: Clock::Wall,
            threads: excerpt::mentions(&files, &|function| function == "main", &THREADS),
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

/// What a line of the file of targets says.
#[derive(Deserialize)]
#[serde(untagged)]
enum Aims {
    One(String),
    Several(Vec<String>),
}

/// Name that stands for all benchmarks of a table.
const EVERY: &str = "*";

/// Gives benchmarks the targets in `text`: a table for each package, `NAME = "METRIC ..."` for each
/// of its benchmarks, or a list of such. A target of one benchmark replaces those of all on the
/// same metric.
fn aim(units: &mut [Unit], text: &str) -> Result<()> {
    let tables: BTreeMap<String, BTreeMap<String, Aims>> = toml::from_str(text)?;
    for unit in units {
        // The name for all sorts before every other.
        for (short, aims) in tables.get(&unit.name).into_iter().flatten() {
            let name = format!("{}/{short}", unit.name);
            let aims = match aims {
                Aims::One(aim) => std::slice::from_ref(aim),
                Aims::Several(aims) => aims,
            };
            let mut aimed = unit
                .benchmarks
                .iter_mut()
                .filter(|b| short == EVERY || b.name == name)
                .peekable();
            if aimed.peek().is_none() {
                bail!("there is no benchmark {name}");
            }
            let targets: Vec<Target> = aims
                .iter()
                .map(|aim| Target::parse(aim))
                .collect::<Result<_, _>>()
                .map_err(|why| anyhow!("{name}: {why}"))?;
            for benchmark in aimed {
                let stated = &mut benchmark.directives.targets;
                stated.retain(|old| targets.iter().all(|new| new.metric != old.metric));
                stated.extend(targets.iter().cloned());
            }
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
                threads: excerpt::mentions(
                    &prepared.files,
                    &|name| name == function.name,
                    &THREADS,
                ),
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
    fn a_target_for_all_holds_unless_one_has_its_own() {
        let mut units = [unit()];
        aim(
            &mut units,
            "[runtime]\n\"*\" = [\"time 0.77\", \"cpu 1\"]\n",
        )
        .unwrap();
        let of = |text: &str| Target::parse(text).unwrap();
        assert_eq!(
            units[0].benchmarks[0].directives.targets,
            [of("time 0.77"), of("cpu 1")]
        );
        aim(
            &mut units,
            "[runtime]\n\"*\" = \"time 0.77\"\nX = \"time 2\"\n",
        )
        .unwrap();
        assert_eq!(
            units[0].benchmarks[0].directives.targets,
            [of("cpu 1"), of("time 2")]
        );
    }

    #[test]
    fn each_combination_of_a_table_is_a_benchmark() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("many");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("main.go"), "package main\n").unwrap();
        fs::write(
            folder.join("rows.go"),
            "package main\n\nvar rows = []row{\n\t{\"Lock\", \"load=1,2 work=short\", lock},\n}\n",
        )
        .unwrap();
        let units = many(dir.path(), "many").unwrap();
        let names: Vec<&str> = units[0].benchmarks.iter().map(|b| &b.name[..]).collect();
        assert_eq!(
            names,
            ["many/Lock/load=1/work=short", "many/Lock/load=2/work=short"]
        );
        assert_eq!(
            units[0].benchmarks[1].args,
            ["-row", "Lock", "-load", "2", "-work", "short"]
        );
        assert!(units[0].benchmarks[0].threads);
        let Source::Program(files) = &units[0].source else {
            panic!("it is a program");
        };
        assert_eq!(files.len(), 2);
        // It is no package of benchmark functions.
        fs::write(
            dir.path().join("one.go"),
            "package main\n\nfunc main() {}\n",
        )
        .unwrap();
        let own = own(dir.path()).unwrap();
        assert_eq!(own.len(), 1);
        assert!(!own[0].benchmarks[0].threads);
    }

    #[test]
    fn a_target_without_benchmark_is_an_error() {
        let why = aim(&mut [unit()], "[runtime]\nGone = \"time 1\"\n").unwrap_err();
        assert_eq!(why.to_string(), "there is no benchmark runtime/Gone");
        assert!(aim(&mut [unit()], "[runtime]\nX = \"time\"\n").is_err());
    }
}
