//! Figures of the heap and the collector: `runtime.ReadMemStats`, `debug.ReadGCStats`, and those of
//! `GODEBUG=gctrace=1` ([`super::line`]).

use super::line::{self, Line};
use super::{pace, times};
use crate::abi::{GoSlice, MemStats, Outcome, Sys, args};
use crate::config::godebug;
use crate::fatal::clock;
use crate::heap::classes::{CLASSES, TABLE};
use crate::heap::geometry::PAGE;
use crate::heap::stats::{self, Counts, HEAP_LIVE};
use crate::heap::{CACHES, Cache, cache, pages, trigger};
use crate::mem;
use crate::sched::stop_the_world;
use crate::stack::alloc::{STACK_INUSE, STACK_SYS};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::Stopped;
use crate::world::lists::GOMAXPROCS;
use core::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// Addresses looked up: objects found by marking, and by SetFinalizer.
pub static LOOKUPS: AtomicU64 = AtomicU64::new(0);

/// Pauses kept, as many as `MemStats` shows.
const PAUSES: usize = 256;

struct Cycles {
    count: u32,
    forced: u32,
    total_ns: u64,
    /// When the last one ended: Unix time.
    last: u64,
    pauses: [u64; PAUSES],
    ends: [u64; PAUSES],
    #[doc(alias = "runtimeInitTime")]
    start_of_process: i64,
    /// The present cycle.
    now: Cycle,
    /// Processors' time spent on collecting, in nanoseconds.
    cpu_ns: u64,
}

static CYCLES: Mutex<Cycles, { rank::GC_STATS }> = Mutex::new(Cycles {
    count: 0,
    forced: 0,
    total_ns: 0,
    last: 0,
    pauses: [0; PAUSES],
    ends: [0; PAUSES],
    start_of_process: 0,
    now: Cycle {
        cause: Cause::Heap,
        start: 0,
        going: 0,
        stopped: 0,
        before: 0,
        goal: 0,
    },
    cpu_ns: 0,
});

/// When all roots had been handed out to markers, in this cycle; 0: not yet.
static ROOTS_DONE: AtomicI64 = AtomicI64::new(0);

/// When the last cycle ended, or the process started.
static LAST_END: AtomicI64 = AtomicI64::new(0);

/// See [`LAST_END`].
pub(super) fn last_end() -> i64 {
    LAST_END.load(Ordering::Relaxed)
}

/// Remembers when the process started.
pub fn init() {
    let now = clock::nanotime();
    LAST_END.store(now, Ordering::Relaxed);
    CYCLES.lock().start_of_process = now;
}

fn unix_now() -> u64 {
    let (sec, nsec) = clock::walltime();
    sec as u64 * 1_000_000_000 + nsec as u64
}

/// The cycle that is going on.
#[derive(Debug, Clone, Copy)]
struct Cycle {
    cause: Cause,
    /// The world was about to be stopped.
    start: i64,
    /// The world went on.
    going: i64,
    /// Length of stops between the first and the last one.
    stopped: i64,
    /// Bytes of heap at the start.
    before: usize,
    /// Heap size at which it should be done.
    goal: usize,
}

/// Marking starts; `start` is when the thread began to stop the world.
pub(super) fn cycle_starts(cause: Cause, start: i64) {
    ROOTS_DONE.store(0, Ordering::Relaxed);
    CYCLES.lock().now = Cycle {
        cause,
        start,
        going: clock::nanotime(),
        stopped: 0,
        before: HEAP_LIVE.load(Ordering::Relaxed),
        goal: if pace::enabled() {
            trigger::heap_goal()
        } else {
            0
        },
    };
}

/// The last roots were handed out.
pub(super) fn roots_done() {
    ROOTS_DONE.store(clock::nanotime(), Ordering::Relaxed);
}

/// The world was stopped for `ns` to no avail.
pub(super) fn stopped(ns: i64) {
    CYCLES.lock().now.stopped += ns;
}

