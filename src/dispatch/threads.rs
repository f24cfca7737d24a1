//! Threads that give their P away, wait for one, or wait for the goroutine that is locked to them.

use super::{deadlock, outside};
use crate::sched::state::{self, GLOBAL_RUNQ, SCHED, STOP_NOTE, WAKE};
use crate::sched::stw::{SPIN_NS, spins};
use crate::sched::threads::{self, note, release_p, sleep_for_p, start};
use crate::world::phase::GCWAITING;
use crate::world::{P, Right, Runnable, getm, p_of};
use core::sync::atomic::Ordering;

/// The world is being stopped: gives the P up and sleeps until the world starts again.
#[doc(alias = "gcstopm")]
pub fn stop_for_gc() {
    // SAFETY: system mode, nothing of a goroutine is on this stack.
    unsafe {
        let m = getm();
        if (*m).spinning != 0 {
            (*m).spinning = 0;
            state::WAKE.gave_up();
        }
        let p = threads::release_p();
        {
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
        threads::wait_awake(if spins() { SPIN_NS } else { 0 });
    }
}

/// Sleeps until another thread hands us a P, and takes it. Without P, without locks.
#[doc(alias = "stopm")]
pub fn stop() {
    // SAFETY: this thread's own M.
    unsafe {
        let m = getm();
        if (*m).spinning != 0 {
            (*m).spinning = 0;
            WAKE.gave_up();
        }
        {
            let mut s = SCHED.lock();
            s.midle_put(m);
            deadlock::check_dead(&mut s);
        }
        sleep_for_p(m);
    }
}

/// Gives away a P whose M is blocked: to another M if there is anything to do, else to the idle
/// list.
///
/// # Safety
/// The caller holds `p`.
#[doc(alias = "handoffp")]
pub unsafe fn hand_off(p: *mut P) {
    // SAFETY: the caller's promise.
    unsafe {
        debug_assert!((*p).m.load(Ordering::Relaxed).is_null());
        if !(*p).runq_empty() || GLOBAL_RUNQ.load(Ordering::Acquire) != 0 {
            start(p, false);
            return;
        }
        // A collection is work too: the goroutine that blocks here may be the one that requested
        // it.
        if crate::world::events::asked()
            || (crate::world::phase::enabled() && crate::gc::worker::has_work())
        {
            start(p, false);
            return;
        }
        if (outside::lacks_poller() || WAKE.seekers() + WAKE.idle() == 0) && WAKE.claim() {
            start(p, true);
            return;
        }
        let mut s = SCHED.lock();
        if GCWAITING.load(Ordering::Acquire) != 0 {
            (*p).status.stop();
            s.stopwait -= 1;
            if s.stopwait == 0 {
                state::STOP_NOTE.wakeup();
            }
            return;
        }
        if s.has_runnable() || crate::world::events::asked() {
            drop(s);
            start(p, false);
            return;
        }
        if WAKE.must_seek() && WAKE.claim() {
            drop(s);
            start(p, true);
            return;
        }
        s.pidle_put(p);
    }
}

/// The M of a locked goroutine sleeps until that goroutine is scheduled (see [`start_locked`]) and
/// it gets the P, and with it the goroutine.
///
/// # Safety
/// System mode on the M that owns the lock; it holds a P or none.
#[doc(alias = "stoplockedm")]
pub unsafe fn stop_locked() -> Runnable {
    // SAFETY: the caller's promise.
    unsafe {
        let m = getm();
        debug_assert!({
            let g = (*m).lockedg.load(Ordering::Relaxed);
            !g.is_null() && (*g).lockedm.load(Ordering::Relaxed) == m
        });
        if !p_of(m).is_null() {
            let p = release_p();
            hand_off(p);
        }
        {
            let mut s = SCHED.lock();
            s.nmidlelocked += 1;
            deadlock::check_dead(&mut s);
        }
        sleep_for_p(m);
        Runnable::from_raw((*m).lockedg.load(Ordering::Relaxed))
    }
}

/// Hands our P to the M that `g` is locked to, and sleeps.
///
/// # Safety
/// System mode with a P; `g` is locked to another M.
#[doc(alias = "startlockedm")]
pub unsafe fn start_locked(g: Runnable) {
    // SAFETY: the caller's promise. Only this goroutine is waited for by that M.
    unsafe {
        // The M finds it as the one that it waits for.
        let g = g.into_raw();
        let m = (*g).lockedm.load(Ordering::Relaxed);
        debug_assert!(m != getm() && (*m).lockedg.load(Ordering::Relaxed) == g);
        SCHED.lock().nmidlelocked -= 1;
        let p = release_p();
        (*m).nextp = p.cast();
        note(m).wakeup();
        stop();
    }
}
