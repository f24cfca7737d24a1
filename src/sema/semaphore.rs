//! Semaphores on a 32-bit word of the program: wait until it is positive and take one; give one and
//! wake a waiter.
//!
//! Waiters are found through a table hashed by the word's address. A bucket has a lock, a count
//! ([`crate::sync::units`]) and a tree of addresses, each with its waiters in order of arrival
//! ([`Queue`]), so that neither many waiters nor many addresses make it slow.
//!
//! A release wakes the first waiter and leaves the unit in the word: until the waiter runs on a P,
//! a goroutine that runs already may acquire the unit and release it as often as it likes, and need
//! not park. Handing the unit over would make a convoy: after the first waiter every acquirer would
//! have to park, and every operation would cost a goroutine switch or two. The waiter stays in the
//! queue, marked as trying, and tries when it runs ([`try_again`]). Meanwhile it does not count
//! among those to be woken, and no other waiter is woken for the unit that it tries for; units
//! beyond that one are handed to the waiters behind it. If it loses it parks again, still the
//! first; once it has lost for a millisecond ([`crate::world::sudog::Sudog::loses`]) the next
//! release hands it the unit directly.

use super::queue::Queue;
use crate::abi::{Caller, Leaf, Outcome, ResumeStep, Slow, Sys, args};
use crate::fatal::walk::{Walk, holds, same};
use crate::sched;
use crate::sync::mutex::RawMutex;
use crate::sync::rank;
use crate::sync::units::{self, Turn};
use crate::world::g::{GState, status_of};
use crate::world::sudog::{Patience, Sudog};
use crate::world::sudogs;
use crate::world::{Parked, Right, WaitReason};
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

/// Buckets of the table; more make contention between unrelated semaphores rarer.
const BUCKETS: usize = 512;

/// Semaphores whose addresses hash alike.
#[doc(alias = "semaRoot")]
#[derive(Debug)]
#[repr(C, align(32))]
struct Bucket {
    lock: RawMutex<{ rank::SEMAPHORE }>,
    /// Waiters to be woken: all but those that try, and takers about to look at the word a last
    /// time.
    nwait: AtomicU32,
    queue: UnsafeCell<Queue>,
}

// SAFETY: only who holds the lock of a bucket touches its queue.
unsafe impl Sync for Bucket {}

static TABLE: [Bucket; BUCKETS] = [const {
    Bucket {
        lock: RawMutex::new(),
        nwait: AtomicU32::new(0),
        queue: UnsafeCell::new(Queue::new()),
    }
}; BUCKETS];

fn bucket(addr: *mut u32) -> &'static Bucket {
    debug_assert!(!addr.is_null() && addr.is_aligned());
    // Words lie 4 bytes apart at least, mostly in objects of 8 and more: mix all bits into the top
    // ones.
    &TABLE[((addr as u64 >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        >> (64 - BUCKETS.trailing_zeros())) as usize]
}

/// The program's semaphore word.
///
/// # Safety
/// `addr` is that of a semaphore that lives during `'a`; package sync uses it atomically.
unsafe fn word<'a>(addr: *mut u32) -> &'a AtomicU32 {
    // SAFETY: by the caller's promise it is used atomically only, and alive.
    unsafe { AtomicU32::from_ptr(addr) }
}

/// Waiters stand in the buckets of their addresses, and count unless they try.
///
/// # Safety
/// The world is stopped.
pub(crate) unsafe fn walk() -> Walk {
    for b in &TABLE {
        b.lock.lock();
        let mut waits = 0;
        // SAFETY: the lock is held, so queued sudogs are alive; goroutines are never freed.
        let walk = unsafe {
            (*b.queue.get()).walk(&mut |s| {
                let at = s as usize;
                let here = core::ptr::eq(bucket((*s).elem.cast()), b);
                holds("bucket of a semaphore's waiter", at, here)?;
                if (*s).patience == Patience::Tries {
                    return Ok(());
                }
                waits += 1;
                let state = status_of((*s).g).state(Ordering::Relaxed);
                same(
                    "state of a semaphore's waiter",
                    at,
                    state as usize,
                    GState::Waiting as usize,
                )
            })
        };
        b.lock.unlock();
        walk?;
        let counted = b.nwait.load(Ordering::Relaxed) as usize;
        same(
            "number of a bucket's waiters",
            (&raw const *b).addr(),
            counted,
            waits,
        )?;
    }
    Ok(())
}

