//! The kernel's shared object in every process: clock functions that need no system call.
//!
//! Only what is needed of the ELF format: the first loadable segment gives the load bias, the
//! dynamic section the symbol table, whose length stands nowhere and comes from either hash table.

/// A parsed image.
#[derive(Debug)]
pub(super) struct Image {
    bias: usize,
    symbols: *const Symbol,
    count: usize,
    strings: *const u8,
}

#[repr(C)]
struct Header {
    ident: [u8; 16],
    _type_machine_version: [u32; 2],
    _entry: usize,
    phoff: usize,
    _shoff: usize,
    _flags: u32,
    _ehsize: u16,
    phentsize: u16,
    phnum: u16,
}

#[repr(C)]
struct Segment {
    kind: u32,
    _flags: u32,
    offset: usize,
    vaddr: usize,
}

#[repr(C)]
struct Symbol {
    name: u32,
    info: u8,
    _other: u8,
    section: u16,
    value: usize,
    _size: usize,
}

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const DT_HASH: usize = 4;
const DT_STRTAB: usize = 5;
const DT_SYMTAB: usize = 6;
const DT_GNU_HASH: usize = 0x6fff_fef5;
const STT_FUNC: u8 = 2;

impl Image {
    /// Parses the image at `base` (`AT_SYSINFO_EHDR` of the auxiliary vector).
    ///
    /// # Safety
    /// `base` must be 0 or the address of the complete ELF image that the kernel mapped.
    pub(super) unsafe fn parse(base: usize) -> Option<Self> {
        if base == 0 {
            return None;
        }
        // SAFETY: the caller's image is mapped for the life of the process, and starts so.
        let header = unsafe { &*(base as *const Header) };
        if header.ident[..5] != *b"\x7fELF\x02" {
            return None;
        }
        let (mut bias, mut dynamic) = (None, 0);
        for i in 0..usize::from(header.phnum) {
            let at = base + header.phoff + i * usize::from(header.phentsize);
            // SAFETY: the header says how many there are, and where: inside the image.
            let s = unsafe { &*(at as *const Segment) };
            match s.kind {
                PT_LOAD if bias.is_none() => {
                    bias = Some(base.wrapping_add(s.offset).wrapping_sub(s.vaddr))
                }
                PT_DYNAMIC => dynamic = base + s.offset,
                _ => {}
            }
        }
        let bias = bias?;
        if dynamic == 0 {
            return None;
        }
        let (mut strings, mut symbols, mut count) = (0, 0, 0);
        let mut entry = dynamic as *const [usize; 2];
        loop {
            // SAFETY: the dynamic section lies inside the image, and ends with tag 0.
            let [tag, value] = unsafe { *entry };
            if tag == 0 {
                break;
            }
            let at = bias.wrapping_add(value);
            match tag {
                DT_STRTAB => strings = at,
                DT_SYMTAB => symbols = at,
                // SAFETY: the table lies inside the image; its second word is the number of
                // symbols.
                DT_HASH => count = unsafe { *((at + 4) as *const u32) } as usize,
                // SAFETY: the table lies inside the image.
                DT_GNU_HASH if count == 0 => count = unsafe { gnu_count(at) },
                _ => {}
            }
            // SAFETY: this was not the last one.
            entry = unsafe { entry.add(1) };
        }
        if strings == 0 || symbols == 0 {
            return None;
        }
        Some(Self {
            bias,
            symbols: symbols as *const Symbol,
            count,
            strings: strings as *const u8,
        })
    }

    /// Address of the function `name`, or 0.
    pub(super) fn function(&self, name: &str) -> usize {
        for i in 0..self.count {
            // SAFETY: `i` is below the number of symbols, names are NUL-terminated inside the
            // string table.
            unsafe {
                let s = &*self.symbols.add(i);
                if s.info & 15 == STT_FUNC
                    && s.section != 0
                    && same(self.strings.add(s.name as usize), name)
                {
                    return self.bias.wrapping_add(s.value);
                }
            }
        }
        0
    }
}

/// Whether the C string at `p` is `name`.
///
/// # Safety
/// `p` is NUL-terminated.
unsafe fn same(p: *const u8, name: &str) -> bool {
    let mut p = p;
    for &b in name.as_bytes() {
        // SAFETY: no NUL has been seen yet, so the string goes on.
        unsafe {
            if *p != b {
                return false;
            }
            p = p.add(1);
        }
    }
    // SAFETY: no NUL has been seen yet, so the string goes on.
    unsafe { *p == 0 }
}

/// Number of symbols that a GNU hash table knows: one more than the last entry of the chain that
/// starts last.
///
/// # Safety
/// Such a table is at `at`.
unsafe fn gnu_count(at: usize) -> usize {
    // SAFETY: the caller's table starts with {buckets, first symbol, bloom words, shift}.
    let [nbuckets, first, bloom, _] = unsafe { *(at as *const [u32; 4]) };
    let buckets = (at + 16 + bloom as usize * 8) as *const u32;
    // SAFETY: the bloom filter follows, and then so many buckets.
    let buckets = unsafe { core::slice::from_raw_parts(buckets, nbuckets as usize) };
    let mut last = buckets.iter().copied().fold(0, u32::max);
    if last < first {
        return first as usize;
    }
    let chains = buckets.as_ptr_range().end;
    // SAFETY: the chains follow, a word for each symbol from the first on, and the lowest bit of
    // the last one of a chain is set.
    while unsafe { *chains.add((last - first) as usize) } & 1 == 0 {
        last += 1;
    }
    last as usize + 1
}
