//! Reads executables that the linker made.

use gort_tables::{Frame, Func, Header, Site};
use object::read::elf::ElfFile64;
use object::{Endianness, Object as _, ObjectSection as _, ObjectSegment as _, ObjectSymbol as _};
use std::mem::offset_of;

/// An executable.
pub struct Exe<'a> {
    pub elf: ElfFile64<'a, Endianness>,
}

/// The decoded tables.
pub struct Tables {
    pub text: std::ops::Range<u64>,
    pub sites: Vec<Site>,
    pub lines: Vec<u32>,
    pub site_index: Vec<u32>,
    pub frames: Vec<Frame>,
    pub bits: Vec<u8>,
    pub funcs: Vec<Func>,
    pub func_index: Vec<u32>,
    pub typelinks: Vec<u64>,
    pub header: u64,
}

impl<'a> Exe<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            elf: ElfFile64::parse(bytes).expect("an ELF file"),
        }
    }

    /// Bytes at an address.
    pub fn at(&self, address: u64, len: u64) -> &'a [u8] {
        self.elf
            .segments()
            .find_map(|s| s.data_range(address, len).ok().flatten())
            .unwrap_or_else(|| panic!("nothing at {address:#x}"))
    }

    pub fn u64(&self, address: u64) -> u64 {
        u64::from_le_bytes(self.at(address, 8).try_into().expect("eight bytes"))
    }

    pub fn u32(&self, address: u64) -> u32 {
        u32::from_le_bytes(self.at(address, 4).try_into().expect("four bytes"))
    }

    pub fn symbol(&self, name: &str) -> Option<u64> {
        self.elf
            .symbols()
            .find(|s| s.name() == Ok(name) && !s.is_undefined())
            .map(|s| s.address())
    }

    pub fn section(&self, name: &str) -> Option<(u64, &'a [u8])> {
        let s = self.elf.section_by_name(name)?;
        Some((s.address(), s.data().ok()?))
    }

    fn words(&self, at: u64, n: u64) -> Vec<u32> {
        (0..n).map(|i| self.u32(at + 4 * i)).collect()
    }

    pub fn tables(&self) -> Tables {
        let h = self.section(".gort.tables").expect("tables").0;
        let field = |at: usize| self.u64(h + at as u64);
        assert_eq!(self.u32(h), gort_tables::MAGIC);
        let nsites = field(offset_of!(Header, nsites));
        let site = |i: u64| self.words(field(offset_of!(Header, sites)) + 8 * i, 2);
        let frame = |i: u64| self.words(field(offset_of!(Header, frames)) + 24 * i, 6);
        let func = |i: u64| self.words(field(offset_of!(Header, funcs)) + 16 * i, 4);
        Tables {
            text: field(offset_of!(Header, text))..field(offset_of!(Header, etext)),
            sites: (0..nsites)
                .map(site)
                .map(|w| Site {
                    pc: w[0],
                    frame: w[1],
                })
                .collect(),
            lines: self.words(field(offset_of!(Header, lines)), nsites),
            site_index: self.words(
                field(offset_of!(Header, site_index)),
                field(offset_of!(Header, nsite_index)),
            ),
            frames: (0..field(offset_of!(Header, nframes)))
                .map(frame)
                .map(|w| Frame {
                    size: w[0],
                    locals_words: w[1],
                    locals: w[2],
                    args_words: w[3],
                    args: w[4],
                    flags: w[5],
                })
                .collect(),
            bits: self
                .at(
                    field(offset_of!(Header, bits)),
                    field(offset_of!(Header, nbits)),
                )
                .to_vec(),
            funcs: (0..field(offset_of!(Header, nfuncs)))
                .map(func)
                .map(|w| Func {
                    entry: w[0],
                    record: w[1],
                    entry_frame: w[2],
                    args: w[3],
                })
                .collect(),
            func_index: self.words(
                field(offset_of!(Header, func_index)),
                field(offset_of!(Header, nfunc_index)),
            ),
            typelinks: (0..field(offset_of!(Header, ntypelinks)))
                .map(|i| self.u64(field(offset_of!(Header, typelinks)) + 8 * i))
                .collect(),
            header: h,
        }
    }
}

impl Tables {
    /// The site of a return address, found the way the runtime finds it.
    pub fn site(&self, pc: u32) -> Option<usize> {
        let bucket = pc as usize / gort_tables::SITE_BUCKET as usize;
        let range =
            *self.site_index.get(bucket)? as usize..*self.site_index.get(bucket + 1)? as usize;
        range.clone().find(|&i| self.sites[i].pc == pc)
    }

