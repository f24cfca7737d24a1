//! A relocatable ELF64 file for x86-64, written in one pass.
//!
//! Promise: [`Writer::finish`] yields a well-formed `ET_REL` file whatever was added; sections and
//! symbols keep the order of their addition, except that local symbols come before global ones as
//! ELF demands. The crate `object` has a writer too; it sorts and merges all names, which costs
//! more than the rest of the emission on programs with many thousands of symbols. Its constants are
//! used here.

use object::elf;
use std::borrow::Cow;
use std::collections::TryReserveError;

/// Index of a section, as in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SectionId(pub u32);

/// Handle of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolRef {
    /// Symbol of a whole section.
    Section(SectionId),
    /// n-th local symbol.
    Local(u32),
    /// n-th global symbol.
    Global(u32),
    /// None: an address of zero.
    Null,
}

/// Contents of a section.
#[derive(Debug)]
pub enum Contents {
    /// Bytes in the file.
    Bytes(Vec<u8>),
    /// Zeros that take no room in the file.
    Zeros(u64),
}

/// A relocation with explicit addend.
#[derive(Debug, Clone, Copy)]
pub struct Rela {
    /// Offset in the section.
    pub offset: u64,
    /// `R_X86_64_…`.
    pub kind: u32,
    /// What it refers to.
    pub symbol: SymbolRef,
    /// Addend.
    pub addend: i64,
}

struct Section {
    name: Cow<'static, str>,
    kind: u32,
    flags: u64,
    align: u64,
    contents: Contents,
    relocs: Vec<Rela>,
}

struct Symbol {
    name: u32,
    info: u8,
    visibility: u8,
    section: u16,
    value: u64,
    size: u64,
}

/// Collects the parts of the file.
pub struct Writer {
    sections: Vec<Section>,
    locals: Vec<Symbol>,
    globals: Vec<Symbol>,
    strings: Vec<u8>,
}

/// Properties of a symbol in a section.
#[derive(Debug, Clone, Copy)]
pub struct SymbolInfo {
    /// Its section; none for an absolute value.
    pub section: Option<SectionId>,
    /// Offset in the section.
    pub value: u64,
    /// Size.
    pub size: u64,
    /// `STT_…`.
    pub kind: u8,
}

const EHDR: usize = 64;
const SHDR: usize = 64;

impl Writer {
    /// An empty file.
    pub fn new() -> Self {
        Self {
            sections: Vec::new(),
            locals: Vec::new(),
            globals: Vec::new(),
            strings: vec![0],
        }
    }

    /// Adds a section.
    pub fn section(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        kind: u32,
        flags: u64,
        align: u64,
        contents: Contents,
    ) -> SectionId {
        self.sections.push(Section {
            name: name.into(),
            kind,
            flags,
            align,
            contents,
            relocs: Vec::new(),
        });
        SectionId(self.sections.len() as u32)
    }

    /// Bytes of a section with bytes.
    pub fn bytes(&mut self, id: SectionId) -> &mut Vec<u8> {
        let contents = &mut self.sections[id.0 as usize - 1].contents;
        if let Contents::Zeros(_) = contents {
            *contents = Contents::Bytes(Vec::new());
        }
        match contents {
            Contents::Bytes(b) => b,
            Contents::Zeros(_) => unreachable!("replaced above"),
        }
    }

    /// Adds relocations to a section.
    pub fn relocs(&mut self, id: SectionId, relocs: impl IntoIterator<Item = Rela>) {
        self.sections[id.0 as usize - 1].relocs.extend(relocs);
    }

    /// Replaces the relocations of a section.
    pub fn set_relocs(&mut self, id: SectionId, relocs: Vec<Rela>) {
        self.sections[id.0 as usize - 1].relocs = relocs;
    }

    fn string(&mut self, name: &[u8]) -> u32 {
        let at = self.strings.len() as u32;
        self.strings.extend_from_slice(name);
        self.strings.push(0);
        at
    }

    fn make(&mut self, name: &[u8], s: SymbolInfo, bind: u8) -> Symbol {
        let section = s.section.map_or(elf::SHN_ABS.0, |s| s.0 as u16);
        Symbol {
            name: self.string(name),
            info: bind << 4 | s.kind,
            visibility: elf::STV_DEFAULT.0,
            section,
            value: s.value,
            size: s.size,
        }
    }

    /// Adds a symbol that only this file sees.
    pub fn local(&mut self, name: &[u8], s: SymbolInfo) -> SymbolRef {
        let symbol = self.make(name, s, elf::STB_LOCAL.0);
        self.locals.push(symbol);
        SymbolRef::Local(self.locals.len() as u32 - 1)
    }

