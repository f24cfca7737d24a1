//! Leaf mode: operations that meet nobody, on the goroutine's stack.
//!
//! Looks without the lock come first. They are the whole answer of a non-blocking operation that
//! cannot go on, and spare the others the lock in vain. With the lock held only the ring is
//! touched; waiters, panics and the barriers of large elements are the business of system mode
//! (`ops`).

use super::hchan::{Hchan, RECEIVER, SENDER, channel};
use crate::abi::{Leaf, Slow, args};
use crate::gc::barrier;
use crate::sync::backoff::Backoff;
use core::sync::atomic::Ordering;

/// Times away from a lock that another thread holds for some nanoseconds, before the detour through
/// system mode.
const ROUNDS: u32 = 3;

impl Hchan {
    /// Takes the lock if that is a matter of moments.
    #[inline]
    fn lock_leaf(&self) -> bool {
        self.lock.try_lock() || self.lock_contended()
    }

    #[cold]
    #[inline(never)]
    fn lock_contended(&self) -> bool {
        let mut backoff = Backoff::new(ROUNDS);
        while backoff.stay_away() {
            if self.lock.try_lock() {
                return true;
            }
        }
        false
    }

    /// There is room, and nobody to be woken.
    #[inline]
    fn room_and_nobody(&self) -> bool {
        let count = self.qcount.load(Ordering::Acquire);
        count < self.dataqsiz
            && self.closed.load(Ordering::Relaxed) == 0
            && (self.recvq.is_empty() || count == 0 && self.tries(RECEIVER))
    }

    /// There is an element, and nobody to be woken.
    #[inline]
    fn element_and_nobody(&self) -> bool {
        let count = self.qcount.load(Ordering::Acquire);
        count > 0 && (self.sendq.is_empty() || count == self.dataqsiz && self.tries(SENDER))
    }
}

/// What a leaf receive did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Took {
    /// Received an element.
    Value,
    /// The channel is closed and drained; the slot was zeroed.
    Closed,
}

/// Stores an element in the ring.
///
/// # Safety
/// `elem` holds an element of the channel.
#[inline]
pub(super) unsafe fn send(c: &Hchan, elem: *const u8) -> Result<(), Slow> {
    if !c.room_and_nobody() {
        return Err(Slow);
    }
    if !c.plain() {
        // SAFETY: `elem` holds an element of the channel, by the caller's promise.
        return unsafe { put_marking(c, elem) };
    }
    // SAFETY: the same; marking does not run, or elements have no pointers, so no barrier is due.
    unsafe { put::<false>(c, elem) }
}

/// The part of [`send`] under the lock.
///
/// # Safety
///
/// As [`send`]; without `BARRIER` the channel is [plain](Hchan::plain).
#[inline(always)]
unsafe fn put<const BARRIER: bool>(c: &Hchan, elem: *const u8) -> Result<(), Slow> {
    if !c.lock_leaf() {
        return Err(Slow);
    }
    let sent = c.room_and_nobody();
    if sent {
        let slot = c.next_free();
        // SAFETY: under the lock the free slot is ours; `elem` holds an element, and the barrier,
        // where one is due, follows.
        unsafe { c.copy_plain(slot, elem) };
        if BARRIER {
            // SAFETY: the slot holds the element that was just stored.
            let _ = unsafe { barrier::stored_small(c.elemtype, slot, c.elemsize as usize) };
        }
    }
    c.lock.unlock();
    Slow::unless(sent)
}

/// [`put`] while marking runs: with a barrier if a leaf function may do it.
///
/// # Safety
///
/// As [`send`].
#[cold]
#[inline(never)]
unsafe fn put_marking(c: &Hchan, elem: *const u8) -> Result<(), Slow> {
    Slow::unless(c.elemsize as usize <= barrier::LEAF_MAX)?;
    // SAFETY: `elem` holds an element, by the caller's promise; the barrier is made.
    unsafe { put::<true>(c, elem) }
}

/// Takes an element from the ring.
///
/// # Safety
/// `elem` is null or room for an element of the channel.
#[inline]
pub(super) unsafe fn recv(c: &Hchan, elem: *mut u8) -> Result<Took, Slow> {
    if !c.element_and_nobody() {
        // Nothing is sent after closing, so closed and then empty is final.
        if c.closed.load(Ordering::Acquire) == 0 || c.qcount.load(Ordering::Acquire) > 0 {
            return Err(Slow);
        }
        if !elem.is_null() {
            // SAFETY: it has room for an element, by the caller's promise.
            unsafe { core::ptr::write_bytes(elem, 0, c.elemsize as usize) };
        }
        return Ok(Took::Closed);
    }
    if !c.plain() {
        // SAFETY: `elem` is as the caller promises.
        return unsafe { take_marking(c, elem) };
    }
    // SAFETY: the same; marking does not run, or elements have no pointers, so no barrier is due.
    unsafe { take::<false>(c, elem) }
}

