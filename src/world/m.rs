//! Threads: which of them is sysmon's, and those that are locked to a goroutine.

use super::current::getm;
use crate::abi::M;
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
            (*m).lockedg = null_mut();
            (*(*m).curg).lockedm = null_mut();
        }
    }
}
