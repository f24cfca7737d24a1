//! System mode: send, receive and close with everything that can happen.

use super::hchan::{Hchan, RECEIVER, Received, SENDER, Sent, WaitQ, channel_of};
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
pub unsafe fn wake(s: *mut Sudog) {
    // SAFETY: the goroutine is parked until it is readied; off queue and goroutine the sudog is
    // ours, unless it is a select's.
    unsafe {
        let g = (*s).g;
        let parked = Parked::from_raw(g);
        if (*s).patience == Patience::Tries {
            (*g).resume = ResumeStep::new(try_again);
            (*g).resumearg = s.expose_provenance();
            sched::ready_to_try(parked);
            return;
        }
        if !(*s).select {
            sudogs::release(s);
        }
        sched::ready(parked);
    }
}

/// A goroutine that waited for a channel, and was woken to try, does so. It goes on, or waits on as
/// the first of its queue.
unsafe extern "C" fn try_again(caller: Caller<'_>, waiter: usize) -> Outcome {
    let g = caller.g();
    let s = core::ptr::with_exposed_provenance_mut::<Sudog>(waiter);
    // SAFETY: the sudog is in no queue, and its goroutine's as long as nobody has served it. The
    // list of what g waits for still names it, so the stack may have moved: its slots are read
    // under the lock.
    unsafe {
        let c = channel_of(s);
        let send = (*s).send;
        debug_assert!((*s).g == g && !(*s).queued);
        (*c).lock.lock();
        let (_, reason, who) = side(&mut *c, send);
        let trying = (*c).trying.load(Ordering::Relaxed);
        (*c).trying.store(trying & !who, Ordering::Relaxed);
        let done = if send {
            match (*c).send_locked((*s).elem) {
                Sent::Stored => Some((true, null_mut())),
                Sent::Met(receiver) => Some((true, receiver)),
                Sent::Closed => Some((false, null_mut())),
                Sent::Full => None,
            }
        } else {
            match (*c).recv_locked((*s).elem) {
                Received::Value(sender) => Some((true, sender)),
                Received::Closed => Some((false, null_mut())),
                Received::Empty => None,
            }
        };
        let Some((ok, other)) = done else {
            (*s).loses();
            let (queue, ..) = side(&mut *c, send);
            queue.push_front(s);
            let (parked, outcome) = sched::park(caller, reason);
            parked.kept_as((*s).g);
            (*c).lock.unlock();
            return outcome;
        };
        served(s, ok);
        (*c).lock.unlock();
        sudogs::release(s);
        sched::waited(g);
        if !other.is_null() {
            wake(other);
        }
        if send && !ok {
            // `served` has left that to a resume step: this is it.
            (*g).resume = ResumeStep::NONE;
            send_on_closed(caller.sys());
        }
        Outcome::Return
    }
}

/// Where a sender or a receiver waits: the queue, what it is called, and which it is.
fn side(c: &mut Hchan, send: bool) -> (&mut WaitQ, WaitReason, u8) {
    if send {
        (&mut c.sendq, WaitReason::ChanSend, SENDER)
    } else {
        (&mut c.recvq, WaitReason::ChanReceive, RECEIVER)
    }
}

/// Parks the goroutine that called in until it is served by the channel `c`, whose lock is held and
/// is given back.
unsafe fn wait(
    caller: Caller<'_>,
    c: *mut Hchan,
    elem: *mut u8,
    send: bool,
    result: usize,
) -> Outcome {
    let g = caller.g();
    // SAFETY: under the lock nobody can claim the sudog before the
    // goroutine is parked.
    unsafe {
        let s = sudogs::acquire();
        (*s).elem = elem;
        (*s).lock.set(&raw const (*c).lock);
        (*s).send = send;
        (*s).result = result as u16;
        debug_assert!(
            (*g).waiting.load(Ordering::Relaxed).is_null(),
            "it waits for one thing at a time"
        );
        (*g).waiting.store(s.cast(), Ordering::Relaxed);
        let (queue, reason, who) = side(&mut *c, send);
        queue.push(s);
        (*c).waits(g, who);
        let (parked, outcome) = sched::park(caller, reason);
        parked.kept_as((*s).g);
        (*c).lock.unlock();
        outcome
    }
}

/// What a non-blocking or finished operation answers, and what becomes of the goroutine.
type Tried<T> = Result<T, Outcome>;

/// Sends; `Ok(false)`: would block and must not. `Err`: parked.
#[doc(alias = "chansend")]
unsafe fn send(sys: Sys<'_>, c: *mut Hchan, elem: *mut u8, block: bool) -> Tried<bool> {
    // SAFETY: `c` is a channel or nil, `elem` holds an element of it.
    unsafe {
        if c.is_null() {
            return if block {
                Err(sched::park_for_good(sys.caller(), WaitReason::ChanSendNil))
            } else {
                Ok(false)
            };
        }
        (*c).lock.lock();
        let sent = (*c).send_locked(elem);
        if sent == Sent::Full && block {
            return Err(wait(sys.caller(), c, elem, true, 0));
        }
        (*c).lock.unlock();
        match sent {
            Sent::Stored => Ok(true),
            Sent::Met(receiver) => {
                wake(receiver);
                Ok(true)
            }
            Sent::Full => Ok(false),
            Sent::Closed => send_on_closed(sys),
        }
    }
}

