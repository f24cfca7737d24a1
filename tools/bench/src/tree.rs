//! Suites of benchmarks in the Go tree itself, read from the user's installation. Nothing of them
//! is kept here.
//!
//! Each becomes a package of its own in a GOPATH, so that the same sources can be compiled by
//! another Go as well. Where a file uses what a package exports to its own tests only, a package of
//! ours stands in for it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use gort_harness::excerpt::{self, Hooks};

/// A package of the Go tree whose benchmarks can be run.
struct Package {
    /// Name in the names of benchmarks; also the package's path below `tree/`.
    name: &'static str,
    /// Suite that it belongs to.
    suite: &'static str,
    /// Folder in the Go tree.
    folder: &'static str,
    /// What is taken from it.
    take: Take,
}

enum Take {
    /// All files: a package of its own already.
    All,
    /// The benchmarks in these test files, which belong to the package NAME_test.
    Benchmarks {
        files: &'static [&'static str],
        /// Beginnings of the names of benchmarks that need more than that.
        without: &'static [&'static str],
        /// Files for Go 1.5 only: a later runtime has nothing of what they call.
        only_go15: &'static [&'static str],
        /// Files of the package of hooks.
        hooks: &'static [(&'static str, &'static str)],
    },
}

/// Names of the suites, as on the command line.
pub const SUITES: [&str; 4] = ["runtime", "sync", "container", "go1"];

const PACKAGES: [Package; 5] = [
    Package {
        name: "runtime",
        suite: "runtime",
        folder: "src/runtime",
        take: Take::Benchmarks {
            files: &[
                "append", "chan", "closure", "complex", "gc", "iface", "malloc", "map", "mapspeed",
                "memmove", "mfinal", "norace", "proc", "runtime", "stack", "string",
            ],
            // It takes the inside of the stock collector.
            without: &["BenchmarkSetType"],
            only_go15: &["norace"],
            hooks: RUNTIME_HOOKS,
        },
    },
    Package {
        name: "sync",
        suite: "sync",
        folder: "src/sync",
        take: Take::Benchmarks {
            files: &[
                "cond",
                "mutex",
                "once",
                "pool",
                "runtime_sema",
                "rwmutex",
                "waitgroup",
            ],
            without: &[],
            only_go15: &[],
            hooks: SYNC_HOOKS,
        },
    },
    Package {
        name: "atomic",
        suite: "sync",
        folder: "src/sync/atomic",
        take: Take::Benchmarks {
            files: &["value"],
            without: &[],
            only_go15: &[],
            hooks: &[("hooks.go", "package atomic\n")],
        },
    },
    // The other packages of container have no benchmarks.
    Package {
        name: "heap",
        suite: "container",
        folder: "src/container/heap",
        take: Take::All,
    },
    Package {
        name: "go1",
        suite: "go1",
        folder: "test/bench/go1",
        take: Take::All,
    },
];

/// First lines of a file for Go 1.5 only: as later ones read them and as it does. They replace what
/// the file says itself, since the two must say the same.
const ONLY_GO15: &str = "//go:build !go1.6\n// +build !go1.6\n\n";

/// What package runtime exports to its own tests only.
const RUNTIME_HOOKS: &[(&str, &str)] = &[
    (
        "hooks.go",
        r"// Package runtime stands for what package runtime exports to its own tests only.
package runtime

const Hooked = true

// MemclrBytes clears b; the compiler makes one call of the loop.
func MemclrBytes(b []byte) {
	for i := range b {
		b[i] = 0
	}
}
",
    ),
    (
        "syscall.go",
        r"//go:build !go1.6
// +build !go1.6

package runtime

import _ `unsafe`

//go:linkname entersyscall runtime.entersyscall
func entersyscall(dummy int32)

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall(dummy int32)

var Entersyscall, Exitsyscall = entersyscall, exitsyscall
",
    ),
];

/// What package sync exports to its own tests only.
const SYNC_HOOKS: &[(&str, &str)] = &[
    (
        "hooks.go",
        r"// Package sync stands for what package sync exports to its own tests only.
package sync

import _ `unsafe`

const Hooked = true

//go:linkname semacquire sync.runtime_Semacquire
func semacquire(s *uint32)

var Runtime_Semacquire = semacquire
",
    ),
    (
        "release.go",
        r"//go:build !go1.6
// +build !go1.6

package sync

import _ `unsafe`

//go:linkname semrelease sync.runtime_Semrelease
func semrelease(s *uint32)

var Runtime_Semrelease = semrelease
",
    ),
    (
        "release_later.go",
        r"//go:build go1.6
// +build go1.6

package sync

import _ `unsafe`

//go:linkname semrelease sync.runtime_Semrelease
func semrelease(s *uint32, handoff bool, skipframes int)

func Runtime_Semrelease(s *uint32) { semrelease(s, false, 0) }
",
    ),
];

/// A package ready to be written to a GOPATH.
#[derive(Debug)]
pub struct Prepared {
    /// First part of the names of its benchmarks.
    pub name: String,
    /// Import path.
    pub import: String,
    /// Names and contents.
    pub files: Vec<(String, String)>,
}

/// Reads the packages of a suite from the Go tree at `root`.
pub fn suite(root: &Path, suite: &str) -> Result<Vec<Prepared>> {
    PACKAGES
        .iter()
        .filter(|package| package.suite == suite)
        .map(|package| prepare(root, package))
        .collect()
}

fn prepare(root: &Path, package: &Package) -> Result<Prepared> {
    let folder = root.join(package.folder);
    let import = format!("tree/{}", package.name);
    let files = match &package.take {
        Take::All => all_files(&folder)?,
        Take::Benchmarks {
            files,
            without,
            only_go15,
            hooks,
        } => {
            let mut sources = Vec::new();
            for stem in *files {
                let name = format!("{stem}_test.go");
                // Releases of Go differ in a file or two.
                if folder.join(&name).exists() {
                    sources.push((name.clone(), read(&folder.join(name))?));
                }
            }
            let path = package.folder.trim_start_matches("src/");
            let hooked = Hooks::new(path, &import, hooks.iter().map(|(_, text)| *text));
            let wanted = |name: &str| {
                name.starts_with("Benchmark")
                    && !without.iter().any(|start| name.starts_with(start))
            };
            let mut files = excerpt::excerpt(&sources, &wanted, Some(&hooked));
            for (name, text) in &mut files {
                if only_go15
                    .iter()
                    .any(|stem| *name == format!("{stem}_test.go"))
                {
                    let lines = text.lines().filter(|line| !line.starts_with("// +build"));
                    *text = ONLY_GO15.to_string() + &lines.collect::<Vec<_>>().join("\n");
                }
            }
            if !files.is_empty() {
                let hooks = hooks.iter();
                files.extend(hooks.map(|(name, text)| (name.to_string(), text.to_string())));
                // Functions without a body need an assembly file beside them.
                files.push(("empty.s".to_string(), String::new()));
            }
            files
        }
    };
    if files.is_empty() {
        bail!("no benchmarks were found in {}", folder.display());
    }
    Ok(Prepared {
        name: package.name.to_string(),
        import,
        files,
    })
}

/// Reads the Go files of a folder, but for examples, which are no benchmarks.
pub fn all_files(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry
            .with_context(|| format!("cannot read {}", folder.display()))?
            .path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && name.ends_with(".go")
            && !name.starts_with("example_")
        {
            files.push((name.to_string(), read(&path)?));
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
