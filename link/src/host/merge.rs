//! The library inside of `go.o`, for a program that a C compiler links.
//!
//! Promise: the sections that the program needs are copied, their symbols are local, and nothing
//! refers to libgort.a any more. So C code can neither take the library's `memcpy` for its own nor
//! define one that the library would use, and shared libraries see nothing of it.

use super::live::Live;
use super::{FUNCTIONS, HostLib};
use crate::elf::{Contents, Rela, SectionId, SymbolInfo, SymbolRef, Writer};
use crate::error::{Error, Name, Result};
use object::read::elf::{ElfFile64, SectionHeader as _};
use object::{
    Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags, RelocationTarget,
    SectionIndex, SymbolIndex, elf,
};
use rustc_hash::FxHashMap;

/// Where the sections and symbols of the library are.
#[derive(Debug, Default)]
pub struct Merged {
    sections: FxHashMap<(u32, SectionIndex), (SectionId, u64)>,
    symbols: FxHashMap<(u32, SymbolIndex), (SymbolRef, SymbolInfo)>,
    /// Relocations to make, when all names are known.
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    section: SectionId,
    member: u32,
    offset: u64,
    kind: u32,
    symbol: Option<SymbolIndex>,
    addend: i64,
}

/// A section of the output while it grows.
struct Piece {
    name: String,
    kind: u32,
    flags: u64,
    align: u64,
    bytes: Vec<u8>,
    size: u64,
    parts: Vec<(u32, SectionIndex, u64)>,
    pending: Vec<Pending>,
}

impl Merged {
    /// Copies what of the library is live, and its debug information if it is wanted. Constants with
    /// addresses among them are what a dynamic linker writes, unless addresses are `fixed`.
    pub fn new(host: &HostLib<'_>, live: &Live, w: &mut Writer, debug: bool, fixed: bool) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for (member, file) in (0..).zip(&host.members) {
            for s in file.sections() {
                let header = s.elf_section_header();
                let flags = header.sh_flags(file.endian()).0;
                let kind = header.sh_type(file.endian()).0;
                let name = s.name().unwrap_or_default();
                let loaded = flags & elf::SHF_ALLOC.0 != 0;
                let unwind = name == ".eh_frame";
                let wanted = match loaded {
                    _ if unwind => true,
                    true => live.contains(member, s.index()) && name != FUNCTIONS,
                    false => debug && name.starts_with(".debug_"),
                };
                if !wanted {
                    continue;
                }
                let keep =
                    elf::SHF_ALLOC.0 | elf::SHF_WRITE.0 | elf::SHF_EXECINSTR.0 | elf::SHF_TLS.0;
                let (mut name, mut flags) = (output_name(name), flags & keep);
                if !fixed && flags == elf::SHF_ALLOC.0 && holds_addresses(&s) {
                    let rest = name.strip_prefix(".rodata").unwrap_or(&name);
                    name = format!(".data.rel.ro{rest}");
                    flags |= elf::SHF_WRITE.0;
                }
                let known = pieces
                    .iter()
                    .position(|p| p.name == name && p.kind == kind && p.flags == flags);
                let at = known.unwrap_or_else(|| {
                    pieces.push(Piece::new(name, kind, flags));
                    pieces.len() - 1
                });
                pieces[at].add(member, file, &s, live);
            }
        }
        let mut merged = Self::default();
        for mut p in pieces {
            if p.name == ".eh_frame" {
                fill_last_record(&mut p.bytes);
            }
            let contents = match p.kind == elf::SHT_NOBITS.0 {
                true => Contents::Zeros(p.size),
                false => Contents::Bytes(p.bytes),
            };
            let id = w.section(p.name, p.kind, p.flags, p.align, contents);
            let parts = p.parts.into_iter();
            merged
                .sections
                .extend(parts.map(|(member, index, at)| ((member, index), (id, at))));
            let pending = p.pending.into_iter();
            merged
                .pending
                .extend(pending.map(|r| Pending { section: id, ..r }));
        }
        merged.add_symbols(host, w);
        merged
    }

    fn add_symbols(&mut self, host: &HostLib<'_>, w: &mut Writer) {
        for (member, file) in (0..).zip(&host.members) {
            for s in file.symbols() {
                let kind = s.elf_symbol().st_type();
                if kind == elf::STT_SECTION || kind == elf::STT_FILE || s.is_undefined() {
                    continue;
                }
                let absolute = s.section() == object::SymbolSection::Absolute;
                let place = s
                    .section_index()
                    .and_then(|index| self.sections.get(&(member, index)));
                if place.is_none() && !absolute {
                    continue;
                }
                let info = SymbolInfo {
                    section: place.map(|&(id, _)| id),
                    value: place.map_or(0, |&(_, at)| at) + s.address(),
                    size: s.size(),
                    kind: kind.0,
                };
                let symbol = w.local(s.name_bytes().unwrap_or_default(), info);
                self.symbols.insert((member, s.index()), (symbol, info));
            }
        }
    }

    /// A global name of the library: symbol and place.
    pub fn symbol(&self, host: &HostLib<'_>, name: &[u8]) -> Option<(SymbolRef, SymbolInfo)> {
        let s = host.get(name)?;
        self.symbols.get(&(s.member, s.index)).copied()
    }

    /// Makes the library's relocations. `of_go` knows the names that Go code defines.
    pub fn relocate(
        self,
        host: &HostLib<'_>,
        w: &mut Writer,
        of_go: &FxHashMap<Vec<u8>, SymbolRef>,
    ) -> Result<()> {
        let mut others: FxHashMap<&[u8], SymbolRef> = FxHashMap::default();
        let mut relocations: FxHashMap<SectionId, Vec<Rela>> = FxHashMap::default();
        for r in &self.pending {
            let null = (SymbolRef::Null, 0);
            let (symbol, addend) = match r.symbol {
                None => null,
                Some(index) => {
                    let file = &host.members[r.member as usize];
                    let s = file
                        .symbol_by_index(index)
                        .map_err(|e| Error::new(format!("{}: {e}", host.path.display())))?;
                    let name = s.name_bytes().unwrap_or_default();
                    let go = of_go.get(name).filter(|_| s.is_global());
                    if let Some(&symbol) = go {
                        (symbol, r.addend)
                    } else if s.elf_symbol().st_type() == elf::STT_SECTION {
                        let section = s.section_index();
                        let place = section.and_then(|i| self.sections.get(&(r.member, i)));
                        place.map_or(null, |&(id, at)| {
                            (SymbolRef::Section(id), r.addend + at as i64)
                        })
                    } else if let Some(&(symbol, _)) = self.symbols.get(&(r.member, index)) {
                        (symbol, r.addend)
                    } else if let Some((symbol, _)) =
                        self.symbol(host, name).filter(|_| s.is_global())
                    {
                        (symbol, r.addend)
                    } else if s.is_undefined() && !name.is_empty() {
                        let new = || match s.is_weak() {
                            true => w.optional(name),
                            false => w.undefined(name),
                        };
                        (*others.entry(name).or_insert_with(new), r.addend)
                    } else {
                        // Of a function that the program has not, in debug information.
                        null
                    }
                }
            };
            if symbol == SymbolRef::Null {
                // libwild wants a symbol for each.
                w.fill(r.section, r.offset, r.kind, addend);
                continue;
            }
            relocations.entry(r.section).or_default().push(Rela {
                offset: r.offset,
                kind: r.kind,
                symbol,
                addend,
            });
        }
        for (section, list) in relocations {
            w.set_relocs(section, list);
        }
        Ok(())
    }
}

