//! select, the general case, in system mode.
//!
//! A case that looks ready is performed with its channel locked alone: that a waiter is met there
//! changes nothing for the other cases. Only when none looks ready are all channels locked at once,
//! and the goroutine parks on all of them. Then the cases become a list of sudogs (`G::waiting`)
//! sorted by channel address, which is the lock order; a channel may occur several times. If a case
//! is ready by now it is performed and the list put back. Otherwise each sudog is queued and the
//! goroutine parks. A waker claims the goroutine, copies the element and leaves its sudog in
//! `G::param`; the resume step takes the other sudogs off their queues.
//!
//! The thread that parked the goroutine may still be unlocking when the goroutine is resumed
//! elsewhere. It unlocks in descending order, and the resume step takes every lock but the chosen
//! channel's in turn: whichever is unlocked last, the resume step comes after it, and only then are
//! the sudogs that both read put back.

use super::hchan::{Hchan, Received, Sent, channel_of};
use super::select::{below, cases, return_to_case};
use super::{ops::wake, serve::send_on_closed};
use crate::abi::{
    CASE_DEFAULT, CASE_SEND, Caller, G, GoSlice, Outcome, ResumeStep, RuntimeSelect, Sys, args,
};
use crate::sched;
use crate::world::sudog::{self, Sudog, each, lock_all, unlock_all, waiting};
use crate::world::sudogs;
use crate::world::{self, WaitReason};
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

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

/// What a case is about, be the select compiled or built by package reflect.
struct Op {
    chan: *mut Hchan,
    elem: *mut u8,
    send: bool,
}

impl Op {
    /// Looks as if it would not block: see [`Hchan::may_send`].
    unsafe fn may(&self) -> bool {
        // SAFETY: channels of a select are live.
        unsafe {
            if self.send {
                (*self.chan).may_send()
            } else {
                (*self.chan).may_recv()
            }
        }
    }

    /// Performs it, as case number `index`. None: it would block.
    ///
    /// # Safety
    /// The channel is locked; the waiter in the answer is to be woken after unlocking.
    unsafe fn perform(&self, index: i32) -> Option<(Choice, *mut Sudog)> {
        // SAFETY: the caller's promise; the slots are those of the select's cases.
        unsafe {
            if self.send {
                match (*self.chan).send_locked(self.elem) {
                    Sent::Stored => Some((Choice::Case(index, true), null_mut())),
                    Sent::Met(receiver) => Some((Choice::Case(index, true), receiver)),
                    Sent::Closed => Some((Choice::Panic, null_mut())),
                    Sent::Full => None,
                }
            } else {
                match (*self.chan).recv_locked(self.elem) {
                    Received::Value(sender) => Some((Choice::Case(index, true), sender)),
                    Received::Closed => Some((Choice::Case(index, false), null_mut())),
                    Received::Empty => None,
                }
            }
        }
    }
}

/// Looks for a ready case among `n`, without locks, that often before it locks all: another may
/// have been quicker, or the waiters stale.
const LOOKS: u32 = 2;

/// Performs one of the cases that look ready, with only its channel locked. None: nothing looks
/// ready, or others were quicker.
unsafe fn perform_ready(n: usize, op: impl Fn(usize) -> Option<Op>) -> Option<Choice> {
    // SAFETY: system mode; channels of a select are live.
    unsafe {
        for _ in 0..LOOKS {
            let (mut chosen, mut ready) = (None, 0);
            for i in 0..n {
                if let Some(op) = op(i)
                    && op.may()
                {
                    ready += 1;
                    if ready == 1 || below(ready) == 0 {
                        chosen = Some((i, op));
                    }
                }
            }
            let (i, op) = chosen?;
            (*op.chan).lock.lock();
            let performed = op.perform(i as i32);
            (*op.chan).lock.unlock();
            if let Some((choice, waiter)) = performed {
                if !waiter.is_null() {
                    wake(waiter);
                }
                return Some(choice);
            }
        }
        None
    }
}