/// Receives: (selected, received). `result`: where a waker writes "received", as offset from the
/// arguments, 0 for nowhere.
#[doc(alias = "chanrecv")]
unsafe fn recv(
    sys: Sys<'_>,
    c: *mut Hchan,
    elem: *mut u8,
    block: bool,
    result: usize,
) -> Tried<(bool, bool)> {
    // SAFETY: `c` is a channel or nil, `elem` null or room for an element of it.
    unsafe {
        if c.is_null() {
            return if block {
                Err(sched::park_for_good(
                    sys.caller(),
                    WaitReason::ChanReceiveNil,
                ))
            } else {
                Ok((false, false))
            };
        }
        (*c).lock.lock();
        let received = (*c).recv_locked(elem);
        if received == Received::Empty && block {
            return Err(wait(sys.caller(), c, elem, false, result));
        }
        (*c).lock.unlock();
        match received {
            Received::Value(sender) => {
                if !sender.is_null() {
                    wake(sender);
                }
                Ok((true, true))
            }
            Received::Closed => Ok((true, false)),
            Received::Empty => Ok((false, false)),
        }
    }
}

/// Closes `c` and lets everyone go who waits on it.
///
/// # Safety
/// `c` is a channel or nil.
#[doc(alias = "closechan")]
pub unsafe fn close(sys: Sys<'_>, c: *mut Hchan) {
    if c.is_null() {
        panic::raise_str(sys, "close of nil channel");
    }
    // SAFETY: a live channel.
    unsafe {
        (*c).lock.lock();
        if (*c).closed.load(Ordering::Relaxed) != 0 {
            (*c).lock.unlock();
            panic::raise_str(sys, "close of closed channel");
        }
        (*c).closed.store(1, Ordering::Release);
        let mut list: *mut Sudog = null_mut();
        let mut end: *mut *mut Sudog = &raw mut list;
        loop {
            let mut s = (*c).recvq.claim();
            if s.is_null() {
                s = (*c).sendq.claim();
            }
            if s.is_null() {
                break;
            }
            let mut ok = false;
            if !(*s).send {
                // While another tries there may be elements: closed means that there are none left.
                ok = (*c).qcount.load(Ordering::Relaxed) > 0;
                if ok {
                    (*c).take((*s).elem);
                } else if !(*s).elem.is_null() {
                    core::ptr::write_bytes((*s).elem, 0, (*c).elemsize as usize);
                }
            }
            served(s, ok);
            (*s).next = null_mut();
            *end = s;
            end = &raw mut (*s).next;
        }
        (*c).lock.unlock();
        while !list.is_null() {
            let s = list;
            list = (*s).next;
            wake(s);
        }
    }
}

fn outcome<T>(tried: Tried<T>) -> Outcome {
    match tried {
        Ok(_) => Outcome::Return,
        Err(outcome) => outcome,
    }
}

/// `runtime.chansend1`: `c <- v`.
pub fn chansend1(sys: Sys<'_>, a: &mut args::runtime_chansend1) -> Outcome {
    // SAFETY: compiled code passes a channel or nil and its element's address.
    outcome(unsafe { send(sys, a.c.cast(), a.elem, true) })
}

/// `runtime.chanrecv1`: `v = <-c`.
pub fn chanrecv1(sys: Sys<'_>, a: &mut args::runtime_chanrecv1) -> Outcome {
    // SAFETY: as in `chansend1`.
    outcome(unsafe { recv(sys, a.c.cast(), a.elem, true, 0) })
}

/// `runtime.chanrecv2`: `v, ok = <-c`.
pub fn chanrecv2(sys: Sys<'_>, a: &mut args::runtime_chanrecv2) -> Outcome {
    // SAFETY: as in `chansend1`.
    match unsafe {
        recv(
            sys,
            a.c.cast(),
            a.elem,
            true,
            offset_of!(args::runtime_chanrecv2, received),
        )
    } {
        Ok((_, received)) => {
            a.received = received;
            Outcome::Return
        }
        Err(outcome) => outcome,
    }
}

/// `runtime.closechan`.
pub fn closechan(sys: Sys<'_>, a: &mut args::runtime_closechan) {
    // SAFETY: as in `chansend1`.
    unsafe { close(sys, a.c.cast()) }
}

/// `runtime.selectnbsend` that met somebody.
pub fn selectnbsend(sys: Sys<'_>, a: &mut args::runtime_selectnbsend) {
    // SAFETY: as in `chansend1`; never parks.
    a.selected = unsafe { send(sys, a.c.cast(), a.elem, false) } == Ok(true);
}

/// `runtime.selectnbrecv` that met somebody.
pub fn selectnbrecv(sys: Sys<'_>, a: &mut args::runtime_selectnbrecv) {
    // SAFETY: as in `chansend1`; never parks.
    a.selected = matches!(
        unsafe { recv(sys, a.c.cast(), a.elem, false, 0) },
        Ok((true, _))
    );
}

/// `runtime.selectnbrecv2` that met somebody.
pub fn selectnbrecv2(sys: Sys<'_>, a: &mut args::runtime_selectnbrecv2) {
    // SAFETY: as in `chansend1`; never parks. `received` is null or the address of a bool.
    unsafe {
        let (selected, received) =
            recv(sys, a.c.cast(), a.elem, false, 0).unwrap_or((false, false));
        a.selected = selected;
        if !a.received.is_null() {
            *a.received = u8::from(received);
        }
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
    // SAFETY: as in `chansend1`.
    match unsafe { send(sys, a.ch.cast(), a.val, !a.nb) } {
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
    // SAFETY: as in `chansend1`.
    match unsafe {
        recv(
            sys,
            a.ch.cast(),
            a.val,
            !a.nb,
            offset_of!(args::reflect_chanrecv, received),
        )
    } {
        Ok(result) => {
            (a.selected, a.received) = result;
            Outcome::Return
        }
        Err(outcome) => outcome,
    }
}
