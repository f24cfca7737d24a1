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
use core::sync::atomic::Ordering;

/// Somebody waits for a descriptor.
#[inline(always)]
pub fn has_waiters(order: Ordering) -> bool {
    WAITERS.load(order) != 0
}

/// Waits until `pd` is ready, or (unless `canceled`) closed or late; the result goes to the
/// goroutine's arguments. Also the second half of the step after waking up, when that was in vain.
///
/// # Safety
///
/// `result` is the result of the call in which the goroutine is stopped.
#[doc(alias = "netpollblock")]
unsafe fn wait(
    caller: Caller<'_>,
    pd: &'static PollDesc,
    mode: Mode,
    canceled: bool,
    result: *mut i64,
) -> Outcome {
    let g = caller.g();
    let at = (&raw const *pd).expose_provenance();
    debug_assert!(at & 7 == 0, "the low bits say how it waits");
    // SAFETY: by the caller's promise a result of the call in which the goroutine is stopped.
    let answer = |value| unsafe { *result = value };
    let word = &pd.wait[mode as usize];
    match word.begin() {
        Begin::Waits => {}
        Begin::Happened => {
            answer(OK);
            return Outcome::Return;
        }
        Begin::Taken => fatal::throw("netpoll: double wait"),
    }
    // A deadline or close from now on finds us waiting; one from before shows here.
    let error = if canceled { OK } else { pd.error(mode) };
    if error != OK {
        answer(if word.end() { OK } else { error });
        return Outcome::Return;
    }
    WAITERS.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the goroutine is stopped in this call: its resume step is ours to set.
    unsafe {
        (*g).resume = ResumeStep::new(resume);
        (*g).resumearg = at | (mode as usize) | (usize::from(canceled) << 1);
    }
    let (parked, outcome) = sched::park(caller, WaitReason::IoWait);
    if let Err(parked) = keep(word, parked) {
        // It happened meanwhile, and nobody saw us: the resume step finds out what.
        WAITERS.fetch_sub(1, Ordering::SeqCst);
        sched::ready(parked);
    }
    outcome
}

/// The descriptor that `g` waits for, and how.
///
/// # Safety
/// It is parked in [`wait`].
pub(super) unsafe fn waits_for(g: *mut crate::abi::G) -> (*const PollDesc, Mode) {
    // SAFETY: by the caller's promise g is parked, so the word does not change.
    let arg = unsafe { (*g).resumearg };
    let mode = if arg & 1 == 0 {
        Mode::Read
    } else {
        Mode::Write
    };
    (core::ptr::with_exposed_provenance(arg & !7), mode)
}

