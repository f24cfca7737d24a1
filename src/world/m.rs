//! Goroutines and threads that are locked to each other.

use super::current::getm;

/// Ends the lock of the main goroutine to the first thread that initialisation holds. An unrecovered panic ends it, too.
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
            (*m).lockedg = core::ptr::null_mut();
            (*(*m).curg).lockedm = core::ptr::null_mut();
        }
    }
}
