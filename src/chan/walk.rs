//! A walk through the queues of all channels that goroutines wait for ([`crate::fatal::walk`]):
//! each is linked both ways, a goroutine waits where its queue says, and the ring is as full as it
//! must be where somebody waits.

use super::hchan::{Hchan, RECEIVER, SENDER, WaitQ, channel_of};
use crate::abi::G;
use crate::fatal::walk::{Broken, Walk, holds, same};
use crate::mem::seen::Seen;
use crate::world::g::{GState, status_of};
use crate::world::sudog::{Sudog, each, waiting};
use crate::world::{WaitReason, lists};
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// All of them.
///
/// # Safety
/// The world is stopped: nobody holds a channel's lock.
pub(crate) unsafe fn all() -> Walk {
    let mut met = Met::new();
    for g in lists::all_gs() {
        // SAFETY: Gs are never freed; with the world stopped, channels that a goroutine waits for
        // are alive and do not change.
        unsafe { waits(g, &mut met)? };
    }
    Ok(())
}

/// What the walk has met.
struct Met {
    channels: Seen,
    /// Who stands in their queues.
    waiters: Seen,
}

impl Met {
    const fn new() -> Self {
        Self {
            channels: Seen::new(),
            waiters: Seen::new(),
        }
    }
}

/// What `g` waits for names it, and is queued where it says; the channels, once each.
///
/// # Safety
///
/// `g` is one of the Gs, and the world is stopped.
unsafe fn waits(g: *mut G, met: &mut Met) -> Walk {
    // SAFETY: the caller's G, of which the words are read while the world is stopped.
    let (state, reason, claimed, list) = unsafe {
        (
            status_of(g).state(Ordering::Relaxed),
            (*g).waitreason,
            (*g).selectdone.load(Ordering::Relaxed) != 0,
            waiting(g),
        )
    };
    let of_channel = [
        WaitReason::ChanReceive,
        WaitReason::ChanSend,
        WaitReason::Select,
    ];
    if state != GState::Waiting || !of_channel.iter().any(|&r| r as u32 == reason) {
        return Ok(());
    }
    let select = reason == WaitReason::Select as u32;
    // A claimed select is about to be readied, which nobody can while the world is stopped.
    holds(
        "a parked select is not claimed",
        g as usize,
        !(select && claimed),
    )?;
    // A select of nil channels alone waits for ever, and for nothing.
    holds(
        "what a goroutine waits for",
        g as usize,
        select || !list.is_null(),
    )?;
    for s in each(list) {
        // SAFETY: sudogs are never freed, and this one is in the list of a parked goroutine.
        let waiter = unsafe { &*s };
        let at = s as usize;
        same("goroutine of a waiter", at, waiter.g as usize, g as usize)?;
        holds("a waiter is in its channel's queue", at, waiter.queued)?;
        same(
            "a waiter is one of a select",
            at,
            waiter.select.into(),
            select.into(),
        )?;
        holds("channel of a waiter", at, !waiter.lock.get().is_null())?;
        // SAFETY: it names a lock, which is a channel's.
        let c = unsafe { channel_of(s) };
        if met.channels.add((&raw const *c).addr()) {
            // SAFETY: a goroutine waits for the channel, and the world is stopped.
            unsafe { channel(c, &mut met.waiters)? };
        }
        holds("a waiter stands in its queue", at, met.waiters.contains(at))?;
    }
    Ok(())
}

/// Who stands in a queue.
fn members(queue: &WaitQ) -> impl Iterator<Item = *mut Sudog> {
    let mut s = queue.first.load(Ordering::Relaxed);
    core::iter::from_fn(move || {
        let at = s;
        if at.is_null() {
            return None;
        }
        // SAFETY: members of a queue are alive until they are taken off.
        s = unsafe { (*at).next };
        Some(at)
    })
}

/// The channel's counts agree with who waits for it.
///
/// # Safety
///
/// The world is stopped, or the channel's lock is held.
unsafe fn channel(c: &Hchan, waiters: &mut Seen) -> Walk {
    let at = (&raw const *c).addr();
    let count = c.qcount.load(Ordering::Relaxed);
    let free = c.dataqsiz.wrapping_sub(count);
    holds("elements of a channel", at, count <= c.dataqsiz)?;
    let next = c.recvx.get();
    holds("next element of a channel", at, next < c.dataqsiz.max(1))?;
    // SAFETY: its queues, by the caller's promise of a channel that nobody changes.
    let (receivers, senders) = unsafe {
        (
            queue(c, &c.recvq, false, waiters)?,
            queue(c, &c.sendq, true, waiters)?,
        )
    };
    let open = c.closed.load(Ordering::Relaxed) == 0;
    let (elements, room) = (u64::from(c.tries(RECEIVER)), u64::from(c.tries(SENDER)));
    if receivers {
        holds("a receiver waits for an open channel", at, open)?;
        holds(
            "a receiver waits for an empty channel",
            at,
            count <= elements,
        )?;
    }
    if senders {
        holds("a sender waits for an open channel", at, open)?;
        holds("a sender waits for a full channel", at, free <= room)?;
    }
    Ok(())
}

