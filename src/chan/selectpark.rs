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

use super::hchan::{Hchan, Received, Sent, WaitQ, channel, channel_of};
use super::select::{below, cases, operation, return_to_case, set_received};
use super::{ops::wake, serve::send_on_closed};
use crate::abi::{Caller, G, GoSlice, Outcome, ResumeStep, RuntimeSelect, Sys, args};
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
struct Op<'a> {
    chan: &'a Hchan,
    elem: *mut u8,
    send: bool,
}

impl Op<'_> {
    /// Looks as if it would not block: see [`Hchan::may_send`].
    fn may(&self) -> bool {
        if self.send {
            self.chan.may_send()
        } else {
            self.chan.may_recv()
        }
    }

    /// Performs it, as case number `index`. None: it would block.
    ///
    /// # Safety
    /// The channel is locked, and the slot is that of a case; the waiter in the answer is to be woken
    /// after unlocking.
    unsafe fn perform(&self, index: i32) -> Option<(Choice, *mut Sudog)> {
        if self.send {
            // SAFETY: the caller holds the lock, and the case has the address of an element.
            match unsafe { self.chan.send_locked(self.elem) } {
                Sent::Stored => Some((Choice::Case(index, true), null_mut())),
                Sent::Met(receiver) => Some((Choice::Case(index, true), receiver)),
                Sent::Closed => Some((Choice::Panic, null_mut())),
                Sent::Full => None,
            }
        } else {
            // SAFETY: the caller holds the lock, and the case has room for an element, or none.
            match unsafe { self.chan.recv_locked(self.elem) } {
                Received::Value(sender) => Some((Choice::Case(index, true), sender)),
                Received::Closed => Some((Choice::Case(index, false), null_mut())),
                Received::Empty => None,
            }
        }
    }
}

/// Looks for a ready case among `n`, without locks, that often before it locks all: another may
/// have been quicker, or the waiters stale.
const LOOKS: u32 = 2;

/// Performs one of the cases that look ready, with only its channel locked. None: nothing looks
/// ready, or others were quicker.
///
/// # Safety
///
/// What `op` gives are cases of the select that is being served, in system mode.
unsafe fn perform_ready<'a>(n: usize, op: impl Fn(usize) -> Option<Op<'a>>) -> Option<Choice> {
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
        op.chan.lock.lock();
        // SAFETY: the lock is held, and the slot is the case's, by the caller's promise.
        let performed = unsafe { op.perform(i as i32) };
        op.chan.lock.unlock();
        if let Some((choice, waiter)) = performed {
            if !waiter.is_null() {
                // SAFETY: it was met under the lock, which is given back.
                unsafe { wake(waiter) };
            }
            return Some(choice);
        }
    }
    None
}

/// The cases as a list of sudogs, sorted by channel.
///
/// # Safety
///
/// In system mode for a goroutine, on a thread with a P.
unsafe fn list_of<'a>(n: usize, op: impl Fn(usize) -> Option<Op<'a>>) -> *mut Sudog {
    let mut list = null_mut();
    // Cases of one channel are queued in the order of the list: it starts anywhere, so that none of
    // them is always first.
    let start = below(n as u32) as usize;
    for k in start..start + n {
        let i = if k < n { k } else { k - n };
        let Some(Op { chan, elem, send }) = op(i) else {
            continue;
        };
        // SAFETY: system mode for a goroutine, by the caller's promise; the new sudog is ours.
        unsafe {
            let s = sudogs::acquire();
            (*s).lock.set(&raw const chan.lock);
            (*s).elem = elem;
            (*s).send = send;
            (*s).select = true;
            (*s).index = i as i32;
            (*s).waitlink = list;
            list = s;
        }
    }
    // SAFETY: the list was made here: nobody else knows its sudogs.
    unsafe { sudog::sort_by_lock(list) }
}

