//! The Go 1.5 installation that gort works beside: where it is, whether it is usable, how to get one.
//!
//! gort only reads it. Everything that a build could write goes to a goroot of links (see [`crate::goroot`]).

use std::env;
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
/// Environment variable that names another place than `$HOME/sdk/go1.5.4`.
pub const ROOT_VARIABLE: &str = "GO15ROOT";

/// File in the top folder of a goroot made by gort; says what it was made from.
pub const MARKER: &str = gort_link::debugscript::GOROOT_MARKER;

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

/// Why no Go installation can be used.
#[derive(Debug)]
pub enum GoError {
    /// Nothing at the default place and no variable set.
    NotFound {
        /// Where one was looked for.
        looked: Option<PathBuf>,
    },
    /// The variable names a folder that does not exist.
    Absent(PathBuf),
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
    /// A goroot made by gort: its linker is gort's, so nothing can be compared with it or made from it.
    OurOwn(PathBuf),
    /// Not readable.
    Unreadable(PathBuf, io::Error),
}

impl fmt::Display for GoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound {
                looked: Some(place),
            } => {
                write!(
                    f,
                    "no Go 1.5 installation at {} and {ROOT_VARIABLE} is not set",
                    place.display()
                )
            }
            Self::NotFound { looked: None } => {
                write!(
                    f,
                    "neither {ROOT_VARIABLE} nor HOME is set, so there is no place to look for Go 1.5"
                )
            }
            Self::Absent(root) => write!(
                f,
                "{ROOT_VARIABLE} names {}, which does not exist",
                root.display()
            ),
            Self::NotGo { root, missing } => {
                write!(
                    f,
                    "{} is not a Go installation for linux/amd64: {missing} is missing",
                    root.display()
                )
            }
            Self::WrongVersion { root, version } => {
                write!(
                    f,
                    "{} holds {version}; gort works with Go 1.5.x only",
                    root.display()
                )
            }
            Self::OurOwn(root) => write!(
                f,
                "{} is a goroot made by `gort goroot`, not a Go installation; name the installation itself",
                root.display()
            ),
            Self::Unreadable(path, error) => write!(f, "cannot read {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for GoError {}

impl GoInstall {
    /// The installation that `$GO15ROOT` names or, without it, the one at `$HOME/sdk/go1.5.4`.
    ///
    /// A set variable is believed: when it names something unusable that is an error, not a reason to look elsewhere.
    pub fn locate() -> Result<Self, GoError> {
        if let Some(root) = env::var_os(ROOT_VARIABLE).filter(|v| !v.is_empty()) {
            let root = PathBuf::from(root);
            return if root.exists() {
                Self::at(&root)
            } else {
                Err(GoError::Absent(root))
            };
        }
        let place = env::var_os("HOME")
            .filter(|v| !v.is_empty())
            .map(|home| Path::new(&home).join("sdk").join(REFERENCE));
        match place {
            Some(root) if root.exists() => Self::at(&root),
            looked => Err(GoError::NotFound { looked }),
        }
    }

    /// The installation in the folder `root`, after checking that it is one.
    pub fn at(root: &Path) -> Result<Self, GoError> {
        let root = root
            .canonicalize()
            .map_err(|e| GoError::Unreadable(root.to_path_buf(), e))?;
        if root.join(MARKER).exists() {
            return Err(GoError::OurOwn(root));
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
    fn a_goroot_of_ours_is_not_an_installation() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(MARKER), "").unwrap();
        assert!(matches!(GoInstall::at(dir.path()), Err(GoError::OurOwn(_))));
    }
}
