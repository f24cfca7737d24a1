//! `.debug_gdb_scripts`: the script that gdb loads with the executable, if its user allows it
//! (`add-auto-load-safe-path`).
//!
//! The section names a file, as the stock linker's does, `$GOROOT/src/runtime/runtime-gdb.py`:
//! scripts and users allow that folder. Only a goroot of gort has our script there; the one of a Go
//! installation reads the stock runtime's insides. A link for another GOROOT, or for none, names
//! the script beside the runtime library. If there is none either, the executable has no such
//! section.

use crate::dwarf::DebugSection;
use crate::flags::Options;
use crate::golang;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The script, in a goroot.
pub const IN_GOROOT: &str = "src/runtime/runtime-gdb.py";
/// The script, beside the runtime library.
pub const BESIDE_LIBRARY: &str = "gort-gdb.py";

/// An entry of the section that names a file with a script in Python.
const PYTHON_FILE: u8 = 1;

/// The script for a link with this library.
pub fn find(options: &Options, library: &Path) -> Option<PathBuf> {
    let ours = options
        .goroot
        .as_deref()
        .filter(|goroot| goroot.join(golang::MARKER).is_file());
    let in_goroot = ours.map(|goroot| goroot.join(IN_GOROOT));
    let beside = || Some(library.with_file_name(BESIDE_LIBRARY));
    let file = in_goroot.or_else(beside).filter(|file| file.is_file())?;
    std::path::absolute(file).ok()
}

/// The section that names it.
pub fn section(file: &Path) -> DebugSection {
    let mut bytes = vec![PYTHON_FILE];
    bytes.extend_from_slice(file.as_os_str().as_bytes());
    bytes.push(0);
    DebugSection {
        name: ".debug_gdb_scripts",
        bytes,
        relocs: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_goroot_of_ours_comes_first_and_a_go_installation_never() {
        let dir = tempfile::tempdir().unwrap();
        let (goroot, lib) = (dir.path().join("go"), dir.path().join("lib"));
        let in_goroot = goroot.join(IN_GOROOT);
        fs::create_dir_all(in_goroot.parent().unwrap()).unwrap();
        fs::create_dir(&lib).unwrap();
        fs::write(&in_goroot, "").unwrap();
        let library = lib.join("libgort.a");
        let mut options = Options::new("x.o");
        assert_eq!(find(&options, &library), None);
        options.goroot = Some(goroot.clone());
        assert_eq!(find(&options, &library), None);
        let beside = lib.join(BESIDE_LIBRARY);
        fs::write(&beside, "").unwrap();
        assert_eq!(find(&options, &library), Some(beside));
        fs::write(goroot.join(golang::MARKER), "").unwrap();
        assert_eq!(find(&options, &library), Some(in_goroot.clone()));
        let section = section(Path::new("/a b"));
        assert_eq!(section.bytes, b"\x01/a b\0");
        fs::remove_file(in_goroot).unwrap();
        assert_eq!(find(&options, &library), None);
    }
}
