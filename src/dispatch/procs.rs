//! GOMAXPROCS: how many Ps there are.

use crate::abi::{Outcome, Sys, args};
use crate::heap::cache;
use crate::sched::stw::stop_the_world;
use crate::time;
use crate::world::lists::{self, GOMAXPROCS};
use core::sync::atomic::Ordering;

/// `runtime.GOMAXPROCS`.
#[doc(alias = "GOMAXPROCS")]
pub fn gomaxprocs(sys: Sys<'_>, a: &mut args::runtime_GOMAXPROCS) -> Outcome {
    let old = GOMAXPROCS.load(Ordering::Relaxed);
    let n = a.n.clamp(0, lists::MAX_PROCS as i64) as u32;
    if n == 0 || n == old || a.n <= 0 {
        a.r0 = i64::from(old);
        return Outcome::Return;
    }
    // SAFETY: system mode at a runtime call: a goroutine that has to try again makes the call
    // again.
    let Some(mut stopped) = (unsafe { stop_the_world(sys) }) else {
        return Outcome::Again;
    };
    // What Ps that go out of use have.
    time::move_from(&stopped, n);
    cache::flush_from(&mut stopped, n);
    stopped.start_with(n);
    a.r0 = i64::from(old);
    Outcome::Return
}
