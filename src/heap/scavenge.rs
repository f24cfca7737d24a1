//! The scavenger: gives idle memory back to the system.
//!
//! It keeps what the program is expected to need until the next cycle ends, and a tenth more. What
//! the heap has beyond that for [`DELAY`] goes back, highest addresses first, where first fit comes
//! last: a share of the rest at a time, so that a peak that comes again soon finds most of its
//! memory still there, and one that does not is gone within two minutes. sysmon calls; pages are
//! taken out of the page heap while the system works on them, so no lock is held.

use super::geometry::PAGE;
use super::pages::{self, EVER_PAGES, HEAP, OBJECT_PAGES, RELEASED_PAGES};
use super::stats::HEAP_LIVE;
use super::trigger;
use crate::config::godebug;
use crate::fatal::{put_u64, puts};
use crate::os;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::sync::atomic::Ordering;

/// How long memory must have been more than is needed before any goes back.
const DELAY: i64 = 5_000_000_000;
/// Time between two calls that release something.
const EVERY: i64 = 100_000_000;
/// Time until the next look when there was nothing to release although there should have been:
/// caches of Ps hold it, say.
const AGAIN: i64 = 5_000_000_000;
/// Share of the excess that a call releases.
const SHARE: usize = 200;
/// Least and most pages that a call releases: the most takes the system about 5 ms.
const BOUNDS: (usize, usize) = ((512 << 10) / PAGE, (64 << 20) / PAGE);
/// Excess that is left alone, in pages.
const SLACK: usize = (1 << 20) / PAGE;
/// Most pages given back in one call of the system.
const RUN: usize = (1 << 20) / PAGE;
/// Words of page bitmaps that are looked at with the page heap's lock held.
const WORDS: usize = 256;

/// What the calls remember.
struct State {
    /// Since when there is too much; 0: there is not.
    since: i64,
    /// When the next call does something.
    next: i64,
    /// Pages from here on were looked at.
    below: usize,
    /// Pages looked at since the last one was released.
    in_vain: usize,
    /// Pages released since the last line of `GODEBUG=gctrace=1`, and the number of that line.
    released: usize,
    lines: u64,
}

static STATE: Mutex<State, { rank::SCAVENGER }> = Mutex::new(State {
    since: 0,
    next: 0,
    below: 0,
    in_vain: 0,
    released: 0,
    lines: 0,
});

/// Idle pages with memory behind them, less those that will be needed unless `all` are asked for.
fn excess(all: bool) -> usize {
    let load = |n: &core::sync::atomic::AtomicUsize| n.load(Ordering::Relaxed);
    let in_use = load(&OBJECT_PAGES);
    let have = load(&EVER_PAGES).saturating_sub(load(&RELEASED_PAGES));
    if all {
        return have.saturating_sub(in_use);
    }
    // Spans in use hold more than what counts towards the next cycle: free slots of what is not
    // allocated any more.
    let goal = match trigger::next_gc() {
        usize::MAX => 0,
        goal => goal.saturating_sub(load(&HEAP_LIVE)) / PAGE,
    };
    let want = in_use.saturating_add(goal);
    have.saturating_sub(want.saturating_add(want / 10))
}

/// Releases some memory if it is time; answers when the next call is worth while, `i64::MAX` if not
/// before somebody runs. `now` in ns.
#[doc(alias = "bgscavenge")]
pub fn run(now: i64) -> i64 {
    let eager = godebug::SCAVENGE.on();
    let excess = excess(eager);
    let Some(mut s) = STATE.try_lock() else {
        return now + EVERY;
    };
    if excess <= if eager { 0 } else { SLACK } {
        s.since = 0;
        s.line();
        return i64::MAX;
    }
    if s.since == 0 {
        s.since = now;
        s.next = if eager { now } else { now + DELAY };
        s.below = usize::MAX;
        s.in_vain = 0;
    }
    if now < s.next {
        return s.next;
    }
    let budget = if eager {
        BOUNDS.1
    } else {
        (excess / SHARE).clamp(BOUNDS.0, BOUNDS.1)
    };
    let (released, all) = release(budget, &mut s.below);
    s.released += released;
    s.next = now + EVERY;
    if released != 0 {
        s.in_vain = 0;
    } else if all {
        s.in_vain += 1;
        if s.in_vain > 1 {
            s.line();
            s.next = now + AGAIN;
        }
    }
    s.next
}

/// Releases up to `budget` pages, from page `below` down, where the next call goes on. Answers how
/// many, and whether that was the lowest page.
fn release(budget: usize, below: &mut usize) -> (usize, bool) {
    let mut left = budget;
    while left > 0 {
        let run = {
            let mut heap = HEAP.lock();
            *below = (*below).min(heap.end_page());
            heap.take_idle(below, left.min(RUN), &mut { WORDS })
        };
        let Some((page, n)) = run else {
            if *below == 0 {
                *below = usize::MAX;
                return (budget - left, true);
            }
            continue;
        };
        // SAFETY: the pages are free and ours for now: their contents are dead.
        let released = unsafe { os::release(pages::address(page) as *mut u8, n * PAGE) };
        HEAP.lock().put_idle(page, n, released);
        if released {
            left -= n;
        }
    }
    (budget - left, false)
}

/// Releases all idle memory; answers the number of bytes.
pub fn release_all() -> usize {
    let (mut total, mut below) = (0, usize::MAX);
    loop {
        let (released, all) = release(BOUNDS.1, &mut below);
        total += released;
        if all {
            return total * PAGE;
        }
    }
}

impl State {
    /// `GODEBUG=gctrace=1` tells what went back to the system since the last time.
    fn line(&mut self) {
        let released = core::mem::take(&mut self.released);
        if released == 0 || !godebug::GC_TRACE.on() {
            return;
        }
        let mb = |pages: usize| (pages * PAGE) as u64 >> 20;
        let load = |n: &core::sync::atomic::AtomicUsize| n.load(Ordering::Relaxed);
        puts("scvg");
        put_u64(self.lines);
        puts(": ");
        put_u64(mb(released));
        puts(" MB released\nscvg");
        put_u64(self.lines);
        self.lines += 1;
        let sys = load(&EVER_PAGES);
        let in_use = load(&OBJECT_PAGES);
        let gone = load(&RELEASED_PAGES);
        for (name, n) in [
            (": inuse: ", in_use),
            (", idle: ", sys.saturating_sub(in_use)),
            (", sys: ", sys),
            (", released: ", gone),
            (", consumed: ", sys.saturating_sub(gone)),
        ] {
            puts(name);
            put_u64(mb(n));
        }
        puts(" (MB)\n");
    }
}
