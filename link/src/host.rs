//! What the linker knows about libgort.a, the runtime library.
//!
//! Promise: the archive is of this linker's version (it defines [`gort_tables::VERSION_SYMBOL`]),
//! and its objects are well-formed. The linker needs the names it defines and wants, the bytes of
//! its type descriptors (for the pointer maps of Go variables of those types) and the constants
//! that the stack check uses. The final step links it like any archive; nothing here copies its
//! code.

mod check;
pub mod live;
pub mod merge;
pub mod tls;

use crate::error::{Error, Name, Result};
use crate::load::{Bytes, Patch, map_file};
use live::Live;
use object::elf;
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _};
use object::{
    Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget, SectionIndex, SymbolIndex,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

/// Where the code that Go code can name starts in the library.
const CODE_START: &[u8] = b"gort_text_start";
/// Where it ends.
pub const CODE_END: &[u8] = b"gort_text_end";
/// Sections with that code begin with this name. Linkers keep them in order.
const CODE: &str = ".text.gort";
/// Section of the library with a record for each of these functions that Go code calls as such:
/// address and row of the surface table. It is left out of executables.
pub const FUNCTIONS: &str = ".gort.funcs";
/// Bytes of such a record.
pub const FUNCTION_RECORD: u64 = 12;

/// The archive, open.
#[derive(Debug)]
pub struct HostFile {
    /// Where it is.
    pub path: PathBuf,
    bytes: Bytes,
    is_changed: bool,
}

/// A global symbol that the library defines.
#[derive(Debug, Clone, Copy)]
pub struct HostSymbol {
    /// Gives way to a definition in a Go object.
    pub weak: bool,
    /// Code.
    pub is_text: bool,
    /// Value of an absolute symbol.
    pub absolute: Option<u64>,
    member: u32,
    index: SymbolIndex,
}

/// A function of the library that Go code can name.
#[derive(Debug, Clone, Copy)]
pub struct CodeFunction<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Bytes of code.
    pub size: u64,
    /// Row of the surface table, -1 for none; `None` for a function that only the library itself
    /// calls.
    pub row: Option<i32>,
}

/// The library refers to it weakly, and nobody defines it. In a program with a C library it stands
/// for [`C_ENTRIES`].
const WITH_C: &[u8] = b"gort_with_c";
/// What the library has for such programs.
const C_ENTRIES: &[u8] = b"gort_c_entries";

/// Symbols of the library.
#[derive(Debug)]
pub struct HostLib<'a> {
    /// Where it is.
    pub path: &'a Path,
    members: Vec<ElfFile64<'a>>,
    defined: FxHashMap<&'a [u8], HostSymbol>,
    /// Names that it refers to and does not define.
    pub undefined: Vec<&'a [u8]>,
    /// Names that it refers to if the program has them (weak references), sorted.
    pub optional: Vec<&'a [u8]>,
}

/// Environment variable that names libgort.a.
pub const LIBRARY_VARIABLE: &str = "GORT_LIB";

/// Finds libgort.a: `$GORT_LIB`, else beside the executable, else in `../lib`.
pub fn find() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(LIBRARY_VARIABLE).filter(|p| !p.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(Error::new(format!(
                "no runtime library at {} (from {LIBRARY_VARIABLE}); set it to the path of libgort.a, or unset it",
                path.display()
            )))
        };
    }
    let exe = std::env::current_exe()
        .and_then(|p| p.canonicalize())
        .map_err(|e| {
            Error::new(format!(
                "cannot tell where this program is ({e}); set {LIBRARY_VARIABLE} to the path of libgort.a"
            ))
        })?;
    let dir = exe.parent().unwrap_or(Path::new("/"));
    let candidates = [dir.join("libgort.a"), dir.join("../lib/libgort.a")];
    candidates.iter().find(|c| c.is_file()).cloned().ok_or_else(|| {
        Error::new(format!(
            "libgort.a, the runtime library, is missing: looked for {} and {}; build it with `cargo build --release`, or set {LIBRARY_VARIABLE} to its path",
            candidates[0].display(),
            candidates[1].display()
        ))
    })
}

/// The library for shared objects that belongs to a libgort.a: beside it, or where
/// `scripts/build --shared` makes it.
pub fn find_shared(library: &Path) -> Result<PathBuf> {
    let dir = library.parent().unwrap_or(Path::new("."));
    let candidates = [
        dir.join("libgort-shared.a"),
        dir.join("../shared/libgort.a"),
    ];
    candidates.iter().find(|c| c.is_file()).cloned().ok_or_else(|| {
        Error::new(format!(
            "the runtime library for shared objects is missing: looked for {} and {}; build it with scripts/build --shared",
            candidates[0].display(),
            candidates[1].display()
        ))
    })
}