/// After waking up: what was it?
///
/// # Safety
///
/// As a [`ResumeStep`] is called, of a goroutine that parked in [`wait`].
unsafe extern "C" fn resume(caller: Caller<'_>, arg: usize) -> Outcome {
    // SAFETY: `wait` left the descriptor's address, beside how it waits.
    let pd = unsafe { desc(arg & !7) };
    let mode = if arg & 1 == 0 {
        Mode::Read
    } else {
        Mode::Write
    };
    let canceled = arg & 2 != 0;
    let result = (caller.arguments() + offset_of!(args::net_runtime_pollWait, r0)) as *mut i64;
    let happened = pd.wait[mode as usize].end();
    let error = if happened { OK } else { pd.error(mode) };
    // SAFETY: g parked in `wait`, on behalf of one of the two calls, whose arguments are laid out
    // alike.
    unsafe {
        if happened || (error != OK && !canceled) {
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
    let mut at = pool.free;
    if at.is_null() {
        at = mem::persistent();
    } else {
        // SAFETY: descriptors are never freed; the link of one in the pool is under its lock.
        pool.free = unsafe { (*at).link.get() };
    }
    drop(pool);
    // SAFETY: a descriptor of the pool, or of zeroes, which are valid. It is ours now; late timers
    // and events of its former life only touch what is atomic or locked.
    let pd = unsafe { &*at };
    pd.lock.lock();
    pd.fd.set(a.fd);
    pd.closing.store(false, Ordering::SeqCst);
    for i in 0..2 {
        pd.wait[i].reset();
        pd.deadline[i].store(0, Ordering::SeqCst);
    }
    pd.lock.unlock();
    a.r0 = at.expose_provenance();
    let errno = epoll::open(a.fd, a.r0 as u64);
    a.r1 = i64::from(errno);
    if errno != 0 {
        recycle(pd);
        a.r0 = 0;
    }
}

/// Gives a descriptor to the pool: nobody uses it any more.
fn recycle(pd: &'static PollDesc) {
    let mut pool = POOL.lock();
    pd.link.set(pool.free);
    pool.free = (&raw const *pd).cast_mut();
}

/// `net.runtime_pollClose`: after `pollUnblock`, with nobody using the descriptor any more.
pub fn close(_: Sys<'_>, a: &mut args::net_runtime_pollClose) {
    // SAFETY: package net passes a handle that it has from `open`.
    let pd = unsafe { desc(a.ctx) };
    if !pd.closing.load(Ordering::SeqCst) {
        fatal::throw("netpollClose w/o unblock");
    }
    if pd.wait.iter().any(Waiter::blocked) {
        fatal::throw("netpollClose: blocked goroutine");
    }
    // SAFETY: the timer is the descriptor's, which is never freed.
    debug_assert!(unsafe { !is_armed(pd.timer.get()) }, "no deadline is left");
    epoll::close(pd.fd.get());
    recycle(pd);
}

/// `net.runtime_pollReset`: before an attempt to read or write, forgets what happened before.
#[doc(alias = "net_runtime_pollReset")]
pub fn reset(_: Leaf<'_>, a: &mut args::net_runtime_pollReset) {
    let mode = mode(a.mode);
    // SAFETY: package net passes a handle that it has from `open`.
    let pd = unsafe { desc(a.ctx) };
    a.r0 = pd.error(mode);
    if a.r0 == OK {
        // It allows one reader and one writer at a time.
        pd.wait[mode as usize].reset();
    }
}

/// `net.runtime_pollWait`.
#[doc(alias = "net_runtime_pollWait")]
pub fn poll_wait(sys: Sys<'_>, a: &mut args::net_runtime_pollWait) -> Outcome {
    let mode = mode(a.mode);
    // SAFETY: package net passes a handle that it has from `open`.
    let pd = unsafe { desc(a.ctx) };
    a.r0 = pd.error(mode);
    if a.r0 != OK {
        return Outcome::Return;
    }
    // SAFETY: the result of this very call.
    unsafe { wait(sys.caller(), pd, mode, false, &raw mut a.r0) }
}

/// `net.runtime_pollWaitCanceled`: waits for an operation that the kernel was asked to cancel,
/// whatever the deadline.
pub fn poll_wait_canceled(sys: Sys<'_>, a: &mut args::net_runtime_pollWaitCanceled) -> Outcome {
    let mode = mode(a.mode);
    // SAFETY: package net passes a handle that it has from `open`; the result is that of this very call.
    unsafe { wait(sys.caller(), desc(a.ctx), mode, true, &raw mut a.r0) }
}

/// `net.runtime_pollSetDeadline`.
#[doc(alias = "net_runtime_pollSetDeadline")]
pub fn set_deadline(_: Sys<'_>, a: &mut args::net_runtime_pollSetDeadline) {
    let (read, write) = match a.mode {
        MODE_READ => (true, false),
        MODE_WRITE => (false, true),
        _ => (true, true),
    };
    // SAFETY: package net passes a handle that it has from `open`.
    let pd = unsafe { desc(a.ctx) };
    pd.lock.lock();
    let gs = if pd.closing.load(Ordering::SeqCst) {
        [None, None]
    } else {
        // SAFETY: the descriptor is locked, and not closing.
        unsafe { deadline::set(pd, a.d, [read, write]) }
    };
    pd.lock.unlock();
    ready_all(gs);
}

/// `net.runtime_pollUnblock`: the descriptor is about to be closed.
pub fn unblock(_: Sys<'_>, a: &mut args::net_runtime_pollUnblock) {
    // SAFETY: package net passes a handle that it has from `open`.
    let pd = unsafe { desc(a.ctx) };
    pd.lock.lock();
    if pd.closing.swap(true, Ordering::SeqCst) {
        fatal::throw("netpollUnblock: already closing");
    }
    // SAFETY: the lock of the descriptor is held here.
    unsafe { deadline::clear(pd) };
    let gs = [
        pd.unblock(Mode::Read, false),
        pd.unblock(Mode::Write, false),
    ];
    pd.lock.unlock();
    ready_all(gs);
}
