//! The steps of a cycle, and who waits for it: see [`super`].

use super::stats::{self, Cause};
use super::{line, mark, pace, roots, specials, verify, work, worker};
use crate::abi::{Caller, Leaf, Outcome, ResumeStep, Sys, args};
use crate::config::godebug;
use crate::debug::allocfree;
use crate::fatal::clock::nanotime;
use crate::heap::cache::{self, CACHES, flush_caches};
use crate::heap::{self, trigger};
use crate::probe::trace;
use crate::sched::{self, stop_the_world};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::events::{Event, FORCE, ask, take};
use crate::world::glist::GList;
use crate::world::p::timer_due;
use crate::world::{self, Parked, Stopped, WaitReason, phase, ran};
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Stacks that the final stop may have to scan again; more are scanned before.
const FEW_STACKS: usize = 8;
/// Rounds of scanning stacks again beside the program before the world is stopped all the same.
const ROUNDS: u32 = 4;
/// Time that the final stop may take for marking before it lets the world go on.
const STOP_NS: i64 = 40_000;
/// Time that goroutines with deep stacks may be held until the final stop.
const HOLD_NS: i64 = 5_000_000;
/// Final stops of one cycle that may be given up: a program that always has more to mark must not
/// keep a cycle from ending.
const TRIES: u32 = 10;

/// A cycle runs at least this often: finalizers are to run and memory is to be freed in programs
/// that do not allocate.
pub const PERIOD_NS: i64 = 120_000_000_000;

/// Final stops of this cycle that were given up.
static TRIED: AtomicU32 = AtomicU32::new(0);
/// `sync.runtime_registerPoolCleanup`: called at the start of every cycle.
static POOL_CLEANUP: AtomicPtr<crate::abi::FuncVal> = AtomicPtr::new(core::ptr::null_mut());

/// Goroutines that wait for a cycle: `runtime.GC`.
static WAITERS: Mutex<Waiters, { rank::GC_WAITERS }> = Mutex::new(Waiters {
    list: GList::new(),
    next: GList::new(),
});

struct Waiters {
    /// Those that wait for the present cycle to end.
    list: GList<Parked>,
    /// Those that wait for the next cycle.
    next: GList<Parked>,
}

// SAFETY: goroutines are reached under the lock only.
unsafe impl Send for Waiters {}

unsafe extern "C" {
    /// asm/switch.S: calls a Go function on g0.
    fn gort_call_alg(f: *const crate::abi::FuncVal, a: *const u8, b: usize) -> usize;
}

/// At boot, after the Ps exist.
pub fn init() {
    stats::init();
    pace::init();
}

/// Does what the collector was asked for. The scheduler calls it on an empty g0 with a P and no
/// goroutine.
#[cold]
#[inline(never)]
pub fn poll(sys: Sys<'_>) {
    debug_assert!(world::current::on_g0() && world::curg().is_null());
    const OURS: Event = Event::START
        .and(Event::FINISH)
        .and(Event::FINALIZERS)
        .and(Event::PROFILE_RATE);
    let events = take(OURS);
    // SAFETY: on g0 with a P and no goroutine.
    unsafe {
        if events.has(Event::FINISH) && phase::enabled() {
            finish_cycle(sys);
        }
        if events.has(Event::START) && !phase::enabled() {
            start_cycle(sys);
        }
        if events.has(Event::PROFILE_RATE) {
            if let Some(mut stopped) = stop_the_world(sys) {
                CACHES.each_mut(&mut stopped).for_each(cache::rate_changed);
                stopped.start();
            } else {
                ask(Event::PROFILE_RATE);
            }
        }
    }
    specials::wake_finalizers();
}

/// The last cycle ended so long ago that one is to run for its own sake.
pub fn overdue(now: i64) -> bool {
    pace::enabled() && !phase::enabled() && now - stats::last_end() > PERIOD_NS
}