/// The part of [`recv`] under the lock.
///
/// # Safety
///
/// As [`recv`]; without `BARRIER` the channel is [plain](Hchan::plain).
#[inline(always)]
unsafe fn take<const BARRIER: bool>(c: &Hchan, elem: *mut u8) -> Result<Took, Slow> {
    if !c.lock_leaf() {
        return Err(Slow);
    }
    let took = c.element_and_nobody();
    if took {
        let slot = c.next_used();
        // SAFETY: under the lock the slot is ours, and it holds an element; `elem` is null or has
        // room for one, and the barrier, where one is due, follows the copy.
        unsafe {
            if !elem.is_null() {
                c.copy_plain(elem, slot);
                if BARRIER {
                    let _ = barrier::stored_small(c.elemtype, elem, c.elemsize as usize);
                }
            }
            if !(*c.elemtype).no_pointers() {
                core::ptr::write_bytes(slot, 0, c.elemsize as usize);
            }
        }
    }
    c.lock.unlock();
    Slow::unless(took).map(|()| Took::Value)
}

/// [`take`] while marking runs: with a barrier if a leaf function may do it.
///
/// # Safety
///
/// As [`recv`].
#[cold]
#[inline(never)]
unsafe fn take_marking(c: &Hchan, elem: *mut u8) -> Result<Took, Slow> {
    if c.elemsize as usize > barrier::LEAF_MAX {
        return Err(Slow);
    }
    // SAFETY: `elem` is as the caller promises; the barrier is made.
    unsafe { take::<true>(c, elem) }
}

/// `runtime.chansend1` where there is room.
pub fn chansend1(_: Leaf<'_>, a: &mut args::runtime_chansend1) -> Result<(), Slow> {
    if crate::world::preempt_wanted() {
        return Err(Slow);
    }
    // SAFETY: compiled code passes a channel or nil.
    let c = unsafe { channel(a.c) }.ok_or(Slow)?;
    // SAFETY: compiled code passes the address of an element.
    unsafe { send(c, a.elem) }
}

/// `runtime.chanrecv1` where there is an element.
pub fn chanrecv1(_: Leaf<'_>, a: &mut args::runtime_chanrecv1) -> Result<(), Slow> {
    if crate::world::preempt_wanted() {
        return Err(Slow);
    }
    // SAFETY: compiled code passes a channel or nil.
    let c = unsafe { channel(a.c) }.ok_or(Slow)?;
    // SAFETY: compiled code passes room for an element, or nil.
    unsafe { recv(c, a.elem) }.map(|_| ())
}

/// `runtime.chanrecv2` where there is an element.
pub fn chanrecv2(_: Leaf<'_>, a: &mut args::runtime_chanrecv2) -> Result<(), Slow> {
    if crate::world::preempt_wanted() {
        return Err(Slow);
    }
    // SAFETY: compiled code passes a channel or nil.
    let c = unsafe { channel(a.c) }.ok_or(Slow)?;
    // SAFETY: compiled code passes room for an element, or nil.
    a.received = unsafe { recv(c, a.elem) }? == Took::Value;
    Ok(())
}

/// `runtime.selectnbsend`: `select { case c <- v: default: }`.
pub fn selectnbsend(_: Leaf<'_>, a: &mut args::runtime_selectnbsend) -> Result<(), Slow> {
    if crate::world::preempt_wanted() {
        return Err(Slow);
    }
    a.selected = false;
    // SAFETY: compiled code passes a channel or nil.
    let Some(c) = unsafe { channel(a.c) }.filter(|c| c.may_send()) else {
        return Ok(());
    };
    // SAFETY: compiled code passes the address of an element.
    unsafe { send(c, a.elem) }?;
    a.selected = true;
    Ok(())
}

/// `runtime.selectnbrecv`: `select { case v = <-c: default: }`.
pub fn selectnbrecv(_: Leaf<'_>, a: &mut args::runtime_selectnbrecv) -> Result<(), Slow> {
    if crate::world::preempt_wanted() {
        return Err(Slow);
    }
    a.selected = false;
    // SAFETY: compiled code passes a channel or nil.
    let Some(c) = unsafe { channel(a.c) }.filter(|c| c.may_recv()) else {
        return Ok(());
    };
    // SAFETY: compiled code passes room for an element, or nil.
    unsafe { recv(c, a.elem) }?;
    a.selected = true;
    Ok(())
}

/// `runtime.selectnbrecv2`: `select { case v, ok = <-c: default: }`.
pub fn selectnbrecv2(_: Leaf<'_>, a: &mut args::runtime_selectnbrecv2) -> Result<(), Slow> {
    if crate::world::preempt_wanted() {
        return Err(Slow);
    }
    a.selected = false;
    let mut received = false;
    // SAFETY: compiled code passes a channel or nil.
    if let Some(c) = unsafe { channel(a.c) }.filter(|c| c.may_recv()) {
        // SAFETY: compiled code passes room for an element, or nil.
        received = unsafe { recv(c, a.elem) }? == Took::Value;
        a.selected = true;
    }
    if !a.received.is_null() {
        // SAFETY: compiled code passes nil or the address of a bool.
        unsafe { *a.received = u8::from(received) };
    }
    Ok(())
}
