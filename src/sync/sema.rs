//! Semaphores on a 32-bit word of the program: wait until it is positive and take one; give one and wake a waiter.
//!
//! Waiters are found through a table hashed by the word's address. A bucket is a list of addresses, each with its waiters in order of arrival.
//!
//! A giver adds one to the word and then looks whether anybody waits; a taker announces itself and then looks at the word
//! again: both with sequentially consistent operations, so one sees the other. The giver takes the unit back on behalf of the waiter that it wakes: a
//! woken goroutine has what it waited for and has nothing left to do. If somebody else was quicker the waiter stays where it is.

use super::mutex::RawMutex;
use crate::abi::{Status, args};
use crate::chan::sudog::{self, Sudog};
use crate::sched::{self, WaitReason};
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

/// Buckets of the table; more make long lists and contention between unrelated semaphores rarer.
const BUCKETS: usize = 512;

/// A bucket: the first waiters of its addresses, linked by `next`/`prev`; behind each, linked by `waitlink`, those who came later.
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

#[derive(Debug)]
struct Queue {
    heads: *mut Sudog,
}

static TABLE: [Bucket; BUCKETS] = [const {
    Bucket {
        lock: RawMutex::new(),
        nwait: AtomicU32::new(0),
        queue: UnsafeCell::new(Queue { heads: null_mut() }),
    }
}; BUCKETS];

fn bucket(addr: *mut u32) -> &'static Bucket {
    // Words lie 4 bytes apart at least, mostly in objects of 8 and more: mix all bits into the top ones.
    &TABLE[((addr as u64 >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        >> (64 - BUCKETS.trailing_zeros())) as usize]
}

impl Queue {
    unsafe fn head_of(&self, addr: *mut u32) -> *mut Sudog {
        let mut s = self.heads;
        // SAFETY: queued sudogs are live under the bucket's lock.
        unsafe {
            while !s.is_null() && (*s).elem != addr.cast() {
                s = (*s).next;
            }
        }
        s
    }

    /// Adds a waiter for the address in its `elem`.
    unsafe fn push(&mut self, s: *mut Sudog) {
        // SAFETY: as in `head_of`; `s` is the caller's.
        unsafe {
            let head = self.head_of((*s).elem.cast());
            (*s).waitlink = null_mut();
            if head.is_null() {
                (*s).tail = s;
                (*s).prev = null_mut();
                (*s).next = self.heads;
                if !self.heads.is_null() {
                    (*self.heads).prev = s;
                }
                self.heads = s;
            } else {
                (*(*head).tail).waitlink = s;
                (*head).tail = s;
            }
        }
    }

    /// Takes `head`, the first waiter of its address, off; the next one takes its place.
    unsafe fn pop(&mut self, head: *mut Sudog) {
        // SAFETY: as in `head_of`.
        unsafe {
            let heir = (*head).waitlink;
            let (prev, next) = ((*head).prev, (*head).next);
            let link = if heir.is_null() {
                next
            } else {
                (*heir).tail = (*head).tail;
                (*heir).prev = prev;
                (*heir).next = next;
                heir
            };
            if prev.is_null() {
                self.heads = link;
            } else {
                (*prev).next = link;
            }
            if !next.is_null() {
                (*next).prev = if heir.is_null() { prev } else { heir };
            }
            (*head).waitlink = null_mut();
        }
    }
}

/// Takes one if there is one.
#[inline]
unsafe fn try_take(addr: *mut u32) -> bool {
    // SAFETY: the program's semaphore word; it is used atomically only.
    let word = unsafe { AtomicU32::from_ptr(addr) };
    let mut v = word.load(Ordering::SeqCst);
    while v > 0 {
        // SeqCst: see the file's head. What the giver did before is seen after.
        match word.compare_exchange_weak(v, v - 1, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => return true,
            Err(now) => v = now,
        }
    }
    false
}

