//! What it takes to move the stack of a goroutine that waits for channels.
//!
//! Two things lead from a channel into the stack of a waiter: the element slots of its sudogs, and
//! the address of the result byte, found by the saved stack pointer. A waker uses both only with
//! the channel's lock held (`ops::served`, called before the lock is released), so a thread that
//! holds the locks of all channels that a goroutine waits for may move its stack.
//!
//! Which these are the list `G::waiting` says. That of a select is the goroutine's own: it changes
//! only when the goroutine runs. The one sudog of a plain send or receive is the waker's as soon as
//! it was served. So the channel's lock is read first and taken, then it is looked at again whether
//! the goroutine still waits. Meanwhile the sudog may have become somebody else's: the word read is
//! the address of another channel's lock, or null if it waits for a semaphore now. Either is read
//! only after the goroutine was served, and then the second look finds that. No channel is freed
//! while marking runs, and only then are stacks moved.
//!
//! Lock order: the goroutine at rest (`Still`), then channels. So no thread that holds a channel's
//! lock changes the status of a parked goroutine.

use crate::abi::G;
use crate::world::WaitReason;
use crate::world::sudog::{ChannelLock, Sudog, lock_all, unlock_all, waiting};

/// What [`hold`] locked.
#[derive(Debug)]
pub enum Held {
    /// Nothing: no channel leads to the stack.
    Nothing,
    /// The lock of one channel.
    One(*const ChannelLock),
    /// Those of a select.
    All(*mut Sudog),
}

/// Keeps wakers away from the stack of `g`, until [`release`].
///
/// # Safety
/// While marking. `g` is parked, and the caller holds it at rest.
pub unsafe fn hold(g: *mut G) -> Held {
    // SAFETY: the caller's goroutine is at rest; Gs are never freed.
    let s = unsafe { waiting(g) };
    if s.is_null() {
        return Held::Nothing;
    }
    // SAFETY: the goroutine is parked and at rest, so its reason to wait stays.
    if unsafe { (*g).waitreason } == WaitReason::Select as u32 {
        // SAFETY: a select's list changes only when its goroutine runs.
        unsafe { lock_all(s) };
        return Held::All(s);
    }
    // SAFETY: sudogs are never given back to the system, so the word can be read, to whomever this
    // one belongs now.
    let lock = unsafe { (*s).lock.get_of_another() };
    // SAFETY: the word is null or the address of a channel's lock, of this goroutine's channel or of
    // another. No channel is freed while marking runs.
    unsafe {
        if !lock.is_null() {
            (*lock).lock();
        }
        if waiting(g).is_null() {
            // Served meanwhile; if there is no lock the sudog has become a semaphore's.
            if !lock.is_null() {
                (*lock).unlock();
            }
            return Held::Nothing;
        }
    }
    Held::One(lock)
}

/// Lets wakers go on.
///
/// # Safety
/// As [`hold`], with its answer.
pub unsafe fn release(held: Held) {
    match held {
        Held::Nothing => {}
        // SAFETY: `hold` has locked it, and its channel lives as long as marking runs.
        Held::One(lock) => unsafe { (*lock).unlock() },
        // SAFETY: `hold` has locked them; a select's list is its goroutine's, which does not run.
        Held::All(list) => unsafe { unlock_all(list) },
    }
}

/// The stack of `g` is copied: element slots at `old_lo..old_hi` move by `delta` bytes (wrapping).
///
/// # Safety
/// `g` is stopped, and nobody serves it: [`hold`], or it is the running goroutine.
pub unsafe fn adjust_sudogs(g: *mut G, old_lo: usize, old_hi: usize, delta: usize) {
    // SAFETY: the caller's goroutine is stopped; Gs are never freed.
    let mut s = unsafe { waiting(g) };
    while !s.is_null() {
        // SAFETY: nobody serves the goroutine, so its list and the slots on it are ours meanwhile.
        unsafe {
            let elem = (*s).elem as usize;
            if (old_lo..old_hi).contains(&elem) {
                (*s).elem = (*s).elem.wrapping_add(delta);
            }
            s = (*s).waitlink;
        }
    }
}
