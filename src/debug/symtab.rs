//! From a pc to its function, file and line.
//!
//! Go text is described by the linker's tables (crate `gort-tables`) and the compiler's pc-value tables in the pclntab;
//! functions of libgort.a that Go code can name by [`asmfuncs`]. A `*runtime.Func` of Go code points to the entry in either table:
//! both start with the function's address, which is all that compiled code reads.

use super::asmfuncs::{self, AsmFunc};
use crate::abi::GoString;
use crate::stack::walk::{self, header};
use gort_tables::{Frame, Func, pcvalue};

/// A function.
#[derive(Debug, Clone, Copy)]
pub enum Function {
    /// Compiled by Go.
    Go(&'static Func),
    /// Of libgort.a.
    Asm(&'static AsmFunc),
}

/// Field offsets of a function record in the pclntab (Go 1.2 symbol table).
mod record {
    pub const NAME: usize = 8;
    pub const PCSP: usize = 20;
    pub const PCFILE: usize = 24;
    pub const PCLN: usize = 28;
}

/// Frame description `i`.
#[inline]
pub fn frame(i: u32) -> &'static Frame {
    // SAFETY: indices come from the tables themselves.
    unsafe { &*header().frames.add(i as usize) }
}

/// Bitmap at `offset`.
#[inline]
pub fn bits(offset: u32) -> *const u8 {
    header().bits.wrapping_add(offset as usize)
}

/// The function that contains `pc`.
pub fn find(pc: usize) -> Option<Function> {
    walk::find_func(pc)
        .map(Function::Go)
        .or_else(|| asmfuncs::find(pc).map(Function::Asm))
}

/// A word of the pclntab.
fn word(offset: usize) -> u32 {
    let t = header();
    if (offset as u64) + 4 > t.npclntab {
        return 0;
    }
    // SAFETY: inside the table; records are not always aligned.
    unsafe { t.pclntab.add(offset).cast::<u32>().read_unaligned() }
}

/// The pclntab from `offset` on.
fn tail(offset: usize) -> &'static [u8] {
    let t = header();
    if offset == 0 || offset as u64 >= t.npclntab {
        return &[];
    }
    // SAFETY: inside the table.
    unsafe { core::slice::from_raw_parts(t.pclntab.add(offset), t.npclntab as usize - offset) }
}

/// The zero-terminated text at `offset` of the pclntab.
fn text(offset: usize) -> &'static [u8] {
    let s = tail(offset);
    let end = s.iter().position(|&b| b == 0).unwrap_or(s.len());
    s.get(..end).unwrap_or_default()
}

/// Offset of the pclntab's list of files.
fn files() -> usize {
    let nfunc = word(8) as usize;
    word(16 + nfunc * 16 + 8) as usize
}

/// Shown where nothing is known.
const UNKNOWN: (&[u8], u32) = (b"?", 0);

impl Function {
    /// First byte of code.
    pub fn entry(self) -> usize {
        match self {
            Self::Go(f) => (header().text + u64::from(f.entry)) as usize,
            Self::Asm(f) => f.entry,
        }
    }

    /// Symbol name.
    pub fn name(self) -> &'static [u8] {
        match self {
            Self::Go(f) => text(word(f.record as usize + record::NAME) as usize),
            Self::Asm(f) => f.name(),
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

    /// File and line of the instruction at `pc`. Functions of libgort.a have no line, which the executable's DWARF knows, but the name of a file: see
    /// [`AsmFunc::file`](super::asmfuncs::AsmFunc::file).
    pub fn file_line(self, pc: usize) -> (&'static [u8], u32) {
        let f = match self {
            Self::Go(f) => f,
            Self::Asm(f) => return (f.file(), 0),
        };
        let value = |field: usize| {
            pcvalue::lookup(
                tail(word(f.record as usize + field) as usize),
                self.entry() as u64,
                pc as u64,
            )
        };
        let (file, line) = (value(record::PCFILE), value(record::PCLN));
        let list = files();
        if file < 1 || line < 0 || file as u32 > word(list) {
            return UNKNOWN;
        }
        (text(word(list + 4 * file as usize) as usize), line as u32)
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
