//! The runtime library that package runtime's own tests are linked with: a build with the feature
//! `test-hooks`, which has the symbols of `hooks.go`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, bail};
use gort_link::host;

/// Cargo's profile for it: the name of its folder beside that of a release.
const PROFILE: &str = "test-hooks";
/// What makes it, from the project's folder.
pub const MAKE: [&str; 2] = ["scripts/build", "--test-hooks"];

/// The library built beside the one for programs. An older one would show what the runtime was.
pub fn find() -> Result<PathBuf> {
    let programs = host::find().map_err(|e| anyhow!("{e}"))?;
    beside(&programs)
}

fn beside(programs: &Path) -> Result<PathBuf> {
    let make = MAKE.join(" ");
    let folder = programs.parent().unwrap_or(Path::new("."));
    let library = folder.join("..").join(PROFILE).join("libgort.a");
    if !library.is_file() {
        bail!(
            "the tests of package runtime need a library with hooks, and there is none at {}; build it with `{make}`, or name it with --test-library",
            library.display()
        );
    }
    if built(&library)? < built(programs)? {
        bail!(
            "{} is older than {}; build it again with `{make}`",
            library.display(),
            programs.display()
        );
    }
    Ok(library)
}

fn built(file: &Path) -> Result<SystemTime> {
    let read = || fs::metadata(file)?.modified();
    read().with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_old_library_is_refused() {
        let target = tempfile::tempdir().unwrap();
        let make = |folder: &str| {
            let folder = target.path().join(folder);
            fs::create_dir(&folder).unwrap();
            let path = folder.join("libgort.a");
            (File::create(&path).unwrap(), path)
        };
        let (programs, path) = make("release");
        let missing = beside(&path).unwrap_err().to_string();
        assert!(missing.contains("scripts/build --test-hooks"), "{missing}");

        let (hooks, _) = make(PROFILE);
        let now = SystemTime::now();
        programs.set_modified(now).unwrap();
        hooks.set_modified(now).unwrap();
        assert!(beside(&path).unwrap().is_file());
        hooks.set_modified(now - Duration::from_secs(1)).unwrap();
        let old = beside(&path).unwrap_err().to_string();
        assert!(old.contains("is older than"), "{old}");
    }
}
