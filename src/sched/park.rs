//! Parking and readying goroutines.

use super::state::{SCHED, WAKE};
use super::{perturb, threads};
use crate::abi::{Caller, G, Outcome, Sys};
use crate::probe::{block, trace};
use crate::world::current::on_g0;
use crate::world::g::{answer_request, status_of};
use crate::world::glist::GList;
use crate::world::m::leaves;
use crate::world::{OwnP, Parked, Right, Runnable, WaitReason, getm, lists, p_of};
use core::sync::atomic::{Ordering, fence};

/// Parks the goroutine that called into the runtime. Call it with everything recorded that its
/// waker needs and the lock that the waker takes still held; then store the right to ready it where
/// the waker finds it, unlock, return the outcome, and do not touch the goroutine again.
#[doc(alias = "gopark")]
#[doc(alias = "goparkunlock")]
#[doc(alias = "park_m")]
#[doc(alias = "parkunlock_c")]
#[doc(alias = "dropg")]
#[inline]
pub fn park(caller: Caller<'_>, reason: WaitReason) -> (Parked, Outcome) {
    let (g, m) = (caller.g(), getm());
    // SAFETY: the goroutine is stopped in its call on this thread; its waker cannot see it before
    // our caller unlocks.
    unsafe {
        debug_assert!((*m).curg.load(Ordering::Relaxed) == g, "it was parked");
        debug_assert!(on_g0() && !p_of(m).is_null());
        // In a system call its P may be taken, so nobody would run what it leaves.
        debug_assert!((*g).flags & crate::abi::G_THROWSPLIT == 0);
        (*g).waitreason = reason as u32;
        // A goroutine that parks again after it has tried in vain has waited since it first parked.
        if block::enabled() && (*g).blockedat == 0 {
            block::parks(g, reason);
        }
        if trace::on() {
            trace::goroutine_waits(g, reason);
        }
        leaves(m, g);
        status_of(g).park();
        (Parked::from_raw(g), Outcome::Reschedule)
    }
}

/// [`park`] for ever: no thread readies the goroutine.
pub fn park_for_good(caller: Caller<'_>, reason: WaitReason) -> Outcome {
    let (parked, outcome) = park(caller, reason);
    parked.into_raw();
    outcome
}

/// Makes a parked goroutine runnable. Callable from any thread, with or without P, not from a
/// signal handler.
#[doc(alias = "goready")]
#[inline]
pub fn ready(parked: Parked) {
    // SAFETY: a parked goroutine runs no Go code, and the right to ready it is ours.
    unsafe { waited(parked.g()) };
    ready_to_try(parked);
}

/// `g` has got what it waited for.
///
/// # Safety
/// It does not run Go code, and is ours.
#[inline]
pub unsafe fn waited(g: *mut G) {
    // SAFETY: by the caller's promise g does not run, and is ours.
    if unsafe { (*g).blockedat } != 0 {
        // SAFETY: by the same promise; the word says that it waited.
        unsafe { block::wakes(g) };
    }
}

/// As [`ready`], but what the goroutine has waited for it has yet to get in its resume step: that
/// calls [`waited`], or parks it again.
#[inline]
pub fn ready_to_try(parked: Parked) {
    let g = make_runnable(parked);
    // SAFETY: a thread keeps its P while it readies.
    let Some(own) = (unsafe { OwnP::current() }) else {
        let mut s = SCHED.lock();
        s.runq_put(g);
        drop(s);
        threads::wake_p();
        return;
    };
    runq_put(own, g, true);
    if WAKE.wanted() && !perturb::chance(4) {
        threads::wake_p();
    }
}

/// The parked goroutine is runnable, and on no queue.
#[inline(always)]
pub fn make_runnable(parked: Parked) -> Runnable {
    let g = parked.into_raw();
    // SAFETY: nobody else changes the state of a goroutine that is ours to ready; with the new
    // state the right is one to run it.
    unsafe {
        if trace::on() {
            trace::goroutine_wakes(g);
        }
        status_of(g).ready();
        (*g).waitreason = 0;
        debug_assert!((*g).m.load(Ordering::Relaxed).is_null() && (*g).interrupted.is_null());
        Runnable::from_raw(g)
    }
}

