//! select, the general case, in system mode: all channels locked at once, and parking on all of them.
//!
//! The cases become a list of sudogs (`G::waiting`) sorted by channel address, which is the lock order; a channel may occur several
//! times. If a case is ready it is performed and the list put back. Otherwise each sudog is queued and the goroutine parks. A waker
//! claims the goroutine, copies the element and leaves its sudog in `G::param`; the resume step takes the other sudogs off their queues.
//!
//! The thread that parked the goroutine may still be unlocking when the goroutine is resumed elsewhere. It unlocks in descending order, and the
//! resume step takes every lock but the chosen channel's in turn: whichever is unlocked last, the resume step comes after it, and only
//! then are the sudogs that both read put back.

use super::hchan::{Received, Sent};
use super::ops::{send_on_closed, wake};
use super::select::{below, cases, return_to_case};
use super::sudog::{self, Sudog};
use crate::abi::{CASE_DEFAULT, CASE_SEND, G, GoSlice, RuntimeSelect, Status, args};
use crate::sched::{self, WaitReason};
use core::ptr::null_mut;

/// How a select ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// Case number, and whether an element was received (or sent).
    Case(i32, bool),
    /// None is ready, and there is a default.
    Default,
    /// A send on a closed channel was chosen.
    Panic,
    /// The goroutine is parked; its resume step ends the select.
    Parked,
}

/// A case as a sudog in front of `list`.
unsafe fn case(
    list: *mut Sudog,
    c: *mut u8,
    elem: *mut u8,
    send: bool,
    index: usize,
) -> *mut Sudog {
    // SAFETY: system mode with a goroutine.
    unsafe {
        let s = sudog::acquire();
        (*s).chan = c.cast();
        (*s).elem = elem;
        (*s).send = send;
        (*s).select = true;
        (*s).index = index as i32;
        (*s).waitlink = list;
        s
    }
}

/// Iterates over a list linked by `waitlink`; the link is read before the sudog is handed out.
fn each(list: *mut Sudog) -> impl Iterator<Item = *mut Sudog> {
    let mut at = list;
    core::iter::from_fn(move || {
        let s = at;
        if s.is_null() {
            return None;
        }
        // SAFETY: the caller's list of live sudogs.
        at = unsafe { (*s).waitlink };
        Some(s)
    })
}

/// Locks every channel of a sorted list once.
pub(super) unsafe fn lock_all(list: *mut Sudog) {
    let mut last = null_mut();
    for s in each(list) {
        // SAFETY: channels of a select are live.
        unsafe {
            if (*s).chan != last {
                last = (*s).chan;
                (*last).lock.lock();
            }
        }
    }
}

/// Unlocks every channel of a sorted list once, the first in the list last: see the file's head. The list is turned round and back, for
/// it has no backward links.
pub(super) unsafe fn unlock_all(list: *mut Sudog) {
    // SAFETY: as in `lock_all`. `prev` of a queued sudog belongs to its queue, so the way back is found through `tail`.
    unsafe {
        let mut back: *mut Sudog = null_mut();
        for s in each(list) {
            (*s).tail = back;
            back = s;
        }
        while !back.is_null() {
            let c = (*back).chan;
            // Everything is read before the last unlock of a run of equal channels.
            while !(*back).tail.is_null() && (*(*back).tail).chan == c {
                back = (*back).tail;
            }
            let before = (*back).tail;
            (*c).lock.unlock();
            back = before;
        }
    }
}

/// Performs one of the ready cases, parks, or chooses the default. `list` is sorted; it is put back unless the goroutine parks.
unsafe fn choose(
    list: *mut Sudog,
    has_default: bool,
    resume: unsafe extern "C" fn(*mut G, usize) -> Status,
) -> Choice {
    // SAFETY: system mode; the channels are live; under all locks nothing about them changes.
    unsafe {
        lock_all(list);
        let mut to_wake: *mut Sudog = null_mut();
        let choice = loop {
            let (mut chosen, mut ready) = (null_mut::<Sudog>(), 0);
            for s in each(list) {
                if if (*s).send {
                    (*(*s).chan).may_send()
                } else {
                    (*(*s).chan).may_recv()
                } {
                    ready += 1;
                    if ready == 1 || below(ready) == 0 {
                        chosen = s;
                    }
                }
            }
            if chosen.is_null() {
                break None;
            }
            let c = (*chosen).chan;
            let index = (*chosen).index;
            if (*chosen).send {
                match (*c).send_locked((*chosen).elem) {
                    Sent::Stored => break Some(Choice::Case(index, true)),
                    Sent::Handed(receiver) => {
                        to_wake = receiver;
                        break Some(Choice::Case(index, true));
                    }
                    Sent::Closed => break Some(Choice::Panic),
                    // The receivers were stale and are off the queue now: look again.
                    Sent::Full => {}
                }
            } else {
                match (*c).recv_locked((*chosen).elem) {
                    Received::Value(sender) => {
                        to_wake = sender;
                        break Some(Choice::Case(index, true));
                    }
                    Received::Closed => break Some(Choice::Case(index, false)),
                    Received::Empty => {}
                }
            }
        };
        if let Some(choice) = choice {
            unlock_all(list);
            sudog::release_all(list);
            if !to_wake.is_null() {
                wake(to_wake);
            }
            return choice;
        }
        if has_default {
            unlock_all(list);
            sudog::release_all(list);
            return Choice::Default;
        }
        let g = sched::curg();
        for s in each(list) {
            let c = (*s).chan;
            if (*s).send {
                (*c).sendq.push(s)
            } else {
                (*c).recvq.push(s)
            }
        }
        (*g).waiting = list.cast();
        (*g).param = null_mut();
        (*g).selectdone = 0;
        (*g).resume = resume as *const () as usize;
        sched::park(g, WaitReason::Select);
        unlock_all(list);
        Choice::Parked
    }
}

