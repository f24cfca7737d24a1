//! Central lists: the spans of each class that no P holds, and their sweeping.
//!
//! A span with objects is in exactly one place: a P's cache, its class's `partial` or `full` list (swept), its class's `unswept` list, or
//! in the hands of the thread that took it off one. The end of marking moves every span to `unswept`; allocation sweeps what
//! it takes from there, so sweeping costs in proportion to allocation, and what is left is swept before the next cycle.

use super::classes::TABLE;
use super::pages::HEAP;
use super::span::{List, SPAN_CLASSES, Span, SpanClass, state};
use super::stats;
use crate::sync::mutex::Mutex;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Values of [`Span::place`].
pub mod place {
    /// In somebody's hands.
    pub const NONE: u8 = 0;
    /// In a P's cache.
    pub const CACHED: u8 = 1;
    /// Swept, with free slots.
    pub const PARTIAL: u8 = 2;
    /// Swept, without free slots.
    pub const FULL: u8 = 3;
    /// To be swept.
    pub const UNSWEPT: u8 = 4;
    /// A large object's, on the list of those.
    pub const LARGE: u8 = 5;
}

/// The lists of one span class.
#[derive(Debug)]
struct Lists {
    partial: List,
    full: List,
    unswept: List,
}

// SAFETY: the lists hold records of the heap, which no thread owns.
unsafe impl Send for Lists {}

static CENTRAL: [Mutex<Lists>; SPAN_CLASSES] = [const {
    Mutex::new(Lists {
        partial: List::new(),
        full: List::new(),
        unswept: List::new(),
    })
}; SPAN_CLASSES];

/// Spans of large objects. The lock order puts it with the central lists.
static LARGE: Mutex<List> = Mutex::new(List::new());

/// Some span may still be unswept: worth a look before the heap grows.
static UNSWEPT: AtomicBool = AtomicBool::new(false);
/// Class at which the next reclaim starts.
static RECLAIM_AT: AtomicUsize = AtomicUsize::new(0);

/// What a sweep leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// Nothing lives: the pages can be used for something else.
    Empty,
    /// Some slots are free.
    Partial,
    /// No slot is free.
    Full,
}

/// Frees every object of `s` that is not marked.
///
/// # Safety
/// The span must be in the caller's hands, with marking finished.
pub unsafe fn sweep(s: *mut Span) -> Swept {
    // SAFETY: the caller owns the span; bitmaps have `words` entries.
    unsafe {
        let s = &mut *s;
        let words = s.words();
        let old = s.alloc;
        s.alloc = s.mark.cast();
        s.mark = old.cast();
        let mut live = 0;
        for i in 0..words {
            live += (*s.alloc.add(i)).count_ones();
            *old.add(i) = 0;
        }
        let freed = s.live - live;
        stats::freed(s.class.class(), freed as usize);
        s.live = live;
        s.window = 0;
        s.needzero |= freed > 0;
        if live == 0 {
            Swept::Empty
        } else if live < s.objects {
            Swept::Partial
        } else {
            Swept::Full
        }
    }
}

unsafe fn release(s: *mut Span) {
    // SAFETY: passed on to the caller: nothing lives in the span.
    unsafe { HEAP.lock().free_span(s) };
}

/// A swept span of `class` with at least one free slot, now the caller's; null when the system has no memory.
pub fn take(class: SpanClass) -> *mut Span {
    loop {
        let mut lists = CENTRAL[class.index()].lock();
        let s = lists.partial.pop();
        if !s.is_null() {
            // SAFETY: just taken off its list.
            unsafe { (*s).place = place::CACHED };
            return s;
        }
        let s = lists.unswept.pop();
        drop(lists);
        if s.is_null() {
            break;
        }
        // SAFETY: just taken off its list; spans are unswept only when marking is over.
        unsafe {
            match sweep(s) {
                Swept::Full => put(s, class, place::FULL),
                _ => {
                    (*s).place = place::CACHED;
                    return s;
                }
            }
        }
    }
    let s = alloc_pages(TABLE[class.class()].pages as usize, class);
    if !s.is_null() {
        // SAFETY: a fresh span.
        unsafe { (*s).place = place::CACHED };
    }
    s
}

/// Pages for objects: free ones, or after sweeping, or by growing the heap.
pub fn alloc_pages(pages: usize, class: SpanClass) -> *mut Span {
    let s = HEAP.lock().alloc_span(pages, class, state::IN_USE, false);
    if !s.is_null() {
        return s;
    }
    reclaim(pages);
    HEAP.lock().alloc_span(pages, class, state::IN_USE, true)
}

