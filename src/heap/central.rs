//! Central lists: the spans of each class that no P holds, and their sweeping.
//!
//! A span with objects is in exactly one place: a P's cache, one of its class's lists, the list of
//! large objects, or with the thread that took it off one. Each list exists twice, for spans that
//! were swept since the last marking and for those that were not; the number of the cycle
//! ([`CYCLE`]) says which is which. So the end of marking hands all spans to the sweepers by
//! incrementing it.
//!
//! Spans are swept when allocation takes them, in proportion to what is allocated ([`sweep_for`]),
//! in idle time ([`sweep_some`]), and what is left before the next cycle ([`sweep_all`]). Several
//! threads may sweep at a time: a span that was taken off its list belongs to the thread that took
//! it. Sweepers hold a P, so that none is in the middle of a span while the world is stopped.

use super::owned::{List, OwnedSpan};
use super::span::{SPAN_CLASSES, SpanClass};
use super::trigger::{self, CYCLE};
use super::{classes::TABLE, geometry::PAGE};
use super::{dead, guard, modes, pages, sample, span, stats};
use crate::os::sys;
use crate::probe::trace;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::Stopped;
use crate::world::phase::{self, GCWAITING};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Spans with and without free slots. Large objects' are among the latter.
#[doc(alias = "spanSet")]
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) partial: List,
    pub(super) full: List,
}

/// The lists of one span class, by the parity of the marking that they were swept after.
#[doc(alias = "mcentral")]
#[derive(Debug)]
pub(super) struct Class {
    pub(super) lists: [Lists; 2],
}

// SAFETY: the lists hold records of the heap, which no thread owns.
unsafe impl Send for Class {}

impl Class {
    pub(super) const fn new() -> Self {
        Self {
            lists: [const {
                Lists {
                    partial: List::new(),
                    full: List::new(),
                }
            }; 2],
        }
    }

    #[doc(alias = "fullSwept")]
    #[doc(alias = "partialSwept")]
    fn swept(&mut self) -> &mut Lists {
        &mut self.lists[CYCLE.load(Ordering::Relaxed) % 2]
    }

    /// A span to sweep, likely with free slots if there is such a one.
    #[doc(alias = "fullUnswept")]
    #[doc(alias = "partialUnswept")]
    fn pop_unswept(&mut self) -> Option<OwnedSpan> {
        let lists = &mut self.lists[(CYCLE.load(Ordering::Relaxed) + 1) % 2];
        lists.partial.pop().or_else(|| lists.full.pop())
    }
}

/// Place of the large objects' spans in [`CENTRAL`]: size class 0, with pointers or without.
const LARGE: usize = 0;
const _: () = assert!(SpanClass::new(0, false).index() == LARGE);

/// By span class. Large objects are all in [`LARGE`].
pub(super) static CENTRAL: [Mutex<Class, { rank::CENTRAL }>; SPAN_CLASSES] =
    [const { Mutex::new(Class::new()) }; SPAN_CLASSES];

/// Pages of spans that are not swept yet, those being swept included.
pub(super) static UNSWEPT: AtomicUsize = AtomicUsize::new(0);
/// Class at which the next search for something to sweep starts.
static SWEEP_AT: AtomicUsize = AtomicUsize::new(0);

/// Spans that one allocation sweeps in search of a free slot before it takes fresh pages; more save
/// memory, but the allocation takes longer.
const MOST_FOR_SLOT: usize = 100;
/// Spans that an allocation of pages sweeps in search of free ones, besides some for each page.
const LEAST_FOR_PAGES: usize = 64;
/// Most spans that an allocation sweeps in search of free pages, and most of those that it owes.
/// What is owed then, or when the world is about to stop, is swept by the next ones.
const MOST: usize = 1024;

/// How fast sweeping has to go.
struct Pace {
    /// Pages to sweep in this cycle.
    pages: AtomicUsize,
    /// The heap's size when sweeping began.
    start: AtomicUsize,
    /// Bytes that may be allocated until all is swept; 0: no matter when.
    distance: AtomicUsize,
}

