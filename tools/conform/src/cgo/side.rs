//! A goroot for each C compiler: what of the standard library holds C code is compiled by it, too.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use gort_goroot::Linker;
use gort_goroot::compiler::Language;
use gort_harness::process::{Finished, Limits};
use gort_harness::toolchain::Toolchain;
use gort_harness::verdict::{Verdict, text};
use gort_link::golang::GoInstall;

/// A goroot and its compilers.
pub struct Side {
    toolchain: Toolchain,
    /// As the user would say them.
    cc: String,
    cxx: String,
    /// A folder with the compilers that Go 1.5 itself can use.
    shims: PathBuf,
    /// The stock go command needs these.
    is_stock: bool,
}

/// Variables that would change what is compiled.
const FLAGS: [&str; 7] = [
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_LDFLAGS",
    "GODEBUG",
    "LD_LIBRARY_PATH",
    "PKG_CONFIG",
];

impl Side {
    /// Makes the goroot of a compiler in `scratch`.
    pub fn make(
        scratch: &Path,
        cc: &str,
        go: &GoInstall,
        linker: Linker,
        limits: Limits,
    ) -> Result<Self> {
        let plain = cc.replace('/', "-");
        let name = format!("goroot-{plain}");
        let shims = scratch.join(format!("compilers-{plain}"));
        let executable = std::env::current_exe().context("cannot find gort's own executable")?;
        let link = || -> io::Result<()> {
            fs::create_dir(&shims)?;
            for language in [Language::C, Language::Cxx] {
                std::os::unix::fs::symlink(&executable, shims.join(language.shim()))?;
            }
            Ok(())
        };
        link().with_context(|| format!("cannot fill {}", shims.display()))?;
        let side = Self {
            toolchain: Toolchain::make(scratch, &name, go, linker, limits)?,
            cc: cc.to_string(),
            cxx: cxx(cc),
            shims,
            is_stock: linker == Linker::Stock,
        };
        // In a goroot of gort the first build does this.
        if side.is_stock {
            let mut install = side.go(scratch, scratch);
            install.args(["install", "std"]);
            match side.run(install) {
                Ok(done) if done.success() => {}
                Ok(done) => bail!(
                    "the standard library cannot be built: {}",
                    text(&done.output)
                ),
                Err(verdict) => bail!("the standard library cannot be built: {verdict:?}"),
            }
        }
        Ok(side)
    }

    /// The goroot.
    pub fn goroot(&self) -> &Path {
        self.toolchain.goroot()
    }

    /// `program` in `cwd`, with this compiler for the go command and temporary files in `folder`.
    pub fn command(&self, program: &Path, cwd: &Path, folder: &Path) -> Command {
        let mut command = self.toolchain.command(program, cwd, folder);
        command.env("CGO_ENABLED", "1");
        for name in FLAGS {
            command.env_remove(name);
        }
        for language in [Language::C, Language::Cxx] {
            command.env_remove(language.variable());
            command.env(language.usual_variable(), self.named(language));
        }
        if self.is_stock {
            self.use_shims(&mut command);
        }
        command
    }

    /// Whether linker and runtime are the stock ones.
    pub fn is_stock(&self) -> bool {
        self.is_stock
    }

    fn named(&self, language: Language) -> &str {
        match language {
            Language::C => &self.cc,
            Language::Cxx => &self.cxx,
        }
    }

    /// For a go command that is not the goroot's.
    pub fn use_shims(&self, command: &mut Command) {
        for language in [Language::C, Language::Cxx] {
            command.env(language.usual_variable(), self.shims.join(language.shim()));
            command.env(language.variable(), self.named(language));
        }
    }

    /// The goroot's go command.
    pub fn go(&self, cwd: &Path, folder: &Path) -> Command {
        self.command(&self.goroot().join("bin/go"), cwd, folder)
    }

    /// The C compiler itself.
    pub fn compiler(&self, cwd: &Path, folder: &Path) -> Command {
        self.command(Path::new(&self.cc), cwd, folder)
    }

    /// Runs a program under the limits.
    pub fn run(&self, command: Command) -> Result<Finished, Verdict> {
        self.toolchain.run(command)
    }
}

/// The C++ compiler that belongs to a C compiler: `clang++-15` to `clang-15`.
fn cxx(cc: &str) -> String {
    let (folder, name) = match cc.rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), cc),
    };
    let name = if name.contains("clang") {
        name.replacen("clang", "clang++", 1)
    } else if name.contains("gcc") {
        name.replacen("gcc", "g++", 1)
    } else {
        "c++".to_string()
    };
    folder + &name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_come_in_pairs() {
        for (cc, expected) in [
            ("gcc", "g++"),
            ("clang", "clang++"),
            ("/opt/gcc/bin/gcc-12", "/opt/gcc/bin/g++-12"),
            ("clang-15", "clang++-15"),
            ("tcc", "c++"),
        ] {
            assert_eq!(cxx(cc), expected);
        }
    }
}