/// Performs one of the ready cases of `n`, parks, or chooses the default.
///
/// # Safety
///
/// What `op` gives are cases of the select of the goroutine that called in; `resume` is the step of
/// that select.
unsafe fn choose<'a>(
    sys: Sys<'_>,
    n: usize,
    op: impl Fn(usize) -> Option<Op<'a>>,
    has_default: bool,
    resume: ResumeStep,
) -> Choice {
    // SAFETY: the cases are those of the select that is being served, by the caller's promise.
    if let Some(choice) = unsafe { perform_ready(n, &op) } {
        return choice;
    }
    // SAFETY: system mode for the goroutine that selects; the list is its own, and sorted.
    let list = unsafe {
        let list = list_of(n, op);
        lock_all(list);
        list
    };
    // SAFETY: all locks of the list are held, so nothing about the channels changes.
    let performed = unsafe { perform_locked(list) };
    if performed.is_some() || has_default {
        // SAFETY: the locks are held until here; no sudog of the list was queued, so nobody else
        // knows it.
        unsafe {
            unlock_all(list);
            sudogs::release_all(list);
        }
        let Some((choice, waiter)) = performed else {
            return Choice::Default;
        };
        if !waiter.is_null() {
            // SAFETY: it was met under the locks, which are given back.
            unsafe { wake(waiter) };
        }
        return choice;
    }
    let caller = sys.caller();
    let g = caller.g();
    // SAFETY: all locks are held, so nobody claims a sudog before the goroutine is parked, which is
    // stopped in this call: its words are ours.
    unsafe {
        for s in each(list) {
            queue_of(s).push(s);
        }
        debug_assert!(waiting(g).is_null(), "it waits for one thing at a time");
        (*g).waiting.store(list.cast(), Ordering::Relaxed);
        (*g).param = null_mut();
        (*g).selectdone.store(0, Ordering::Relaxed);
        (*g).resume = resume;
    }
    // Every waiter of the list names it; the one that is claimed has it.
    let (parked, _) = sched::park(caller, WaitReason::Select);
    parked.kept_as(g);
    // SAFETY: the locks are held. The goroutine's resume step takes each of them before it puts a
    // sudog of the list back.
    unsafe { unlock_all(list) };
    Choice::Parked
}

/// Performs one of the ready cases of a list, all of whose channels are locked. None: none is.
///
/// # Safety
/// The list is of the select that is being served, and all its locks are held.
#[inline(always)]
unsafe fn perform_locked(list: *mut Sudog) -> Option<(Choice, *mut Sudog)> {
    loop {
        let (mut chosen, mut ready) = (None, 0);
        for s in each(list) {
            // SAFETY: the list is the caller's, and each of its sudogs names a channel.
            let (op, index) = unsafe {
                let op = Op {
                    chan: channel_of(s),
                    elem: (*s).elem,
                    send: (*s).send,
                };
                (op, (*s).index)
            };
            if op.may() {
                ready += 1;
                if ready == 1 || below(ready) == 0 {
                    chosen = Some((op, index));
                }
            }
        }
        let (op, index) = chosen?;
        // If not, the waiters were stale and are off the queue now: look again.
        // SAFETY: the lock of its channel is held, and the slot is the case's.
        if let Some(performed) = unsafe { op.perform(index) } {
            return Some(performed);
        }
    }
}

/// The queue that a sudog of a select belongs to.
///
/// # Safety
/// As [`channel_of`].
#[inline(always)]
unsafe fn queue_of<'a>(s: *const Sudog) -> &'a WaitQ {
    // SAFETY: by the caller's promise it is alive, and waits for a channel.
    let (c, send) = unsafe { (channel_of(s), (*s).send) };
    if send { &c.sendq } else { &c.recvq }
}

