//! The functions of libgort.a that Go code can name: trampolines and assembly, from the table that the macro `GOFUNC` builds.

use crate::abi::SURFACE;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// An entry of section `.gort.funcs` (asm/trampoline.h).
#[repr(C)]
#[derive(Debug)]
pub struct AsmFunc {
    /// First byte of code. Go code sees a `*runtime.Func` that points here.
    pub entry: usize,
    name: *const u8,
    name_len: u32,
    /// Row in `abi/surface.toml`, -1 for none.
    pub index: i32,
}

// SAFETY: the table is constant.
unsafe impl Sync for AsmFunc {}

unsafe extern "C" {
    static gort_funcs_start: AsmFunc;
    static gort_funcs_end: AsmFunc;
    static gort_text_end: u8;
    #[link_name = "runtime.sigpanic"]
    static SIGPANIC: u8;
}

impl AsmFunc {
    /// Symbol name.
    pub fn name(&self) -> &'static [u8] {
        // SAFETY: the macro stores address and length of a constant.
        unsafe { core::slice::from_raw_parts(self.name, self.name_len as usize) }
    }
}

/// All entries, in order of address.
pub fn all() -> &'static [AsmFunc] {
    let (start, end) = (&raw const gort_funcs_start, &raw const gort_funcs_end);
    // SAFETY: both symbols bound one section of entries.
    unsafe { core::slice::from_raw_parts(start, end.offset_from_unsigned(start)) }
}

/// The function that contains `pc`.
pub fn find(pc: usize) -> Option<&'static AsmFunc> {
    let table = all();
    if pc >= &raw const gort_text_end as usize {
        return None;
    }
    let after = table.partition_point(|f| f.entry <= pc);
    after.checked_sub(1).and_then(|i| table.get(i))
}

/// Rows of the surface table there can be; the build fails when there are more.
const ROWS: usize = 1024;
static ENTRIES: [AtomicUsize; ROWS] = [const { AtomicUsize::new(0) }; ROWS];
static FILLED: AtomicBool = AtomicBool::new(false);
const _: () = assert!(SURFACE.len() <= ROWS);

/// Name of the function with a surface index, empty for none.
pub fn name_of(index: u32) -> &'static [u8] {
    find(entry_of(index)).map_or(b"", AsmFunc::name)
}

/// Address of the function with a surface index, 0 for none.
pub fn entry_of(index: u32) -> usize {
    // Acquire pairs with the Release below. Two threads may fill the table at once: both write the same.
    if !FILLED.load(Ordering::Acquire) {
        for f in all() {
            if let Some(slot) = ENTRIES.get(f.index as usize) {
                slot.store(f.entry, Ordering::Relaxed);
            }
        }
        FILLED.store(true, Ordering::Release);
    }
    ENTRIES
        .get(index as usize)
        .map_or(0, |e| e.load(Ordering::Relaxed))
}

/// `pc` lies in runtime.sigpanic: the frame above it stands at a faulting instruction, not behind a call.
pub fn is_sigpanic(pc: usize) -> bool {
    find(pc).is_some_and(|f| f.entry == &raw const SIGPANIC as usize)
}
