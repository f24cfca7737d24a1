//! Another Go, named by the user: the third column.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The first minor release after 1 that is taken.
const OLDEST: u32 = 21;
/// Since this one its linker refuses to name unexported functions of the runtime unless told not
/// to.
const CHECKS_LINKNAMES: u32 = 23;

/// A Go command with its version.
#[derive(Debug)]
pub struct CurrentGo {
    go: PathBuf,
    /// Such as `go1.22.1`.
    pub version: String,
    minor: u32,
}

impl CurrentGo {
    /// The Go at `path`: its `go` executable or its GOROOT.
    pub fn at(path: &Path) -> Result<Self> {
        let go = if path.is_dir() {
            path.join("bin/go")
        } else {
            path.to_path_buf()
        };
        let go = go
            .canonicalize()
            .with_context(|| format!("cannot find a go command at {}", go.display()))?;
        let mut command = Command::new(&go);
        own_settings(&mut command);
        let output = command
            .arg("version")
            .output()
            .with_context(|| format!("cannot run {}", go.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Some((version, minor)) = parse(&text) else {
            bail!("{} does not say which Go it is: {text:?}", go.display());
        };
        if minor < OLDEST {
            bail!(
                "{} is {version}; the column is for go1.{OLDEST} or later",
                go.display()
            );
        }
        Ok(Self { go, version, minor })
    }

    /// The go command, with a GOPATH and a place for its cache.
    pub fn command(&self, gopath: &Path, cache: &Path) -> Command {
        let mut command = Command::new(&self.go);
        own_settings(&mut command);
        command.env("GOPATH", gopath).env("GOCACHE", cache);
        command
    }

    /// Flags for its builds.
    pub fn flags(&self) -> &'static [&'static str] {
        if self.minor >= CHECKS_LINKNAMES {
            &["-ldflags=-checklinkname=0"]
        } else {
            &[]
        }
    }
}

/// Settings of the user or of another Go must not decide what is measured.
fn own_settings(command: &mut Command) {
    command
        .env("GOENV", "off")
        .env("GOFLAGS", "")
        .env("GOTOOLCHAIN", "local")
        // The packages stand in a GOPATH: Go 1.5 knows no modules.
        .env("GO111MODULE", "off")
        .env("CGO_ENABLED", "0")
        .env("GOOS", "linux")
        .env("GOARCH", "amd64")
        .env_remove("GOROOT")
        .env_remove("GOBIN");
}

/// Version and minor number from `go version go1.22.1 linux/amd64`.
fn parse(text: &str) -> Option<(String, u32)> {
    let version = text.split_whitespace().nth(2)?;
    let rest = version.strip_prefix("go1.")?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    Some((version.to_string(), rest[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let of = parse;
        assert_eq!(
            of("go version go1.22.1 linux/amd64\n"),
            Some(("go1.22.1".to_string(), 22))
        );
        assert_eq!(
            of("go version go1.25rc1 linux/amd64\n"),
            Some(("go1.25rc1".to_string(), 25))
        );
        assert_eq!(of("go version devel +abc\n"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_path_without_go_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let error = CurrentGo::at(dir.path()).unwrap_err();
        assert!(error.to_string().contains("bin/go"), "{error}");
    }
}