/// Starts marking, if there is still a reason to.
///
/// # Safety
/// On g0 with a P and no goroutine.
#[doc(alias = "gcStart")]
#[doc(alias = "startGC")]
unsafe fn start_cycle(sys: Sys<'_>) {
    if heap::modes::sbrk() {
        return;
    }
    let forced = FORCE.load(Ordering::Relaxed) || !WAITERS.lock().next.is_empty();
    if !forced && !pace::due() {
        return;
    }
    if !sweep_rest() {
        ask(Event::START);
        return;
    }
    let start = nanotime();
    // SAFETY: on g0 with a P and no goroutine.
    let Some(mut stopped) = (unsafe { stop_the_world(sys) }) else {
        ask(Event::START);
        return;
    };
    if phase::enabled() {
        stopped.start();
        return;
    }
    // A sweeper may have been at its last spans.
    heap::central::sweep_all();
    clear_pools(&stopped);
    if heap::modes::traces() {
        allocfree::collects(&stopped);
    }
    FORCE.store(false, Ordering::Relaxed);
    {
        let mut w = WAITERS.lock();
        let mut next = core::mem::take(&mut w.next);
        w.list.append(&mut next);
    }
    let cause = if forced { Cause::Forced } else { Cause::Heap };
    if trace::on() {
        // SAFETY: the list's lock is held, and what is on it are Gs.
        unsafe { trace::gc_starts(&stopped, WAITERS.lock().list.first()) };
    }
    TRIED.store(0, Ordering::Relaxed);
    work::reset(&stopped);
    roots::prepare(&stopped);
    worker::start(&stopped);
    pace::start(&stopped);
    phase::begin(&stopped);
    for cache in CACHES.each_mut(&mut stopped) {
        // SAFETY: the world is stopped, and marking has begun.
        unsafe { cache.blacken() };
    }
    let mut m = mark::Marker::new();
    // SAFETY: marking has just begun, and cannot end.
    unsafe {
        roots::mark_interrupted(&stopped, &mut m);
        roots::mark_last(&stopped, &mut m);
    }
    m.finish();
    stats::cycle_starts(cause, start);
    if godebug::GC_STOP_THE_WORLD.on() {
        mark_all(&stopped);
        // SAFETY: everything is marked, and the world still stopped.
        unsafe { end_cycle(&mut stopped, nanotime()) };
        if godebug::GC_STOP_THE_WORLD.get() > 1 {
            heap::central::sweep_all();
        }
    }
    stopped.start();
    line::write_pending();
    wake_waiters();
}

/// Sweeps what the last cycle left, beside the program. False if the world is to be stopped
/// meanwhile, or a timer of this P is due.
fn sweep_rest() -> bool {
    while heap::central::sweep_some(8) {
        if phase::GCWAITING.load(Ordering::Relaxed) != 0 || timer_due(world::getp()) {
            return false;
        }
    }
    true
}

/// Marks everything: marking has begun.
fn mark_all(_: &Stopped) {
    debug_assert!(phase::enabled());
    let mut m = mark::Marker::new();
    loop {
        m.drain(|_| false);
        // SAFETY: marking does not end before the world starts.
        if !unsafe { roots::mark_next(&mut m, true) } {
            if ran::ran_count() == 0 {
                break;
            }
            // SAFETY: marking does not end before the world starts.
            unsafe { roots::mark_ran(&mut m, true) };
        }
    }
    m.finish();
}

/// Nothing seems to be grey any more: ends the cycle, or finds out that there is more to mark.
///
/// # Safety
/// On g0 with a P and no goroutine, while marking.
#[doc(alias = "gcMarkDone")]
unsafe fn finish_cycle(sys: Sys<'_>) {
    worker::end_waits();
    // SAFETY: on g0 with a P and no goroutine, while marking.
    unsafe { try_to_finish(sys) };
    worker::may_wait();
    wake_waiters();
}

