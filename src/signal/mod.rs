//! Signals.

pub mod fault;

use crate::abi::M;

/// At boot.
pub fn init() {}

/// On each thread.
///
/// # Safety
/// On the thread of `m`.
pub unsafe fn minit(_m: *mut M) {}

/// Sets the thread's profiling timer.
///
/// # Safety
/// On the thread of `m`.
pub unsafe fn set_thread_profiler(_m: *mut M, _hz: u32) {}

/// Somebody waits for signals, so the program is not dead.
pub fn keeps_alive() -> bool {
    false
}

/// Runs `f` with all signals blocked.
pub fn block_all_during(f: impl FnOnce()) {
    let old = block_all();
    f();
    restore_mask(old);
}

/// Blocks all signals of this thread; answers the mask before.
pub fn block_all() -> u64 {
    let (all, mut old) = (u64::MAX, 0u64);
    // SAFETY: both masks live across the call.
    unsafe { crate::os::sys::syscall6(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK as usize, &raw const all as usize, &raw mut old as usize, 8, 0, 0) };
    old
}

/// Puts back what [`block_all`] answered.
pub fn restore_mask(mask: u64) {
    // SAFETY: the mask lives across the call.
    unsafe { crate::os::sys::syscall6(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK as usize, &raw const mask as usize, 0, 8, 0, 0) };
}

#[unsafe(no_mangle)]
extern "C" fn gort_sighandler() {}

/// Ends the process by SIGABRT.
pub fn die_by_abort() {}
pub mod queue;
/// Wants the signal.
pub fn enable(_s: u32) {}
/// Does not.
pub fn disable(_s: u32) {}
/// Ignores it.
pub fn ignore(_s: u32) {}
