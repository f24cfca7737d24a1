//! Finalizers, as the collector sees them: marking what they keep alive, and waking the goroutine
//! that calls them.

use super::mark::Marker;
use crate::heap::dead::{QUEUE, WORK};
use crate::heap::span::Held;
use crate::heap::special::{self, SLAB};
use crate::sched;
use core::sync::atomic::Ordering;

/// Marking begins, with the world stopped: [`mark_some`] starts over.
pub(super) fn mark_start() {
    special::rewind();
}

/// Marks what some of the finalizers keep alive: what their objects point to, and the functions.
/// False when there are no more; several threads may take part. Finalizers that are set meanwhile
/// look after themselves ([`set`](crate::finalizer::set::set)).
///
/// # Safety
/// While marking.
pub(super) unsafe fn mark_some(m: &mut Marker) -> bool {
    let mut held = [Held::default(); SLAB];
    let Some(n) = special::held(&mut held) else {
        return false;
    };
    for h in &held[..n] {
        m.grey(h.f);
        m.grey(h.typ);
        m.grey(h.param);
        if h.object != 0 {
            // SAFETY: while marking nothing is freed, so that objects stay valid even if they lose
            // their finalizers.
            unsafe { m.scan(h.object) };
        }
    }
    true
}

/// Wakes the finalizer goroutine if sweeping found work for it. For the scheduler: sweepers are in
/// the middle of an allocation and ready nobody.
pub(super) fn wake_finalizers() {
    if !WORK.load(Ordering::Relaxed) {
        return;
    }
    let mut queue = QUEUE.lock();
    WORK.store(false, Ordering::Relaxed);
    let waiting = queue.waiting.take();
    drop(queue);
    if let Some(parked) = waiting {
        sched::ready(parked);
    }
}
