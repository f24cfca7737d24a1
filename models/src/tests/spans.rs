//! Spans between sweepers, allocation and the collector: each is swept once in a cycle, no slot is
//! given out twice or while its object lives, and who finds everything swept sees what that freed.
//!
//! As `src/heap/central.rs`, with one class of two spans with two slots each.

use super::{RACE, explore, must_fail};
use crate::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
    Weak, does,
};
use core::sync::atomic::AtomicUsize as Plain;
use loom::cell::UnsafeCell;
use loom::sync::{Mutex, MutexGuard};
use loom::thread;
use std::sync::Arc;

const SPANS: usize = 2;
const SLOTS: usize = 2;

/// What its owner alone touches.
#[derive(Clone, Copy, Default)]
struct Bits {
    alloc: [bool; SLOTS],
    mark: [bool; SLOTS],
}

impl Bits {
    fn is_full(&self) -> bool {
        self.alloc.iter().all(|&a| a)
    }
}

/// The spans that no P holds, by the parity of the cycle that they were swept after.
type Lists = [Vec<usize>; 2];

struct Heap {
    bits: [UnsafeCell<Bits>; SPANS],
    lists: Mutex<Lists>,
    cycle: AtomicUsize,
    unswept: AtomicUsize,
    /// Objects freed: as the counters of `src/heap/stats.rs`.
    freed: AtomicUsize,
    /// One for each thread that allocates or sweeps; who has all has stopped the world.
    ps: [Mutex<()>; 2],
    /// For the model alone: how often each was swept, and each slot given out.
    swept: [Plain; SPANS],
    given: [[Plain; SLOTS]; SPANS],
}

// SAFETY: that is what is checked.
unsafe impl Sync for Heap {}
// SAFETY: as above.
unsafe impl Send for Heap {}

impl Heap {
    /// Marking has just ended: all slots hold objects, and one of each span is marked.
    fn new() -> Arc<Self> {
        let bits = Bits {
            alloc: [true; SLOTS],
            mark: [true, false],
        };
        Arc::new(Self {
            bits: std::array::from_fn(|_| UnsafeCell::new(bits)),
            lists: Mutex::new([Vec::new(), (0..SPANS).collect()]),
            cycle: AtomicUsize::new(0),
            unswept: AtomicUsize::new(SPANS),
            freed: AtomicUsize::new(0),
            ps: std::array::from_fn(|_| Mutex::new(())),
            swept: std::array::from_fn(|_| Plain::new(0)),
            given: std::array::from_fn(|_| std::array::from_fn(|_| Plain::new(0))),
        })
    }

    fn p(&self, i: usize) -> Option<MutexGuard<'_, ()>> {
        does("hold a P").then(|| self.ps[i].lock().unwrap())
    }

    fn put(&self, span: usize) {
        let swept = self.cycle.load(Relaxed) % 2;
        self.lists.lock().unwrap()[swept].push(span);
    }

    fn pop(&self, swept: bool) -> Option<usize> {
        if does("look and take under one lock") {
            let mut lists = self.lists.lock().unwrap();
            let cycle = self.cycle.load(Relaxed) + usize::from(!swept);
            return lists[cycle % 2].pop();
        }
        let list = (self.cycle.load(Relaxed) + usize::from(!swept)) % 2;
        let span = self.lists.lock().unwrap()[list].last().copied();
        self.lists.lock().unwrap()[list].pop();
        span
    }

    /// The span is the caller's, and marking is over.
    fn sweep(&self, span: usize) {
        assert_eq!(self.swept[span].fetch_add(1, Relaxed), 0, "swept once");
        // SAFETY: the span is the caller's.
        let freed = self.bits[span].with_mut(|bits| unsafe {
            let bits = &mut *bits;
            let before = bits.alloc.iter().filter(|&&a| a).count();
            bits.alloc = core::mem::take(&mut bits.mark);
            before - bits.alloc.iter().filter(|&&a| a).count()
        });
        self.freed.fetch_add(freed, Relaxed);
    }

    fn count_swept(&self) {
        self.unswept.fetch_sub(1, Release);
    }

    /// As `sweep_next`: false if nothing is left.
    fn sweep_next(&self) -> bool {
        if self.unswept.load(Acquire) == 0 {
            return false;
        }
        let Some(span) = self.pop(false) else {
            return false;
        };
        if !does("count when it is swept") {
            self.count_swept();
        }
        self.sweep(span);
        self.put(span);
        if does("count when it is swept") {
            self.count_swept();
        }
        true
    }

    fn sweep_all(&self) {
        while self.sweep_next() {}
        while self.unswept.load(Acquire) != 0 {
            thread::yield_now();
        }
    }

    /// As `take`: a swept span with a free slot.
    fn take(&self) -> Option<usize> {
        if let Some(span) = self.pop(true) {
            // SAFETY: it is ours.
            if !self.bits[span].with(|bits| unsafe { (*bits).is_full() }) {
                return Some(span);
            }
            self.put(span);
        }
        let span = self.pop(false)?;
        if does("sweep before giving out") {
            self.sweep(span);
        }
        self.count_swept();
        Some(span)
    }

    /// As `refill`, `take_slot` and `flush`: allocates an object, if there is room.
    fn allocate(&self) {
        let Some(span) = self.take() else {
            return;
        };
        if !does("give the span back last") {
            self.put(span);
        }
        // SAFETY: the span is ours.
        self.bits[span].with_mut(|bits| unsafe {
            let slot = (*bits).alloc.iter().position(|&a| !a).expect("a free slot");
            (*bits).alloc[slot] = true;
            let before = self.given[span][slot].fetch_add(1, Relaxed);
            assert_eq!(before, 0, "given out twice");
            assert_ne!(slot, 0, "its object lives");
        });
        if does("give the span back last") {
            self.put(span);
        }
    }

    /// Stops the world, looks at all spans, and ends the marking of another cycle if everything is
    /// swept.
    fn stop(&self) {
        let _stopped = self.ps.each_ref().map(|p| p.lock().unwrap());
        for bits in &self.bits {
            // SAFETY: the world is stopped.
            bits.with(|bits| unsafe { (*bits).is_full() });
        }
        if self.unswept.load(Relaxed) != 0 {
            return;
        }
        for (bits, swept) in self.bits.iter().zip(&self.swept) {
            // SAFETY: the world is stopped.
            bits.with_mut(|bits| unsafe { (*bits).mark = [true, false] });
            swept.store(0, Relaxed);
        }
        self.cycle.fetch_add(1, Relaxed);
        self.unswept.store(SPANS, Release);
    }
}

