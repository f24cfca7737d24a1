//! The run queue with two and four slots: its owner puts and takes, full and wrapping around, while
//! a thief steals. Nothing is lost, nothing comes twice.

use super::{RACE, explore, must_fail};
use crate::sync::atomic::Weak;
use crate::sync::ring::Ring;
use loom::thread;
use std::sync::Arc;

/// Items stolen, and what is left in the thief's own ring.
fn steal<const N: usize>(from: &Ring<N>, times: usize, take_next: bool) -> Vec<usize> {
    let mine = Ring::new();
    let mut got = Vec::new();
    for _ in 0..times {
        got.push(mine.steal(from, take_next));
        drain(&mine, &mut got);
    }
    got
}

fn drain<const N: usize>(ring: &Ring<N>, got: &mut Vec<usize>) {
    loop {
        let (item, _) = ring.get();
        if item == 0 {
            break;
        }
        got.push(item);
    }
}

/// The owner runs `owner`, a thief steals; then the ring is emptied. All items 1 to `last` came
/// out, each once.
fn each_once<const N: usize>(last: usize, take_next: bool, owner: fn(&Ring<N>, &mut Vec<usize>)) {
    let ring = Arc::new(Ring::<N>::new());
    let theirs = ring.clone();
    let thief = thread::spawn(move || steal(&theirs, 2, take_next));
    let mut got = Vec::new();
    owner(&ring, &mut got);
    got.extend(thief.join().unwrap());
    drain(&ring, &mut got);
    got.retain(|&item| item != 0);
    got.sort_unstable();
    assert_eq!(got, (1..=last).collect::<Vec<_>>(), "each once");
}

fn put<const N: usize>(ring: &Ring<N>, item: usize, got: &mut Vec<usize>) {
    ring.put(item, |spilled| got.push(spilled));
}

/// More than fits: half is spilled, while a thief may make room.
fn overflow() {
    each_once::<2>(4, false, |ring, got| {
        for item in 1..=4 {
            put(ring, item, got);
        }
    });
}

/// The owner takes some back, and slots are used again.
fn wrap_around() {
    each_once::<2>(5, false, |ring, got| {
        put(ring, 1, got);
        put(ring, 2, got);
        got.push(ring.get().0);
        put(ring, 3, got);
        got.push(ring.get().0);
        put(ring, 4, got);
        put(ring, 5, got);
    });
}

/// Half of four at a time.
fn batches() {
    each_once::<4>(5, false, |ring, got| {
        for item in 1..=4 {
            put(ring, item, got);
        }
        got.push(ring.get().0);
        put(ring, 5, got);
    });
}

/// The place before the ring.
fn next() {
    each_once::<2>(3, true, |ring, got| {
        for item in 1..=3 {
            let old = ring.put_next(item);
            if old != 0 {
                put(ring, old, got);
            }
        }
        got.push(ring.get().0);
    });
}

/// The place before the ring, and a thief that takes from there only what did not change while it
/// looked: the owner still has the rest.
fn watched() {
    let ring = Arc::new(Ring::<2>::new());
    let theirs = ring.clone();
    let thief = thread::spawn(move || {
        let seen = theirs.peek_next();
        let runs = theirs.peek_next() != seen;
        steal(&theirs, 1, !runs)
    });
    let mut got = Vec::new();
    for item in 1..=2 {
        ring.put_next(item);
        got.push(ring.get().0);
    }
    ring.put_next(3);
    got.extend(thief.join().unwrap());
    drain(&ring, &mut got);
    got.retain(|&item| item != 0);
    got.sort_unstable();
    assert_eq!(got, [1, 2, 3], "each once");
}

/// An item carries what its maker wrote before.
fn contents() {
    let ring = Arc::new(Ring::<2>::new());
    let value = Arc::new(loom::cell::UnsafeCell::new(0));
    let (theirs, shared) = (ring.clone(), value.clone());
    let thief = thread::spawn(move || {
        for item in steal(&theirs, 2, true) {
            if item != 0 {
                // SAFETY: the maker wrote before it put the item into the ring, and does not touch
                // it again.
                shared.with(|v| assert_eq!(unsafe { *v }, 7));
            }
        }
    });
    // SAFETY: nobody has the item yet.
    value.with_mut(|v| unsafe { *v = 7 });
    ring.put(1, |_| {});
    thief.join().unwrap();
}

#[test]
fn a_full_ring_spills_half() {
    explore(overflow);
}

#[test]
fn slots_are_used_again() {
    explore(wrap_around);
}

#[test]
fn thieves_take_half() {
    explore(batches);
}

#[test]
fn the_next_one_may_be_stolen() {
    explore(next);
}

#[test]
fn the_next_one_may_be_left_alone() {
    explore(watched);
}

#[test]
fn an_item_comes_with_its_contents() {
    explore(contents);
    must_fail(Weak::Release, RACE, contents);
    must_fail(Weak::Acquire, RACE, contents);
}

#[test]
fn stale_slots_are_noticed() {
    must_fail(Weak::Release, "each once", overflow);
}
