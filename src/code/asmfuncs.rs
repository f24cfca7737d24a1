//! The functions of libgort.a that Go code can name: trampolines and assembly. The linker lists
//! those that the program needs.

use super::sites::header;
use crate::abi::SURFACE;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use gort_tables::LibraryFunc;

unsafe extern "C" {
    static gort_text_end: u8;
    #[link_name = "runtime.sigpanic"]
    static SIGPANIC: u8;
}

/// All entries, in order of address.
fn all() -> &'static [LibraryFunc] {
    let h = header();
    // SAFETY: the linker wrote as many as it says, and nobody changes them.
    unsafe { core::slice::from_raw_parts(h.library, h.nlibrary as usize) }
}

/// The function that contains `pc`.
pub fn find(pc: usize) -> Option<&'static LibraryFunc> {
    let table = all();
    if pc >= &raw const gort_text_end as usize {
        return None;
    }
    let after = table.partition_point(|f| f.entry <= pc as u64);
    after.checked_sub(1).and_then(|i| table.get(i))
}

/// Rows of the surface table there can be; the build fails when there are more.
const ROWS: usize = 1024;
static ENTRIES: [AtomicUsize; ROWS] = [const { AtomicUsize::new(0) }; ROWS];
static FILLED: AtomicBool = AtomicBool::new(false);
const _: () = assert!(SURFACE.len() <= ROWS);

/// Address of the function with a surface index, 0 for none.
pub fn entry_of(index: u32) -> usize {
    // Acquire pairs with the Release below. Two threads may fill the table at once: both write the
    // same.
    if !FILLED.load(Ordering::Acquire) {
        for f in all() {
            if let Some(slot) = ENTRIES.get(f.index as usize) {
                slot.store(f.entry as usize, Ordering::Relaxed);
            }
        }
        FILLED.store(true, Ordering::Release);
    }
    ENTRIES
        .get(index as usize)
        .map_or(0, |e| e.load(Ordering::Relaxed))
}

/// `pc` lies in runtime.sigpanic: the frame above it stands at a faulting instruction, not behind a
/// call.
pub fn is_sigpanic(pc: usize) -> bool {
    find(pc).is_some_and(|f| f.entry == &raw const SIGPANIC as u64)
}

unsafe extern "C" {
    #[link_name = "runtime.goexit"]
    static GOEXIT: u8;
}

/// Return address of every goroutine's first function: one byte into goexit, so that pc - 1 is
/// still inside.
pub fn goexit_pc() -> usize {
    &raw const GOEXIT as usize + 1
}
