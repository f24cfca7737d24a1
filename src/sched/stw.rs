//! Stopping the world: every P stops at a safe point, where no Rust frame of a goroutine is live.
//!
//! P by P: the stopper preempts running ones, takes idle ones, and takes those in system calls by
//! their status. `stopwait` counts the ones still missing; the thread that brings it to zero wakes
//! the stopper.

use super::state::{self, POLLER, SCHED, STOP_NOTE, Sched};
use super::{alarm, interrupt, threads};
use crate::abi::{M, Sys};
use crate::os::cpu::NCPU;
use crate::probe::trace;
use crate::sync::mutex::RawMutex;
use crate::sync::rank;
use crate::world::current::on_g0;
use crate::world::events::Event;
use crate::world::g::ask_to_stop;
use crate::world::lists::{self, GOMAXPROCS};
use crate::world::p::PState;
use crate::world::phase::GCWAITING;
use crate::world::{OwnP, P, Stopped, curg, events, getm, getp, p_of, plocal};
use core::ptr;
use core::sync::atomic::Ordering;

/// One stopper at a time.
static WORLD: RawMutex<{ rank::WORLD }> = RawMutex::new();
/// Time between two requests to preempt: a goroutine may have taken the poisoned guard away without
/// stopping, or be in a loop without calls. Longer makes stops of the world wait longer for such
/// loops; shorter stops goroutines by a signal that would have seen the request soon.
pub const ASK_AGAIN_NS: i64 = 100_000;

/// How long the stopper of the world, and the threads that it stops, spin before they sleep: a few
/// times what a stop of the collector takes, and about as long as waking a thread may take. Longer
/// only takes processor time, where a stop is long for another reason.
pub(crate) const SPIN_NS: i64 = ASK_AGAIN_NS;

/// Every P's thread has a processor, so that no thread that spins delays the one that it waits for.
pub(crate) fn spins() -> bool {
    GOMAXPROCS.load(Ordering::Relaxed) as i32 <= NCPU.load(Ordering::Relaxed)
}

/// Stops all other Ps. None: another thread stops the world already; the caller must give its P up
/// ([`crate::abi::Outcome::Again`]).
///
/// # Safety
/// This thread holds a P; the running goroutine, if any, is stopped at its runtime call.
#[doc(alias = "stopTheWorld")]
pub unsafe fn stop_the_world(_: Sys<'_>) -> Option<Stopped> {
    if !WORLD.try_lock() {
        return None;
    }
    // SAFETY: Ps are never freed. This thread holds its P, by the caller's promise; one off the
    // idle list is ours.
    let wait = unsafe {
        let mut s = SCHED.lock();
        STOP_NOTE.clear();
        debug_assert!((*getp()).status.is(PState::Running, Ordering::Relaxed));
        debug_assert!(s.stopwait == 0);
        s.stopwait = GOMAXPROCS.load(Ordering::Relaxed) as i32;
        GCWAITING.store(1, Ordering::SeqCst);
        preempt_all();
        (*getp()).status.stop();
        s.stopwait -= 1;
        take_from_syscalls(&mut s);
        loop {
            let p = s.pidle_get();
            if p.is_null() {
                break;
            }
            (*p).status.stop();
            s.stopwait -= 1;
        }
        s.stopwait > 0
    };
    if wait {
        alarm::hurry_assists();
        let mut stopped = if spins() {
            STOP_NOTE.spin_for(SPIN_NS)
        } else {
            STOP_NOTE.sleep_for(ASK_AGAIN_NS)
        };
        while !stopped {
            insist_all();
            // A thread that entered a system call at the same time may not have seen that the
            // world stops, and has left its P in state SYSCALL.
            let mut s = SCHED.lock();
            if s.stopwait > 0 {
                take_from_syscalls(&mut s);
                if s.stopwait == 0 {
                    break;
                }
            }
            drop(s);
            stopped = STOP_NOTE.sleep_for(ASK_AGAIN_NS);
        }
    }
    debug_assert!({
        // SAFETY: Ps are never freed, and the state is atomic.
        let stopped = |p: *mut P| unsafe { (*p).status.is(PState::Stopped, Ordering::Relaxed) };
        lists::all_ps().all(stopped)
    });
    STOP_NOTE.clear();
    // SAFETY: this thread has stopped all Ps: none runs until it starts them again.
    Some(unsafe { Stopped::new() })
}

/// Takes the Ps whose Ms are in system calls. While the world is being stopped.
fn take_from_syscalls(s: &mut Sched) {
    for p in lists::all_ps() {
        // SAFETY: Ps are never freed; the thread that changes this state has the P.
        unsafe {
            if (*p).status.take_from_syscall(PState::Stopped) {
                threads::lost(p);
                s.stopwait -= 1;
            }
        }
    }
}

impl Stopped {
    /// Starts the world again.
    #[doc(alias = "startTheWorld")]
    #[doc(alias = "startTheWorldWithSema")]
    pub fn start(self) {
        self.start_with(GOMAXPROCS.load(Ordering::Relaxed));
    }