/// After waking: leaves the other queues and puts the sudogs back. Answers (case number, send, ok).
unsafe fn leave(g: *mut G) -> (i32, bool, bool) {
    // SAFETY: g was claimed and resumed: nobody else changes its list; queues are changed under their locks.
    unsafe {
        let chosen = (*g).param.cast::<Sudog>();
        let list = (*g).waiting.cast::<Sudog>();
        for s in each(list) {
            if s == chosen {
                continue;
            }
            let c = (*s).chan;
            (*c).lock.lock();
            if (*s).send {
                (*c).sendq.remove(s)
            } else {
                (*c).recvq.remove(s)
            }
            (*c).lock.unlock();
        }
        let result = ((*chosen).index, (*chosen).send, (*chosen).ok);
        (*g).waiting = null_mut();
        (*g).param = null_mut();
        sudog::release_all(list);
        result
    }
}

/// `runtime.selectgo`.
pub unsafe fn selectgo(a: &mut args::runtime_selectgo) -> Status {
    let at = (&raw mut *a).expose_provenance();
    // SAFETY: cases of the caller's select object.
    unsafe {
        let (first, n) = cases(a.sel);
        let (mut list, mut default) = (null_mut(), None);
        // Cases of one channel are queued in the order of the list: it starts anywhere, so that none of them is always first.
        let start = below(n as u32) as usize;
        for k in start..start + n {
            let i = if k < n { k } else { k - n };
            let c = &*first.add(i);
            match u32::from(c.kind) {
                CASE_DEFAULT => default = Some(i),
                kind => list = case(list, c.chan, c.elem, kind == CASE_SEND, i),
            }
        }
        let list = sudog::sort_by_chan(list);
        let (index, received) = match choose(list, default.is_some(), resume_selectgo) {
            Choice::Case(i, received) => (i as usize, received),
            Choice::Default => (default.unwrap_or(0), false),
            Choice::Panic => send_on_closed(),
            Choice::Parked => return Status::Parked,
        };
        let chosen = &*first.add(index);
        if !chosen.received.is_null() {
            *chosen.received = u8::from(received);
        }
        return_to_case(at, chosen);
        // Should the goroutine be preempted on the way out, this is where it goes on.
        let g = sched::curg();
        if !g.is_null() {
            (*g).sched.pc = chosen.pc;
        }
    }
    Status::Done
}

/// The goroutine goes on at the case that a waker performed.
unsafe extern "C" fn resume_selectgo(g: *mut G, _arg: usize) -> Status {
    // SAFETY: g parked in `selectgo`: its saved stack pointer is the address of that call's arguments, and the select object they name
    // moved along with its stack.
    unsafe {
        let (index, send, ok) = leave(g);
        if send && !ok {
            send_on_closed();
        }
        let at = (*g).sched.sp;
        let a = at as *mut args::runtime_selectgo;
        let (first, _) = cases((*a).sel);
        let chosen = &*first.add(index as usize);
        if !chosen.received.is_null() {
            *chosen.received = u8::from(ok);
        }
        return_to_case(at, chosen);
        (*g).sched.pc = chosen.pc;
    }
    Status::Done
}

/// `reflect.rselect`.
pub unsafe fn rselect(a: &mut args::reflect_rselect) -> Status {
    // SAFETY: package reflect passes a slice of cases, with the channels and elements that they need.
    unsafe {
        let GoSlice { ptr, len, .. } = a.a0;
        let first = ptr.cast::<RuntimeSelect>();
        let (mut list, mut default) = (null_mut(), None);
        let n = len as usize;
        let start = below(n as u32) as usize;
        for k in start..start + n {
            let i = if k < n { k } else { k - n };
            let c = &*first.add(i);
            match c.dir {
                DIR_SEND | DIR_RECV if c.ch.is_null() => {}
                DIR_SEND | DIR_RECV => list = case(list, c.ch, c.val, c.dir == DIR_SEND, i),
                _ => default = Some(i),
            }
        }
        let list = sudog::sort_by_chan(list);
        (a.chosen, a.recvOK) = match choose(list, default.is_some(), resume_rselect) {
            Choice::Case(i, received) => (
                i64::from(i),
                received && (*first.add(i as usize)).dir == DIR_RECV,
            ),
            Choice::Default => (default.unwrap_or(0) as i64, false),
            Choice::Panic => send_on_closed(),
            Choice::Parked => return Status::Parked,
        };
    }
    Status::Done
}

/// Directions of package reflect's cases.
const DIR_SEND: usize = 1;
const DIR_RECV: usize = 2;

unsafe extern "C" fn resume_rselect(g: *mut G, _arg: usize) -> Status {
    // SAFETY: as in `resume_selectgo`.
    unsafe {
        let (index, send, ok) = leave(g);
        if send && !ok {
            send_on_closed();
        }
        let a = (*g).sched.sp as *mut args::reflect_rselect;
        (*a).chosen = i64::from(index);
        (*a).recvOK = ok && !send;
    }
    Status::Done
}
