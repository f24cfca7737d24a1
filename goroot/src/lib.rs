//! A GOROOT of symbolic links to a Go 1.5 installation, with gort as its linker: what `gort goroot`
//! makes, and every suite that compiles.
//!
//! The go command takes any program in place of `pkg/tool/linux_amd64/link`, so such a tree makes
//! `go build`, `go run` and `go test` produce programs that run on gort. Shape of the tree:
//!
//! - Read-only parts (`test`, `doc`, `lib`, ...) are one link each.
//! - `bin` and everything below `pkg` are *real* folders with a link for each file. The go command
//!   installs by renaming over the target or by removing it first, so `go install` and `go test -i`
//!   replace a link in this tree and never write through one into the installation.
//! - So are `src` and what is below it, but for `testdata`: patterns like `std` find no package
//!   behind a link to a folder.
//! - `src/runtime/runtime-gdb.py` is gort's script for gdb, a file: executables name it as the
//!   stock linker's name the one of the installation.
//! - `pkg/tool/linux_amd64/link` points to this executable, which acts as `gort link` under that
//!   name.
//! - `gort-cc` and `gort-c++` beside it are the C compilers: `gort cc`, which knows the real ones
//!   ([`compiler`]).
//! - `bin/go` is a script of a few lines: it sets GOROOT and CGO_ENABLED and becomes the
//!   installation's go command. Programs that hold no C code are static on gort, but the go command
//!   takes cgo for granted and would use the C half of package net. Whether C code takes part, and
//!   what gort has not, such as the race detector, it asks `gort go-check` first, for [`BUILDING`].
//!
//! The standard archives keep their time stamps and build ids through the links, and a release of
//! Go does not rebuild its own packages, so the archives (`runtime` too: the compiler reads its
//! export data) are used as they are. Only those that were built with cgo, `net` and what imports
//! it in the official archive, count as out of date; they are compiled once, into this tree.
//!
//! Packages that were compiled with cgo have a folder of their own ([`packages`]): the go command
//! takes those of the other kind for out of date, and would compile them in every build. It is made
//! when it is first needed, since that takes a C compiler.
//!
//! The tree is made beside its final place and renamed into it, so there is never half of one.

pub mod compiler;
mod packages;
mod script;

pub use packages::prepare_c;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Serialize, Serializer};

use gort_link::debugscript::IN_GOROOT;
use gort_link::golang::{GoInstall, MARKER};

use compiler::Language;

/// Commands of the go command that compile or link.
pub const BUILDING: [&str; 5] = ["build", "get", "install", "run", "test"];

/// Which linker a tree gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linker {
    /// This executable.
    Gort,
    /// The one of the Go installation, to run the same things on the stock runtime.
    Stock,
}

/// What [`make`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing, now there is a tree.
    Made,
    /// An older tree was replaced.
    Updated,
    /// The tree was already what it should be.
    Current,
}

/// Contents of the [`MARKER`] file.
#[derive(Serialize, Debug, Clone)]
struct Marker {
    /// Version of gort that made the tree.
    gort: String,
    /// Top folder of the Go installation.
    #[serde(serialize_with = "as_text")]
    go: PathBuf,
    /// Its version.
    go_version: String,
    /// What the tree's `link` points to.
    #[serde(serialize_with = "as_text")]
    linker: PathBuf,
    /// Where the tree is; its go command names this place.
    #[serde(serialize_with = "as_text")]
    dir: PathBuf,
    /// The commands that its go command looks at first.
    checked: Vec<String>,
    /// Nothing is left to do; false while packages are compiled.
    complete: bool,
}

/// A path, with escapes where it is not UTF-8, as it may be.
fn as_text<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    match path.to_str() {
        Some(text) => to.serialize_str(text),
        None => to.collect_str(&path.as_os_str().as_bytes().escape_ascii()),
    }
}

impl Marker {
    /// What the file says.
    fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self)
            .with_context(|| format!("cannot describe the tree {}", self.dir.display()))?;
        Ok(text + "\n")
    }
}

/// Folders of the installation that no command needs: leftovers of building Go itself.
const LEFT_OUT: [&str; 2] = ["pkg/bootstrap", "pkg/obj"];

/// Folders of sources that one link is enough for.
const ONE_LINK: &str = "testdata";

/// What gdb loads with executables.
const GDB_SCRIPT: &str = include_str!("../../scripts/gort-gdb.py");

/// The go command, relative to a GOROOT.
const GO: &str = "bin/go";

