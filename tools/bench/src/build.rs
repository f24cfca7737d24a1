//! Executables from one set of objects: compiled once by Go 1.5, linked by gort's linker and by the
//! stock one.
//!
//! For packages of test files the go command does the work, with a script between it and its tools:
//! where it would link, the script links the same files with each linker and library. Another Go,
//! if there is one, compiles the same sources itself.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use anyhow::{Context, Result};

use super::catalog::{Source, Unit};
use super::current::CurrentGo;
use super::measure::with_tail;
use gort_goroot::Linker;
use gort_harness::process::{self, Limits};
use gort_harness::toolchain::Toolchain;
use gort_harness::verdict::Verdict;
use gort_link::golang::GoInstall;

/// Who makes the executable and runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The linker and the runtime of Go 1.5.
    Stock,
    /// Ours.
    Gort,
    /// Our linker with another `libgort.a`.
    Against,
    /// Another Go: its own compiler, linker and runtime.
    Current,
}

impl Side {
    /// Its name, also that of the executable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Gort => "gort",
            Self::Against => "against",
            Self::Current => "current",
        }
    }
}

/// The executable of one side, or the reason why there is none.
pub type Executable = (Side, Result<PathBuf, String>);

/// What builds.
pub struct Builder<'a> {
    /// Its goroot has gort's linker; the stock linker reads the same packages.
    gort: Toolchain,
    stock_linker: PathBuf,
    /// The other library.
    against: Option<&'a Path>,
    current: Option<&'a CurrentGo>,
    limits: Limits,
    gopath: PathBuf,
    /// Of the current Go.
    cache: PathBuf,
    /// Stands between the go command and its tools.
    links_all: PathBuf,
}

/// `$1` is the tool. Of a call of the linker the argument after `-o` is the executable:
/// `$GORT_BENCH_OUT` gets gort's, `$GORT_BENCH_AGAINST_OUT` that with the library
/// `$GORT_BENCH_AGAINST`.
const LINKS_ALL: &str = r#"#!/bin/sh
case $1 in
*/link)
    for arg; do
        [ "$before" = -o ] && out=$arg
        before=$arg
    done
    # What gort cannot link has its reason in the file; the stock runtime is measured all the same.
    if "$@" >"$GORT_BENCH_OUT.log" 2>&1; then mv "$out" "$GORT_BENCH_OUT"; fi
    if [ -n "$GORT_BENCH_AGAINST" ]; then
        if GORT_LIB=$GORT_BENCH_AGAINST "$@" >"$GORT_BENCH_AGAINST_OUT.log" 2>&1; then mv "$out" "$GORT_BENCH_AGAINST_OUT"; fi
    fi
    shift
    exec "$GORT_BENCH_STOCK" "$@"
    ;;
esac
exec "$@"
"#;

impl<'a> Builder<'a> {
    /// Makes a goroot below `scratch`, and a GOPATH.
    pub fn new(
        scratch: &Path,
        go: &GoInstall,
        against: Option<&'a Path>,
        current: Option<&'a CurrentGo>,
        limits: Limits,
    ) -> Result<Self> {
        let links_all = scratch.join("links-all");
        fs::write(&links_all, LINKS_ALL)
            .and_then(|()| fs::set_permissions(&links_all, fs::Permissions::from_mode(0o755)))
            .with_context(|| format!("cannot write {}", links_all.display()))?;
        Ok(Self {
            gort: Toolchain::make(scratch, "goroot", go, Linker::Gort, limits)?,
            stock_linker: go.tool("link"),
            against,
            current,
            limits,
            gopath: scratch.join("gopath"),
            cache: scratch.join("cache"),
            links_all,
        })
    }

    /// Builds a unit in `folder`, which it makes.
    pub fn build(&self, unit: &Unit, folder: &Path) -> Vec<Executable> {
        let built = fs::create_dir_all(folder)
            .map_err(|e| cannot_make(folder, &e))
            .and_then(|()| match &unit.source {
                Source::Program(files) => self.program(files, folder),
                Source::Package { import, files } => self.package(import, files, folder),
            });
        let mut built = built.unwrap_or_else(|why| {
            let sides = self.linked();
            sides.map(|side| (side, Err(why.clone()))).collect()
        });
        if let Some(current) = self.current {
            built.push((
                Side::Current,
                self.with_current(current, &unit.source, folder),
            ));
        }
        built
    }

