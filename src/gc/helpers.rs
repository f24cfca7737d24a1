//! Threads that help to mark.
//!
//! They are no scheduler's threads: they hold no P, run no Go code, and sleep on a word between markings. There is one for each processor that
//! the program may use besides the one that collects; they are started by the first collection that is worth it.

use super::mark::Marker;
use super::{pace, work};
use crate::abi::{G, M, STACK_GUARD};
use crate::boot::NCPU;
use crate::os::{futex, mem, sys};
use crate::sched::state::GOMAXPROCS;
use core::sync::atomic::{AtomicU32, Ordering};

/// More threads than this do not make marking faster: they wait for memory and for each other.
const MOST: u32 = 7;
/// Live bytes below which the collecting thread marks alone. Marking less takes about as long as a helper that the system took
/// off its processor in the middle may have to wait for it on a loaded machine, and everybody would wait with it.
const WORTH: usize = 32 << 20;
/// Bytes of a helper's stack: marking does not recurse.
const STACK: usize = 64 << 10;

/// Number of markings that helpers were called for; they sleep on it.
static CALLS: AtomicU32 = AtomicU32::new(0);
/// Helpers started.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// Opens a marking that the helpers are called to, if that is worth it; answers its number. Only the thread that stopped the world does this.
pub fn call() -> Option<u32> {
    let processors = (NCPU.load(Ordering::Relaxed) as u32).min(GOMAXPROCS.load(Ordering::Relaxed));
    let want = processors.saturating_sub(1).min(MOST);
    // Verification is to see what helpers mark.
    let worth = pace::marked() >= WORTH || pace::VERIFY.load(Ordering::Relaxed);
    if want == 0 || !worth {
        return None;
    }
    let generation = work::open();
    CALLS.fetch_add(1, Ordering::Release);
    let mut have = STARTED.load(Ordering::Relaxed);
    futex::wake(&CALLS, want.min(have));
    while have < want && start() {
        have += 1;
        STARTED.store(have, Ordering::Relaxed);
    }
    Some(generation)
}

/// Starts a helper. False if the system has no thread for it: then there are fewer.
fn start() -> bool {
    let base = mem::map(0, STACK) as usize;
    if base == 0 {
        return false;
    }
    // SAFETY: the M, its g0 and its stack are new and live as long as the thread. The thread is on no list of the scheduler's.
    unsafe {
        mem::protect(base as *mut u8, 4096);
        let m: *mut M = mem::persistent();
        let g0: *mut G = mem::persistent();
        (*g0).stack_lo = base + 4096;
        (*g0).stack_hi = base + STACK;
        (*g0).stackguard0 = (*g0).stack_lo + STACK_GUARD;
        (*g0).stackguard1 = (*g0).stackguard0;
        (*g0).sched.sp = base + STACK - 64;
        (*g0).sched.g = g0;
        (*g0).m = m;
        (*m).g0 = g0;
        (*m).id = -1;
        (*m).tls = g0 as usize;
        (*m).fsbase = &raw const (*m).tls as usize + 8;
        (*m).startfn = run as *const () as usize;
        let mut started = true;
        crate::signal::block_all_during(|| {
            started = sys::clone_thread((*g0).sched.sp, m, (*m).fsbase) >= 0;
        });
        if !started {
            mem::unmap(base as *mut u8, STACK);
        }
        started
    }
}

/// A helper's life.
extern "C" fn run() {
    loop {
        let seen = CALLS.load(Ordering::Acquire);
        if let Some(generation) = work::join() {
            let mut m = Marker::new();
            m.drain_shared(generation);
            m.finish();
        }
        while CALLS.load(Ordering::Acquire) == seen {
            futex::sleep(&CALLS, seen, -1);
        }
    }
}
