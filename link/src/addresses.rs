//! Whether the program fits where it is to go.
//!
//! Promise: what is too large, or sent by `-T` and `-D` to where it cannot be, is refused with one
//! line that says what is there, how large it is and what the limit is. Code reaches data by
//! displacements of 32 bits, so all of a program lies below 2 GiB.

use crate::error::{Error, Name, Result};
use crate::flags::Options;
use crate::host::HostLib;
use crate::layout::{Layout, SECTIONS, Section};
use crate::resolve::{Program, SymId};
use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use std::ops::Range;

/// Bytes of code and data compiled from Go, as in the stock linker. The rest of the 2 GiB is for
/// the library and for tables.
pub const MAX_BYTES: u64 = 2_000_000_000;
/// Where Linux lets programs begin (`vm.mmap_min_addr`).
pub const FIRST: u64 = 1 << 16;
/// One past the last address.
pub const END: u64 = 1 << 31;
/// What the last step aligns sections to; an address that is not a multiple would be moved.
pub const ALIGN: u64 = 256;
/// Variables named when a program is too large, if each is a good part of what is possible.
const NAMED: usize = 3;

/// Checks sizes and addresses before anything is built.
pub fn check(
    p: &Program<'_>,
    layout: &Layout,
    host: &HostLib<'_>,
    options: &Options,
) -> Result<()> {
    let size = |sections: &[Section]| sections.iter().map(|&s| layout.size(s)).sum::<u64>();
    let total = size(&SECTIONS);
    if total > MAX_BYTES {
        return Err(too_large(p, layout, total));
    }
    let variables = size(&[
        Section::NoptrData,
        Section::Data,
        Section::Bss,
        Section::NoptrBss,
    ]);
    let (code, library) = (layout.size(Section::Text), host.memory());
    // Variables follow the code, unless they have an address of their own.
    let after_code = if options.data_addr.is_none() {
        variables
    } else {
        0
    };
    for (flag, address, bytes) in [
        ("T", options.text_addr, code + after_code),
        ("D", options.data_addr, variables),
    ] {
        let Some(address) = address else { continue };
        let end = address + bytes + library;
        if end > END {
            return Err(Error::new(format!(
                "-{flag} {address:#x}: the program would end at {end:#x}, and all of it must be below 2 GiB ({END:#x})"
            )));
        }
    }
    Ok(())
}

fn too_large(p: &Program<'_>, layout: &Layout, total: u64) -> Error {
    let mut symbols: Vec<SymId> = SECTIONS
        .iter()
        .flat_map(|&s| layout.symbols(s))
        .copied()
        .collect();
    symbols.sort_by_key(|&id| std::cmp::Reverse(p.sym(id).size));
    let named: Vec<String> = symbols
        .iter()
        .take(NAMED)
        .map(|&id| p.sym(id))
        .filter(|s| s.size >= MAX_BYTES / 16)
        .map(|s| format!("{} with {} bytes", Name(s.name), s.size))
        .collect();
    let largest = match named.is_empty() {
        true => "none is large alone".to_string(),
        false => format!("the largest are {}", named.join(", ")),
    };
    Error::new(format!(
        "too much data: code and variables take {total} bytes, {MAX_BYTES} are possible; {largest}; make variables smaller or allocate them at run time"
    ))
}

/// Checks where the last step has put the segments of a program whose addresses were given.
pub fn check_segments(exe: &[u8], options: &Options) -> Result<()> {
    let mut flags = Vec::new();
    flags.extend(options.text_addr.map(|a| format!("-T {a:#x}")));
    flags.extend(options.data_addr.map(|a| format!("-D {a:#x}")));
    if flags.is_empty() {
        return Ok(());
    }
    let flags = flags.join(" ");
    let segments = segments(exe)
        .ok_or_else(|| Error::new("the final linker's executable cannot be reread"))?;
    for (i, (a, what)) in segments.iter().enumerate() {
        if a.end > END {
            return Err(Error::new(format!(
                "{flags}: {what} would end at {:#x}, and all of the program must be below 2 GiB ({END:#x})",
                a.end
            )));
        }
        for (b, other) in &segments[..i] {
            if a.start < b.end && b.start < a.end {
                return Err(Error::new(format!(
                    "{flags}: {other} ({:#x} to {:#x}) and {what} ({:#x} to {:#x}) would overlap; from {:#x} on there is room",
                    b.start,
                    b.end,
                    a.start,
                    a.end,
                    segments.iter().map(|(s, _)| s.end).max().unwrap_or(END),
                )));
            }
        }
    }
    Ok(())
}

/// Pages of the loaded segments, and what is in them.
fn segments(exe: &[u8]) -> Option<Vec<(Range<u64>, &'static str)>> {
    const PAGE: u64 = 4096;
    let header = elf::FileHeader64::<Endianness>::parse(exe).ok()?;
    let endian = Endianness::Little;
    let headers = header.program_headers(endian, exe).ok()?;
    let loaded = headers
        .iter()
        .filter(|s| s.p_type(endian) == elf::PT_LOAD && s.p_memsz(endian) > 0);
    loaded
        .map(|s| {
            let start = s.p_vaddr(endian);
            let end = start.checked_add(s.p_memsz(endian))?;
            let flags = s.p_flags(endian).0;
            let what = if flags & elf::PF_X.0 != 0 {
                "the code"
            } else if flags & elf::PF_W.0 != 0 {
                "the variables"
            } else {
                "the constants"
            };
            Some((
                start & !(PAGE - 1)..end.checked_next_multiple_of(PAGE)?,
                what,
            ))
        })
        .collect()
}