/// Whether a section has to be written when the program's place is known.
fn holds_addresses(s: &object::read::elf::ElfSection64<'_, '_>) -> bool {
    s.relocations().any(|(_, r)| match r.flags() {
        RelocationFlags::Elf { r_type } => r_type == elf::R_X86_64_64,
        _ => false,
    })
}

/// Sections of a kind become one. Linkers put them where all of their kind are.
fn output_name(name: &str) -> String {
    let kinds = [".text", ".data.rel.ro", ".rodata", ".data", ".bss", ".tbss"];
    let of_kind = |kind: &&&str| {
        name.strip_prefix(**kind)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    match kinds.iter().find(of_kind) {
        Some(kind) => format!("{kind}.gort"),
        None => name.to_string(),
    }
}

impl Piece {
    fn new(name: String, kind: u32, flags: u64) -> Self {
        Self {
            name,
            kind,
            flags,
            align: 1,
            bytes: Vec::new(),
            size: 0,
            parts: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Makes room up to the next part. Not in unwind information: zeros are its end.
    fn begin_part(&mut self, align: u64) {
        self.align = self.align.max(align);
        if self.name != ".eh_frame" {
            self.size = self.size.next_multiple_of(align);
        }
    }

    fn add(
        &mut self,
        member: u32,
        file: &ElfFile64<'_>,
        s: &object::read::elf::ElfSection64<'_, '_>,
        live: &Live,
    ) {
        self.begin_part(s.align().max(1));
        self.parts.push((member, s.index(), self.size));
        let data = s.data().unwrap_or_default();
        let mut relocations: Vec<_> = s.relocations().collect();
        relocations.sort_by_key(|&(at, _)| at);
        let pending = |offset: u64, r: &object::Relocation| {
            let kind = match r.flags() {
                RelocationFlags::Elf { r_type } => r_type.0,
                _ => elf::R_X86_64_NONE.0,
            };
            let symbol = match r.target() {
                RelocationTarget::Symbol(index) => Some(index),
                _ => None,
            };
            Pending {
                section: SectionId(0),
                member,
                offset,
                kind,
                symbol,
                addend: r.addend(),
            }
        };
        if self.kind == elf::SHT_NOBITS.0 {
            self.size += s.size();
            return;
        }
        let fill = if self.flags & elf::SHF_EXECINSTR.0 != 0 {
            0xcc
        } else {
            0
        };
        self.bytes.resize(self.size as usize, fill);
        if self.name == ".eh_frame" {
            let start = self.bytes.len();
            let is_live = |symbol: SymbolIndex| {
                let symbol = file.symbol_by_index(symbol).ok();
                let section = symbol.and_then(|s| s.section_index());
                section.is_some_and(|section| live.contains(member, section))
            };
            for (from, to, len) in unwind_records(data, &relocations, &is_live, &mut self.bytes) {
                let first = relocations.partition_point(|&(at, _)| at < from);
                let own = relocations[first..].iter();
                let own = own.take_while(|&&(at, _)| at < from + len);
                let moved = own.map(|(at, r)| pending(start as u64 + to + at - from, r));
                self.pending.extend(moved);
            }
        } else {
            self.bytes.extend_from_slice(data);
            let start = self.size;
            let moved = relocations.iter().map(|(at, r)| pending(start + at, r));
            self.pending.extend(moved);
        }
        self.size = self.bytes.len() as u64;
    }
}

/// Appends the records of unwind information that are of live functions. Answers where each was
/// and is, counted from the starts of both, and its length.
fn unwind_records(
    data: &[u8],
    relocations: &[(u64, object::Relocation)],
    is_live: &dyn Fn(SymbolIndex) -> bool,
    out: &mut Vec<u8>,
) -> Vec<(u64, u64, u64)> {
    let start = out.len();
    let word = |at: usize| {
        let bytes = data.get(at..at + 4)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    };
    let (mut kept, mut at) = (Vec::new(), 0);
    let mut keep = |at: usize, record: &[u8], out: &mut Vec<u8>| {
        let new = out.len() - start;
        kept.push((at as u64, new as u64, record.len() as u64));
        out.extend_from_slice(record);
        new
    };
    // Common records, and where they are if they are wanted: those of no live function may refer to
    // what the program has not, and linkers that see such a reference read no record at all.
    let mut commons: FxHashMap<usize, (&[u8], Option<usize>)> = FxHashMap::default();
    while let Some((length, back)) = word(at).zip(word(at + 4)) {
        // A length of zero ends the list, one of all ones announces a longer one, which no
        // compiler writes.
        let Some(record) = data.get(at..at + 4 + length).filter(|_| length > 4) else {
            break;
        };
        let field = at as u64 + 8;
        let first = relocations.partition_point(|&(offset, _)| offset < field);
        let function = relocations
            .get(first)
            .filter(|(offset, _)| *offset == field);
        let live = function.is_some_and(|(_, r)| match r.target() {
            RelocationTarget::Symbol(symbol) => is_live(symbol),
            _ => false,
        });
        // A function's record names its common one by the distance to it.
        let of_function = (at + 4).wrapping_sub(back);
        if back == 0 {
            commons.insert(at, (record, None));
        } else if let Some((common, place)) = commons.get_mut(&of_function).filter(|_| live) {
            let common = *place.get_or_insert_with(|| keep(of_function, common, out));
            let new = keep(at, record, out);
            let back = (new + 4 - common) as u32;
            out[start + new + 4..start + new + 8].copy_from_slice(&back.to_le_bytes());
        }
        at += 4 + length;
    }
    kept
}

/// Makes unwind information end at a multiple of its alignment, by instructions that do nothing
/// after its last record: a linker that joins objects would put other bytes there, and the records of
/// the next object could not be found.
fn fill_last_record(records: &mut Vec<u8>) {
    let (mut at, mut last) = (0, None);
    while let Some(length) = records.get(at..).and_then(|r| r.first_chunk()) {
        last = Some(at);
        at += 4 + u32::from_le_bytes(*length) as usize;
    }
    let more = at.next_multiple_of(8) - at;
    let Some(last) = last.filter(|_| at == records.len() && more > 0) else {
        return;
    };
    let length = (at - last - 4 + more) as u32;
    records[last..last + 4].copy_from_slice(&length.to_le_bytes());
    records.resize(at + more, 0);
}

/// A symbol of the library that go.o should have and has not.
pub fn missing(host: &HostLib<'_>, name: &[u8]) -> Error {
    Error::new(format!(
        "{}: {} is not where the linker expects it; build libgort.a and the linker from the same source",
        host.path.display(),
        Name(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zero between records ends the search for a function, and with it C++ exceptions.
    #[test]
    fn unwind_information_ends_where_the_next_may_begin() {
        let record = |length: u32| [&length.to_le_bytes()[..], &vec![1; length as usize]].concat();
        let mut records = [record(12), record(8)].concat();
        fill_last_record(&mut records);
        let last = [&12u32.to_le_bytes()[..], &[1; 8], &[0; 4]].concat();
        assert_eq!(records, [record(12), last].concat());
        for whole in [Vec::new(), record(12)] {
            let mut records = whole.clone();
            fill_last_record(&mut records);
            assert_eq!(records, whole);
        }
    }

    #[test]
    fn unwind_information_has_no_gaps() {
        for (name, next) in [(".eh_frame", 20), (".rodata.gort", 24)] {
            let mut piece = Piece::new(name.to_string(), 0, 0);
            piece.size = 20;
            piece.begin_part(8);
            assert_eq!((piece.size, piece.align), (next, 8), "{name}");
        }
    }
}
