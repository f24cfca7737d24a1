//! Goroutines: asking one to stop, where its stack is, whose it is, and why it waits. Its states are
//! [`status`](super::status)'s.

use super::current::getm;
use super::lists;
use crate::abi::{G, STACK_GUARD, STACK_PREEMPT};
use core::sync::atomic::Ordering;

pub use super::status::{GState, GStatus, Hold, Still, status_of, wait_for_scan};

/// Asks `g` to stop at its next check. If it does not run that does no harm.
///
/// # Safety
/// `g` is one of the Gs (they are never freed).
#[inline(always)]
pub unsafe fn ask_to_stop(g: *mut G) {
    // Relaxed: no data goes with the request. The goroutine may be about to take an earlier
    // request's guard away and with it this one: the requester asks again.
    // SAFETY: the caller's G is one of ours: they are never freed.
    let (preempt, guard) = unsafe { (&(*g).preempt, &(*g).stackguard0) };
    preempt.store(1, Ordering::Relaxed);
    guard.store(STACK_PREEMPT, Ordering::Relaxed);
}

/// Prologues compare with the end of the stack of `g` again. `G::preempt` stays as it is.
///
/// # Safety
/// `g` does not run, or only on this thread.
#[inline(always)]
pub unsafe fn restore_guard(g: *mut G) {
    // SAFETY: the caller's goroutine does not run elsewhere, so its stack stays where it is.
    let (guard, lo) = unsafe { (&(*g).stackguard0, (*g).stack_lo) };
    guard.store(lo + STACK_GUARD, Ordering::Relaxed);
}

/// `g` stops as it was asked to.
///
/// # Safety
/// As [`restore_guard`].
#[inline(always)]
pub unsafe fn answer_request(g: *mut G) {
    // SAFETY: the caller's G is one of ours: they are never freed.
    unsafe { (*g).preempt.store(0, Ordering::Relaxed) };
    // SAFETY: the caller's goroutine does not run elsewhere.
    unsafe { restore_guard(g) };
}

/// The stack of `g` is `[lo, hi)`.
///
/// # Safety
/// `g` does not run.
pub unsafe fn set_stack(g: *mut G, lo: usize, hi: usize) {
    debug_assert!(lo < hi && (hi - lo).is_power_of_two() && hi.is_multiple_of(16));
    // SAFETY: the caller's goroutine does not run, so its fields are the caller's to write.
    unsafe {
        (*g).stack_lo = lo;
        (*g).stack_hi = hi;
        (*g).stack_size = hi - lo;
        restore_guard(g);
        (*g).stackguard1 = usize::MAX;
    }
}

/// The stack of `g0` is `[lo, hi)`, of which `sp` is where it goes on.
///
/// # Safety
/// `g0` belongs to a thread that does not run on it yet, or to this one, which is in no call of Go
/// code.
pub unsafe fn set_system_stack(g0: *mut G, lo: usize, hi: usize, sp: usize) {
    debug_assert!(lo < sp && sp <= hi);
    // SAFETY: no other thread runs on the caller's g0, so its fields are the caller's to write.
    unsafe {
        (*g0).stack_lo = lo;
        (*g0).stack_hi = hi;
        restore_guard(g0);
        (*g0).stackguard1 = lo + STACK_GUARD;
        (*g0).sched.sp = sp;
    }
}

/// Makes `g` a goroutine of the runtime's own, or one of the program's: the runtime's are not
/// counted, not shown and not waited for.
///
/// # Safety
/// `g` was just made and is on no queue, or it is the caller's.
pub unsafe fn set_system(g: *mut G, system: bool) {
    // SAFETY: nobody runs the caller's goroutine, so its flags are the caller's to write.
    let was = unsafe {
        let was = (*g).flags & crate::abi::G_SYSTEM != 0;
        if system {
            (*g).flags |= crate::abi::G_SYSTEM;
        } else {
            (*g).flags &= !crate::abi::G_SYSTEM;
        }
        was
    };
    match (was, system) {
        (false, true) => lists::NGSYS.fetch_add(1, Ordering::Relaxed),
        (true, false) => lists::NGSYS.fetch_sub(1, Ordering::Relaxed),
        _ => 0,
    };
}

macro_rules! wait_reasons {
    ($($name:ident = $text:literal,)*) => {
        /// Why a goroutine waits; the text is shown in tracebacks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u32)]
        #[expect(missing_docs, reason = "the texts say it")]
        pub enum WaitReason {
            $($name,)*
        }

        impl WaitReason {
            /// The text in a goroutine's header line; empty for [`WaitReason::None`].
            pub fn text(code: u32) -> &'static str {
                const TEXTS: &[&str] = &[$($text),*];
                TEXTS.get(code as usize).copied().unwrap_or("waiting")
            }
        }
    };
}

wait_reasons! {
    None = "",
    ChanReceive = "chan receive",
    ChanSend = "chan send",
    ChanReceiveNil = "chan receive (nil chan)",
    ChanSendNil = "chan send (nil chan)",
    Select = "select",
    SelectNoCases = "select (no cases)",
    Semacquire = "semacquire",
    Sleep = "sleep",
    IoWait = "IO wait",
    FinalizerWait = "finalizer wait",
    GcWait = "GC worker (idle)",
    TimerWait = "timer goroutine (idle)",
    SignalWait = "syscall",
    GcCycle = "wait for GC cycle",
    CondWait = "semacquire",
    CondRelease = "semarelease",
    TraceReader = "trace reader (blocked)",
    TraceEnd = "semacquire",
    StackGrowth = "stack growth",
    PanicWait = "panicwait",
}

/// The running goroutine, stopped in a runtime call, was asked to yield its P and can be preempted.
///
/// # Safety
/// In system mode, for `g == curg()` or null.
pub unsafe fn wanted(g: *mut G) -> bool {
    if g.is_null() {
        return false;
    }
    // SAFETY: the caller's G is this thread's goroutine, and every thread has its M.
    let (guard, locks) = unsafe { (&(*g).stackguard0, &(*getm()).locks) };
    guard.load(Ordering::Relaxed) == STACK_PREEMPT && locks.load(Ordering::Relaxed) == 0
}
