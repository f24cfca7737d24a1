//! The bump allocator for the runtime's own structures, which are never freed.

use super::ahead::Ahead;
use super::counters::{OTHER_SYS, map_for};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::sync::atomic::{AtomicU64, Ordering};

/// Bytes mapped at a time for small structures.
const CHUNK: usize = 256 << 10;

struct Bump {
    at: usize,
    end: usize,
    ahead: Ahead,
}

#[doc(alias = "globalAlloc")]
static BUMP: Mutex<Bump, { rank::BUMP }> = Mutex::new(Bump {
    at: 0,
    end: 0,
    ahead: Ahead::new(),
});

/// Zeroed memory for a structure of the runtime that is never freed, counted in `sys`. Dies with a
/// message when the system has none.
pub fn persistent_for(sys: &AtomicU64, size: usize, align: usize) -> *mut u8 {
    debug_assert!(size > 0 && align.is_power_of_two() && align <= 4096);
    let none = || crate::fatal::throw("runtime: cannot allocate memory");
    if size >= CHUNK / 4 {
        let p = map_for(sys, size.next_multiple_of(4096));
        if p.is_null() {
            none();
        }
        return p;
    }
    let mut b = BUMP.lock();
    let mut start = b.at.next_multiple_of(align);
    if b.at == 0 || start + size > b.end {
        start = map_for(&OTHER_SYS, CHUNK) as usize;
        if start == 0 {
            none();
        }
        b.end = start + CHUNK;
        b.ahead.begin(start);
    }
    b.at = start + size;
    let (at, end) = (b.at, b.end);
    // SAFETY: what is left of the chunk is whole pages of ours.
    unsafe { b.ahead.reach(at, end) };
    drop(b);
    // What is left of the chunk stays with the others.
    if !core::ptr::eq(sys, &raw const OTHER_SYS) {
        OTHER_SYS.fetch_sub(size as u64, Ordering::Relaxed);
        sys.fetch_add(size as u64, Ordering::Relaxed);
    }
    start as *mut u8
}

/// [`persistent_for`] `OTHER_SYS`.
#[doc(alias = "persistentalloc")]
pub fn persistent_alloc(size: usize, align: usize) -> *mut u8 {
    persistent_for(&OTHER_SYS, size, align)
}

/// Bytes of a cache line.
pub const LINE: usize = 64;

/// A zeroed `T` that lives for ever.
#[doc(alias = "fixalloc")]
#[doc(alias = "fixAlloc_Alloc")]
pub fn persistent<T>() -> *mut T {
    persistent_in(&OTHER_SYS)
}

/// A zeroed `T` that lives for ever, counted in `sys`. One of a cache line's size or more has its
/// lines to itself: each of two goroutines, threads or Ps is at work on another processor, and
/// would wait for the line that holds the end of one and the beginning of the next.
pub fn persistent_in<T>(sys: &AtomicU64) -> *mut T {
    let (size, align) = (size_of::<T>(), align_of::<T>());
    if size < LINE {
        return persistent_for(sys, size, align).cast();
    }
    persistent_for(sys, size.next_multiple_of(LINE), align.max(LINE)).cast()
}