/// Marks what is left, and ends the cycle if that was all; else asks to be called again.
///
/// # Safety
/// On g0 with a P and no goroutine, while marking.
unsafe fn try_to_finish(sys: Sys<'_>) {
    let p = world::getp();
    // The timers of this P are nobody else's business while it runs.
    let stopping = || phase::GCWAITING.load(Ordering::Relaxed) != 0 || timer_due(p);
    // Beside the program: stacks that changed, while they are many, and what barriers shaded.
    let mut m = mark::Marker::new();
    for _ in 0..ROUNDS {
        if !m.drain(|_| stopping()) || ran::ran_count() <= FEW_STACKS {
            break;
        }
        // SAFETY: marking does not end while a session is open.
        unsafe { roots::mark_ran(&mut m, true) };
    }
    // Deep ones stay as they were scanned until the stop is over, unless they lead to much.
    // SAFETY: on g0 with a P and no goroutine; marking does not end while a session is open.
    let held = unsafe { roots::hold_deep(&mut m, stopping) };
    let end = nanotime() + HOLD_NS;
    m.drain(|_| stopping() || nanotime() > end);
    pace::scanned(m.scanned);
    if !m.finish() {
        // There is more to mark, or others still mark: the marker that closes the last session asks
        // again.
        return;
    }
    worker::waits_ended();
    // SAFETY: on g0 with a P and no goroutine.
    if held.is_none() || stopping() || !unsafe { final_stop(sys) } {
        ask(Event::FINISH);
    }
}

/// Stops the world and ends the cycle if little is left to mark. False if it is to be tried again
/// and nobody else will ask for it.
///
/// # Safety
/// On g0 with a P and no goroutine, while marking.
#[doc(alias = "_GCmarktermination")]
unsafe fn final_stop(sys: Sys<'_>) -> bool {
    let start = nanotime();
    // SAFETY: on g0 with a P and no goroutine.
    let Some(mut stopped) = (unsafe { stop_the_world(sys) }) else {
        return false;
    };
    if !phase::enabled() {
        stopped.start();
        return true;
    }
    let tried = TRIED.fetch_add(1, Ordering::Relaxed);
    let begun = nanotime();
    let late = |_: &mark::Marker| tried < TRIES && nanotime() - begun > STOP_NS;
    if trace::on() {
        trace::marking(true);
    }
    let mut m = mark::Marker::new();
    // SAFETY: marking does not end before the world starts.
    unsafe { roots::mark_interrupted(&stopped, &mut m) };
    let mut done = m.drain(late);
    while done && (ran::ran_count() != 0 || worker::has_work()) {
        // SAFETY: marking does not end before the world starts.
        unsafe {
            roots::mark_ran(&mut m, false);
            while m.drain(late) && roots::mark_next(&mut m, false) {}
        }
        done = m.drain(late);
    }
    let nothing_grey = m.finish();
    if trace::on() {
        trace::marking(false);
    }
    let ended = nothing_grey && ran::ran_count() == 0;
    if ended {
        // SAFETY: nothing is grey, and no goroutine ran since its stack was scanned.
        unsafe { end_cycle(&mut stopped, start) };
    } else {
        stats::stopped(nanotime() - start);
    }
    stopped.start();
    line::write_pending();
    // Who still finds something grey asks when it is marked.
    ended || !nothing_grey
}

