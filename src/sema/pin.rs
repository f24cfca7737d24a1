//! What package sync asks of the scheduler: whether spinning may help, and to stay on the P.
//!
//! The latter is a count in the M, `locks`: while it is not 0 its goroutine is not preempted
//! (`dispatch::preempt`, `sched::interrupt`). It is kept by `asm/pin.S`.

use crate::abi::{Leaf, args};
use crate::sched::state::WAKE;
use crate::sync::backoff;
use crate::world;
use crate::world::lists::GOMAXPROCS;
use core::sync::atomic::Ordering;

// The result of `procPin` is read from there by asm/pin.S.
const _: () = assert!(core::mem::offset_of!(world::P, id) == 0);

/// Rounds of spinning in a lock of package sync, before its goroutine waits: some ten microseconds.
const SPIN_ROUNDS: i64 = 4;
/// As which round of a `Backoff` the first of them counts: the holder has just been met at work,
/// and an operation of compiled code takes longer than one of the runtime's.
const SPIN_FIRST: u32 = 1;

/// `sync.runtime_canSpin`: only for some rounds, only if another P runs that may hold the lock, and
/// only with nothing else to do here.
pub fn can_spin(_: Leaf<'_>, a: &mut args::sync_runtime_canSpin) {
    let others = GOMAXPROCS.load(Ordering::Relaxed) > WAKE.idle() + WAKE.seekers() + 1;
    let ncpu = crate::os::cpu::NCPU.load(Ordering::Relaxed);
    // SAFETY: in leaf mode the thread's M holds a P, and both are this thread's.
    unsafe {
        a.r0 = a.i < SPIN_ROUNDS && others && ncpu > 1 && (*world::getp()).runq_empty();
        (*world::getm()).spinround = a.i as u32 % SPIN_ROUNDS as u32;
    }
}

/// `sync.runtime_doSpin`: a round. The lock's holder has its cache line meanwhile, and may take the
/// lock some more times.
pub fn do_spin(_: Leaf<'_>, _a: &mut args::sync_runtime_doSpin) {
    // SAFETY: only this thread touches the word of its M.
    let round = unsafe { (*world::getm()).spinround };
    backoff::stay_away_in(SPIN_FIRST + round);
}
