//! `go.o`: the one relocatable object that holds everything compiled from Go, with the runtime's
//! tables.
//!
//! Promise: calls and addresses between Go functions are final here; what remains for the last step
//! are references between sections and to libgort.a. Each kind of data is one section, so that its
//! bounds, which the tables header holds, are the section's own. Names: functions and variables are
//! global under the names that Go's tools show (`·` written as `.`), except where that would make
//! two names equal; descriptors, string bytes and the like have no symbols.

mod tables;

use crate::c::{self, CCode};
use crate::dwarf::{DebugSection, Target};
use crate::elf::{Contents, Rela, SectionId, SymbolInfo, SymbolRef, Writer};
use crate::error::{Error, Name, Result};
use crate::flags::{BuildMode, FinalLinker, Options};
use crate::host::live::Live;
use crate::host::merge::{self, Merged};
use crate::host::tls::{TLS_G, TLSG};
use crate::host::{CodeFunction, HostLib};
use crate::layout::{Layout, MAX_ALIGN, SECTIONS, Section};
use crate::object::{Kind, RelocKind};
use crate::pclntab::Pclntab;
use crate::reach::{Reached, WEAK};
use crate::resolve::{Definition, Program, Relocation, SymId};
use crate::tables::Tables;
use gort_tables::VERSION_SYMBOL;
use object::elf;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// What begins the name of a section that holds addresses, where the program may be anywhere in
/// memory: the dynamic linker writes them, and then makes them read-only.
const RELOCATED: &str = ".data.rel.ro";
/// Where constructors are; those of lower numbers run first, and C's own begin at 101. So Go starts
/// before a constructor of C code can call it.
const CONSTRUCTORS: &str = ".init_array.00000";
/// Keeps a section that nothing refers to, under `--gc-sections`.
const SHF_GNU_RETAIN: u64 = 1 << 21;
/// libwild orders the inputs of a section by falling alignment: with more than any function of the
/// library asks for, Go text comes first. The larger it is, the more room is lost between Go text
/// and the library's (up to this many bytes).
const TEXT_ALIGN: u64 = 256;

/// All that goes into the object.
#[derive(Debug)]
pub struct Parts<'a, 'b> {
    /// Symbols.
    pub program: &'a Program<'b>,
    /// What is needed.
    pub reached: &'a Reached,
    /// Where it goes.
    pub layout: &'a Layout,
    /// The runtime library.
    pub host: &'a HostLib<'a>,
    /// What the program needs of it.
    pub live: &'a Live,
    /// C code.
    pub c: &'a CCode<'a>,
    /// Function table.
    pub pclntab: &'a Pclntab,
    /// The library's functions in it.
    pub library: &'a [CodeFunction<'a>],
    /// Call sites and functions.
    pub tables: &'a Tables,
    /// Pointer masks of data and bss.
    pub masks: (&'a [u8], &'a [u8]),
    /// Debug information.
    pub debug: Vec<DebugSection>,
}

struct Emitter<'a, 'b> {
    parts: &'a Parts<'a, 'b>,
    w: Writer,
    sections: [SectionId; SECTIONS.len()],
    /// References to symbols of the library and of C code.
    outside: FxHashMap<SymId, SymbolRef>,
    /// For a C compiler that links.
    whole: Option<Whole>,
    /// What it makes.
    mode: BuildMode,
}

/// An object that a C compiler links holds the library, and shows C code nothing but what is
/// exported to it.
struct Whole {
    library: Merged,
    /// Names that Go code defines.
    defined: FxHashMap<Vec<u8>, SymbolRef>,
    /// The thread-local variable that holds g.
    g: SymbolRef,
}

/// Builds the object.
pub fn emit(parts: &mut Parts<'_, '_>, options: &Options) -> Result<Vec<u8>> {
    let debug = std::mem::take(&mut parts.debug);
    let parts = &*parts;
    let mut w = Writer::new();
    let mode = options.build_mode;
    let sections = SECTIONS.map(|s| add_section(&mut w, parts, s, mode));
    let mut e = Emitter {
        parts,
        w,
        sections,
        outside: FxHashMap::default(),
        whole: None,
        mode,
    };
    if parts.c.by_compiler {
        e.include_library(options);
    }
    e.reference_outside(options)?;
    for s in SECTIONS {
        e.fill(s)?;
    }
    e.pclntab_and_tables()?;
    e.notes(options);
    e.debug(debug);
    if !options.strip_all {
        e.symbols();
    }
    e.wanted_symbols(options);
    if let Some(whole) = e.whole.take() {
        e.export(&whole);
        e.constructor(&whole)?;
        whole
            .library
            .relocate(parts.host, &mut e.w, &whole.defined)?;
    }
    e.w.finish()
        .map_err(|_| Error::new("not enough memory for the linked program"))
}