unsafe fn put(s: *mut Span, class: SpanClass, to: u8) {
    // SAFETY: the span is in the caller's hands and on no list.
    unsafe {
        (*s).place = to;
        let mut lists = CENTRAL[class.index()].lock();
        match to {
            place::PARTIAL => lists.partial.push(s),
            place::FULL => lists.full.push(s),
            _ => lists.unswept.push(s),
        }
    }
}

/// Takes a swept span back from a P's cache.
///
/// # Safety
/// The span must be the caller's.
pub unsafe fn give_back(s: *mut Span) {
    // SAFETY: as the caller promises.
    unsafe {
        let to = if (*s).live < (*s).objects {
            place::PARTIAL
        } else {
            place::FULL
        };
        put(s, (*s).class, to);
    }
}

/// Sweeps spans until `pages` pages are free, or everything is swept.
fn reclaim(pages: usize) {
    if !UNSWEPT.load(Ordering::Acquire) {
        return;
    }
    let mut got = 0;
    for _ in 0..SPAN_CLASSES {
        let i = RECLAIM_AT.load(Ordering::Relaxed) % SPAN_CLASSES;
        loop {
            match sweep_one(i) {
                None => break,
                Some(freed) => got += freed,
            }
            if got >= pages {
                return;
            }
        }
        RECLAIM_AT.store(i + 1, Ordering::Relaxed);
    }
}

/// Sweeps one span of class `i`: the pages that it gave back, or nothing to sweep.
fn sweep_one(i: usize) -> Option<usize> {
    let s = CENTRAL[i].lock().unswept.pop();
    if s.is_null() {
        return None;
    }
    // SAFETY: just taken off its list; spans are unswept only when marking is over.
    unsafe {
        let class = (*s).class;
        match sweep(s) {
            Swept::Empty => {
                let pages = (*s).pages as usize;
                release(s);
                return Some(pages);
            }
            Swept::Partial => put(s, class, place::PARTIAL),
            Swept::Full => put(s, class, place::FULL),
        }
    }
    Some(0)
}

/// Sweeps everything that is still unswept.
pub fn sweep_all() {
    if !UNSWEPT.load(Ordering::Acquire) {
        return;
    }
    for i in 0..SPAN_CLASSES {
        while sweep_one(i).is_some() {}
    }
    UNSWEPT.store(false, Ordering::Release);
}

/// Sweeps up to `n` spans: true while there may be more. For idle time.
pub fn sweep_some(n: usize) -> bool {
    if !UNSWEPT.load(Ordering::Acquire) {
        return false;
    }
    let mut left = n;
    for i in 0..SPAN_CLASSES {
        while sweep_one(i).is_some() {
            left -= 1;
            if left == 0 {
                return true;
            }
        }
    }
    UNSWEPT.store(false, Ordering::Release);
    false
}

/// Puts the span of a fresh large object on the list of those.
///
/// # Safety
/// The span must be the caller's.
pub unsafe fn add_large(s: *mut Span) {
    // SAFETY: as the caller promises.
    unsafe {
        (*s).place = place::LARGE;
        LARGE.lock().push(s);
    }
}

/// Ends marking: every small span becomes unswept, large objects that are not marked are freed.
///
/// # Safety
/// The world must be stopped, caches flushed, everything swept since the last cycle, marking complete.
pub unsafe fn start_sweep() {
    for lists in &CENTRAL {
        let mut lists = lists.lock();
        let (mut partial, mut full) = (lists.partial.take(), lists.full.take());
        for list in [&mut partial, &mut full] {
            if lists.unswept.is_empty() {
                lists.unswept = list.take();
                continue;
            }
            loop {
                let s = list.pop();
                if s.is_null() {
                    break;
                }
                // SAFETY: just taken off its list.
                unsafe { lists.unswept.push(s) };
            }
        }
    }
    UNSWEPT.store(true, Ordering::Release);
    RECLAIM_AT.store(0, Ordering::Relaxed);
    let mut large = LARGE.lock();
    let mut s = large.first();
    while !s.is_null() {
        // SAFETY: spans on the list are valid, and ours with the lock held.
        unsafe {
            let next = (*s).next;
            let bytes = (*s).elemsize;
            if sweep(s) == Swept::Empty {
                large.remove(s);
                stats::freed_large(bytes);
                release(s);
            }
            s = next;
        }
    }
}
