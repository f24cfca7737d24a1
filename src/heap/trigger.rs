//! When the next collection is to start: the size of the heap that it waits for, compared wherever
//! memory is taken for many objects.

use crate::config::godebug::GC_STRESS;
use crate::world::{events, phase};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Bytes of heap at which the next cycle starts; `usize::MAX`: never.
pub(crate) static TRIGGER: AtomicUsize = AtomicUsize::new(usize::MAX);
/// Bytes of heap at which marking should be done.
pub(crate) static GOAL: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Refills since the last cycle, under stress.
pub(crate) static REFILLS: AtomicU32 = AtomicU32::new(0);
/// Bytes of objects with pointers: live after the last cycle, and every slot handed to a cache
/// since. All that marking may have to scan.
pub static HEAP_SCAN: AtomicUsize = AtomicUsize::new(0);

/// Heap size at which the next cycle starts.
pub fn next_gc() -> usize {
    TRIGGER.load(Ordering::Relaxed)
}

/// Heap size at which the present or next cycle should be done.
pub fn heap_goal() -> usize {
    GOAL.load(Ordering::Relaxed)
}

/// The heap grew to `live` bytes.
#[inline(always)]
pub fn check_trigger(live: usize) {
    if live >= TRIGGER.load(Ordering::Relaxed) || GC_STRESS.on() {
        reached();
    }
}

#[cold]
fn reached() {
    if phase::enabled() {
        return;
    }
    let stress = GC_STRESS.get().max(0) as u32;
    if stress == 0 || REFILLS.fetch_add(1, Ordering::Relaxed) + 1 >= stress {
        events::request();
    }
}

/// Number of markings that have ended. It only changes with the world stopped.
pub(super) static CYCLE: AtomicUsize = AtomicUsize::new(0);

/// Number of markings that have ended.
pub fn cycle() -> usize {
    CYCLE.load(Ordering::Relaxed)
}
