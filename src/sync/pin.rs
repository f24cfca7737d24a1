//! What package sync asks of the scheduler: whether spinning may help, and to stay on the P.

use crate::abi::{STACK_PREEMPT, args};
use crate::sched::state::{GOMAXPROCS, WAKE};
use crate::sched::{self, getm};
use core::sync::atomic::Ordering;

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

fn pin() -> i64 {
    // SAFETY: leaf mode: the M is this goroutine's, and not preempted (no Go code runs here); from now on it will not be at all.
    unsafe {
        (*getm()).locks += 1;
        i64::from((*sched::getp()).id)
    }
}

fn unpin() {
    // SAFETY: as in `pin`, which came before.
    unsafe {
        let m = getm();
        (*m).locks -= 1;
        let g = (*m).curg;
        if (*m).locks == 0 && !g.is_null() && (*g).preempt != 0 {
            // Asked for meanwhile, and refused: the next prologue is to see it.
            (*g).stackguard0 = STACK_PREEMPT;
        }
    }
}

/// `sync.runtime_procPin`.
pub unsafe fn proc_pin(a: &mut args::sync_runtime_procPin) {
    a.r0 = pin();
}

/// `sync.runtime_procUnpin`.
pub unsafe fn proc_unpin(_a: &mut args::sync_runtime_procUnpin) {
    unpin();
}

/// `sync/atomic.runtime_procPin`: its callers reserve no result.
pub unsafe fn atomic_proc_pin(_a: &mut args::sync_atomic_runtime_procPin) {
    pin();
}

/// `sync/atomic.runtime_procUnpin`.
pub unsafe fn atomic_proc_unpin(_a: &mut args::sync_atomic_runtime_procUnpin) {
    unpin();
}
