//! The archive of `-buildmode=c-archive`: one object, in which Go code, the library and the C code
//! of packages are, with an index of its names.
//!
//! Promise: global in it is what C code of packages defines and what is exported to it, so two such
//! archives in one program have no name in common but those.

use crate::error::{Error, Result};
use object::elf;
use object::read::elf::{FileHeader as _, Rela as _, SectionHeader as _, Sym as _};
use object::{Endianness, LittleEndian as LE, pod};
use rustc_hash::FxHashSet;

/// Bytes of a symbol in a symbol table.
const SYMBOL: usize = size_of::<elf::Sym64<Endianness>>();

/// Makes names of an object local: these, and those that the compiler's own library hides.
pub fn hide(object: &[u8], names: &[String]) -> Result<Vec<u8>> {
    rewrite(object, names).map_err(|e| Error::new(format!("what the C compiler has joined: {e}")))
}

fn rewrite(object: &[u8], names: &[String]) -> std::result::Result<Vec<u8>, object::Error> {
    let endian = Endianness::Little;
    let header = elf::FileHeader64::<Endianness>::parse(object)?;
    let sections = header.sections(endian, object)?;
    let symbols = sections.symbols(endian, object, elf::SHT_SYMTAB)?;
    let hidden: FxHashSet<&[u8]> = names.iter().map(String::as_bytes).collect();
    let is_local = |s: &elf::Sym64<Endianness>| {
        let name = symbols.symbol_name(endian, s).unwrap_or_default();
        let of_compiler = || {
            let visibility = s.st_visibility();
            s.st_bind() == elf::STB_GLOBAL
                && visibility != elf::STV_DEFAULT
                && name.starts_with(b"__")
        };
        s.st_bind() == elf::STB_LOCAL
            || !s.is_undefined(endian) && (hidden.contains(name) || of_compiler())
    };
    // Local ones come first: the order of the table changes, and with it every number.
    let (locals, globals): (Vec<_>, Vec<_>) =
        symbols.enumerate().skip(1).partition(|&(_, s)| is_local(s));
    let first_global = locals.len() as u32 + 1;
    let mut numbers = vec![0u32; symbols.len()];
    let mut table = vec![0u8; SYMBOL];
    for (new, (old, symbol)) in (1..).zip(locals.into_iter().chain(globals)) {
        numbers[old.0] = new;
        let at = table.len();
        table.extend_from_slice(pod::bytes_of(symbol));
        if new < first_global {
            let info = elf::STB_LOCAL.0 << 4 | symbol.st_type().0;
            table[at + std::mem::offset_of!(elf::Sym64<Endianness>, st_info)] = info;
            table[at + std::mem::offset_of!(elf::Sym64<Endianness>, st_other)] = 0;
        }
    }
    let number = |old: u32| numbers.get(old as usize).copied().unwrap_or(0);
    let mut out = object.to_vec();
    let headers = header.e_shoff(endian) as usize;
    for (index, s) in sections.enumerate() {
        let kind = s.sh_type(endian);
        let is_table = index == symbols.section();
        let of_table = s.link(endian) == symbols.section();
        let (at, _) = s.file_range(endian).unwrap_or_default();
        let at = at as usize;
        let info = headers
            + index.0 * size_of::<elf::SectionHeader64<Endianness>>()
            + std::mem::offset_of!(elf::SectionHeader64<Endianness>, sh_info);
        if is_table {
            out[at..at + table.len()].copy_from_slice(&table);
            out[info..info + 4].copy_from_slice(&first_global.to_le_bytes());
        } else if !of_table {
            continue;
        } else if kind == elf::SHT_GROUP {
            let signature = number(s.sh_info(endian));
            out[info..info + 4].copy_from_slice(&signature.to_le_bytes());
        } else if kind == elf::SHT_SYMTAB_SHNDX {
            let words = s.data_as_array::<object::U32<LE>, _>(endian, object)?;
            for (old, word) in (0..).zip(words) {
                let to = at + 4 * number(old) as usize;
                out[to..to + 4].copy_from_slice(pod::bytes_of(word));
            }
        } else if let Some((relocations, _)) = s.rela(endian, object)? {
            for (i, r) in relocations.iter().enumerate() {
                let old = r.symbol(endian, false).map_or(0, |s| s.0 as u32);
                let value = u64::from(number(old)) << 32 | u64::from(r.r_type(endian, false).0);
                let field = at
                    + i * size_of::<elf::Rela64<Endianness>>()
                    + std::mem::offset_of!(elf::Rela64<Endianness>, r_info);
                out[field..field + 8].copy_from_slice(&value.to_le_bytes());
            }
        }
    }
    Ok(out)
}

/// An archive of one object, with the index by which linkers look for names.
pub fn with_member(name: &str, object: &[u8]) -> Result<Vec<u8>> {
    let names = global_names(object)
        .map_err(|e| Error::new(format!("what the C compiler has joined: {e}")))?;
    let mut index = Vec::new();
    let mut text = Vec::new();
    for name in &names {
        text.extend_from_slice(name);
        text.push(0);
    }
    let size = 4 + 4 * names.len() + text.len();
    // The index tells where the member's header is.
    let member = MAGIC.len() + HEADER + size.next_multiple_of(2);
    let member = u32::try_from(member).map_err(|_| Error::new("too many exported names"))?;
    index.extend_from_slice(&(names.len() as u32).to_be_bytes());
    names
        .iter()
        .for_each(|_| index.extend_from_slice(&member.to_be_bytes()));
    index.extend_from_slice(&text);
    let mut out = MAGIC.to_vec();
    for (name, data) in [("/", &index[..]), (&format!("{name}/"), object)] {
        let header = format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8o}{:<10}`\n",
            0,
            0,
            0,
            0o644,
            data.len()
        );
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(data);
        if !out.len().is_multiple_of(2) {
            out.push(b'\n');
        }
    }
    Ok(out)
}

/// First bytes of an archive.
const MAGIC: &[u8] = b"!<arch>\n";
/// Bytes of a member's header.
const HEADER: usize = 60;

/// The names that an object defines for others.
fn global_names(object: &[u8]) -> std::result::Result<Vec<&[u8]>, object::Error> {
    let endian = Endianness::Little;
    let header = elf::FileHeader64::<Endianness>::parse(object)?;
    let sections = header.sections(endian, object)?;
    let symbols = sections.symbols(endian, object, elf::SHT_SYMTAB)?;
    let is_defined =
        |s: &&elf::Sym64<Endianness>| s.st_bind() != elf::STB_LOCAL && !s.is_undefined(endian);
    let names = symbols.iter().skip(1).filter(is_defined);
    names.map(|s| symbols.symbol_name(endian, s)).collect()
}
