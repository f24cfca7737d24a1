//! Where the library's code finds its g in a program without C.
//!
//! The library has thread-local variables, of which `runtime.tlsg` holds g and is the last. With a
//! C library its linker lays them out among the variables of C code. Without one there are no
//! others: they are the words below the thread pointer, where the runtime makes room for them and
//! compiled code looks for g. No segment of the executable has to describe them then, so their
//! offsets are written into the code here.

use super::HostFile;
use crate::error::{Error, Result};
use crate::load::Patch;
use object::read::archive::ArchiveFile;
use object::read::elf::{ElfFile64, Rela as _, SectionHeader as _, Sym as _};
use object::{Endianness, SectionIndex, elf};
use rustc_hash::FxHashMap;

/// The thread-local variable that holds g.
pub const TLSG: &[u8] = b"runtime.tlsg";
/// Its offset from the thread pointer, where there are no variables of C code.
pub const TLS_G: i32 = -8;

/// Offsets of variables from the thread pointer.
type Offsets<'a> = FxHashMap<&'a [u8], i64>;

impl HostFile {
    /// Writes the offsets of thread-local variables into the library's code, in memory only.
    pub fn with_fixed_g(self) -> Result<Self> {
        let bad = |what: &str| {
            let path = self.path.display();
            Error::new(format!("{path}: thread-local variables: {what}"))
        };
        let archive = ArchiveFile::parse(&*self.bytes);
        let members = archive.iter().flat_map(|a| a.members()).flatten();
        let members = members.filter_map(|m| m.data(&*self.bytes).ok());
        let members: Vec<ElfFile64<'_, Endianness>> = members
            .filter(|data| memchr::memmem::find(data, TLSG).is_some())
            .filter_map(|data| ElfFile64::parse(data).ok())
            .collect();
        let mut offsets = Offsets::default();
        for member in &members {
            add_offsets(member, &mut offsets).map_err(bad)?;
        }
        offsets.entry(TLSG).or_insert(i64::from(TLS_G));
        if offsets[TLSG] != i64::from(TLS_G) {
            return Err(bad("runtime.tlsg is not the last"));
        }
        let mut patches = Vec::new();
        let start = self.bytes.as_ptr() as usize;
        for member in &members {
            add_patches(member, &offsets, start, &mut patches).map_err(bad)?;
        }
        if patches.is_empty() {
            return Ok(self);
        }
        let path = self.path;
        let bytes = self.bytes.change(&patches);
        let bytes = bytes.map_err(|e| Error::io("cannot copy", &path, &e))?;
        Ok(Self {
            path,
            bytes,
            is_changed: true,
        })
    }
}

/// Adds the variables that a member defines. All are in one section.
fn add_offsets<'a>(
    file: &ElfFile64<'a, Endianness>,
    offsets: &mut Offsets<'a>,
) -> Result<(), &'static str> {
    let endian = file.endian();
    let (sections, symbols) = (file.elf_section_table(), file.elf_symbol_table());
    let mut of_threads = sections
        .iter()
        .filter(|s| s.sh_flags(endian).0 & elf::SHF_TLS.0 != 0 && s.sh_size(endian) != 0);
    let Some(section) = of_threads.next() else {
        return Ok(());
    };
    let (size, align) = (section.sh_size(endian), section.sh_addralign(endian));
    if of_threads.next().is_some() || !offsets.is_empty() {
        return Err("they are in several sections");
    }
    if section.sh_type(endian) != elf::SHT_NOBITS || align > 8 || size % 8 != 0 || size > 4096 {
        return Err("they are not words of zero");
    }
    for s in symbols.iter().filter(|s| s.st_type() == elf::STT_TLS) {
        if s.is_undefined(endian) {
            continue;
        }
        let name = s.name(endian, symbols.strings());
        let name = name.map_err(|_| "one has no name")?;
        offsets.insert(name, s.st_value(endian) as i64 - size as i64);
    }
    Ok(())
}

/// Adds what has to change in a member: the fields, and their relocations, which are gone then.
fn add_patches(
    file: &ElfFile64<'_, Endianness>,
    offsets: &Offsets<'_>,
    start: usize,
    patches: &mut Vec<Patch>,
) -> Result<(), &'static str> {
    const OUTSIDE: &str = "a reference is out of bounds";
    let endian = file.endian();
    let (sections, symbols) = (file.elf_section_table(), file.elf_symbol_table());
    let offset_of = |bytes: &[u8]| bytes.as_ptr() as usize - start;
    for section in sections.iter() {
        let Ok(Some((relocations, _))) = section.rela(endian, file.data()) else {
            continue;
        };
        let target = SectionIndex(section.sh_info(endian) as usize);
        let target = sections.section(target).map_err(|_| OUTSIDE)?;
        if target.sh_flags(endian).0 & elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        let code = target.data(endian, file.data()).map_err(|_| OUTSIDE)?;
        for r in relocations {
            let kind = r.r_type(endian, false);
            if !matches!(
                kind,
                elf::R_X86_64_TPOFF32 | elf::R_X86_64_GOTTPOFF | elf::R_X86_64_TPOFF64
            ) {
                continue;
            }
            if kind != elf::R_X86_64_TPOFF32 {
                return Err("it is the library for shared objects, and this is none");
            }
            let symbol = r.symbol(endian, false).and_then(|i| symbols.symbol(i).ok());
            let name = symbol.and_then(|s| s.name(endian, symbols.strings()).ok());
            let Some(offset) = name.and_then(|name| offsets.get(name)) else {
                return Err("a reference is to none that is defined");
            };
            let at = usize::try_from(r.r_offset(endian)).map_err(|_| OUTSIDE)?;
            let field = at.checked_add(4).and_then(|end| code.get(at..end));
            let field = field.ok_or(OUTSIDE)?;
            let value = i32::try_from(offset + r.r_addend(endian)).map_err(|_| OUTSIDE)?;
            patches.push(Patch::new(offset_of(field), &value.to_le_bytes()));
            // R_X86_64_NONE of no symbol.
            let info = object::pod::bytes_of(&r.r_info);
            patches.push(Patch::new(offset_of(info), &[0; 8]));
        }
    }
    Ok(())
}
