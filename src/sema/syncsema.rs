//! The semaphores under `sync.Cond`: takers and givers wait for each other in one queue.
//!
//! A `SyncSema` is a lock, and a list of sudogs that are all takers (`index == -1`) or all givers
//! (`index` > 0: units still to give). A giver of n units waits until n takers came. The list lies
//! in a Go object, but sudogs are off-heap: the collector passes them by.

use crate::abi::{Caller, Leaf, Outcome, SyncSema, Sys, args};
use crate::sched;
use crate::sync::mutex::RawMutex;
use crate::sync::rank;
use crate::world::WaitReason;
use crate::world::sudog::Sudog;
use crate::world::sudogs;
use core::ptr::null_mut;

const TAKER: i32 = -1;

unsafe fn lock<'a>(s: *mut SyncSema) -> &'a RawMutex<{ rank::SYNC_SEMA }> {
    // SAFETY: the word is ours by the contract with package sync, and zero at first. A RawMutex is
    // its lower half.
    unsafe { &*(&raw mut (*s).lock).cast::<RawMutex<{ rank::SYNC_SEMA }>>() }
}

unsafe fn push(s: *mut SyncSema, w: *mut Sudog) {
    // SAFETY: the lock is held; `w` is the caller's.
    unsafe {
        (*w).next = null_mut();
        if (*s).tail.is_null() {
            (*s).head = w.cast();
        } else {
            (*(*s).tail.cast::<Sudog>()).next = w;
        }
        (*s).tail = w.cast();
    }
}

unsafe fn pop(s: *mut SyncSema) -> *mut Sudog {
    // SAFETY: the lock is held; the list is not empty.
    unsafe {
        let w = (*s).head.cast::<Sudog>();
        debug_assert!(!w.is_null());
        (*s).head = (*w).next.cast();
        if (*s).head.is_null() {
            (*s).tail = null_mut();
        }
        w
    }
}

/// Readies the owner of a sudog taken off the list, and puts it back.
unsafe fn wake(w: *mut Sudog) {
    // SAFETY: off the list the sudog is ours; its goroutine is parked until we ready it.
    sched::ready(unsafe { sudogs::served(w) });
}

unsafe fn wait(caller: Caller<'_>, s: *mut SyncSema, units: i32) -> Outcome {
    // SAFETY: the lock is held.
    unsafe {
        let w = sudogs::acquire();
        (*w).index = units;
        push(s, w);
        let reason = if units == TAKER {
            WaitReason::CondWait
        } else {
            WaitReason::CondRelease
        };
        let (parked, outcome) = sched::park(caller, reason);
        parked.kept_as((*w).g);
        lock(s).unlock();
        outcome
    }
}

/// `sync.runtime_Syncsemacquire`.
pub fn acquire(sys: Sys<'_>, a: &mut args::sync_runtime_Syncsemacquire) -> Outcome {
    let s = a.s;
    // SAFETY: package sync passes its semaphore.
    unsafe {
        lock(s).lock();
        let giver = (*s).head.cast::<Sudog>();
        if giver.is_null() || (*giver).index == TAKER {
            return wait(sys.caller(), s, TAKER);
        }
        (*giver).index -= 1;
        let done = (*giver).index == 0;
        if done {
            pop(s);
        }
        lock(s).unlock();
        if done {
            wake(giver);
        }
    }
    Outcome::Return
}

/// `sync.runtime_Syncsemrelease`.
pub fn release(sys: Sys<'_>, a: &mut args::sync_runtime_Syncsemrelease) -> Outcome {
    let s = a.s;
    let mut left = a.n as i32;
    // SAFETY: package sync passes its semaphore.
    unsafe {
        lock(s).lock();
        let mut list: *mut Sudog = null_mut();
        let mut end: *mut *mut Sudog = &raw mut list;
        while left > 0 && !(*s).head.is_null() && (*(*s).head.cast::<Sudog>()).index == TAKER {
            let w = pop(s);
            (*w).next = null_mut();
            *end = w;
            end = &raw mut (*w).next;
            left -= 1;
        }
        let outcome = if left > 0 {
            wait(sys.caller(), s, left)
        } else {
            lock(s).unlock();
            Outcome::Return
        };
        while !list.is_null() {
            let w = list;
            list = (*w).next;
            wake(w);
        }
        outcome
    }
}

/// `sync.runtime_Syncsemcheck`: both sides mean the same structure.
pub fn check(_: Leaf<'_>, a: &mut args::sync_runtime_Syncsemcheck) {
    if a.size != size_of::<SyncSema>() {
        crate::fatal::throw("bad syncSema size");
    }
}