/// Symbols that the object wants of the library.
fn from_host(p: &Program<'_>, reached: &Reached) -> impl Iterator<Item = SymId> {
    let ids = (0..p.symbols.len() as u32).map(SymId);
    ids.filter(|&id| {
        let s = p.sym(id);
        s.def == Definition::Host && (reached.contains(id) || s.name.starts_with(b"type."))
    })
}

/// Their names, the entry's, and those that C code wants.
pub fn host_names<'n>(
    p: &'n Program<'_>,
    reached: &Reached,
    c: &'n CCode<'_>,
    entry: &'n [u8],
) -> impl Iterator<Item = &'n [u8]> {
    let names = from_host(p, reached).map(|id| p.sym(id).name);
    names
        .chain([VERSION_SYMBOL.as_bytes(), entry])
        .chain(c.wanted())
}

/// Name and flags of a section with constants among which addresses are.
fn constants(name: &'static str, mode: BuildMode) -> (Cow<'static, str>, u64) {
    match mode {
        BuildMode::Exe => (name.into(), elf::SHF_ALLOC.0),
        _ => (
            format!("{RELOCATED}{name}").into(),
            elf::SHF_ALLOC.0 | elf::SHF_WRITE.0,
        ),
    }
}

fn add_section(w: &mut Writer, parts: &Parts<'_, '_>, s: Section, mode: BuildMode) -> SectionId {
    let (a, wr, x) = (elf::SHF_ALLOC.0, elf::SHF_WRITE.0, elf::SHF_EXECINSTR.0);
    let (name, flags, align) = match s {
        Section::Text => (".text", a | x, TEXT_ALIGN),
        Section::Rodata => (".rodata", a, MAX_ALIGN),
        Section::Typelink => (".typelink", a, 8),
        Section::NoptrData => (".data.noptr", a | wr, MAX_ALIGN),
        Section::Data => (".data", a | wr, MAX_ALIGN),
        Section::Bss => (".bss", a | wr, MAX_ALIGN),
        Section::NoptrBss => (".bss.noptr", a | wr, MAX_ALIGN),
    };
    let (name, flags) = match s {
        Section::Rodata | Section::Typelink => constants(name, mode),
        _ => (name.into(), flags),
    };
    let size = parts.layout.size(s);
    if matches!(s, Section::Bss | Section::NoptrBss) {
        return w.section(name, elf::SHT_NOBITS.0, flags, align, Contents::Zeros(size));
    }
    // Room between functions is not code: fill it with breakpoints.
    let fill = if s == Section::Text { 0xcc } else { 0 };
    w.section(
        name,
        elf::SHT_PROGBITS.0,
        flags,
        align,
        Contents::Bytes(vec![fill; size as usize]),
    )
}

impl Emitter<'_, '_> {
    fn section(&self, s: Section) -> SectionId {
        self.sections[s as usize]
    }

    /// Takes in what the program needs of the library.
    fn include_library(&mut self, options: &Options) {
        let debug = !options.strip_all && !options.strip_debug;
        let (host, live) = (self.parts.host, self.parts.live);
        let fixed = self.mode == BuildMode::Exe;
        let library = Merged::new(host, live, &mut self.w, debug, fixed);
        let mut defined = FxHashMap::default();
        let g = match library.symbol(host, TLSG) {
            Some((symbol, _)) => symbol,
            None => {
                let flags = elf::SHF_ALLOC.0 | elf::SHF_WRITE.0 | elf::SHF_TLS.0;
                let kind = elf::SHT_NOBITS.0;
                let tbss = self.w.section(".tbss", kind, flags, 8, Contents::Zeros(8));
                let info = SymbolInfo {
                    section: Some(tbss),
                    value: 0,
                    size: 8,
                    kind: elf::STT_TLS.0,
                };
                let g = self.w.local(TLSG, info);
                defined.insert(TLSG.to_vec(), g);
                g
            }
        };
        self.whole = Some(Whole {
            library,
            defined,
            g,
        });
    }

