//! Debug information of what the program does not have is dropped, and the library's is written
//! shorter.
//!
//! The last step copies the library's debug information whole: that of dropped functions too, and
//! of each of the tens of thousands of small functions of Rust's own library that are part of
//! others. Here, in the finished executable:
//!
//! - what describes functions that are not there goes;
//! - inlined functions of other projects (Rust's library) that call none of this one go too. Their
//!   instructions count as the line that called them, as they would for a macro: that is the line
//!   which people look for;
//! - columns, second names and copies of lists of ranges go, and strings that nothing names any
//!   more.
//!
//! What is in a form that this does not know stays as it is. The Go unit is passed on as it is.

mod frames;
mod info;
mod lines;
mod read;

use object::elf::{self, FileHeader64, SectionHeader64};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{LittleEndian as LE, U64, pod};

/// The executable with less debug information; `None` if there is nothing to be done.
pub fn condense(exe: &[u8]) -> Option<Vec<u8>> {
    let file = FileHeader64::<LE>::parse(exe).ok()?;
    let sections = file.sections(LE, exe).ok()?;
    let find = |name: &[u8]| {
        let (index, section) = sections.section_by_name(LE, name)?;
        Some((index.0, section.data(LE, exe).ok()?))
    };
    let (info_at, info) = find(b".debug_info")?;
    let (abbrev_at, abbrev) = find(b".debug_abbrev")?;
    let (line_at, line) = find(b".debug_line")?;
    let (str_at, strings) = find(b".debug_str")?;
    let (ranges_at, ranges) = find(b".debug_ranges")?;
    let new = info::condense(&info::Sections {
        info,
        abbrev,
        line,
        strings,
        ranges,
    })?;
    let mut changed = vec![
        (info_at, new.info),
        (abbrev_at, new.abbrev),
        (line_at, new.line),
        (str_at, new.strings),
        (ranges_at, new.ranges),
    ];
    if let Some((at, bytes)) = find(b".debug_frame") {
        changed.extend(frames::condense(bytes).map(|new| (at, new)));
    }
    if let Some((at, _)) = find(b".debug_aranges") {
        // The units say the same.
        changed.push((at, Vec::new()));
    }
    rewrite(exe, file, &changed)
}

/// The file with other contents of some sections, none of which is loaded.
fn rewrite(exe: &[u8], file: &FileHeader64<LE>, changed: &[(usize, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut headers = file.section_headers(LE, exe).ok()?.to_vec();
    let in_file = |s: &SectionHeader64<LE>| {
        s.sh_type.get(LE) != elf::SHT_NOBITS && s.sh_type.get(LE) != elf::SHT_NULL
    };
    let loaded = |s: &SectionHeader64<LE>| s.sh_flags.get(LE).0 & elf::SHF_ALLOC.0 != 0;
    let mut order: Vec<usize> = (0..headers.len())
        .filter(|&i| in_file(&headers[i]) && !loaded(&headers[i]))
        .collect();
    order.sort_by_key(|&i| headers[i].sh_offset.get(LE));
    let start = headers[*order.first()?].sh_offset.get(LE);
    let segments = file.program_headers(LE, exe).ok()?;
    let below = segments.iter().all(|p| {
        p.p_offset
            .get(LE)
            .checked_add(p.p_filesz.get(LE))
            .is_some_and(|end| end <= start)
    });
    let table = file.e_shoff(LE);
    let behind = table > start;
    if !below || !(behind || table + size_of_val(&headers[..]) as u64 <= start) {
        return None;
    }
    let mut out = exe.get(..start as usize)?.to_vec();
    for i in order {
        let s = &mut headers[i];
        let old = s.data(LE, exe).ok()?;
        let new = changed.iter().find(|&&(at, _)| at == i);
        let bytes = new.map_or(old, |(_, bytes)| bytes);
        let align = usize::try_from(s.sh_addralign.get(LE)).ok()?.max(1);
        out.resize(out.len().checked_next_multiple_of(align)?, 0);
        s.sh_offset = U64::new(LE, out.len() as u64);
        s.sh_size = U64::new(LE, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
    let table = if behind {
        out.resize(out.len().next_multiple_of(8), 0);
        out.len()
    } else {
        table as usize
    };
    let bytes = pod::bytes_of_slice(&headers);
    if behind {
        out.extend_from_slice(bytes);
    } else {
        out.get_mut(table..table + bytes.len())?
            .copy_from_slice(bytes);
    }
    let (header, _) = pod::from_bytes_mut::<FileHeader64<LE>>(&mut out).ok()?;
    header.e_shoff = U64::new(LE, table as u64);
    Some(out)
}