    /// The sides that are linked from the same objects.
    fn linked(&self) -> impl Iterator<Item = Side> + use<> {
        let against = self.against.map(|_| Side::Against);
        [Side::Stock, Side::Gort].into_iter().chain(against)
    }

    /// Compiles the files of package main, links them for each side.
    fn program(&self, files: &[PathBuf], folder: &Path) -> Result<Vec<Executable>, String> {
        let archive = folder.join("main.a");
        let sources = files
            .iter()
            .map(|file| {
                file.to_str()
                    .map(str::to_string)
                    .ok_or_else(|| format!("{} is not a name for the compiler", file.display()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.gort
            .compile_main(folder, folder, &archive, &sources)
            .map_err(reason)?;
        let ours = self.gort.tool_path("link");
        let link = |side: Side| {
            let exe = folder.join(side.name());
            let (linker, library) = match side {
                Side::Stock => (&self.stock_linker, None),
                Side::Against => (&ours, self.against),
                Side::Gort | Side::Current => (&ours, None),
            };
            let linked = self
                .gort
                .link_main_with(linker, library, folder, &archive, &exe);
            (side, linked.map(|()| exe).map_err(reason))
        };
        Ok(self.linked().map(link).collect())
    }

    /// Puts a package into the GOPATH and makes its test program for each side.
    fn package(
        &self,
        import: &str,
        files: &[(String, String)],
        folder: &Path,
    ) -> Result<Vec<Executable>, String> {
        let home = self.gopath.join("src").join(import);
        fs::create_dir_all(&home).map_err(|e| cannot_make(&home, &e))?;
        for (name, text) in files {
            let file = home.join(name);
            fs::write(&file, text).map_err(|e| cannot_make(&file, &e))?;
        }
        let [stock, gort, against] =
            [Side::Stock, Side::Gort, Side::Against].map(|side| folder.join(side.name()));
        let mut command = self.gort.go_command(&home, folder);
        command
            .env("GOPATH", &self.gopath)
            .env("GORT_BENCH_OUT", &gort)
            .env("GORT_BENCH_AGAINST", self.against.unwrap_or(Path::new("")))
            .env("GORT_BENCH_AGAINST_OUT", &against)
            .env("GORT_BENCH_STOCK", &self.stock_linker)
            .args(["test", "-c", "-toolexec"])
            .arg(&self.links_all)
            .arg("-o")
            .arg(&stock)
            .arg(import);
        self.step(command)?;
        let linked = |exe: PathBuf| {
            if exe.exists() {
                return Ok(exe);
            }
            let log = exe.with_extension("log");
            let text = fs::read_to_string(&log).map_err(|e| cannot_make(&log, &e))?;
            Err(format!("link error\n{}", text.trim_end()))
        };
        let mut built = vec![(Side::Stock, Ok(stock)), (Side::Gort, linked(gort))];
        if self.against.is_some() {
            built.push((Side::Against, linked(against)));
        }
        Ok(built)
    }

    /// The same with the other Go.
    fn with_current(
        &self,
        current: &CurrentGo,
        source: &Source,
        folder: &Path,
    ) -> Result<PathBuf, String> {
        let exe = folder.join(Side::Current.name());
        let mut command = current.command(&self.gopath, &self.cache);
        command.env("TMPDIR", folder);
        match source {
            Source::Program(files) => {
                command.current_dir(folder).arg("build");
                command
                    .args(current.flags())
                    .arg("-o")
                    .arg(&exe)
                    .args(files);
            }
            Source::Package { import, .. } => {
                command
                    .current_dir(self.gopath.join("src").join(import))
                    .args(["test", "-c"]);
                command
                    .args(current.flags())
                    .arg("-o")
                    .arg(&exe)
                    .arg(import);
            }
        }
        self.step(command)?;
        Ok(exe)
    }

    /// Runs a go command.
    fn step(&self, command: Command) -> Result<(), String> {
        let done = process::run(command, self.limits)
            .map_err(|e| format!("cannot run the go command: {e}"))?;
        if done.success() {
            Ok(())
        } else {
            Err(with_tail("cannot build it", &done))
        }
    }
}

fn cannot_make(path: &Path, error: &io::Error) -> String {
    format!("cannot make {}: {error}", path.display())
}

/// Why a step of a build failed, for a person.
fn reason(verdict: Verdict) -> String {
    match verdict {
        Verdict::Fail(cause, detail) => format!("{cause}\n{}", detail.trim_end()),
        Verdict::Skip(why) => why,
        Verdict::Pass => String::new(),
    }
}
