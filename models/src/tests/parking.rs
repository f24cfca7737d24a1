//! Parking against readying: a goroutine is readied once, not before it is parked, and no wake-up
//! is lost, whether it waits for one channel or for several.

use super::{DEADLOCK, RACE, explore, first, must_fail};
use crate::abi::G;
use crate::sync::atomic::{
    Ordering::{Acquire, Relaxed},
    Weak, does,
};
use crate::world::status::{GState, status_of};
use crate::world::sudog::{ChannelLock, Sudog, each, lock_all, sort_by_lock, unlock_all};
use crate::world::{WaitReason, sudog_of};
use core::cell::UnsafeCell as PlainUnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::AtomicU32 as Plain;
use loom::cell::UnsafeCell;
use loom::sync::Mutex;
use loom::thread;
use std::sync::Arc;

/// A channel without elements, or with one.
struct Channel {
    lock: ChannelLock,
    queue: UnsafeCell<Vec<*mut Sudog>>,
    element: UnsafeCell<bool>,
}

/// A goroutine that receives from one of the channels, and what becomes of it.
struct Scene<const N: usize> {
    g: PlainUnsafeCell<G>,
    /// Its saved context: of the thread that runs it.
    context: UnsafeCell<u32>,
    channels: [Channel; N],
    sudogs: [PlainUnsafeCell<Sudog>; N],
    /// What a sudog waits for that has become another goroutine's.
    other: ChannelLock,
    runq: Mutex<Vec<*mut G>>,
    /// For the model alone: how often it went on with an element.
    received: Plain,
}

// SAFETY: that is what is checked.
unsafe impl<const N: usize> Sync for Scene<N> {}
// SAFETY: as above.
unsafe impl<const N: usize> Send for Scene<N> {}

