//! A marker moves the stack of a goroutine that waits for a channel, while another goroutine sends
//! into a slot of that stack: the element is where the goroutine looks for it.
//!
//! The sudog of a goroutine that was served becomes somebody else's, who waits for another channel
//! or for a semaphore.

use super::{RACE, change, explore, must_fail};
use crate::abi::G;
use crate::stack::waiters::{Held, adjust_sudogs, hold, release};
use crate::sync::atomic::{
    Ordering::{Acquire, Relaxed},
    Weak, does,
};
use crate::world::status::{GState, GStatus, Hold, Still, status_of};
use crate::world::sudog::{
    ChannelLock, Sudog, each, lock_all, sort_by_lock, unlock_all, waits_no_more,
};
use crate::world::{WaitReason, sudog_of};
use core::cell::UnsafeCell as PlainUnsafeCell;
use core::ptr::{null, null_mut};
use core::sync::atomic::AtomicUsize as Plain;
use loom::cell::UnsafeCell;
use loom::thread;
use std::sync::Arc;

/// What is sent.
const ELEMENT: u32 = 7;
/// A slot of a stack that was given back.
const FREED: u32 = 99;

/// Two slots, into which two channels send.
type Stack = [UnsafeCell<u32>; 2];

struct Scene {
    g: PlainUnsafeCell<G>,
    /// Before and after.
    stacks: [Stack; 2],
    /// The one that it has: of the thread that runs the goroutine, or moves its stack.
    at: UnsafeCell<usize>,
    locks: [ChannelLock; 2],
    sudogs: [PlainUnsafeCell<Sudog>; 2],
    /// Whose sudogs are queued. Under the locks.
    queued: [UnsafeCell<bool>; 2],
    /// Of a channel that another goroutine waits for.
    other: ChannelLock,
    /// For the model alone: which slot has the element.
    sent: Plain,
}

// SAFETY: that is what is checked.
unsafe impl Sync for Scene {}
// SAFETY: as above.
unsafe impl Send for Scene {}

/// Whose a sudog is after its goroutine was served.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// It waits for another channel.
    Channel,
    /// It waits for a semaphore.
    Semaphore,
}

impl Scene {
    /// A goroutine that runs.
    fn new(select: bool) -> Arc<Self> {
        let scene = Arc::new(Self {
            g: PlainUnsafeCell::new(G::new(GState::Running)),
            stacks: std::array::from_fn(|_| std::array::from_fn(|_| UnsafeCell::new(0))),
            at: UnsafeCell::new(0),
            locks: std::array::from_fn(|_| ChannelLock::new()),
            sudogs: std::array::from_fn(|_| PlainUnsafeCell::new(sudog_of(null_mut(), select))),
            queued: std::array::from_fn(|_| UnsafeCell::new(false)),
            other: ChannelLock::new(),
            sent: Plain::new(0),
        });
        for i in 0..2 {
            let s = scene.sudogs[i].get();
            // SAFETY: nobody else has them.
            unsafe {
                (*s).g = scene.g.get();
                (*s).elem = (&raw const scene.stacks[0][i]).cast_mut().cast();
                (*s).lock.set(&raw const scene.locks[i]);
            }
        }
        scene
    }

    /// Parks it, on the first channel or on both, as `wait` and `choose`.
    fn park(&self, select: bool) {
        // SAFETY: this thread runs the goroutine, and has the locks.
        unsafe {
            let g = self.g.get();
            let mut list = self.sudogs[0].get();
            if select {
                (*list).waitlink = self.sudogs[1].get();
                list = sort_by_lock(list);
            }
            lock_all(list);
            (*g).waitreason = if select {
                WaitReason::Select as u32
            } else {
                WaitReason::ChanReceive as u32
            };
            for i in 0..1 + usize::from(select) {
                self.queued[i].with_mut(|q| *q = true);
            }
            (*g).waiting.store(list, Relaxed);
            status_of(g).park();
            unlock_all(list);
        }
    }

