//! A semaphore as `src/sema/semaphore.rs` uses its words: no waiter sleeps while a unit is there,
//! no unit is taken twice.

use super::{DEADLOCK, explore, must_fail};
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed, Weak};
use crate::sync::units::{self, Turn};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::collections::VecDeque;
use std::sync::Arc;

struct Semaphore {
    units: AtomicU32,
    waiters: AtomicU32,
    queue: Mutex<VecDeque<Arc<Goroutine>>>,
}

/// A goroutine that parks.
struct Goroutine {
    ready: Mutex<Option<Woken>>,
    woken: Condvar,
    /// It was woken to try, and is still the first of the queue.
    trying: AtomicU32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// To take a unit if it can.
    ToTry,
    /// One was taken for it.
    Served,
}

impl Goroutine {
    fn wake(&self, how: Woken) {
        *self.ready.lock().unwrap() = Some(how);
        self.woken.notify_one();
    }

    fn park(&self) -> Woken {
        let mut ready = self.ready.lock().unwrap();
        loop {
            if let Some(how) = ready.take() {
                return how;
            }
            ready = self.woken.wait(ready).unwrap();
        }
    }
}

impl Semaphore {
    fn new(n: u32) -> Arc<Self> {
        Arc::new(Self {
            units: AtomicU32::new(n),
            waiters: AtomicU32::new(0),
            queue: Mutex::new(VecDeque::new()),
        })
    }

    fn acquire(&self) {
        if units::take(&self.units) {
            return;
        }
        let mut queue = self.queue.lock().unwrap();
        if units::take_or_wait(&self.units, &self.waiters) {
            return;
        }
        let g = Arc::new(Goroutine {
            ready: Mutex::new(None),
            woken: Condvar::new(),
            trying: AtomicU32::new(0),
        });
        queue.push_back(g.clone());
        drop(queue);
        while g.park() == Woken::ToTry {
            let mut queue = self.queue.lock().unwrap();
            assert!(Arc::ptr_eq(&queue[0], &g));
            if units::take_or_wait(&self.units, &self.waiters) {
                queue.pop_front();
                return;
            }
            g.trying.store(0, Relaxed);
        }
    }

    /// `patient`: no waiter has lost for long.
    fn release(&self, patient: bool) {
        if units::give(&self.units, &self.waiters) {
            return;
        }
        let mut queue = self.queue.lock().unwrap();
        let Some(first) = queue.front() else {
            return;
        };
        let served = match units::meant_for(
            &self.units,
            first.trying.load(Relaxed) != 0,
            queue.len() > 1,
        ) {
            None => return,
            Some(Turn::First) if patient => {
                first.trying.store(1, Relaxed);
                self.waiters.fetch_sub(1, Relaxed);
                return first.wake(Woken::ToTry);
            }
            Some(turn) => {
                if !units::take_for_waiter(&self.units, &self.waiters) {
                    return;
                }
                queue.remove(usize::from(turn == Turn::Second)).unwrap()
            }
        };
        served.wake(Woken::Served);
    }
}

/// One takes, one gives.
fn give(patient: bool) {
    let s = Semaphore::new(0);
    let theirs = s.clone();
    let t = thread::spawn(move || theirs.acquire());
    s.release(patient);
    t.join().unwrap();
}

/// Two take and give back what one at a time can have.
fn exclusion(patient: bool) {
    let s = Semaphore::new(1);
    let inside = Arc::new(AtomicU32::new(0));
    let section = move |s: &Semaphore, inside: &AtomicU32| {
        s.acquire();
        assert_eq!(inside.fetch_add(1, Relaxed), 0);
        inside.fetch_sub(1, Relaxed);
        s.release(patient);
    };
    let (theirs, shared) = (s.clone(), inside.clone());
    let t = thread::spawn(move || section(&theirs, &shared));
    section(&s, &inside);
    t.join().unwrap();
    assert!(units::take(&s.units) && !units::take(&s.units));
}

/// Two take, and another gives two at once: the second unit is for the second, whatever the first
/// is doing.
fn two_for_two() {
    let s = Semaphore::new(0);
    let takers: Vec<_> = (0..2)
        .map(|_| {
            let theirs = s.clone();
            thread::spawn(move || theirs.acquire())
        })
        .collect();
    s.release(true);
    s.release(true);
    for t in takers {
        t.join().unwrap();
    }
    assert!(!units::take(&s.units));
}

#[test]
fn a_unit_reaches_its_waiter() {
    explore(|| give(true));
    must_fail(Weak::Fence, DEADLOCK, || give(true));
    explore(|| give(false));
    must_fail(Weak::Fence, DEADLOCK, || give(false));
}

#[test]
fn units_are_conserved() {
    explore(|| exclusion(true));
    explore(|| exclusion(false));
}

#[test]
fn units_beyond_the_one_tried_for_are_handed_over() {
    explore(two_for_two);
}
