//! Who marks, and when.
//!
//! There are no marking threads and no marking goroutines: a P marks between two goroutines, on its
//! thread's system stack, where it can stop any time. Four occasions:
//!
//! - *dedicated*: a quarter of the Ps, rounded down, mark until nothing is left, with a goroutine
//!   in between if any waits for that P;
//! - *fractional*: the rest of that quarter, as a share of one P's time;
//! - *idle*: a P without goroutines marks until there are some;
//! - *assist*: an allocation that is ahead of marking does its share first ([`assist`]).

use super::mark::Marker;
use super::pace::{
    self, ASSIST_BATCH, CREDIT, DEDICATED, FRACTION, FRACTIONAL, MOST_DEBT, ratio, shares,
};
use super::times::{STALLS, TIMES};
use super::work::SHARES;
use super::{jobs, roots, work};
use crate::fatal::clock::nanotime;
use crate::heap::stats::HEAP_LIVE;
use crate::heap::trigger::GOAL;
use crate::os::sys;
use crate::probe::trace;
use crate::sched::alarm;
use crate::sched::state::GLOBAL_RUNQ;
use crate::world::current::holds_p;
use crate::world::events::Event;
use crate::world::lists::{self, GOMAXPROCS};
use crate::world::p::timer_due;
use crate::world::phase::GCWAITING;
use crate::world::{OwnP, P, Stopped, events, g};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

/// Longest time that a P marks while goroutines may be waiting for it.
const DEDICATED_NS: i64 = 10_000_000;
/// Longest turn of the fractional worker and of an idle P, whose scheduler then looks at the
/// network and the timers.
const TURN_NS: i64 = 1_000_000;
/// Longest wait of one allocation for others to mark.
const WAIT_NS: i64 = 1_000_000;
/// Longest wait of who ends a cycle for the threads that it woke: some times what the kernel takes.
/// Longer keeps the cycle open where they do not get a processor.
const AWAKE_NS: i64 = 200_000;
/// Shortest turn that is worth the switch.
const SHORTEST_NS: i64 = 20_000;

/// When marking began.
static BEGAN: AtomicI64 = AtomicI64::new(0);

/// Begins a cycle.
pub(super) fn start(_: &Stopped) {
    let (dedicated, fraction) = shares(GOMAXPROCS.load(Ordering::Relaxed));
    DEDICATED.store(dedicated, Ordering::Relaxed);
    FRACTION.store(fraction, Ordering::Relaxed);
    FRACTIONAL.store(false, Ordering::Relaxed);
    BEGAN.store(nanotime(), Ordering::Relaxed);
    for t in [
        &TIMES.assist,
        &TIMES.background,
        &TIMES.idle,
        &TIMES.fractional,
        &STALLS.count,
        &STALLS.ns,
        &STALLS.longest,
    ] {
        t.store(0, Ordering::Relaxed);
    }
}

/// There is something to mark that nobody has taken.
pub fn has_work() -> bool {
    work::available() || !jobs::all_taken()
}

/// Marks from roots and grey objects until `stop` says so or nothing is left to take. What was
/// scanned.
fn mark(mut stop: impl FnMut(&Marker) -> bool) -> usize {
    let mut m = Marker::new();
    // SAFETY: the callers checked that marking runs, and it does not end while a session is open on
    // a P that does not stop.
    while m.drain(&mut stop) && !stop(&m) && unsafe { roots::mark_next(&mut m, true) } {}
    let scanned = m.scanned;
    if m.finish() {
        events::ask(Event::FINISH);
    }
    pace::scanned(scanned);
    scanned
}

/// The world is about to stop: everything else can wait.
#[inline(always)]
fn stopping() -> bool {
    GCWAITING.load(Ordering::Relaxed) != 0
}