/// Takes a unit, or waits for one.
///
/// # Safety
///
/// As [`word`].
unsafe fn acquire(sys: Sys<'_>, addr: *mut u32) -> Outcome {
    let b = bucket(addr);
    // SAFETY: system mode for a goroutine, by the caller's promise, as is that the semaphore is
    // one.
    let (s, word) = unsafe { (sudogs::acquire(), word(addr)) };
    b.lock.lock();
    if units::take_or_wait(word, &b.nwait) {
        b.lock.unlock();
        // SAFETY: the new sudog is in no queue.
        unsafe { sudogs::release(s) };
        return Outcome::Return;
    }
    let caller = sys.caller();
    let g = caller.g();
    // SAFETY: the lock is held; the new sudog is ours, of this goroutine, and in no queue.
    unsafe {
        (*s).elem = addr.cast();
        (*b.queue.get()).push(s);
    }
    let (parked, outcome) = sched::park(caller, WaitReason::Semacquire);
    parked.kept_as(g);
    b.lock.unlock();
    outcome
}

/// Gives one; true: nobody waits, so that was all.
///
/// # Safety
/// As [`word`].
#[inline]
unsafe fn give(addr: *mut u32) -> bool {
    // SAFETY: by the caller's promise the word of a semaphore.
    units::give(unsafe { word(addr) }, &bucket(addr).nwait)
}

/// Wakes a waiter of `addr` if there is one and a unit for it.
///
/// # Safety
///
/// As [`word`].
unsafe fn wake_one(addr: *mut u32) {
    let b = bucket(addr);
    // SAFETY: by the caller's promise the word of a semaphore.
    let word = unsafe { word(addr) };
    b.lock.lock();
    // SAFETY: the lock is held, so the queue and its sudogs are ours. Their goroutines are parked,
    // but for a first one that tries; who readies one has its right.
    let served = unsafe {
        let queue = &mut *b.queue.get();
        let first = queue.first(addr);
        let turn = if first.is_null() {
            None
        } else {
            let trying = (*first).patience == Patience::Tries;
            units::meant_for(word, trying, !(*first).waitlink.is_null())
        };
        match turn {
            None => null_mut(),
            Some(Turn::First) if (*first).patience != Patience::Lost => {
                (*first).patience = Patience::Tries;
                b.nwait.fetch_sub(1, Ordering::Relaxed);
                let g = (*first).g;
                (*g).resume = ResumeStep::new(try_again);
                (*g).resumearg = first.expose_provenance();
                b.lock.unlock();
                sched::ready_to_try(Parked::from_raw(g));
                return;
            }
            Some(_) if !units::take_for_waiter(word, &b.nwait) => null_mut(),
            Some(Turn::First) => queue.pop(addr),
            Some(Turn::Second) => queue.pop_after(first),
        }
    };
    b.lock.unlock();
    if !served.is_null() {
        // SAFETY: off the queue the sudog is ours, and its goroutine ours to ready.
        sched::ready(unsafe { sudogs::served(served) });
    }
}

/// A woken waiter tries to take a unit.
///
/// # Safety
///
/// As a [`ResumeStep`] is called; `waiter` is the address of the sudog that [`wake_one`] gave it.
unsafe extern "C" fn try_again(caller: Caller<'_>, waiter: usize) -> Outcome {
    let s = core::ptr::with_exposed_provenance_mut::<Sudog>(waiter);
    let g = caller.g();
    // SAFETY: `wake_one` left the address of this goroutine's waiter. While it tries it stays the
    // first of its queue, and nobody serves it; it waits for a semaphore that its call has.
    let (addr, word) = unsafe {
        debug_assert!((*s).g == g && (*s).patience == Patience::Tries);
        let addr = (*s).elem.cast::<u32>();
        (addr, word(addr))
    };
    let b = bucket(addr);
    b.lock.lock();
    if units::take_or_wait(word, &b.nwait) {
        // SAFETY: the lock is held, and the goroutine's sudog is the first for the address.
        unsafe { (*b.queue.get()).pop(addr) };
        b.lock.unlock();
        // SAFETY: it is in no queue now; the goroutine is stopped in this call.
        unsafe {
            sudogs::release(s);
            sched::waited(g);
        }
        return Outcome::Return;
    }
    // SAFETY: the lock is held, under which the sudog is ours.
    unsafe { (*s).loses() };
    let (parked, outcome) = sched::park(caller, WaitReason::Semacquire);
    parked.kept_as(g);
    b.lock.unlock();
    outcome
}

