//! What package sync asks of the scheduler: whether spinning may help, and to stay on the P.
//!
//! The latter is a count in the M, `locks`: while it is not 0 its goroutine is not preempted (`sched::schedule`, `sched::interrupt`). It is kept by `asm/pin.S`.

use crate::abi::args;
use crate::sched;
use crate::sched::state::{GOMAXPROCS, WAKE};
use core::sync::atomic::Ordering;

// The result of `procPin` is read from there by asm/pin.S.
const _: () = assert!(core::mem::offset_of!(sched::P, id) == 0);

/// Rounds of spinning in a lock of package sync.
const SPIN_ROUNDS: i64 = 4;
/// Pauses of a round.
const SPIN_PAUSES: u32 = 30;

/// `sync.runtime_canSpin`: only for some rounds, only if another P runs that may hold the lock, and only with nothing else to do here.
pub unsafe fn can_spin(a: &mut args::sync_runtime_canSpin) {
    let others = GOMAXPROCS.load(Ordering::Relaxed) > WAKE.idle() + WAKE.seekers() + 1;
    // SAFETY: leaf mode of a goroutine: its M holds a P.
    a.r0 = a.i < SPIN_ROUNDS
        && others
        && crate::boot::NCPU.load(Ordering::Relaxed) > 1
        && unsafe { (*sched::getp()).runq_empty() };
}

/// `sync.runtime_doSpin`.
pub unsafe fn do_spin(_a: &mut args::sync_runtime_doSpin) {
    for _ in 0..SPIN_PAUSES {
        core::hint::spin_loop();
    }
}