impl HostFile {
    /// Maps the archive.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes =
            map_file(path).map_err(|e| Error::io("cannot open the runtime library", path, &e))?;
        Ok(Self {
            path: path.to_path_buf(),
            bytes,
            is_changed: false,
        })
    }

    /// The archive.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether its bytes are others than those of the file at its path.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// The ELF objects in the archive.
    pub fn elf_members(&self) -> Result<Vec<ElfFile64<'_>>> {
        let bad = |what: String| {
            Error::new(format!(
                "{}: {what}; it is damaged, build libgort.a again with scripts/build or name another in {LIBRARY_VARIABLE}",
                self.path.display()
            ))
        };
        let archive = object::read::archive::ArchiveFile::parse(&*self.bytes)
            .map_err(|e| bad(format!("not an archive ({e})")))?;
        let mut out = Vec::new();
        for member in archive.members() {
            let member = member.map_err(|e| bad(format!("damaged archive ({e})")))?;
            let data = member
                .data(&*self.bytes)
                .map_err(|e| bad(format!("damaged archive ({e})")))?;
            if !data.starts_with(b"\x7fELF") {
                continue;
            }
            out.push((Name(member.name()), data));
        }
        let parsed = out.into_par_iter().map(|(name, data)| {
            let file = ElfFile64::parse(data).map_err(|e| bad(format!("member {name}: {e}")))?;
            check::check(&file).map_err(|what| bad(format!("member {name}: {what}")))?;
            Ok(file)
        });
        parsed.collect()
    }

    /// Marks a section of all members as not wanted in executables, in memory only.
    pub fn leave_out(self, section: &str) -> Result<Self> {
        let mut words = Vec::new();
        let archive = object::read::archive::ArchiveFile::parse(&*self.bytes);
        for member in archive.iter().flat_map(|a| a.members()).flatten() {
            let Ok(data) = member.data(&*self.bytes) else {
                continue;
            };
            let Ok(file) = ElfFile64::<object::Endianness>::parse(data) else {
                continue;
            };
            let Some(s) = file.section_by_name(section) else {
                continue;
            };
            let header = file.elf_header().e_shoff(file.endian()) as usize
                + s.index().0 * size_of::<elf::SectionHeader64<object::Endianness>>();
            let at = data.as_ptr() as usize - self.bytes.as_ptr() as usize + header;
            let flags = s.elf_section_header().sh_flags(file.endian()).0 | elf::SHF_EXCLUDE.0;
            words.push(Patch::new(
                at + std::mem::offset_of!(elf::SectionHeader64<object::Endianness>, sh_flags),
                &flags.to_le_bytes(),
            ));
        }
        let path = self.path;
        match self.bytes.change(&words) {
            Ok(bytes) => Ok(Self {
                path,
                bytes,
                is_changed: true,
            }),
            // Executables are larger then, and as good.
            Err(_) => Self::open(&path),
        }
    }

    /// Reads its symbols.
    pub fn read(&self) -> Result<HostLib<'_>> {
        let mut lib = HostLib {
            path: &self.path,
            members: Vec::new(),
            defined: FxHashMap::default(),
            undefined: Vec::new(),
            optional: Vec::new(),
        };
        for elf in self.elf_members()? {
            lib.add(elf);
        }
        let defined = &lib.defined;
        for names in [&mut lib.undefined, &mut lib.optional] {
            names.retain(|n| !defined.contains_key(n));
            names.sort_unstable();
            names.dedup();
        }
        if !lib
            .defined
            .contains_key(gort_tables::VERSION_SYMBOL.as_bytes())
        {
            return Err(Error::new(format!(
                "{}: this runtime library belongs to another version of gort (it does not define {}); build libgort.a and the linker from the same source, or name another in {LIBRARY_VARIABLE}",
                self.path.display(),
                gort_tables::VERSION_SYMBOL
            )));
        }
        Ok(lib)
    }
}

impl<'a> HostLib<'a> {
    fn add(&mut self, elf: ElfFile64<'a>) {
        let member = self.members.len() as u32;
        for symbol in elf.symbols() {
            if !symbol.is_global() {
                continue;
            }
            let Ok(name) = symbol.name_bytes() else {
                continue;
            };
            if symbol.is_undefined() {
                if symbol.is_weak() {
                    self.optional.push(name);
                } else {
                    self.undefined.push(name);
                }
                continue;
            }
            let absolute =
                (symbol.section() == object::SymbolSection::Absolute).then_some(symbol.address());
            let is_text = symbol.kind() == object::SymbolKind::Text;
            let new = HostSymbol {
                weak: symbol.is_weak(),
                is_text,
                absolute,
                member,
                index: symbol.index(),
            };
            self.defined
                .entry(name)
                .and_modify(|old| {
                    if old.weak {
                        *old = new
                    }
                })
                .or_insert(new);
        }
        self.members.push(elf);
    }

    /// The program has a C library: what of the library is for such programs alone is part of it.
    pub fn with_c(&mut self) {
        if let Some(&entries) = self.defined.get(C_ENTRIES) {
            self.defined.insert(WITH_C, entries);
        }
    }

    /// The definition of a name.
    pub fn get(&self, name: &[u8]) -> Option<&HostSymbol> {
        self.defined.get(name)
    }

