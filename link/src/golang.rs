//! The Go 1.5 that gort works with: where it is, whether it is usable, how to get one. All commands
//! find it here.
//!
//! Looked for, in this order; the first that is set is taken:
//!
//! 1. `$GOROOT`, unless it names another release of Go, which it then names to other tools;
//! 2. the tree that this program is the `link` tool of;
//! 3. `$GO15ROOT`;
//! 4. `$HOME/sdk/go1.5.4`.
//!
//! That tree's packages are linked. It is a Go installation or a goroot of gort; a goroot stands
//! for the installation that it was made of where that is wanted. gort only reads it; everything
//! that a build could write goes to a goroot.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The release that gort is measured against, and the one to recommend.
pub const REFERENCE: &str = "go1.5.4";
/// Official archive of [`REFERENCE`].
pub const ARCHIVE: &str = "go1.5.4.linux-amd64.tar.gz";
/// SHA-256 of [`ARCHIVE`].
pub const ARCHIVE_SHA256: &str = "a3358721210787dc1e06f5ea1460ae0564f22a0fbd91be9dcd947fb1d19b9560";
/// Environment variable that names a Go 1.5 to gort alone.
pub const ROOT_VARIABLE: &str = "GO15ROOT";

/// File in the top folder of a goroot made by gort; says what it was made from.
pub const MARKER: &str = ".gort-goroot";

/// Where tools live below a GOROOT.
const TOOLS: &str = "pkg/tool/linux_amd64";

/// A usable Go 1.5 installation.
#[derive(Debug, Clone)]
pub struct GoInstall {
    /// Its top folder, without symbolic links in the path.
    pub root: PathBuf,
    /// First word of its VERSION file, `go1.5.4` for example.
    pub version: String,
}

/// What named a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `$GOROOT`.
    Goroot,
    /// This program is its `link` tool.
    Tool,
    /// `$GO15ROOT`.
    Go15root,
    /// It is at the default place.
    Home,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Goroot => "from GOROOT",
            Self::Tool => "whose link tool this is",
            Self::Go15root => "from GO15ROOT",
            Self::Home => "the default place",
        })
    }
}

/// The tree that is used, not looked into yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Its top folder.
    pub root: PathBuf,
    /// What named it.
    pub source: Source,
}

/// The folder of archives of packages in a tree, with the suffix that `-installsuffix` names.
pub fn packages(root: &Path, suffix: &str) -> PathBuf {
    let separator = if suffix.is_empty() { "" } else { "_" };
    root.join("pkg")
        .join(format!("linux_amd64{separator}{suffix}"))
}

/// The first tree of the list at the top.
pub fn tree() -> Option<Tree> {
    tree_of(&|name| env::var_os(name), env::args_os().next())
}

fn tree_of(variable: &dyn Fn(&str) -> Option<OsString>, program: Option<OsString>) -> Option<Tree> {
    let set = |name: &str| {
        let value = variable(name).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(value))
    };
    let goroot = || set("GOROOT").filter(|root| release(root).is_none_or(|v| is_go15(&v)));
    let tool = || {
        // As called, not as found: in a goroot of symbolic links the tool is a link out of the
        // tree.
        let program = PathBuf::from(program?);
        let root = program.ancestors().nth(4)?;
        let is_tree = program.ends_with(Path::new(TOOLS).join("link"));
        (is_tree && root.join("pkg/linux_amd64").is_dir()).then(|| root.to_path_buf())
    };
    let home = || default_place(variable).filter(|root| root.exists());
    let named = |root, source| Tree { root, source };
    goroot()
        .map(|root| named(root, Source::Goroot))
        .or_else(|| tool().map(|root| named(root, Source::Tool)))
        .or_else(|| set(ROOT_VARIABLE).map(|root| named(root, Source::Go15root)))
        .or_else(|| home().map(|root| named(root, Source::Home)))
}

/// `$HOME/sdk/go1.5.4`.
fn default_place(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = variable("HOME").filter(|home| !home.is_empty())?;
    Some(Path::new(&home).join("sdk").join(REFERENCE))
}

/// Where Go 1.5 was looked for in vain, for messages.
pub fn looked() -> String {
    let goroot = match env::var_os("GOROOT").filter(|root| !root.is_empty()) {
        Some(root) => format!("GOROOT names another release ({})", root.display()),
        None => "GOROOT is not set".into(),
    };
    let home = match default_place(&|name| env::var_os(name)) {
        Some(place) => format!("there is no {}", place.display()),
        None => "HOME is not set".into(),
    };
    format!("{goroot}, {ROOT_VARIABLE} is not set, and {home}")
}

