//! When a cycle starts, and how fast allocation may go while it marks.
//!
//! The heap may grow by GOGC percent over what the last cycle found live: the goal. Marking starts
//! before, at the trigger, so that it ends about when the goal is reached. Meanwhile every
//! allocated byte costs its share of the marking that is left ([`assist`](super::worker::assist)),
//! paid from what the workers did or by marking on the spot.

use crate::abi::{Sys, args};
use crate::config::env;
use crate::config::godebug::{GC_PACER_TRACE, GC_STRESS};
use crate::fatal::out::{Out, Sink};
use crate::heap::stats::{Counts, HEAP_LIVE};
use crate::heap::trigger::{GOAL, HEAP_SCAN, REFILLS, TRIGGER, heap_goal, next_gc};
use crate::world::Stopped;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, AtomicUsize, Ordering};

/// Heap below which no cycle starts at GOGC=100, as in Go 1.5.
const MIN_HEAP: usize = 4 << 20;
/// Least room between the heap at the start of a cycle and its goal.
const MIN_ROOM: usize = 1 << 20;
/// Bytes marked at a time by an assist: fewer cost more in joining and leaving.
pub(super) const ASSIST_BATCH: usize = 64 << 10;
/// Most that an allocation leaves to the next one when there is nothing to mark at the moment.
pub(super) const MOST_DEBT: i64 = 4 * ASSIST_BATCH as i64;
/// Marking starts at this share, in percent, of the growth up to the goal. What is allocated while
/// it runs is all kept for one more cycle: starting earlier makes heaps larger and the work of
/// allocation while marking smaller, but not the sum of all work.
const START_AT: usize = 95;

/// Bytes that the last cycle found live, and what is likely live of those allocated meanwhile.
static MARKED: AtomicUsize = AtomicUsize::new(0);
/// Bytes that the last cycle found live of those there were at its start.
static OLD: AtomicUsize = AtomicUsize::new(0);
/// GOGC; negative: off.
#[doc(alias = "gcpercent")]
static PERCENT: AtomicI32 = AtomicI32::new(100);
/// Bytes that marking is expected to scan.
static EXPECTED: AtomicUsize = AtomicUsize::new(0);
/// Bytes scanned in this cycle.
static SCANNED: AtomicUsize = AtomicUsize::new(0);
/// Bytes that workers scanned and no allocation has used up.
pub(super) static CREDIT: AtomicI64 = AtomicI64::new(0);

/// Reads GOGC.
pub fn init() {
    if let Some(v) = env::get(b"GOGC") {
        if v == b"off" {
            PERCENT.store(-1, Ordering::Relaxed);
        } else if let Some(n) = env::number(b"GOGC") {
            // As in Go, the low half.
            PERCENT.store((n as i32).max(-1), Ordering::Relaxed);
        }
    }
    set_limits(0);
}

/// `n` grown by `percent`, saturating.
fn share(n: usize, percent: i32) -> usize {
    (n as u128 * percent as u128 / 100).min(usize::MAX as u128 / 2) as usize
}

/// The goal for `marked` live bytes and GOGC `percent`.
fn goal(marked: usize, percent: i32) -> usize {
    if percent < 0 {
        return usize::MAX;
    }
    marked
        .saturating_add(share(marked, percent))
        .max(share(MIN_HEAP, percent))
}

/// The trigger for `marked` live bytes and GOGC `percent`.
fn trigger(marked: usize, percent: i32) -> usize {
    if percent < 0 {
        return usize::MAX;
    }
    marked
        .saturating_add(share(marked, percent) / 100 * START_AT)
        .max(share(MIN_HEAP, percent))
}

fn set_limits(marked: usize) {
    let percent = PERCENT.load(Ordering::Relaxed);
    MARKED.store(marked, Ordering::Relaxed);
    GOAL.store(goal(marked, percent), Ordering::Relaxed);
    TRIGGER.store(trigger(marked, percent), Ordering::Relaxed);
}

/// Marking starts.
#[doc(alias = "gcController")]
pub(super) fn start(_: &Stopped) {
    let live = HEAP_LIVE.load(Ordering::Relaxed);
    GOAL.fetch_max(live.saturating_add(MIN_ROOM), Ordering::Relaxed);
    SCANNED.store(0, Ordering::Relaxed);
    CREDIT.store(0, Ordering::Relaxed);
    // In the steady state what the heap has grown by since the last cycle is dead, or as much of
    // the old.
    let percent = PERCENT.load(Ordering::Relaxed).max(0) as u128;
    let scan = HEAP_SCAN.load(Ordering::Relaxed);
    let expected = scan as u128 * 100 / (100 + percent);
    EXPECTED.store(expected as usize, Ordering::Relaxed);
    if GC_PACER_TRACE.on() {
        print_start(live, expected as usize);
    }
}

