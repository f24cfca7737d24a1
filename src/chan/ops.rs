//! System mode: send, receive and close with everything that can happen.

use super::hchan::{Hchan, RECEIVER, Received, SENDER, Sent, WaitQ, channel, channel_of};
use super::serve::{send_on_closed, served};
use crate::abi::{Caller, Outcome, ResumeStep, Sys, args};
use crate::world::sudog::{Patience, Sudog};
use crate::world::sudogs;
use crate::world::{Parked, Right, WaitReason};
use crate::{panic, sched};
use core::mem::offset_of;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// Lets a waiter go on that was served or is to try.
///
/// # Safety
/// `s` was met by the caller, who holds no channel's lock any more.
pub(super) unsafe fn wake(s: *mut Sudog) {
    // SAFETY: the caller has met the waiter: its goroutine is parked until it is readied, and
    // nobody else readies it. Off the queue the sudog is the caller's, unless it is a select's.
    let (g, parked, tries, select) = unsafe {
        let g = (*s).g;
        let tries = (*s).patience == Patience::Tries;
        (g, Parked::from_raw(g), tries, (*s).select)
    };
    if tries {
        // SAFETY: a parked goroutine whose right is in hand: its resume step is ours to set.
        unsafe {
            (*g).resume = ResumeStep::new(try_again);
            (*g).resumearg = s.expose_provenance();
        }
        sched::ready_to_try(parked);
        return;
    }
    if !select {
        // SAFETY: it is in no queue, and no list names it: `served` has ended the goroutine's.
        unsafe { sudogs::release(s) };
    }
    sched::ready(parked);
}

/// A goroutine that waited for a channel, and was woken to try, does so. It goes on, or waits on as
/// the first of its queue.
///
/// # Safety
///
/// As a [`ResumeStep`] is called; `waiter` is the address of the sudog that [`wake`] gave it.
unsafe extern "C" fn try_again(caller: Caller<'_>, waiter: usize) -> Outcome {
    let g = caller.g();
    let s = core::ptr::with_exposed_provenance_mut::<Sudog>(waiter);
    // SAFETY: `wake` left the address of this goroutine's waiter. It is in no queue, and the
    // goroutine's as long as nobody has served it; until then it waits for its channel.
    let (c, send) = unsafe {
        debug_assert!((*s).g == g && !(*s).queued);
        (channel_of(s), (*s).send)
    };
    c.lock.lock();
    let (queue, reason, who) = side(c, send);
    let trying = c.trying.load(Ordering::Relaxed);
    c.trying.store(trying & !who, Ordering::Relaxed);
    // SAFETY: the lock is held. The list of what g waits for still names the sudog, so a stack that
    // moved took its slot along: it is read under the lock.
    let done = unsafe {
        if send {
            match c.send_locked((*s).elem) {
                Sent::Stored => Some((true, null_mut())),
                Sent::Met(receiver) => Some((true, receiver)),
                Sent::Closed => Some((false, null_mut())),
                Sent::Full => None,
            }
        } else {
            match c.recv_locked((*s).elem) {
                Received::Value(sender) => Some((true, sender)),
                Received::Closed => Some((false, null_mut())),
                Received::Empty => None,
            }
        }
    };
    let Some((ok, other)) = done else {
        // SAFETY: the sudog is still the goroutine's, in no queue, and the lock is held.
        unsafe {
            (*s).loses();
            queue.push_front(s);
        }
        let (parked, outcome) = sched::park(caller, reason);
        parked.kept_as(g);
        c.lock.unlock();
        return outcome;
    };
    // SAFETY: the goroutine has got what it waited for; under the lock its own waiter is as good as
    // claimed.
    unsafe { served(s, ok) };
    c.lock.unlock();
    // SAFETY: the sudog is in no queue, and `served` has ended the list that named it; g is stopped
    // in this call. `other` was met under the lock, which is given back.
    unsafe {
        sudogs::release(s);
        sched::waited(g);
        if !other.is_null() {
            wake(other);
        }
    }
    if send && !ok {
        // `served` has left that to a resume step: this is it.
        // SAFETY: g is stopped in this call, which is its resume step.
        unsafe { (*g).resume = ResumeStep::NONE };
        send_on_closed(caller.sys());
    }
    Outcome::Return
}

/// Where a sender or a receiver waits: the queue, what it is called, and which it is.
fn side(c: &Hchan, send: bool) -> (&WaitQ, WaitReason, u8) {
    if send {
        (&c.sendq, WaitReason::ChanSend, SENDER)
    } else {
        (&c.recvq, WaitReason::ChanReceive, RECEIVER)
    }
}

