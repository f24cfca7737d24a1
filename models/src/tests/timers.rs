//! Timers in the heaps of several Ps: each fires once or is stopped, whoever fires it, wherever it
//! moves, and each heap's word says when its first one is due.
//!
//! As `src/time/timers.rs`, with heaps that are lists.

use super::{RACE, explore, must_fail};
use crate::sched::poller::Poller;
use crate::sync::atomic::{
    AtomicI64, AtomicUsize,
    Ordering::{Acquire, Release, SeqCst},
    Weak, does,
};
use core::sync::atomic::{AtomicUsize as Plain, Ordering::Relaxed};
use loom::cell::UnsafeCell;
use loom::sync::{Mutex, MutexGuard};
use loom::thread;
use std::sync::Arc;

/// A timer: of the thread that holds the lock of the heap that it is in, or its owner's.
struct Timer {
    /// 0, or the number of its heap, from 1.
    place: AtomicUsize,
    when: UnsafeCell<i64>,
    /// For the model alone: how often it was taken to be fired, and stopped.
    fired: Plain,
    stopped: Plain,
}

/// A P's.
struct Heap {
    /// Numbers of timers.
    timers: Mutex<Vec<usize>>,
    /// When the first is due, or sooner, if one was stopped since; 0: there are none.
    first: AtomicI64,
    /// The first was stopped. Under the lock, or a hint.
    early: AtomicUsize,
}

struct Timers<const N: usize> {
    timers: [Timer; N],
    heaps: [Heap; 2],
    /// One for each thread that runs; who has all has stopped the world.
    ps: [Mutex<()>; 2],
}

// SAFETY: that is what is checked.
unsafe impl<const N: usize> Sync for Timers<N> {}
// SAFETY: as above.
unsafe impl<const N: usize> Send for Timers<N> {}

impl<const N: usize> Timers<N> {
    /// All are in this heap, due at 10, 20 and so on.
    fn new(heap: usize) -> Arc<Self> {
        let t = Arc::new(Self {
            timers: std::array::from_fn(|i| Timer {
                place: AtomicUsize::new(0),
                when: UnsafeCell::new(10 * (i as i64 + 1)),
                fired: Plain::new(0),
                stopped: Plain::new(0),
            }),
            heaps: std::array::from_fn(|_| Heap {
                timers: Mutex::new(Vec::new()),
                first: AtomicI64::new(0),
                early: AtomicUsize::new(0),
            }),
            ps: std::array::from_fn(|_| Mutex::new(())),
        });
        for i in 0..N {
            t.start(heap, i);
        }
        t
    }

