//! Goroutines that have run since the collector scanned their stacks, and those that it keeps from
//! running until it ends.

use super::g::{GState, status_of};
use super::ranlist::RanList;
use crate::abi::G;
use core::sync::atomic::Ordering;

/// Goroutines that ran since their stack was scanned.
static RAN: RanList = RanList::new();

/// The running thread took `g` to run it, made it or came back with it from a system call: its
/// stack changes from now on. After the change of its status.
///
/// # Safety
/// `g` is runnable or running, and this thread's.
#[inline(never)]
pub unsafe fn ran(g: *mut G) {
    // SAFETY: the caller's G is one of ours: they are never freed.
    let status = unsafe { status_of(g) };
    debug_assert!(matches!(
        status.state(Ordering::Relaxed),
        GState::Runnable | GState::Running
    ));
    // SAFETY: the caller's goroutine is this thread's, so nobody scans its stack now.
    unsafe { (*g).scanned = 0 };
    // SAFETY: the caller's G is one of ours: they are never freed.
    unsafe { note_ran(g) };
}

/// The stack of `g` is to be scanned again.
///
/// # Safety
/// `g` is one of the Gs (they are never freed).
pub(crate) unsafe fn note_ran(g: *mut G) {
    // SAFETY: the caller's G is one of ours: they are never freed.
    unsafe { RAN.note(g) };
}

/// Empties the list of goroutines that ran.
pub(crate) fn take_ran(f: impl FnMut(*mut G)) {
    RAN.take(f);
}

/// Stacks to be scanned again.
pub(crate) fn ran_count() -> usize {
    RAN.count()
}

/// `g` must not be run now: a marker keeps its stack as it was scanned.
///
/// # Safety
/// `g` is one of the Gs (they are never freed).
#[inline(always)]
pub unsafe fn is_held(g: *mut G) -> bool {
    // SAFETY: the caller's G is one of ours: they are never freed.
    let held = unsafe { &(*g).held };
    held.load(Ordering::Relaxed) != 0
}

/// Keeps `g` from running, or keeps it no longer.
pub(crate) fn set_held(g: *mut G, held: bool) {
    // SAFETY: what markers keep are Gs of ours: they are never freed.
    unsafe { (*g).held.store(usize::from(held), Ordering::SeqCst) };
}
