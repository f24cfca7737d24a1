//! A run queue: a ring that its owner fills and anyone may steal from, and one place before it.
//!
//! `tail` is written by the owner only; `head` moves by compare-and-swap.
//! `head <= tail <= head + N` (wrapping). A consumer's successful Release CAS of `head` pairs with
//! the owner's Acquire load before it reuses slots; the owner's Release store of `tail` pairs with
//! a thief's Acquire load, so the slots below are seen.
//!
//! Items are addresses, none of which is 0. All zero bytes are an empty ring. `models/` checks this
//! file with a tiny ring.

use crate::sync::atomic::{
    AtomicU32, AtomicUsize, MODEL,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
    fence_after_locked,
};

/// The ring and the place before it.
#[derive(Debug)]
#[repr(C)]
pub struct Ring<const N: usize> {
    /// Where the next one is taken: anybody.
    head: AtomicU32,
    /// Where the next one is put: the owner.
    tail: AtomicU32,
    slots: [AtomicUsize; N],
    /// The item to take before all others, or 0.
    next: AtomicUsize,
}

impl<const N: usize> Ring<N> {
    /// An empty one.
    pub fn new() -> Self {
        Self::starting_at(0)
    }

    /// An empty one that `n` items have gone through, wrapping.
    pub fn starting_at(n: u32) -> Self {
        Self {
            head: AtomicU32::new(n),
            tail: AtomicU32::new(n),
            slots: core::array::from_fn(|_| AtomicUsize::new(0)),
            next: AtomicUsize::new(0),
        }
    }

    /// Nothing seems to be in it; exact only when nobody else touches it.
    pub fn is_empty(&self) -> bool {
        // In this order: the owner moves what was next into the ring, never back.
        self.next.load(Acquire) == 0 && self.len() == 0
    }

    /// Calls `f` with every item, the next one first. False: the counts of the ring contradict each
    /// other. While nobody else touches it.
    #[allow(dead_code, reason = "the models compile this file and walk no ring")]
    pub(crate) fn each(&self, mut f: impl FnMut(usize)) -> bool {
        let next = self.next.load(Acquire);
        if next != 0 {
            f(next);
        }
        let head = self.head.load(Acquire);
        let len = self.tail.load(Acquire).wrapping_sub(head);
        if len > N as u32 {
            return false;
        }
        for i in 0..len {
            f(self.slot(head.wrapping_add(i)).load(Relaxed));
        }
        true
    }

    /// Items but for the next one, roughly if others are at it.
    pub fn len(&self) -> u32 {
        let head = self.head.load(Acquire);
        self.tail.load(Acquire).wrapping_sub(head).min(N as u32)
    }

    fn slot(&self, i: u32) -> &AtomicUsize {
        &self.slots[i as usize % N]
    }

    /// Makes `item` the next one; answers the one that was, or 0. Owner only. Ordered before
    /// whatever the caller looks at after it.
    #[doc(alias = "runnext")]
    #[inline(always)]
    pub fn put_next(&self, item: usize) -> usize {
        debug_assert!(item != 0);
        let old = self.next.swap(item, AcqRel);
        fence_after_locked();
        old
    }

    /// The item to take before all others, or 0: it may be gone already.
    pub fn peek_next(&self) -> usize {
        self.next.load(Acquire)
    }

    /// Takes the next one, or 0, and leaves the others. Owner only.
    pub fn take_next(&self) -> usize {
        self.next.swap(0, AcqRel)
    }

    /// Adds an item at the end. Owner only. False when the ring is full: then `spill` was given
    /// half of the ring and the item.
    #[inline(always)]
    pub fn put(&self, item: usize, mut spill: impl FnMut(usize)) -> bool {
        debug_assert!(item != 0);
        loop {
            let head = self.head.load(Acquire);
            let tail = self.tail.load(Relaxed);
            if tail.wrapping_sub(head) < N as u32 {
                self.slot(tail).store(item, Relaxed);
                self.tail.store(tail.wrapping_add(1), Release);
                return true;
            }
            let half = N as u32 / 2;
            if self
                .head
                .compare_exchange(head, head.wrapping_add(half), AcqRel, Relaxed)
                .is_ok()
            {
                // Only we write slots, so these are as they were.
                for i in 0..half {
                    spill(self.slot(head.wrapping_add(i)).load(Relaxed));
                }
                spill(item);
                return false;
            }
        }
    }

    /// Takes the first item, or 0. Owner only. The flag says that it was the one to take before all
    /// others.
    pub fn get(&self) -> (usize, bool) {
        let next = self.next.load(Relaxed);
        // Only a thief changes it besides us, to 0; then the ring is next.
        if next != 0 && self.next.compare_exchange(next, 0, AcqRel, Relaxed).is_ok() {
            return (next, true);
        }
        loop {
            let head = self.head.load(Acquire);
            let tail = self.tail.load(Relaxed);
            if tail == head {
                return (0, false);
            }
            let item = self.slot(head).load(Relaxed);
            if self
                .head
                .compare_exchange(head, head.wrapping_add(1), AcqRel, Relaxed)
                .is_ok()
            {
                return (item, false);
            }
        }
    }

    /// Moves half of `from` into this ring, which is empty (owner only), and answers one of them,
    /// or 0. `take_next`: the one to take before all others too, if there is nothing else.
    pub fn steal(&self, from: &Self, take_next: bool) -> usize {
        let tail = self.tail.load(Relaxed);
        // Or the stolen would overwrite what is in it.
        assert!(self.head.load(Relaxed) == tail);
        let n = loop {
            let head = from.head.load(Acquire);
            let available = from.tail.load(Acquire).wrapping_sub(head);
            let n = available - available / 2;
            if n == 0 {
                let next = if take_next {
                    from.next.load(Acquire)
                } else {
                    0
                };
                if next != 0 && from.next.compare_exchange(next, 0, AcqRel, Relaxed).is_ok() {
                    return next;
                }
                return 0;
            }
            if n > N as u32 / 2 {
                // Head and tail were not read together.
                if MODEL {
                    crate::sync::atomic::spin_loop();
                }
                continue;
            }
            for i in 0..n {
                let item = from.slot(head.wrapping_add(i)).load(Relaxed);
                self.slot(tail.wrapping_add(i)).store(item, Relaxed);
            }
            if from
                .head
                .compare_exchange(head, head.wrapping_add(n), AcqRel, Relaxed)
                .is_ok()
            {
                break n;
            }
        };
        let n = n - 1;
        let item = self.slot(tail.wrapping_add(n)).load(Relaxed);
        if n > 0 {
            self.tail.store(tail.wrapping_add(n), Release);
        }
        item
    }
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self::new()
    }
}
