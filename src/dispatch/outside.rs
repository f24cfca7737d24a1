//! One thread at a time waits for events from outside the program: network, signals, timers.

use super::prompt;
use crate::net;
use crate::sched::state::{self, POLLER, SCHED, WAKE};
use crate::sched::{alarm, park, threads};
use crate::signal::queue;
use crate::world::glist::GList;
use crate::world::p::timer_due;
use crate::world::{Parked, lists};
use core::sync::atomic::Ordering;

/// Somebody waits for a descriptor or a signal, so an idle thread must wait in the poller.
pub(super) fn has_waiters() -> bool {
    net::has_waiters(Ordering::SeqCst) || queue::receiver_waits()
}

/// The poller may have something for somebody: it is worth asking.
pub(super) fn active() -> bool {
    net::has_waiters(Ordering::Acquire) || queue::deliverable()
}

/// Goroutines that the network or a signal made ready, still parked in the scheduler's eyes. Waits
/// up to `ns` nanoseconds, negative for ever, or until something happens. System mode, with or
/// without P.
pub(super) fn poll(ns: i64) -> GList<Parked> {
    let mut list = net::netpoll(ns);
    // After the wait: the handler notes a signal, then breaks it.
    if let Some(receiver) = queue::take_receiver() {
        list.push(receiver);
    }
    list
}

/// Readies those whom the network has something for, after the world was stopped: they go before
/// goroutines that became runnable later and keep all Ps busy. On g0 of a thread with a P and no
/// goroutine.
pub(super) fn look() {
    if has_waiters() && !POLLER.waits() {
        let list = poll(0);
        state::LAST_POLL.store(crate::fatal::clock::nanotime(), Ordering::Relaxed);
        park::ready_list(list);
    }
}

/// Without P. If nobody waits for the network and the timers yet, this thread does. True: it has a
/// P again, and what it found is on its queue.
///
/// # Safety
///
/// On g0 of a thread without P, without locks.
pub(super) unsafe fn wait_for_poller() -> bool {
    crate::time::forget_stopped();
    let next = crate::time::next_when();
    if next == i64::MAX && !has_waiters() {
        return false;
    }
    if !POLLER.claim() {
        return false;
    }
    let next = POLLER.until(crate::time::next_when);
    let delay = if next == i64::MAX {
        -1
    } else {
        (next - crate::fatal::clock::nanotime()).max(0)
    };
    let list = poll(delay);
    POLLER.leave();
    state::LAST_POLL.store(crate::fatal::clock::nanotime(), Ordering::Relaxed);
    let p = SCHED.lock().pidle_get();
    if p.is_null() {
        prompt::ready_list(list);
        // Timers that are due belong to busy Ps: sysmon preempts them. One armed while we still
        // seemed to wait has only broken that wait.
        let next = crate::time::next_when();
        if next != i64::MAX {
            alarm::hurry(next);
        }
        return false;
    }
    // SAFETY: off the idle list the P is ours, and by the caller's promise the thread has none.
    unsafe { threads::acquire_p(p) };
    // That may have been the last one: nobody may wait for the timers from now on.
    alarm::busy(crate::time::next_when);
    park::ready_list(list);
    if crate::time::next_when() <= crate::fatal::clock::nanotime() {
        for q in lists::all_ps().filter(|&q| timer_due(q)) {
            // SAFETY: Ps are never freed; the thread has a P, on g0, and holds no lock.
            unsafe { crate::time::check(q) };
        }
        // More than are fired at a time: another thread goes on with those of idle Ps while we
        // turn to the first.
        if lists::all_ps().any(timer_due) && WAKE.wanted() {
            threads::wake_p();
        }
    }
    true
}

/// Timers or network waiters exist and no thread waits for them: the next M to go idle must.
pub(super) fn lacks_poller() -> bool {
    !POLLER.waits() && (crate::time::next_when() != i64::MAX || has_waiters())
}
