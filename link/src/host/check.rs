//! Whether an object of the library is well-formed in everything that its readers trust.
//!
//! Promise: of an object that passes, sections, names, symbols and relocations are within their
//! bounds, and what the final linker merges or takes apart (strings, unwind information) has the
//! form for that. A damaged one would make the final linker panic, or search for what is not there
//! without an end. Damage of code and data themselves cannot be seen here.

use object::elf;
use object::read::elf::{ElfFile64, Rela as _, SectionHeader as _, Sym as _};
use object::{Endianness, SectionIndex};

type Header = elf::SectionHeader64<Endianness>;

/// What is wrong with an object, if something is.
pub(super) fn check(file: &ElfFile64<'_>) -> Result<(), String> {
    Checker {
        file,
        endian: file.endian(),
    }
    .check()
    .map_err(|what| what.to_string())
}

struct Checker<'a, 'b> {
    file: &'b ElfFile64<'a>,
    endian: Endianness,
}

type Checked = Result<(), &'static str>;

impl Checker<'_, '_> {
    fn check(&self) -> Checked {
        let header = self.file.elf_header();
        if self.endian != Endianness::Little
            || header.e_type.get(self.endian) != elf::ET_REL
            || header.e_machine.get(self.endian) != elf::EM_X86_64
        {
            return Err("no relocatable object for x86-64");
        }
        for section in self.file.elf_section_table().iter() {
            self.section(section)?;
        }
        self.symbols()
    }

    fn section(&self, s: &Header) -> Checked {
        let sections = self.file.elf_section_table();
        sections
            .section_name(self.endian, s)
            .map_err(|_| "a section's name is out of bounds")?;
        let bytes = s
            .data(self.endian, self.file.data())
            .map_err(|_| "a section is out of bounds")?;
        let align = s.sh_addralign(self.endian);
        if align != 0 && (!align.is_power_of_two() || align > 1 << 16) {
            return Err("a section's alignment is impossible");
        }
        if s.sh_type(self.endian) == elf::SHT_RELA {
            return self.relocations(s);
        }
        if is_strings(s, self.endian) {
            let unit = s.sh_entsize(self.endian) as usize;
            let ends = bytes.len().checked_sub(unit).map(|at| &bytes[at..]);
            let whole = unit != 0
                && bytes.len().is_multiple_of(unit)
                && (bytes.is_empty() || ends.is_some_and(|e| e.iter().all(|&b| b == 0)));
            if !whole {
                return Err("a section of strings does not end with one");
            }
        }
        if sections.section_name(self.endian, s) == Ok(b".eh_frame") {
            return unwind_information(bytes);
        }
        Ok(())
    }

    fn relocations(&self, s: &Header) -> Checked {
        let (sections, symbols) = (self.file.elf_section_table(), self.file.elf_symbol_table());
        let index = SectionIndex(s.sh_info(self.endian) as usize);
        let target = sections
            .section(index)
            .map_err(|_| "relocations of a section that does not exist")?;
        let size = target.sh_size(self.endian);
        let (relocations, link) = s
            .rela(self.endian, self.file.data())
            .ok()
            .flatten()
            .ok_or("relocations out of bounds")?;
        if link != symbols.section() {
            return Err("relocations without a symbol table");
        }
        for r in relocations {
            let kind = r.r_type(self.endian, false).0;
            let end = r.r_offset(self.endian).checked_add(width(kind));
            if end.is_none_or(|end| end > size) {
                return Err("a relocation is out of bounds");
            }
            // The first symbol is none.
            let Some(index) = r.symbol(self.endian, false) else {
                continue;
            };
            let symbol = symbols
                .symbol(index)
                .map_err(|_| "a relocation's symbol does not exist")?;
            // Through a symbol without a name, the addend is the place of the string.
            if symbol.st_name(self.endian) != 0 {
                continue;
            }
            let Ok(Some(of)) = symbols.symbol_section(self.endian, symbol, index) else {
                continue;
            };
            let Ok(of) = sections.section(of) else {
                continue;
            };
            if !is_strings(of, self.endian) {
                continue;
            }
            let at = (symbol.st_value(self.endian) as i64)
                .checked_add(r.r_addend(self.endian))
                .and_then(|at| at.checked_add(bias(kind)));
            let inside = |at: i64| (0..=of.sh_size(self.endian) as i64).contains(&at);
            if !at.is_some_and(inside) {
                return Err("a reference to a string is out of bounds");
            }
        }
        Ok(())
    }

    fn symbols(&self) -> Checked {
        let (sections, symbols) = (self.file.elf_section_table(), self.file.elf_symbol_table());
        for (index, s) in symbols.enumerate() {
            symbols
                .symbol_name(self.endian, s)
                .map_err(|_| "a symbol's name is out of bounds")?;
            let section = symbols
                .symbol_section(self.endian, s, index)
                .map_err(|_| "a symbol's section does not exist")?;
            let Some(section) = section else { continue };
            let section = sections
                .section(section)
                .map_err(|_| "a symbol's section does not exist")?;
            let end = s.st_value(self.endian).checked_add(s.st_size(self.endian));
            if end.is_none_or(|end| end > section.sh_size(self.endian)) {
                return Err("a symbol is out of bounds");
            }
        }
        Ok(())
    }
}

/// Whether equal strings of a section become one.
fn is_strings(s: &Header, endian: Endianness) -> bool {
    let both = elf::SHF_MERGE.0 | elf::SHF_STRINGS.0;
    s.sh_flags(endian).0 & both == both
}

/// Bytes that a relocation changes.
fn width(kind: u32) -> u64 {
    match elf::RelocationType(kind) {
        elf::R_X86_64_NONE => 0,
        elf::R_X86_64_8 | elf::R_X86_64_PC8 => 1,
        elf::R_X86_64_16 | elf::R_X86_64_PC16 => 2,
        elf::R_X86_64_64 | elf::R_X86_64_PC64 => 8,
        _ => 4,
    }
}

/// What the addend of a relative reference leaves out: the rest of the instruction.
fn bias(kind: u32) -> i64 {
    match elf::RelocationType(kind) {
        elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 => 4,
        _ => 0,
    }
}

/// Records of unwind information fill their section, and each but those that are shared by others
/// names one of these before it.
fn unwind_information(bytes: &[u8]) -> Checked {
    let word = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    };
    const DAMAGED: &str = "the unwind information is damaged";
    let mut shared = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = word(at).ok_or(DAMAGED)?;
        if length == 0 {
            // The end mark.
            at += 4;
            continue;
        }
        let body = at + 4;
        let names = word(body).ok_or(DAMAGED)?;
        match names {
            0 => shared.push(at),
            back if body
                .checked_sub(back)
                .is_some_and(|p| shared.binary_search(&p).is_ok()) => {}
            _ => return Err(DAMAGED),
        }
        at = body + length;
        if length < 4 || at > bytes.len() {
            return Err(DAMAGED);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_unwind_information() {
        let words = |w: &[u32]| w.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
        // A shared record, one that names it, the end.
        let good = words(&[8, 0, 0, 8, 16, 0, 0]);
        assert_eq!(unwind_information(&good), Ok(()));
        assert!(unwind_information(&[]).is_ok());
        for bad in [
            words(&[8, 0, 0, 8, 12, 0]),
            words(&[8, 0]),
            words(&[3, 0, 0]),
            words(&[8, 0, 0, 8, 99, 0]),
            vec![1, 2],
        ] {
            assert!(unwind_information(&bad).is_err(), "{bad:?}");
        }
    }
}
