//! What package net calls: a descriptor is opened, waited for, closed.

use super::deadline;
use super::desc::{
    MODE_READ, MODE_WRITE, Mode, OK, POOL, PollDesc, WAITERS, desc, keep, mode, ready_all,
};
use super::waiter::{Begin, Waiter};
use crate::abi::{Caller, Leaf, Outcome, ResumeStep, Sys, args};
use crate::sched::{self, epoll};
use crate::time::timers::is_armed;
use crate::world::WaitReason;
use crate::{fatal, mem};
use core::mem::offset_of;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// Somebody waits for a descriptor.
#[inline(always)]
pub fn has_waiters(order: Ordering) -> bool {
    WAITERS.load(order) != 0
}

/// Waits until `pd` is ready, or (unless `canceled`) closed or late; the result goes to the
/// goroutine's arguments. Also the second half of the step after waking up, when that was in vain.
#[doc(alias = "netpollblock")]
unsafe fn wait(
    caller: Caller<'_>,
    pd: *mut PollDesc,
    mode: Mode,
    canceled: bool,
    result: *mut i64,
) -> Outcome {
    let g = caller.g();
    // SAFETY: descriptors live for ever; `result` is in the goroutine's arguments.
    unsafe {
        debug_assert!(
            !pd.is_null() && pd.addr() & 7 == 0,
            "the low bits say how it waits"
        );
        let word = &(*pd).wait[mode as usize];
        match word.begin() {
            Begin::Waits => {}
            Begin::Happened => {
                *result = OK;
                return Outcome::Return;
            }
            Begin::Taken => fatal::throw("netpoll: double wait"),
        }
        // A deadline or close from now on finds us waiting; one from before shows here.
        let error = if canceled { OK } else { (*pd).error(mode) };
        if error != OK {
            *result = if word.end() { OK } else { error };
            return Outcome::Return;
        }
        WAITERS.fetch_add(1, Ordering::SeqCst);
        (*g).resume = ResumeStep::new(resume);
        (*g).resumearg = pd.expose_provenance() | (mode as usize) | (usize::from(canceled) << 1);
        let (parked, outcome) = sched::park(caller, WaitReason::IoWait);
        if let Err(parked) = keep(word, parked) {
            // It happened meanwhile, and nobody saw us: the resume step finds out what.
            WAITERS.fetch_sub(1, Ordering::SeqCst);
            sched::ready(parked);
        }
        outcome
    }
}

/// The descriptor that `g` waits for, and how.
///
/// # Safety
/// It is parked in [`wait`].
pub(super) unsafe fn waits_for(g: *mut crate::abi::G) -> (*mut PollDesc, Mode) {
    // SAFETY: the caller's promise.
    let arg = unsafe { (*g).resumearg };
    let mode = if arg & 1 == 0 {
        Mode::Read
    } else {
        Mode::Write
    };
    (core::ptr::with_exposed_provenance_mut(arg & !7), mode)
}

/// After waking up: what was it?
unsafe extern "C" fn resume(caller: Caller<'_>, arg: usize) -> Outcome {
    let pd: *mut PollDesc = core::ptr::with_exposed_provenance_mut(arg & !7);
    let mode = if arg & 1 == 0 {
        Mode::Read
    } else {
        Mode::Write
    };
    let canceled = arg & 2 != 0;
    // SAFETY: g parked in `wait`, on behalf of one of the two calls, whose arguments are laid out
    // alike.
    unsafe {
        let result = (caller.arguments() + offset_of!(args::net_runtime_pollWait, r0)) as *mut i64;
        if (*pd).wait[mode as usize].end() {
            *result = OK;
            return Outcome::Return;
        }
        let error = (*pd).error(mode);
        if error != OK && !canceled {
            *result = error;
            return Outcome::Return;
        }
        // A deadline was over when it woke us, and has been set anew.
        wait(caller, pd, mode, canceled, result)
    }
}

/// `net.runtime_pollServerInit`.
pub fn server_init(_: Sys<'_>, _a: &mut args::net_runtime_pollServerInit) {
    epoll::init();
}

