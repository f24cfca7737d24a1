//! The run queues of two Ps that run nothing, filled and emptied.

use crate::abi::{G, GoString, Sys, args};
use crate::mem;
use crate::sync::ring::Ring;
use crate::world::glist::GList;
use crate::world::p::RUNQ;
use crate::world::{OwnP, P, Right, Runnable};
use core::ptr;

/// Goroutines: as many as fill a queue, and one more.
const GOROUTINES: usize = RUNQ + 1;

/// How many items have gone through a queue before a round: none, so many that its counters wrap on
/// the way, and so many that they wrap at once.
const STARTS: [u32; 3] = [0, u32::MAX - RUNQ as u32 / 2, u32::MAX];

/// Two Ps and the goroutines that go through their queues, none of which ever runs. `goid` says how
/// often a goroutine was met.
struct Bench {
    a: &'static mut P,
    b: &'static mut P,
    gs: &'static mut [G; GOROUTINES],
}

impl Bench {
    fn new() -> Self {
        // SAFETY: Ps and Gs are valid as zeroes; nobody else knows these.
        let (a, b, gs) = unsafe {
            (
                &mut *mem::persistent(),
                &mut *mem::persistent(),
                &mut *mem::persistent(),
            )
        };
        Self { a, b, gs }
    }

    /// Empty queues that `start` items have gone through.
    fn reset(&mut self, start: u32) {
        self.a.runq = Ring::starting_at(start);
        self.b.runq = Ring::starting_at(start.wrapping_mul(3));
        for g in self.gs.iter_mut() {
            g.goid = 0;
        }
    }

    /// Puts the first `n` goroutines into queue `a`; false if it was full before.
    fn fill(&mut self, n: usize) -> bool {
        let mut overflow = GList::new();
        self.gs[..n].iter_mut().all(|g| {
            // SAFETY: they are the bench's, and in no list.
            let g = unsafe { Runnable::from_raw(g) };
            own(self.a).runq_put(g, false, &mut overflow)
        })
    }

    /// The first `n` were met once, the others not.
    fn met(&self, n: usize) -> bool {
        let counts = self.gs.iter().map(|g| g.goid);
        counts.enumerate().all(|(i, met)| met == i64::from(i < n))
    }
}

/// What went wrong, as a Go string; empty if nothing did.
fn report(result: Result<(), &'static str>) -> GoString {
    result.map_or_else(GoString::from_static, |()| GoString::EMPTY)
}

/// `runtime.hookRunQueue`: a queue gives what it was given, in this order, the next one before the
/// others; when it is full it gives half of it away.
pub fn local(_: Sys<'_>, a: &mut args::runtime_hookRunQueue) {
    a.r0 = report(in_order());
}

fn in_order() -> Result<(), &'static str> {
    let mut bench = Bench::new();
    for start in STARTS {
        for n in 0..=RUNQ {
            bench.reset(start);
            check(bench.a.runq_empty(), "a new queue is not empty")?;
            check(bench.fill(n), "a queue is full too early")?;
            check(
                bench.a.runq_empty() == (n == 0),
                "a queue is empty too early or too late",
            )?;
            for i in 0..n {
                let (g, next) = get(bench.a);
                check(
                    ptr::eq(g, &bench.gs[i]) && !next,
                    "goroutines come in another order",
                )?;
            }
            let (g, _) = get(bench.a);
            check(g.is_null(), "a queue gives more than it was given")?;
            check(
                bench.a.runq_empty(),
                "a queue that gave everything is not empty",
            )?;
        }
        next_is_first(&mut bench, start)?;
        overflow(&mut bench, start)?;
    }
    Ok(())
}

/// The goroutine to run next comes first; it puts the one that was to be next at the end.
fn next_is_first(bench: &mut Bench, start: u32) -> Result<(), &'static str> {
    bench.reset(start);
    let mut none = GList::new();
    check(bench.fill(2), "a queue is full too early")?;
    for i in [2, 3] {
        // SAFETY: it is one of the bench's, and in no list.
        let g = unsafe { Runnable::from_raw(&mut bench.gs[i]) };
        let put = own(bench.a).runq_put(g, true, &mut none);
        check(put, "a queue is full too early")?;
    }
    for (i, first) in [(3, true), (0, false), (1, false), (2, false)] {
        let (g, next) = get(bench.a);
        check(
            ptr::eq(g, &bench.gs[i]) && next == first,
            "the next goroutine is not the first",
        )?;
    }
    Ok(())
}