/// Makes or updates the tree at `dir`.
pub fn make(dir: &Path, go: &GoInstall, linker: Linker) -> Result<Outcome> {
    let dir = absolute(dir)?;
    if dir.starts_with(&go.root) {
        bail!(
            "{} is inside the Go installation {}, which gort never changes; choose a folder outside of it",
            dir.display(),
            go.root.display()
        );
    }
    let executable = match linker {
        Linker::Gort => env::current_exe()
            .and_then(fs::canonicalize)
            .context("cannot find gort's own executable")?,
        Linker::Stock => go.tool("link"),
    };
    let marker = Marker {
        gort: env!("CARGO_PKG_VERSION").to_string(),
        go: go.root.clone(),
        go_version: go.version.clone(),
        linker: executable,
        dir: dir.clone(),
        checked: match linker {
            Linker::Gort => BUILDING.map(str::to_string).to_vec(),
            Linker::Stock => Vec::new(),
        },
        complete: false,
    };
    let scripts = scripts(&marker, linker);
    let plan = plan(&go.root, &marker.linker, &scripts)?;
    let _lock = lock(&dir)?;
    let before = state(&dir, &marker, &plan, &scripts)?;
    if before == State::Current {
        return Ok(Outcome::Current);
    }

    let sibling = sibling(&dir)?;
    let made = build(&sibling, &plan, &marker, &scripts)
        .and_then(|()| put_in_place(&sibling, &dir, before));
    if made.is_err() {
        // The first error is the one to report; a leftover that cannot be removed is only untidy.
        let _ = fs::remove_dir_all(&sibling);
    }
    made?;
    packages::refresh(&dir).with_context(|| {
        format!(
            "{} is not complete: its packages without cgo could not be compiled",
            dir.display()
        )
    })?;
    write_marker(
        &dir,
        &Marker {
            complete: true,
            ..marker
        },
    )?;
    Ok(if before == State::Old {
        Outcome::Updated
    } else {
        Outcome::Made
    })
}

/// Keeps others from making a tree beside this one at the same time: scripts may call gort in
/// parallel. Ends when the file is closed.
fn lock(dir: &Path) -> Result<fs::File> {
    let parent = dir.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent)
        .with_context(|| format!("cannot make the folder {}", parent.display()))?;
    let folder = fs::File::open(parent)
        .with_context(|| format!("cannot open the folder {}", parent.display()))?;
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive)
        .with_context(|| format!("cannot lock the folder {}", parent.display()))?;
    Ok(folder)
}

/// What is at the place where the tree should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Nothing,
    Empty,
    Old,
    Current,
}

/// Every link of the tree: path below DIR to what it points to.
type Plan = BTreeMap<PathBuf, PathBuf>;

/// A file of the tree that is gort's own.
struct Script {
    path: &'static str,
    content: Vec<u8>,
    mode: u32,
}

/// The tree's own files.
fn scripts(marker: &Marker, linker: Linker) -> Vec<Script> {
    let mut scripts = vec![Script {
        path: GO,
        content: script::go(marker),
        mode: 0o755,
    }];
    if linker == Linker::Gort {
        scripts.push(Script {
            path: IN_GOROOT,
            content: GDB_SCRIPT.into(),
            mode: 0o644,
        });
    }
    scripts
}

/// Decides the links for the installation at `root`.
fn plan(root: &Path, linker: &Path, scripts: &[Script]) -> Result<Plan> {
    let mut plan = Plan::new();
    for name in names(root)? {
        let path = PathBuf::from(&name);
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if ["bin", "pkg", "src"]
            .map(Path::new)
            .contains(&path.as_path())
        {
            plan_files(root, &path, &mut plan)?;
        } else {
            plan.insert(path, root.join(&name));
        }
    }
    plan.insert(GoInstall::tools_folder().join("link"), linker.to_path_buf());
    if linker != root.join(GoInstall::tools_folder()).join("link") {
        for language in [Language::C, Language::Cxx] {
            let shim = GoInstall::tools_folder().join(language.shim());
            plan.insert(shim, linker.to_path_buf());
        }
    }
    for script in scripts {
        plan.remove(Path::new(script.path));
    }
    Ok(plan)
}

/// Adds a link for each file below `root/folder`, at any depth.
fn plan_files(root: &Path, folder: &Path, plan: &mut Plan) -> Result<()> {
    if LEFT_OUT
        .iter()
        .any(|left_out| folder == Path::new(left_out))
    {
        return Ok(());
    }
    for name in names(&root.join(folder))? {
        let path = folder.join(name);
        let from = root.join(&path);
        if from.is_dir() && path.file_name().is_none_or(|name| name != ONE_LINK) {
            plan_files(root, &path, plan)?;
        } else {
            plan.insert(path, from);
        }
    }
    Ok(())
}

/// Names in a folder.
fn names(folder: &Path) -> Result<Vec<OsString>> {
    let read = || -> io::Result<Vec<OsString>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name()))
            .collect()
    };
    read().with_context(|| format!("cannot read the folder {}", folder.display()))
}