/// The cases as a list of sudogs, sorted by channel.
unsafe fn list_of(n: usize, op: impl Fn(usize) -> Option<Op>) -> *mut Sudog {
    let mut list = null_mut();
    // Cases of one channel are queued in the order of the list: it starts anywhere, so that none of
    // them is always first.
    let start = below(n as u32) as usize;
    for k in start..start + n {
        let i = if k < n { k } else { k - n };
        let Some(Op { chan, elem, send }) = op(i) else {
            continue;
        };
        // SAFETY: system mode with a goroutine; the sudog is ours.
        unsafe {
            let s = sudogs::acquire();
            (*s).lock.set(&raw const (*chan).lock);
            (*s).elem = elem;
            (*s).send = send;
            (*s).select = true;
            (*s).index = i as i32;
            (*s).waitlink = list;
            list = s;
        }
    }
    // SAFETY: the list is ours.
    unsafe { sudog::sort_by_lock(list) }
}

/// Performs one of the ready cases of `n`, parks, or chooses the default.
unsafe fn choose(
    sys: Sys<'_>,
    n: usize,
    op: impl Fn(usize) -> Option<Op>,
    has_default: bool,
    resume: ResumeStep,
) -> Choice {
    // SAFETY: the channels are live; under all locks nothing about them changes.
    unsafe {
        if let Some(choice) = perform_ready(n, &op) {
            return choice;
        }
        let list = list_of(n, op);
        lock_all(list);
        let performed = loop {
            let (mut chosen, mut ready) = (None, 0);
            for s in each(list) {
                let op = Op {
                    chan: channel_of(s),
                    elem: (*s).elem,
                    send: (*s).send,
                };
                if op.may() {
                    ready += 1;
                    if ready == 1 || below(ready) == 0 {
                        chosen = Some((op, (*s).index));
                    }
                }
            }
            let Some((op, index)) = chosen else {
                break None;
            };
            // If not, the waiters were stale and are off the queue now: look again.
            if let Some(performed) = op.perform(index) {
                break Some(performed);
            }
        };
        if performed.is_some() || has_default {
            unlock_all(list);
            sudogs::release_all(list);
            let Some((choice, waiter)) = performed else {
                return Choice::Default;
            };
            if !waiter.is_null() {
                wake(waiter);
            }
            return choice;
        }
        let caller = sys.caller();
        let g = caller.g();
        for s in each(list) {
            let c = channel_of(s);
            if (*s).send {
                (*c).sendq.push(s)
            } else {
                (*c).recvq.push(s)
            }
        }
        debug_assert!(waiting(g).is_null(), "it waits for one thing at a time");
        (*g).waiting.store(list.cast(), Ordering::Relaxed);
        (*g).param = null_mut();
        (*g).selectdone.store(0, Ordering::Relaxed);
        (*g).resume = resume;
        // Every waiter of the list names it; the one that is claimed has it.
        let (parked, _) = sched::park(caller, WaitReason::Select);
        parked.kept_as(g);
        unlock_all(list);
        Choice::Parked
    }
}

/// After waking: leaves the other queues and puts the sudogs back. Answers (case number, send, ok).
unsafe fn leave(g: *mut G) -> (i32, bool, bool) {
    // SAFETY: g was claimed and resumed: nobody else changes its list; queues are changed under
    // their locks.
    unsafe {
        let chosen = (*g).param.cast::<Sudog>();
        let list = waiting(g);
        debug_assert!(!chosen.is_null() && (*chosen).g == g && !(*chosen).queued);
        debug_assert!((*g).selectdone.load(Ordering::Relaxed) != 0);
        for s in each(list) {
            if s == chosen {
                continue;
            }
            let c = channel_of(s);
            (*c).lock.lock();
            if (*s).send {
                (*c).sendq.remove(s)
            } else {
                (*c).recvq.remove(s)
            }
            (*c).lock.unlock();
        }
        let result = ((*chosen).index, (*chosen).send, (*chosen).ok);
        (*g).waiting.store(null_mut(), Ordering::Relaxed);
        (*g).param = null_mut();
        sudogs::release_all(list);
        result
    }
}

