//! GOMAXPROCS: how many Ps there are.

use crate::abi::{Outcome, Sys, args};
use crate::sched::stw::{NEW_PROCS, start_world, stop_world};
use crate::world::lists::{self, GOMAXPROCS};
use crate::{heap, time};
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
    // SAFETY: system mode at a runtime call.
    unsafe {
        if !stop_world(sys) {
            return Outcome::Again;
        }
        // What Ps that go out of use have: the world is stopped, so it is ours.
        for p in (n as usize..old as usize).map(lists::p_at) {
            time::move_all(p, lists::p_at(0));
            heap::flush(&mut *heap::CACHES.of(p));
        }
        NEW_PROCS.store(n, Ordering::Release);
        start_world();
    }
    a.r0 = i64::from(old);
    Outcome::Return
}