/// Lets `p` mark if it is its turn, before it runs the next goroutine. Answers whether it did.
///
/// # Safety
/// On g0 of the thread that holds `p`, without locks, while marking.
#[doc(alias = "gcBgMarkWorker")]
pub unsafe fn before_goroutine(p: *mut P) -> bool {
    debug_assert!(holds_p(p) && crate::world::curg().is_null());
    if !has_work() || stopping() {
        return false;
    }
    // SAFETY: the caller's thread holds that P, which is not null then, and keeps it until the end.
    let own = unsafe { OwnP::new(NonNull::new_unchecked(p)) };
    let marked_last = &SHARES.mine(own).marked_last;
    // SAFETY: Ps are never freed, their queues atomic.
    if marked_last.take() && !unsafe { (*p).runq_empty() } {
        return false;
    }
    let now = nanotime();
    if DEDICATED.load(Ordering::Relaxed) > 0 {
        if DEDICATED.fetch_sub(1, Ordering::Relaxed) > 0 {
            turn(p, now, DEDICATED_NS, &TIMES.background);
            DEDICATED.fetch_add(1, Ordering::Relaxed);
            marked_last.set(true);
            return true;
        }
        DEDICATED.fetch_add(1, Ordering::Relaxed);
    }
    let fraction = i64::from(FRACTION.load(Ordering::Relaxed));
    if fraction == 0 || FRACTIONAL.load(Ordering::Relaxed) {
        return false;
    }
    // How far its time is behind its share; while it works, the share grows too.
    let elapsed = now - BEGAN.load(Ordering::Relaxed);
    let behind = elapsed * fraction / 1000 - TIMES.fractional.load(Ordering::Relaxed) as i64;
    if behind < SHORTEST_NS || FRACTIONAL.swap(true, Ordering::Acquire) {
        return false;
    }
    let ns = turn(
        p,
        now,
        (behind * 1000 / (1000 - fraction)).min(TURN_NS),
        &TIMES.background,
    );
    TIMES.fractional.fetch_add(ns, Ordering::Relaxed);
    FRACTIONAL.store(false, Ordering::Release);
    marked_last.set(true);
    true
}

/// Marks for up to `ns`, or until a timer of `p` is due; answers how long it took.
fn turn(p: *mut P, now: i64, ns: i64, count: &AtomicU64) -> u64 {
    let end = now + ns;
    if trace::on() {
        trace::marking(true);
    }
    mark(|_| stopping() || nanotime() >= end || timer_due(p));
    if trace::on() {
        trace::marking(false);
    }
    let took = (nanotime() - now).max(0) as u64;
    count.fetch_add(took, Ordering::Relaxed);
    took
}

/// Lets `p` mark for a while as there is no goroutine for it. Answers whether it did.
///
/// # Safety
/// As [`before_goroutine`].
pub unsafe fn while_idle(p: *mut P) -> bool {
    debug_assert!(holds_p(p) && crate::world::curg().is_null());
    if !has_work() || stopping() {
        return false;
    }
    let now = nanotime();
    let end = now + TURN_NS;
    if trace::on() {
        trace::marking(true);
    }
    mark(|_| {
        stopping()
            || GLOBAL_RUNQ.load(Ordering::Relaxed) != 0
            || nanotime() >= end
            || timer_due(p)
            // SAFETY: Ps are never freed, their queues atomic.
            || lists::all_ps().any(|q| unsafe { !(*q).runq_empty() })
    });
    if trace::on() {
        trace::marking(false);
    }
    TIMES
        .idle
        .fetch_add((nanotime() - now).max(0) as u64, Ordering::Relaxed);
    true
}

/// The allocating goroutine is to be preempted: its assist can wait.
fn unwelcome() -> bool {
    let g = crate::world::curg();
    // SAFETY: in system mode, for the goroutine that called in.
    unsafe { g::wanted(g) }
}

/// So many threads are about to end the cycle: no assist is to sleep.
static ENDING: AtomicU32 = AtomicU32::new(0);

