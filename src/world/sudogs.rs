//! Pools of waiters that are not in use: one for each P, and one for all.

use super::current;
use super::rights::{Parked, Right};
use super::sudog::{Pool, Sudog};
use crate::mem;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::ptr::null_mut;

/// Sudogs of a P's pool beyond which half go to the shared pool: a P on which only waking happens
/// would hoard them.
const POOL_MAX: u32 = 128;
/// Sudogs made or moved at a time.
const BATCH: u32 = POOL_MAX / 2;

struct Shared {
    free: *mut Sudog,
    len: u32,
}

static SHARED: Mutex<Shared, { rank::SUDOG_POOL }> = Mutex::new(Shared {
    free: null_mut(),
    len: 0,
});

/// A sudog of the current goroutine with everything else unset. System mode.
///
/// # Safety
/// The thread holds a P, and a goroutine called in.
#[doc(alias = "acquireSudog")]
pub unsafe fn acquire() -> *mut Sudog {
    // SAFETY: the caller's thread holds a P, whose pool only it touches.
    let pool = unsafe { &mut (*current::getp()).chan };
    if pool.free.is_null() {
        refill(pool);
    }
    let s = pool.free;
    debug_assert!(!s.is_null() && !current::curg().is_null());
    pool.len -= 1;
    // SAFETY: the pool has one at least now, and what is in it is nobody else's.
    unsafe {
        pool.free = (*s).waitlink;
        s.write(Sudog::new(current::curg()));
    }
    s
}

/// Puts a sudog back.
///
/// # Safety
/// The thread holds a P. `s` is in no queue and nobody else knows it.
pub unsafe fn release(s: *mut Sudog) {
    // SAFETY: the caller's thread holds a P, whose pool only it touches.
    let pool = unsafe { &mut (*current::getp()).chan };
    if pool.len >= POOL_MAX {
        drain(pool);
    }
    // SAFETY: nobody else knows the caller's sudog.
    unsafe {
        debug_assert!(!(*s).queued, "others know it");
        (*s).waitlink = pool.free;
    }
    pool.free = s;
    pool.len += 1;
}

/// Puts back the sudog of a waiter that was served.
///
/// # Safety
/// As [`release`]; its goroutine is parked, and the sudog was what kept the right to ready it.
pub unsafe fn served(s: *mut Sudog) -> Parked {
    // SAFETY: the caller's sudog kept the right, and does no longer.
    let parked = unsafe { Parked::from_raw((*s).g) };
    // SAFETY: the waiter was served, so nobody else knows its sudog.
    unsafe { release(s) };
    parked
}

/// Puts back a list linked by `waitlink`.
///
/// # Safety
/// As [`release`], for each.
pub unsafe fn release_all(mut s: *mut Sudog) {
    while !s.is_null() {
        // SAFETY: nobody else knows the caller's sudogs; the link is read before it is given up.
        unsafe {
            let next = (*s).waitlink;
            release(s);
            s = next;
        }
    }
}

#[cold]
fn refill(pool: &mut Pool) {
    debug_assert!(pool.free.is_null() && pool.len == 0);
    let mut shared = SHARED.lock();
    while pool.len < BATCH && !shared.free.is_null() {
        let s = shared.free;
        // SAFETY: a pooled sudog is nobody else's.
        unsafe {
            shared.free = (*s).waitlink;
            (*s).waitlink = pool.free;
        }
        shared.len -= 1;
        pool.free = s;
        pool.len += 1;
    }
    drop(shared);
    if pool.len > 0 {
        return;
    }
    let chunk = mem::persistent_alloc(BATCH as usize * size_of::<Sudog>(), align_of::<Sudog>())
        .cast::<Sudog>();
    for i in 0..BATCH as usize {
        // SAFETY: the chunk has BATCH sudogs, all ours.
        unsafe {
            let s = chunk.add(i);
            (*s).waitlink = pool.free;
            pool.free = s;
        }
    }
    pool.len = BATCH;
}

#[cold]
fn drain(pool: &mut Pool) {
    let mut shared = SHARED.lock();
    while pool.len > POOL_MAX - BATCH {
        let s = pool.free;
        // SAFETY: a pooled sudog is nobody else's.
        unsafe {
            pool.free = (*s).waitlink;
            (*s).waitlink = shared.free;
        }
        pool.len -= 1;
        shared.free = s;
        shared.len += 1;
    }
}
