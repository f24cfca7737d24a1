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
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_preempt_at_return(g: *mut G) -> ! {
    // SAFETY: g is curg and its saved context is the return of the call.
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
unsafe fn can_preempt(g: *mut G) -> bool {
    // SAFETY: g runs on this M.
    unsafe {
        let m = getm();
        let p = p_of(m);
        (*m).locks.load(Ordering::Relaxed) == 0
            && !p.is_null()
            && status_of(g).is(GState::Running, Ordering::Relaxed)
            && (*p).status.is(PState::Running, Ordering::Relaxed)
    }
}

/// Restores the real guard; `g.preempt` stays. The requester asks again.
unsafe fn rearm_later(g: *mut G) {
    // SAFETY: g runs on this M.
    unsafe {
        if (*g).stackguard0.load(Ordering::Relaxed) == STACK_PREEMPT {
            restore_guard(g);
        }
    }
}

/// Stops the running goroutine at its saved context and picks another.
///
/// # Safety
/// It may be stopped there.
#[doc(alias = "gopreempt_m")]
unsafe fn preempt(caller: Caller<'_>) -> ! {
    let g = caller.g();
    // SAFETY: the caller's promise.
    unsafe {
        debug_assert!(curg() == g);
        answer_request(g);
    }
    park::requeue_current(caller, true);
    schedule()
}

/// asm/switch.S: the prologue of the function whose return slot is at `g.sched.sp` found no room,
/// or preemption was asked for.
#[doc(alias = "newstack")]
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_newstack(g: *mut G) -> ! {
    // SAFETY: morestack saved g's context and switched to g0.
    unsafe {
        if (*g).flags & crate::abi::G_THROWSPLIT != 0 {
            fatal::throw("runtime: stack split at bad time");
        }
        (*g).sched.pc = crate::unwind::walk::function_entry((*g).sched.pc);
        if (*g).stackguard0.load(Ordering::Relaxed) == STACK_PREEMPT {
            if can_preempt(g) {
                preempt(left(g));
            }
            rearm_later(g);
            gort_gogo(g);
        }
        crate::stack::grow(&left(g));
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
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_stop_interrupted() -> ! {
    // SAFETY: on an empty g0 stack; curg's context is saved.
    unsafe { preempt(left(curg())) }
}