/// Parks the goroutine that called in until it is served by the channel `c`, whose lock is held and
/// is given back.
///
/// # Safety
///
/// The lock of `c` is held. `elem` is a slot for an element, in the goroutine's frames or the heap,
/// or null.
unsafe fn wait(caller: Caller<'_>, c: &Hchan, elem: *mut u8, send: bool, result: usize) -> Outcome {
    let g = caller.g();
    let (queue, reason, who) = side(c, send);
    // SAFETY: system mode for a goroutine, which is stopped in this call; the new sudog is its own,
    // and under the lock nobody claims it before the goroutine is parked.
    unsafe {
        let s = sudogs::acquire();
        (*s).elem = elem;
        (*s).lock.set(&raw const c.lock);
        (*s).send = send;
        (*s).result = result as u16;
        debug_assert!(
            (*g).waiting.load(Ordering::Relaxed).is_null(),
            "it waits for one thing at a time"
        );
        (*g).waiting.store(s.cast(), Ordering::Relaxed);
        queue.push(s);
        c.waits(g, who);
    }
    let (parked, outcome) = sched::park(caller, reason);
    // The sudog's `g` names it.
    parked.kept_as(g);
    c.lock.unlock();
    outcome
}

/// What a non-blocking or finished operation answers, and what becomes of the goroutine.
type Tried<T> = Result<T, Outcome>;

/// Sends; `Ok(false)`: would block and must not. `Err`: parked.
///
/// # Safety
///
/// `elem` holds an element of the channel.
#[doc(alias = "chansend")]
unsafe fn send(sys: Sys<'_>, c: Option<&Hchan>, elem: *mut u8, block: bool) -> Tried<bool> {
    let Some(c) = c else {
        return if block {
            Err(sched::park_for_good(sys.caller(), WaitReason::ChanSendNil))
        } else {
            Ok(false)
        };
    };
    c.lock.lock();
    // SAFETY: the lock is held; `elem` holds an element, by the caller's promise.
    let sent = unsafe { c.send_locked(elem) };
    if sent == Sent::Full && block {
        // SAFETY: the lock is held still; the slot is the caller's.
        return Err(unsafe { wait(sys.caller(), c, elem, true, 0) });
    }
    c.lock.unlock();
    match sent {
        Sent::Stored => Ok(true),
        Sent::Met(receiver) => {
            // SAFETY: it was met under the lock, which is given back.
            unsafe { wake(receiver) };
            Ok(true)
        }
        Sent::Full => Ok(false),
        Sent::Closed => send_on_closed(sys),
    }
}

/// Receives: (selected, received). `result`: where a waker writes "received", as offset from the
/// arguments, 0 for nowhere.
///
/// # Safety
///
/// `elem` is null or room for an element of the channel; `result` is 0 or the offset of a bool in
/// the area of the call's arguments.
#[doc(alias = "chanrecv")]
unsafe fn recv(
    sys: Sys<'_>,
    c: Option<&Hchan>,
    elem: *mut u8,
    block: bool,
    result: usize,
) -> Tried<(bool, bool)> {
    let Some(c) = c else {
        return if block {
            Err(sched::park_for_good(
                sys.caller(),
                WaitReason::ChanReceiveNil,
            ))
        } else {
            Ok((false, false))
        };
    };
    c.lock.lock();
    // SAFETY: the lock is held; `elem` is as the caller promises.
    let received = unsafe { c.recv_locked(elem) };
    if received == Received::Empty && block {
        // SAFETY: the lock is held still; the slot is the caller's.
        return Err(unsafe { wait(sys.caller(), c, elem, false, result) });
    }
    c.lock.unlock();
    match received {
        Received::Value(sender) => {
            if !sender.is_null() {
                // SAFETY: it was met under the lock, which is given back.
                unsafe { wake(sender) };
            }
            Ok((true, true))
        }
        Received::Closed => Ok((true, false)),
        Received::Empty => Ok((false, false)),
    }
}

/// Closes `c` and lets everyone go who waits on it.
#[doc(alias = "closechan")]
pub(super) fn close(sys: Sys<'_>, c: Option<&Hchan>) {
    let Some(c) = c else {
        panic::raise_str(sys, "close of nil channel");
    };
    c.lock.lock();
    if c.closed.load(Ordering::Relaxed) != 0 {
        c.lock.unlock();
        panic::raise_str(sys, "close of closed channel");
    }
    c.closed.store(1, Ordering::Release);
    let mut list: *mut Sudog = null_mut();
    let mut end: *mut *mut Sudog = &raw mut list;
    // SAFETY: the lock is held. Claimed waiters do not run before they are woken, so their slots
    // are ours, and off their queues so are their links, of which `end` is the last.
    unsafe {
        loop {
            let mut s = c.recvq.claim();
            if s.is_null() {
                s = c.sendq.claim();
            }
            if s.is_null() {
                break;
            }
            served(s, !(*s).send && drained(c, (*s).elem));
            (*s).next = null_mut();
            *end = s;
            end = &raw mut (*s).next;
        }
    }
    c.lock.unlock();
    while !list.is_null() {
        let s = list;
        // SAFETY: a waiter of our list was met under the lock, which is given back; its link is
        // read before it may run.
        unsafe {
            list = (*s).next;
            wake(s);
        }
    }
}

