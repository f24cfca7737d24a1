//! Data that nobody writes after the link becomes read-only in the file.
//!
//! Linkers keep `.got`, `.data.rel.ro` and the like in a writable segment, since a dynamic linker
//! may have relocations to apply there, and mark them for it to protect afterwards
//! (`PT_GNU_RELRO`). Our executables are static and fixed in place: all is applied. So what is
//! marked is made a read-only segment, which the kernel maps as such: the program does nothing for
//! it.

use crate::error::{Error, Result};
use object::elf::{self, FileHeader64, ProgramHeader64};
use object::read::elf::FileHeader as _;
use object::{LittleEndian as LE, U32, U64, pod};

/// Makes what is marked read-only. A file without a mark stays as it is; [`crate::verify`] says
/// whether that is good.
pub fn seal(exe: &mut [u8]) -> Result<()> {
    let bad = || {
        Error::new(
            "the final linker produced an unusable executable: its program headers are damaged",
        )
    };
    let header = FileHeader64::<LE>::parse(&*exe).map_err(|_| bad())?;
    let (start, count) = (header.e_phoff(LE), header.e_phnum(LE));
    let headers = exe.get_mut(start as usize..).ok_or_else(bad)?;
    let (headers, _) =
        pod::slice_from_bytes_mut::<ProgramHeader64<LE>>(headers, usize::from(count))
            .map_err(|()| bad())?;
    seal_headers(headers).ok_or_else(|| {
        Error::new("the final linker produced an unusable executable: what it marks as read-only after relocation is no part of a writable segment")
    })
}

fn seal_headers(headers: &mut [ProgramHeader64<LE>]) -> Option<()> {
    let kind = |h: &ProgramHeader64<LE>| h.p_type.get(LE);
    let Some(mark) = headers.iter().position(|h| kind(h) == elf::PT_GNU_RELRO) else {
        return Some(());
    };
    let range = |h: &ProgramHeader64<LE>| {
        let start = h.p_vaddr.get(LE);
        Some((start, start.checked_add(h.p_memsz.get(LE))?))
    };
    let (start, end) = range(&headers[mark])?;
    let writable =
        |h: &ProgramHeader64<LE>| kind(h) == elf::PT_LOAD && h.p_flags.get(LE).0 & elf::PF_W.0 != 0;
    let at = headers.iter().position(|h| {
        writable(h) && range(h).is_some_and(|(from, to)| from <= start && start < to)
    })?;
    let load = headers[at];
    let page = load.p_align.get(LE).max(1);
    let (from, to) = range(&load)?;
    // Before the mark there may be no more than what rounding adds.
    if from / page != start / page {
        return None;
    }
    let read_only = U32::new(LE, elf::ProgramFlags(load.p_flags.get(LE).0 & !elf::PF_W.0));
    if to.checked_next_multiple_of(page)? <= end.checked_next_multiple_of(page)? {
        headers[at].p_flags = read_only;
        return Some(());
    }
    // One segment for both: it is cut at the mark's end, and the mark's entry becomes the second
    // part.
    if end % page != 0 || mark < at {
        return None;
    }
    let part = end - from;
    let in_file = load.p_filesz.get(LE);
    let first = &mut headers[at];
    first.p_flags = read_only;
    first.p_filesz = U64::new(LE, in_file.min(part));
    first.p_memsz = U64::new(LE, part);
    let add = |to: U64<LE>| Some(U64::new(LE, to.get(LE).checked_add(part)?));
    headers[mark] = ProgramHeader64 {
        p_offset: add(load.p_offset)?,
        p_vaddr: add(load.p_vaddr)?,
        p_paddr: add(load.p_paddr)?,
        p_filesz: U64::new(LE, in_file.saturating_sub(part)),
        p_memsz: U64::new(LE, to - end),
        ..load
    };
    // The kernel wants segments by rising address.
    headers[at + 1..=mark].rotate_right(1);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RW: elf::ProgramFlags = elf::ProgramFlags(elf::PF_R.0 | elf::PF_W.0);

    fn header(
        kind: elf::ProgramType,
        flags: elf::ProgramFlags,
        start: u64,
        file: u64,
        memory: u64,
    ) -> ProgramHeader64<LE> {
        ProgramHeader64 {
            p_type: U32::new(LE, kind),
            p_flags: U32::new(LE, flags),
            p_offset: U64::new(LE, start - 0x40_0000),
            p_vaddr: U64::new(LE, start),
            p_paddr: U64::new(LE, start),
            p_filesz: U64::new(LE, file),
            p_memsz: U64::new(LE, memory),
            p_align: U64::new(LE, 0x1000),
        }
    }

    /// Kind, flags, address, sizes, offset.
    fn shape(h: &ProgramHeader64<LE>) -> (elf::ProgramType, elf::ProgramFlags, u64, u64, u64, u64) {
        (
            h.p_type.get(LE),
            h.p_flags.get(LE),
            h.p_vaddr.get(LE),
            h.p_filesz.get(LE),
            h.p_memsz.get(LE),
            h.p_offset.get(LE),
        )
    }

    #[test]
    fn a_segment_of_its_own_loses_the_permission() {
        let mut h = [
            header(elf::PT_LOAD, elf::PF_R, 0x40_0000, 0x1000, 0x1000),
            header(elf::PT_LOAD, RW, 0x40_2418, 0x9c0, 0xbe8),
            header(elf::PT_LOAD, RW, 0x40_4000, 0x100, 0x9000),
            header(elf::PT_GNU_RELRO, elf::PF_R, 0x40_2418, 0x9c0, 0xbe8),
        ];
        seal_headers(&mut h).expect("well-formed");
        let flags: Vec<_> = h.iter().map(|h| h.p_flags.get(LE)).collect();
        assert_eq!(flags, [elf::PF_R, elf::PF_R, RW, elf::PF_R]);
    }

    #[test]
    fn a_shared_segment_is_cut_in_two() {
        let mut h = [
            header(elf::PT_LOAD, RW, 0x40_2e10, 0x3000, 0x8000),
            header(elf::PT_GNU_STACK, RW, 0x40_0000, 0, 0),
            header(elf::PT_GNU_RELRO, elf::PF_R, 0x40_2e10, 0x1f0, 0x1f0),
        ];
        seal_headers(&mut h).expect("well-formed");
        let load = elf::PT_LOAD;
        assert_eq!(
            shape(&h[0]),
            (load, elf::PF_R, 0x40_2e10, 0x1f0, 0x1f0, 0x2e10)
        );
        assert_eq!(shape(&h[1]), (load, RW, 0x40_3000, 0x2e10, 0x7e10, 0x3000));
        assert_eq!(h[2].p_type.get(LE), elf::PT_GNU_STACK);
    }

    #[test]
    fn marks_that_cannot_be_honoured_are_refused() {
        let mark = |start, size| header(elf::PT_GNU_RELRO, elf::PF_R, start, size, size);
        let load = || header(elf::PT_LOAD, RW, 0x40_2000, 0x3000, 0x3000);
        for mark in [
            mark(0x40_9000, 8),
            mark(0x40_2000, 8),
            mark(0x40_4000, 0x1000),
        ] {
            assert!(seal_headers(&mut [load(), mark]).is_none());
        }
        assert!(seal_headers(&mut [load()]).is_some(), "nothing is marked");
        assert!(seal(&mut [0; 10]).is_err());
    }
}
