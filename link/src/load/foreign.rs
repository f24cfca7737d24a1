//! Files that are no Go objects: what they are, and what to do instead. Who names one has mostly
//! taken one step too many or too few.

use crate::object::archive;
use std::path::Path;

/// First bytes of every ELF file.
pub(super) const ELF: &[u8] = b"\x7fELF";
/// First bytes of an archive that only names its members.
const THIN: &[u8] = b"!<thin>\n";
/// The byte of an ELF file that says which kind it is.
const ELF_TYPE: usize = 16;
/// A source file is recognised by what is in this much of it.
const HEAD: usize = 16 << 10;

/// What turns a source file into a program.
const BUILD: &str = "to build a program from source, make a goroot (`gort goroot DIR`) and use its go command (`DIR/bin/go build`, `DIR/bin/go run`)";
const PART: &str =
    "C code is linked as part of a package, in the archive that the go command makes of it";

/// What a file is that is neither a Go object nor an archive, and what to do; `None` if nothing can
/// be said.
pub(super) fn describe(path: &Path, data: &[u8]) -> Option<String> {
    if data.starts_with(ELF) {
        // ET_REL, ET_EXEC, ET_DYN, ET_CORE
        return Some(match data.get(ELF_TYPE) {
            Some(1) => format!("an object of a C compiler or assembler. {PART}"),
            Some(2 | 3) => format!(
                "an executable or shared library, linked already; the object or archive of package main is linked; {BUILD}"
            ),
            Some(4) => "a core file; gdb reads it".into(),
            _ => "a damaged ELF file".into(),
        });
    }
    if data.starts_with(THIN) {
        return Some(
            "an archive that holds no objects, only their names (thin); no Go tool makes such"
                .into(),
        );
    }
    if data.starts_with(b"go object ") || data.starts_with(archive::MAGIC) {
        return None;
    }
    if is_go_source(path, data) {
        return Some(format!(
            "a Go source file; what the compiler makes of it is linked; {BUILD}"
        ));
    }
    None
}

/// What an archive that is not a Go package's holds, by its members.
pub(super) fn describe_archive(members: &[archive::Member<'_>]) -> Option<String> {
    let elf = members.iter().any(|m| m.data.starts_with(ELF));
    elf.then(|| format!("an archive of objects of a C compiler or assembler. {PART}"))
}

/// Whether it is called so, or is text with a line `package NAME`.
fn is_go_source(path: &Path, data: &[u8]) -> bool {
    let head = &data[..data.len().min(HEAD)];
    path.extension().is_some_and(|e| e == "go")
        || !head.contains(&0)
            && head
                .split(|&b| b == b'\n')
                .any(|l| l.starts_with(b"package "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_told_what_it_is() {
        let elf = |kind: u8| [ELF, &[2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, kind, 0]].concat();
        for (path, data, what) in [
            ("a", elf(1), "object of a C compiler"),
            ("a", elf(2), "linked already"),
            ("a", elf(3), "linked already"),
            ("a", elf(4), "core file"),
            ("a", ELF.to_vec(), "damaged ELF file"),
            ("a", THIN.to_vec(), "thin"),
            ("a.go", Vec::new(), "Go source file"),
            ("a", b"// x\npackage main\n".to_vec(), "Go source file"),
        ] {
            let said = describe(Path::new(path), &data).unwrap();
            assert!(said.contains(what), "{said}");
        }
        for none in [
            &b"#!/bin/sh\n"[..],
            b"go object linux\n\npackage main",
            archive::MAGIC,
        ] {
            assert_eq!(describe(Path::new("a"), none), None);
        }
    }
}