/// Marking is over and found `old` live, `young` was allocated meanwhile; `stop` is when the last
/// stop of the world began. Sets the next goal.
pub(super) fn cycle_ends(stopped: &Stopped, old: Counts, young: Counts, stop: i64) {
    let mut c = CYCLES.lock();
    let cycle = c.now;
    let live = HEAP_LIVE.load(Ordering::Relaxed);
    let times = [
        &times::TIMES.assist,
        &times::TIMES.background,
        &times::TIMES.idle,
    ]
    .map(|t| t.load(Ordering::Relaxed));
    // Idle time costs nobody anything.
    let busy = times[0] + times[1];
    let procs = u64::from(GOMAXPROCS.load(Ordering::Relaxed));
    if godebug::GC_PACER_TRACE.on() {
        let whole = (stop - cycle.going).max(1) as f64 * procs as f64;
        pace::print_end(stopped, busy as f64 / whole);
    }
    pace::finish(stopped, old, young, cycle.before);
    let now = clock::nanotime();
    LAST_END.store(now, Ordering::Relaxed);
    let last_stop = now - stop;
    let pause = ((cycle.going - cycle.start) + cycle.stopped + last_stop).max(0) as u64;
    c.cpu_ns += busy + pause * procs;
    let i = c.count as usize % PAUSES;
    c.count += 1;
    c.forced += u32::from(cycle.cause == Cause::Forced);
    c.total_ns += pause;
    c.last = unix_now();
    c.pauses[i] = pause;
    c.ends[i] = c.last;
    if godebug::GC_TRACE.on() {
        let roots = match ROOTS_DONE.load(Ordering::Relaxed) {
            0 => stop,
            at => at.clamp(cycle.going, stop),
        };
        line::put(&Line {
            number: c.count,
            since_start: now - c.start_of_process,
            cpu_share: cpu_fraction(&c, now),
            clocks: [
                cycle.going - cycle.start,
                roots - cycle.going,
                cycle.stopped,
                stop - roots - cycle.stopped,
                last_stop,
            ],
            marking: times,
            heap: [cycle.before, live, old.bytes + young.bytes, cycle.goal],
            procs,
            forced: cycle.cause == Cause::Forced,
            stalls: times::STALLS.read(),
        });
    }
}

/// Share of the processors' time that collecting took so far.
fn cpu_fraction(c: &Cycles, now: i64) -> f64 {
    let procs = f64::from(GOMAXPROCS.load(Ordering::Relaxed).max(1));
    c.cpu_ns as f64 / ((now - c.start_of_process).max(1) as f64 * procs)
}

/// `runtime.ReadMemStats`.
pub fn read_mem_stats(sys: Sys<'_>, a: &mut args::runtime_ReadMemStats) -> Outcome {
    // SAFETY: at a runtime call, with a P.
    let Some(mut stopped) = (unsafe { stop_the_world(sys) }) else {
        return Outcome::Again;
    };
    // SAFETY: Go code passes the address of a MemStats, which has this layout.
    fill(&mut stopped, unsafe { &mut *a.m.cast::<MemStats>() });
    stopped.start();
    Outcome::Return
}

