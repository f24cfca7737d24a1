//! Finalizers of objects that were found dead, in the order in which sweeping found them, until the
//! finalizer goroutine calls them.

use super::owned::OwnedSpan;
use super::span::Special;
use super::special;
use super::stats::HEAP_LIVE;
use crate::abi::Type;
use crate::mem;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::Parked;
use crate::world::events::{self, Event};
use crate::world::rights::Slot;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering};

/// A finalizer to be called.
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) next: *mut Entry,
    pub(crate) f: usize,
    pub(crate) pointer: usize,
    pub(crate) typ: *const Type,
    pub(crate) param: *const Type,
    pub(crate) results: u32,
}

/// Finalizers to be called, in the order in which they were found, and the goroutine that does it.
pub(crate) struct Queue {
    pub(crate) first: *mut Entry,
    last: *mut Entry,
    pub(crate) free: *mut Entry,
    /// The goroutine while it is parked.
    pub(crate) waiting: Slot<Parked>,
}

// SAFETY: entries and goroutines are reached under the lock only.
unsafe impl Send for Queue {}

pub(crate) static QUEUE: Mutex<Queue, { rank::FINALIZERS }> = Mutex::new(Queue {
    first: null_mut(),
    last: null_mut(),
    free: null_mut(),
    waiting: Slot::new(),
});
/// The queue has entries that the goroutine was not woken for yet.
pub(crate) static WORK: AtomicBool = AtomicBool::new(false);

impl Queue {
    /// Adds a call of the finalizer that `s` is.
    fn push(&mut self, s: &Special) {
        let mut e = self.free;
        // SAFETY: entries are never freed, and those of the queue are reached under the lock only,
        // which `self` stands for.
        unsafe {
            if e.is_null() {
                e = mem::persistent_in(&mem::GC_SYS);
            } else {
                self.free = (*e).next;
            }
            e.write(Entry {
                next: null_mut(),
                f: s.f,
                pointer: s.pointer,
                typ: s.typ,
                param: s.param,
                results: s.results,
            });
            if self.first.is_null() {
                self.first = e;
            } else {
                (*self.last).next = e;
            }
            self.last = e;
        }
    }
}

/// Queues the finalizers of `s`'s objects that are not marked, and marks these. What they lead to
/// is marked already: `mark_some` (src/gc/specials.rs) saw to that.
///
/// # Safety
/// Marking is finished, and the span was not swept since.
#[doc(alias = "queuefinalizer")]
#[cold]
pub(super) unsafe fn queue_dead(s: &OwnedSpan) {
    let mut specials = special::of(s.as_ptr());
    let mut queue = QUEUE.lock();
    // SAFETY: marking is finished, and the span is the caller's and not swept.
    let kept = unsafe { specials.take_dead(s.as_ptr(), |special| queue.push(special)) };
    drop(queue);
    drop(specials);
    if kept != 0 {
        HEAP_LIVE.fetch_add(kept * s.elemsize, Ordering::Relaxed);
        WORK.store(true, Ordering::Release);
        events::ask(Event::FINALIZERS);
    }
}

/// Calls `f` with the pointers of the queue.
pub fn each_queued(f: &mut impl FnMut(usize)) {
    let queue = QUEUE.lock();
    let mut e = queue.first;
    while !e.is_null() {
        // SAFETY: entries are valid under the lock.
        unsafe {
            f((*e).f);
            f((*e).pointer);
            f((*e).typ as usize);
            f((*e).param as usize);
            e = (*e).next;
        }
    }
}

/// Calls `f` with what the queue's calls are about: the pointer, the function, its parameter's type
/// and the pointer's.
pub fn each_call(mut f: impl FnMut(usize, usize, *const Type, *const Type)) {
    let queue = QUEUE.lock();
    let mut e = queue.first;
    while !e.is_null() {
        // SAFETY: entries are valid under the lock.
        unsafe {
            f((*e).pointer, (*e).f, (*e).param, (*e).typ);
            e = (*e).next;
        }
    }
}