/// Why no Go installation can be used.
#[derive(Debug)]
pub enum GoError {
    /// Nothing is set, and nothing is at the default place.
    NotFound,
    /// What was named does not exist.
    Absent(Tree),
    /// A folder without the files of a Go installation.
    NotGo {
        /// The folder.
        root: PathBuf,
        /// The first file found missing, relative to it.
        missing: &'static str,
    },
    /// Go, but not a 1.5 release.
    WrongVersion {
        /// The folder.
        root: PathBuf,
        /// What VERSION says.
        version: String,
    },
    /// A goroot made by gort whose installation is gone.
    OurOwn(PathBuf),
    /// Not readable.
    Unreadable(PathBuf, io::Error),
}

impl GoError {
    /// The reason alone, without what to do about it.
    pub fn why(&self) -> String {
        match self {
            Self::NotFound => format!("no Go 1.5 installation: {}", looked()),
            Self::Absent(tree) => format!(
                "there is no Go 1.5 installation at {} ({})",
                tree.root.display(),
                tree.source
            ),
            Self::NotGo { root, missing } => format!(
                "{} is not a Go installation for linux/amd64: {missing} is missing",
                root.display()
            ),
            Self::WrongVersion { root, version } => format!(
                "{} holds {version}; gort works with Go 1.5.x only",
                root.display()
            ),
            Self::OurOwn(root) => format!(
                "the Go installation that the goroot {} was made of is gone",
                root.display()
            ),
            Self::Unreadable(path, error) => format!("cannot read {}: {error}", path.display()),
        }
    }
}

impl fmt::Display for GoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.why(), what_to_set())?;
        match goroot_wins() {
            true => Ok(()),
            false => f.write_str(", `gort doctor` says how to get one"),
        }
    }
}

/// GOROOT names the Go, and would win over the other variable.
pub fn goroot_wins() -> bool {
    tree().is_some_and(|tree| matches!(tree.source, Source::Goroot))
}

/// The variable that would name another Go.
pub fn variable_that_wins() -> &'static str {
    match tree().map(|tree| tree.source) {
        // It is asked before the other is.
        Some(Source::Goroot | Source::Tool) => "GOROOT",
        _ => ROOT_VARIABLE,
    }
}

/// What to do where there is no usable Go, in one line.
pub fn what_to_set() -> String {
    match goroot_wins() {
        true => "set GOROOT to a Go 1.5 or to a goroot of gort, or unset it".to_string(),
        false => format!("set {ROOT_VARIABLE} to a Go 1.5"),
    }
}

impl std::error::Error for GoError {}

impl GoInstall {
    /// The installation that is used.
    ///
    /// A tree that is named is believed: when it is unusable that is an error, not a reason to look
    /// elsewhere.
    pub fn locate() -> Result<Self, GoError> {
        let tree = tree().ok_or(GoError::NotFound)?;
        if tree.root.exists() {
            Self::at(&tree.root)
        } else {
            Err(GoError::Absent(tree))
        }
    }

    /// The installation in the folder `root`, or the one that the goroot there was made of, after
    /// checking that it is one.
    pub fn at(root: &Path) -> Result<Self, GoError> {
        let mut root = root
            .canonicalize()
            .map_err(|e| GoError::Unreadable(root.to_path_buf(), e))?;
        if root.join(MARKER).exists() {
            // A goroot links what it does not change.
            let version = root.join("VERSION").canonicalize();
            match version.as_deref().ok().and_then(Path::parent) {
                Some(origin) if origin != root && !origin.join(MARKER).exists() => {
                    root = origin.to_path_buf();
                }
                _ => return Err(GoError::OurOwn(root)),
            }
        }
        let file = root.join("VERSION");
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(GoError::NotGo {
                    root,
                    missing: "VERSION",
                });
            }
            Err(e) => return Err(GoError::Unreadable(file, e)),
        };
        let version = text
            .split_whitespace()
            .next()
            .unwrap_or("a version without a name")
            .to_string();
        if !is_go15(&version) {
            return Err(GoError::WrongVersion { root, version });
        }
        for missing in [
            "bin/go",
            "src",
            "pkg/linux_amd64/runtime.a",
            "pkg/tool/linux_amd64/compile",
            "pkg/tool/linux_amd64/link",
        ] {
            if !root.join(missing).exists() {
                return Err(GoError::NotGo { root, missing });
            }
        }
        Ok(Self { root, version })
    }

    /// Path of a tool such as `compile`.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.root.join(TOOLS).join(name)
    }

    /// Path of the folder of tools, relative to a GOROOT.
    pub fn tools_folder() -> &'static Path {
        Path::new(TOOLS)
    }
}