/// Two allocate, and one sweeps before.
fn sweep_and_allocate() {
    let heap = Heap::new();
    let theirs = heap.clone();
    let t = thread::spawn(move || {
        let _p = theirs.p(0);
        theirs.sweep_next();
        theirs.allocate();
    });
    {
        let _p = heap.p(1);
        heap.allocate();
    }
    t.join().unwrap();
    heap.sweep_all();
    let swept = heap.swept.iter().all(|n| n.load(Relaxed) == 1);
    assert!(swept, "each was swept");
    let on_lists: usize = heap.lists.lock().unwrap().iter().map(Vec::len).sum();
    assert_eq!(on_lists, SPANS, "each is on a list");
}

/// One sweeps, another stops the world meanwhile, perhaps for the next cycle.
fn sweep_and_stop() {
    let heap = Heap::new();
    let theirs = heap.clone();
    let t = thread::spawn(move || {
        for _ in 0..2 {
            let _p = theirs.p(0);
            theirs.sweep_next();
        }
    });
    heap.stop();
    t.join().unwrap();
    {
        let _p = heap.p(1);
        heap.sweep_all();
    }
    heap.stop();
    let unswept = heap.lists.lock().unwrap()[(heap.cycle.load(Relaxed) + 1) % 2].len();
    assert_eq!(unswept, SPANS, "all are to be swept again");
}

/// Who waits until everything is swept sees all that was freed.
fn wait_for_sweepers() {
    let heap = Heap::new();
    let theirs = heap.clone();
    let t = thread::spawn(move || {
        let _p = theirs.p(0);
        theirs.sweep_next();
    });
    {
        let _p = heap.p(1);
        heap.sweep_all();
        assert_eq!(heap.freed.load(Relaxed), SPANS, "all that was freed");
    }
    t.join().unwrap();
}

#[test]
fn a_span_is_swept_once_and_its_slots_given_out_once() {
    explore(sweep_and_allocate);
    for (step, why) in [
        ("look and take under one lock", "swept once"),
        ("give the span back last", RACE),
        ("sweep before giving out", "a free slot"),
    ] {
        must_fail(Weak::Step(step), why, sweep_and_allocate);
    }
}

#[test]
fn no_span_is_being_swept_while_the_world_is_stopped() {
    explore(sweep_and_stop);
    must_fail(Weak::Step("hold a P"), RACE, sweep_and_stop);
}

#[test]
fn sweeping_is_seen_by_those_who_wait_for_it() {
    explore(wait_for_sweepers);
    must_fail(
        Weak::Step("count when it is swept"),
        "all that was freed",
        wait_for_sweepers,
    );
    must_fail(Weak::Release, "all that was freed", wait_for_sweepers);
    must_fail(Weak::Acquire, "all that was freed", wait_for_sweepers);
}