    /// Symbols for everything that comes from the library or from C code.
    fn reference_outside(&mut self, options: &Options) -> Result<()> {
        let (p, reached) = (self.parts.program, self.parts.reached);
        if self.whole.is_none() {
            self.w.undefined(VERSION_SYMBOL.as_bytes());
            self.w.undefined(options.entry.as_bytes());
        }
        for id in from_host(p, reached) {
            let r = match &self.whole {
                None => self.w.undefined(p.sym(id).name),
                Some(_) => self.library_symbol(p.sym(id).name)?,
            };
            self.outside.insert(id, r);
        }
        if self.parts.c.is_empty() {
            return Ok(());
        }
        let ids = (0..p.symbols.len() as u32).map(SymId);
        for id in ids.filter(|&id| p.sym(id).def == Definition::C && reached.contains(id)) {
            let name = p.sym(id).name;
            let theirs = self.parts.c.supplies(name).unwrap_or(name);
            let r = self.w.undefined(theirs);
            self.outside.insert(id, r);
        }
        Ok(())
    }

    /// The symbol of a name of the library.
    fn library_symbol(&mut self, name: &[u8]) -> Result<SymbolRef> {
        let Some(whole) = &self.whole else {
            return Ok(self.w.undefined(name));
        };
        let host = self.parts.host;
        let symbol = whole.library.symbol(host, name);
        symbol
            .map(|(symbol, _)| symbol)
            .ok_or_else(|| merge::missing(host, name))
    }

    /// Defines a name for the library and for people.
    fn define(&mut self, name: &[u8], info: SymbolInfo) {
        match &mut self.whole {
            None => drop(self.w.global(name, info)),
            Some(whole) => {
                let symbol = self.w.local(name, info);
                whole.defined.insert(name.to_vec(), symbol);
            }
        }
    }

    /// Global symbols for what C code may use.
    fn export(&mut self, whole: &Whole) {
        for (local, remote) in &self.parts.c.exports {
            let id = self.parts.program.find(local);
            let go = id.filter(|&id| self.parts.layout.place(id).is_some());
            let info = match go {
                Some(id) => Some(self.info(id)),
                None => {
                    let symbol = whole.library.symbol(self.parts.host, local);
                    symbol.map(|(_, info)| info)
                }
            };
            if let Some(info) = info {
                match self.mode.is_library() {
                    true => self.w.hidden(remote, info),
                    false => self.w.global(remote, info),
                };
            }
        }
    }

    /// Has a library's entry called when it is loaded.
    fn constructor(&mut self, whole: &Whole) -> Result<()> {
        if !self.mode.is_library() {
            return Ok(());
        }
        let (host, entry) = (self.parts.host, c::LIBRARY_ENTRY);
        let entry = whole.library.symbol(host, entry);
        let (entry, _) = entry.ok_or_else(|| merge::missing(host, c::LIBRARY_ENTRY))?;
        let list = self.w.section(
            CONSTRUCTORS,
            elf::SHT_INIT_ARRAY.0,
            elf::SHF_ALLOC.0 | elf::SHF_WRITE.0,
            8,
            Contents::Bytes(vec![0; 8]),
        );
        let address = Rela {
            offset: 0,
            kind: elf::R_X86_64_64.0,
            symbol: entry,
            addend: 0,
        };
        self.w.set_relocs(list, vec![address]);
        Ok(())
    }