/// `runtime.selectgo`.
pub fn selectgo(sys: Sys<'_>, a: &mut args::runtime_selectgo) -> Outcome {
    let at = (&raw mut *a).expose_provenance();
    // SAFETY: cases of the caller's select object.
    unsafe {
        let (first, n) = cases(a.sel);
        let default = (0..n).find(|&i| u32::from((*first.add(i)).kind) == CASE_DEFAULT);
        let op = |i: usize| {
            let c = &*first.add(i);
            (u32::from(c.kind) != CASE_DEFAULT).then(|| Op {
                chan: c.chan.cast(),
                elem: c.elem,
                send: u32::from(c.kind) == CASE_SEND,
            })
        };
        let (index, received) = match choose(
            sys,
            n,
            op,
            default.is_some(),
            ResumeStep::new(resume_selectgo),
        ) {
            Choice::Case(i, received) => (i as usize, received),
            Choice::Default => (default.unwrap_or(0), false),
            Choice::Panic => send_on_closed(sys),
            Choice::Parked => return Outcome::Reschedule,
        };
        let chosen = &*first.add(index);
        if !chosen.received.is_null() {
            *chosen.received = u8::from(received);
        }
        return_to_case(at, chosen);
        // Should the goroutine be preempted on the way out, this is where it goes on.
        let g = world::curg();
        if !g.is_null() {
            (*g).sched.pc = chosen.pc;
        }
    }
    Outcome::Return
}

/// The goroutine goes on at the case that a waker performed.
unsafe extern "C" fn resume_selectgo(caller: Caller<'_>, _arg: usize) -> Outcome {
    let g = caller.g();
    // SAFETY: g parked in `selectgo`; the select object that its arguments name moved along with
    // its stack.
    unsafe {
        let (index, send, ok) = leave(g);
        if send && !ok {
            send_on_closed(caller.sys());
        }
        let at = caller.arguments();
        let a = at as *mut args::runtime_selectgo;
        let (first, _) = cases((*a).sel);
        let chosen = &*first.add(index as usize);
        if !chosen.received.is_null() {
            *chosen.received = u8::from(ok);
        }
        return_to_case(at, chosen);
        (*g).sched.pc = chosen.pc;
    }
    Outcome::Return
}

/// `reflect.rselect`.
pub fn rselect(sys: Sys<'_>, a: &mut args::reflect_rselect) -> Outcome {
    // SAFETY: package reflect passes a slice of cases, with the channels and elements that they
    // need.
    unsafe {
        let GoSlice { ptr, len, .. } = a.a0;
        let first = ptr.cast::<RuntimeSelect>();
        let n = len as usize;
        let is_op = |dir| matches!(dir, DIR_SEND | DIR_RECV);
        let default = (0..n).rfind(|&i| !is_op((*first.add(i)).dir));
        let op = |i: usize| {
            let c = &*first.add(i);
            (is_op(c.dir) && !c.ch.is_null()).then(|| Op {
                chan: c.ch.cast(),
                elem: c.val,
                send: c.dir == DIR_SEND,
            })
        };
        (a.chosen, a.recvOK) = match choose(
            sys,
            n,
            op,
            default.is_some(),
            ResumeStep::new(resume_rselect),
        ) {
            Choice::Case(i, received) => (
                i64::from(i),
                received && (*first.add(i as usize)).dir == DIR_RECV,
            ),
            Choice::Default => (default.unwrap_or(0) as i64, false),
            Choice::Panic => send_on_closed(sys),
            Choice::Parked => return Outcome::Reschedule,
        };
    }
    Outcome::Return
}

/// Directions of package reflect's cases.
const DIR_SEND: usize = 1;
const DIR_RECV: usize = 2;

unsafe extern "C" fn resume_rselect(caller: Caller<'_>, _arg: usize) -> Outcome {
    let g = caller.g();
    // SAFETY: as in `resume_selectgo`.
    unsafe {
        let (index, send, ok) = leave(g);
        if send && !ok {
            send_on_closed(caller.sys());
        }
        let a = caller.arguments() as *mut args::reflect_rselect;
        (*a).chosen = i64::from(index);
        (*a).recvOK = ok && !send;
    }
    Outcome::Return
}
