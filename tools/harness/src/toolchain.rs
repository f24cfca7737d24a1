//! A goroot made for one run of a suite, and the commands that use it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{self, Finished, Limits};
use crate::verdict::{Cause, Verdict, judge_step};
use gort_goroot::Linker;
use gort_link::golang::GoInstall;

/// Compiler, linker and environment of a run.
pub struct Toolchain {
    goroot: PathBuf,
    path: OsString,
    limits: Limits,
}

impl Toolchain {
    /// Makes a goroot with the given linker in `scratch`.
    ///
    /// Its folder `test` is a copy: some programs there write beside themselves, and the
    /// installation stays as it is.
    pub fn make(
        scratch: &Path,
        name: &str,
        go: &GoInstall,
        linker: Linker,
        limits: Limits,
    ) -> Result<Self> {
        let goroot = scratch.join(name);
        gort_goroot::make(&goroot, go, linker)?;
        let mut path = goroot.join("bin").into_os_string();
        if let Some(rest) = env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        Ok(Self {
            goroot,
            path,
            limits,
        })
    }

    /// Its top folder.
    pub fn goroot(&self) -> &Path {
        &self.goroot
    }

    /// Replaces the link to the tests of the Go tree by a copy and returns its path.
    pub fn copy_tests(&self, go: &GoInstall) -> Result<PathBuf> {
        let (from, to) = (go.root.join("test"), self.goroot.join("test"));
        let replace = || -> io::Result<()> {
            fs::remove_file(&to)?;
            copy_folder(&from, &to)
        };
        replace().with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        Ok(to)
    }

    /// `program`, to be run in `cwd` with the goroot's go command first in PATH and temporary files
    /// in `folder`.
    pub fn command(&self, program: &Path, cwd: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(cwd)
            // The Go programs prefer this name for the current folder when it is right.
            .env("PWD", cwd)
            .env("GOROOT", &self.goroot)
            .env("PATH", &self.path)
            .env("GOOS", "linux")
            .env("GOARCH", "amd64")
            // Executables are static: no package may come from its C half.
            .env("CGO_ENABLED", "0")
            .env("TMPDIR", folder)
            .env_remove("GOBIN")
            .env_remove("GOPATH");
        command
    }

    /// The goroot's go command.
    pub fn go_command(&self, cwd: &Path, folder: &Path) -> Command {
        self.command(&self.goroot.join("bin/go"), cwd, folder)
    }

    /// Runs a program under the limits.
    pub fn run(&self, command: Command) -> Result<Finished, Verdict> {
        let name = command.get_program().to_owned();
        process::run(command, self.limits).map_err(|e| {
            Verdict::Fail(
                Cause::Setup,
                format!("cannot run {}: {e}", Path::new(&name).display()),
            )
        })
    }

    /// Runs the compiler in `cwd`.
    pub fn compile(&self, cwd: &Path, folder: &Path, args: &[OsString]) -> Result<(), Verdict> {
        self.tool("compile", Cause::CompileError, cwd, folder, args)
    }

    /// Runs the linker in `cwd`.
    pub fn link(&self, cwd: &Path, folder: &Path, args: &[OsString]) -> Result<(), Verdict> {
        self.tool("link", Cause::LinkError, cwd, folder, args)
    }

    fn tool(
        &self,
        name: &str,
        cause: Cause,
        cwd: &Path,
        folder: &Path,
        args: &[OsString],
    ) -> Result<(), Verdict> {
        self.program(&self.tool_path(name), cause, cwd, folder, args)
    }

    /// Path of a tool of the goroot.
    pub fn tool_path(&self, name: &str) -> PathBuf {
        self.goroot.join(GoInstall::tools_folder()).join(name)
    }

    fn program(
        &self,
        path: &Path,
        cause: Cause,
        cwd: &Path,
        folder: &Path,
        args: &[OsString],
    ) -> Result<(), Verdict> {
        let mut command = self.command(path, cwd, folder);
        command.args(args);
        self.step(command, cause)
    }

    fn step(&self, command: Command, cause: Cause) -> Result<(), Verdict> {
        let done = self.run(command)?;
        judge_step(&done, cause).map_or(Ok(()), Err)
    }

    /// Compiles sources as `go run` does and links them: the executable is `folder/NAME.exe`.
    /// Sources are relative to `cwd`.
    pub fn build(
        &self,
        cwd: &Path,
        folder: &Path,
        name: &str,
        sources: &[String],
    ) -> Result<PathBuf, Verdict> {
        let archive = folder.join(format!("{name}.a"));
        self.compile_main(cwd, folder, &archive, sources)?;
        let exe = folder.join(format!("{name}.exe"));
        self.link_main(cwd, folder, &archive, &exe)?;
        Ok(exe)
    }

    /// Compiles the sources of a main package into an archive.
    pub fn compile_main(
        &self,
        cwd: &Path,
        folder: &Path,
        archive: &Path,
        sources: &[String],
    ) -> Result<(), Verdict> {
        // Local imports are relative to the folder of the sources.
        let mut base = OsString::from("_");
        base.push(cwd);
        let mut args: Vec<OsString> = [
            "-trimpath".into(),
            folder.into(),
            "-p".into(),
            "main".into(),
        ]
        .into();
        args.extend([
            "-complete".into(),
            "-D".into(),
            base,
            "-I".into(),
            folder.into(),
        ]);
        args.extend(["-o".into(), archive.into(), "-pack".into()]);
        args.extend(sources.iter().map(|source| {
            if source.starts_with('/') {
                OsString::from(source)
            } else {
                OsString::from(format!("./{source}"))
            }
        }));
        self.compile(cwd, folder, &args)
    }

    /// Links an archive of package main as `go run` does.
    pub fn link_main(
        &self,
        cwd: &Path,
        folder: &Path,
        archive: &Path,
        exe: &Path,
    ) -> Result<(), Verdict> {
        let mut command = self.command(&self.tool_path("link"), cwd, folder);
        command.args(link_args(folder, archive, exe));
        self.step(command, Cause::LinkError)
    }

    /// The same in `folder` with another linker, on the packages of this goroot, and for gort's
    /// with another library.
    pub fn link_main_with(
        &self,
        linker: &Path,
        library: Option<&Path>,
        folder: &Path,
        archive: &Path,
        exe: &Path,
    ) -> Result<(), Verdict> {
        let mut command = self.command(linker, folder, folder);
        command.args(link_args(folder, archive, exe));
        if let Some(library) = library {
            command.env("GORT_LIB", library);
        }
        self.step(command, Cause::LinkError)
    }
}

/// Arguments of the linker that make `exe` of the archive of package main.
fn link_args(folder: &Path, archive: &Path, exe: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["-o".into(), exe.into(), "-L".into(), folder.into()].into();
    args.extend([
        "-w".into(),
        "-extld=gcc".into(),
        "-buildmode=exe".into(),
        archive.into(),
    ]);
    args
}

/// Copies a folder with everything below it.
pub fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