/// Allocation is over its goal, and what is left to mark is in the hands of other threads: they get
/// our processor, the system may have taken theirs.
fn wait_for_work() {
    let end = nanotime() + WAIT_NS;
    let p = crate::world::getp();
    let over = || {
        has_work()
            || GCWAITING.load(Ordering::SeqCst) != 0
            || events::asked()
            || unwelcome()
            || timer_due(p)
            || nanotime() >= end
    };
    while !over() {
        if ENDING.load(Ordering::SeqCst) != 0 {
            // Awake, so as to stop at once when that thread wants it; but not for nothing:
            // allocation would run on past the goal for as long as the kernel has no processor for
            // it.
            sys::sched_yield();
            continue;
        }
        alarm::sleep_in_assist(WAIT_NS / 10, || {
            over() || ENDING.load(Ordering::SeqCst) != 0
        });
    }
}

/// This thread is about to end the cycle: nobody sleeps any more until there is something to mark,
/// until [`may_wait`]. A thread asleep would be missed in the final stop, which would be as long as
/// the kernel takes to wake it.
pub(super) fn end_waits() {
    ENDING.fetch_add(1, Ordering::SeqCst);
    alarm::hurry_assists();
}

/// After [`end_waits`]: gives those who still are asleep some time.
pub(super) fn waits_ended() {
    let end = nanotime() + AWAKE_NS;
    while alarm::assists_sleep() && !stopping() && nanotime() < end {
        sys::sched_yield();
    }
}

/// The attempt to end the cycle is over.
pub(super) fn may_wait() {
    let ending = ENDING.fetch_sub(1, Ordering::SeqCst);
    debug_assert!(ending > 0);
}

/// Marks `bytes` worth of objects for the allocation that is going on; answers what was done, 0 if
/// there is nothing to do: then, if allocation is `ahead` of its goal, it waits a little.
///
/// # Safety
/// In system mode on a thread with a P, while marking.
unsafe fn mark_for(bytes: usize, ahead: bool) -> usize {
    if stopping() {
        return 0;
    }
    if !has_work() {
        if events::asked() {
            events::preempt_current();
        } else if ahead {
            let now = nanotime();
            wait_for_work();
            STALLS.add((nanotime() - now).max(0) as u64);
        }
        return 0;
    }
    let now = nanotime();
    let p = crate::world::getp();
    let done = mark(|m| m.scanned >= bytes || stopping() || unwelcome() || timer_due(p));
    let took = (nanotime() - now).max(0) as u64;
    TIMES.assist.fetch_add(took, Ordering::Relaxed);
    STALLS.add(took);
    if events::asked() {
        events::preempt_current();
    }
    done
}

/// `bytes` are being allocated while marking runs: marks for them unless others have done so.
///
/// # Safety
/// In system mode on a thread with a P, while marking.
#[doc(alias = "gcAssistAlloc")]
#[cold]
#[inline(never)]
pub unsafe fn assist(bytes: usize) {
    let debt = (bytes as f64 * ratio(HEAP_LIVE.load(Ordering::Relaxed))) as i64;
    // SAFETY: the thread has a P, and keeps it until the end.
    let credit = &SHARES.mine(unsafe { OwnP::held() }).credit;
    let mut has = credit.get() - debt;
    if has < 0 {
        let take = CREDIT.load(Ordering::Relaxed).min(-has);
        if take > 0 {
            CREDIT.fetch_sub(take, Ordering::Relaxed);
            has += take;
        }
    }
    credit.set(has);
    if has >= 0 {
        return;
    }
    let want = (-has as usize).max(ASSIST_BATCH);
    let ahead = HEAP_LIVE.load(Ordering::Relaxed) > GOAL.load(Ordering::Relaxed);
    // SAFETY: in system mode on a thread with a P, while marking.
    let done = unsafe { mark_for(want, ahead) };
    // It is ours, not the pool's.
    CREDIT.fetch_sub(done as i64, Ordering::Relaxed);
    // There was nothing to do, or the world stops: some of it is forgiven.
    credit.set((credit.get() + done as i64).max(-MOST_DEBT));
}