impl<const N: usize> Scene<N> {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            g: PlainUnsafeCell::new(G::new(GState::Running)),
            context: UnsafeCell::new(0),
            channels: std::array::from_fn(|_| Channel {
                lock: ChannelLock::new(),
                queue: UnsafeCell::new(Vec::new()),
                element: UnsafeCell::new(false),
            }),
            sudogs: std::array::from_fn(|_| PlainUnsafeCell::new(sudog_of(null_mut(), N > 1))),
            other: ChannelLock::new(),
            runq: Mutex::new(Vec::new()),
            received: Plain::new(0),
        })
    }

    fn g(&self) -> *mut G {
        self.g.get()
    }

    /// The list of a select's sudogs, as `list_of`.
    fn list(&self) -> *mut Sudog {
        let mut list = null_mut();
        // SAFETY: nobody else has them yet.
        unsafe {
            for (s, c) in self.sudogs.iter().zip(&self.channels) {
                let s = s.get();
                (*s).g = self.g();
                (*s).lock.set(&raw const c.lock);
                (*s).waitlink = list;
                list = s;
            }
            sort_by_lock(list)
        }
    }

    fn channel_of(&self, s: *mut Sudog) -> &Channel {
        // SAFETY: the caller's sudog.
        let lock = unsafe { (*s).lock.get() };
        self.channels
            .iter()
            .find(|c| core::ptr::eq(&raw const c.lock, lock))
            .expect("a channel of the scene")
    }

    /// Takes an element if there is one. Under the locks.
    fn take(&self) -> bool {
        // SAFETY: under the locks.
        let taken = self
            .channels
            .iter()
            .any(|c| c.element.with_mut(|e| unsafe { core::mem::take(&mut *e) }));
        if taken {
            self.received.fetch_add(1, Relaxed);
        }
        taken
    }

    /// As `choose` in `src/chan/selectpark.rs`, or with one channel as `recv` and `wait`.
    fn receive(&self) {
        // SAFETY: this thread runs the goroutine until it has parked, and has the locks.
        unsafe {
            self.context.with_mut(|c| *c += 1);
            let list = self.list();
            lock_all(list);
            if self.take() {
                return unlock_all(list);
            }
            if !does("look under the same locks") {
                unlock_all(list);
                lock_all(list);
            }
            for s in each(list) {
                self.channel_of(s).queue.with_mut(|q| (*q).push(s));
            }
            let g = self.g();
            (*g).waiting.store(list, Relaxed);
            (*g).param = null_mut();
            (*g).selectdone.store(0, Relaxed);
            (*g).waitreason = WaitReason::Select as u32;
            if does("park before unlocking") {
                status_of(g).park();
                unlock_all(list);
            } else {
                unlock_all(list);
                status_of(g).park();
            }
            if !does("leave it alone once unlocked") {
                self.context.with_mut(|c| *c += 1);
            }
        }
    }

    /// Sends an element on channel `i`, as `send_locked` and `wake`.
    fn send(&self, i: usize) {
        let c = &self.channels[i];
        c.lock.lock();
        let met = self.claim(c);
        // SAFETY: under the lock; who was claimed is ours until it is readied.
        unsafe {
            if met.is_null() {
                c.element.with_mut(|e| *e = true);
                c.lock.unlock();
                return;
            }
            let g = (*met).g;
            (*g).param = met;
            c.lock.unlock();
            status_of(g).ready();
            self.runq.lock().unwrap().push(g);
        }
    }

    /// As `WaitQ::claim`.
    fn claim(&self, c: &Channel) -> *mut Sudog {
        // SAFETY: under the channel's lock.
        unsafe {
            while let Some(s) = c.queue.with_mut(|q| (*q).pop()) {
                (*s).queued = false;
                if !(*s).select || !does("claim the goroutine") {
                    return s;
                }
                let done = &(*(*s).g).selectdone;
                if done.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
                    return s;
                }
            }
            null_mut()
        }
    }

    /// A thread with nothing else to do: runs the goroutine if it is on the queue.
    fn schedule(&self) {
        let Some(g) = self.runq.lock().unwrap().pop() else {
            return;
        };
        // SAFETY: off the queue it is ours.
        unsafe {
            status_of(g).run();
            self.leave(g);
            self.context.with_mut(|c| *c += 1);
        }
        self.received.fetch_add(1, Relaxed);
    }

    /// As `leave` in `src/chan/selectpark.rs`. The sudogs are somebody else's then.
    unsafe fn leave(&self, g: *mut G) {
        // SAFETY: this thread runs g.
        unsafe {
            let list = (*g).waiting.load(Relaxed);
            for s in each(list) {
                if s == (*g).param {
                    continue;
                }
                if does("take every other lock") {
                    let c = self.channel_of(s);
                    c.lock.lock();
                    c.queue.with_mut(|q| (*q).retain(|&w| w != s));
                    c.lock.unlock();
                }
            }
            for s in each(list) {
                (*s).tail = null_mut();
                (*s).waitlink = null_mut();
                (*s).lock.set(&raw const self.other);
            }
        }
    }

    /// All threads are done.
    fn check(&self) {
        self.schedule();
        assert_eq!(self.received.load(Relaxed), 1, "it went on once");
        for c in &self.channels {
            c.lock.lock();
            c.lock.unlock();
        }
    }
}

/// The goroutine receives; others send on the channels, and run it once it is ready.
fn receive<const N: usize>(sends: &'static [usize]) {
    let scene = Scene::<N>::new();
    let threads: Vec<_> = sends
        .iter()
        .map(|&i| {
            let scene = scene.clone();
            thread::spawn(move || {
                scene.send(i);
                scene.schedule();
            })
        })
        .collect();
    scene.receive();
    scene.schedule();
    for t in threads {
        t.join().unwrap();
    }
    scene.check();
}

#[test]
fn a_goroutine_is_readied_once() {
    explore(|| receive::<1>(&[0]));
    explore(|| receive::<1>(&[0, 0]));
}

#[test]
fn a_select_is_readied_once() {
    explore(|| receive::<2>(&[0]));
    explore(|| receive::<2>(&[1]));
    explore(|| receive::<2>(&[0, 1]));
}

#[test]
fn each_step_of_parking_is_needed() {
    for (step, why) in [
        ("look under the same locks", "it went on once"),
        ("park before unlocking", "bad goroutine status"),
        ("leave it alone once unlocked", RACE),
    ] {
        must_fail(Weak::Step(step), why, || receive::<1>(&[0]));
    }
    must_fail(
        Weak::Step("claim the goroutine"),
        "bad goroutine status",
        || receive::<2>(&[0, 1]),
    );
    // Of the channel that is unlocked first: then the other is still locked.
    let why = first("nobody holds it", DEADLOCK);
    must_fail(Weak::Step("take every other lock"), why, || {
        receive::<2>(&[1])
    });
}