static PACE: Pace = Pace {
    pages: AtomicUsize::new(0),
    start: AtomicUsize::new(0),
    distance: AtomicUsize::new(0),
};

/// What a sweep leaves.
#[derive(Debug)]
enum Swept {
    /// Nothing lives: the pages can be used for something else.
    Empty(OwnedSpan),
    /// Some slots are free.
    Partial(OwnedSpan),
    /// No slot is free.
    Full(OwnedSpan),
}

/// Frees every object that is not marked. Finalizers of such objects are queued first, which keeps
/// the objects, and samples of the heap profile count as freed.
///
/// # Safety
/// Marking is finished, and the span was not swept since.
#[doc(alias = "mSpan_Sweep")]
unsafe fn sweep(mut s: OwnedSpan) -> Swept {
    debug_assert!(cfg!(test) || !phase::enabled(), "marks are complete");
    debug_assert!(s.state.load(Ordering::Relaxed) == span::state::IN_USE);
    debug_assert!(s.next.is_null() && s.prev.is_null());
    if !s.specials.load(Ordering::Relaxed).is_null() {
        // SAFETY: the caller promises finished marks, of a span that is not swept.
        unsafe { dead::queue_dead(&s) };
    }
    if !s.samples.load(Ordering::Relaxed).is_null() {
        // SAFETY: marking is finished, and the span not swept; what `queue_dead` keeps is marked
        // now.
        unsafe { sample::swept(&s) };
    }
    if modes::watches_frees() {
        // SAFETY: marking is finished, and the span not swept: what is not marked is dead.
        unsafe { modes::swept(&s) };
    }
    let words = s.words();
    let old = s.alloc;
    s.alloc = s.mark.cast();
    s.mark = old.cast();
    let mut live = 0;
    for i in 0..words {
        // SAFETY: both bitmaps have `words` entries.
        unsafe {
            live += (*s.alloc.add(i)).count_ones();
            *old.add(i) = 0;
        }
    }
    debug_assert!(live <= s.live, "only what is given out is marked");
    let freed = s.live - live;
    stats::freed(s.class.class(), freed as usize);
    s.live = live;
    s.window = 0;
    s.needzero |= freed > 0;
    if live == 0 {
        Swept::Empty(s)
    } else if live < s.objects {
        Swept::Partial(s)
    } else {
        Swept::Full(s)
    }
}

/// Sweeps a span and puts it where it belongs. Answers the pages that became free.
///
/// # Safety
/// As [`sweep`].
unsafe fn sweep_and_put(s: OwnedSpan) -> usize {
    let pages = s.pages as usize;
    if trace::on() {
        trace::sweep_starts();
    }
    // SAFETY: marking is finished, and the span was not swept since.
    let swept = unsafe { sweep(s) };
    if trace::on() {
        trace::sweep_ends();
    }
    let freed = match swept {
        Swept::Empty(s) => {
            if s.class.class() == 0 {
                stats::freed_large(s.elemsize);
            }
            // SAFETY: nothing in it lives, so nothing refers to its memory.
            unsafe {
                if modes::fences() {
                    modes::fence(s);
                } else {
                    pages::free_span(s);
                }
            }
            pages
        }
        Swept::Partial(s) | Swept::Full(s) => {
            put(s);
            0
        }
    };
    count_swept(pages);
    freed
}

/// A span of `pages` was swept and is where it belongs.
fn count_swept(pages: usize) {
    // Release: who sees that nothing is unswept sees what sweeping did.
    let unswept = UNSWEPT.fetch_sub(pages, Ordering::Release);
    debug_assert!(unswept >= pages);
    if unswept == pages {
        // Here, beside the program, and not when the next cycle is about to stop the world: of many
        // sites it takes a tenth of a millisecond.
        sample::publish();
    }
}

/// The world is about to stop: what allocation has to sweep can wait.
fn stopping() -> bool {
    GCWAITING.load(Ordering::Relaxed) != 0
}

