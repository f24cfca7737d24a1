//! Leaf mode: operations that meet nobody, on the goroutine's stack.
//!
//! Looks without the lock come first. They are the whole answer of a non-blocking operation that
//! cannot go on, and spare the others the lock in vain. With the lock held only the ring is
//! touched; waiters, panics and the barriers of large elements are the business of system mode
//! (`ops`).

use super::hchan::{Hchan, RECEIVER, SENDER};
use crate::abi::{Leaf, args};
use crate::gc::barrier;
use crate::sync::backoff::Backoff;
use core::sync::atomic::Ordering;

/// Times away from a lock that another thread holds for some nanoseconds, before the detour through
/// system mode.
const ROUNDS: u32 = 3;

impl Hchan {
    /// Takes the lock if that is a matter of moments.
    #[inline]
    pub fn lock_leaf(&self) -> bool {
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
pub enum Took {
    /// Received an element.
    Value,
    /// The channel is closed and drained; the slot was zeroed.
    Closed,
    /// Nothing was done: system mode must look.
    Slow,
}

/// Stores an element in the ring; false: nothing was done.
///
/// # Safety
/// `c` is a channel, `elem` holds an element of it.
#[inline]
pub unsafe fn send(c: *mut Hchan, elem: *const u8) -> bool {
    // SAFETY: channels are live while Go code holds them; fields that change are atomic or read
    // under the lock.
    unsafe {
        if !(*c).room_and_nobody() {
            return false;
        }
        if !(*c).plain() {
            return put_marking(c, elem);
        }
        put::<false>(c, elem)
    }
}

/// The part of [`send`] under the lock.
#[inline(always)]
unsafe fn put<const BARRIER: bool>(c: *mut Hchan, elem: *const u8) -> bool {
    // SAFETY: as in `send`.
    unsafe {
        if !(*c).lock_leaf() {
            return false;
        }
        let sent = (*c).room_and_nobody();
        if sent {
            let slot = (*c).next_free();
            (*c).copy_plain(slot, elem);
            if BARRIER {
                barrier::stored_small((*c).elemtype, slot, (*c).elemsize as usize);
            }
        }
        (*c).lock.unlock();
        sent
    }
}

/// [`put`] while marking runs: with a barrier if a leaf function may do it.
#[cold]
#[inline(never)]
unsafe fn put_marking(c: *mut Hchan, elem: *const u8) -> bool {
    // SAFETY: as in `send`.
    unsafe { (*c).elemsize as usize <= barrier::LEAF_MAX && put::<true>(c, elem) }
}

/// Takes an element from the ring.
///
/// # Safety
/// `c` is a channel, `elem` null or room for an element of it.
#[inline]
pub unsafe fn recv(c: *mut Hchan, elem: *mut u8) -> Took {
    // SAFETY: as in `send`.
    unsafe {
        if !(*c).element_and_nobody() {
            // Nothing is sent after closing, so closed and then empty is final.
            if (*c).closed.load(Ordering::Acquire) == 0 || (*c).qcount.load(Ordering::Acquire) > 0 {
                return Took::Slow;
            }
            if !elem.is_null() {
                core::ptr::write_bytes(elem, 0, (*c).elemsize as usize);
            }
            return Took::Closed;
        }
        if !(*c).plain() {
            return take_marking(c, elem);
        }
        take::<false>(c, elem)
    }
}

/// The part of [`recv`] under the lock.
#[inline(always)]
unsafe fn take<const BARRIER: bool>(c: *mut Hchan, elem: *mut u8) -> Took {
    // SAFETY: as in `send`.
    unsafe {
        if !(*c).lock_leaf() {
            return Took::Slow;
        }
        let took = (*c).element_and_nobody();
        if took {
            let slot = (*c).next_used();
            if !elem.is_null() {
                (*c).copy_plain(elem, slot);
                if BARRIER {
                    barrier::stored_small((*c).elemtype, elem, (*c).elemsize as usize);
                }
            }
            if !(*(*c).elemtype).no_pointers() {
                core::ptr::write_bytes(slot, 0, (*c).elemsize as usize);
            }
        }
        (*c).lock.unlock();
        if took { Took::Value } else { Took::Slow }
    }
}

/// [`take`] while marking runs: with a barrier if a leaf function may do it.
#[cold]
#[inline(never)]
unsafe fn take_marking(c: *mut Hchan, elem: *mut u8) -> Took {
    // SAFETY: as in `send`.
    unsafe {
        if (*c).elemsize as usize > barrier::LEAF_MAX {
            return Took::Slow;
        }
        take::<true>(c, elem)
    }
}

/// `runtime.chansend1` where there is room.
pub fn chansend1(_: Leaf<'_>, a: &mut args::runtime_chansend1) -> bool {
    if crate::world::preempt_wanted() {
        return false;
    }
    let c = a.c.cast::<Hchan>();
    // SAFETY: compiled code passes a channel or nil.
    !c.is_null() && unsafe { send(c, a.elem) }
}

/// `runtime.chanrecv1` where there is an element.
pub fn chanrecv1(_: Leaf<'_>, a: &mut args::runtime_chanrecv1) -> bool {
    if crate::world::preempt_wanted() {
        return false;
    }
    let c = a.c.cast::<Hchan>();
    // SAFETY: as in `chansend1`.
    !c.is_null() && unsafe { recv(c, a.elem) } != Took::Slow
}

/// `runtime.chanrecv2` where there is an element.
pub fn chanrecv2(_: Leaf<'_>, a: &mut args::runtime_chanrecv2) -> bool {
    if crate::world::preempt_wanted() {
        return false;
    }
    let c = a.c.cast::<Hchan>();
    if c.is_null() {
        return false;
    }
    // SAFETY: as in `chansend1`.
    let r = unsafe { recv(c, a.elem) };
    a.received = r == Took::Value;
    r != Took::Slow
}

/// `runtime.selectnbsend`: `select { case c <- v: default: }`.
pub fn selectnbsend(_: Leaf<'_>, a: &mut args::runtime_selectnbsend) -> bool {
    if crate::world::preempt_wanted() {
        return false;
    }
    let c = a.c.cast::<Hchan>();
    a.selected = false;
    // SAFETY: as in `chansend1`.
    unsafe {
        if c.is_null() || !(*c).may_send() {
            return true;
        }
        a.selected = send(c, a.elem);
    }
    a.selected
}

/// `runtime.selectnbrecv`: `select { case v = <-c: default: }`.
pub fn selectnbrecv(_: Leaf<'_>, a: &mut args::runtime_selectnbrecv) -> bool {
    if crate::world::preempt_wanted() {
        return false;
    }
    let c = a.c.cast::<Hchan>();
    a.selected = false;
    // SAFETY: as in `chansend1`.
    unsafe {
        if c.is_null() || !(*c).may_recv() {
            return true;
        }
        a.selected = recv(c, a.elem) != Took::Slow;
    }
    a.selected
}

/// `runtime.selectnbrecv2`: `select { case v, ok = <-c: default: }`.
pub fn selectnbrecv2(_: Leaf<'_>, a: &mut args::runtime_selectnbrecv2) -> bool {
    if crate::world::preempt_wanted() {
        return false;
    }
    let c = a.c.cast::<Hchan>();
    a.selected = false;
    let mut received = false;
    // SAFETY: as in `chansend1`; `received` is null or the address of a bool.
    unsafe {
        if !c.is_null() && (*c).may_recv() {
            let r = recv(c, a.elem);
            if r == Took::Slow {
                return false;
            }
            a.selected = true;
            received = r == Took::Value;
        }
        if !a.received.is_null() {
            *a.received = u8::from(received);
        }
    }
    true
}