/// `sync.runtime_Semacquire` where a unit is there.
pub fn semacquire_leaf(_: Leaf<'_>, a: &mut args::sync_runtime_Semacquire) -> Result<(), Slow> {
    // SAFETY: package sync passes the word of a semaphore.
    Slow::unless(units::take(unsafe { word(a.s) }))
}

/// `sync.runtime_Semacquire`.
pub fn semacquire(sys: Sys<'_>, a: &mut args::sync_runtime_Semacquire) -> Outcome {
    // SAFETY: package sync passes the word of a semaphore.
    unsafe { acquire(sys, a.s) }
}

/// `net.runtime_Semacquire` where a unit is there.
pub fn net_semacquire_leaf(_: Leaf<'_>, a: &mut args::net_runtime_Semacquire) -> Result<(), Slow> {
    // SAFETY: package net passes the word of a semaphore.
    Slow::unless(units::take(unsafe { word(a.sema) }))
}

/// `net.runtime_Semacquire`.
pub fn net_semacquire(sys: Sys<'_>, a: &mut args::net_runtime_Semacquire) -> Outcome {
    // SAFETY: package net passes the word of a semaphore.
    unsafe { acquire(sys, a.sema) }
}

/// `sync.runtime_Semrelease`; the unit is given here even if waking is left to system mode.
pub fn semrelease_leaf(_: Leaf<'_>, a: &mut args::sync_runtime_Semrelease) -> Result<(), Slow> {
    // SAFETY: package sync passes the word of a semaphore.
    Slow::unless(unsafe { give(a.s) })
}

/// `sync.runtime_Semrelease`, after the unit was given.
pub fn semrelease(_: Sys<'_>, a: &mut args::sync_runtime_Semrelease) {
    // SAFETY: package sync passes the word of a semaphore.
    unsafe { wake_one(a.s) }
}

/// `net.runtime_Semrelease`; as [`semrelease_leaf`].
pub fn net_semrelease_leaf(_: Leaf<'_>, a: &mut args::net_runtime_Semrelease) -> Result<(), Slow> {
    // SAFETY: package net passes the word of a semaphore.
    Slow::unless(unsafe { give(a.sema) })
}

/// `net.runtime_Semrelease`, after the unit was given.
pub fn net_semrelease(_: Sys<'_>, a: &mut args::net_runtime_Semrelease) {
    // SAFETY: package net passes the word of a semaphore.
    unsafe { wake_one(a.sema) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_sees_waiters_that_are_not_counted() {
        let mut word = 0_u32;
        let b = bucket(&raw mut word);
        // SAFETY: a sudog and a G of zeroes are valid, and the test's own.
        unsafe {
            let says = || walk().err().map_or("", |broken| broken.what);
            let mut g: Box<crate::abi::G> = Box::new(core::mem::zeroed());
            let mut s: Box<Sudog> = Box::new(core::mem::zeroed());
            s.g = &raw mut *g;
            s.elem = (&raw mut word).cast();
            assert_eq!(says(), "");
            b.lock.lock();
            (*b.queue.get()).push(&raw mut *s);
            b.lock.unlock();
            assert_eq!(says(), "state of a semaphore's waiter");
            g.atomicstatus
                .store(GState::Waiting as u32, Ordering::Relaxed);
            assert_eq!(says(), "number of a bucket's waiters");
            b.nwait.fetch_add(1, Ordering::Relaxed);
            assert_eq!(says(), "");
            s.elem = s.elem.wrapping_add(4);
            while core::ptr::eq(bucket(s.elem.cast()), b) {
                s.elem = s.elem.wrapping_add(4);
            }
            assert_eq!(says(), "bucket of a semaphore's waiter");
            s.elem = (&raw mut word).cast();
            b.lock.lock();
            assert_eq!((*b.queue.get()).pop(&raw mut word), &raw mut *s);
            b.lock.unlock();
            b.nwait.fetch_sub(1, Ordering::Relaxed);
        }
    }

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
