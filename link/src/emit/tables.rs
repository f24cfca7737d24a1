//! The runtime's tables and `.gopclntab` as sections of `go.o`.

use super::{Emitter, Parts, SHF_GNU_RETAIN};
use crate::elf::{Contents, Rela, SectionId, SymbolInfo, SymbolRef};
use crate::error::Result;
use crate::host::CODE_END;
use crate::layout::Section;
use gort_tables::{Frame, Func, HEADER_SYMBOL, Header, LibraryFunc, MAGIC, Site, VERSION};
use object::elf;
use std::mem::offset_of;

/// `.gosymtab` before Go 1.3 listed the symbols, for readers that still ask for the section: here
/// is how it begins, its word size last, and no symbol. The stock linker's is empty, which a linker
/// may drop.
const NO_SYMBOLS: [u8; 8] = [0xfd, 0xff, 0xff, 0xff, 0, 0, 0, 8];

impl Emitter<'_, '_> {
    /// Writes both, and the header that leads to everything.
    pub(super) fn pclntab_and_tables(&mut self) -> Result<()> {
        let (a, progbits) = (elf::SHF_ALLOC.0 | SHF_GNU_RETAIN, elf::SHT_PROGBITS.0);
        let mode = self.mode;
        let constants = |name| {
            let (name, flags) = super::constants(name, mode);
            (name, flags | SHF_GNU_RETAIN)
        };
        let Parts {
            pclntab,
            tables,
            masks,
            layout,
            ..
        } = self.parts;
        let (name, flags) = constants(".gopclntab");
        let pcln = self.w.section(
            name,
            progbits,
            flags,
            32,
            Contents::Bytes(pclntab.bytes.clone()),
        );
        self.w.section(
            ".gosymtab",
            progbits,
            a,
            1,
            Contents::Bytes(NO_SYMBOLS.to_vec()),
        );
        let text = SymbolRef::Section(self.section(Section::Text));
        let abs = elf::R_X86_64_64.0;
        self.w.relocs(
            pcln,
            pclntab.addresses.iter().map(|&(at, to)| Rela {
                offset: u64::from(at),
                kind: abs,
                symbol: text,
                addend: to as i64,
            }),
        );
        let library = self.parts.library;
        let names = library.iter().map(|f| f.name);
        let end = (!library.is_empty()).then_some(CODE_END);
        let library_code = names.chain(end).map(|name| self.library_symbol(name));
        let library_code: Vec<_> = library_code.collect::<Result<_>>()?;
        let entry = |at: u64, function: usize| Rela {
            offset: at,
            kind: abs,
            symbol: library_code[function],
            addend: 0,
        };
        let fields = pclntab.library.iter();
        self.w.relocs(
            pcln,
            fields.map(|&(at, function)| entry(u64::from(at), function as usize)),
        );

        let mut out = vec![0u8; size_of::<Header>()];
        let (name, flags) = constants(".gort.tables");
        let here = self
            .w
            .section(name, progbits, flags, 32, Contents::Bytes(Vec::new()));
        let mut relocs = Vec::new();
        let mut pointer = |at: usize, symbol: SectionId, addend: u64| {
            let symbol = SymbolRef::Section(symbol);
            relocs.push(Rela {
                offset: at as u64,
                kind: abs,
                symbol,
                addend: addend as i64,
            });
        };
        put(&mut out, offset_of!(Header, magic), &MAGIC.to_le_bytes());
        put(
            &mut out,
            offset_of!(Header, version),
            &VERSION.to_le_bytes(),
        );
        let bounds = [
            (
                Section::Text,
                offset_of!(Header, text),
                offset_of!(Header, etext),
            ),
            (
                Section::Data,
                offset_of!(Header, data),
                offset_of!(Header, edata),
            ),
            (
                Section::Bss,
                offset_of!(Header, bss),
                offset_of!(Header, ebss),
            ),
            (
                Section::NoptrData,
                offset_of!(Header, noptrdata),
                offset_of!(Header, enoptrdata),
            ),
            (
                Section::NoptrBss,
                offset_of!(Header, noptrbss),
                offset_of!(Header, enoptrbss),
            ),
            (
                Section::Rodata,
                offset_of!(Header, rodata),
                offset_of!(Header, erodata),
            ),
        ];
        for (s, start, end) in bounds {
            pointer(start, self.sections[s as usize], 0);
            pointer(end, self.sections[s as usize], layout.size(s));
        }
        pointer(offset_of!(Header, pclntab), pcln, 0);
        put(
            &mut out,
            offset_of!(Header, npclntab),
            &(pclntab.bytes.len() as u64).to_le_bytes(),
        );
        pointer(
            offset_of!(Header, typelinks),
            self.sections[Section::Typelink as usize],
            0,
        );
        let typelinks = layout.symbols(Section::Typelink).len() as u64;
        put(
            &mut out,
            offset_of!(Header, ntypelinks),
            &typelinks.to_le_bytes(),
        );

        let words = |v: &[u32]| v.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
        let sites: Vec<u8> = tables.sites.iter().flat_map(site_bytes).collect();
        let frames: Vec<u8> = tables.frames.iter().flat_map(frame_bytes).collect();
        let funcs: Vec<u8> = tables.funcs.iter().flat_map(func_bytes).collect();
        let none = usize::MAX;
        let arrays: [(usize, usize, u64, Vec<u8>); 9] = [
            (
                offset_of!(Header, sites),
                offset_of!(Header, nsites),
                tables.sites.len() as u64,
                sites,
            ),
            (offset_of!(Header, lines), none, 0, words(&tables.lines)),
            (
                offset_of!(Header, site_index),
                offset_of!(Header, nsite_index),
                tables.site_index.len() as u64,
                words(&tables.site_index),
            ),
            (
                offset_of!(Header, frames),
                offset_of!(Header, nframes),
                tables.frames.len() as u64,
                frames,
            ),
            (
                offset_of!(Header, bits),
                offset_of!(Header, nbits),
                tables.bits.len() as u64,
                tables.bits.clone(),
            ),
            (
                offset_of!(Header, funcs),
                offset_of!(Header, nfuncs),
                tables.funcs.len() as u64,
                funcs,
            ),
            (
                offset_of!(Header, func_index),
                offset_of!(Header, nfunc_index),
                tables.func_index.len() as u64,
                words(&tables.func_index),
            ),
            (offset_of!(Header, data_mask), none, 0, masks.0.to_vec()),
            (offset_of!(Header, bss_mask), none, 0, masks.1.to_vec()),
        ];
        for (at, count_at, count, bytes) in arrays {
            out.resize(out.len().next_multiple_of(8), 0);
            pointer(at, here, out.len() as u64);
            if count_at != none {
                put(&mut out, count_at, &count.to_le_bytes());
            }
            out.extend_from_slice(&bytes);
        }
        // Functions that only the library calls are in the pclntab for tools.
        let named = (0..).zip(library).filter_map(|(i, f)| Some((i, f.row?)));
        let named: Vec<(usize, i32)> = named.collect();
        out.resize(out.len().next_multiple_of(8), 0);
        pointer(offset_of!(Header, library), here, out.len() as u64);
        let count = (named.len() as u64).to_le_bytes();
        put(&mut out, offset_of!(Header, nlibrary), &count);
        for (function, index) in named {
            let at = out.len();
            let record = pclntab.library_records[function];
            out.resize(at + size_of::<LibraryFunc>(), 0);
            relocs.push(entry(
                (at + offset_of!(LibraryFunc, entry)) as u64,
                function,
            ));
            let record_at = at + offset_of!(LibraryFunc, record);
            put(&mut out, record_at, &record.to_le_bytes());
            let index_at = at + offset_of!(LibraryFunc, index);
            put(&mut out, index_at, &index.to_le_bytes());
        }
        let info = SymbolInfo {
            section: Some(here),
            value: 0,
            size: size_of::<Header>() as u64,
            kind: elf::STT_OBJECT.0,
        };
        self.define(HEADER_SYMBOL.as_bytes(), info);
        *self.w.bytes(here) = out;
        self.w.set_relocs(here, relocs);
        self.boundaries(pcln, pclntab.bytes.len() as u64);
        Ok(())
    }

