//! The two words of a semaphore: the units that are there, and how many wait for some.
//!
//! A giver adds a unit and then looks whether anybody waits; a taker counts itself as waiting and
//! then looks at the units once more. One of the two sees the other. A waiter stays counted, under
//! the lock of its queue, until a giver wakes it: to have a unit, or to try for one, and then it
//! counts again if it fails.

use crate::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
    fence_after_locked,
};

/// Takes a unit if there is one.
#[inline]
pub fn take(units: &AtomicU32) -> bool {
    let mut n = units.load(SeqCst);
    while n > 0 {
        match units.compare_exchange_weak(n, n - 1, SeqCst, SeqCst) {
            Ok(_) => return true,
            Err(now) => n = now,
        }
    }
    false
}

/// Gives a unit; true: nobody waits, so that was all.
#[inline]
pub fn give(units: &AtomicU32, waiters: &AtomicU32) -> bool {
    units.fetch_add(1, SeqCst);
    fence_after_locked();
    waiters.load(SeqCst) == 0
}

/// Takes a unit, or counts as a waiter. Under the queue's lock: the caller queues its goroutine
/// before it unlocks.
pub fn take_or_wait(units: &AtomicU32, waiters: &AtomicU32) -> bool {
    waiters.fetch_add(1, SeqCst);
    fence_after_locked();
    let took = take(units);
    if took {
        waiters.fetch_sub(1, Relaxed);
    }
    took
}

/// Takes a unit for a waiter, who no longer counts. Under the queue's lock, with that waiter
/// queued.
pub fn take_for_waiter(units: &AtomicU32, waiters: &AtomicU32) -> bool {
    let took = take(units);
    if took {
        waiters.fetch_sub(1, Relaxed);
    }
    took
}

/// For whom the units that are there are. Under the queue's lock, with somebody queued; `trying`:
/// the first of them is on its way to take one; `behind`: there are others behind it.
pub fn meant_for(units: &AtomicU32, trying: bool, behind: bool) -> Option<Turn> {
    match units.load(SeqCst) {
        0 => None,
        _ if !trying => Some(Turn::First),
        1 => None,
        _ => behind.then_some(Turn::Second),
    }
}

/// Whose turn it is among those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The first.
    First,
    /// The one behind the first, who has a unit to try for already.
    Second,
}
