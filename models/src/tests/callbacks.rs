//! Threads of C that call Go: each has an M of its own, no M has two threads, none is lost when a
//! thread ends, however it does; and no callback runs while the world is stopped.

use super::{DEADLOCK, RACE, explore, first, must_fail};
use crate::cgo::pool::{Node, Pool};
use crate::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Acquire, Relaxed, SeqCst},
    Weak, does,
};
use crate::world::pstatus::{PState, PStatus};
use core::ptr::null_mut;
use core::sync::atomic::AtomicU32 as Plain;
use loom::cell::UnsafeCell;
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::sync::Arc;

/// As `Extra` in `src/cgo/foreign.rs`.
#[repr(C)]
struct Extra {
    node: Node,
    /// What the thread that has the M writes: the P of its last callback, or not.
    oldp: UnsafeCell<bool>,
}

struct C {
    pool: Pool,
    /// The thread of this number is gone.
    gone: [AtomicBool; 2],
    /// For the model alone: Ms that were made.
    made: Plain,
}

// SAFETY: that is what is checked.
unsafe impl Sync for C {}
// SAFETY: as above.
unsafe impl Send for C {}

impl C {
    /// With one M, as after `start`.
    fn new() -> Arc<Self> {
        let c = Arc::new(Self {
            pool: Pool::new(),
            gone: std::array::from_fn(|_| AtomicBool::new(false)),
            made: Plain::new(0),
        });
        c.make(1, 0);
        c
    }

    /// Makes so many, as `make`, for those that were asked for.
    fn make(&self, n: u32, asked: u32) {
        self.made.fetch_add(n, Relaxed);
        let list = (0..n).fold(null_mut(), |list, _| {
            let extra = Extra {
                node: Node::then(list),
                oldp: UnsafeCell::new(false),
            };
            Box::into_raw(Box::new(extra)).cast()
        });
        // SAFETY: nobody else knows them. They are not freed before the model ends.
        unsafe { self.pool.add(list, asked) };
    }

    /// As `take`: the first callback of thread `tid`.
    fn take(&self, tid: u32) -> *mut Extra {
        let extra: *mut Extra = self.pool.take().cast();
        // SAFETY: this thread has it, and writes what belongs to it.
        unsafe {
            (*extra).oldp.with_mut(|v| *v = false);
            (*extra).node.owned_by(tid);
        }
        extra
    }

    /// As `callback`, with a P.
    fn make_others(&self, reclaims: bool) {
        if self.pool.is_short() {
            let n = self.pool.shortage();
            if n != 0 && does("make others") {
                let found = if reclaims { self.reclaim() } else { 0 };
                self.make(n.saturating_sub(found), n);
            }
        }
    }

    fn reclaim(&self) -> u32 {
        let gone = |_, tid: u32| {
            // The kernel knows when a thread is gone, and what it wrote is there then.
            self.gone[tid as usize].load(Acquire) || !does("ask whether the thread is gone")
        };
        // SAFETY: as `has_ended`.
        unsafe { self.pool.reclaim(gone) }
    }

    /// As `thread_ends`.
    fn give(&self, extra: *mut Extra) {
        // SAFETY: this thread has it.
        unsafe { self.pool.give(&raw mut (*extra).node) };
    }

    /// The thread uses its M.
    fn uses(&self, extra: *mut Extra) {
        // SAFETY: this thread has it.
        unsafe { (*extra).oldp.with_mut(|v| *v = true) };
    }
}

/// Threads that keep their Ms: each gets one, though there was one in the beginning.
fn threads_that_stay() {
    let c = C::new();
    let theirs = c.clone();
    let other = thread::spawn(move || {
        let extra = theirs.take(1);
        theirs.make_others(false);
        theirs.uses(extra);
    });
    let extra = c.take(0);
    c.make_others(false);
    c.uses(extra);
    other.join().unwrap();
}

/// A thread that ends, and tells so or not.
fn a_thread_ends(tells: bool) {
    let c = C::new();
    let theirs = c.clone();
    let ends = thread::spawn(move || {
        let extra = theirs.take(1);
        theirs.make_others(true);
        theirs.uses(extra);
        if tells {
            theirs.give(extra);
        }
        theirs.gone[1].store(true, SeqCst);
    });
    let extra = c.take(0);
    c.make_others(true);
    c.uses(extra);
    ends.join().unwrap();
    // Its M can be had again. The pool looks for them when twice as many were made.
    c.make(c.made.load(Relaxed), 0);
    c.reclaim();
    for _ in 1..c.made.load(Relaxed) {
        let again = c.pool.take();
        assert!(!core::ptr::eq(again.cast(), extra), "an M has two threads");
    }
}

#[test]
fn each_thread_gets_an_m() {
    explore(threads_that_stay);
    must_fail(Weak::Step("make others"), DEADLOCK, threads_that_stay);
    must_fail(Weak::Release, RACE, threads_that_stay);
    must_fail(Weak::Acquire, RACE, threads_that_stay);
}

#[test]
fn ms_of_threads_that_end_are_used_again() {
    explore(|| a_thread_ends(true));
    explore(|| a_thread_ends(false));
    let ask = Weak::Step("ask whether the thread is gone");
    must_fail(ask, RACE, || a_thread_ends(true));
    must_fail(ask, RACE, || a_thread_ends(false));
}

