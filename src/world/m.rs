//! Threads: which of them is sysmon's, and those that are locked to a goroutine.

use super::current::getm;
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

/// The runtime locks `g` to its thread, on top of the program's own lock and others of the runtime:
/// its count is in steps of two, bit 0 is the program's LockOSThread.
///
/// # Safety
/// `m` is this thread's M, and `g` its goroutine, which runs no Go code.
#[doc(alias = "lockOSThread")]
pub unsafe fn lock(m: *mut M, g: *mut G) {
    // SAFETY: the fields are this thread's and its goroutine's.
    unsafe {
        (*m).locked += 2;
        (*m).lockedg.store(g, Ordering::Relaxed);
        (*g).lockedm.store(m, Ordering::Relaxed);
    }
}

/// Ends one [`lock`], if there is one.
///
/// # Safety
/// As there.
#[doc(alias = "unlockOSThread")]
pub unsafe fn unlock(m: *mut M, g: *mut G) {
    // SAFETY: the fields are this thread's and its goroutine's.
    unsafe {
        if (*m).locked < 2 {
            return;
        }
        (*m).locked -= 2;
        if (*m).locked == 0 {
            (*m).lockedg.store(null_mut(), Ordering::Relaxed);
            (*g).lockedm.store(null_mut(), Ordering::Relaxed);
        }
    }
}
