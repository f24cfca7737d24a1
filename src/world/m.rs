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
    // SAFETY: the caller's M is this thread's, and never freed.
    let locks = unsafe { &(*m).locks };
    // Other threads only read the count.
    locks.store(locks.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Ends a [`pin`].
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn unpin(m: *mut M) {
    // SAFETY: the caller's M is this thread's, and never freed.
    let locks = unsafe { &(*m).locks };
    locks.store(locks.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
}

/// `g`, the goroutine of `m`, no longer is.
///
/// # Safety
/// `m` is this thread's, and no other thread changes the status of `g` yet.
#[inline(always)]
pub unsafe fn leaves(m: *mut M, g: *mut G) {
    // SAFETY: M and G are ones of ours: they are never freed.
    let (curg, of) = unsafe { (&(*m).curg, &(*g).m) };
    curg.store(null_mut(), Ordering::Relaxed);
    of.store(null_mut(), Ordering::Relaxed);
}

/// The runtime locks `g` to its thread, on top of the program's own lock and others of the runtime:
/// its count is in steps of two, bit 0 is the program's LockOSThread.
///
/// # Safety
/// `m` is this thread's M, and `g` its goroutine, which runs no Go code.
#[doc(alias = "lockOSThread")]
pub unsafe fn lock(m: *mut M, g: *mut G) {
    // SAFETY: the caller's M is this thread's, and only that writes the count.
    unsafe { (*m).locked += 2 };
    // SAFETY: M and G are ones of ours: they are never freed.
    let (lockedg, lockedm) = unsafe { (&(*m).lockedg, &(*g).lockedm) };
    lockedg.store(g, Ordering::Relaxed);
    lockedm.store(m, Ordering::Relaxed);
}

/// Ends one [`lock`], if there is one.
///
/// # Safety
/// As there.
#[doc(alias = "unlockOSThread")]
pub unsafe fn unlock(m: *mut M, g: *mut G) {
    // SAFETY: the caller's M is this thread's, and only that writes the count.
    let locked = unsafe { &mut (*m).locked };
    if *locked < 2 {
        return;
    }
    *locked -= 2;
    if *locked == 0 {
        // SAFETY: M and G are ones of ours: they are never freed.
        let (lockedg, lockedm) = unsafe { (&(*m).lockedg, &(*g).lockedm) };
        lockedg.store(null_mut(), Ordering::Relaxed);
        lockedm.store(null_mut(), Ordering::Relaxed);
    }
}