    /// Starts the world again, with `procs` Ps. Those that go out of use have neither timers nor
    /// anything in the allocator's cache.
    pub fn start_with(self, procs: u32) {
        debug_assert!(GCWAITING.load(Ordering::Relaxed) != 0 && on_g0());
        let mut busy = resize(self, procs);
        WORLD.unlock();
        // Nobody has looked at the network while the world was stopped. A thread that waits in the
        // poller has, and left what it found on a queue.
        if !POLLER.waits() {
            events::ask(Event::OUTSIDE);
        }
        alarm::wake();
        while !busy.is_null() {
            let p = busy;
            // SAFETY: Ps are never freed. Those that `resize` answers are on no list: they are ours
            // to give away, and their link is read before.
            unsafe {
                busy = (*p).link;
                threads::start(p, false);
            }
        }
        if state::WAKE.idle() > 0 {
            threads::wake_p();
        }
    }
}

/// Asks every running goroutine to stop at its next check.
fn preempt_all() {
    for p in lists::all_ps() {
        // SAFETY: the list has Ps, which are never freed.
        unsafe { preempt_one(p) };
    }
}

/// Asks again: the thread of a goroutine that was asked before and still runs gets a signal.
pub fn insist_all() {
    for p in lists::all_ps() {
        // SAFETY: the list has Ps, which are never freed.
        unsafe {
            interrupt::send(p);
            preempt_one(p);
        }
    }
}

/// Asks the goroutine that runs on `p` to stop at its next check. It may have changed by then: that
/// does no harm.
///
/// # Safety
/// `p` is one of the Ps (they are never freed).
#[doc(alias = "preemptone")]
pub unsafe fn preempt_one(p: *mut P) {
    // SAFETY: by the caller's promise one of the Ps; the words are atomic.
    let (running, m) = unsafe {
        let running = (*p).status.is(PState::Running, Ordering::Acquire);
        // Acquire: see `threads::keep_p`.
        (running, (*p).m.load(Ordering::Acquire))
    };
    if running && !m.is_null() && m != getm() {
        // SAFETY: a P's M is one of the Ms.
        unsafe { preempt_m(m) };
    }
}

/// Asks the goroutine of `m` to stop at its next check.
///
/// # Safety
/// `m` is one of the Ms.
unsafe fn preempt_m(m: *mut M) {
    // SAFETY: Ms are never freed; `g0` does not change.
    let (g, g0) = unsafe { ((*m).curg.load(Ordering::Relaxed), (*m).g0) };
    if !g.is_null() && g != g0 {
        // SAFETY: by the list of Ms or a P's word, a G, which is never freed.
        unsafe { ask_to_stop(g) };
    }
}

/// Makes `n` Ps usable, and the world no longer stopped; answers those with goroutines in their
/// queues, linked. This M keeps one. See [`Stopped::start_with`], which does the rest unless the
/// program has not begun yet.
#[doc(alias = "procresize")]
pub fn resize(stopped: Stopped, n: u32) -> *mut P {
    let old = GOMAXPROCS.load(Ordering::Relaxed);
    debug_assert!((1..=lists::MAX_PROCS).contains(&(n as usize)));
    if trace::on() && n != old {
        trace::procs_change(n);
    }
    for i in 0..n as usize {
        if lists::p_at(i).is_null() {
            lists::set_p(i, plocal::new(i as u32));
        }
    }
    let mut s = SCHED.lock();
    for i in n as usize..old as usize {
        let p = lists::p_at(i);
        // SAFETY: the world is stopped: all Ps are ours.
        unsafe {
            let own = OwnP::new(ptr::NonNull::new_unchecked(p));
            while let (Some(g), _) = own.runq_get() {
                s.runq_put(g);
            }
            (*p).status.die();
            (*p).m.store(ptr::null_mut(), Ordering::Relaxed);
        }
    }
    GOMAXPROCS.store(n, Ordering::SeqCst);
    drop(s);
    let m = getm();
    // SAFETY: this thread's M, and Ps of a stopped world, which are ours: it takes one that nobody
    // has, after it has released its own.
    unsafe {
        let mine = p_of(m);
        if mine.is_null() || (*mine).id >= n {
            // In the trace the goroutine that changes GOMAXPROCS yields for a moment.
            let traced = trace::on() && !curg().is_null();
            if traced {
                trace::goroutine_yields(false);
            }
            if !mine.is_null() {
                threads::release_p();
            }
            threads::acquire_p(lists::p_at(0));
            if traced {
                trace::goroutine_runs(curg());
            }
        } else {
            (*mine).status.run();
        }
    }
    let mut busy: *mut P = ptr::null_mut();
    let mut s = SCHED.lock();
    for i in (0..n as usize).rev() {
        let p = lists::p_at(i);
        // SAFETY: the world is stopped: all Ps are ours, and none is on the idle list.
        unsafe {
            if p == p_of(m) {
                continue;
            }
            if (*p).runq_empty() {
                s.pidle_put(p);
            } else {
                (*p).status.idle();
                (*p).link = busy;
                busy = p;
            }
        }
    }
    // Under the lock: a thread that takes an idle P from now on must not find the world stopped
    // and give the P up, since no stopper would count it.
    GCWAITING.store(0, Ordering::SeqCst);
    stopped.end();
    busy
}
