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
    // SAFETY: records are never freed; those of the list are linked, under its lock.
    list.0 = unsafe { (*p).link };
    p
}

/// Gives a record to the list.
///
/// # Safety
/// `p` is a record that is off its goroutine.
unsafe fn free_panic(p: *mut Panic) {
    let mut list = FREE.lock();
    // SAFETY: by the caller's promise off its goroutine, and ours.
    unsafe { (*p).link = list.0 };
    list.0 = p;
}

/// Drops the panics of a goroutine that ends.
///
/// # Safety
/// `g` is stopped for good.
pub(super) unsafe fn drop_panics(g: *mut G) {
    // SAFETY: by the caller's promise g is stopped for good: its list is ours.
    while !unsafe { (*g).panic }.is_null() {
        // SAFETY: the same, and there is a panic.
        unsafe { pop_panic(g) };
    }
}

/// Takes the innermost panic off a goroutine, and frees it.
///
/// # Safety
/// `g` is stopped in a call of this thread, and has a panic.
pub(super) unsafe fn pop_panic(g: *mut G) {
    // SAFETY: by the caller's promise g is stopped, so its list is ours, and not empty.
    let p = unsafe {
        let p = (*g).panic;
        debug_assert!(!p.is_null());
        (*g).panic = (*p).link;
        p
    };
    // SAFETY: it is off the list now.
    unsafe { free_panic(p) };
}
