//! The standard packages of a goroot: those that have to be compiled for it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{GO, Plan, plan_files};
use crate::compiler::Language;
use gort_link::golang::GoInstall;

/// Where packages are that were compiled without cgo.
const WITHOUT_C: &str = "pkg/linux_amd64";
/// Where those are that were compiled with cgo.
const WITH_C: &str = "pkg/linux_amd64_cgo";
/// What says so to the go command.
pub const C_SUFFIX: &str = "-installsuffix=cgo";
/// In that folder: all of it is there.
const COMPLETE: &str = ".complete";

/// A go command, and what it is to see.
struct Go<'a> {
    program: PathBuf,
    dir: &'a Path,
    environment: Vec<(&'static str, OsString)>,
}

impl Go<'_> {
    fn run(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(self.dir)
            .env("GOOS", "linux")
            .env("GOARCH", "amd64")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        for variable in ["GOPATH", "GOBIN", "GOFLAGS"] {
            command.env_remove(variable);
        }
        let output = command
            .stdin(Stdio::null())
            .output()
            .context("cannot run the tree's go command")?;
        if !output.status.success() {
            bail!(
                "`go {}` failed: {}",
                args[0],
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        String::from_utf8(output.stdout).context("the go command prints other than text")
    }

    /// Compiles the standard packages that count as out of date.
    fn compile_stale(&self, flags: &[&str]) -> Result<()> {
        let stale = ["-f", "{{if .Stale}}{{.ImportPath}}{{end}}", "std"];
        let stale = self.run(&[&["list"], flags, &stale].concat())?;
        let stale: Vec<&str> = stale.split_whitespace().collect();
        if !stale.is_empty() {
            self.run(&[&["install"], flags, &stale].concat())?;
        }
        Ok(())
    }
}

/// Compiles the standard packages whose archives count as out of date without cgo, into the tree.
pub(super) fn refresh(dir: &Path) -> Result<()> {
    let go = Go {
        program: dir.join(GO),
        dir,
        environment: vec![("CGO_ENABLED", "0".into())],
    };
    go.compile_stale(&[])
}

/// Makes the tree of `GOROOT` ready for programs with C code, if it is not. `go` is the
/// installation's go command.
pub fn prepare_c(go: &Path) -> Result<()> {
    let dir = env::var_os("GOROOT").map(PathBuf::from);
    let dir = dir.context("GOROOT is not set")?;
    let place = dir.join(WITH_C);
    if place.join(COMPLETE).is_file() {
        return Ok(());
    }
    let pkg = dir.join("pkg");
    let folder = fs::File::open(&pkg)
        .with_context(|| format!("cannot open the folder {}", pkg.display()))?;
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive)
        .with_context(|| format!("cannot lock the folder {}", pkg.display()))?;
    if place.join(COMPLETE).is_file() {
        return Ok(());
    }
    eprintln!("gort: compiling the standard packages that call C, once");
    link_packages(&dir, &place)?;
    let go = Go {
        program: go.to_path_buf(),
        dir: &dir,
        environment: c_environment(&dir)?,
    };
    go.compile_stale(&[C_SUFFIX]).with_context(|| {
        let place = place.display();
        format!("the packages that call C could not be compiled into {place}")
    })?;
    fs::write(place.join(COMPLETE), "")
        .with_context(|| format!("cannot write into {}", place.display()))
}

/// Links the installation's archives; most are the same with C.
fn link_packages(dir: &Path, place: &Path) -> Result<()> {
    let install = GoInstall::at(dir)?;
    let mut plan = Plan::new();
    plan_files(&install.root, Path::new(WITHOUT_C), &mut plan)?;
    // What an earlier call has left unfinished is made anew.
    match fs::remove_dir_all(place) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            return Err(e).with_context(|| format!("cannot remove {}", place.display()));
        }
        _ => {}
    }
    for (path, target) in &plan {
        let link = place.join(path.strip_prefix(WITHOUT_C).unwrap_or(path));
        let folder = link.parent().unwrap_or(place);
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        symlink(target, &link)
            .with_context(|| format!("cannot make the link {}", link.display()))?;
    }
    Ok(())
}

/// What the go command has to see to use the tree's C compilers; as in the tree's script.
fn c_environment(dir: &Path) -> Result<Vec<(&'static str, OsString)>> {
    let tools = dir.join(GoInstall::tools_folder());
    let mut environment = vec![
        ("CGO_ENABLED", OsString::from("1")),
        ("GOROOT", dir.as_os_str().into()),
    ];
    let bytes = tools.as_os_str().as_bytes();
    let has_blank = bytes.iter().any(u8::is_ascii_whitespace);
    for language in [Language::C, Language::Cxx] {
        let shim = OsStr::new(language.shim());
        let named = language.named();
        environment.extend(named.map(|named| (language.variable(), named)));
        let ours = match has_blank {
            true => shim.into(),
            false => tools.join(shim).into(),
        };
        environment.push((language.usual_variable(), ours));
    }
    if has_blank {
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([tools].into_iter().chain(env::split_paths(&path)));
        let path = path.context("the goroot's name cannot be part of PATH")?;
        environment.push(("PATH", path));
    }
    Ok(environment)
}
