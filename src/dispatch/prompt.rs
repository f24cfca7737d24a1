//! Urgent goroutines, which go before the others: those that a timer readied, or the network while
//! every P was busy.
//!
//! They wait for a point in time, so they are not to queue behind goroutines that compute for a
//! whole time slice each. A P that finds its timers due runs the first of the goroutines they wake
//! at once and puts the rest on the list `Sched::prompt`, from which every P takes before it looks
//! at its own queue. sysmon puts there what it finds on the network while goroutines run long.
//! While the list is not empty, sysmon preempts goroutines that have run for [`HOG_NS`]; goroutines
//! that allocate look themselves ([`look_for_timers`](alarm::look_for_timers)). If a P does not get
//! to its timers at all, other threads fire them ([`timers_overdue`]).
//!
//! After [`STREAK`] of them in a row a P runs another goroutine, so that many timers with short
//! periods starve none. While the list is long no more timers are fired: the goroutines they wake
//! would only be at its end.

use crate::sched::alarm::may_fire;
use crate::sched::state::{GLOBAL_RUNQ, OVERDUE, PROMPT, SCHED, WAKE};
use crate::sched::{alarm, park, stw, threads};
use crate::world::glist::GList;
use crate::world::p::timer_due;
use crate::world::{OwnP, P, Parked, Runnable, lists};
use core::sync::atomic::Ordering;

/// A goroutine that has run for so long is preempted for one on the list. Shorter means more
/// switches, longer means that urgent ones wait longer.
pub(super) const HOG_NS: i64 = 100_000;
/// Urgent goroutines in a row on one P.
const STREAK: u32 = 16;
/// About one in so many turns of others goes to the global queue even if the P's own has
/// goroutines: preempted ones are on the global queue.
const QUEUE_EVERY: u32 = 4;

/// Fires the timers of `p` that are due, and those of others that are overdue, and answers the
/// goroutine that goes before those on its queue, if any.
///
/// # Safety
/// On g0 of the thread that holds `p`, without locks.
pub(super) unsafe fn next(p: *mut P) -> Option<Runnable> {
    debug_assert!(crate::world::current::holds_p(p));
    let mut ready = GList::new();
    if timer_due(p) && may_fire() {
        // SAFETY: by the caller's promise this thread holds p, and no lock.
        unsafe { crate::time::check_into(p, p, &mut ready) };
    }
    if OVERDUE.load(Ordering::Relaxed) {
        OVERDUE.store(false, Ordering::Relaxed);
        for q in lists::all_ps().filter(|&q| q != p && timer_due(q)) {
            if may_fire() {
                // SAFETY: this thread holds p, and no lock; Ps are never freed.
                unsafe { crate::time::check_into(p, q, &mut ready) };
            }
        }
    }
    if ready.is_empty() && PROMPT.load(Ordering::Acquire) == 0 {
        // SAFETY: only the thread that holds p, which is this one, touches the word.
        unsafe { (*p).streak = 0 };
        return None;
    }
    let queued = GLOBAL_RUNQ.load(Ordering::Acquire) > PROMPT.load(Ordering::Acquire);
    // SAFETY: this thread holds p, so its plain words are ours.
    let (others_turn, from_queue) = unsafe {
        let others_turn = (*p).streak >= STREAK && (queued || !(*p).runq_empty());
        (*p).streak = if others_turn { 0 } else { (*p).streak + 1 };
        let tick = (*p).schedtick.load(Ordering::Relaxed);
        let from_queue =
            others_turn && queued && ((*p).runq_empty() || tick.is_multiple_of(QUEUE_EVERY));
        (others_turn, from_queue)
    };
    let mut g = if others_turn { None } else { ready.pop() };
    let more = !ready.is_empty();
    if more || from_queue || (g.is_none() && !others_turn) {
        let mut s = SCHED.lock();
        s.prompt.append(&mut ready);
        if from_queue {
            g = s.runq.pop();
        } else if g.is_none() && !others_turn {
            // SAFETY: by the caller's promise this thread holds p.
            g = s.prompt_get(unsafe { OwnP::held() });
        }
        s.publish();
    }
    if more {
        wake_for_list();
    }
    g
}

/// A P does not get to its timers though it was asked: the kernel may have descheduled its thread,
/// or the goroutine there is pinned to it (`procPin`). The next thread that schedules fires them;
/// the goroutines of `hogs`, Ps that have not scheduled for a while, are preempted.
pub(super) fn timers_overdue(hogs: impl Iterator<Item = *mut P>) {
    OVERDUE.store(true, Ordering::Relaxed);
    for p in hogs {
        // SAFETY: the caller gives Ps, which are never freed.
        unsafe { stw::preempt_one(p) };
    }
}

/// Readies all of a list, before all others.
pub(super) fn ready_list(list: GList<Parked>) {
    if list.is_empty() {
        return;
    }
    let mut ready = park::make_all_runnable(list);
    let mut s = SCHED.lock();
    s.prompt.append(&mut ready);
    s.publish();
    drop(s);
    wake_for_list();
}

/// The list has grown: some P must take from it.
fn wake_for_list() {
    if WAKE.wanted_after_store() {
        threads::wake_p();
    } else if WAKE.idle() == 0 {
        alarm::hurry(0);
    }
}