/// A queue is linked both ways and its members are this channel's. Answers whether somebody is to
/// be had: a select that was claimed elsewhere is not.
///
/// # Safety
///
/// As [`channel`]; `queue` is one of the channel's.
unsafe fn queue(c: &Hchan, queue: &WaitQ, send: bool, waiters: &mut Seen) -> Result<bool, Broken> {
    let first = queue.first.load(Ordering::Relaxed);
    if first.is_null() {
        return Ok(false);
    }
    let (mut last, mut waits) = (null_mut::<Sudog>(), false);
    for s in members(queue) {
        let at = s as usize;
        holds("a waiter stands in a queue once", at, waiters.add(at))?;
        // SAFETY: members of a queue are alive until they are taken off, and so are their
        // goroutines.
        unsafe {
            if s != first {
                same(
                    "back link of a waiter",
                    at,
                    (*s).prev as usize,
                    last as usize,
                )?;
            }
            same(
                "lock of a waiter",
                at,
                (*s).lock.get() as usize,
                (&raw const c.lock).addr(),
            )?;
            holds("a waiter knows that it is queued", at, (*s).queued)?;
            same("direction of a waiter", at, (*s).send.into(), send.into())?;
            waits |= !(*s).select || (*(*s).g).selectdone.load(Ordering::Relaxed) == 0;
        }
        last = s;
    }
    // SAFETY: the first is a member of the queue, and alive like all of them.
    let prev = unsafe { (*first).prev };
    same(
        "last waiter of a queue",
        first as usize,
        prev as usize,
        last as usize,
    )?;
    Ok(waits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeroed<T>() -> *mut T {
        // SAFETY: channels, sudogs and Gs of zeroes are valid; the tests never free them.
        Box::into_raw(unsafe { Box::<T>::new_zeroed().assume_init() })
    }

    /// A goroutine that waits to receive.
    unsafe fn receiver(c: *mut Hchan) -> (*mut G, *mut Sudog) {
        let (g, s) = (zeroed::<G>(), zeroed::<Sudog>());
        // SAFETY: all are the test's own.
        unsafe {
            (*g).atomicstatus
                .store(GState::Waiting as u32, Ordering::Relaxed);
            (*g).waitreason = WaitReason::ChanReceive as u32;
            (*g).waiting.store(s.cast(), Ordering::Relaxed);
            (*s).g = g;
            (*s).lock.set(&raw const (*c).lock);
            (*c).recvq.push(s);
        }
        (g, s)
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_waiters() {
        let c = zeroed::<Hchan>();
        // SAFETY: all are the test's own.
        unsafe {
            let (g, s) = receiver(c);
            let (_, t) = receiver(c);
            let says = move || {
                waits(g, &mut Met::new())
                    .err()
                    .map_or("", |broken| broken.what)
            };
            assert_eq!(says(), "");
            (*t).prev = t;
            assert_eq!(says(), "back link of a waiter");
            (*t).prev = s;
            (*s).prev = s;
            assert_eq!(says(), "last waiter of a queue");
            (*s).prev = t;
            (*t).send = true;
            assert_eq!(says(), "direction of a waiter");
            (*t).send = false;
            (*t).queued = false;
            assert_eq!(says(), "a waiter knows that it is queued");
            (*t).queued = true;
            (*t).next = t;
            assert_eq!(says(), "a waiter stands in a queue once");
            (*t).next = null_mut();
            (*t).lock.set(core::ptr::null());
            assert_eq!(says(), "lock of a waiter");
            (*c).recvq.remove(t);
            assert_eq!(says(), "");
            (*s).g = null_mut();
            assert_eq!(says(), "goroutine of a waiter");
            (*s).g = g;
            (*c).recvq.first.store(null_mut(), Ordering::Relaxed);
            assert_eq!(says(), "a waiter stands in its queue");
            (*s).queued = false;
            assert_eq!(says(), "a waiter is in its channel's queue");
            (*g).waiting.store(null_mut(), Ordering::Relaxed);
            assert_eq!(says(), "what a goroutine waits for");
        }
    }

    #[test]
    fn a_walk_sees_who_waits_for_nothing() {
        let c = zeroed::<Hchan>();
        // SAFETY: all are the test's own.
        unsafe {
            let (g, _) = receiver(c);
            let says = move || {
                waits(g, &mut Met::new())
                    .err()
                    .map_or("", |broken| broken.what)
            };
            (*c).dataqsiz = 2;
            assert_eq!(says(), "");
            (*c).qcount.store(1, Ordering::Relaxed);
            assert_eq!(says(), "a receiver waits for an empty channel");
            (*c).trying.store(RECEIVER, Ordering::Relaxed);
            assert_eq!(says(), "");
            (*c).closed.store(1, Ordering::Relaxed);
            assert_eq!(says(), "a receiver waits for an open channel");
            (*c).recvx.set(2);
            assert_eq!(says(), "next element of a channel");
            (*c).qcount.store(3, Ordering::Relaxed);
            assert_eq!(says(), "elements of a channel");
        }
    }
}