/// What to tell a person who has no Go 1.5.
pub fn how_to_get() -> String {
    format!(
        "get the official archive {ARCHIVE}\n(sha256 {ARCHIVE_SHA256})\nand unpack it so that \
         $HOME/sdk/{REFERENCE}/bin/go exists:\n  mkdir -p ~/sdk/{REFERENCE} && tar -C ~/sdk/{REFERENCE} --strip-components=1 -xf {ARCHIVE}\n\
         or set {ROOT_VARIABLE} to where a Go 1.5 already is"
    )
}

/// The release that a tree says that it is, if it does.
fn release(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("VERSION")).ok()?;
    text.split_whitespace().next().map(str::to_string)
}

/// Is `version` a release of the 1.5 series? `go1.5` and `go1.5.3` are; betas and `go1.50` are not.
fn is_go15(version: &str) -> bool {
    match version.strip_prefix("go1.5") {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('.')
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_of_the_series_count() {
        for good in ["go1.5", "go1.5.1", "go1.5.4"] {
            assert!(is_go15(good), "{good}");
        }
        for bad in [
            "go1.4.3",
            "go1.6",
            "go1.50",
            "go1.5beta1",
            "go1.5.",
            "go1.5.x",
            "devel",
            "",
        ] {
            assert!(!is_go15(bad), "{bad}");
        }
    }

    #[test]
    fn a_folder_without_version_is_not_go() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            GoInstall::at(dir.path()),
            Err(GoError::NotGo {
                missing: "VERSION",
                ..
            })
        ));
    }

    #[test]
    fn another_release_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("VERSION"), "go1.6.2\n").unwrap();
        let error = GoInstall::at(dir.path()).unwrap_err();
        assert!(error.to_string().contains("go1.6.2"), "{error}");
    }

    #[test]
    fn a_goroot_of_ours_stands_for_its_installation() {
        let dir = tempfile::tempdir().unwrap();
        let (goroot, go) = (dir.path().join("goroot"), dir.path().join("go"));
        fs::create_dir(&goroot).unwrap();
        fs::create_dir(&go).unwrap();
        fs::write(goroot.join(MARKER), "").unwrap();
        assert!(matches!(GoInstall::at(&goroot), Err(GoError::OurOwn(_))));
        std::os::unix::fs::symlink(go.join("VERSION"), goroot.join("VERSION")).unwrap();
        assert!(matches!(GoInstall::at(&goroot), Err(GoError::OurOwn(_))));
        fs::write(go.join("VERSION"), "go1.5.1\n").unwrap();
        assert!(matches!(
            GoInstall::at(&goroot),
            Err(GoError::NotGo { root, missing: "bin/go" }) if root.ends_with("go")
        ));
    }

    #[test]
    fn trees_are_looked_for_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("sdk/go1.5.4");
        let tree = dir.path().join("tree");
        let program = tree.join(TOOLS).join("link");
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(tree.join("pkg/linux_amd64")).unwrap();
        let other = dir.path().join("go1.22");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("VERSION"), "go1.22.1\ntime 2024").unwrap();
        let find = |set: &[(&str, &Path)], program: &Path| {
            let variable = |name: &str| {
                let (_, value) = set.iter().find(|(n, _)| *n == name)?;
                Some(value.as_os_str().to_os_string())
            };
            tree_of(&variable, Some(program.into())).map(|tree| (tree.root, tree.source))
        };
        let gort = Path::new("/usr/bin/gort");
        let (named, mine) = (Path::new("/goroot"), Path::new("/mine"));
        let all = [("GOROOT", named), ("GO15ROOT", mine), ("HOME", dir.path())];
        let found = |root: &Path, source| Some((root.to_path_buf(), source));
        assert_eq!(find(&all, &program), found(named, Source::Goroot));
        assert_eq!(find(&all[1..], &program), found(&tree, Source::Tool));
        assert_eq!(find(&all[1..], gort), found(mine, Source::Go15root));
        assert_eq!(find(&all[2..], gort), found(&home, Source::Home));
        assert_eq!(find(&[], gort), None);
        assert_eq!(find(&[("HOME", named)], gort), None);
        // Another release is other tools' business; what does not say what it is may be a tree of
        // packages.
        let modern = [("GOROOT", other.as_path()), ("GO15ROOT", mine)];
        assert_eq!(find(&modern, gort), found(mine, Source::Go15root));
    }
}