/// Marking is complete: from here on unmarked objects are free. `start` is when the thread began to
/// stop the world.
///
/// # Safety
/// Nothing is grey.
#[doc(alias = "gcMarkTermination")]
unsafe fn end_cycle(stopped: &mut Stopped, start: i64) {
    debug_assert!(phase::enabled());
    // What caches did not use is free and unmarked: it holds old words.
    flush_caches(stopped);
    if godebug::GC_VERIFY.on() || godebug::GC_CHECK_MARK.on() {
        // SAFETY: nothing is grey, so marking is complete, and nothing is swept yet.
        unsafe { verify::check(stopped) };
    }
    phase::end(stopped);
    let (old, mut young) = (work::counted(stopped), heap::stats::Counts::default());
    for cache in CACHES.each_mut(stopped) {
        young.take(&mut cache.black);
    }
    stats::LOOKUPS.fetch_add(old.objects as u64, Ordering::Relaxed);
    stats::cycle_ends(stopped, old, young, start);
    if trace::on() {
        let live = heap::stats::HEAP_LIVE.load(Ordering::Relaxed);
        trace::gc_ends(live, trigger::next_gc());
    }
    // The next goal is set: it says how fast to sweep.
    // SAFETY: the caches were flushed above; everything was swept before marking began.
    unsafe { heap::central::start_sweep(stopped) };
}

/// Runs the function that package sync registered. It is Go code that neither blocks nor allocates.
fn clear_pools(_: &Stopped) {
    let f = POOL_CLEANUP.load(Ordering::Relaxed);
    if !f.is_null() {
        // SAFETY: a Go function without arguments, made to be called with the world stopped.
        unsafe { gort_call_alg(f, core::ptr::null(), 0) };
    }
}

/// `sync.runtime_registerPoolCleanup`. The function is a static one: no root is needed.
pub fn register_pool_cleanup(_: Leaf<'_>, a: &mut args::sync_runtime_registerPoolCleanup) {
    POOL_CLEANUP.store(a.cleanup.cast_mut(), Ordering::Relaxed);
}

/// Wakes those who waited for a cycle that has ended; if others wait for the next one it is asked
/// for.
fn wake_waiters() {
    if phase::enabled() {
        return;
    }
    let mut w = WAITERS.lock();
    let list = core::mem::take(&mut w.list);
    if !w.next.is_empty() {
        ask(Event::START);
    }
    drop(w);
    sched::park::ready_list(list);
}

/// Parks the calling goroutine until a cycle that begins from now on has ended and everything is
/// swept; then `release` says whether free memory goes back to the system.
fn wait_for_cycle(caller: Caller<'_>, release: bool) -> Outcome {
    if heap::modes::sbrk() {
        return Outcome::Return;
    }
    // Held until the goroutine is on the list.
    let mut w = WAITERS.lock();
    let g = caller.g();
    // SAFETY: the caller is stopped at its call, so its G is this thread's to write.
    unsafe {
        (*g).resume = ResumeStep::new(after_cycle);
        (*g).resumearg = usize::from(release);
    }
    let (parked, outcome) = sched::park(caller, WaitReason::GcCycle);
    w.next.push(parked);
    drop(w);
    ask(Event::START);
    outcome
}

/// Resume step of [`wait_for_cycle`]: sweeps what is left, a piece at a time.
///
/// # Safety
/// That function has set it, for the goroutine that goes on.
unsafe extern "C" fn after_cycle(caller: Caller<'_>, release: usize) -> Outcome {
    if heap::central::sweep_some(1024) {
        // SAFETY: the goroutine is stopped at the return of its call; nobody else has set its
        // resume step.
        unsafe {
            (*caller.g()).resume = ResumeStep::new(after_cycle);
            sched::park::requeue_current(caller, true);
        }
        return Outcome::Reschedule;
    }
    // What others are sweeping.
    heap::central::sweep_all();
    if release != 0 {
        heap::scavenge::release_all();
    }
    specials::wake_finalizers();
    Outcome::Return
}

/// `runtime.GC`.
#[doc(alias = "GC")]
pub fn gc_call(sys: Sys<'_>, _a: &mut args::runtime_GC) -> Outcome {
    wait_for_cycle(sys.caller(), false)
}

/// `debug.FreeOSMemory`: a cycle, then everything free goes back to the system.
pub fn free_os_memory(sys: Sys<'_>, _a: &mut args::runtime_debug_freeOSMemory) -> Outcome {
    wait_for_cycle(sys.caller(), true)
}
