//! When a cycle starts: when the heap has grown by GOGC percent over what the last one found live.

use crate::abi::args;
use crate::boot::env;
use crate::heap::stats::HEAP_LIVE;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize, Ordering};

/// Heap below which no cycle starts at GOGC=100, as in Go 1.5.
const MIN_HEAP: usize = 4 << 20;

/// Bytes of heap at which the next cycle starts; `usize::MAX`: never.
static TRIGGER: AtomicUsize = AtomicUsize::new(usize::MAX);
/// Bytes that the last cycle found live.
static MARKED: AtomicUsize = AtomicUsize::new(0);
/// GOGC; negative: off.
static PERCENT: AtomicI32 = AtomicI32::new(100);
/// GODEBUG=gcstress=N: a cycle at every Nth refill of a cache; 0: not.
static STRESS: AtomicU32 = AtomicU32::new(0);
/// Refills since the last cycle, under stress.
static REFILLS: AtomicU32 = AtomicU32::new(0);
/// GODEBUG=gcverify=1: check the marks of every cycle.
pub static VERIFY: AtomicBool = AtomicBool::new(false);
/// GODEBUG=gctrace=1: a line for each cycle.
pub static TRACE: AtomicBool = AtomicBool::new(false);

/// Reads GOGC and GODEBUG.
pub fn init() {
    if let Some(v) = env::get(b"GOGC") {
        if v == b"off" {
            PERCENT.store(-1, Ordering::Relaxed);
        } else if let Some(n) = env::number(b"GOGC") {
            PERCENT.store(n.clamp(-1, i64::from(i32::MAX)) as i32, Ordering::Relaxed);
        }
    }
    if let Some(v) = env::get(b"GODEBUG") {
        for item in v.split(|&b| b == b',') {
            let set = |flag: &AtomicBool, name: &[u8]| {
                if let Some(n) = item.strip_prefix(name).and_then(|r| r.strip_prefix(b"=")) {
                    flag.store(n != b"0", Ordering::Relaxed);
                }
            };
            if let Some(n) = item.strip_prefix(b"gcstress=").and_then(env::parse) {
                STRESS.store(n.clamp(0, i64::from(u32::MAX)) as u32, Ordering::Relaxed);
            }
            set(&VERIFY, b"gcverify");
            set(&TRACE, b"gctrace");
        }
    }
    set_goal(0);
}

/// The goal for `marked` live bytes and GOGC `percent`.
fn goal(marked: usize, percent: i32) -> usize {
    if percent < 0 {
        return usize::MAX;
    }
    let p = percent as u128;
    let grow = |n: usize| (n as u128 * p / 100).min(usize::MAX as u128 / 2) as usize;
    marked.saturating_add(grow(marked)).max(grow(MIN_HEAP))
}

/// A cycle found `marked` bytes live.
pub fn set_goal(marked: usize) {
    MARKED.store(marked, Ordering::Relaxed);
    TRIGGER.store(
        goal(marked, PERCENT.load(Ordering::Relaxed)),
        Ordering::Relaxed,
    );
}

/// Bytes that the last cycle found live.
pub fn marked() -> usize {
    MARKED.load(Ordering::Relaxed)
}

/// Heap size at which the next cycle starts.
pub fn next_gc() -> usize {
    TRIGGER.load(Ordering::Relaxed)
}

/// A cycle is due.
pub fn due() -> bool {
    let stress = STRESS.load(Ordering::Relaxed);
    HEAP_LIVE.load(Ordering::Relaxed) >= TRIGGER.load(Ordering::Relaxed)
        || (stress != 0 && REFILLS.swap(0, Ordering::Relaxed) >= stress)
}

/// The heap grew to `live` bytes.
#[inline(always)]
pub fn check_trigger(live: usize) {
    if live >= TRIGGER.load(Ordering::Relaxed) || STRESS.load(Ordering::Relaxed) != 0 {
        reached();
    }
}

#[cold]
fn reached() {
    let stress = STRESS.load(Ordering::Relaxed);
    if stress == 0 || REFILLS.fetch_add(1, Ordering::Relaxed) + 1 >= stress {
        super::request();
    }
}

/// Cycles start by themselves.
pub fn enabled() -> bool {
    PERCENT.load(Ordering::Relaxed) >= 0
}

/// `debug.SetGCPercent`, which runs a cycle afterwards.
pub unsafe fn set_percent(a: &mut args::runtime_setGCPercent) {
    a.out = PERCENT.swap(a.in_.max(-1), Ordering::Relaxed);
    set_goal(MARKED.load(Ordering::Relaxed));
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
}
