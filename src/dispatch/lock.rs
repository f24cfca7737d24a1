//! LockOSThread, thread limits, fork brackets.

use crate::abi::{Leaf, STACK_FORK, Sys, args};
use crate::probe::timers;
use crate::sched::state::SCHED;
use crate::sched::threads;
use crate::world::g::restore_guard;
use crate::world::m::{pin, unpin};
use crate::world::{curg, getg, getm};
use core::ptr;
use core::sync::atomic::Ordering;

/// `runtime.LockOSThread`; the compiler mostly inlines it (calling convention, inlined functions).
#[doc(alias = "LockOSThread")]
pub fn lock_os_thread(_: Leaf<'_>, _a: &mut args::runtime_LockOSThread) {
    let (g, m) = (getg(), getm());
    // SAFETY: in leaf mode g is the goroutine that runs on this thread, whose M is m.
    unsafe {
        (*m).locked |= 1;
        (*m).lockedg.store(g, Ordering::Relaxed);
        (*g).lockedm.store(m, Ordering::Relaxed);
    }
}

/// `runtime.UnlockOSThread`.
pub fn unlock_os_thread(_: Leaf<'_>, _a: &mut args::runtime_UnlockOSThread) {
    let (g, m) = (getg(), getm());
    // SAFETY: in leaf mode g is the goroutine that runs on this thread, whose M is m.
    unsafe {
        (*m).locked &= !1;
        if (*m).locked == 0 {
            (*m).lockedg.store(ptr::null_mut(), Ordering::Relaxed);
            (*g).lockedm.store(ptr::null_mut(), Ordering::Relaxed);
        }
    }
}

/// `runtime.lockedOSThread`.
pub fn locked_os_thread(_: Leaf<'_>, a: &mut args::runtime_lockedOSThread) {
    // SAFETY: in leaf mode getg is the goroutine that runs on this thread; both words are atomic.
    a.r0 = unsafe {
        !(*getg()).lockedm.load(Ordering::Relaxed).is_null()
            && !(*getm()).lockedg.load(Ordering::Relaxed).is_null()
    };
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
    let (m, g) = (getm(), curg());
    // SAFETY: this thread's M, in system mode.
    unsafe {
        pin(m);
        timers::before_fork(m);
    }
    if !g.is_null() {
        // SAFETY: the goroutine that called in is stopped in this call.
        unsafe { (*g).stackguard0.store(STACK_FORK, Ordering::Relaxed) };
    }
}

/// After fork, in the parent.
pub fn after_fork(_: Sys<'_>, _a: &mut args::syscall_runtime_AfterFork) {
    let (m, g) = (getm(), curg());
    if !g.is_null() {
        // SAFETY: the goroutine that called in is stopped in this call.
        unsafe { restore_guard(g) };
    }
    // SAFETY: this thread's M, which `before_fork` pinned.
    unsafe {
        timers::after_fork(m);
        unpin(m);
    }
}
