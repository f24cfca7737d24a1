//! Goroutines that have run since the collector scanned their stacks, and those that it keeps from
//! running until it ends.

use crate::abi::G;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Goroutines that ran since their stack was scanned, linked by `ranlink`.
static RAN: AtomicPtr<G> = AtomicPtr::new(null_mut());
/// Their number: a hint.
static RAN_COUNT: AtomicUsize = AtomicUsize::new(0);

/// The running thread took `g` to run it, made it or came back with it from a system call: its
/// stack changes from now on. After the change of its status.
///
/// # Safety
/// `g` is runnable or running, and this thread's.
#[inline(never)]
pub unsafe fn ran(g: *mut G) {
    // SAFETY: Gs are never freed.
    unsafe {
        (*g).scanned = 0;
        note_ran(g);
    }
}

pub(crate) unsafe fn note_ran(g: *mut G) {
    // SAFETY: Gs are never freed; `ran` is only accessed atomically; the thread that changes it
    // from 0 owns `ranlink` until the list is taken.
    unsafe {
        // SeqCst: the status was written before; the marker that takes the list clears `ran` first
        // and then reads the status.
        if (*g).ran.swap(1, Ordering::SeqCst) != 0 {
            return;
        }
        RAN_COUNT.fetch_add(1, Ordering::Relaxed);
        let mut head = RAN.load(Ordering::Relaxed);
        loop {
            (*g).ranlink = head;
            match RAN.compare_exchange_weak(head, g, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(h) => head = h,
            }
        }
    }
}

/// Empties the list of goroutines that ran.
pub(crate) fn take_ran(mut f: impl FnMut(*mut G)) {
    let mut g = RAN.swap(null_mut(), Ordering::Acquire);
    while !g.is_null() {
        RAN_COUNT.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: the members are ours now; Gs are never freed.
        unsafe {
            let next = (*g).ranlink;
            (*g).ran.swap(0, Ordering::SeqCst);
            f(g);
            g = next;
        }
    }
}

/// Stacks to be scanned again.
pub(crate) fn ran_count() -> usize {
    RAN_COUNT.load(Ordering::Relaxed)
}

/// `g` must not be run now: a marker keeps its stack as it was scanned.
///
/// # Safety
/// `g` is one of the Gs (they are never freed).
#[inline(always)]
pub unsafe fn is_held(g: *mut G) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*g).held.load(Ordering::Relaxed) != 0 }
}

pub(crate) fn set_held(g: *mut G, held: bool) {
    // SAFETY: Gs are never freed.
    unsafe { (*g).held.store(usize::from(held), Ordering::SeqCst) };
}
