//! Rereading the executable before it gets its name.
//!
//! Promise: a program that passes has the shape that the runtime and Go's tools rely on, whichever linker made it: static, entry inside
//! executable memory, no segment both writable and executable, and Go text inside `.text`.

use crate::error::{Error, Result};
use crate::load::map_file;
use gort_tables::Header;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _};
use std::mem::offset_of;
use std::path::Path;

/// Checks the executable.
///
/// `go_first`: Go text must start `.text`; only libwild promises that.
pub fn check(exe: &Path, go_first: bool) -> Result<()> {
    let bytes = map_file(exe).map_err(|e| Error::io("cannot reread", exe, &e))?;
    let bad = |what: &str| {
        Error::new(format!(
            "the final linker produced an unusable executable: {what}"
        ))
    };
    let header =
        elf::FileHeader64::<Endianness>::parse(&*bytes).map_err(|e| bad(&e.to_string()))?;
    let endian = Endianness::Little;
    let segments = header
        .program_headers(endian, &*bytes)
        .map_err(|e| bad(&e.to_string()))?;
    let entry = header.e_entry(endian);
    let mut entry_ok = false;
    for s in segments {
        match s.p_type(endian) {
            elf::PT_INTERP | elf::PT_DYNAMIC => return Err(bad("it is not static")),
            elf::PT_LOAD => {
                let (w, x) = (elf::PF_W.0, elf::PF_X.0);
                let flags = s.p_flags(endian).0;
                if flags & w != 0 && flags & x != 0 {
                    return Err(bad("a segment is writable and executable"));
                }
                let range = s.p_vaddr(endian)..s.p_vaddr(endian) + s.p_memsz(endian);
                entry_ok |= flags & x != 0 && range.contains(&entry);
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
    let file = object::read::elf::ElfFile64::<Endianness>::parse(&*bytes)
        .map_err(|e| bad(&e.to_string()))?;
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
    let text = text.address()..text.address() + text.size();
    if !text.contains(&start) || end > text.end {
        return Err(bad("Go functions are not in .text"));
    }
    if go_first && start != text.start {
        return Err(bad("Go functions are not at the start of .text"));
    }
    Ok(())
}
