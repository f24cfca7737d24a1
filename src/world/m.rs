//! Threads: which of them is sysmon's, and those that are locked to a goroutine.

use super::current::{curg, getm};
use crate::abi::{G, M};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The M of sysmon, which stores it before anything else.
static SYSMON: AtomicPtr<M> = AtomicPtr::new(null_mut());

/// This thread is sysmon.
pub fn become_sysmon() {
    SYSMON.store(getm(), Ordering::Relaxed);
}

/// `m` is the M of sysmon.
pub fn is_sysmon(m: *mut M) -> bool {
    m == SYSMON.load(Ordering::Relaxed)
}

/// No preemption of what runs on `m` until [`unpin`].
///
/// # Safety
/// `m` is this thread's.
#[inline(always)]
pub unsafe fn pin(m: *mut M) {
    // Other threads only read the count. SAFETY: the caller's promise.
    unsafe {
        let locks = (*m).locks.load(Ordering::Relaxed);
        (*m).locks.store(locks + 1, Ordering::Relaxed);
    }
}

/// Ends a [`pin`].
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn unpin(m: *mut M) {
    // SAFETY: the caller's promise.
    unsafe {
        let locks = (*m).locks.load(Ordering::Relaxed);
        (*m).locks.store(locks - 1, Ordering::Relaxed);
    }
}

/// `g`, the goroutine of `m`, no longer is.
///
/// # Safety
/// `m` is this thread's, and no other thread changes the status of `g` yet.
#[inline(always)]
pub unsafe fn leaves(m: *mut M, g: *mut G) {
    // SAFETY: the caller's promise.
    unsafe {
        (*m).curg.store(null_mut(), Ordering::Relaxed);
        (*g).m.store(null_mut(), Ordering::Relaxed);
    }
}

/// Ends the lock of the main goroutine to the first thread that initialisation holds. An
/// unrecovered panic ends it, too.
#[doc(alias = "unlockOSThread")]
pub fn unlock() {
    let m = getm();
    // SAFETY: system mode; the fields are this thread's and its goroutine's.
    unsafe {
        if (*m).locked < 2 {
            return;
        }
        (*m).locked -= 2;
        if (*m).locked == 0 {
            (*m).lockedg.store(null_mut(), Ordering::Relaxed);
            (*curg()).lockedm.store(null_mut(), Ordering::Relaxed);
        }
    }
}
