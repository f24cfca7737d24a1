//! `gort goroot DIR`: a GOROOT of symbolic links to a Go 1.5 installation, with gort as its linker.
//!
//! The go command takes any program in place of `pkg/tool/linux_amd64/link`, so such a tree makes
//! `go build`, `go run` and `go test` produce programs that run on gort. Shape of the tree:
//!
//! - Read-only parts (`src`, `test`, `doc`, ...) are one link each.
//! - `bin` and everything below `pkg` are *real* folders with a link for each file. The go command
//!   installs by renaming over the target or by removing it first, so `go install` and `go test -i` replace a link in this
//!   tree and never write through one into the installation.
//! - `pkg/tool/linux_amd64/link` points to this executable, which acts as `gort link` under that name.
//!
//! The standard archives keep their time stamps through the links and a release of Go does not rebuild
//! its own packages, so the cached archives (`runtime` too: the compiler reads its export data) are used as they are.
//!
//! The tree is made beside its final place and renamed into it, so there is never half of one.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::golang::{GoInstall, MARKER};

/// Arguments of `gort goroot`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort goroot ~/go-on-gort\n  GOROOT=~/go-on-gort ~/go-on-gort/bin/go run hello.go\n\n\
    Calling it again brings the tree up to date; one that is current is left as it is. Updating replaces the whole \
    tree, and with it whatever `go install` put there."
)]
pub struct Args {
    /// Folder to make. It must not exist, be empty, or be an earlier goroot of gort.
    dir: PathBuf,
}

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
#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
struct Marker {
    /// Version of gort that made the tree.
    gort: String,
    /// Top folder of the Go installation.
    go: PathBuf,
    /// Its version.
    go_version: String,
    /// What the tree's `link` points to.
    linker: PathBuf,
}

/// Folders of the installation that no command needs: leftovers of building Go itself.
const LEFT_OUT: [&str; 2] = ["pkg/bootstrap", "pkg/obj"];

/// `gort goroot DIR`.
pub fn run(args: &Args) -> Result<()> {
    let go =
        GoInstall::locate().map_err(|e| anyhow::anyhow!("{e}\n{}", crate::golang::how_to_get()))?;
    let outcome = make(&args.dir, &go, Linker::Gort)?;
    let dir = fs::canonicalize(&args.dir).unwrap_or_else(|_| args.dir.clone());
    let verb = match outcome {
        Outcome::Made => "made",
        Outcome::Updated => "updated",
        Outcome::Current => "is up to date",
    };
    match outcome {
        Outcome::Current => println!(
            "{} {verb} ({} from {})",
            dir.display(),
            go.version,
            go.root.display()
        ),
        _ => println!(
            "{verb} {} ({} from {})",
            dir.display(),
            go.version,
            go.root.display()
        ),
    }
    println!("use it: GOROOT={0} {0}/bin/go run hello.go", dir.display());
    Ok(())
}

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
    let linker = match linker {
        Linker::Gort => env::current_exe()
            .and_then(fs::canonicalize)
            .context("cannot find gort's own executable")?,
        Linker::Stock => go.tool("link"),
    };
    let marker = Marker {
        gort: env!("CARGO_PKG_VERSION").to_string(),
        go: go.root.clone(),
        go_version: go.version.clone(),
        linker,
    };
    let plan = plan(&go.root, &marker.linker)?;
    let before = state(&dir, &marker, &plan)?;
    if before == State::Current {
        return Ok(Outcome::Current);
    }

    let sibling = sibling(&dir)?;
    let made = build(&sibling, &plan, &marker).and_then(|()| put_in_place(&sibling, &dir, before));
    if made.is_err() {
        // The first error is the one to report; a leftover that cannot be removed is only untidy.
        let _ = fs::remove_dir_all(&sibling);
        // Someone who made the same tree at the same moment did our work.
        if state(&dir, &marker, &plan).is_ok_and(|s| s == State::Current) {
            return Ok(Outcome::Current);
        }
    }
    made.map(|()| {
        if before == State::Old {
            Outcome::Updated
        } else {
            Outcome::Made
        }
    })
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

/// Decides the links for the installation at `root`.
fn plan(root: &Path, linker: &Path) -> Result<Plan> {
    let mut plan = Plan::new();
    for name in names(root)? {
        let path = PathBuf::from(&name);
        if path == Path::new("bin") || path == Path::new("pkg") {
            plan_files(root, &path, &mut plan)?;
        } else {
            plan.insert(path, root.join(&name));
        }
    }
    plan.insert(GoInstall::tools_folder().join("link"), linker.to_path_buf());
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
        if from.is_dir() {
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
fn state(dir: &Path, marker: &Marker, plan: &Plan) -> Result<State> {
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
    let same = serde_json::from_str::<Marker>(&text).is_ok_and(|found| found == *marker);
    // The user may have installed over a link, so its existence is enough; the linker has to be the right one.
    let whole = plan.keys().all(|path| dir.join(path).exists())
        && fs::canonicalize(dir.join(GoInstall::tools_folder()).join("link"))
            .is_ok_and(|link| link == marker.linker);
    Ok(if same && whole {
        State::Current
    } else {
        State::Old
    })
}

/// Builds the whole tree at a place where nothing is.
fn build(at: &Path, plan: &Plan, marker: &Marker) -> Result<()> {
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
    let file = at.join(MARKER);
    let text = serde_json::to_string_pretty(marker).context("cannot describe the tree")?;
    fs::write(&file, text + "\n").with_context(|| format!("cannot write {}", file.display()))
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

/// `dir` as an absolute path without links, as far as it exists: the go command compares GOROOT with other paths as text.
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
