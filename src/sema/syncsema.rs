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

/// Its lock.
///
/// # Safety
///
/// `s` is a semaphore that lives during `'a`.
unsafe fn lock<'a>(s: *mut SyncSema) -> &'a RawMutex<{ rank::SYNC_SEMA }> {
    // SAFETY: by the caller's promise a semaphore of package sync, whose word is ours, and zero at
    // first. A RawMutex is its lower half.
    unsafe { &*(&raw mut (*s).lock).cast::<RawMutex<{ rank::SYNC_SEMA }>>() }
}

/// Adds a sudog at the end of the list.
///
/// # Safety
///
/// The lock of `s` is held; `w` is the caller's, and in no list.
unsafe fn push(s: *mut SyncSema, w: *mut Sudog) {
    // SAFETY: by the caller's promise the lock is held, so list and members are ours, and `w` is.
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

/// Takes the first sudog off the list.
///
/// # Safety
///
/// The lock of `s` is held, and the list is not empty.
unsafe fn pop(s: *mut SyncSema) -> *mut Sudog {
    // SAFETY: by the caller's promise the lock is held, so the list is ours, and not empty.
    let w = unsafe { (*s).head.cast::<Sudog>() };
    debug_assert!(!w.is_null());
    // SAFETY: the same; members of the list are alive.
    unsafe {
        (*s).head = (*w).next.cast();
        if (*s).head.is_null() {
            (*s).tail = null_mut();
        }
    }
    w
}

/// Readies the owner of a sudog taken off the list, and puts it back.
///
/// # Safety
///
/// `w` was taken off its list, under the lock, which is given back.
unsafe fn wake(w: *mut Sudog) {
    // SAFETY: off the list the sudog is ours, and its goroutine is parked until we ready it.
    sched::ready(unsafe { sudogs::served(w) });
}

/// Parks the goroutine that called in, in the list of `s`, and gives the lock back.
///
/// # Safety
///
/// The lock of `s` is held.
unsafe fn wait(caller: Caller<'_>, s: *mut SyncSema, units: i32) -> Outcome {
    let g = caller.g();
    // SAFETY: system mode for a goroutine; the new sudog is its own, and the lock is held, by the
    // caller's promise.
    let lock = unsafe {
        let w = sudogs::acquire();
        (*w).index = units;
        push(s, w);
        lock(s)
    };
    let reason = if units == TAKER {
        WaitReason::CondWait
    } else {
        WaitReason::CondRelease
    };
    let (parked, outcome) = sched::park(caller, reason);
    // The sudog's `g` names it.
    parked.kept_as(g);
    lock.unlock();
    outcome
}

/// `sync.runtime_Syncsemacquire`.
pub fn acquire(sys: Sys<'_>, a: &mut args::sync_runtime_Syncsemacquire) -> Outcome {
    let s = a.s;
    // SAFETY: package sync passes a semaphore, which is alive.
    let lock = unsafe { lock(s) };
    lock.lock();
    // SAFETY: the lock is held: the list is ours, and sudogs on it are alive.
    let (giver, done) = unsafe {
        let giver = (*s).head.cast::<Sudog>();
        if giver.is_null() || (*giver).index == TAKER {
            return wait(sys.caller(), s, TAKER);
        }
        (*giver).index -= 1;
        let done = (*giver).index == 0;
        if done {
            pop(s);
        }
        (giver, done)
    };
    lock.unlock();
    if done {
        // SAFETY: the giver was taken off the list, under the lock, which is given back.
        unsafe { wake(giver) };
    }
    Outcome::Return
}

/// `sync.runtime_Syncsemrelease`.
pub fn release(sys: Sys<'_>, a: &mut args::sync_runtime_Syncsemrelease) -> Outcome {
    let s = a.s;
    let mut left = a.n as i32;
    // SAFETY: package sync passes a semaphore, which is alive.
    let lock = unsafe { lock(s) };
    lock.lock();
    let mut list: *mut Sudog = null_mut();
    let mut end: *mut *mut Sudog = &raw mut list;
    // SAFETY: the lock is held: the list is ours, and sudogs on it are alive; those that were taken
    // off it are linked by our own list, of which `end` is the last link.
    unsafe {
        while left > 0 && !(*s).head.is_null() && (*(*s).head.cast::<Sudog>()).index == TAKER {
            let w = pop(s);
            (*w).next = null_mut();
            *end = w;
            end = &raw mut (*w).next;
            left -= 1;
        }
    }
    let outcome = if left > 0 {
        // SAFETY: the lock is held, and is given back.
        unsafe { wait(sys.caller(), s, left) }
    } else {
        lock.unlock();
        Outcome::Return
    };
    while !list.is_null() {
        let w = list;
        // SAFETY: a sudog of our own list, whose link is read before its goroutine may run.
        unsafe {
            list = (*w).next;
            wake(w);
        }
    }
    outcome
}

/// `sync.runtime_Syncsemcheck`: both sides mean the same structure.
pub fn check(_: Leaf<'_>, a: &mut args::sync_runtime_Syncsemcheck) {
    if a.size != size_of::<SyncSema>() {
        crate::fatal::throw("bad syncSema size");
    }
}