    /// Adds a global symbol.
    pub fn global(&mut self, name: &[u8], s: SymbolInfo) -> SymbolRef {
        let symbol = self.make(name, s, elf::STB_GLOBAL.0);
        self.globals.push(symbol);
        SymbolRef::Global(self.globals.len() as u32 - 1)
    }

    /// Adds a global symbol that no other shared object sees.
    pub fn hidden(&mut self, name: &[u8], s: SymbolInfo) -> SymbolRef {
        let mut symbol = self.make(name, s, elf::STB_GLOBAL.0);
        symbol.visibility = elf::STV_HIDDEN.0;
        self.globals.push(symbol);
        SymbolRef::Global(self.globals.len() as u32 - 1)
    }

    /// Adds a global symbol that gives way to an ordinary one of the same name.
    pub fn weak(&mut self, name: &[u8], s: SymbolInfo) -> SymbolRef {
        let symbol = self.make(name, s, elf::STB_WEAK.0);
        self.globals.push(symbol);
        SymbolRef::Global(self.globals.len() as u32 - 1)
    }

    /// Adds a reference to a symbol of another file.
    pub fn undefined(&mut self, name: &[u8]) -> SymbolRef {
        self.reference(name, elf::STB_GLOBAL.0)
    }

    /// Adds a reference to a symbol that another file may have.
    pub fn optional(&mut self, name: &[u8]) -> SymbolRef {
        self.reference(name, elf::STB_WEAK.0)
    }

    fn reference(&mut self, name: &[u8], bind: u8) -> SymbolRef {
        let name = self.string(name);
        self.globals.push(Symbol {
            name,
            info: bind << 4,
            visibility: elf::STV_DEFAULT.0,
            section: 0,
            value: 0,
            size: 0,
        });
        SymbolRef::Global(self.globals.len() as u32 - 1)
    }

    /// Does a relocation of an absolute address to a value that is known, in the section's bytes.
    pub fn fill(&mut self, section: SectionId, offset: u64, kind: u32, value: i64) {
        let size = match elf::RelocationType(kind) {
            elf::R_X86_64_64 => 8,
            elf::R_X86_64_32 | elf::R_X86_64_32S => 4,
            _ => return,
        };
        let at = offset as usize;
        if let Some(field) = self.bytes(section).get_mut(at..at + size) {
            field.copy_from_slice(&value.to_le_bytes()[..size]);
        }
    }

