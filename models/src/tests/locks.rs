//! The runtime's lock and event.

use super::{RACE, explore, must_fail};
use crate::sync::atomic::Weak;
use crate::sync::mutex::{Mutex, RawMutex};
use crate::sync::note::Note;
use loom::cell::UnsafeCell;
use loom::thread;
use std::sync::Arc;

struct Counter {
    lock: RawMutex,
    value: UnsafeCell<u32>,
}

// SAFETY: that is what is checked.
unsafe impl Sync for Counter {}
// SAFETY: as above.
unsafe impl Send for Counter {}

fn add(c: &Counter) {
    c.lock.lock();
    // SAFETY: under the lock; loom fails if another thread touches it at the same time.
    c.value.with_mut(|v| unsafe { *v += 1 });
    c.lock.unlock();
}

/// Three threads, so that there is one asleep, one waking it and one that comes between.
fn exclusion() {
    let c = Arc::new(Counter {
        lock: RawMutex::new(),
        value: UnsafeCell::new(0),
    });
    let others: Vec<_> = (0..2)
        .map(|_| {
            let c = c.clone();
            thread::spawn(move || add(&c))
        })
        .collect();
    add(&c);
    for t in others {
        t.join().unwrap();
    }
    // SAFETY: all others are done.
    c.value.with(|v| assert_eq!(unsafe { *v }, 3));
}

#[test]
fn the_lock_excludes_and_wakes() {
    explore(exclusion);
    must_fail(Weak::Acquire, RACE, exclusion);
    must_fail(Weak::Release, RACE, exclusion);
}

#[test]
fn the_guard_gives_the_lock_back() {
    explore(|| {
        let m: Arc<Mutex<i32>> = Arc::new(Mutex::new(1));
        let theirs = m.clone();
        let t = thread::spawn(move || *theirs.lock() += 1);
        if let Some(mut v) = m.try_lock() {
            *v += 1;
        } else {
            *m.lock() += 1;
        }
        t.join().unwrap();
        assert_eq!(*m.lock(), 3);
    });
}

/// What is written before the signal is seen after it.
fn event() {
    let shared = Arc::new((Note::new(), UnsafeCell::new(0)));
    let theirs = shared.clone();
    let t = thread::spawn(move || {
        // SAFETY: before the signal it is this thread's.
        theirs.1.with_mut(|v| unsafe { *v = 5 });
        theirs.0.wakeup();
        theirs.0.wakeup();
    });
    shared.0.sleep();
    // SAFETY: after the signal it is this thread's.
    shared.1.with(|v| assert_eq!(unsafe { *v }, 5));
    t.join().unwrap();
}

#[test]
fn a_note_wakes_its_sleeper() {
    explore(event);
    must_fail(Weak::Acquire, RACE, event);
    must_fail(Weak::Release, RACE, event);
}