    /// The function that a pc is in, found the way the runtime finds it.
    pub fn func(&self, pc: u32) -> usize {
        let mut i = self.func_index[pc as usize / gort_tables::FUNC_BUCKET as usize] as usize;
        while self.funcs.get(i + 1).is_some_and(|f| f.entry <= pc) {
            i += 1;
        }
        i
    }

    /// Set bits of a map, as word numbers.
    pub fn map(&self, at: u32, words: u32) -> Vec<u32> {
        let bit = |i: u32| self.bits[at as usize + i as usize / 8] >> (i % 8) & 1 != 0;
        if at == gort_tables::NO_MAP {
            Vec::new()
        } else {
            (0..words).filter(|&i| bit(i)).collect()
        }
    }
}

/// A function as `.gopclntab` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoFunc {
    pub entry: u64,
    pub args: u32,
    /// (end relative to entry, stack depth).
    pub depths: Vec<(u64, i32)>,
    /// (end relative to entry, line).
    pub lines: Vec<(u64, i32)>,
    /// (end relative to entry, file).
    pub files: Vec<(u64, String)>,
}

/// Decodes `.gopclntab`, by name.
pub fn pclntab(table: &[u8]) -> std::collections::BTreeMap<String, GoFunc> {
    let u32_at = |at: usize| u32::from_le_bytes(table[at..at + 4].try_into().expect("four bytes"));
    let u64_at = |at: usize| u64::from_le_bytes(table[at..at + 8].try_into().expect("eight bytes"));
    let string = |at: usize| {
        let end = table[at..]
            .iter()
            .position(|&b| b == 0)
            .expect("a terminated string");
        String::from_utf8_lossy(&table[at..at + end]).into_owned()
    };
    assert_eq!(u32_at(0), 0xffff_fffb);
    let n = u64_at(8) as usize;
    let files = u32_at(16 + 16 * n + 8) as usize;
    let runs = |at: u32| {
        let bytes = if at == 0 { &[] } else { &table[at as usize..] };
        gort_tables::pcvalue::PcValues::new(bytes, 0).collect::<Vec<_>>()
    };
    (0..n)
        .map(|i| {
            let entry = u64_at(16 + 16 * i);
            let record = u64_at(16 + 16 * i + 8) as usize;
            assert_eq!(u64_at(record), entry);
            let file = |n: i32| {
                if n < 0 {
                    String::new()
                } else {
                    string(u32_at(files + 4 * n as usize) as usize)
                }
            };
            let f = GoFunc {
                entry,
                args: u32_at(record + 12),
                depths: runs(u32_at(record + 20)),
                files: runs(u32_at(record + 24))
                    .into_iter()
                    .map(|(end, n)| (end, file(n)))
                    .collect(),
                lines: runs(u32_at(record + 28)),
            };
            (string(u32_at(record + 8) as usize), f)
        })
        .collect()
}

/// Every CALL of the Go text has its site, and every site its CALL, by disassembly.
pub fn check_sites(exe: &Exe<'_>) {
    use iced_x86::{Decoder, DecoderOptions, Mnemonic};
    let t = exe.tables();
    let deferreturn = exe.symbol("runtime.deferreturn");
    let morestack = ["runtime.morestack", "runtime.morestack_noctxt"].map(|n| exe.symbol(n));
    let duff: Vec<u64> = (exe.elf.symbols())
        .filter(|s| s.name().is_ok_and(|n| n.starts_with("runtime.duff")))
        .map(|s| s.address())
        .collect();
    let (_, table) = exe.section(".gopclntab").expect("function table");
    let mut want = Vec::new();
    for f in pclntab(table).values() {
        let Some(&(size, _)) = f.lines.last() else {
            continue;
        };
        let code = exe.at(f.entry, size);
        for i in Decoder::with_ip(64, code, f.entry, DecoderOptions::NONE) {
            let target = i.near_branch_target();
            let is_duff = duff.iter().any(|&d| (d..d + 2048).contains(&target));
            if i.mnemonic() != Mnemonic::Call || is_duff || morestack.contains(&Some(target)) {
                continue;
            }
            let ret = (i.next_ip() - t.text.start) as u32;
            if Some(target) == deferreturn {
                want.push(ret - 5);
            }
            want.push(ret);
        }
    }
    want.sort_unstable();
    let got: Vec<u32> = t.sites.iter().map(|s| s.pc).collect();
    let extra: Vec<_> = got
        .iter()
        .filter(|pc| want.binary_search(pc).is_err())
        .collect();
    let missing: Vec<_> = want
        .iter()
        .filter(|pc| got.binary_search(pc).is_err())
        .collect();
    assert!(
        extra.is_empty() && missing.is_empty(),
        "extra {extra:x?}, missing {missing:x?}"
    );
}
