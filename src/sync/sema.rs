//! Semaphores on a 32-bit word of the program: wait until it is positive and take one; give one and wake a waiter.
//!
//! Waiters are found through a table hashed by the word's address. A bucket has a lock, a count ([`units`]) and a tree of addresses, each with its waiters in order of arrival
//! ([`Queue`]), so that neither many waiters nor many addresses make it slow.
//!
//! The giver takes the unit back on behalf of the waiter that it wakes: a woken goroutine has what it waited for and has nothing left to do. If somebody else was
//! quicker the waiter stays where it is.

use super::mutex::RawMutex;
use super::queue::Queue;
use super::units;
use crate::abi::{Status, args};
use crate::chan::sudog;
use crate::sched::{self, WaitReason};
use core::cell::UnsafeCell;
use core::sync::atomic::AtomicU32;

/// Buckets of the table; more make contention between unrelated semaphores rarer.
const BUCKETS: usize = 512;

/// Semaphores whose addresses hash alike.
#[derive(Debug)]
#[repr(C, align(32))]
struct Bucket {
    lock: RawMutex,
    /// Waiters, and takers about to look at the word a last time.
    nwait: AtomicU32,
    queue: UnsafeCell<Queue>,
}

// SAFETY: the queue is only touched under the lock.
unsafe impl Sync for Bucket {}

static TABLE: [Bucket; BUCKETS] = [const {
    Bucket {
        lock: RawMutex::new(),
        nwait: AtomicU32::new(0),
        queue: UnsafeCell::new(Queue::new()),
    }
}; BUCKETS];

fn bucket(addr: *mut u32) -> &'static Bucket {
    // Words lie 4 bytes apart at least, mostly in objects of 8 and more: mix all bits into the top ones.
    &TABLE[((addr as u64 >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        >> (64 - BUCKETS.trailing_zeros())) as usize]
}

/// The program's semaphore word.
unsafe fn word<'a>(addr: *mut u32) -> &'a AtomicU32 {
    // SAFETY: it is used atomically only, and outlives the call.
    unsafe { AtomicU32::from_ptr(addr) }
}

unsafe fn acquire(addr: *mut u32) -> Status {
    let b = bucket(addr);
    // SAFETY: system mode with a goroutine; the queue is touched under its lock.
    unsafe {
        let s = sudog::acquire();
        b.lock.lock();
        if units::take_or_wait(word(addr), &b.nwait) {
            b.lock.unlock();
            sudog::release(s);
            return Status::Done;
        }
        (*s).elem = addr.cast();
        (*b.queue.get()).push(s);
        let status = sched::park(sched::curg(), WaitReason::Semacquire);
        b.lock.unlock();
        status
    }
}

/// Gives one; true: nobody waits, so that was all.
#[inline]
unsafe fn give(addr: *mut u32) -> bool {
    // SAFETY: the program's semaphore word.
    units::give(unsafe { word(addr) }, &bucket(addr).nwait)
}

/// Wakes a waiter of `addr` if there is one and a unit for it.
unsafe fn wake_one(addr: *mut u32) {
    let b = bucket(addr);
    // SAFETY: the queue is touched under its lock; a sudog taken off it is ours, and its goroutine parked until we ready it.
    unsafe {
        b.lock.lock();
        let queue = &mut *b.queue.get();
        if !queue.any(addr) || !units::take_for_waiter(word(addr), &b.nwait) {
            b.lock.unlock();
            return;
        }
        let s = queue.pop(addr);
        b.lock.unlock();
        let g = (*s).g;
        sudog::release(s);
        sched::ready(g);
    }
}

/// `sync.runtime_Semacquire` where a unit is there.
pub unsafe fn semacquire_leaf(a: &mut args::sync_runtime_Semacquire) -> bool {
    // SAFETY: package sync passes its word.
    units::take(unsafe { word(a.s) })
}

/// `sync.runtime_Semacquire`.
pub unsafe fn semacquire(a: &mut args::sync_runtime_Semacquire) -> Status {
    // SAFETY: package sync passes its word.
    unsafe { acquire(a.s) }
}

/// `net.runtime_Semacquire` where a unit is there.
pub unsafe fn net_semacquire_leaf(a: &mut args::net_runtime_Semacquire) -> bool {
    // SAFETY: package net passes its word.
    units::take(unsafe { word(a.sema) })
}

/// `net.runtime_Semacquire`.
pub unsafe fn net_semacquire(a: &mut args::net_runtime_Semacquire) -> Status {
    // SAFETY: package net passes its word.
    unsafe { acquire(a.sema) }
}

/// `sync.runtime_Semrelease`; the unit is given here even if waking is left to system mode.
pub unsafe fn semrelease_leaf(a: &mut args::sync_runtime_Semrelease) -> bool {
    // SAFETY: package sync passes its word.
    unsafe { give(a.s) }
}

/// `sync.runtime_Semrelease`, after the unit was given.
pub unsafe fn semrelease(a: &mut args::sync_runtime_Semrelease) {
    // SAFETY: package sync passes its word.
    unsafe { wake_one(a.s) }
}

/// `net.runtime_Semrelease`; as [`semrelease_leaf`].
pub unsafe fn net_semrelease_leaf(a: &mut args::net_runtime_Semrelease) -> bool {
    // SAFETY: package net passes its word.
    unsafe { give(a.sema) }
}

/// `net.runtime_Semrelease`, after the unit was given.
pub unsafe fn net_semrelease(a: &mut args::net_runtime_Semrelease) {
    // SAFETY: package net passes its word.
    unsafe { wake_one(a.sema) }
}

#[cfg(test)]
mod tests {
    use super::*;
    /// Threads that spin instead of parking: units are neither lost nor made.
    #[test]
    fn units_are_conserved() {
        let mut units_word = 3_u32;
        let addr = (&raw mut units_word).expose_provenance();
        let at = || core::ptr::with_exposed_provenance_mut::<u32>(addr);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(move || {
                    for _ in 0..10_000 {
                        // SAFETY: the word outlives the scope and is only used atomically in it.
                        unsafe {
                            while !units::take(word(at())) {
                                std::thread::yield_now();
                            }
                            assert!(give(at()));
                        }
                    }
                });
            }
        });
        assert_eq!(units_word, 3);
    }
}