    fn p(&self, i: usize) -> Option<MutexGuard<'_, ()>> {
        does("hold a P").then(|| self.ps[i].lock().unwrap())
    }

    fn when(&self, t: usize) -> i64 {
        // SAFETY: under the lock of its heap, or its owner's.
        self.timers[t].when.with(|w| unsafe { *w })
    }

    /// For the heap's word. Under its lock.
    fn first_of(&self, timers: &[usize]) -> Option<usize> {
        timers.iter().copied().min_by_key(|&t| self.when(t))
    }

    fn first_when(&self, timers: &[usize]) -> i64 {
        self.first_of(timers).map_or(0, |t| self.when(t))
    }

    /// As `add_locked`: true if it is earlier than anybody knows of.
    fn add(&self, heap: usize, timers: &mut Vec<usize>, t: usize) -> bool {
        timers.push(t);
        self.timers[t].place.store(heap + 1, Release);
        let published = self.heaps[heap].first.load(Relaxed);
        let earlier = published == 0 || self.when(t) < published;
        if earlier && does("say when a new first one is due") {
            self.heaps[heap].first.store(self.when(t), SeqCst);
            self.heaps[heap].early.store(0, Relaxed);
        }
        earlier
    }

    /// As `publish_later`.
    fn publish(&self, heap: usize, timers: &[usize]) {
        self.heaps[heap]
            .first
            .store(self.first_when(timers), Release);
        self.heaps[heap].early.store(0, Relaxed);
    }

    /// As `forget_stopped`.
    fn forget_stopped(&self) {
        for (i, heap) in self.heaps.iter().enumerate() {
            if heap.early.load(Relaxed) == 0 {
                continue;
            }
            let timers = does("hold the lock").then(|| heap.timers.lock().unwrap());
            let seen = match &timers {
                Some(timers) => timers.to_vec(),
                None => heap.timers.lock().unwrap().to_vec(),
            };
            self.publish(i, &seen);
        }
    }

    fn remove(&self, timers: &mut Vec<usize>, t: usize) {
        let at = timers.iter().position(|&o| o == t).expect("it is here");
        timers.remove(at);
        self.timers[t].place.store(0, Release);
    }

    fn start(&self, heap: usize, t: usize) {
        let mut timers = self.heaps[heap].timers.lock().unwrap();
        self.add(heap, &mut timers, t);
    }

    /// Stops it: whether it was armed.
    fn stop(&self, t: usize) -> bool {
        loop {
            let place = self.timers[t].place.load(Acquire);
            if place == 0 {
                return false;
            }
            let heap = &self.heaps[place - 1];
            let mut timers = heap.timers.lock().unwrap();
            let still = self.timers[t].place.load(Acquire) == place;
            if !still && does("look again under the lock") {
                continue;
            }
            let was_first = self.first_of(&timers) == Some(t);
            if let Some(at) = timers.iter().position(|&o| o == t) {
                timers.remove(at);
            }
            self.timers[t].place.store(0, Release);
            if was_first {
                heap.early.store(1, Relaxed);
            }
            self.timers[t].stopped.fetch_add(1, Relaxed);
            return true;
        }
    }

    /// As `run`: fires those of `heap` that are due. Any thread may.
    fn run(&self, heap: usize, now: i64) {
        for _ in 0..N {
            let mut timers = self.heaps[heap].timers.lock().unwrap();
            let Some(t) = self.first_of(&timers).filter(|&t| self.when(t) <= now) else {
                if self.heaps[heap].early.load(Relaxed) != 0 {
                    self.publish(heap, &timers);
                }
                return;
            };
            if !does("take it off under the lock") {
                drop(timers);
                timers = self.heaps[heap].timers.lock().unwrap();
                self.timers[t].fired.fetch_add(1, Relaxed);
                timers.retain(|&o| o != t);
                self.timers[t].place.store(0, Release);
                continue;
            }
            self.timers[t].fired.fetch_add(1, Relaxed);
            self.remove(&mut timers, t);
            if does("say when the next is due") {
                self.publish(heap, &timers);
            }
        }
    }

    fn next_when(&self) -> i64 {
        self.heaps
            .iter()
            .map(|h| h.first.load(SeqCst))
            .filter(|&w| w != 0)
            .min()
            .unwrap_or(i64::MAX)
    }

    /// As `move_all`, of a P that goes out of use, by the thread that changes GOMAXPROCS.
    fn resize(&self, from: usize, to: usize) {
        let _stopped = self.ps.each_ref().map(|p| p.lock().unwrap());
        let mut old = self.heaps[from].timers.lock().unwrap();
        let mut new = self.heaps[to].timers.lock().unwrap();
        if !does("say first where they are") {
            self.heaps[from].first.store(0, SeqCst);
        }
        while let Some(&t) = old.last() {
            self.remove(&mut old, t);
            self.add(to, &mut new, t);
        }
        self.heaps[from].first.store(self.first_when(&old), Release);
        self.heaps[to].first.store(self.first_when(&new), SeqCst);
    }

    /// All threads are done: fires what is left.
    fn check(&self) {
        for heap in 0..2 {
            let timers = self.heaps[heap].timers.lock().unwrap();
            let (is, first) = (
                self.heaps[heap].first.load(SeqCst),
                self.first_when(&timers),
            );
            assert!(first == 0 || (is != 0 && is <= first), "too late a word");
            drop(timers);
            self.forget_stopped();
            let timers = self.heaps[heap].timers.lock().unwrap();
            let first = self.first_when(&timers);
            assert_eq!(self.heaps[heap].first.load(SeqCst), first, "a stale word");
            drop(timers);
            self.run(heap, i64::MAX);
        }
        for t in &self.timers {
            assert_eq!(t.place.load(SeqCst), 0);
        }
    }

    fn counts(&self, t: usize) -> (usize, usize) {
        let t = &self.timers[t];
        (t.fired.load(Relaxed), t.stopped.load(Relaxed))
    }
}

/// Its P and a thief fire a timer, and its owner stops it.
fn steal_and_stop() {
    let t = Timers::<2>::new(0);
    let threads = [t.clone(), t.clone()].map(|t| thread::spawn(move || t.run(0, 10)));
    t.stop(0);
    for t in threads {
        t.join().unwrap();
    }
    t.check();
    let (fired, stopped) = t.counts(0);
    assert_eq!(fired + stopped, 1, "fired or stopped");
    assert_eq!(t.counts(1), (1, 0), "the other fired");
}

