//! What the scheduler is asked to do at its next opportunity.
//!
//! Allocation, barriers and sweepers ask, with locks held and on any stack; the scheduler answers
//! on an empty system stack with a P.

use super::current;
use super::g::ask_to_stop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What the scheduler is asked to do: one thing, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event(u32);

impl Event {
    /// The heap has grown, or the program asks for a cycle: marking is to begin.
    pub const START: Self = Self(1);
    /// Marking seems to be done.
    pub const FINISH: Self = Self(2);
    /// Sweeping found finalizers to call.
    pub const FINALIZERS: Self = Self(4);
    /// The program has changed `runtime.MemProfileRate`.
    pub const PROFILE_RATE: Self = Self(8);
    /// The world was stopped, and nobody has looked at the network since.
    pub const OUTSIDE: Self = Self(16);

    /// These, and those of `other`.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `event` is one of these.
    pub const fn has(self, event: Self) -> bool {
        self.0 & event.0 != 0
    }
}

/// A cycle is to start whatever the heap's size.
pub(crate) static FORCE: AtomicBool = AtomicBool::new(false);
/// What the scheduler is asked to do: an [`Event`].
static EVENTS: AtomicU32 = AtomicU32::new(0);

/// Has the scheduler start or finish a cycle at the next opportunity.
pub fn ask(event: Event) {
    EVENTS.fetch_or(event.0, Ordering::Release);
}

/// The heap has grown enough: a cycle starts as soon as the running goroutine reaches a safe point.
#[cold]
#[inline(never)]
pub fn request() {
    ask_now(Event::START);
}

/// [`ask`], and the running goroutine is preempted for it.
pub fn ask_now(event: Event) {
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

/// What of `some` was asked for; it is for the caller to do.
pub fn take(some: Event) -> Event {
    Event(EVENTS.fetch_and(!some.0, Ordering::AcqRel) & some.0)
}

/// Something was asked for.
#[inline(always)]
pub fn asked() -> bool {
    EVENTS.load(Ordering::Relaxed) != 0
}

/// Has the scheduler start a cycle whatever the heap's size.
pub fn force() {
    FORCE.store(true, Ordering::Relaxed);
    ask(Event::START);
}