    /// Copies images and applies or records relocations of one section.
    fn fill(&mut self, s: Section) -> Result<()> {
        if matches!(s, Section::Bss | Section::NoptrBss) {
            return Ok(());
        }
        let section = self.section(s);
        let mut bytes = std::mem::take(self.w.bytes(section));
        let symbols = self.parts.layout.symbols(s);
        // Cut the section into one piece for each symbol, so that they can be filled in parallel.
        let mut pieces = Vec::with_capacity(symbols.len());
        let mut rest = &mut bytes[..];
        let mut at = 0;
        for &id in symbols {
            let Some(place) = self.parts.layout.place(id) else {
                continue;
            };
            let (_, tail) = rest.split_at_mut((place.offset - at) as usize);
            let (piece, tail) = tail.split_at_mut(self.parts.program.sym(id).size as usize);
            at = place.offset + piece.len() as u64;
            pieces.push((id, place.offset, piece));
            rest = tail;
        }
        let this = &*self;
        let relocs: Vec<Vec<Rela>> = pieces
            .into_par_iter()
            .with_min_len(64)
            .map(|(id, offset, piece)| this.fill_symbol(id, s, offset, piece))
            .collect::<Result<_>>()?;
        *self.w.bytes(section) = bytes;
        self.w
            .set_relocs(section, relocs.into_iter().flatten().collect());
        Ok(())
    }

    fn fill_symbol(
        &self,
        id: SymId,
        s: Section,
        offset: u64,
        piece: &mut [u8],
    ) -> Result<Vec<Rela>> {
        let p = self.parts.program;
        let image = p.image(id);
        piece[..image.len()].copy_from_slice(image);
        piece[image.len()..].fill(0);
        let mut out = Vec::new();
        for r in p.relocs(id) {
            let at = r.off as usize;
            match r.kind {
                RelocKind::CallInd => {}
                RelocKind::TlsLe => match &self.whole {
                    None => piece[at..at + 4].copy_from_slice(&TLS_G.to_le_bytes()),
                    Some(whole) => out.push(Rela {
                        offset: offset + u64::from(r.off),
                        kind: elf::R_X86_64_TPOFF32.0,
                        symbol: whole.g,
                        addend: 0,
                    }),
                },
                RelocKind::TlsIe => match &self.whole {
                    None => {
                        if !make_fixed(piece, at) {
                            return Err(self.no_address(id, &r));
                        }
                    }
                    Some(whole) => out.push(Rela {
                        offset: offset + u64::from(r.off),
                        kind: elf::R_X86_64_GOTTPOFF.0,
                        symbol: whole.g,
                        addend: r.add,
                    }),
                },
                RelocKind::Addr => {
                    piece[at..at + 8].fill(0);
                    if let Some((symbol, base)) = self.target(id, &r)? {
                        let kind = elf::R_X86_64_64.0;
                        out.push(Rela {
                            offset: offset + u64::from(r.off),
                            kind,
                            symbol,
                            addend: base + r.add,
                        });
                    }
                }
                RelocKind::Call | RelocKind::PcRel => {
                    let field = offset + u64::from(r.off);
                    let Some((symbol, base)) = self.target(id, &r)? else {
                        return Err(self.no_address(id, &r));
                    };
                    let addend = base + r.add - 4;
                    if s == Section::Text
                        && symbol == SymbolRef::Section(self.section(Section::Text))
                    {
                        let value = i32::try_from(addend - field as i64)
                            .map_err(|_| self.no_address(id, &r))?;
                        piece[at..at + 4].copy_from_slice(&value.to_le_bytes());
                        continue;
                    }
                    let is_host_call = r.kind == RelocKind::Call;
                    let kind = if is_host_call {
                        elf::R_X86_64_PLT32.0
                    } else {
                        elf::R_X86_64_PC32.0
                    };
                    piece[at..at + 4].fill(0);
                    out.push(Rela {
                        offset: field,
                        kind,
                        symbol,
                        addend,
                    });
                }
            }
        }
        Ok(out)
    }

    /// Symbol and offset that a relocation means; none for a weak reference to something absent.
    fn target(&self, from: SymId, r: &Relocation) -> Result<Option<(SymbolRef, i64)>> {
        let p = self.parts.program;
        let Some(mut target) = r.target else {
            return Err(self.no_address(from, r));
        };
        if let Some(strong) = p.sym(target).name.strip_prefix(WEAK) {
            match p.find(strong) {
                Some(t) if self.outside.contains_key(&t) || self.parts.reached.contains(t) => {
                    target = t
                }
                _ => return Ok(None),
            }
        }
        if let Some(place) = self.parts.layout.place(target) {
            return Ok(Some((
                SymbolRef::Section(self.section(place.section)),
                place.offset as i64,
            )));
        }
        match self.outside.get(&target) {
            Some(&symbol) => Ok(Some((symbol, 0))),
            None => Err(self.no_address(from, r)),
        }
    }