    /// Names of section bounds that tools of Go know.
    fn boundaries(&mut self, pcln: SectionId, pcln_size: u64) {
        let names = [
            (Section::Text, "runtime.text", "runtime.etext"),
            (Section::Rodata, "runtime.rodata", "runtime.erodata"),
            (Section::Typelink, "runtime.typelink", "runtime.etypelink"),
            (
                Section::NoptrData,
                "runtime.noptrdata",
                "runtime.enoptrdata",
            ),
            (Section::Data, "runtime.data", "runtime.edata"),
            (Section::Bss, "runtime.bss", "runtime.ebss"),
            (Section::NoptrBss, "runtime.noptrbss", "runtime.enoptrbss"),
        ];
        let mut list = vec![
            ("runtime.pclntab", pcln, 0),
            ("runtime.epclntab", pcln, pcln_size),
        ];
        for (s, start, end) in names {
            list.push((start, self.section(s), 0));
            list.push((end, self.section(s), self.parts.layout.size(s)));
        }
        for (name, section, value) in list {
            if self.parts.host.get(name.as_bytes()).is_none() {
                let info = SymbolInfo {
                    section: Some(section),
                    value,
                    size: 0,
                    kind: elf::STT_NOTYPE.0,
                };
                self.define(name.as_bytes(), info);
            }
        }
    }
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

fn site_bytes(s: &Site) -> [u8; size_of::<Site>()] {
    let mut out = [0; size_of::<Site>()];
    put(&mut out, offset_of!(Site, pc), &s.pc.to_le_bytes());
    put(&mut out, offset_of!(Site, frame), &s.frame.to_le_bytes());
    out
}

fn frame_bytes(f: &Frame) -> [u8; size_of::<Frame>()] {
    let mut out = [0; size_of::<Frame>()];
    put(&mut out, offset_of!(Frame, size), &f.size.to_le_bytes());
    put(
        &mut out,
        offset_of!(Frame, locals_words),
        &f.locals_words.to_le_bytes(),
    );
    put(&mut out, offset_of!(Frame, locals), &f.locals.to_le_bytes());
    put(
        &mut out,
        offset_of!(Frame, args_words),
        &f.args_words.to_le_bytes(),
    );
    put(&mut out, offset_of!(Frame, args), &f.args.to_le_bytes());
    put(&mut out, offset_of!(Frame, flags), &f.flags.to_le_bytes());
    out
}

fn func_bytes(f: &Func) -> [u8; size_of::<Func>()] {
    let mut out = [0; size_of::<Func>()];
    put(&mut out, offset_of!(Func, entry), &f.entry.to_le_bytes());
    put(&mut out, offset_of!(Func, record), &f.record.to_le_bytes());
    put(
        &mut out,
        offset_of!(Func, entry_frame),
        &f.entry_frame.to_le_bytes(),
    );
    put(&mut out, offset_of!(Func, args), &f.args.to_le_bytes());
    out
}
