//! Threads that give their P away, wait for one, or wait for the goroutine that is locked to them.

use super::{deadlock, outside};
use crate::abi::M;
use crate::sched::state::{self, GLOBAL_RUNQ, SCHED, STOP_NOTE, WAKE};
use crate::sched::stw::{SPIN_NS, spins};
use crate::sched::threads::{self, note, release_p, sleep_for_p, start};
use crate::world::phase::GCWAITING;
use crate::world::{P, Right, Runnable, getm, p_of};
use core::sync::atomic::Ordering;

/// The world is being stopped: gives the P up and sleeps until the world starts again.
#[doc(alias = "gcstopm")]
pub(super) fn stop_for_gc() {
    let m = getm();
    // SAFETY: this thread's M is the one asked for.
    unsafe { gives_up(m) };
    // SAFETY: system mode with a P, and nothing of a goroutine is on this stack. A P that is
    // released stays ours until its state is stopped, and the M is this thread's.
    unsafe {
        let p = threads::release_p();
        let mut s = SCHED.lock();
        debug_assert!(s.stopwait > 0);
        (*p).status.stop();
        // Before it counts as stopped: the thread that starts the world looks for a thread to
        // give the P to.
        s.midle_put(m);
        s.stopwait -= 1;
        if s.stopwait == 0 {
            STOP_NOTE.wakeup();
        }
    }
    // SAFETY: this thread's M is idle: it waits to be woken with a P.
    unsafe { threads::wait_awake(if spins() { SPIN_NS } else { 0 }) };
}

/// This thread stops spinning, if it does, without having found work.
///
/// # Safety
/// `m` is this thread's M.
#[inline(always)]
unsafe fn gives_up(m: *mut M) {
    // SAFETY: the word is only touched by its own thread.
    if unsafe { core::mem::replace(&mut (*m).spinning, 0) } != 0 {
        WAKE.gave_up();
    }
}

/// Sleeps until another thread hands us a P, and takes it. Without P, without locks.
#[doc(alias = "stopm")]
pub(super) fn stop() {
    let m = getm();
    // SAFETY: this thread's M is the one asked for.
    unsafe { gives_up(m) };
    {
        let mut s = SCHED.lock();
        // SAFETY: this thread's own M, which is on no list while it runs.
        unsafe { s.midle_put(m) };
        deadlock::check_dead(&mut s);
    }
    // SAFETY: the M is idle, without P: it waits to be woken with one.
    unsafe { sleep_for_p(m) };
}

/// Gives away a P whose M is blocked: to another M if there is anything to do, else to the idle
/// list.
///
/// # Safety
/// The caller holds `p`.
#[doc(alias = "handoffp")]
pub(super) unsafe fn hand_off(p: *mut P) {
    // SAFETY: the caller holds p: what is not atomic in it is ours.
    let empty = unsafe {
        debug_assert!((*p).m.load(Ordering::Relaxed).is_null());
        (*p).runq_empty()
    };
    // A collection is work too: the goroutine that blocks here may be the one that requested it.
    let work = !empty
        || GLOBAL_RUNQ.load(Ordering::Acquire) != 0
        || crate::world::events::asked()
        || (crate::world::phase::enabled() && crate::gc::worker::has_work());
    if work {
        // SAFETY: the caller gives p away, which no thread has.
        unsafe { start(p, false) };
        return;
    }
    if (outside::lacks_poller() || WAKE.seekers() + WAKE.idle() == 0) && WAKE.claim() {
        // SAFETY: the caller gives p away, which no thread has.
        unsafe { start(p, true) };
        return;
    }
    let mut s = SCHED.lock();
    if GCWAITING.load(Ordering::Acquire) != 0 {
        // SAFETY: by the caller's promise nobody else has p.
        unsafe { (*p).status.stop() };
        s.stopwait -= 1;
        if s.stopwait == 0 {
            state::STOP_NOTE.wakeup();
        }
        return;
    }
    if s.has_runnable() || crate::world::events::asked() {
        drop(s);
        // SAFETY: the caller gives p away, which no thread has.
        unsafe { start(p, false) };
        return;
    }
    if WAKE.must_seek() && WAKE.claim() {
        drop(s);
        // SAFETY: the caller gives p away, which no thread has.
        unsafe { start(p, true) };
        return;
    }
    // SAFETY: the caller gives p away, and its queue is empty.
    unsafe { s.pidle_put(p) };
}

/// The M of a locked goroutine sleeps until that goroutine is scheduled (see [`start_locked`]) and
/// it gets the P, and with it the goroutine.
///
/// # Safety
/// System mode on the M that owns the lock; it holds a P or none.
#[doc(alias = "stoplockedm")]
pub(super) unsafe fn stop_locked() -> Runnable {
    let m = getm();
    // SAFETY: this thread's M, which holds a P or none; a P that it releases is given away.
    unsafe {
        debug_assert!({
            let g = (*m).lockedg.load(Ordering::Relaxed);
            !g.is_null() && (*g).lockedm.load(Ordering::Relaxed) == m
        });
        if !p_of(m).is_null() {
            let p = release_p();
            hand_off(p);
        }
    }
    // No timer that was stopped hides a deadlock.
    crate::time::forget_stopped();
    {
        let mut s = SCHED.lock();
        s.nmidlelocked += 1;
        deadlock::check_dead(&mut s);
    }
    // SAFETY: without P. The thread that wakes this M (`start_locked`) has given up the right to
    // its goroutine, which the M finds by its own word.
    unsafe {
        sleep_for_p(m);
        Runnable::from_raw((*m).lockedg.load(Ordering::Relaxed))
    }
}

/// Hands our P to the M that `g` is locked to, and sleeps.
///
/// # Safety
/// System mode with a P; `g` is locked to another M.
#[doc(alias = "startlockedm")]
pub(super) unsafe fn start_locked(g: Runnable) {
    // The M finds it as the one that it waits for.
    let g = g.into_raw();
    SCHED.lock().nmidlelocked -= 1;
    // SAFETY: by the caller's promise another M is locked to g. It waits for this goroutine alone,
    // and so for this thread: its words are ours until it is woken.
    unsafe {
        let m = (*g).lockedm.load(Ordering::Relaxed);
        debug_assert!(m != getm() && (*m).lockedg.load(Ordering::Relaxed) == g);
        let p = release_p();
        (*m).nextp = p.cast();
        note(m).wakeup();
    }
    stop();
}
