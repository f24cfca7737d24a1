//! `time.Sleep`: a timer inside the G wakes it.

use super::timers::{self, RustTimer};
use crate::abi::{Caller, Eface, G, Outcome, RuntimeTimer, Sys, args};
use crate::fatal::clock::nanotime;
use crate::sched;
use crate::world::{Parked, Right, WaitReason};
use core::mem::{offset_of, size_of};

const _: () =
    assert!(size_of::<RuntimeTimer>() <= size_of::<[usize; 8]>() && offset_of!(G, timer) % 8 == 0);

static WAKE: RustTimer = RustTimer::new(wake);

/// `time.Sleep`.
pub fn sleep(sys: Sys<'_>, a: &mut args::time_Sleep) -> Outcome {
    if a.d <= 0 {
        return Outcome::Return;
    }
    sleep_for(sys.caller(), a.d)
}

/// Parks the goroutine that called in for `ns`.
pub fn sleep_for(caller: Caller<'_>, ns: i64) -> Outcome {
    let g = caller.g();
    // SAFETY: its timer is not armed, for it sleeps in one place at a time.
    unsafe {
        let t = (&raw mut (*g).timer).cast::<RuntimeTimer>();
        (*t).when = nanotime().saturating_add(ns);
        (*t).period = 0;
        (*t).f = WAKE.f();
        (*t).arg = Eface {
            typ: core::ptr::null(),
            data: g.cast(),
        };
        // Parked under the lock of the heap: the timer cannot fire before.
        timers::start_with(t, || {
            let (parked, _) = sched::park(caller, WaitReason::Sleep);
            parked.kept_as((*t).arg.data.cast());
        });
    }
    Outcome::Reschedule
}

/// Ends the sleep of `g` now, if it has begun and is not over.
///
/// # Safety
/// Until this returns `g` must not get out of the [`sleep`] in question and into another one.
pub unsafe fn interrupt(g: *mut G) {
    // SAFETY: a timer that is armed keeps a parked sleeper, for the thread that disarms it.
    unsafe {
        if timers::stop((&raw mut (*g).timer).cast()) {
            sched::ready(Parked::from_raw(g));
        }
    }
}

/// The timer fired: `data` is the sleeper.
unsafe fn wake(data: *mut u8, _seq: usize) {
    // SAFETY: the sleeper parked when it armed the timer, and the timer fires once.
    sched::ready(unsafe { Parked::from_raw(data.cast()) });
}