    /// The file.
    pub fn finish(self) -> Result<Vec<u8>, TryReserveError> {
        let n = self.sections.len() as u32;
        let nsymbols = 1 + n + self.locals.len() as u32 + self.globals.len() as u32;
        let first_global = 1 + n + self.locals.len() as u32;
        let relocs: usize = self.sections.iter().map(|s| s.relocs.len()).sum();
        let contents: usize = self
            .sections
            .iter()
            .map(|s| match &s.contents {
                Contents::Bytes(b) => b.len() + s.align as usize,
                Contents::Zeros(_) => 0,
            })
            .sum();
        let mut out = Vec::new();
        out.try_reserve_exact(
            EHDR + contents
                + relocs * 24
                + nsymbols as usize * 24
                + self.strings.len()
                + (2 * n as usize + 4) * (SHDR + 24)
                + 4096,
        )?;
        out.resize(EHDR, 0);
        let mut headers = vec![[0u8; SHDR]];
        let mut names = vec![0u8];
        let symtab = 1
            + n
            + self
                .sections
                .iter()
                .filter(|s| !s.relocs.is_empty())
                .count() as u32;

        for s in &self.sections {
            let offset = align(&mut out, s.align);
            let size = match &s.contents {
                Contents::Bytes(b) => {
                    out.extend_from_slice(b);
                    b.len() as u64
                }
                Contents::Zeros(size) => *size,
            };
            let name = section_name(&mut names, "", &s.name);
            headers.push(shdr(name, s.kind, s.flags, offset, size, 0, 0, s.align, 0));
        }
        for (i, s) in self
            .sections
            .iter()
            .enumerate()
            .filter(|(_, s)| !s.relocs.is_empty())
        {
            let offset = align(&mut out, 8);
            for r in &s.relocs {
                let symbol = match r.symbol {
                    SymbolRef::Null => 0,
                    SymbolRef::Section(id) => id.0,
                    SymbolRef::Local(l) => 1 + n + l,
                    SymbolRef::Global(g) => first_global + g,
                };
                out.extend_from_slice(&r.offset.to_le_bytes());
                out.extend_from_slice(&(u64::from(symbol) << 32 | u64::from(r.kind)).to_le_bytes());
                out.extend_from_slice(&r.addend.to_le_bytes());
            }
            let name = section_name(&mut names, ".rela", &s.name);
            let size = s.relocs.len() as u64 * 24;
            let flags = elf::SHF_INFO_LINK.0;
            headers.push(shdr(
                name,
                elf::SHT_RELA.0,
                flags,
                offset,
                size,
                symtab,
                i as u32 + 1,
                8,
                24,
            ));
        }

        let offset = align(&mut out, 8);
        out.extend_from_slice(&[0; 24]);
        for i in 1..=n {
            let s = Symbol {
                name: 0,
                info: elf::STT_SECTION.0,
                visibility: elf::STV_DEFAULT.0,
                section: i as u16,
                value: 0,
                size: 0,
            };
            push_symbol(&mut out, &s);
        }
        for s in self.locals.iter().chain(&self.globals) {
            push_symbol(&mut out, s);
        }
        let name = section_name(&mut names, "", ".symtab");
        let size = u64::from(nsymbols) * 24;
        headers.push(shdr(
            name,
            elf::SHT_SYMTAB.0,
            0,
            offset,
            size,
            symtab + 1,
            first_global,
            8,
            24,
        ));

        let offset = out.len() as u64;
        out.extend_from_slice(&self.strings);
        let name = section_name(&mut names, "", ".strtab");
        headers.push(shdr(
            name,
            elf::SHT_STRTAB.0,
            0,
            offset,
            self.strings.len() as u64,
            0,
            0,
            1,
            0,
        ));

        let name = section_name(&mut names, "", ".shstrtab");
        let offset = out.len() as u64;
        out.extend_from_slice(&names);
        headers.push(shdr(
            name,
            elf::SHT_STRTAB.0,
            0,
            offset,
            names.len() as u64,
            0,
            0,
            1,
            0,
        ));

        let shoff = align(&mut out, 8);
        for h in &headers {
            out.extend_from_slice(h);
        }
        file_header(&mut out[..EHDR], shoff, headers.len() as u16);
        Ok(out)
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

fn align(out: &mut Vec<u8>, align: u64) -> u64 {
    out.resize(out.len().next_multiple_of(align.max(1) as usize), 0);
    out.len() as u64
}

fn section_name(names: &mut Vec<u8>, prefix: &str, name: &str) -> u32 {
    let at = names.len() as u32;
    names.extend_from_slice(prefix.as_bytes());
    names.extend_from_slice(name.as_bytes());
    names.push(0);
    at
}

#[expect(
    clippy::too_many_arguments,
    reason = "the fields of a section header, in order"
)]
fn shdr(
    name: u32,
    kind: u32,
    flags: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    align: u64,
    entsize: u64,
) -> [u8; SHDR] {
    let mut h = [0; SHDR];
    let mut put = |at: usize, bytes: &[u8]| h[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &name.to_le_bytes());
    put(4, &kind.to_le_bytes());
    put(8, &flags.to_le_bytes());
    put(24, &offset.to_le_bytes());
    put(32, &size.to_le_bytes());
    put(40, &link.to_le_bytes());
    put(44, &info.to_le_bytes());
    put(48, &align.to_le_bytes());
    put(56, &entsize.to_le_bytes());
    h
}

fn push_symbol(out: &mut Vec<u8>, s: &Symbol) {
    out.extend_from_slice(&s.name.to_le_bytes());
    out.extend_from_slice(&[s.info, s.visibility]);
    out.extend_from_slice(&s.section.to_le_bytes());
    out.extend_from_slice(&s.value.to_le_bytes());
    out.extend_from_slice(&s.size.to_le_bytes());
}

fn file_header(out: &mut [u8], shoff: u64, shnum: u16) {
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &elf::ELFMAG);
    put(
        4,
        &[elf::ELFCLASS64.0, elf::ELFDATA2LSB.0, elf::EV_CURRENT.0],
    );
    put(16, &elf::ET_REL.0.to_le_bytes());
    put(18, &elf::EM_X86_64.0.to_le_bytes());
    put(20, &u32::from(elf::EV_CURRENT.0).to_le_bytes());
    put(40, &shoff.to_le_bytes());
    put(52, &(EHDR as u16).to_le_bytes());
    put(58, &(SHDR as u16).to_le_bytes());
    put(60, &shnum.to_le_bytes());
    put(62, &(shnum - 1).to_le_bytes());
}