/// Its owner sets it anew, on another P, while it fires.
fn reset() {
    let t = Timers::<1>::new(0);
    let theirs = t.clone();
    let thief = thread::spawn(move || {
        theirs.run(0, 50);
        theirs.run(1, 50);
    });
    t.stop(0);
    // SAFETY: in no heap it is its owner's.
    t.timers[0].when.with_mut(|w| unsafe { *w = 40 });
    t.start(1, 0);
    thief.join().unwrap();
    t.check();
    let (fired, stopped) = t.counts(0);
    assert_eq!(fired + stopped, 2);
}

/// It moves to another P: a thread that then finds it in no heap knows that it has fired.
fn resize_and_stop() {
    let t = Timers::<1>::new(0);
    let theirs = t.clone();
    let owner = thread::spawn(move || {
        let _p = theirs.p(1);
        if !theirs.stop(0) {
            assert_eq!(theirs.counts(0).0, 1, "neither stopped nor fired");
        }
    });
    t.resize(0, 1);
    owner.join().unwrap();
    t.check();
}

/// It moves while the thread that waits for all timers looks at them, which stops for nothing.
fn resize_and_wait(waits: fn(&Poller, &Timers<1>) -> i64) {
    let shared = Arc::new((Poller::new(), Timers::<1>::new(1)));
    let theirs = shared.clone();
    let waiter = thread::spawn(move || {
        assert!(theirs.0.claim());
        assert!(waits(&theirs.0, &theirs.1) <= 10, "it sleeps too long");
    });
    // To the heap that the waiter looks at first.
    shared.1.resize(1, 0);
    waiter.join().unwrap();
}

/// Its owner puts it off while a thread comes to wait for timers, for which there is none but this:
/// the word that it finds is never later than the timer, unless the owner announces the timer.
fn put_off_and_wait() {
    let shared = Arc::new((Poller::new(), Timers::<1>::new(0)));
    let theirs = shared.clone();
    let waiter = thread::spawn(move || {
        let (poller, t) = &*theirs;
        t.forget_stopped();
        assert!(poller.claim());
        poller.until(|| t.next_when())
    });
    let (poller, t) = &*shared;
    t.stop(0);
    // SAFETY: in no heap it is its owner's.
    t.timers[0].when.with_mut(|w| unsafe { *w = 40 });
    let mut timers = t.heaps[0].timers.lock().unwrap();
    let earlier = t.add(0, &mut timers, 0);
    drop(timers);
    // Who is told that nobody waits has the timer seen to otherwise.
    let seen_to = earlier && does("announce it") && poller.announce(40) != Some(false);
    assert!(
        waiter.join().unwrap() <= 40 || seen_to,
        "it sleeps too long"
    );
    t.check();
}

fn until(poller: &Poller, t: &Timers<1>) -> i64 {
    poller.until(|| t.next_when())
}

#[test]
fn a_timer_fires_or_is_stopped() {
    explore(steal_and_stop);
    for (step, why) in [
        ("look again under the lock", "fired or stopped"),
        ("take it off under the lock", "a stale word"),
        ("say when the next is due", "a stale word"),
    ] {
        must_fail(Weak::Step(step), why, steal_and_stop);
    }
}

#[test]
fn a_timer_that_is_put_off_is_waited_for() {
    explore(put_off_and_wait);
    for (step, why) in [
        ("say when a new first one is due", "too late a word"),
        ("hold the lock", "it sleeps too long"),
        ("announce it", "it sleeps too long"),
    ] {
        must_fail(Weak::Step(step), why, put_off_and_wait);
    }
}

#[test]
fn a_timer_that_is_set_anew_fires_anew() {
    explore(reset);
    must_fail(Weak::Acquire, RACE, reset);
    must_fail(Weak::Release, RACE, reset);
}

#[test]
fn a_timer_moves_with_the_world_stopped() {
    explore(resize_and_stop);
    must_fail(
        Weak::Step("hold a P"),
        "neither stopped nor fired",
        resize_and_stop,
    );
}

#[test]
fn the_waiter_sees_a_timer_that_moves() {
    explore(|| resize_and_wait(until));
    must_fail(
        Weak::Step("say first where they are"),
        "it sleeps too long",
        || {
            resize_and_wait(until);
        },
    );
    // One look is not enough.
    must_fail(Weak::Nothing, "it sleeps too long", || {
        resize_and_wait(|_, t| t.next_when())
    });
}