/// Puts a swept span on its class's list: one that a P's cache had, or that of a fresh large object.
#[doc(alias = "uncacheSpan")]
pub fn put(s: OwnedSpan) {
    let at = if s.class.class() == 0 {
        LARGE
    } else {
        s.class.index()
    };
    let full = s.live == s.objects;
    let mut class = CENTRAL[at].lock();
    let lists = class.swept();
    if full {
        lists.full.push(s);
    } else {
        lists.partial.push(s);
    }
}

/// A swept span of `class` with at least one free slot; none when the system has no memory.
#[doc(alias = "mCentral_CacheSpan")]
#[doc(alias = "cacheSpan")]
pub(super) fn take(class: SpanClass, cache: &mut pages::Cache) -> Option<OwnedSpan> {
    let pages = TABLE[class.class()].pages as usize;
    sweep_for(pages * PAGE);
    for _ in 0..MOST_FOR_SLOT {
        let mut lists = CENTRAL[class.index()].lock();
        if let Some(s) = lists.swept().partial.pop() {
            return Some(s);
        }
        let unswept = lists.pop_unswept();
        drop(lists);
        let Some(s) = unswept else {
            break;
        };
        // SAFETY: spans are on these lists only when marking is over, until they are swept.
        let found = match unsafe { sweep(s) } {
            Swept::Empty(s) | Swept::Partial(s) => Some(s),
            Swept::Full(s) => {
                put(s);
                None
            }
        };
        count_swept(pages);
        if found.is_some() {
            return found;
        }
    }
    pages_for(pages, class, cache)
}

/// Pages for a large object's span; none when the system has no memory.
#[doc(alias = "mCentral_Grow")]
#[doc(alias = "mHeap_Alloc")]
#[doc(alias = "mHeap_Alloc_m")]
pub fn alloc_pages(pages: usize, class: SpanClass, cache: &mut pages::Cache) -> Option<OwnedSpan> {
    sweep_for(pages * PAGE);
    pages_for(pages, class, cache)
}

/// Pages for objects. While there is something to sweep, that comes before memory which was never
/// in use.
fn pages_for(pages: usize, class: SpanClass, cache: &mut pages::Cache) -> Option<OwnedSpan> {
    let mut s = None;
    if !all_swept() {
        s = cache.alloc_span(pages, class, false);
        if s.is_none() && reclaim(pages) {
            s = cache.alloc_span(pages, class, false);
        }
    }
    if s.is_none() {
        s = cache.alloc_span(pages, class, true);
    }
    if s.is_none() && !all_swept() {
        // The system has no more: what sweeping may find is all there is.
        sweep_all();
        s = cache.alloc_span(pages, class, true);
    }
    let mut s = s?;
    if modes::guards() {
        // SAFETY: nothing is allocated from it yet.
        unsafe { guard::fresh(&mut s) };
    }
    Some(s)
}

/// Sweeps until `pages` pages became free; false if nothing is left to sweep, or it has looked at
/// enough spans: the heap may grow then.
#[doc(alias = "mHeap_Reclaim")]
fn reclaim(pages: usize) -> bool {
    let mut got = 0;
    if pages > 1 {
        // Each of them gives many pages at once.
        for _ in 0..LEAST_FOR_PAGES {
            match sweep_one(LARGE) {
                Some(freed) => got += freed,
                None => break,
            }
            if got >= pages {
                return true;
            }
        }
    }
    for _ in 0..(LEAST_FOR_PAGES + pages * 4).min(MOST) {
        match sweep_next() {
            Some(freed) => got += freed,
            None => break,
        }
        if got >= pages {
            return true;
        }
        if stopping() {
            break;
        }
    }
    false
}

/// Sweeps one span of class `i`: the pages that it gave back, or nothing to sweep.
fn sweep_one(i: usize) -> Option<usize> {
    let s = CENTRAL[i].lock().pop_unswept()?;
    // SAFETY: spans are on these lists only when marking is over, until they are swept.
    Some(unsafe { sweep_and_put(s) })
}

