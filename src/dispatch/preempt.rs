//! Where a running goroutine is stopped: in a prologue, behind a runtime call, by a signal.
//!
//! Assembly calls these functions on g0, with the goroutine's context saved.

use super::schedule::{gort_gogo, left, schedule};
use crate::abi::{Caller, G, STACK_PREEMPT};
use crate::fatal;
use crate::sched::park;
use crate::world::g::{answer_request, restore_guard, status_of};
use crate::world::p::PState;
use crate::world::{GState, curg, getm, p_of};
use core::sync::atomic::Ordering;

/// A runtime function is done and preemption was requested meanwhile (asm/switch.S). The results
/// are written.
///
/// # Safety
///
/// On g0, for good; `g` is curg, with the return of its runtime call as saved context.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_preempt_at_return(g: *mut G) -> ! {
    // SAFETY: by the caller's promise g is curg, with the return of its call as saved context: it
    // may be stopped there, or go on from there.
    unsafe {
        if !can_preempt(g) {
            rearm_later(g);
            gort_gogo(g);
        }
        (*g).flags |= crate::abi::G_PARK_RESULTS;
        preempt(left(g))
    }
}

/// May this goroutine be stopped here? Not while it holds the thread (procPin), nor in a system
/// call.
///
/// # Safety
///
/// `g` is this thread's goroutine.
unsafe fn can_preempt(g: *mut G) -> bool {
    let m = getm();
    // SAFETY: this thread's M; g is a G, and the P one of the Ps where there is one.
    unsafe {
        let p = p_of(m);
        (*m).locks.load(Ordering::Relaxed) == 0
            && !p.is_null()
            && status_of(g).is(GState::Running, Ordering::Relaxed)
            && (*p).status.is(PState::Running, Ordering::Relaxed)
    }
}

/// Restores the real guard; `g.preempt` stays. The requester asks again.
///
/// # Safety
///
/// `g` is this thread's goroutine.
unsafe fn rearm_later(g: *mut G) {
    // SAFETY: Gs are never freed; the word is atomic.
    let guard = unsafe { (*g).stackguard0.load(Ordering::Relaxed) };
    if guard == STACK_PREEMPT {
        // SAFETY: it runs on this thread alone.
        unsafe { restore_guard(g) };
    }
}

/// Stops the running goroutine at its saved context and picks another.
///
/// # Safety
/// It may be stopped there.
#[doc(alias = "gopreempt_m")]
unsafe fn preempt(caller: Caller<'_>) -> ! {
    let g = caller.g();
    debug_assert!(curg() == g);
    // SAFETY: the goroutine is this thread's, and stopped.
    unsafe { answer_request(g) };
    park::requeue_current(caller, true);
    schedule()
}

/// asm/switch.S: the prologue of the function whose return slot is at `g.sched.sp` found no room,
/// or preemption was asked for.
///
/// # Safety
///
/// On g0, for good; `g` is curg, and `morestack` has saved its context.
#[doc(alias = "newstack")]
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_newstack(g: *mut G) -> ! {
    // SAFETY: g is stopped in a prologue, and its saved context is ours.
    let guard = unsafe {
        if (*g).flags & crate::abi::G_THROWSPLIT != 0 {
            fatal::throw("runtime: stack split at bad time");
        }
        (*g).sched.pc = crate::unwind::walk::function_entry((*g).sched.pc);
        (*g).stackguard0.load(Ordering::Relaxed)
    };
    // SAFETY: on g0, for good: g, which is curg, may be stopped at the entry of its function, go on
    // from there, or be moved.
    unsafe {
        if guard == STACK_PREEMPT {
            if can_preempt(g) {
                preempt(left(g));
            }
            rearm_later(g);
        } else {
            crate::stack::grow(&left(g));
        }
        gort_gogo(g)
    }
}

#[unsafe(no_mangle)]
extern "C" fn gort_morestack_on_g0() -> ! {
    fatal::throw("morestack on g0")
}

#[doc(alias = "badmcall")]
#[unsafe(no_mangle)]
extern "C" fn gort_parked_on_g0() -> ! {
    fatal::throw("blocking operation on a system stack")
}

/// asm/switch.S: the handler stopped the thread's goroutine.
///
/// # Safety
///
/// On an empty g0 stack, for good; a signal has stopped curg where it may be stopped.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_stop_interrupted() -> ! {
    // SAFETY: by the caller's promise g0's stack is empty, and the handler has saved curg's context.
    unsafe { preempt(left(curg())) }
}
