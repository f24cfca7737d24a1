//! Waking and going idle: a goroutine that is queued does not stay there while a P is idle.
//!
//! A thread that queues a goroutine is busy with another from then on. What the threads that it
//! wakes would do, it does itself: for the checker that is the same.

use super::{explore, must_fail};
use crate::sched::wake::{Host, Retired, Wake};
use crate::sync::atomic::Weak;
use crate::sync::ring::Ring;
use loom::sync::{Mutex, MutexGuard};
use loom::thread;
use std::sync::Arc;

struct Scheduler<const PS: usize> {
    wake: Wake,
    rings: [Ring<2>; PS],
    /// Idle Ps.
    idle: Mutex<Vec<usize>>,
}

/// A thread with or without P.
struct Thread<'a, const PS: usize> {
    s: &'a Scheduler<PS>,
    p: Option<usize>,
}

impl<'a, const PS: usize> Host for Thread<'a, PS> {
    type Lock = MutexGuard<'a, Vec<usize>>;

    fn lock(&self) -> Self::Lock {
        self.s.idle.lock().unwrap()
    }

    fn work(&mut self, _lock: &mut Self::Lock) -> bool {
        false
    }

    fn give_away(&mut self, lock: &mut Self::Lock) {
        lock.push(self.p.take().unwrap());
        self.s.wake.put_idle();
    }

    fn take(&mut self, lock: &mut Self::Lock) -> bool {
        self.p = lock.pop();
        if self.p.is_some() {
            self.s.wake.took_idle();
        }
        self.p.is_some()
    }

    fn linger(&mut self) {}

    fn work_anywhere(&self) -> bool {
        self.s.rings.iter().any(|r| !r.is_empty())
    }
}

impl<const PS: usize> Scheduler<PS> {
    /// All Ps are busy but `idle`.
    fn new(idle: &[usize]) -> Arc<Self> {
        let s = Self {
            wake: Wake::new(),
            rings: std::array::from_fn(|_| Ring::new()),
            idle: Mutex::new(idle.to_vec()),
        };
        for _ in idle {
            s.wake.put_idle();
        }
        Arc::new(s)
    }

    /// As `ready`, on P `p`.
    fn ready(&self, p: usize) {
        self.rings[p].put_next(1);
        if self.wake.wanted() {
            self.wake_p();
        }
    }

    /// As `m::wake_p` and `m::start`.
    fn wake_p(&self) {
        if !self.wake.claim() {
            return;
        }
        let mut t = Thread { s: self, p: None };
        let mut lock = t.lock();
        if !t.take(&mut lock) {
            self.wake.refused();
            return;
        }
        drop(lock);
        self.find(&mut t, true);
    }

    /// As `find_runnable`, of a thread with a P.
    fn find(&self, t: &mut Thread<'_, PS>, mut seeks: bool) {
        loop {
            if !seeks && 2 * self.wake.seekers() < PS as u32 - self.wake.idle() {
                seeks = true;
                self.wake.begin();
            }
            if seeks {
                let mine = t.p.unwrap();
                for p in (0..PS).filter(|&p| p != mine) {
                    if self.rings[mine].steal(&self.rings[p], true) != 0 {
                        if self.wake.found() {
                            self.wake_p();
                        }
                        return;
                    }
                }
            }
            match self.wake.retire(&mut seeks, t) {
                Retired::Seek => {}
                Retired::Idle => return,
                Retired::Work => unreachable!(),
            }
        }
    }

    /// All threads are busy, asleep or done.
    fn check(&self) {
        let queued = self.rings.iter().filter(|r| !r.is_empty()).count();
        let idle = self.idle.lock().unwrap().len();
        assert!(
            queued == 0 || idle == 0,
            "{queued} goroutines wait, {idle} Ps are idle"
        );
        assert_eq!(self.wake.seekers(), 0);
        assert_eq!(self.wake.idle(), idle as u32);
    }
}

/// P 0 gets a goroutine while the thread of P 1 runs out of work.
fn ready_and_retire() {
    let s = Scheduler::<2>::new(&[]);
    let theirs = s.clone();
    let t = thread::spawn(move || {
        theirs.find(
            &mut Thread {
                s: &theirs,
                p: Some(1),
            },
            false,
        )
    });
    s.ready(0);
    t.join().unwrap();
    s.check();
}

/// Two goroutines at once, and an idle P.
fn two_ready() {
    let s = Scheduler::<3>::new(&[2]);
    let theirs = s.clone();
    let t = thread::spawn(move || theirs.ready(1));
    s.ready(0);
    t.join().unwrap();
    s.check();
}

/// A third thread wants a seeker where no P is idle, and so keeps the one that runs out of work
/// from seeking.
fn claimed_in_vain() {
    let s = Scheduler::<2>::new(&[]);
    let (a, b) = (s.clone(), s.clone());
    let retires = thread::spawn(move || a.find(&mut Thread { s: &a, p: Some(1) }, false));
    let wakes = thread::spawn(move || b.wake_p());
    s.ready(0);
    retires.join().unwrap();
    wakes.join().unwrap();
    s.check();
}

#[test]
fn queued_while_another_thread_runs_out_of_work() {
    explore(ready_and_retire);
    must_fail(Weak::Fence, "Ps are idle", ready_and_retire);
}

#[test]
fn two_queued_at_once() {
    explore(two_ready);
}

#[test]
fn a_seeker_that_got_no_p_leaves_word() {
    explore(claimed_in_vain);
}

/// The same, by a thread that forgets to.
#[test]
fn leaving_no_word_is_noticed() {
    must_fail(Weak::Nothing, "Ps are idle", || {
        let s = Scheduler::<2>::new(&[]);
        let (a, b) = (s.clone(), s.clone());
        let retires = thread::spawn(move || a.find(&mut Thread { s: &a, p: Some(1) }, false));
        let wakes = thread::spawn(move || {
            if b.wake.claim() {
                let mut t = Thread { s: &b, p: None };
                let mut lock = t.lock();
                if t.take(&mut lock) {
                    drop(lock);
                    b.find(&mut t, true);
                } else {
                    // A seeker that is counted no more: as if it had found something.
                    b.wake.found();
                }
            }
        });
        s.ready(0);
        retires.join().unwrap();
        wakes.join().unwrap();
        s.check();
    });
}
