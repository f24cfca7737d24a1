//! LockOSThread, thread limits, fork brackets.

use crate::abi::{Leaf, STACK_FORK, STACK_GUARD, Sys, args};
use crate::probe::timers;
use crate::sched::state::SCHED;
use crate::sched::threads;
use crate::world::{getg, getm};
use core::ptr;
use core::sync::atomic::Ordering;

/// `runtime.LockOSThread`; the compiler mostly inlines it (calling convention, inlined functions).
#[doc(alias = "LockOSThread")]
pub fn lock_os_thread(_: Leaf<'_>, _a: &mut args::runtime_LockOSThread) {
    // SAFETY: leaf mode: g is the running goroutine.
    unsafe {
        let (g, m) = (getg(), getm());
        (*m).locked |= 1;
        (*m).lockedg = g;
        (*g).lockedm = m;
    }
}

/// `runtime.UnlockOSThread`.
pub fn unlock_os_thread(_: Leaf<'_>, _a: &mut args::runtime_UnlockOSThread) {
    // SAFETY: leaf mode: g is the running goroutine.
    unsafe {
        let (g, m) = (getg(), getm());
        (*m).locked &= !1;
        if (*m).locked == 0 {
            (*m).lockedg = ptr::null_mut();
            (*g).lockedm = ptr::null_mut();
        }
    }
}

/// `runtime.NumCPU`.
pub fn num_cpu(_: Leaf<'_>, a: &mut args::runtime_NumCPU) {
    a.r0 = i64::from(crate::os::cpu::NCPU.load(Ordering::Relaxed));
}

/// `debug.SetMaxThreads`.
pub fn set_max_threads(_: Sys<'_>, a: &mut args::runtime_setMaxThreads) {
    let mut s = SCHED.lock();
    a.out = i64::from(s.maxmcount);
    // As in Go, cut off rather than limited: what a program sees of it again, and a message, are
    // the same.
    s.maxmcount = a.in_ as i32;
    threads::check_count(s);
}

/// Before fork: until [`after_fork`] the goroutine stays on its M, and a stack check is a bug.
///
/// Signals stay unblocked: the child goes on to exec without calling us, so it would hand a blocked
/// mask to the new program. What a handler does meanwhile in the child happens in the child's copy
/// of our memory. Only the profiler is off, whose frequent signals can keep fork from ever
/// finishing.
pub fn before_fork(_: Sys<'_>, _a: &mut args::syscall_runtime_BeforeFork) {
    // SAFETY: system mode for curg.
    unsafe {
        let m = getm();
        (*m).locks += 1;
        timers::before_fork(m);
        if !(*m).curg.is_null() {
            (*(*m).curg).stackguard0 = STACK_FORK;
        }
    }
}

/// After fork, in the parent.
pub fn after_fork(_: Sys<'_>, _a: &mut args::syscall_runtime_AfterFork) {
    // SAFETY: system mode for curg.
    unsafe {
        let m = getm();
        if !(*m).curg.is_null() {
            let g = (*m).curg;
            (*g).stackguard0 = (*g).stack_lo + STACK_GUARD;
        }
        timers::after_fork(m);
        (*m).locks -= 1;
    }
}