    fn no_address(&self, from: SymId, r: &Relocation) -> Error {
        let p = self.parts.program;
        let target = r.target.map_or(&b"nothing"[..], |t| p.sym(t).name);
        let file = p
            .go_def(from)
            .map(|(o, _)| p.objects[o].origin().to_string())
            .unwrap_or_default();
        Error::new(format!(
            "{}: the reference at offset {} to {} cannot be made ({file}); the object is damaged, compile the package again",
            Name(p.sym(from).name),
            r.off,
            Name(target)
        ))
    }

    /// Build id notes, and the note that the stack needs no execute permission.
    fn notes(&mut self, options: &Options) {
        self.w.section(
            ".note.GNU-stack",
            elf::SHT_PROGBITS.0,
            0,
            1,
            Contents::Bytes(Vec::new()),
        );
        if let Some(id) = options.build_id.as_ref().filter(|id| !id.is_empty()) {
            let bytes = note(b"Go\0\0", 4, id.as_bytes());
            self.w.section(
                ".note.go.buildid",
                elf::SHT_NOTE.0,
                elf::SHF_ALLOC.0,
                4,
                Contents::Bytes(bytes),
            );
        }
        let by_wild = options.final_linker == FinalLinker::Wild && self.whole.is_none();
        if let Some(id) = options.gnu_build_id.as_ref().filter(|_| by_wild) {
            let bytes = note(b"GNU\0", 3, id);
            self.w.section(
                ".note.gnu.build-id",
                elf::SHT_NOTE.0,
                elf::SHF_ALLOC.0,
                4,
                Contents::Bytes(bytes),
            );
        }
    }

    fn debug(&mut self, debug: Vec<DebugSection>) {
        let mut ids = Vec::new();
        let mut relocs = Vec::new();
        for s in debug {
            let id = self
                .w
                .section(s.name, elf::SHT_PROGBITS.0, 0, 1, Contents::Bytes(s.bytes));
            ids.push((s.name, id));
            relocs.push(s.relocs);
        }
        for (i, list) in relocs.into_iter().enumerate() {
            let list: Vec<Rela> = list
                .into_iter()
                .filter_map(|r| {
                    let symbol = match r.target {
                        Target::Go(s) => self.section(s),
                        Target::Debug(name) => ids.iter().find(|(n, _)| *n == name)?.1,
                    };
                    let kind = if r.size == 8 {
                        elf::R_X86_64_64.0
                    } else {
                        elf::R_X86_64_32.0
                    };
                    Some(Rela {
                        offset: r.offset,
                        kind,
                        symbol: SymbolRef::Section(symbol),
                        addend: r.addend,
                    })
                })
                .collect();
            self.w.set_relocs(ids[i].1, list);
        }
    }

    /// ELF symbols of everything that has a name for people.
    fn symbols(&mut self) {
        let p = self.parts.program;
        for s in SECTIONS {
            if s == Section::Typelink {
                continue;
            }
            for &id in self.parts.layout.symbols(s) {
                let sym = p.sym(id);
                if is_hidden(sym.name) || self.is_wanted(sym.name) {
                    continue;
                }
                let info = self.info(id);
                let shown = replace_middle_dots(sym.name);
                // Two names may become equal through the replacement: such are local.
                if sym.is_static || shown.len() != sym.name.len() || sym.name.contains(&b'@') {
                    self.w.local(&shown, info);
                } else {
                    self.define(&shown, info);
                }
            }
        }
    }

    /// Names that libgort.a refers to, exactly as it spells them.
    fn wanted_symbols(&mut self, options: &Options) {
        let p = self.parts.program;
        let wanted = self
            .parts
            .host
            .undefined
            .iter()
            .chain(&self.parts.host.optional)
            .copied()
            .chain(self.parts.host.weak_names());
        let mut ids: Vec<SymId> = wanted
            .chain([options.entry.as_bytes()])
            .chain(self.parts.c.wanted())
            .filter_map(|n| p.find(n))
            .filter(|&id| self.parts.layout.place(id).is_some())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let info = self.info(id);
            if !options.strip_all && !self.is_wanted(p.sym(id).name) {
                continue; // already global under this name
            }
            self.define(p.sym(id).name, info);
        }
    }

    /// Whether the library itself refers to the name.
    fn is_wanted(&self, name: &[u8]) -> bool {
        self.parts.host.undefined.binary_search(&name).is_ok()
            || self.parts.host.optional.binary_search(&name).is_ok()
            || self.parts.host.get(name).is_some_and(|h| h.weak)
    }

    fn info(&self, id: SymId) -> SymbolInfo {
        let s = self.parts.program.sym(id);
        let place = self.parts.layout.place(id);
        SymbolInfo {
            section: place.map(|pl| self.section(pl.section)),
            value: place.map_or(0, |pl| pl.offset),
            size: s.size,
            kind: if s.kind == Kind::Text {
                elf::STT_FUNC.0
            } else {
                elf::STT_OBJECT.0
            },
        }
    }
}

