//! From a pc to its function, file and line.
//!
//! Go text is described by the linker's tables (crate `gort-tables`) and the compiler's pc-value
//! tables in the pclntab; functions of libgort.a that Go code can name by [`super::asmfuncs`]. A
//! `*runtime.Func` of Go code points to the entry in either table: both start with the function's
//! address, which is all that compiled code reads.

use super::asmfuncs::{self, entry_of};
use super::sites::{self, header};
use crate::abi::GoString;
use gort_tables::place::unpacked;
use gort_tables::{Frame, Func, LibraryFunc, pcvalue};

/// A function.
#[derive(Debug, Clone, Copy)]
pub enum Function {
    /// Compiled by Go.
    Go(&'static Func),
    /// Of libgort.a.
    Asm(&'static LibraryFunc),
}

/// Field offsets of a function record in the pclntab (Go 1.2 symbol table).
mod record {
    pub(super) const NAME: usize = 8;
    /// In functions of libgort.a: file and line of the Go tree,
    /// [`packed`](gort_tables::place::packed).
    pub(super) const IN_TREE: usize = 16;
    pub(super) const PCSP: usize = 20;
    pub(super) const PCFILE: usize = 24;
    pub(super) const PCLN: usize = 28;
}

/// Frame description `i`.
#[inline]
pub fn frame(i: u32) -> &'static Frame {
    // SAFETY: indices come from the tables themselves, which nobody changes.
    unsafe { &*header().frames.add(i as usize) }
}

/// Description of the frame that is in the call with this return address.
#[inline]
pub fn frame_at(pc: usize) -> Option<&'static Frame> {
    let site = sites::find_site(pc)?;
    // SAFETY: the index is inside the linker's table of call sites.
    Some(frame(unsafe { (*header().sites.add(site)).frame }))
}

/// Bitmap at `offset`.
#[inline]
pub fn bits(offset: u32) -> *const u8 {
    header().bits.wrapping_add(offset as usize)
}

/// The function that contains `pc`.
pub fn find(pc: usize) -> Option<Function> {
    sites::find_func(pc)
        .map(Function::Go)
        .or_else(|| asmfuncs::find(pc).map(Function::Asm))
}

/// A word of the pclntab.
fn word(offset: usize) -> u32 {
    let t = header();
    if (offset as u64) + 4 > t.npclntab {
        return 0;
    }
    // SAFETY: the four bytes are inside the table, as has just been looked at; records are not
    // always aligned.
    unsafe { t.pclntab.add(offset).cast::<u32>().read_unaligned() }
}

/// The pclntab from `offset` on.
fn tail(offset: usize) -> &'static [u8] {
    let t = header();
    if offset == 0 || offset as u64 >= t.npclntab {
        return &[];
    }
    // SAFETY: the linker's table has `npclntab` bytes, and `offset` is below.
    unsafe { core::slice::from_raw_parts(t.pclntab.add(offset), t.npclntab as usize - offset) }
}

/// The zero-terminated text at `offset` of the pclntab.
fn text(offset: usize) -> &'static [u8] {
    let s = tail(offset);
    let end = s.iter().position(|&b| b == 0).unwrap_or(s.len());
    s.get(..end).unwrap_or_default()
}

/// Offset in the pclntab of its list of functions: (address, record) pairs in order of address.
const FUNCTIONS: usize = 16;

/// Name of file number `i` of the pclntab, from 1.
fn file(i: u32) -> Option<&'static [u8]> {
    let nfunc = word(8) as usize;
    let list = word(FUNCTIONS + nfunc * 16 + 8) as usize;
    // Word 0 of the list is its length, itself included.
    (1..word(list))
        .contains(&i)
        .then(|| text(word(list + 4 * i as usize) as usize))
}

/// Symbol name of a function of libgort.a.
pub fn library_name(f: &LibraryFunc) -> &'static [u8] {
    text(word(f.record as usize + record::NAME) as usize)
}