/// After waking: leaves the other queues and puts the sudogs back. Answers (case number, send, ok).
///
/// # Safety
///
/// `g` parked in [`choose`], was claimed, and is in its resume step.
unsafe fn leave(g: *mut G) -> (i32, bool, bool) {
    // SAFETY: a waker left the sudog that it claimed, and the goroutine is being resumed: nobody
    // else changes its list.
    let (chosen, list) = unsafe {
        debug_assert!((*g).selectdone.load(Ordering::Relaxed) != 0);
        ((*g).param.cast::<Sudog>(), waiting(g))
    };
    for s in each(list) {
        // SAFETY: a sudog of the goroutine's own list, which names its channel. Queues are changed
        // under their locks.
        unsafe {
            debug_assert!(!chosen.is_null() && (*chosen).g == g && !(*chosen).queued);
            if s == chosen {
                continue;
            }
            let c = channel_of(s);
            c.lock.lock();
            queue_of(s).remove(s);
            c.lock.unlock();
        }
    }
    // SAFETY: the sudogs are in no queue now, and the goroutine, whose list they are, is stopped in
    // this call.
    unsafe {
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
    // SAFETY: compiled code passes its select object, and has registered all cases.
    let cases = unsafe { cases(a.sel) };
    // SAFETY: a case of the caller's select object.
    let operation = |case| unsafe { operation(case) };
    let default = cases.iter().position(|case| operation(case).is_none());
    let op = |i: usize| {
        let case = cases.get(i)?;
        operation(case).map(|(chan, send)| Op {
            chan,
            elem: case.elem,
            send,
        })
    };
    let resume = ResumeStep::new(resume_selectgo);
    // SAFETY: system mode for the goroutine whose cases these are.
    let choice = unsafe { choose(sys, cases.len(), op, default.is_some(), resume) };
    let (index, received) = match choice {
        Choice::Case(i, received) => (i as usize, received),
        Choice::Default => (default.unwrap_or(0), false),
        Choice::Panic => send_on_closed(sys),
        Choice::Parked => return Outcome::Reschedule,
    };
    let chosen = &cases[index];
    // SAFETY: the goroutine is stopped in this call, and the case is its select's.
    unsafe {
        set_received(chosen, received);
        return_to_case(at, chosen);
    }
    // Should the goroutine be preempted on the way out, this is where it goes on.
    let g = world::curg();
    if !g.is_null() {
        // SAFETY: it is stopped in this call, and its saved context is ours.
        unsafe { (*g).sched.pc = chosen.pc };
    }
    Outcome::Return
}

/// The goroutine goes on at the case that a waker performed.
///
/// # Safety
///
/// As a [`ResumeStep`] is called, of a goroutine that parked in [`selectgo`].
unsafe extern "C" fn resume_selectgo(caller: Caller<'_>, _arg: usize) -> Outcome {
    let g = caller.g();
    // SAFETY: g parked in `selectgo`, and a waker claimed it.
    let (index, send, ok) = unsafe { leave(g) };
    if send && !ok {
        send_on_closed(caller.sys());
    }
    let at = caller.arguments();
    let a = at as *const args::runtime_selectgo;
    // SAFETY: the arguments of the call in which g is stopped; the select object that they name
    // moved along with its stack.
    let cases = unsafe { cases((*a).sel) };
    let chosen = &cases[index as usize];
    // SAFETY: the case is of that object, and the saved context of g is ours.
    unsafe {
        set_received(chosen, ok);
        return_to_case(at, chosen);
        (*g).sched.pc = chosen.pc;
    }
    Outcome::Return
}

/// `reflect.rselect`.
pub fn rselect(sys: Sys<'_>, a: &mut args::reflect_rselect) -> Outcome {
    let GoSlice { ptr, len, .. } = a.a0;
    let cases: &[RuntimeSelect] = if len > 0 {
        // SAFETY: package reflect passes a slice of cases, which it does not change meanwhile.
        unsafe { core::slice::from_raw_parts(ptr.cast(), len as usize) }
    } else {
        &[]
    };
    let is_op = |dir| matches!(dir, DIR_SEND | DIR_RECV);
    let default = cases.iter().rposition(|c| !is_op(c.dir));
    let op = |i: usize| {
        let c = cases.get(i).filter(|c| is_op(c.dir))?;
        // SAFETY: the case names a channel or nil.
        unsafe { channel(c.ch) }.map(|chan| Op {
            chan,
            elem: c.val,
            send: c.dir == DIR_SEND,
        })
    };
    let resume = ResumeStep::new(resume_rselect);
    // SAFETY: system mode for the goroutine that called; the cases have the elements that they
    // need.
    let choice = unsafe { choose(sys, cases.len(), op, default.is_some(), resume) };
    (a.chosen, a.recvOK) = match choice {
        Choice::Case(i, received) => (i64::from(i), received && cases[i as usize].dir == DIR_RECV),
        Choice::Default => (default.unwrap_or(0) as i64, false),
        Choice::Panic => send_on_closed(sys),
        Choice::Parked => return Outcome::Reschedule,
    };
    Outcome::Return
}

/// Directions of package reflect's cases.
const DIR_SEND: usize = 1;
const DIR_RECV: usize = 2;

/// The goroutine goes on behind `reflect.rselect` with the case that a waker performed.
///
/// # Safety
///
/// As a [`ResumeStep`] is called, of a goroutine that parked in [`rselect`].
unsafe extern "C" fn resume_rselect(caller: Caller<'_>, _arg: usize) -> Outcome {
    // SAFETY: g parked in `rselect`, and a waker claimed it.
    let (index, send, ok) = unsafe { leave(caller.g()) };
    if send && !ok {
        send_on_closed(caller.sys());
    }
    let a = caller.arguments() as *mut args::reflect_rselect;
    // SAFETY: the arguments of the call in which the goroutine is stopped, whose results are ours.
    unsafe {
        (*a).chosen = i64::from(index);
        (*a).recvOK = ok && !send;
    }
    Outcome::Return
}
