//! The loop: picks a goroutine and runs it.
//!
//! Every function here runs at the base of a g0 stack: nothing of an earlier goroutine is left on
//! it ([`schedule`] ensures that).

use super::find::{next_goroutine, stop_spinning};
use super::outside;
use super::threads::stop;
use crate::abi::{Caller, G, M, Outcome, Sys};
use crate::os::sys;
use crate::probe::{self, timers};
use crate::profile::trace;
use crate::sched::threads::acquire_p;
use crate::sched::{interrupt, park, perturb};
use crate::world::events::Event;
use crate::world::g::{restore_guard, status_of};
use crate::world::p::PState;
use crate::world::phase::GCWAITING;
use crate::world::rights::assert_none_held;
use crate::world::{Right, Runnable, events, getm, p_of, registers};
use crate::{dispatch, fatal};
use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering;

unsafe extern "C" {
    /// asm/switch.S: resumes a goroutine.
    pub(super) fn gort_gogo(g: *mut G) -> !;
    /// asm/switch.S: runs a function on an empty g0 stack.
    fn gort_on_empty_g0(f: unsafe extern "C" fn() -> !) -> !;
}

/// Enters the scheduler from wherever this thread is.
pub fn start_on_empty_stack() -> ! {
    // SAFETY: whatever was on g0's stack is done.
    unsafe { gort_on_empty_g0(schedule_entry) }
}

unsafe extern "C" fn schedule_entry() -> ! {
    schedule()
}

/// The goroutine that assembly has left for g0.
///
/// # Safety
/// On g0, for good; `g` is curg, with its context saved.
pub(super) unsafe fn left(g: *mut G) -> Caller<'static> {
    // SAFETY: the caller's promise.
    unsafe { Caller::new(Sys::new(), NonNull::new_unchecked(g.cast())) }
}

/// A runtime function answered [`crate::abi::Outcome::Reschedule`] or [`crate::abi::Outcome::Again`]
/// (asm/switch.S).
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_after_call(outcome: Outcome, g: *mut G) -> ! {
    // SAFETY: g called the function.
    unsafe { stopped(outcome, g) };
    schedule()
}

/// Acts on the answer of a runtime function, or resume step, of `g`: after `Again` g is queued to
/// make the same call again.
unsafe fn stopped(outcome: Outcome, g: *mut G) -> Outcome {
    if outcome == Outcome::Again {
        // SAFETY: nothing parked g: it is still curg, stopped at the return of the call that it
        // makes again.
        unsafe {
            let sp = (*g).sched.sp;
            (*g).sched.sp = sp - 8;
            (*g).sched.pc = crate::code::asmfuncs::entry_of((*g).parkmap);
            (*g).parkmap = 0;
            park::requeue_current(left(g), true);
        }
    }
    outcome
}

/// Runs goroutines for ever. The code that has parked or preempted this thread's goroutine calls
/// it, at the base of the g0 stack or a few frames above it. No callee may call it again, or the
/// stack would grow with every goroutine (`gort prove` looks for such a path).
#[unsafe(export_name = "gort_schedule")]
pub extern "C" fn schedule() -> ! {
    if cfg!(debug_assertions) || perturb::on() {
        check_depth();
    }
    assert_none_held();
    // SAFETY: this is g0, for good.
    let sys = unsafe { Sys::new() };
    loop {
        // SAFETY: this thread's M; nothing of an earlier goroutine is on the stack.
        unsafe {
            let m = getm();
            if (*m).locks.load(Ordering::Relaxed) != 0 {
                fatal::throw("schedule: holding locks");
            }
            let (g, inherit) = pick(sys, m);
            if let Some(g) = execute(sys, g, inherit) {
                gort_gogo(g);
            }
        }
    }
}

/// Ends the process if this g0 stack is deeper than at its base.
fn check_depth() {
    /// More than the frames of a runtime function that enters the scheduler, less than a few nested
    /// rounds of scheduling.
    const ENTRY: usize = 512;
    let here = 0u8;
    // SAFETY: this thread's M and its g0.
    let base = unsafe { (*(*getm()).g0).sched.sp };
    if base.wrapping_sub(&raw const here as usize) > ENTRY {
        fatal::throw("schedule: not at the base of a g0 stack");
    }
}