/// One more than fits: the older half and that one leave.
fn overflow(bench: &mut Bench, start: u32) -> Result<(), &'static str> {
    bench.reset(start);
    check(bench.fill(RUNQ), "a queue is full too early")?;
    let mut out = GList::new();
    // SAFETY: it is one of the bench's, and in no list.
    let g = unsafe { Runnable::from_raw(&mut bench.gs[RUNQ]) };
    let put = own(bench.a).runq_put(g, false, &mut out);
    check(!put, "a full queue takes one more")?;
    for i in (0..RUNQ / 2).chain([RUNQ]) {
        check(
            ptr::eq(raw(out.pop()), &bench.gs[i]),
            "a full queue gives others than its older half away",
        )?;
    }
    check(out.is_empty(), "a full queue gives more than half away")?;
    for i in RUNQ / 2..RUNQ {
        let (g, _) = get(bench.a);
        check(ptr::eq(g, &bench.gs[i]), "a full queue has lost goroutines")?;
    }
    check(
        bench.a.runq_empty(),
        "a queue that gave everything is not empty",
    )
}

/// `runtime.hookRunQueueSteal`: who steals gets half, rounded up; both queues together have every
/// goroutine once. The next one of the victim goes only where the thief wants it.
pub fn steal(_: Sys<'_>, a: &mut args::runtime_hookRunQueueSteal) {
    a.r0 = report(in_halves());
}

fn in_halves() -> Result<(), &'static str> {
    let mut bench = Bench::new();
    for start in STARTS {
        for n in 0..=RUNQ {
            bench.reset(start);
            check(bench.fill(n), "a queue is full too early")?;
            let first = raw(own(bench.b).runq_steal(bench.a, false));
            let mut stolen = drain(bench.b);
            let kept = drain(bench.a);
            if !first.is_null() {
                meet(first);
                stolen += 1;
            }
            check(
                stolen == n - n / 2 && kept == n / 2,
                "a thief does not get half",
            )?;
            check(bench.met(n), "a goroutine is lost or there twice")?;
        }
        bench.reset(start);
        // SAFETY: it is one of the bench's, and in no list.
        let g = unsafe { Runnable::from_raw(&mut bench.gs[0]) };
        own(bench.a).runq_put(g, true, &mut GList::new());
        let none = raw(own(bench.b).runq_steal(bench.a, false));
        check(
            none.is_null(),
            "a thief gets the next one though it does not want it",
        )?;
        let next = raw(own(bench.b).runq_steal(bench.a, true));
        check(
            ptr::eq(next, &bench.gs[0]),
            "a thief does not get the next one",
        )?;
        check(
            bench.a.runq_empty() && bench.b.runq_empty(),
            "the next one is there twice",
        )?;
    }
    Ok(())
}

/// The right to a P of the bench.
fn own(p: &P) -> OwnP<'_> {
    // SAFETY: only the bench, on this thread, knows its Ps.
    unsafe { OwnP::new(ptr::NonNull::from(p)) }
}

/// What came out of a queue, or null.
fn raw(g: Option<Runnable>) -> *mut G {
    g.map_or(ptr::null_mut(), Right::into_raw)
}

/// Takes the next goroutine of `p`, or null.
fn get(p: &P) -> (*mut G, bool) {
    let (g, next) = own(p).runq_get();
    (raw(g), next)
}

/// Notes that a goroutine of the bench came out of a queue.
fn meet(g: *mut G) {
    // SAFETY: queues give what they were given: goroutines that live for ever and only this thread
    // knows.
    unsafe { (*g).goid += 1 };
}

/// Empties a queue; how many there were.
fn drain(p: &P) -> usize {
    let mut n = 0;
    loop {
        let (g, _) = get(p);
        if g.is_null() {
            return n;
        }
        meet(g);
        n += 1;
    }
}

fn check(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}