/// Sweeps one span of whatever class: the pages that it gave back, or nothing to sweep.
#[doc(alias = "sweepone")]
fn sweep_next() -> Option<usize> {
    if UNSWEPT.load(Ordering::Acquire) == 0 {
        return None;
    }
    let at = SWEEP_AT.load(Ordering::Relaxed);
    for i in at..at + SPAN_CLASSES {
        let i = i % SPAN_CLASSES;
        if let Some(freed) = sweep_one(i) {
            if i != at {
                SWEEP_AT.store(i, Ordering::Relaxed);
            }
            return Some(freed);
        }
    }
    None
}

/// `bytes` are about to be allocated: sweeps so much that all is swept when the heap reaches the
/// size at which the next cycle starts.
#[inline]
fn sweep_for(bytes: usize) {
    if UNSWEPT.load(Ordering::Relaxed) != 0 {
        keep_pace(bytes);
    }
}

#[doc(alias = "deductSweepCredit")]
#[cold]
fn keep_pace(bytes: usize) {
    let distance = PACE.distance.load(Ordering::Relaxed);
    if distance == 0 {
        return;
    }
    let (total, start) = (
        PACE.pages.load(Ordering::Relaxed),
        PACE.start.load(Ordering::Relaxed),
    );
    let used = (stats::HEAP_LIVE.load(Ordering::Relaxed) + bytes).saturating_sub(start);
    // In KiB the product fits: pages and KiB of the whole address range are 29 and 32 bits.
    let due = (total * (used.min(distance) >> 10)) / (distance >> 10).max(1);
    for _ in 0..MOST {
        if total.saturating_sub(UNSWEPT.load(Ordering::Relaxed)) >= due
            || stopping()
            || sweep_next().is_none()
        {
            return;
        }
    }
}

/// Sweeps until there is room for a large object of `bytes` in memory that was in use before, or it
/// has looked at enough spans. False if `stop` said so before: then it is to be called again.
pub fn make_room(bytes: usize, stop: impl Fn() -> bool) -> bool {
    let pages = bytes.div_ceil(PAGE);
    for _ in 0..(LEAST_FOR_PAGES + pages * 4).div_ceil(MOST / 4) {
        if all_swept() || pages::HEAP.lock().has_room(pages) {
            break;
        }
        if stop() {
            return false;
        }
        if !sweep_some(MOST / 4) {
            break;
        }
    }
    true
}

/// Sweeps everything that is still unswept. What others are sweeping is done too when it returns.
pub fn sweep_all() {
    while sweep_next().is_some() {}
    while !all_swept() {
        sys::sched_yield();
    }
    sample::publish();
}

/// Nothing is unswept, nor being swept.
pub fn all_swept() -> bool {
    UNSWEPT.load(Ordering::Acquire) == 0
}

/// Sweeps up to `n` spans: true while there may be more. For idle time. Finalizers that it found
/// wait for `wake_finalizers` (src/gc/specials.rs).
#[doc(alias = "bgsweep")]
pub fn sweep_some(n: usize) -> bool {
    if (0..n).all(|_| sweep_next().is_some()) {
        return true;
    }
    if all_swept() {
        sample::publish();
    }
    false
}

/// Ends marking: every span becomes unswept. Takes the same time for every heap. The size at which
/// the next cycle starts must be set already: sweeping is to end before.
///
/// # Safety
/// Caches are flushed, everything was swept since the last cycle, and marking is complete.
pub unsafe fn start_sweep(_: &Stopped) {
    debug_assert_eq!(UNSWEPT.load(Ordering::Relaxed), 0);
    CYCLE.fetch_add(1, Ordering::Relaxed);
    let pages = pages::OBJECT_PAGES.load(Ordering::Relaxed);
    let live = stats::HEAP_LIVE.load(Ordering::Relaxed);
    let goal = trigger::next_gc();
    // An eighth is left for what is allocated beside the count, and for spans that others have in
    // hand.
    let distance = if goal == usize::MAX {
        0
    } else {
        (goal.saturating_sub(live) / 8 * 7).max(PAGE)
    };
    PACE.pages.store(pages, Ordering::Relaxed);
    PACE.start.store(live, Ordering::Relaxed);
    PACE.distance.store(distance, Ordering::Relaxed);
    UNSWEPT.store(pages, Ordering::Release);
}