/// The goroutine that this thread runs next, ours and runnable; waits until there is one. True: it
/// inherits the time slice of its waker.
unsafe fn pick(sys: Sys<'_>, m: *mut M) -> (Runnable, bool) {
    // SAFETY: this thread's M.
    unsafe {
        if !(*m).lockedg.load(Ordering::Relaxed).is_null() {
            return (dispatch::threads::stop_locked(), false);
        }
        if p_of(m).is_null() {
            dispatch::threads::stop();
        }
        loop {
            if GCWAITING.load(Ordering::Acquire) != 0 {
                dispatch::threads::stop_for_gc();
                continue;
            }
            if events::asked() {
                crate::gc::poll(sys);
                if events::take(Event::OUTSIDE).has(Event::OUTSIDE) {
                    outside::look();
                }
                // What was asked for may have to be tried again; goroutines do not wait for that.
                if GCWAITING.load(Ordering::Acquire) != 0 {
                    continue;
                }
            }
            if cfg!(debug_assertions) {
                super::walk::turn(sys);
                // Another thread stops the world.
                if GCWAITING.load(Ordering::Acquire) != 0 {
                    continue;
                }
            }
            let (g, inherit) = match trace::reader_to_run() {
                None => next_goroutine(m),
                reader => (reader, false),
            };
            let Some(g) = g else { continue };
            if (*m).spinning != 0 {
                stop_spinning(m);
            }
            if crate::world::phase::enabled() && crate::world::ran::is_held(g.g()) {
                park::requeue_held(g);
                continue;
            }
            let locked_to = (*g.g()).lockedm.load(Ordering::Relaxed);
            if !locked_to.is_null() && locked_to != m {
                dispatch::threads::start_locked(g);
                continue;
            }
            return (g, inherit);
        }
    }
}

/// Makes `g` this thread's running goroutine and runs its resume step, if there is one. Answers the
/// goroutine to go on with, unless that step has parked or requeued it again. `inherit`: it
/// inherits the time slice of its waker.
unsafe fn execute(sys: Sys<'_>, g: Runnable, inherit: bool) -> Option<*mut G> {
    // SAFETY: g is ours; its context is saved.
    unsafe {
        let g = g.into_raw();
        let m = getm();
        let p = p_of(m);
        debug_assert!((*p).m.load(Ordering::Relaxed) == m);
        debug_assert!((*p).status.is(PState::Running, Ordering::Relaxed));
        debug_assert!((*m).curg.load(Ordering::Relaxed).is_null());
        debug_assert!((*g).m.load(Ordering::Relaxed).is_null());
        debug_assert!({
            let to = (*g).lockedm.load(Ordering::Relaxed);
            to.is_null() || to == m
        });
        if !inherit {
            (*p).begin_slice();
        }
        (*m).curg.store(g, Ordering::Relaxed);
        (*p).last.store(g, Ordering::Relaxed);
        (*g).m.store(m, Ordering::Relaxed);
        status_of(g).run();
        if probe::trace::on() {
            probe::trace::goroutine_runs(g);
        }
        if crate::world::phase::enabled() {
            crate::world::ran::ran(g);
        }
        (*g).preempt.store(0, Ordering::Relaxed);
        (*g).waitsince = 0;
        restore_guard(g);
        (*g).flags &= !crate::abi::G_PARK_RESULTS;
        perturb::runs(g);
        if (*m).registers.is_null() {
            registers::refill(m);
        }
        debug_assert!((*g).stack_lo < (*g).sched.sp && (*g).sched.sp < (*g).stack_hi);
        if !(*g).interrupted.is_null() {
            interrupt::resume(g);
        }
        if let Some(step) = (*g).resume.take() {
            let caller = Caller::new(sys, NonNull::new_unchecked(g.cast()));
            if stopped(step(caller, (*g).resumearg), g) != Outcome::Return {
                return None;
            }
        }
        Some(g)
    }
}

/// First function of a thread, on its g0 stack. The base of that stack is where system mode starts.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_mstart(m: *mut M) -> ! {
    // SAFETY: clone gave us m with fs set; no other thread runs as m.
    unsafe {
        (*m).tid.store(sys::gettid(), Ordering::Relaxed);
        crate::signal::minit(m);
        timers::thread_begins(m);
        if (*m).startfn != 0 {
            let f: extern "C" fn() = core::mem::transmute((*m).startfn);
            f();
        }
        if !(*m).nextp.is_null() {
            acquire_p((*m).nextp.cast());
            (*m).nextp = ptr::null_mut();
        } else {
            stop();
        }
        start_on_empty_stack()
    }
}
