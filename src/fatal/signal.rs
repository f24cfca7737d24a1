//! Masks and actions of signals, or the end of the process; and ends by a signal.

use super::print::throw;
use crate::os::signal::{self, SIGNALS, bit, change_mask, raise_thread};

/// [`signal::set`], or the end.
pub(crate) fn set(sig: u32, handler: usize, restart: bool) {
    // Some emulators refuse the last signal.
    if !signal::set(sig, handler, restart) && sig != SIGNALS as u32 - 1 {
        throw("rt_sigaction failure");
    }
}

/// [`change_mask`], or the end: a thread that does not block what it should takes signals on no
/// stack of its own, or while it holds a lock of their handler.
pub(crate) fn must_change_mask(how: i32, new: &u64, old: Option<&mut u64>) {
    if !change_mask(how, new, old) {
        throw("rt_sigprocmask failure");
    }
}

/// Runs `f` with all signals blocked: a new thread starts that way, and has no alternate stack yet.
pub fn block_all_during(f: impl FnOnce()) {
    let old = block_all();
    f();
    restore_mask(old);
}

/// Blocks all signals of this thread; answers the mask before.
pub fn block_all() -> u64 {
    let mut old = 0;
    must_change_mask(libc::SIG_SETMASK, &u64::MAX, Some(&mut old));
    old
}

/// Puts back what [`block_all`] answered.
pub fn restore_mask(mask: u64) {
    must_change_mask(libc::SIG_SETMASK, &mask, None);
}

/// Gives a signal its default action and sends it to this thread. Returns where that cannot be: the
/// caller has another end.
#[doc(alias = "dieFromSignal")]
pub(crate) fn die_by(sig: u32) {
    set(sig, libc::SIG_DFL, false);
    change_mask(libc::SIG_UNBLOCK, &bit(sig), None);
    raise_thread(sig);
}

/// Ends the process by SIGABRT, for a core dump.
pub fn die_by_abort() {
    die_by(libc::SIGABRT as u32);
}