/// Compares what is at `dir` with what should be there; refuses to touch what gort did not make.
fn state(dir: &Path, marker: &Marker, plan: &Plan, scripts: &[Script]) -> Result<State> {
    match fs::metadata(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            if fs::symlink_metadata(dir).is_ok() {
                bail!(
                    "{} is a symbolic link that points nowhere; remove it or choose another folder",
                    dir.display()
                );
            }
            return Ok(State::Nothing);
        }
        Err(e) => return Err(e).with_context(|| format!("cannot look at {}", dir.display())),
        Ok(found) if !found.is_dir() => bail!(
            "{} exists and is not a folder; choose another name",
            dir.display()
        ),
        Ok(_) => {}
    }
    let Ok(text) = fs::read_to_string(dir.join(MARKER)) else {
        if names(dir)?.is_empty() {
            return Ok(State::Empty);
        }
        bail!(
            "{} exists and was not made by `gort goroot`, so it is left alone; choose another folder or remove it first",
            dir.display()
        );
    };
    // A marker of another version of gort may have other fields: an old tree, then.
    let wanted = Marker {
        complete: true,
        ..marker.clone()
    };
    let same = text == wanted.text()?;
    // The user may have installed over a link, so its existence is enough; the linker has to be the
    // right one.
    let whole = plan.keys().all(|path| dir.join(path).exists())
        && fs::canonicalize(dir.join(GoInstall::tools_folder()).join("link"))
            .is_ok_and(|link| link == marker.linker)
        && scripts.iter().all(|script| {
            fs::read(dir.join(script.path)).is_ok_and(|content| content == script.content)
        });
    Ok(if same && whole {
        State::Current
    } else {
        State::Old
    })
}

/// Builds the whole tree at a place where nothing is.
fn build(at: &Path, plan: &Plan, marker: &Marker, scripts: &[Script]) -> Result<()> {
    let parent = at.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent)
        .with_context(|| format!("cannot make the folder {}", parent.display()))?;
    fs::create_dir(at).with_context(|| format!("cannot make a folder in {}", parent.display()))?;
    for (path, target) in plan {
        let link = at.join(path);
        let folder = link.parent().unwrap_or(at);
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        symlink(target, &link)
            .with_context(|| format!("cannot make the link {}", link.display()))?;
    }
    for script in scripts {
        let file = at.join(script.path);
        let write = || -> io::Result<()> {
            fs::create_dir_all(file.parent().unwrap_or(at))?;
            fs::write(&file, &script.content)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(script.mode))
        };
        write().with_context(|| format!("cannot write {}", file.display()))?;
    }
    write_marker(at, marker)
}

/// Writes the file that says what the tree is.
fn write_marker(tree: &Path, marker: &Marker) -> Result<()> {
    let file = tree.join(MARKER);
    fs::write(&file, marker.text()?).with_context(|| format!("cannot write {}", file.display()))
}

/// Moves a finished tree to its place in one step.
fn put_in_place(sibling: &Path, dir: &Path, before: State) -> Result<()> {
    match before {
        // rename(2) replaces an empty folder, too.
        State::Nothing | State::Empty => fs::rename(sibling, dir)
            .with_context(|| format!("cannot put the tree at {}", dir.display())),
        State::Old | State::Current => {
            rustix::fs::renameat_with(
                rustix::fs::CWD,
                sibling,
                rustix::fs::CWD,
                dir,
                rustix::fs::RenameFlags::EXCHANGE,
            )
            .with_context(|| format!("cannot replace the tree at {}", dir.display()))?;
            fs::remove_dir_all(sibling).with_context(|| {
                format!("cannot remove the old tree, now at {}", sibling.display())
            })
        }
    }
}

/// A name beside `dir` for building.
fn sibling(dir: &Path) -> Result<PathBuf> {
    let Some(name) = dir.file_name() else {
        bail!("{} cannot be a goroot; name a new folder", dir.display())
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".making-{}", std::process::id()));
    Ok(dir.with_file_name(hidden))
}

/// `dir` as an absolute path without links, as far as it exists: the go command compares GOROOT
/// with other paths as text.
fn absolute(dir: &Path) -> Result<PathBuf> {
    let dir = std::path::absolute(dir).with_context(|| format!("cannot use {}", dir.display()))?;
    if let Ok(real) = dir.canonicalize() {
        return Ok(real);
    }
    match (
        dir.parent().and_then(|parent| parent.canonicalize().ok()),
        dir.file_name(),
    ) {
        (Some(parent), Some(name)) => Ok(parent.join(name)),
        _ => Ok(dir),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goroot_needs_a_name() {
        assert!(sibling(Path::new("/")).is_err());
        assert!(sibling(Path::new("/a/b")).unwrap().starts_with("/a"));
    }
}
