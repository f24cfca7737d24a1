//! A semaphore as `src/sync/sema.rs` uses its words: no waiter sleeps while a unit is there, no unit is taken twice.

use super::{explore, must_fail};
use crate::sync::atomic::{AtomicU32, Weak};
use crate::sync::units;
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
    ready: Mutex<bool>,
    woken: Condvar,
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
            ready: Mutex::new(false),
            woken: Condvar::new(),
        });
        queue.push_back(g.clone());
        drop(queue);
        let mut ready = g.ready.lock().unwrap();
        while !*ready {
            ready = g.woken.wait(ready).unwrap();
        }
    }

    fn release(&self) {
        if units::give(&self.units, &self.waiters) {
            return;
        }
        let mut queue = self.queue.lock().unwrap();
        if queue.is_empty() || !units::take_for_waiter(&self.units, &self.waiters) {
            return;
        }
        let g = queue.pop_front().unwrap();
        drop(queue);
        *g.ready.lock().unwrap() = true;
        g.woken.notify_one();
    }
}

/// One takes, one gives.
fn hand_over() {
    let s = Semaphore::new(0);
    let theirs = s.clone();
    let t = thread::spawn(move || theirs.acquire());
    s.release();
    t.join().unwrap();
}

/// Two take and give back what one at a time can have.
fn exclusion() {
    let s = Semaphore::new(1);
    let inside = Arc::new(AtomicU32::new(0));
    let section = |s: &Semaphore, inside: &AtomicU32| {
        use crate::sync::atomic::Ordering::Relaxed;
        s.acquire();
        assert_eq!(inside.fetch_add(1, Relaxed), 0);
        inside.fetch_sub(1, Relaxed);
        s.release();
    };
    let (theirs, shared) = (s.clone(), inside.clone());
    let t = thread::spawn(move || section(&theirs, &shared));
    section(&s, &inside);
    t.join().unwrap();
    assert!(units::take(&s.units) && !units::take(&s.units));
}

#[test]
fn a_unit_reaches_its_waiter() {
    explore(hand_over);
    must_fail(Weak::Fence, hand_over);
}

#[test]
fn units_are_conserved() {
    explore(exclusion);
}
