//! Sleeps that may last too long, and how they are ended: sysmon's nap, the wait in the poller,
//! assists that wait for something to mark. And timers that a goroutine which allocates yields to.

use super::state::{POLLER, PROMPT, SCHED, SYSMON_WAIT, WAKE};
use super::threads;
use crate::sync::futex;
use crate::sync::note::Note;
use crate::world::p::timer_due;
use crate::world::{self, events};
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

/// A timer was added that is due, at `when`, before all others of its P: the thread that waits for
/// the next timer must look again.
pub fn wake_for_timer(when: i64) {
    if let Some(late) = POLLER.announce(when) {
        if late {
            crate::sched::epoll::netpoll_break();
        }
    } else {
        if WAKE.idle() != 0 {
            // No thread waits: an idle one takes the wait over.
            threads::wake_p();
        }
        if WAKE.idle() == 0 {
            // None is idle, or no longer: it may find work. A busy P checks its own timers when it
            // schedules; sysmon preempts its goroutine so that it does.
            hurry(when);
        }
    }
}

/// A thread has found work that would have waited for the timers otherwise. With every P busy and
/// no thread in the poller, sysmon is to wake for the first of them, which is due at `next`.
#[inline]
pub fn busy(next: impl FnOnce() -> i64) {
    if WAKE.idle() == 0 && !POLLER.waits() {
        let next = next();
        if next < NAP_TIMER.load(Ordering::SeqCst) {
            hurry(next);
        }
    }
}

/// Timers that a P fires before it turns to the goroutines that they wake. Most functions of timers
/// start or wake one: so many are made at a time, and not one for each timer in a heap of a million
/// that came due together.
pub const BATCH: usize = 64;

/// The list of urgent goroutines is short enough for more timers to fire.
pub fn may_fire() -> bool {
    (PROMPT.load(Ordering::Relaxed) as usize) < BATCH
}

/// The goroutine that allocates yields if a timer of its P is due. sysmon would ask it to, a
/// fraction of a millisecond later, or some milliseconds when the kernel has no processor for
/// sysmon. Called where memory is taken for many objects.
///
/// # Safety
/// In system mode on a thread with a P.
#[inline(always)]
pub unsafe fn look_for_timers() {
    // Hosted unit tests allocate on threads that have no M.
    if cfg!(test) {
        return;
    }
    let p = world::getp();
    if timer_due(p) {
        yield_to_timers();
    }
}

#[cold]
fn yield_to_timers() {
    if may_fire() {
        events::preempt_current();
    }
}

/// 1 once sysmon exists: deadlock detection does not count its thread.
pub static RUNS: AtomicU32 = AtomicU32::new(0);

/// Cuts a nap short.
pub(crate) static NAP_NOTE: Note = Note::new();
/// When the present nap ends; 0: none.
pub(crate) static NAP_END: AtomicI64 = AtomicI64::new(0);
/// When the timer is due for which sysmon wakes; later than any: it has not looked yet.
pub(crate) static NAP_TIMER: AtomicI64 = AtomicI64::new(i64::MAX);
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

/// Assists that wait for something to mark ([`sleep_in_assist`]).
struct Assists {
    /// How many there are.
    count: AtomicU32,
    /// Counts up when they are to look again.
    word: AtomicU32,
}

static ASSISTS: Assists = Assists {
    count: AtomicU32::new(0),
    word: AtomicU32::new(0),
};

/// Sleeps for up to `ns` until [`hurry_assists`], unless there is a reason not to.
pub fn sleep_in_assist(ns: i64, reason: impl FnOnce() -> bool) {
    // SeqCst: we count ourselves, read the word, and then look whether there is a reason not to
    // sleep; who has one for us makes it known, and then looks whether anybody counts. One of the
    // two sees the other.
    ASSISTS.count.fetch_add(1, Ordering::SeqCst);
    let word = ASSISTS.word.load(Ordering::SeqCst);
    if !reason() {
        futex::sleep(&ASSISTS.word, word, ns);
    }
    ASSISTS.count.fetch_sub(1, Ordering::Release);
}

/// Some have not come back from [`sleep_in_assist`].
pub fn assists_sleep() -> bool {
    ASSISTS.count.load(Ordering::Acquire) != 0
}

/// The world is about to stop, or the cycle to end: assists that sleep are to look again.
pub fn hurry_assists() {
    if ASSISTS.count.load(Ordering::SeqCst) != 0 {
        ASSISTS.word.fetch_add(1, Ordering::SeqCst);
        futex::wake(&ASSISTS.word, u32::MAX >> 1);
    }
}
