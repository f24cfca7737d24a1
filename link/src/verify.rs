//! Rereading the executable before it is written.
//!
//! Promise: a program that passes has the shape that the runtime and Go's tools rely on, whichever
//! linker made it: static, entry inside executable memory, no segment both writable and executable,
//! nothing writable but variables, Go text inside `.text`, and the library's functions in the order
//! of their table.

use crate::error::{Error, Name, Result};
use gort_tables::{Header, LibraryFunc};
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, SectionFlags};
use std::mem::offset_of;

fn bad(what: &str) -> Error {
    Error::new(format!(
        "the final linker produced an unusable executable: {what}"
    ))
}

/// Checks the executable.
///
/// `go_first`: Go text must start `.text`; only libwild promises that.
pub fn check(bytes: &[u8], go_first: bool) -> Result<()> {
    let header = elf::FileHeader64::<Endianness>::parse(bytes).map_err(|e| bad(&e.to_string()))?;
    let endian = Endianness::Little;
    let segments = header
        .program_headers(endian, bytes)
        .map_err(|e| bad(&e.to_string()))?;
    let entry = header.e_entry(endian);
    let mut entry_ok = false;
    let mut writable = Vec::new();
    for s in segments {
        match s.p_type(endian) {
            elf::PT_INTERP | elf::PT_DYNAMIC => return Err(bad("it is not static")),
            elf::PT_LOAD => {
                let (w, x) = (elf::PF_W.0, elf::PF_X.0);
                let flags = s.p_flags(endian).0;
                if flags & w != 0 && flags & x != 0 {
                    return Err(bad("a segment is writable and executable"));
                }
                let start = s.p_vaddr(endian);
                let range = start..start.saturating_add(s.p_memsz(endian));
                entry_ok |= flags & x != 0 && range.contains(&entry);
                if flags & w != 0 {
                    writable.push(range);
                }
            }
            elf::PT_GNU_STACK if s.p_flags(endian).0 & elf::PF_X.0 != 0 => {
                return Err(bad("its stack is executable"));
            }
            _ => {}
        }
    }
    if !entry_ok {
        return Err(bad("its entry is not in executable memory"));
    }
    let file = object::read::elf::ElfFile64::<Endianness>::parse(bytes)
        .map_err(|e| bad(&e.to_string()))?;
    for s in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = s.flags() else {
            continue;
        };
        // Thread-local zeros take no room at the address they have.
        if sh_flags.0 & elf::SHF_ALLOC.0 == 0 || sh_flags.0 & elf::SHF_TLS.0 != 0 || s.size() == 0 {
            continue;
        }
        let name = s.name_bytes().map_err(|e| bad(&e.to_string()))?;
        let is_writable = writable.iter().any(|r| r.contains(&s.address()));
        if is_writable && !is_variables(name) {
            return Err(bad(&format!("{} is writable", Name(name))));
        }
    }
    tables(&file, go_first)
}

/// Checks an executable that a C compiler has linked. Segments and start-up are that compiler's
/// business, and what relocates a program that may be anywhere is not in its file.
pub fn check_with_c(bytes: &[u8]) -> Result<()> {
    let file = object::read::elf::ElfFile64::<Endianness>::parse(bytes)
        .map_err(|e| bad(&e.to_string()))?;
    match file.elf_header().e_type.get(Endianness::Little) {
        elf::ET_EXEC => tables(&file, false),
        elf::ET_DYN => Ok(()),
        _ => Err(bad("it is no executable")),
    }
}

/// Go text and the library's functions are where the runtime's tables say.
fn tables(file: &object::read::elf::ElfFile64<'_, Endianness>, go_first: bool) -> Result<()> {
    let text = file
        .section_by_name(".text")
        .ok_or_else(|| bad("it has no .text"))?;
    let tables = file
        .section_by_name(".gort.tables")
        .ok_or_else(|| bad("it has no .gort.tables"))?;
    let header = tables.data().map_err(|e| bad(&e.to_string()))?;
    let word = |at: usize| {
        header
            .get(at..at + 8)
            .and_then(|b| b.try_into().ok())
            .map(u64::from_le_bytes)
    };
    let bounds = word(offset_of!(Header, text)).zip(word(offset_of!(Header, etext)));
    let Some((start, end)) = bounds else {
        return Err(bad("its tables are cut short"));
    };
    let list = word(offset_of!(Header, library)).zip(word(offset_of!(Header, nlibrary)));
    let Some((list, functions)) = list else {
        return Err(bad("its tables are cut short"));
    };
    let list = list.saturating_sub(tables.address()) as usize;
    let entries = (0..functions as usize).map(|i| word(list + i * size_of::<LibraryFunc>()));
    if !entries.is_sorted_by(|a, b| a.is_some() && a < b) {
        return Err(bad("the library's functions are out of order"));
    }
    let text = text.address()..text.address() + text.size();
    if !text.contains(&start) || end > text.end {
        return Err(bad("Go functions are not in .text"));
    }
    if go_first && start != text.start {
        return Err(bad("Go functions are not at the start of .text"));
    }
    Ok(())
}

/// Whether a section holds what programs write.
fn is_variables(name: &[u8]) -> bool {
    let is = |kind: &[u8]| {
        name.strip_prefix(kind)
            .is_some_and(|rest| rest.is_empty() || rest[0] == b'.' && !rest.starts_with(b".rel.ro"))
    };
    is(b".data") || is(b".bss")
}

#[cfg(test)]
mod tests {
    use super::is_variables;

    #[test]
    fn only_variables_are_written() {
        for yes in [".data", ".data.noptr", ".bss", ".bss.noptr"] {
            assert!(is_variables(yes.as_bytes()), "{yes}");
        }
        for no in [
            ".got",
            ".got.plt",
            ".data.rel.ro",
            ".data.rel.ro.local",
            ".init_array",
            ".rodata",
            ".database",
        ] {
            assert!(!is_variables(no.as_bytes()), "{no}");
        }
    }
}
