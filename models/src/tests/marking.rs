//! The end of marking: it does not come while something is grey, be it in a marker's block, in the
//! pool, in what a barrier shaded, or on a stack that changed since it was scanned.

use super::{RACE, change, explore, must_fail};
use crate::abi::G;
use crate::gc::grey::{Block, Pool, Shaded};
use crate::heap::stats::Counts;
use crate::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed, Weak, does};
use crate::world::ranlist::RanList;
use crate::world::status::{GState, GStatus, Hold, Still, status_of};
use core::cell::UnsafeCell as PlainUnsafeCell;
use core::ptr::null_mut;
use loom::cell::UnsafeCell;
use loom::sync::Mutex;
use loom::thread;
use std::sync::Arc;

/// Objects of a block.
const BLOCK: usize = 2;

/// Objects, numbered from 1, and what is known of them.
struct Heap {
    pool: Pool<BLOCK>,
    shaded: Shaded<BLOCK>,
    marks: [AtomicU32; 6],
    /// Root jobs taken.
    jobs: AtomicUsize,
    roots: &'static [usize],
    /// What an object points to.
    edges: fn(usize) -> &'static [usize],
    /// For the model alone: objects that are grey. An atomic of the checker's, so that it tries a
    /// look at it between all steps.
    grey: AtomicUsize,
}

impl Heap {
    fn new(roots: &'static [usize], edges: fn(usize) -> &'static [usize]) -> Self {
        Self {
            pool: Pool::new(),
            shaded: Shaded::default(),
            marks: std::array::from_fn(|_| AtomicU32::new(0)),
            jobs: AtomicUsize::new(0),
            roots,
            edges,
            grey: AtomicUsize::new(0),
        }
    }

    /// The object was white, and is grey now.
    fn mark(&self, object: usize) -> bool {
        let marked = object != 0 && self.marks[object].swap(1, Relaxed) == 0;
        if marked {
            self.grey.fetch_add(1, Relaxed);
        }
        marked
    }

    fn is_marked(&self, object: usize) -> bool {
        self.marks[object].load(Relaxed) != 0
    }

    /// As the write barrier, of the thread that has the P.
    fn shade(&self, object: usize) {
        if self.mark(object) {
            // SAFETY: the caller has the P.
            unsafe { self.shaded.put(&self.pool, object) };
        }
    }

    fn take_shaded(&self) -> *mut Block<BLOCK> {
        if does("look at what barriers shaded") {
            self.shaded.take()
        } else {
            null_mut()
        }
    }

    fn roots_taken(&self) -> bool {
        self.jobs.load(Relaxed) >= self.roots.len()
    }
}

/// As `Marker` in `src/gc/mark.rs`.
struct Marker<'a> {
    heap: &'a Heap,
    block: *mut Block<BLOCK>,
}

impl<'a> Marker<'a> {
    fn new(heap: &'a Heap) -> Self {
        let block = if does("open a session first") {
            heap.pool.join()
        } else {
            let empty = heap.pool.take();
            // SAFETY: the block is ours.
            let some = unsafe { heap.pool.refill(empty, || heap.take_shaded()) };
            heap.pool.join();
            if some.is_null() { empty } else { some }
        };
        Self { heap, block }
    }

    fn grey(&mut self, object: usize) {
        // SAFETY: the block is ours.
        unsafe {
            if self.heap.mark(object) {
                if (*self.block).len == BLOCK {
                    self.block = self.heap.pool.exchange(self.block);
                }
                (*self.block).objects[(*self.block).len] = object;
                (*self.block).len += 1;
            }
        }
    }

    /// A grey object that this session can get, to be scanned at once.
    fn next(&mut self) -> Option<usize> {
        // SAFETY: the block is ours.
        unsafe {
            if (*self.block).len == 0 {
                let b = self
                    .heap
                    .pool
                    .refill(self.block, || self.heap.take_shaded());
                if b.is_null() {
                    return None;
                }
                self.block = b;
            }
            (*self.block).len -= 1;
            self.heap.grey.fetch_sub(1, Relaxed);
            Some((*self.block).objects[(*self.block).len])
        }
    }

    /// Scans objects as long as there are some; `scan` says what they point to.
    fn drain(&mut self, mut scan: impl FnMut(usize) -> usize) {
        while let Some(object) = self.next() {
            let found = scan(object);
            self.grey(found);
            for &target in (self.heap.edges)(object) {
                self.grey(target);
            }
        }
    }

    fn finish(self) -> bool {
        let heap = self.heap;
        // SAFETY: the block is ours.
        unsafe {
            if !does("give back what is left") {
                (*self.block).len = 0;
            }
            let taken = || heap.roots_taken();
            heap.pool.leave(self.block, &mut Counts::default(), taken)
        }
    }
}