/// `net.runtime_pollOpen`.
pub fn open(_: Sys<'_>, a: &mut args::net_runtime_pollOpen) {
    let mut pool = POOL.lock();
    let mut pd = pool.free;
    if pd.is_null() {
        pd = mem::persistent();
    } else {
        // SAFETY: a pooled descriptor is nobody's.
        pool.free = unsafe { (*pd).link };
    }
    drop(pool);
    // SAFETY: the descriptor is ours now; late timers and events of its former life only touch what
    // is atomic or locked.
    unsafe {
        (*pd).lock.lock();
        (*pd).fd = a.fd;
        (*pd).closing.store(false, Ordering::SeqCst);
        for i in 0..2 {
            (*pd).wait[i].reset();
            (*pd).deadline[i].store(0, Ordering::SeqCst);
        }
        (*pd).lock.unlock();
        let errno = epoll::open(a.fd, pd.expose_provenance() as u64);
        a.r1 = i64::from(errno);
        if errno != 0 {
            recycle(pd);
            pd = null_mut();
        }
    }
    a.r0 = pd.expose_provenance();
}

unsafe fn recycle(pd: *mut PollDesc) {
    let mut pool = POOL.lock();
    // SAFETY: nobody uses the descriptor any more.
    unsafe { (*pd).link = pool.free };
    pool.free = pd;
}

/// `net.runtime_pollClose`: after `pollUnblock`, with nobody using the descriptor any more.
pub fn close(_: Sys<'_>, a: &mut args::net_runtime_pollClose) {
    let pd = desc(a.ctx);
    // SAFETY: package net's handle.
    unsafe {
        if !(*pd).closing.load(Ordering::SeqCst) {
            fatal::throw("netpollClose w/o unblock");
        }
        if (*pd).wait.iter().any(Waiter::blocked) {
            fatal::throw("netpollClose: blocked goroutine");
        }
        debug_assert!(!is_armed(&raw mut (*pd).timer), "no deadline is left");
        epoll::close((*pd).fd);
        recycle(pd);
    }
}

/// `net.runtime_pollReset`: before an attempt to read or write, forgets what happened before.
#[doc(alias = "net_runtime_pollReset")]
pub fn reset(_: Leaf<'_>, a: &mut args::net_runtime_pollReset) {
    let (pd, mode) = (desc(a.ctx), mode(a.mode));
    // SAFETY: package net's handle; it allows one reader and one writer at a time.
    unsafe {
        a.r0 = (*pd).error(mode);
        if a.r0 == OK {
            (*pd).wait[mode as usize].reset();
        }
    }
}

/// `net.runtime_pollWait`.
#[doc(alias = "net_runtime_pollWait")]
pub fn poll_wait(sys: Sys<'_>, a: &mut args::net_runtime_pollWait) -> Outcome {
    let (pd, mode) = (desc(a.ctx), mode(a.mode));
    // SAFETY: package net's handle; the goroutine that called in.
    unsafe {
        a.r0 = (*pd).error(mode);
        if a.r0 != OK {
            return Outcome::Return;
        }
        wait(sys.caller(), pd, mode, false, &raw mut a.r0)
    }
}

/// `net.runtime_pollWaitCanceled`: waits for an operation that the kernel was asked to cancel,
/// whatever the deadline.
pub fn poll_wait_canceled(sys: Sys<'_>, a: &mut args::net_runtime_pollWaitCanceled) -> Outcome {
    // SAFETY: as in `poll_wait`.
    unsafe { wait(sys.caller(), desc(a.ctx), mode(a.mode), true, &raw mut a.r0) }
}

/// `net.runtime_pollSetDeadline`.
#[doc(alias = "net_runtime_pollSetDeadline")]
pub fn set_deadline(_: Sys<'_>, a: &mut args::net_runtime_pollSetDeadline) {
    let (read, write) = match a.mode {
        MODE_READ => (true, false),
        MODE_WRITE => (false, true),
        _ => (true, true),
    };
    // SAFETY: package net's handle.
    unsafe {
        let pd = desc(a.ctx);
        (*pd).lock.lock();
        let gs = if (*pd).closing.load(Ordering::SeqCst) {
            [None, None]
        } else {
            deadline::set(pd, a.d, [read, write])
        };
        (*pd).lock.unlock();
        ready_all(gs);
    }
}

/// `net.runtime_pollUnblock`: the descriptor is about to be closed.
pub fn unblock(_: Sys<'_>, a: &mut args::net_runtime_pollUnblock) {
    // SAFETY: package net's handle.
    unsafe {
        let pd = desc(a.ctx);
        (*pd).lock.lock();
        if (*pd).closing.swap(true, Ordering::SeqCst) {
            fatal::throw("netpollUnblock: already closing");
        }
        deadline::clear(pd);
        let gs = [
            (*pd).unblock(Mode::Read, false),
            (*pd).unblock(Mode::Write, false),
        ];
        (*pd).lock.unlock();
        ready_all(gs);
    }
}