/// Bytes of a line of `GODEBUG=gcpacertrace=1`.
const LINE: usize = 512;

/// The first line of `GODEBUG=gcpacertrace=1` about a cycle, in the form of Go 1.5.
#[cold]
fn print_start(live: usize, expected: usize) {
    let (dedicated, fractional) = planned();
    Out::new(&mut [0; LINE], Sink::Stderr)
        .str("pacer: assist ratio=")
        .float(ratio(live))
        .str(" (scan ")
        .uint(expected as u64 >> 20)
        .str(" MB in ")
        .uint(live as u64 >> 20)
        .str("->")
        .uint(heap_goal() as u64 >> 20)
        .str(" MB) workers=")
        .uint(dedicated.into())
        .str("+")
        .uint(fractional.into())
        .str("\n");
}

/// The second line, with Go's names: heap after the last cycle, trigger, heap now, goal (each as
/// bytes and as growth since the last cycle), share of the processors that marking took and was to
/// take, bytes scanned, and how far goal and heap are from the trigger. `used` is the share that it
/// took. Before [`finish`].
#[cold]
pub(super) fn print_end(_: &Stopped, used: f64) {
    let percent = PERCENT.load(Ordering::Relaxed).max(0);
    let growth_to_goal = f64::from(percent) / 100.0;
    let (trigger, live) = (next_gc(), HEAP_LIVE.load(Ordering::Relaxed));
    let marked = match MARKED.load(Ordering::Relaxed) {
        // Before the first cycle: what would have set this goal.
        0 => (heap_goal() as f64 / (1.0 + growth_to_goal)) as usize,
        n => n,
    };
    let growth = |to: usize| to as f64 / marked.max(1) as f64 - 1.0;
    let wanted = marking_share();
    let mut line = [0; LINE];
    let mut out = Out::new(&mut line, Sink::Stderr);
    out.str("pacer: H_m_prev=").uint(marked as u64);
    out.str(" h_t=").float(growth(trigger));
    out.str(" H_T=").uint(trigger as u64);
    out.str(" h_a=").float(growth(live));
    out.str(" H_a=").uint(live as u64);
    out.str(" h_g=").float(growth_to_goal);
    out.str(" H_g=").uint(heap_goal() as u64);
    out.str(" u_a=").float(used);
    out.str(" u_g=").float(wanted);
    out.str(" W_a=")
        .uint(SCANNED.load(Ordering::Relaxed) as u64);
    out.str(" goalΔ=").float(growth_to_goal - growth(trigger));
    out.str(" actualΔ=").float(growth(live) - growth(trigger));
    out.str(" u_a/u_g=").float(used / wanted).str("\n");
}

/// Marking is over and found `old` live; `young` was allocated meanwhile and kept unseen. The heap
/// had `before` bytes at the start.
pub(super) fn finish(_: &Stopped, old: Counts, young: Counts, before: usize) {
    HEAP_LIVE.store(old.bytes + young.bytes, Ordering::Relaxed);
    HEAP_SCAN.store(old.scan_bytes + young.scan_bytes, Ordering::Relaxed);
    let last = OLD.swap(old.bytes, Ordering::Relaxed);
    set_limits(old.bytes + growth(young.bytes, old.bytes, before, last));
}

/// By how much the live heap grew while `young` bytes were allocated, most likely: as for each byte
/// allocated between the starts of the last cycle, which found `last` live, and of this one, which
/// found `old` of `before`. Where the live heap does not grow, as much of the old has died
/// meanwhile as lives of the young.
fn growth(young: usize, old: usize, before: usize, last: usize) -> usize {
    let allocated = before.saturating_sub(last);
    let grown = old.saturating_sub(last).min(allocated);
    (young as u128 * grown as u128 / allocated.max(1) as u128) as usize
}

/// Workers and assists scanned `bytes`.
#[doc(alias = "gcFlushBgCredit")]
pub(super) fn scanned(bytes: usize) {
    SCANNED.fetch_add(bytes, Ordering::Relaxed);
    CREDIT.fetch_add(bytes as i64, Ordering::Relaxed);
}

