//! Executables from one set of objects: compiled once by Go 1.5, linked by gort's linker and by the stock one.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Result;

use super::catalog::{Source, Unit};
use crate::conform::process::Limits;
use crate::conform::toolchain::Toolchain;
use crate::conform::verdict::Verdict;
use crate::golang::GoInstall;
use crate::goroot::Linker;

/// Who makes the executable and runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The linker and the runtime of Go 1.5.
    Stock,
    /// Ours.
    Gort,
    /// Another Go: its own compiler, linker and runtime.
    Current,
}

impl Side {
    /// Name of its column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Gort => "gort",
            Self::Current => "current",
        }
    }
}

/// Executables of one unit, one for each side; where there is none, the reason.
#[derive(Debug, Clone)]
pub struct Built {
    executables: Vec<(Side, Result<PathBuf, String>)>,
}

impl Built {
    /// The executable of a side.
    pub fn on(&self, side: Side) -> Result<&Path, &str> {
        match self.executables.iter().find(|(of, _)| *of == side) {
            Some((_, Ok(path))) => Ok(path),
            Some((_, Err(why))) => Err(why),
            None => Err("not built"),
        }
    }
}

/// What builds.
pub struct Builder {
    /// Its goroot has gort's linker; the stock linker reads the same packages.
    gort: Toolchain,
    stock_linker: PathBuf,
}

impl Builder {
    /// Makes a goroot below `scratch`.
    pub fn new(scratch: &Path, go: &GoInstall, limits: Limits) -> Result<Self> {
        Ok(Self {
            gort: Toolchain::make(scratch, "goroot", go, Linker::Gort, limits)?,
            stock_linker: go.tool("link"),
        })
    }

    /// Builds a unit in `folder`, which it makes.
    pub fn build(&self, unit: &Unit, folder: &Path) -> Built {
        let built = fs::create_dir_all(folder)
            .map_err(|e: io::Error| format!("cannot make {}: {e}", folder.display()))
            .and_then(|()| match &unit.source {
                Source::Program(file) => self.program(file, folder),
            });
        built.unwrap_or_else(|why| Built {
            executables: vec![(Side::Stock, Err(why.clone())), (Side::Gort, Err(why))],
        })
    }

    /// Compiles a file of package main, links it twice.
    fn program(&self, file: &Path, folder: &Path) -> Result<Built, String> {
        let archive = folder.join("main.a");
        let source = file
            .to_str()
            .ok_or_else(|| format!("{} is not a name for the compiler", file.display()))?;
        self.gort
            .compile_main(folder, folder, &archive, &[source.to_string()])
            .map_err(reason)?;
        let link = |name: &str, linker: &Path| {
            let exe = folder.join(name);
            self.gort
                .link_main_with(linker, folder, folder, &archive, &exe)
                .map(|()| exe)
                .map_err(reason)
        };
        Ok(Built {
            executables: vec![
                (Side::Stock, link("stock", &self.stock_linker)),
                (Side::Gort, link("gort", &self.gort.tool_path("link"))),
            ],
        })
    }
}

/// Why a step of a build failed, for a person.
fn reason(verdict: Verdict) -> String {
    match verdict {
        Verdict::Fail(cause, detail) => format!("{cause}\n{}", detail.trim_end()),
        Verdict::Skip(why) => why,
        Verdict::Pass => String::new(),
    }
}
