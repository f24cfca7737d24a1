//! The list of goroutines that ran: whoever runs is on it, or is seen to run by the marker that
//! took it off.

use super::{RACE, explore, must_fail};
use crate::abi::G;
use crate::sync::atomic::{Ordering::SeqCst, Weak};
use crate::world::ranlist::RanList;
use crate::world::status::{GState, status_of};
use core::cell::UnsafeCell as PlainUnsafeCell;
use loom::cell::UnsafeCell;
use loom::thread;
use std::sync::Arc;

/// What must not be.
const UNSEEN: &str = "it runs, and no marker will look";

struct Scene {
    list: RanList,
    gs: [PlainUnsafeCell<G>; 2],
    /// A word of each one's stack.
    stacks: [UnsafeCell<u32>; 2],
}

// SAFETY: threads use `gs` through the runtime's functions, `stacks` which loom checks.
unsafe impl Sync for Scene {}
// SAFETY: nothing in it belongs to one thread.
unsafe impl Send for Scene {}

impl Scene {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            list: RanList::new(),
            gs: std::array::from_fn(|_| PlainUnsafeCell::new(G::new(GState::Runnable))),
            stacks: std::array::from_fn(|_| UnsafeCell::new(0)),
        })
    }

    /// Goroutine `i` enters.
    fn note(&self, i: usize) {
        // SAFETY: it lives as long as the scene.
        unsafe { self.list.note(self.gs[i].get()) };
    }

    /// A marker empties the list: which it found.
    fn take(&self, mut look: impl FnMut(usize)) -> [u32; 2] {
        let mut found = [0; 2];
        self.list.take(|g| {
            let i = self.gs.iter().position(|it| it.get() == g);
            let i = i.expect("a goroutine of the scene");
            found[i] += 1;
            look(i);
        });
        found
    }
}

/// One that is on the list runs while the list is emptied.
fn noted_again() {
    let scene = Scene::new();
    scene.note(0);
    let theirs = scene.clone();
    let t = thread::spawn(move || {
        // SAFETY: this thread's goroutine.
        unsafe { status_of(theirs.gs[0].get()).run() };
        theirs.note(0);
    });
    let mut runs = false;
    scene.take(|i| {
        // SAFETY: it lives as long as the scene. As `Still::hold`.
        let state = unsafe { status_of(scene.gs[i].get()) }.state(SeqCst);
        runs |= state == GState::Running;
    });
    t.join().unwrap();
    let [again, _] = scene.take(|_| {});
    assert!(runs || again == 1, "{UNSEEN}");
}

/// Two enter while the list is emptied.
fn both_enter() {
    let scene = Scene::new();
    let threads = [0, 1].map(|i| {
        let theirs = scene.clone();
        thread::spawn(move || {
            // SAFETY: this thread's goroutine; loom fails if another looks at the same time.
            theirs.stacks[i].with_mut(|v| unsafe { *v = 7 });
            theirs.note(i);
        })
    });
    // SAFETY: whoever entered has written; loom fails if that is not so.
    let look = |i: usize| scene.stacks[i].with(|v| assert_eq!(unsafe { *v }, 7));
    let early = scene.take(look);
    for t in threads {
        t.join().unwrap();
    }
    let late = scene.take(look);
    for i in 0..2 {
        assert_eq!(early[i] + late[i], 1, "found once");
    }
    assert_eq!(scene.list.count(), 0);
}

#[test]
fn one_that_runs_is_seen_or_stays() {
    explore(noted_again);
    must_fail(Weak::Release, UNSEEN, noted_again);
    must_fail(Weak::Acquire, UNSEEN, noted_again);
}

#[test]
fn each_that_enters_is_found_once() {
    explore(both_enter);
    must_fail(Weak::Release, RACE, both_enter);
    must_fail(Weak::Acquire, RACE, both_enter);
}
