//! What the scheduler is asked to do at its next opportunity.
//!
//! Allocation, barriers and sweepers ask, with locks held and on any stack; the scheduler answers
//! on an empty system stack with a P.

use super::current;
use super::g::ask_to_stop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What the scheduler is asked to do: bits of [`EVENTS`].
pub const START: u32 = 1;
/// Marking seems to be done.
pub const FINISH: u32 = 2;
/// Sweeping found finalizers to call.
pub const FINALIZERS: u32 = 4;
/// The program has changed `runtime.MemProfileRate`.
pub const PROFILE_RATE: u32 = 8;

/// The world was stopped, and nobody has looked at the network since.
pub const OUTSIDE: u32 = 16;

/// A cycle is to start whatever the heap's size.
pub(crate) static FORCE: AtomicBool = AtomicBool::new(false);
/// What the scheduler is asked to do.
pub(crate) static EVENTS: AtomicU32 = AtomicU32::new(0);

/// Has the scheduler start or finish a cycle at the next opportunity.
pub fn ask(event: u32) {
    EVENTS.fetch_or(event, Ordering::Release);
}

/// The heap has grown enough: a cycle starts as soon as the running goroutine reaches a safe point.
#[cold]
#[inline(never)]
pub fn request() {
    ask_now(START);
}

/// [`ask`], and the running goroutine is preempted for it.
pub fn ask_now(event: u32) {
    ask(event);
    preempt_current();
}

pub(crate) fn preempt_current() {
    let g = current::curg();
    if !g.is_null() {
        // SAFETY: the goroutine is stopped in the call that allocates.
        unsafe {
            ask_to_stop(g);
        }
    }
}

/// What of `mask` was asked for; it is for the caller to do.
pub fn take(mask: u32) -> u32 {
    EVENTS.fetch_and(!mask, Ordering::AcqRel) & mask
}

/// Something was asked for.
#[inline(always)]
pub fn asked() -> bool {
    EVENTS.load(Ordering::Relaxed) != 0
}

/// Has the scheduler start a cycle whatever the heap's size.
pub fn force() {
    FORCE.store(true, Ordering::Relaxed);
    ask(START);
}
