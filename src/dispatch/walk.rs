//! In the library that checks itself (docs/checked.md) the scheduler stops the world now and then
//! and walks through the runtime's structures. A room walks through its own; here is when.

use crate::abi::{M, Sys};
use crate::fatal::walk::Walk;
use crate::heap::trigger;
use crate::sched::stw;
use crate::world::{Stopped, lists, phase};
use crate::{chan, heap, net, sched, sema, time};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Turns of all Ps between two walks beside those of the collector's cycles. More are cheaper; less
/// find damage closer to its cause.
const EVERY: usize = 4096;

/// Turns so far.
static TURNS: AtomicUsize = AtomicUsize::new(0);
/// Changes of the collector's phase that a walk has followed.
static PHASES: AtomicUsize = AtomicUsize::new(0);

/// The scheduler is about to choose a goroutine. After the collector has begun or ended marking,
/// and after some turns, more of them each time, this walks.
///
/// # Safety
/// On g0 of a thread with a P and no goroutine, without locks.
pub(super) unsafe fn turn(sys: Sys<'_>) {
    let turn = TURNS.fetch_add(1, Ordering::Relaxed) + 1;
    // The count of cycles grows when marking ends.
    let phase = trigger::cycle() * 2 + usize::from(phase::enabled());
    let due = PHASES.swap(phase, Ordering::Relaxed) != phase;
    if due || turn.is_power_of_two() || turn.is_multiple_of(EVERY) {
        // SAFETY: by the caller's promise on g0 of a thread with a P, without goroutine and locks.
        unsafe { stop_and_walk(sys) };
    }
}

/// The goroutine of `m`, if there is one, is not to be stopped just now.
///
/// # Safety
/// `m` is an M (they are never freed).
unsafe fn is_pinned(m: *mut M) -> bool {
    // SAFETY: Ms are never freed; the word is atomic, and a hint.
    unsafe { (*m).locks.load(Ordering::Relaxed) != 0 }
}

/// # Safety
/// As [`turn`].
#[inline(never)]
unsafe fn stop_and_walk(sys: Sys<'_>) {
    // A goroutine that is pinned to its P may wait for what another P does, and stops only when
    // it has got that. If another thread stops the world it comes by here itself.
    // SAFETY: the list holds Ms, which are never freed.
    if lists::all_ms().any(|m| unsafe { is_pinned(m) }) {
        return;
    }
    // SAFETY: on g0 of a thread with a P and no goroutine, by the caller's promise.
    let Some(stopped) = (unsafe { stw::stop_the_world(sys) }) else {
        return;
    };
    if let Err(broken) = all(&stopped) {
        broken.die();
    }
    stopped.start();
}

/// Every structure that has a walker.
fn all(stopped: &Stopped) -> Walk {
    // SAFETY: the world is stopped, which `stopped` proves.
    unsafe {
        sched::walk::all()?;
        chan::walk::all()?;
        sema::semaphore::walk()?;
        net::walk::all()?;
    }
    heap::walk::all(stopped)?;
    time::timers::walk()
}