/// `pc` lies in a Duff device, with the return address at the top of the stack. To compiled code
/// that is an instruction rather than a call: its calls are no sites.
pub fn is_duff(pc: usize) -> bool {
    let devices: [&[u8]; 2] = [b"runtime.duffzero", b"runtime.duffcopy"];
    sites::in_asm_text(pc) && asmfuncs::find(pc).is_some_and(|f| devices.contains(&library_name(f)))
}

/// File and line of `pc` by the tables of a function record.
fn place(record: usize, entry: usize, pc: usize) -> (&'static [u8], u32) {
    let value = |field: usize| {
        let table = tail(word(record + field) as usize);
        pcvalue::lookup(table, entry as u64, pc as u64)
    };
    let (number, line) = (value(record::PCFILE), value(record::PCLN));
    match (
        u32::try_from(number).ok().and_then(file),
        u32::try_from(line),
    ) {
        (Some(name), Ok(line)) => (name, line),
        _ => UNKNOWN,
    }
}

/// Shown where nothing is known.
const UNKNOWN: (&[u8], u32) = (b"?", 0);

impl Function {
    /// First byte of code.
    pub fn entry(self) -> usize {
        match self {
            Self::Go(f) => (header().text + u64::from(f.entry)) as usize,
            Self::Asm(f) => f.entry as usize,
        }
    }

    /// Symbol name.
    pub fn name(self) -> &'static [u8] {
        match self {
            Self::Go(f) => text(word(f.record as usize + record::NAME) as usize),
            Self::Asm(f) => library_name(f),
        }
    }

    /// Bytes of arguments and results, 0 where unknown.
    pub fn args(self) -> usize {
        match self {
            Self::Go(f) if f.args != u32::MAX => f.args as usize,
            Self::Go(_) => 0,
            Self::Asm(f) => crate::abi::SURFACE
                .get(f.index as usize)
                .map_or(0, |row| row.args as usize),
        }
    }

    /// File and line of the instruction at `pc`, as programs are told: a function of libgort.a is
    /// where the Go tree declares it (docs/debug.md).
    pub fn file_line(self, pc: usize) -> (&'static [u8], u32) {
        match self {
            Self::Go(f) => place(f.record as usize, self.entry(), pc),
            Self::Asm(f) => {
                let (number, line) = unpacked(word(f.record as usize + record::IN_TREE));
                file(number).map_or(UNKNOWN, |name| (name, line))
            }
        }
    }

    /// The same for people who look for the code: a function of libgort.a is where it is
    /// implemented.
    pub fn code_place(self, pc: usize) -> (&'static [u8], u32) {
        match self {
            Self::Go(_) => self.file_line(pc),
            Self::Asm(f) => place(f.record as usize, f.entry as usize, pc),
        }
    }

    /// What Go code holds as `*runtime.Func`.
    pub fn to_go(self) -> *mut u8 {
        match self {
            Self::Go(f) => header().pclntab.wrapping_add(f.record as usize).cast_mut(),
            Self::Asm(f) => core::ptr::from_ref(f).cast_mut().cast(),
        }
    }

    /// The function of a `*runtime.Func`.
    ///
    /// # Safety
    /// `f` is null or came from [`Function::to_go`].
    pub unsafe fn from_go(f: *const u8) -> Option<Self> {
        if f.is_null() {
            return None;
        }
        // SAFETY: both kinds of entries start with the function's address.
        find(unsafe { *f.cast::<usize>() })
    }
}

/// The bytes of a constant as a Go string.
pub fn go_string(s: &'static [u8]) -> GoString {
    GoString {
        ptr: s.as_ptr(),
        len: s.len() as i64,
    }
}

/// The function's table of frame sizes by pc.
pub fn pcsp(f: &Func) -> &'static [u8] {
    tail(word(f.record as usize + record::PCSP) as usize)
}

/// Name of the function with a surface index, empty for none.
pub fn name_of(index: u32) -> &'static [u8] {
    asmfuncs::find(entry_of(index)).map_or(b"", library_name)
}
