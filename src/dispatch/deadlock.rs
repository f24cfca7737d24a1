//! Deadlock detection: no goroutine runs, and none ever will.

use crate::fatal;
use crate::sched::alarm;
use crate::sched::state::{POLLER, Sched};
use crate::world::g::status_of;
use crate::world::with_c::with_c;
use crate::world::{GState, lists};
use core::sync::atomic::Ordering;

/// Ends the program if every thread is idle and no goroutine can ever run again. Called with the
/// scheduler's lock held, by a thread about to sleep.
#[doc(alias = "checkdead")]
pub(super) fn check_dead(s: &mut Sched) {
    let running =
        s.mcount - s.nmidle - s.nmidlelocked - i32::from(alarm::RUNS.load(Ordering::Relaxed) != 0);
    // The one that runs may be waiting for a timer that was stopped since.
    let waits = running == 1 && POLLER.waits();
    // A thread of C may call in and ready any goroutine.
    if (running > 0 && !waits) || fatal::dying() || with_c().is_some() {
        return;
    }
    if crate::time::next_when() != i64::MAX
        || super::outside::has_waiters()
        || crate::signal::queue::keeps_alive()
    {
        // A thread has to wait for it: this thread's wake-up of an idle M makes one try again.
        return;
    }
    if waits {
        // It looks again, finds no timer, and comes here.
        crate::sched::epoll::netpoll_break();
        return;
    }
    let mut waiting = 0;
    for g in lists::all_gs() {
        // SAFETY: Gs are never freed; no goroutine runs that might change the flags of its own.
        let (flags, state) = unsafe { ((*g).flags, status_of(g).state(Ordering::Acquire)) };
        if flags & crate::abi::G_SYSTEM != 0 {
            continue;
        }
        match state {
            GState::Waiting => waiting += 1,
            GState::Runnable | GState::Running | GState::Syscall => return,
            _ => {}
        }
    }
    if waiting == 0 {
        deadlock("no goroutines (main called runtime.Goexit) - deadlock!");
    }
    deadlock("all goroutines are asleep - deadlock!")
}

/// Dies with all goroutines' traces; the scheduler's lock is still held, nothing below takes it.
fn deadlock(text: &'static str) -> ! {
    fatal::throw_all(text)
}