    /// As `shrink` and `move_to`, of a marker.
    fn shrink(&self) {
        // SAFETY: at rest, and with the locks, the stack is ours.
        unsafe {
            let g = self.g.get();
            if let Hold::Still(still) = Still::hold(g) {
                let waits = still.state() == GState::Waiting;
                let held = if waits && does("hold the channels") {
                    hold(g)
                } else {
                    Held::Nothing
                };
                if let Held::One(lock) = held {
                    assert!(!lock.is_null(), "the lock of no channel");
                }
                for (old, new) in self.stacks[0].iter().zip(&self.stacks[1]) {
                    let element = old.with(|v| *v);
                    new.with_mut(|v| *v = element);
                }
                let (old, new) = (self.stacks[0].as_ptr(), self.stacks[1].as_ptr());
                let delta = new.addr().wrapping_sub(old.addr());
                adjust_sudogs(g, old.addr(), old.add(2).addr(), delta);
                self.at.with_mut(|at| *at = 1);
                for slot in &self.stacks[0] {
                    slot.with_mut(|v| *v = FREED);
                }
                release(held);
            }
        }
    }

    /// Sends on channel `i`, as `send_locked`, `served` and `wake`. True: it met the goroutine.
    fn send(&self, i: usize, next: Next) -> bool {
        // SAFETY: under the lock; who was claimed is ours until it is readied.
        unsafe {
            self.locks[i].lock();
            if !self.queued[i].with_mut(|q| core::mem::take(&mut *q)) {
                self.locks[i].unlock();
                return false;
            }
            let s = self.sudogs[i].get();
            let g = (*s).g;
            if (*s).select
                && (*g)
                    .selectdone
                    .compare_exchange(0, 1, Acquire, Relaxed)
                    .is_err()
            {
                self.locks[i].unlock();
                return false;
            }
            if !does("copy under the lock") {
                self.locks[i].unlock();
            }
            (*(*s).elem.cast::<UnsafeCell<u32>>()).with_mut(|v| *v = ELEMENT);
            self.sent.store(i, Relaxed);
            if (*s).select {
                (*g).param = s;
            } else if does("say under the lock that it is served") {
                waits_no_more(g);
            }
            if does("copy under the lock") {
                self.locks[i].unlock();
            }
            if !(*s).select {
                // It goes to the pool, and from there to another goroutine.
                (*s).lock.set(null());
                (*s).elem = null_mut();
                if matches!(next, Next::Channel) {
                    (*s).lock.set(&raw const self.other);
                }
            }
            change(g, GStatus::ready, GState::Runnable);
            if !does("say under the lock that it is served") {
                waits_no_more(g);
            }
            change(g, GStatus::run, GState::Running);
            true
        }
    }

    /// The goroutine goes on, and looks at its slot.
    fn check(&self) {
        // SAFETY: it runs here.
        unsafe {
            let at = self.at.with(|at| *at);
            let sent = self.sent.load(Relaxed);
            assert_eq!(self.stacks[at][sent].with(|v| *v), ELEMENT);
            for s in each((*self.g.get()).waiting.load(Relaxed)) {
                let lock = (*s).lock.get();
                (*lock).lock();
                (*lock).unlock();
            }
        }
    }
}

/// One channel; the goroutine waits already.
fn plain(next: Next) {
    let scene = Scene::new(false);
    scene.park(false);
    let theirs = scene.clone();
    let marker = thread::spawn(move || theirs.shrink());
    assert!(scene.send(0, next));
    scene.check();
    marker.join().unwrap();
}

/// Two channels; the goroutine's thread may still be unlocking them.
fn select(senders: &'static [usize]) {
    let scene = Scene::new(true);
    let theirs = scene.clone();
    let marker = thread::spawn(move || theirs.shrink());
    let theirs = scene.clone();
    let sender = thread::spawn(move || {
        for &i in senders {
            if theirs.send(i, Next::Channel) {
                return theirs.check();
            }
        }
    });
    scene.park(true);
    marker.join().unwrap();
    sender.join().unwrap();
}

#[test]
fn an_element_reaches_a_stack_that_moves() {
    explore(|| plain(Next::Channel));
    explore(|| plain(Next::Semaphore));
}

#[test]
fn an_element_of_a_select_reaches_a_stack_that_moves() {
    explore(|| select(&[0, 1]));
    explore(|| select(&[1, 0]));
}

#[test]
fn each_step_of_holding_is_needed() {
    for next in [Next::Channel, Next::Semaphore] {
        for step in [
            "hold the channels",
            "copy under the lock",
            "wait for the scan",
        ] {
            must_fail(Weak::Step(step), RACE, move || plain(next));
        }
        must_fail(Weak::Release, RACE, move || plain(next));
        must_fail(Weak::Acquire, RACE, move || plain(next));
    }
    must_fail(
        Weak::Step("say under the lock that it is served"),
        "the lock of no channel",
        || {
            plain(Next::Semaphore);
        },
    );
    must_fail(Weak::Step("hold the channels"), RACE, || select(&[1, 0]));
}