/// What a receiver gets whose channel is being closed. While another tries there may be elements:
/// closed means that there are none left.
///
/// # Safety
/// The lock is held; `elem` is null or has room for an element.
#[inline(always)]
unsafe fn drained(c: &Hchan, elem: *mut u8) -> bool {
    let ok = c.qcount.load(Ordering::Relaxed) > 0;
    // SAFETY: the ring is not empty where an element is taken; the rest is the caller's promise.
    unsafe {
        if ok {
            c.take(elem);
        } else if !elem.is_null() {
            core::ptr::write_bytes(elem, 0, c.elemsize as usize);
        }
    }
    ok
}

fn outcome<T>(tried: Tried<T>) -> Outcome {
    match tried {
        Ok(_) => Outcome::Return,
        Err(outcome) => outcome,
    }
}

/// `runtime.chansend1`: `c <- v`.
pub fn chansend1(sys: Sys<'_>, a: &mut args::runtime_chansend1) -> Outcome {
    // SAFETY: compiled code passes a channel or nil, and the address of an element.
    outcome(unsafe { send(sys, channel(a.c), a.elem, true) })
}

/// `runtime.chanrecv1`: `v = <-c`.
pub fn chanrecv1(sys: Sys<'_>, a: &mut args::runtime_chanrecv1) -> Outcome {
    // SAFETY: compiled code passes a channel or nil, and room for an element or nil.
    outcome(unsafe { recv(sys, channel(a.c), a.elem, true, 0) })
}

/// `runtime.chanrecv2`: `v, ok = <-c`.
pub fn chanrecv2(sys: Sys<'_>, a: &mut args::runtime_chanrecv2) -> Outcome {
    let received = offset_of!(args::runtime_chanrecv2, received);
    // SAFETY: compiled code passes a channel or nil, and room for an element or nil.
    match unsafe { recv(sys, channel(a.c), a.elem, true, received) } {
        Ok((_, received)) => {
            a.received = received;
            Outcome::Return
        }
        Err(outcome) => outcome,
    }
}

/// `runtime.closechan`.
pub fn closechan(sys: Sys<'_>, a: &mut args::runtime_closechan) {
    // SAFETY: compiled code passes a channel or nil.
    close(sys, unsafe { channel(a.c) });
}

/// `runtime.selectnbsend` that met somebody.
pub fn selectnbsend(sys: Sys<'_>, a: &mut args::runtime_selectnbsend) {
    // SAFETY: compiled code passes a channel or nil, and the address of an element.
    a.selected = unsafe { send(sys, channel(a.c), a.elem, false) } == Ok(true);
}

/// `runtime.selectnbrecv` that met somebody.
pub fn selectnbrecv(sys: Sys<'_>, a: &mut args::runtime_selectnbrecv) {
    // SAFETY: compiled code passes a channel or nil, and room for an element or nil.
    let tried = unsafe { recv(sys, channel(a.c), a.elem, false, 0) };
    a.selected = matches!(tried, Ok((true, _)));
}

/// `runtime.selectnbrecv2` that met somebody.
pub fn selectnbrecv2(sys: Sys<'_>, a: &mut args::runtime_selectnbrecv2) {
    // SAFETY: compiled code passes a channel or nil, and room for an element or nil.
    let tried = unsafe { recv(sys, channel(a.c), a.elem, false, 0) };
    // It never parks.
    let (selected, received) = tried.unwrap_or((false, false));
    a.selected = selected;
    if !a.received.is_null() {
        // SAFETY: compiled code passes nil or the address of a bool.
        unsafe { *a.received = u8::from(received) };
    }
}

/// `runtime.block`: `select {}`.
pub fn block(sys: Sys<'_>, _a: &mut args::runtime_block) -> Outcome {
    sched::park_for_good(sys.caller(), WaitReason::SelectNoCases)
}

/// `reflect.chansend`.
pub fn reflect_chansend(sys: Sys<'_>, a: &mut args::reflect_chansend) -> Outcome {
    // Written before parking: then the waker need not.
    a.r0 = true;
    // SAFETY: package reflect passes a channel or nil, and the address of an element.
    match unsafe { send(sys, channel(a.ch.cast()), a.val, !a.nb) } {
        Ok(selected) => {
            a.r0 = selected;
            Outcome::Return
        }
        Err(outcome) => outcome,
    }
}

/// `reflect.chanrecv`.
pub fn reflect_chanrecv(sys: Sys<'_>, a: &mut args::reflect_chanrecv) -> Outcome {
    a.selected = true;
    let received = offset_of!(args::reflect_chanrecv, received);
    // SAFETY: package reflect passes a channel or nil, and room for an element.
    match unsafe { recv(sys, channel(a.ch.cast()), a.val, !a.nb, received) } {
        Ok(result) => {
            (a.selected, a.received) = result;
            Outcome::Return
        }
        Err(outcome) => outcome,
    }
}
