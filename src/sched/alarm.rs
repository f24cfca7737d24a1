//! Ending a sleep that turns out too long: sysmon's nap, and the wait in the poller.

use super::state::{POLLER, SCHED, SYSMON_WAIT, WAKE};
use super::threads;
use crate::sync::note::Note;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

/// A timer was added that is due, at `when`, before all others of its P: the thread that waits for the next timer must look again.
pub fn wake_for_timer(when: i64) {
    if let Some(late) = POLLER.announce(when) {
        if late {
            crate::sched::epoll::netpoll_break();
        }
    } else if WAKE.idle() != 0 {
        // No thread waits: an idle one takes the wait over.
        threads::wake_p();
    } else {
        // A busy P checks its own timers when it schedules; sysmon preempts its goroutine so that it does.
        hurry(when);
    }
}

/// 1 once sysmon exists: deadlock detection does not count its thread.
pub static RUNS: AtomicU32 = AtomicU32::new(0);

/// Cuts a nap short.
pub(crate) static NAP_NOTE: Note = Note::new();
/// When the present nap ends; 0: none.
pub(crate) static NAP_END: AtomicI64 = AtomicI64::new(0);
/// sysmon takes its nap in the network poller.
pub(crate) static IN_POLLER: AtomicBool = AtomicBool::new(false);

/// A timer is due at `when` (0: an urgent goroutine waits), and perhaps only sysmon will notice.
pub fn hurry(when: i64) {
    if when < NAP_END.load(Ordering::SeqCst) {
        NAP_NOTE.wakeup();
        if IN_POLLER.load(Ordering::SeqCst) {
            crate::sched::epoll::netpoll_break();
        }
    }
}

/// Wakes sysmon if it sleeps, because a goroutine runs again.
pub fn wake() {
    if SYSMON_WAIT.load(Ordering::Acquire) == 0 {
        return;
    }
    SCHED.lock().wake_sysmon();
}