/// Makes the load of g's offset from a table, `mov reg, [rip+...]` with its displacement at `at`,
/// one of a constant.
fn make_fixed(code: &mut [u8], at: usize) -> bool {
    let Some(start) = at.checked_sub(3) else {
        return false;
    };
    let (rex, reg) = match code[start..at] {
        [rex @ (0x48 | 0x4c), 0x8b, modrm] if modrm & 0xc7 == 5 => (rex, modrm >> 3 & 7),
        _ => return false,
    };
    // The register is in another field.
    code[start] = 0x48 | rex >> 2 & 1;
    code[start + 1] = 0xc7;
    code[start + 2] = 0xc0 | reg;
    code[at..at + 4].copy_from_slice(&TLS_G.to_le_bytes());
    true
}

/// Symbols that nobody looks up: the Go linker leaves them out as well.
fn is_hidden(name: &[u8]) -> bool {
    let prefixes: [&[u8]; 6] = [
        b"type.",
        b"go.string.",
        b"runtime.gcbits.",
        b"gclocals",
        b"go.typelink.",
        b"$",
    ];
    // `type..hash.T` and `type..eq.T` are functions, which have names.
    let is_generated_code = name.starts_with(b"type..hash.") || name.starts_with(b"type..eq.");
    !is_generated_code && prefixes.iter().any(|p| name.starts_with(p)) || name.starts_with(b".")
}

fn replace_middle_dots(name: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let dot = "\u{b7}".as_bytes();
    if memchr::memmem::find(name, dot).is_none() {
        return name.into();
    }
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some(i) = memchr::memmem::find(rest, dot) {
        out.extend_from_slice(&rest[..i]);
        out.push(b'.');
        rest = &rest[i + dot.len()..];
    }
    out.extend_from_slice(rest);
    out.into()
}

fn note(name: &[u8; 4], kind: u32, desc: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [name.len() as u32, desc.len() as u32, kind] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(name);
    out.extend_from_slice(desc);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_names() {
        let shown =
            |s: &str| String::from_utf8(replace_middle_dots(s.as_bytes()).into_owned()).unwrap();
        assert_eq!(shown("main.f\u{b7}f"), "main.f.f");
        assert_eq!(shown("main.main"), "main.main");
        assert!(
            is_hidden(b"type.int")
                && is_hidden(b"go.string.\"x\"")
                && !is_hidden(b"type..hash.main.T")
        );
    }

    #[test]
    fn an_offset_from_a_table_becomes_a_constant() {
        let fixed = |code: &[u8]| {
            let mut code = [code, &[0; 4]].concat();
            make_fixed(&mut code, 3).then_some(code)
        };
        let constant = |start: [u8; 3]| Some([&start[..], &[0xf8, 0xff, 0xff, 0xff]].concat());
        assert_eq!(fixed(&[0x48, 0x8b, 0x0d]), constant([0x48, 0xc7, 0xc1]));
        assert_eq!(fixed(&[0x4c, 0x8b, 0x3d]), constant([0x49, 0xc7, 0xc7]));
        assert_eq!(fixed(&[0x48, 0x89, 0x0d]), None);
        assert_eq!(fixed(&[0x48, 0x8b, 0x4d]), None);
    }

    #[test]
    fn notes_are_padded() {
        let n = note(b"Go\0\0", 4, b"abcde");
        assert_eq!(n.len(), 12 + 4 + 8);
        assert_eq!(&n[..12], [4, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0]);
        assert_eq!(&n[12..21], b"Go\0\0abcde");
    }
}
