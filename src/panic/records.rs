//! Records of panics: off-heap, on a free list when no longer needed.

use crate::abi::{G, Panic};
use crate::mem;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::ptr;

struct FreePanics(*mut Panic);

/// Panic records for use again. Panics are rare and never run on a fast path.
static FREE: Mutex<FreePanics, { rank::PANIC_POOL }> = Mutex::new(FreePanics(ptr::null_mut()));

pub(super) fn new_panic() -> *mut Panic {
    let mut list = FREE.lock();
    let p = list.0;
    if p.is_null() {
        drop(list);
        return mem::persistent();
    }
    // SAFETY: records of the list are dead and linked by `link`.
    list.0 = unsafe { (*p).link };
    p
}

unsafe fn free_panic(p: *mut Panic) {
    let mut list = FREE.lock();
    // SAFETY: the caller took the record off its goroutine.
    unsafe { (*p).link = list.0 };
    list.0 = p;
}

/// Drops the panics of a goroutine that ends.
///
/// # Safety
/// `g` is stopped for good.
pub unsafe fn drop_panics(g: *mut G) {
    // SAFETY: the caller's promise.
    unsafe {
        while !(*g).panic.is_null() {
            pop_panic(g);
        }
    }
}

pub(super) unsafe fn pop_panic(g: *mut G) {
    // SAFETY: the caller saw a panic on g.
    unsafe {
        let p = (*g).panic;
        debug_assert!(!p.is_null());
        (*g).panic = (*p).link;
        free_panic(p);
    }
}