/// Fills in all figures.
#[doc(alias = "memstats")]
pub fn fill(stopped: &mut Stopped, m: &mut MemStats) {
    cache::flush_caches(stopped);
    let mut taken = [0u64; CLASSES];
    let (mut tiny, mut ps) = (0, 0u64);
    for cache in CACHES.each(stopped) {
        tiny += cache.tiny_allocs;
        for (sum, n) in taken.iter_mut().zip(&cache.taken) {
            *sum += n;
        }
        ps += 1;
    }
    // SAFETY: all fields are plain numbers, for which zeroes are valid.
    *m = unsafe { core::mem::zeroed() };
    let large_bytes = stats::LARGE_BYTES.load(Ordering::Relaxed);
    let large_freed = stats::FREED_LARGE_BYTES.load(Ordering::Relaxed);
    let (mut total, mut freed) = (large_bytes, large_freed);
    m.mallocs = stats::LARGE_COUNT.load(Ordering::Relaxed) + tiny;
    m.frees = stats::FREED[0].load(Ordering::Relaxed) + tiny;
    for class in 1..CLASSES {
        let size = u64::from(TABLE[class].size);
        let frees = stats::FREED[class].load(Ordering::Relaxed);
        total += taken[class] * size;
        freed += frees * size;
        m.mallocs += taken[class];
        m.frees += frees;
        if class < m.by_size.len() {
            m.by_size[class].size = TABLE[class].size;
            m.by_size[class].mallocs = taken[class];
            m.by_size[class].frees = frees;
        }
    }
    m.lookups = LOOKUPS.load(Ordering::Relaxed);
    m.total_alloc = total;
    m.alloc = total - freed;
    m.heap_alloc = m.alloc;
    m.heap_objects = m.mallocs - m.frees;
    {
        let bytes = |pages: &AtomicUsize| (pages.load(Ordering::Relaxed) * PAGE) as u64;
        m.heap_sys = bytes(&pages::EVER_PAGES);
        m.heap_inuse = bytes(&pages::OBJECT_PAGES);
        m.heap_idle = m.heap_sys - m.heap_inuse;
        m.heap_released = bytes(&pages::RELEASED_PAGES);
    }
    m.stack_inuse = STACK_INUSE.load(Ordering::Relaxed);
    m.stack_sys = STACK_SYS.load(Ordering::Relaxed);
    m.mspan_sys = mem::MSPAN_SYS.load(Ordering::Relaxed);
    m.mspan_inuse = m.mspan_sys - pages::HEAP.lock().records.free_bytes as u64;
    m.mcache_sys = mem::MCACHE_SYS.load(Ordering::Relaxed);
    m.mcache_inuse = ps * size_of::<Cache>() as u64;
    m.buck_hash_sys = mem::BUCK_HASH_SYS.load(Ordering::Relaxed);
    m.gc_sys = mem::GC_SYS.load(Ordering::Relaxed);
    m.other_sys = mem::OTHER_SYS.load(Ordering::Relaxed);
    m.sys = m.heap_sys
        + m.stack_sys
        + m.mspan_sys
        + m.mcache_sys
        + m.buck_hash_sys
        + m.gc_sys
        + m.other_sys;
    m.next_gc = if pace::enabled() {
        trigger::next_gc() as u64
    } else {
        u64::MAX
    };
    let c = CYCLES.lock();
    m.last_gc = c.last;
    m.pause_total_ns = c.total_ns;
    m.pause_ns = c.pauses;
    m.pause_end = c.ends;
    m.num_gc = c.count;
    m.gc_cpu_fraction = cpu_fraction(&c, clock::nanotime());
    m.enable_gc = 1;
}

/// `debug.readGCStats`: pauses, newest first, then when each ended, then the time of the last
/// cycle, their number and the total pause. The caller's slice has room for all.
pub fn read_gc_stats(_: Sys<'_>, a: &mut args::runtime_debug_readGCStats) {
    let c = CYCLES.lock();
    let n = (c.count as usize).min(PAUSES);
    // SAFETY: package debug passes a slice with capacity for 2 * 256 + 3 durations.
    unsafe {
        let slice: *mut GoSlice = a.a0.cast();
        if (*slice).cap < (2 * PAUSES + 3) as i64 {
            drop(c);
            crate::fatal::throw("runtime: short slice passed to readGCStats");
        }
        let out = (*slice).ptr.cast::<u64>();
        for i in 0..n {
            let j = (c.count as usize - 1 - i) % PAUSES;
            out.add(i).write(c.pauses[j]);
            out.add(n + i).write(c.ends[j]);
        }
        out.add(2 * n).write(c.last);
        out.add(2 * n + 1).write(u64::from(c.count));
        out.add(2 * n + 2).write(c.total_ns);
        (*slice).len = (2 * n + 3) as i64;
    }
}

/// Why a cycle runs.
#[doc(alias = "gcTrigger")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The heap reached its goal.
    #[doc(alias = "gcTriggerHeap")]
    Heap,
    /// `runtime.GC` and the like.
    Forced,
}
