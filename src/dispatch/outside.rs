//! One thread at a time waits for events from outside the program: network, signals, timers.

use super::prompt;
use crate::sched::state::{self, POLLER, SCHED, WAKE};
use crate::sched::{alarm, park, threads};
use crate::world::lists;
use crate::world::p::timer_due;
use core::sync::atomic::Ordering;

/// Without P. If no thread waits for the network and the timers yet, this one does. True: it has a P again, and what it found is on its queue.
pub(super) unsafe fn wait_for_poller() -> bool {
    // SAFETY: this thread holds no P.
    unsafe {
        let next = crate::time::next_when();
        if next == i64::MAX && !crate::net::has_waiters() {
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
        let list = crate::net::netpoll(delay);
        POLLER.leave();
        state::LAST_POLL.store(crate::fatal::clock::nanotime(), Ordering::Relaxed);
        let p = SCHED.lock().pidle_get();
        if p.is_null() {
            prompt::ready_list(list);
            // Timers that are due belong to busy Ps: sysmon preempts them. One armed while we still seemed to wait has only broken that wait.
            let next = crate::time::next_when();
            if next != i64::MAX {
                alarm::hurry(next);
            }
            return false;
        }
        threads::acquire_p(p);
        park::ready_list(list);
        if crate::time::next_when() <= crate::os::clock::nanotime() {
            for q in lists::all_ps().filter(|&q| timer_due(q)) {
                crate::time::check(q);
            }
            // More than are fired at a time: another thread goes on with those of idle Ps while we turn to the first.
            if lists::all_ps().any(timer_due) && WAKE.wanted() {
                threads::wake_p();
            }
        }
        true
    }
}

/// Timers or network waiters exist and no thread waits for them: the next M to go idle must.
pub fn lacks_poller() -> bool {
    !POLLER.waits() && (crate::time::next_when() != i64::MAX || crate::net::has_waiters())
}
