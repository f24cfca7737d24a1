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
    // SAFETY: the goroutine is stopped in this call. Its timer is not armed, for it sleeps in one
    // place at a time: it is ours to set.
    let t = unsafe {
        let t = (&raw mut (*g).timer).cast::<RuntimeTimer>();
        (*t).when = nanotime().saturating_add(ns);
        (*t).period = 0;
        (*t).f = WAKE.f();
        (*t).arg = Eface {
            typ: core::ptr::null(),
            data: g.cast(),
        };
        t
    };
    let park = || {
        let (parked, _) = sched::park(caller, WaitReason::Sleep);
        // The timer's argument names it.
        parked.kept_as(g);
    };
    // Parked under the lock of the heap: the timer cannot fire before.
    // SAFETY: the timer is in no heap, and stays in place: Gs are never freed.
    unsafe { timers::start_with(t, park) };
    Outcome::Reschedule
}

/// Ends the sleep of `g` now, if it has begun and is not over.
///
/// # Safety
/// Until this returns `g` must not get out of the [`sleep`] in question and into another one.
pub unsafe fn interrupt(g: *mut G) {
    // SAFETY: Gs are never freed, and the timer is part of one.
    let sleeps = unsafe { timers::stop((&raw mut (*g).timer).cast()) };
    if sleeps {
        // SAFETY: a timer that is armed keeps a parked sleeper, for the thread that disarms it.
        sched::ready(unsafe { Parked::from_raw(g) });
    }
}

/// The timer fired: `data` is the sleeper.
///
/// # Safety
///
/// As the function of a timer that [`sleep_for`] has armed is called: with the goroutine as
/// argument.
unsafe fn wake(data: *mut u8, _seq: usize) {
    // SAFETY: the sleeper parked when it armed the timer, and the timer fires once.
    sched::ready(unsafe { Parked::from_raw(data.cast()) });
}