/// A session of up to `most` objects and root jobs. True: marking is done.
fn session(heap: &Heap, most: usize) -> bool {
    let mut m = Marker::new(heap);
    for _ in 0..most {
        if let Some(object) = m.next() {
            for &target in (heap.edges)(object) {
                m.grey(target);
            }
        } else if heap.jobs.load(Relaxed) < heap.roots.len() {
            if let Some(&root) = heap.roots.get(heap.jobs.fetch_add(1, Relaxed)) {
                m.grey(root);
            }
        } else {
            break;
        }
    }
    m.finish()
}

/// Each says that marking is done only if it is, and the last one does.
fn sessions(most: usize) {
    // 1 leads to all others.
    fn edges(object: usize) -> &'static [usize] {
        match object {
            1 => &[2, 3, 4],
            4 => &[5],
            _ => &[],
        }
    }
    let heap = Arc::new(Heap::new(&[1], edges));
    let done = |heap: &Heap, most: usize| {
        let done = session(heap, most);
        if done {
            assert_eq!(heap.grey.load(Relaxed), 0, "grey at the end");
            assert!((1..=5).all(|o| heap.is_marked(o)), "white at the end");
        }
        done
    };
    let theirs = heap.clone();
    let t = thread::spawn(move || done(&theirs, most));
    done(&heap, most);
    t.join().unwrap();
    assert!(done(&heap, 100), "marking never ends");
}

#[test]
fn marking_ends_when_nothing_is_grey() {
    explore(|| sessions(3));
    explore(|| sessions(100));
}

#[test]
fn a_session_opened_too_late_is_noticed() {
    must_fail(
        Weak::Step("open a session first"),
        "grey at the end",
        || sessions(100),
    );
}

#[test]
fn a_rest_that_is_not_given_back_is_noticed() {
    must_fail(
        Weak::Step("give back what is left"),
        "grey at the end",
        || sessions(2),
    );
}

/// An object that was shaded comes with its contents.
fn contents() {
    fn none(_: usize) -> &'static [usize] {
        &[]
    }
    let shared = Arc::new((Heap::new(&[], none), UnsafeCell::new(0)));
    let theirs = shared.clone();
    let t = thread::spawn(move || {
        let mut m = Marker::new(&theirs.0);
        m.drain(|object| {
            assert_eq!(object, 1);
            // SAFETY: written before it was shaded; loom fails if that is not so.
            theirs.1.with(|v| assert_eq!(unsafe { *v }, 7));
            0
        });
        m.finish();
    });
    // SAFETY: nobody knows the object yet.
    shared.1.with_mut(|v| unsafe { *v = 7 });
    shared.0.shade(1);
    t.join().unwrap();
}

/// So does one that a session left in the pool.
fn contents_in_the_pool() {
    fn none(_: usize) -> &'static [usize] {
        &[]
    }
    let shared = Arc::new((Heap::new(&[], none), UnsafeCell::new(0)));
    let theirs = shared.clone();
    let t = thread::spawn(move || {
        let mut m = Marker::new(&theirs.0);
        m.drain(|object| {
            assert_eq!(object, 1);
            // SAFETY: written before it was marked; loom fails if that is not so.
            theirs.1.with(|v| assert_eq!(unsafe { *v }, 7));
            0
        });
        m.finish();
    });
    // SAFETY: nobody knows the object yet.
    shared.1.with_mut(|v| unsafe { *v = 7 });
    let mut m = Marker::new(&shared.0);
    m.grey(1);
    m.finish();
    t.join().unwrap();
}

#[test]
fn an_object_of_the_pool_comes_with_its_contents() {
    explore(contents_in_the_pool);
    must_fail(Weak::Release, RACE, contents_in_the_pool);
    must_fail(Weak::Acquire, RACE, contents_in_the_pool);
}

#[test]
fn a_shaded_object_comes_with_its_contents() {
    explore(contents);
    must_fail(Weak::Release, RACE, contents);
    must_fail(Weak::Acquire, RACE, contents);
}

/// A goroutine in a system call, which comes back while a cycle begins or ends, and then moves the
/// only pointer to object 2, which leads to 3, from the heap to its stack, and on to a variable
/// that was marked from.
struct Program {
    heap: Heap,
    /// Held by the thread that has the only P, or has stopped the world.
    world: Mutex<()>,
    /// Marking runs.
    phase: AtomicU32,
    g: PlainUnsafeCell<G>,
    ran: RanList,
    /// A word of object 1.
    field: AtomicUsize,
    stack: UnsafeCell<usize>,
    variable: AtomicUsize,
}

// SAFETY: `g` is used through the runtime's functions, `stack` by the thread that runs the
// goroutine or holds it.
unsafe impl Sync for Program {}
// SAFETY: as above.
unsafe impl Send for Program {}