/// Bytes to scan for each allocated byte so that marking is done when the heap reaches its goal.
pub(super) fn ratio(live: usize) -> f64 {
    let scanned = SCANNED.load(Ordering::Relaxed);
    let mut expected = EXPECTED.load(Ordering::Relaxed);
    let mut goal = GOAL.load(Ordering::Relaxed);
    if scanned >= expected || live >= goal {
        // More is live than expected: then the worst case, with a little more room.
        expected = HEAP_SCAN.load(Ordering::Relaxed);
        goal = goal.saturating_add(goal / 10);
    }
    let left = expected.saturating_sub(scanned).max(ASSIST_BATCH);
    let room = goal.saturating_sub(live).max(ASSIST_BATCH);
    left as f64 / room as f64
}

/// A cycle is due.
pub(super) fn due() -> bool {
    let stress = GC_STRESS.get().max(0) as u32;
    HEAP_LIVE.load(Ordering::Relaxed) >= TRIGGER.load(Ordering::Relaxed)
        || (stress != 0 && REFILLS.swap(0, Ordering::Relaxed) >= stress)
}

/// Cycles start by themselves.
pub(super) fn enabled() -> bool {
    PERCENT.load(Ordering::Relaxed) >= 0
}

/// `debug.SetGCPercent`, which runs a cycle afterwards.
pub fn set_percent(_: Sys<'_>, a: &mut args::runtime_setGCPercent) {
    a.out = PERCENT.swap(a.in_.max(-1), Ordering::Relaxed);
    set_limits(MARKED.load(Ordering::Relaxed));
}

/// Share of the Ps' time for marking, in thousandths.
const SHARE: u32 = 250;

/// Ps that should mark all the time and do not yet.
pub(super) static DEDICATED: AtomicI32 = AtomicI32::new(0);
/// Share of one P's time for marking, in thousandths.
pub(super) static FRACTION: AtomicU32 = AtomicU32::new(0);
/// A P takes the fractional turn.
pub(super) static FRACTIONAL: AtomicBool = AtomicBool::new(false);

/// Dedicated workers for `procs` Ps, and the fractional worker's share in thousandths.
pub(super) fn shares(procs: u32) -> (i32, u32) {
    ((procs * SHARE / 1000) as i32, procs * SHARE % 1000)
}

/// Dedicated and fractional workers of this cycle, at its start.
fn planned() -> (u32, u32) {
    let dedicated = DEDICATED.load(Ordering::Relaxed).max(0) as u32;
    let fractional = FRACTION.load(Ordering::Relaxed) != 0;
    (dedicated, fractional.into())
}

/// The share of the processors that marking is to take.
fn marking_share() -> f64 {
    f64::from(SHARE) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_follow_gogc() {
        assert_eq!(goal(0, 100), 4 << 20);
        assert_eq!(goal(10 << 20, 100), 20 << 20);
        assert_eq!(goal(10 << 20, 50), 15 << 20);
        assert_eq!(goal(1 << 20, 10), (1 << 20) + (1 << 20) / 10);
        assert_eq!(goal(1 << 20, -1), usize::MAX);
        assert_eq!(goal(0, 0), 0);
        assert!(goal(usize::MAX / 2, i32::MAX) > usize::MAX / 2);
    }

    #[test]
    fn the_live_heap_grows_while_marking_as_it_did_before() {
        // It is as large as it was.
        assert_eq!(growth(1000, 400, 800, 400), 0);
        assert_eq!(growth(1000, 300, 800, 400), 0);
        // A quarter of what was allocated stays; all stays.
        assert_eq!(growth(1000, 500, 800, 400), 250);
        assert_eq!(growth(1000, 800, 800, 400), 1000);
        // The first cycle; nothing was allocated.
        assert_eq!(growth(1000, 400, 800, 0), 500);
        assert_eq!(growth(1000, 900, 800, 0), 1000);
        assert_eq!(growth(1000, 400, 400, 400), 0);
        assert_eq!(growth(1000, 0, 0, 0), 0);
    }

    #[test]
    fn marking_starts_before_the_goal() {
        assert_eq!(trigger(0, 100), 4 << 20);
        assert_eq!(
            trigger(100 << 20, 100),
            (100 << 20) + (100 << 20) / 100 * 95
        );
        assert_eq!(trigger(1 << 20, -1), usize::MAX);
        assert!(trigger(usize::MAX / 2, i32::MAX) > usize::MAX / 2);
    }

    #[test]
    fn a_quarter_of_the_time_is_for_marking() {
        assert_eq!(shares(1), (0, 250));
        assert_eq!(shares(2), (0, 500));
        assert_eq!(shares(4), (1, 0));
        assert_eq!(shares(7), (1, 750));
        assert_eq!(shares(16), (4, 0));
    }
}