    /// A name that it defines, as it stands there.
    pub fn name(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.defined.get_key_value(name).map(|(&name, _)| name)
    }

    /// The functions that Go code can name and that are part of the program, in order of address.
    /// Empty for a library that does not bound them.
    pub fn code(&self, live: &Live) -> Vec<CodeFunction<'a>> {
        let bounds = self.get(CODE_START).zip(self.get(CODE_END));
        let Some((start, _)) = bounds.filter(|(start, end)| start.member == end.member) else {
            return Vec::new();
        };
        let member = start.member;
        let Some(file) = self.members.get(member as usize) else {
            return Vec::new();
        };
        let rows = rows(file);
        let mut all: Vec<_> = file
            .symbols()
            .filter(|s| s.is_global() && s.kind() == object::SymbolKind::Text)
            .filter_map(|s| Some((s.section_index()?, s)))
            .filter(|&(section, _)| live.contains(member, section))
            .filter(|&(section, _)| {
                let section = file.section_by_index(section);
                section.is_ok_and(|s| s.name().is_ok_and(|n| n.starts_with(CODE)))
            })
            .filter_map(|(section, s)| {
                let function = CodeFunction {
                    name: s.name_bytes().ok()?,
                    size: s.size(),
                    row: rows.get(&s.index()).copied(),
                };
                Some(((section.0, s.address()), function))
            })
            .collect();
        all.sort_unstable_by_key(|&(at, ref f)| (at, f.name));
        // Of several names for one place the first stays.
        all.dedup_by_key(|&mut (at, _)| at);
        all.into_iter().map(|(_, f)| f).collect()
    }

    /// Bytes that it can take in a program at most.
    pub fn memory(&self) -> u64 {
        let sections = self.members.iter().flat_map(|m| m.sections());
        let loaded = sections.filter(|s| match s.flags() {
            object::SectionFlags::Elf { sh_flags, .. } => {
                sh_flags.0 & object::elf::SHF_ALLOC.0 != 0
            }
            _ => false,
        });
        loaded.map(|s| s.size().saturating_add(s.align())).sum()
    }

    /// Contents of the section with this name.
    pub fn section(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.members.iter().find_map(|m| m.section_by_name(name));
        found?.data().ok()
    }

    /// Names whose definition gives way to Go's.
    pub fn weak_names(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.defined.iter().filter(|(_, s)| s.weak).map(|(n, _)| *n)
    }

    /// Up to `len` bytes of a data symbol from `offset` on, as they are in the object.
    pub fn data(&self, symbol: &HostSymbol, offset: u64, len: u64) -> Option<&'a [u8]> {
        let elf = self.members.get(symbol.member as usize)?;
        let s = elf.symbol_by_index(symbol.index).ok()?;
        let section = elf.section_by_index(s.section_index()?).ok()?;
        section
            .data_range(section.address() + s.address() + offset, len)
            .ok()?
    }

    /// What a pointer inside a data symbol points to: section of the same member, and offset in it.
    pub fn pointer(&self, symbol: &HostSymbol, offset: u64) -> Option<HostPlace> {
        let elf = self.members.get(symbol.member as usize)?;
        let s = elf.symbol_by_index(symbol.index).ok()?;
        let section = elf.section_by_index(s.section_index()?).ok()?;
        let want = s.address() + offset;
        let (_, reloc) = section.relocations().find(|(at, _)| *at == want)?;
        match reloc.target() {
            RelocationTarget::Symbol(index) => {
                let target = elf.symbol_by_index(index).ok()?;
                let section = target.section_index()?;
                let offset = target.address().wrapping_add_signed(reloc.addend());
                Some(HostPlace {
                    member: symbol.member,
                    section,
                    offset,
                })
            }
            _ => None,
        }
    }

    /// Bytes at a place.
    pub fn bytes_at(&self, place: HostPlace, len: u64) -> Option<&'a [u8]> {
        let elf = self.members.get(place.member as usize)?;
        let section = elf.section_by_index(place.section).ok()?;
        section
            .data_range(section.address() + place.offset, len)
            .ok()?
    }
}

/// A place in a section of the library.
#[derive(Debug, Clone, Copy)]
pub struct HostPlace {
    member: u32,
    section: SectionIndex,
    offset: u64,
}

/// The records of [`FUNCTIONS`]: rows by symbol.
fn rows(file: &ElfFile64<'_>) -> FxHashMap<SymbolIndex, i32> {
    let Some(section) = file.section_by_name(FUNCTIONS) else {
        return FxHashMap::default();
    };
    let bytes = section.data().unwrap_or_default();
    let row = |at: usize| {
        let bytes = bytes.get(at + 8..)?.first_chunk()?;
        Some(i32::from_le_bytes(*bytes))
    };
    section
        .relocations()
        .filter_map(|(at, reloc)| match reloc.target() {
            RelocationTarget::Symbol(symbol) => Some((symbol, row(at as usize)?)),
            _ => None,
        })
        .collect()
}