/// A P, and who waits for it.
struct World {
    p: PStatus,
    gc_waiting: AtomicU32,
    sched: Mutex<Sched>,
    /// The P became idle, or has stopped.
    changed: Condvar,
    /// What the thread that has the P uses, or the one that has stopped the world.
    caches: UnsafeCell<u32>,
    c: Arc<C>,
}

/// Under the scheduler's lock.
struct Sched {
    idle: bool,
    stopwait: u32,
}

// SAFETY: that is what is checked.
unsafe impl Sync for World {}
// SAFETY: as above.
unsafe impl Send for World {}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            p: PStatus::new(PState::Idle),
            gc_waiting: AtomicU32::new(0),
            sched: Mutex::new(Sched {
                idle: true,
                stopwait: 0,
            }),
            changed: Condvar::new(),
            caches: UnsafeCell::new(0),
            c: C::new(),
        })
    }

    fn use_caches(&self) {
        // SAFETY: this thread has the P, or has stopped the world.
        self.caches.with_mut(|n| unsafe { *n += 1 });
    }

    fn stopped(&self, s: &mut Sched) {
        self.p.stop();
        s.stopwait -= 1;
        self.changed.notify_all();
    }

    /// As `exit_slow`, and `schedule` after it.
    fn wait_for_p(&self) {
        let mut s = self.sched.lock().unwrap();
        loop {
            if s.idle {
                s.idle = false;
                self.p.run();
                return;
            }
            // As `retake` of sysmon and `hand_off`.
            if self.p.take_from_syscall(PState::Idle) {
                if self.gc_waiting.load(Acquire) != 0 {
                    self.stopped(&mut s);
                } else {
                    s.idle = true;
                }
                continue;
            }
            s = self.changed.wait(s).unwrap();
        }
    }

    /// A callback from its first step with a P to the last.
    fn callback(&self, extra: *mut Extra) {
        // SAFETY: this thread has the M.
        let oldp = unsafe { (*extra).oldp.with_mut(|v| core::mem::take(&mut *v)) };
        // As `exit_leaf`.
        let kept = oldp
            && if does("take the P by its status") {
                self.p.take_from_syscall(PState::Running)
            } else {
                self.p.run();
                true
            };
        if !kept {
            self.wait_for_p();
        }
        self.use_caches();
        if self.gc_waiting.load(Relaxed) != 0 && does("stop at a safe point") {
            // As `stop_for_gc`.
            self.stopped(&mut self.sched.lock().unwrap());
            self.wait_for_p();
        }
        // As `enter`, and `enter_with_more` behind it.
        // SAFETY: this thread has the M.
        unsafe { (*extra).oldp.with_mut(|v| *v = true) };
        self.p.enter_syscall();
        {
            // `retake` comes by again.
            let _s = self.sched.lock().unwrap();
            self.changed.notify_all();
        }
        if self.gc_waiting.load(Acquire) != 0 {
            let mut s = self.sched.lock().unwrap();
            if s.stopwait > 0 && self.p.take_from_syscall(PState::Stopped) {
                s.stopwait -= 1;
                self.changed.notify_all();
            }
        }
    }

    /// As `stop_the_world`, by a thread with another P, and `start`.
    fn stop_and_start(&self) {
        let mut s = self.sched.lock().unwrap();
        s.stopwait = 1;
        self.gc_waiting.store(1, SeqCst);
        loop {
            if s.stopwait != 0 && self.p.take_from_syscall(PState::Stopped) {
                s.stopwait -= 1;
            }
            if core::mem::take(&mut s.idle) {
                self.stopped(&mut s);
            }
            if s.stopwait == 0 || !does("wait for all Ps") {
                break;
            }
            // Not for ever: it looks again.
            drop(s);
            thread::yield_now();
            s = self.sched.lock().unwrap();
        }
        drop(s);
        self.use_caches();
        let mut s = self.sched.lock().unwrap();
        self.gc_waiting.store(0, SeqCst);
        self.p.idle();
        s.idle = true;
        self.changed.notify_all();
    }
}

/// A thread calls Go twice, and the world stops meanwhile.
fn stop_in_callbacks() {
    let w = World::new();
    let theirs = w.clone();
    let caller = thread::spawn(move || {
        let extra = theirs.c.take(1);
        theirs.callback(extra);
        theirs.callback(extra);
    });
    w.stop_and_start();
    caller.join().unwrap();
}

/// A thread ends after its callback, and another gets its M and with it the P in its system call.
fn the_m_changes_hands() {
    let w = World::new();
    let theirs = w.clone();
    let first = thread::spawn(move || {
        let extra = theirs.c.take(1);
        theirs.callback(extra);
        theirs.c.give(extra);
    });
    let extra: *mut Extra = w.c.pool.take().cast();
    w.callback(extra);
    w.c.give(extra);
    first.join().unwrap();
}

#[test]
fn no_callback_runs_while_the_world_is_stopped() {
    explore(stop_in_callbacks);
    let two_have_it = first("bad transition of a P", RACE);
    for (step, why) in [
        ("take the P by its status", two_have_it),
        ("wait for all Ps", RACE),
    ] {
        must_fail(Weak::Step(step), why, stop_in_callbacks);
    }
    must_fail(Weak::Release, RACE, stop_in_callbacks);
    must_fail(Weak::Acquire, RACE, stop_in_callbacks);
}

#[test]
fn an_m_changes_hands_with_its_p() {
    explore(the_m_changes_hands);
    must_fail(Weak::Release, RACE, the_m_changes_hands);
    must_fail(Weak::Acquire, RACE, the_m_changes_hands);
}