/// Queues a runnable goroutine on our own P, spilling to the global queue.
#[inline]
pub fn runq_put(own: OwnP<'_>, g: Runnable, next: bool) {
    if perturb::on() {
        return runq_put_somewhere(own, g);
    }
    let mut overflow = GList::new();
    if !own.runq_put(g, next, &mut overflow) {
        let mut s = SCHED.lock();
        s.runq.append(&mut overflow);
        s.publish();
    }
}

/// Queues a goroutine at random: on the P, as its next, or globally.
#[cold]
fn runq_put_somewhere(own: OwnP<'_>, g: Runnable) {
    let mut overflow = GList::new();
    let full = if perturb::chance(4) {
        overflow.push(g);
        true
    } else {
        !own.runq_put(g, perturb::chance(2), &mut overflow)
    };
    if full {
        let mut s = SCHED.lock();
        s.runq.append(&mut overflow);
        s.publish();
    }
    // The caller looks for idle Ps now, and expects a locked instruction before.
    fence(Ordering::SeqCst);
    if perturb::chance(8) && lists::MAIN_STARTED.load(Ordering::Relaxed) != 0 {
        threads::wake_p();
    }
}

/// [`make_runnable`], for each of a list; the caller queues them.
pub fn make_all_runnable(mut list: GList<Parked>) -> GList<Runnable> {
    let mut runnable = GList::new();
    while let Some(parked) = list.pop() {
        runnable.push(make_runnable(parked));
    }
    runnable
}

/// Readies all of a list, in its order.
#[doc(alias = "injectglist")]
pub fn ready_list(list: GList<Parked>) {
    let mut batch = make_all_runnable(list);
    if batch.is_empty() {
        return;
    }
    // SAFETY: a thread keeps its P while it readies.
    if let Some(own) = unsafe { OwnP::current() } {
        while let Some(g) = batch.pop() {
            runq_put(own, g, false);
        }
    } else {
        let mut s = SCHED.lock();
        s.runq.append(&mut batch);
        s.publish();
    }
    // One is enough: a thread that finds work and leaves some wakes the next.
    if WAKE.wanted_after_store() {
        threads::wake_p();
    }
}

/// The goroutine that called in goes to the end of the global queue, and goes on from its saved
/// context: Gosched and preemption.
pub fn requeue_current(caller: Caller<'_>, preempted: bool) {
    let (g, m) = (caller.g(), getm());
    if trace::on() {
        trace::goroutine_yields(preempted);
    }
    // SAFETY: the goroutine is stopped in its call on this thread, which holds a P. With its
    // context saved it may run again as soon as the lock is given back.
    unsafe {
        debug_assert!((*g).m.load(Ordering::Relaxed) == m);
        leaves(m, g);
        // The next goroutine has a time slice of its own, even if it was readied to inherit that of
        // `g`: that one may have ended, and sysmon would take the next for one that does not let
        // itself be preempted.
        let p = p_of(m);
        (*p).begin_slice();
        let mut s = SCHED.lock();
        status_of(g).yields();
        s.runq_put(Runnable::from_raw(g));
    }
}

/// Preempts the goroutine in the middle of a runtime call whose results are written: `g.resume` is
/// set and continues the call.
///
/// # Safety
/// As [`wanted`](crate::world::g::wanted), which said yes. The entry answers what this answers, and
/// does not touch the goroutine again.
pub unsafe fn preempt_in_call(caller: Caller<'_>) -> Outcome {
    let g = caller.g();
    // SAFETY: the goroutine that called in is stopped in this call; what is left of the call is in
    // its resume step.
    unsafe {
        debug_assert!((*g).resume.is_some(), "the call goes on there");
        (*g).flags |= crate::abi::G_PARK_RESULTS;
        answer_request(g);
    }
    requeue_current(caller, true);
    Outcome::Reschedule
}

/// `g` was taken to be run, but a marker holds it: back to the end of the global queue. If no other
/// goroutine is runnable, the marker gets the processor.
pub fn requeue_held(g: Runnable) {
    SCHED.lock().runq_put(g);
    crate::os::sys::sched_yield();
}

/// `runtime.Gosched`.
#[doc(alias = "Gosched")]
pub fn gosched(sys: Sys<'_>, _a: &mut crate::abi::args::runtime_Gosched) -> Outcome {
    requeue_current(sys.caller(), false);
    Outcome::Reschedule
}