unsafe fn acquire(addr: *mut u32) -> Status {
    let b = bucket(addr);
    // SAFETY: system mode with a goroutine; the queue is touched under its lock.
    unsafe {
        let s = sudog::acquire();
        b.lock.lock();
        b.nwait.fetch_add(1, Ordering::SeqCst);
        if try_take(addr) {
            b.nwait.fetch_sub(1, Ordering::Relaxed);
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
    unsafe { AtomicU32::from_ptr(addr) }.fetch_add(1, Ordering::SeqCst);
    bucket(addr).nwait.load(Ordering::SeqCst) == 0
}

/// Wakes a waiter of `addr` if there is one and a unit for it.
unsafe fn wake_one(addr: *mut u32) {
    let b = bucket(addr);
    // SAFETY: the queue is touched under its lock; a sudog taken off it is ours, and its goroutine parked until we ready it.
    unsafe {
        b.lock.lock();
        let head = (*b.queue.get()).head_of(addr);
        if head.is_null() || !try_take(addr) {
            b.lock.unlock();
            return;
        }
        (*b.queue.get()).pop(head);
        b.nwait.fetch_sub(1, Ordering::Relaxed);
        b.lock.unlock();
        let g = (*head).g;
        sudog::release(head);
        sched::ready(g);
    }
}

/// `sync.runtime_Semacquire` where a unit is there.
pub unsafe fn semacquire_leaf(a: &mut args::sync_runtime_Semacquire) -> bool {
    // SAFETY: package sync passes its word.
    unsafe { try_take(a.s) }
}

/// `sync.runtime_Semacquire`.
pub unsafe fn semacquire(a: &mut args::sync_runtime_Semacquire) -> Status {
    // SAFETY: package sync passes its word.
    unsafe { acquire(a.s) }
}

/// `net.runtime_Semacquire` where a unit is there.
pub unsafe fn net_semacquire_leaf(a: &mut args::net_runtime_Semacquire) -> bool {
    // SAFETY: package net passes its word.
    unsafe { try_take(a.sema) }
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
    use std::collections::{BTreeMap, VecDeque};

    /// Random pushes and pops on a few addresses of one bucket against a FIFO for each address.
    #[test]
    fn waiters_of_an_address_come_out_in_order() {
        let mut q = Queue { heads: null_mut() };
        let mut model: BTreeMap<usize, VecDeque<*mut Sudog>> = BTreeMap::new();
        let mut seed = 99_u64;
        for _ in 0..20_000 {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let addr = ((seed >> 40) % 7 + 1) as usize * 4;
            // SAFETY: sudogs live from push to pop.
            unsafe {
                if (seed >> 60) < 8 {
                    let mut s: Box<Sudog> = Box::new(core::mem::zeroed());
                    s.elem = addr as *mut u8;
                    let s = Box::into_raw(s);
                    q.push(s);
                    model.entry(addr).or_default().push_back(s);
                } else {
                    let head = q.head_of(addr as *mut u32);
                    let expected = model.get_mut(&addr).and_then(VecDeque::pop_front);
                    assert_eq!((!head.is_null()).then_some(head), expected);
                    if !head.is_null() {
                        q.pop(head);
                        drop(Box::from_raw(head));
                    }
                }
            }
        }
        for (addr, waiters) in model {
            for s in waiters {
                // SAFETY: as above.
                unsafe {
                    assert_eq!(q.head_of(addr as *mut u32), s);
                    q.pop(s);
                    drop(Box::from_raw(s));
                }
            }
        }
        assert!(q.heads.is_null());
    }

    /// Threads that spin instead of parking: units are neither lost nor made.
    #[test]
    fn units_are_conserved() {
        let mut word = 3_u32;
        let addr = (&raw mut word).expose_provenance();
        let at = || core::ptr::with_exposed_provenance_mut::<u32>(addr);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(move || {
                    for _ in 0..10_000 {
                        // SAFETY: the word outlives the scope and is only used atomically in it.
                        unsafe {
                            while !try_take(at()) {
                                std::thread::yield_now();
                            }
                            assert!(give(at()));
                        }
                    }
                });
            }
        });
        assert_eq!(word, 3);
    }
}