impl Program {
    fn new() -> Arc<Self> {
        fn edges(object: usize) -> &'static [usize] {
            if object == 2 { &[3] } else { &[] }
        }
        Arc::new(Self {
            heap: Heap::new(&[1], edges),
            world: Mutex::new(()),
            phase: AtomicU32::new(0),
            g: PlainUnsafeCell::new(G::new(GState::Syscall)),
            ran: RanList::new(),
            field: AtomicUsize::new(2),
            stack: UnsafeCell::new(0),
            variable: AtomicUsize::new(0),
        })
    }

    fn g(&self) -> *mut G {
        self.g.get()
    }

    /// As `back_to_running`: the thread has the P.
    fn back_to_running(&self, enabled: bool) {
        // SAFETY: this thread's goroutine.
        unsafe {
            let g = self.g();
            if does("change the status first") {
                change(g, GStatus::exit_syscall, GState::Running);
            }
            if enabled && does("note that it ran") {
                (*g).scanned = false;
                self.ran.note(g);
            }
            if !does("change the status first") {
                change(g, GStatus::exit_syscall, GState::Running);
            }
        }
    }

    /// The goroutine's thread: its return, and then one or two stretches of code between safe
    /// points.
    fn run(&self, stretches: u32) {
        let early = self.phase.load(Relaxed) != 0;
        let p = self.world.lock().unwrap();
        self.back_to_running(if does("look at the phase with a P") {
            self.phase.load(Relaxed) != 0
        } else {
            early
        });
        let moved = self.field.swap(0, Relaxed);
        // SAFETY: its own stack, as long as it runs.
        self.stack.with_mut(|v| unsafe { *v = moved });
        self.safe_point(p);
        if stretches == 1 {
            return;
        }
        // SAFETY: as above.
        unsafe {
            let p = self.world.lock().unwrap();
            change(self.g(), GStatus::run, GState::Running);
            if self.phase.load(Relaxed) != 0 {
                (*self.g()).scanned = false;
                self.ran.note(self.g());
            }
            let moved = self.stack.with_mut(|v| core::mem::take(&mut *v));
            self.variable.store(moved, Relaxed);
            if self.phase.load(Relaxed) != 0 && does("shade") {
                self.heap.shade(moved);
            }
            self.safe_point(p);
        }
    }

    /// It is preempted.
    fn safe_point(&self, p: loom::sync::MutexGuard<'_, ()>) {
        // SAFETY: this thread's goroutine.
        unsafe { status_of(self.g()).yields() };
        drop(p);
    }

    /// As `mark_stack`.
    fn mark_stack(&self, m: &mut Marker<'_>) {
        let g = self.g();
        // SAFETY: while it is held its stack is ours.
        unsafe {
            match Still::hold(g) {
                Hold::Still(_still) => {
                    if !(*g).scanned {
                        self.stack.with(|v| m.grey(*v));
                        (*g).scanned = true;
                    }
                }
                Hold::Taken => unreachable!("there is one marker"),
                Hold::Not(_) => self.ran.note(g),
            }
        }
    }

    fn mark_ran(&self, m: &mut Marker<'_>) {
        self.ran.take(|_| self.mark_stack(m));
    }

    fn scan(&self, object: usize) -> usize {
        if object == 1 {
            self.field.load(Relaxed)
        } else {
            0
        }
    }

    /// A cycle: it begins with the world stopped, marks beside the program, and ends with the world
    /// stopped.
    fn collect(&self) {
        {
            let _stopped = self.world.lock().unwrap();
            self.phase.store(1, Relaxed);
        }
        {
            let mut m = Marker::new(&self.heap);
            self.heap.jobs.store(1, Relaxed);
            m.grey(self.variable.load(Relaxed));
            self.mark_stack(&mut m);
            self.mark_ran(&mut m);
            m.grey(1);
            m.drain(|o| self.scan(o));
            assert!(m.finish());
        }
        let stopped = does("stop the world").then(|| self.world.lock().unwrap());
        let mut m = Marker::new(&self.heap);
        if does("scan again what ran") {
            self.mark_ran(&mut m);
        }
        m.drain(|o| self.scan(o));
        assert!(m.finish());
        self.phase.store(0, Relaxed);
        let live = self.heap.is_marked(2) && self.heap.is_marked(3);
        assert!(live, "an object is freed, and somebody has it");
        drop(stopped);
    }
}

fn cycle(stretches: u32) {
    let p = Program::new();
    let theirs = p.clone();
    let t = thread::spawn(move || theirs.run(stretches));
    p.collect();
    t.join().unwrap();
}

#[test]
fn what_moves_while_marking_runs_is_found() {
    explore(|| cycle(1));
    explore(|| cycle(2));
}

#[test]
fn each_step_of_a_cycle_is_needed() {
    const LOST: &str = "an object is freed, and somebody has it";
    for (step, stretches, why) in [
        ("note that it ran", 1, LOST),
        ("change the status first", 1, LOST),
        ("look at the phase with a P", 1, LOST),
        ("scan again what ran", 1, LOST),
        ("wait for the scan", 1, RACE),
        ("shade", 2, LOST),
        ("look at what barriers shaded", 2, LOST),
        ("stop the world", 2, LOST),
    ] {
        must_fail(Weak::Step(step), why, move || cycle(stretches));
    }
}
