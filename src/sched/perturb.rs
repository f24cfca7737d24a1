//! `GODEBUG=schedrand=SEED`: the scheduler makes its choices at random, within what programs may
//! rely on, so that a bug that needs a rare order shows sooner.
//!
//! Each P has a generator of its own, which starts from the seed and the P's number: as long as a P
//! meets the same choices, it makes the same decisions. Threads without P share one. The generators
//! of threads, which choose among the ready cases of a select and the Ps to steal from, start from
//! the seed too.
//!
//! While it is off a choice costs a load of a static word, on paths that are not hot.

use crate::abi::{G, M};
use crate::config::godebug::SCHED_RAND;
use crate::world::g::ask_to_stop;
use crate::world::{P, getp};
use core::sync::atomic::{AtomicU64, Ordering};

/// The generator of threads without P.
static OUTSIDE: AtomicU64 = AtomicU64::new(0);

/// Choices are made at random.
#[inline(always)]
pub fn on() -> bool {
    SCHED_RAND.on()
}

/// A number that depends on all bits of `v`.
fn mix(v: u64) -> u64 {
    let v = (v ^ (v >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let v = (v ^ (v >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    v ^ (v >> 32)
}

fn seed(kind: u64, id: u64) -> u64 {
    mix((SCHED_RAND.get() as u64) << 32 | kind << 24 | id)
}

/// True once in `n` times, if choices are made at random at all.
#[inline(always)]
pub fn chance(n: u64) -> bool {
    on() && next().is_multiple_of(n)
}

#[cold]
fn next() -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let p: *mut P = getp();
    if p.is_null() {
        return mix(seed(1, 0).wrapping_add(OUTSIDE.fetch_add(STEP, Ordering::Relaxed))) >> 8;
    }
    // SAFETY: this thread's P is the one that it holds: the generator is its own.
    unsafe {
        if (*p).perturb == 0 {
            (*p).perturb = seed(2, (*p).id.into()) | 1;
        }
        (*p).perturb = (*p).perturb.wrapping_add(STEP);
        mix((*p).perturb) >> 8
    }
}

/// Starts the generator of a thread from the seed.
///
/// # Safety
/// `m` is this thread's M, or new.
pub unsafe fn thread(m: *mut M) {
    if on() {
        // SAFETY: by the caller's promise nobody else touches the generator of this M.
        unsafe { (*m).fastrand = seed(3, (*m).id as u64) };
    }
}

/// `g` is about to run on this thread: perhaps not for long.
///
/// # Safety
/// `g` is one of the Gs.
#[inline(always)]
pub unsafe fn runs(g: *mut G) {
    if chance(4) {
        // SAFETY: by the caller's promise it is about to run on this thread.
        unsafe {
            ask_to_stop(g);
        }
    }
}
