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
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

unsafe extern "C" {
    /// asm/switch.S: resumes a goroutine.
    pub(super) fn gort_gogo(g: *mut G) -> !;
    /// asm/switch.S: runs a function on an empty g0 stack.
    fn gort_on_empty_g0(f: unsafe extern "C" fn() -> !) -> !;
}

/// Enters the scheduler from wherever this thread is.
pub fn start_on_empty_stack() -> ! {
    // SAFETY: whatever was on g0's stack is done: nothing returns to it.
    unsafe { gort_on_empty_g0(schedule_entry) }
}

extern "C" fn schedule_entry() -> ! {
    schedule()
}

/// The goroutine that assembly has left for g0.
///
/// # Safety
/// On g0, for good; `g` is curg, with its context saved.
pub(super) unsafe fn left(g: *mut G) -> Caller<'static> {
    // SAFETY: by the caller's promise this is g0, for good, and g is curg with its context saved; a
    // G is not null.
    unsafe { Caller::new(Sys::new(), NonNull::new_unchecked(g.cast())) }
}

/// A runtime function answered [`crate::abi::Outcome::Reschedule`] or [`crate::abi::Outcome::Again`]
/// (asm/switch.S).
///
/// # Safety
///
/// On g0, for good; `g` is curg, and its call has answered `outcome`.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_after_call(outcome: Outcome, g: *mut G) -> ! {
    // SAFETY: g is curg, stopped at its call of the function that answered.
    unsafe { stopped(outcome, g) };
    schedule()
}

/// Acts on the answer of a runtime function, or resume step, of `g`: after `Again` g is queued to
/// make the same call again.
///
/// # Safety
///
/// On g0; `g` was curg when `outcome` was answered for it.
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
pub(super) extern "C" fn schedule() -> ! {
    if cfg!(debug_assertions) || perturb::on() {
        check_depth();
    }
    assert_none_held();
    // SAFETY: this function runs on g0 and never returns.
    let sys = unsafe { Sys::new() };
    loop {
        let m = getm();
        // SAFETY: this thread's M, and the word is atomic.
        if unsafe { (*m).locks.load(Ordering::Relaxed) } != 0 {
            fatal::throw("schedule: holding locks");
        }
        // SAFETY: nothing of an earlier goroutine is on the stack of this g0; the goroutine that
        // was picked is ours, and what it goes on from is in its saved context.
        unsafe {
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
    // SAFETY: this thread's M, whose g0 has the base of its stack as saved context.
    let base = unsafe { (*(*getm()).g0).sched.sp };
    if base.wrapping_sub(&raw const here as usize) > ENTRY {
        fatal::throw("schedule: not at the base of a g0 stack");
    }
}

/// The goroutine that this thread runs next, ours and runnable; waits until there is one. True: it
/// inherits the time slice of its waker.
///
/// # Safety
///
/// On g0 of the thread whose M is `m`, with a P or none, without goroutine and locks.
unsafe fn pick(sys: Sys<'_>, m: *mut M) -> (Runnable, bool) {
    // SAFETY: this thread's M, by the caller's promise; it owns the lock that `stop_locked` asks
    // for.
    unsafe {
        if !(*m).lockedg.load(Ordering::Relaxed).is_null() {
            return (dispatch::threads::stop_locked(), false);
        }
        if p_of(m).is_null() {
            stop();
        }
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
            // SAFETY: on g0 with a P and no goroutine, and no lock is held.
            unsafe { super::walk::turn(sys) };
            // Another thread stops the world.
            if GCWAITING.load(Ordering::Acquire) != 0 {
                continue;
            }
        }
        let (g, inherit) = match trace::reader_to_run() {
            // SAFETY: this thread's M, which has a P.
            None => unsafe { next_goroutine(m) },
            reader => (reader, false),
        };
        let Some(g) = g else { continue };
        // SAFETY: this thread's M, of which only its thread touches the word.
        unsafe {
            if (*m).spinning != 0 {
                stop_spinning(m);
            }
        }
        // SAFETY: the G of a runnable goroutine is never freed.
        if crate::world::phase::enabled() && unsafe { crate::world::ran::is_held(g.g()) } {
            park::requeue_held(g);
            continue;
        }
        // SAFETY: a runnable goroutine's G; this thread has a P.
        unsafe {
            let locked_to = (*g.g()).lockedm.load(Ordering::Relaxed);
            if !locked_to.is_null() && locked_to != m {
                dispatch::threads::start_locked(g);
                continue;
            }
        }
        return (g, inherit);
    }
}

/// Makes `g` this thread's running goroutine and runs its resume step, if there is one. Answers the
/// goroutine to go on with, unless that step has parked or requeued it again. `inherit`: it
/// inherits the time slice of its waker.
///
/// # Safety
///
/// On g0 of a thread with a P and no goroutine; the context of `g` is saved.
unsafe fn execute(sys: Sys<'_>, g: Runnable, inherit: bool) -> Option<*mut G> {
    let (g, m) = (g.into_raw(), getm());
    // SAFETY: the right to run g was ours, so the goroutine is; the M is this thread's, with a P.
    unsafe {
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
    }
    // SAFETY: g is curg now, with its context saved: the step runs for it as its call would.
    unsafe {
        if let Some(step) = (*g).resume.take() {
            let caller = Caller::new(sys, NonNull::new_unchecked(g.cast()));
            if stopped(step(caller, (*g).resumearg), g) != Outcome::Return {
                return None;
            }
        }
    }
    Some(g)
}

/// First function of a thread, on its g0 stack. The base of that stack is where system mode starts.
///
/// # Safety
///
/// On the g0 stack of a new thread, for good, with `m` as its M and FS set to it.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_mstart(m: *mut M) -> ! {
    // SAFETY: by the caller's promise m is this new thread's, and only it touches these words from
    // now on.
    let (startfn, p) = unsafe {
        (*m).tid.store(sys::gettid(), Ordering::Relaxed);
        crate::signal::minit(m);
        timers::thread_begins(m);
        ((*m).startfn, core::mem::take(&mut (*m).nextp))
    };
    if startfn != 0 {
        // SAFETY: `new_m` stored the address of such a function.
        let f: extern "C" fn() = unsafe { core::mem::transmute(startfn) };
        f();
    }
    if p.is_null() {
        stop();
    } else {
        // SAFETY: the thread that made this one gave it the P.
        unsafe { acquire_p(p.cast()) };
    }
    start_on_empty_stack()
}
