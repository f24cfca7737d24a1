//! The page heap: which pages of which arena are in use.
//!
//! Three bits for each page: in use; dirty (holds data of an earlier use, so it must be cleared);
//! ever (was in use once, so the system may have memory behind it). First fit by address keeps the
//! heap dense at its low end, so that high pages stay untouched. Summaries ([`super::summary`])
//! lead to the first run of any length.
//!
//! A P takes the free pages of an aligned group of 64 at a time ([`Cache`]) and makes small spans
//! of them without a lock. What is in such a cache counts as free in all figures, as `dirty` and
//! `ever` change when a span is made.
//!
//! In use and the summaries are behind [`HEAP`]'s lock; the other bits of a page belong to who
//! holds the page, or the lock while it is free. Lock order: central lists before the page heap
//! before `mem`.

use super::arena::{self, Arena, ArenaPages};
use super::geometry::{ARENA, ARENA_PAGES, ARENAS, BASE, PAGE, PAGE_SHIFT};
use super::owned::OwnedSpan;
use super::span::{self, RECORDS, Records, Span, SpanClass, state};
use super::summary::{LEAF, Tree};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::Stopped;
use crate::{mem, os};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The page heap.
#[doc(alias = "mheap")]
#[derive(Debug)]
pub struct PageHeap {
    /// One past the highest arena that exists.
    pub(super) end: usize,
    pub(super) tree: Tree,
    /// Span records.
    pub records: Records,
}

// SAFETY: the pointers lead to the heap's own records, which no thread owns.
unsafe impl Send for PageHeap {}

/// The page heap.
#[doc(alias = "mheap_")]
pub static HEAP: Mutex<PageHeap, { rank::PAGES }> = Mutex::new(PageHeap::new());

/// Pages in use for objects.
pub static OBJECT_PAGES: AtomicUsize = AtomicUsize::new(0);
/// Pages that were in use at some time.
pub static EVER_PAGES: AtomicUsize = AtomicUsize::new(0);
/// Pages given back to the system since.
pub static RELEASED_PAGES: AtomicUsize = AtomicUsize::new(0);

/// Pages of a group that a P takes.
#[doc(alias = "pageCachePages")]
const GROUP: usize = 64;
/// Most pages of a span that a P makes of its group; larger ones would leave too much of it.
const MOST_CACHED: usize = 16;
/// Span records that a P takes at a time.
const BATCH: usize = 8;

/// A P's share of the page heap. Valid as zeroes: nothing.
#[repr(C)]
#[derive(Debug)]
pub struct Cache {
    /// First page of the group.
    page: usize,
    /// Its pages that are in nobody's use.
    free: u64,
    /// Span records by size.
    records: [*mut Span; RECORDS],
}

/// The lowest of `n` set bits side by side.
fn find_bits(bits: u64, n: usize) -> Option<usize> {
    debug_assert!((1..=64).contains(&n));
    // Each round doubles the length that a bit stands for.
    let (mut b, mut len) = (bits, 1);
    while len < n {
        let more = len.min(n - len);
        b &= b >> more;
        len += more;
    }
    (b != 0).then(|| b.trailing_zeros() as usize)
}

impl Cache {
    /// `n` pages of the group; only such that were in use before, unless `fresh`.
    fn take(&mut self, n: usize, fresh: bool) -> Option<usize> {
        let bit = find_bits(self.free, n)?;
        let page = self.page + bit;
        if !fresh && any_fresh(page, n) {
            return None;
        }
        self.free &= !(((1 << n) - 1) << bit);
        Some(page)
    }

    /// A span of `n` pages for objects of `class`; none when there is no room, in pages that were
    /// in use before (`fresh` false), or the system refuses.
    #[doc(alias = "allocSpan")]
    pub fn alloc_span(&mut self, n: usize, class: SpanClass, fresh: bool) -> Option<OwnedSpan> {
        debug_assert!(n > 0);
        let size = span::record_size(n, class);
        let mut page = None;
        if n <= MOST_CACHED {
            page = self.take(n, fresh);
        }
        let mut s = self.records[size];
        if page.is_none() || s.is_null() {
            let mut heap = HEAP.lock();
            if page.is_none() && n <= MOST_CACHED && self.free == 0 {
                (self.page, self.free) = heap.take_group(fresh);
                page = self.take(n, fresh);
            }
            if page.is_none() {
                page = heap.take(n, fresh);
            }
            page?;
            if s.is_null() {
                s = heap.records.take(size, BATCH);
            }
        }
        let page = page?;
        // SAFETY: the pages were just taken, the record too, and nobody else knows them.
        unsafe {
            self.records[size] = (*s).next;
            OBJECT_PAGES.fetch_add(n, Ordering::Relaxed);
            init_span(s, page, n, class);
            Some(OwnedSpan::from_raw(s))
        }
    }

    /// Gives everything back.
    pub fn flush(&mut self) {
        let some_record = self.records.iter().any(|r| !r.is_null());
        if self.free == 0 && !some_record {
            return;
        }
        let mut heap = HEAP.lock();
        if self.free != 0 {
            heap.put_bits(self.page, core::mem::take(&mut self.free));
        }
        for (size, first) in self.records.iter_mut().enumerate() {
            // SAFETY: free records are linked by `next`.
            unsafe {
                heap.records
                    .put(size, core::mem::replace(first, null_mut()))
            };
        }
    }
}

/// Makes a record the span of pages `page .. page + n`, counts what that does to them, and leads
/// them to it.
///
/// # Safety
/// The pages and the record must be the caller's.
#[doc(alias = "initSpan")]
unsafe fn init_span(s: *mut Span, page: usize, n: usize, class: SpanClass) {
    debug_assert!(
        arena::span_of(address(page)).is_null(),
        "the pages are free"
    );
    let dirty = use_pages(page, n);
    // SAFETY: the record and the pages are the caller's, in arenas that exist, as pages that can be
    // taken are.
    unsafe {
        let base = address(page);
        span::init(s, base, arena::bits_of(base), n, class);
        (*s).needzero = dirty;
        arena::set_spans(page, n, s);
    }
}

/// Calls `f(word, mask)` for the words of a bitmap that hold bits `start .. start + n`.
fn for_mask(start: usize, n: usize, mut f: impl FnMut(usize, u64)) {
    let mut at = start;
    let end = start + n;
    while at < end {
        let bit = at % 64;
        let len = (64 - bit).min(end - at);
        let mask = if len == 64 {
            !0
        } else {
            ((1u64 << len) - 1) << bit
        };
        f(at / 64, mask);
        at += len;
    }
}

/// Calls `f(arena's number, its pages, first bit, bits)` for each arena of pages
/// `page .. page + n`, which must exist. Only what is atomic in them may be used without the lock.
fn each(page: usize, n: usize, mut f: impl FnMut(usize, *mut ArenaPages, usize, usize)) {
    let mut at = page;
    while at < page + n {
        let bit = at % ARENA_PAGES;
        let len = (ARENA_PAGES - bit).min(page + n - at);
        let a = arena::arena(at / ARENA_PAGES);
        debug_assert!(!a.is_null());
        // SAFETY: arenas that exist do so for ever.
        f(at / ARENA_PAGES, unsafe { &raw mut (*a).pages }, bit, len);
        at += len;
    }
}

/// Some of the pages were never in use. The caller holds them, or the lock.
#[doc(alias = "allocNeedsZero")]
fn any_fresh(page: usize, n: usize) -> bool {
    let mut fresh = false;
    each(page, n, |_, p, bit, len| {
        // SAFETY: arenas that exist do so for ever, and these words are atomic.
        let ever = unsafe { &(*p).ever };
        for_mask(bit, len, |w, m| {
            fresh |= !ever[w].load(Ordering::Relaxed) & m != 0;
        });
    });
    fresh
}

/// Address of a page.
pub fn address(page: usize) -> usize {
    BASE + (page << PAGE_SHIFT)
}

/// The caller's pages are about to be used; answers whether they hold old data.
fn use_pages(page: usize, n: usize) -> bool {
    let (mut old, mut fresh, mut back) = (0, 0, 0);
    each(page, n, |_, p, bit, len| {
        // SAFETY: arenas that exist do so for ever, and these words are atomic.
        let (dirty, ever) = unsafe { (&(*p).dirty, &(*p).ever) };
        for_mask(bit, len, |w, m| {
            let (d, e) = (
                dirty[w].load(Ordering::Relaxed) & m,
                ever[w].load(Ordering::Relaxed) & m,
            );
            old |= d;
            fresh += (m & !e).count_ones() as usize;
            back += (e & !d).count_ones() as usize;
            // Others' pages are in the same word.
            if e != m {
                ever[w].fetch_or(m, Ordering::Relaxed);
            }
            if d != m {
                dirty[w].fetch_or(m, Ordering::Relaxed);
            }
        });
    });
    if fresh != 0 {
        EVER_PAGES.fetch_add(fresh, Ordering::Relaxed);
    }
    if back != 0 {
        RELEASED_PAGES.fetch_sub(back, Ordering::Relaxed);
    }
    old != 0
}

impl PageHeap {
    const fn new() -> Self {
        Self {
            end: 0,
            tree: Tree::new(),
            records: Records::new(),
        }
    }

    /// One past the last page of the heap's arenas.
    pub fn end_page(&self) -> usize {
        self.end * ARENA_PAGES
    }

    /// Changes the bits of pages `page .. page + n`: to in use or free.
    fn set(&mut self, page: usize, n: usize, in_use: bool) {
        each(page, n, |i, p, bit, len| {
            // SAFETY: the arena exists; the map is guarded by the lock that `self` stands for.
            let map = unsafe { &mut (*p).map };
            for_mask(bit, len, |w, m| {
                debug_assert!(map.in_use[w] & m == if in_use { 0 } else { m });
                if in_use {
                    map.in_use[w] |= m;
                } else {
                    map.in_use[w] &= !m;
                }
            });
            self.tree.update(i, map, bit, len);
        });
    }

    fn find(&self, n: usize) -> Option<usize> {
        // SAFETY: only arenas that exist have free pages; the map is guarded by the lock that
        // `self` stands for.
        self.tree
            .find(n, |i| unsafe { &(*arena::arena(i)).pages.map })
    }

    /// The first free run of `n` pages was in use before.
    pub(super) fn has_room(&self, n: usize) -> bool {
        self.find(n).is_some_and(|page| !any_fresh(page, n))
    }

    /// Takes `n` pages out of the free ones: the first. None when there is no room, in pages that
    /// were in use before (`fresh` false), or the system refuses.
    #[doc(alias = "mHeap_AllocLarge")]
    #[doc(alias = "mHeap_AllocSpanLocked")]
    fn take(&mut self, n: usize, fresh: bool) -> Option<usize> {
        let page = loop {
            match self.find(n) {
                Some(page) => break page,
                None if fresh && self.grow(n) => {}
                None => return None,
            }
        };
        if !fresh && any_fresh(page, n) {
            return None;
        }
        self.set(page, n, true);
        Some(page)
    }

    /// Takes the free pages of the group with the first free page, as its first page and a bit for
    /// each. No bits when there are none.
    #[doc(alias = "allocToCache")]
    fn take_group(&mut self, grow: bool) -> (usize, u64) {
        let Some(page) = self.find(1).or_else(|| {
            if grow && self.grow(1) {
                self.find(1)
            } else {
                None
            }
        }) else {
            return (0, 0);
        };
        let page = page - page % GROUP;
        let mut free = 0;
        each(page, GROUP, |i, p, bit, len| {
            // SAFETY: the arena exists; the map is guarded by the lock that `self` stands for.
            let map = unsafe { &mut (*p).map };
            free = !map.in_use[bit / 64];
            map.in_use[bit / 64] = !0;
            self.tree.update(i, map, bit, len);
        });
        (page, free)
    }

    /// Gives the pages of a group whose bits are set back.
    fn put_bits(&mut self, page: usize, free: u64) {
        debug_assert!(page.is_multiple_of(GROUP));
        each(page, GROUP, |i, p, bit, len| {
            // SAFETY: the arena exists; the map is guarded by the lock that `self` stands for.
            let map = unsafe { &mut (*p).map };
            debug_assert!(map.in_use[bit / 64] & free == free);
            map.in_use[bit / 64] &= !free;
            self.tree.update(i, map, bit, len);
        });
    }

    /// Adds `n` pages side by side, together with free ones before them: whole arenas if the system
    /// gives that much, else less. False when it refuses.
    #[doc(alias = "mHeap_Grow")]
    fn grow(&mut self, n: usize) -> bool {
        if self.extend(n) {
            return true;
        }
        [n.next_multiple_of(ARENA_PAGES), n.next_multiple_of(LEAF), n]
            .into_iter()
            .any(|pages| self.map_arenas(pages))
    }

    /// Maps more of the last arena, if not all of it is mapped.
    #[doc(alias = "mHeap_SysAlloc")]
    fn extend(&mut self, n: usize) -> bool {
        let Some(last) = self.end.checked_sub(1) else {
            return false;
        };
        // SAFETY: the arena exists; the lock is held.
        let pages = unsafe { &(*arena::arena(last)).pages };
        if pages.mapped == ARENA_PAGES {
            return false;
        }
        let free = (0..pages.mapped)
            .rev()
            .take_while(|&i| pages.map.in_use[i / 64] >> (i % 64) & 1 == 0)
            .count();
        let start = last * ARENA_PAGES + pages.mapped;
        let need = n - free.min(n - 1);
        [need.next_multiple_of(LEAF), need]
            .into_iter()
            .filter(|pages| start + pages <= ARENAS * ARENA_PAGES)
            .any(|pages| {
                let (want, bytes) = (BASE + start * PAGE, pages * PAGE);
                let got = os::map(want, bytes);
                if got as usize == want {
                    return self.add(start, pages);
                }
                if !got.is_null() {
                    // SAFETY: a fresh mapping of ours that nothing uses.
                    unsafe { os::unmap(got, bytes) };
                }
                false
            })
    }

    /// Maps `n` pages from the start of a new arena on.
    #[doc(alias = "mHeap_MapBits")]
    #[doc(alias = "mHeap_MapSpans")]
    fn map_arenas(&mut self, n: usize) -> bool {
        let mut at = self.end;
        // Something else may lie at the address we want: skip past it in growing steps.
        let mut step = 1;
        while at + n.div_ceil(ARENA_PAGES) <= ARENAS {
            let want = BASE + at * ARENA;
            let got = os::map(want, n * PAGE);
            if got.is_null() {
                return false;
            }
            if got as usize == want {
                return self.add(at * ARENA_PAGES, n);
            }
            // SAFETY: a fresh mapping of ours that nothing uses.
            unsafe { os::unmap(got, n * PAGE) };
            at += step;
            step *= 2;
        }
        false
    }

    /// Makes `n` freshly mapped pages free ones of the heap. False when the system has no memory
    /// for what is known about them.
    fn add(&mut self, page: usize, n: usize) -> bool {
        let mut at = page;
        while at < page + n {
            let (i, bit) = (at / ARENA_PAGES, at % ARENA_PAGES);
            let len = (ARENA_PAGES - bit).min(page + n - at);
            if arena::arena(i).is_null() {
                let a = mem::map_for(&mem::GC_SYS, size_of::<Arena>()).cast::<Arena>();
                if a.is_null() {
                    // SAFETY: mapped by the caller; nothing uses it.
                    unsafe { os::unmap((BASE + at * PAGE) as *mut u8, (page + n - at) * PAGE) };
                    return false;
                }
                // SAFETY: fresh memory, and a record of an arena is valid as zeroes.
                unsafe { (*a).pages.map.in_use.fill(!0) };
                arena::set_arena(i, a);
                self.end = self.end.max(i + 1);
            }
            // SAFETY: the arena exists; the lock is held.
            unsafe { (*arena::arena(i)).pages.mapped = bit + len };
            self.set(at, len, false);
            at += len;
        }
        true
    }

    /// Takes the highest run of free pages with old data below page `below`, `most` at most: its
    /// first page and length. It moves `below` there. None when it has looked at `words` words of
    /// bitmap, or at all.
    pub(super) fn take_idle(
        &mut self,
        below: &mut usize,
        most: usize,
        words: &mut usize,
    ) -> Option<(usize, usize)> {
        // Free pages with old data in the word of `page`; the arena may be missing.
        let idle = |page: usize| {
            let a = arena::arena(page / ARENA_PAGES);
            if a.is_null() {
                return 0;
            }
            // SAFETY: the arena exists; the lock is held.
            let p = unsafe { &(*a).pages };
            let w = page % ARENA_PAGES / 64;
            !p.map.in_use[w] & p.dirty[w].load(Ordering::Relaxed)
        };
        while *below > 0 && *words > 0 {
            *words -= 1;
            let last = *below - 1;
            let bits = idle(last) & (!0 >> (63 - last % 64));
            if bits == 0 {
                *below = last - last % 64;
                continue;
            }
            let end = last - last % 64 + 64 - bits.leading_zeros() as usize;
            let mut start = end - (!(bits << bits.leading_zeros())).leading_zeros() as usize;
            while start.is_multiple_of(64)
                && !start.is_multiple_of(ARENA_PAGES)
                && end - start < most
            {
                let ones = (!idle(start - 1)).leading_zeros() as usize;
                if ones == 0 {
                    break;
                }
                start -= ones;
            }
            start = start.max(end.saturating_sub(most));
            *below = start;
            self.set(start, end - start, true);
            return Some((start, end - start));
        }
        None
    }

    /// Gives pages of [`PageHeap::take_idle`] back; `released`: the system has their memory.
    pub(super) fn put_idle(&mut self, page: usize, n: usize, released: bool) {
        if released {
            each(page, n, |_, p, bit, len| {
                // SAFETY: arenas that exist do so for ever, and these words are atomic.
                let dirty = unsafe { &(*p).dirty };
                for_mask(bit, len, |w, m| {
                    dirty[w].fetch_and(!m, Ordering::Relaxed);
                });
            });
            RELEASED_PAGES.fetch_add(n, Ordering::Relaxed);
        }
        self.set(page, n, false);
    }
}

/// It is no span in use any more.
fn forget(s: &OwnedSpan) {
    debug_assert!(s.next.is_null() && s.prev.is_null(), "it is on a list");
    debug_assert!(s.specials.load(Ordering::Relaxed).is_null());
    OBJECT_PAGES.fetch_sub(s.pages as usize, Ordering::Relaxed);
    s.state.store(state::DEAD, Ordering::Relaxed);
}

/// Takes a span back: its pages are free again.
///
/// # Safety
/// Nothing refers to its memory.
#[doc(alias = "freeSpan")]
#[doc(alias = "mHeap_FreeSpanLocked")]
pub unsafe fn free_span(s: OwnedSpan) {
    forget(&s);
    let (page, n) = ((s.base - BASE) >> PAGE_SHIFT, s.pages as usize);
    // SAFETY: the pages are the span's, and nothing refers to them.
    unsafe { arena::set_spans(page, n, null_mut()) };
    let mut heap = HEAP.lock();
    heap.set(page, n, false);
    // SAFETY: no page leads to the record any more.
    unsafe { heap.records.put_one(s.into_raw()) };
}

/// Takes a span back whose pages are not to be used again. They still lead to it.
///
/// # Safety
/// As [`free_span`].
pub(super) unsafe fn retire_span(s: OwnedSpan) {
    forget(&s);
    s.into_raw();
}

/// Every span in use.
pub fn spans(_: &Stopped) -> impl Iterator<Item = *mut Span> {
    // SAFETY: with the world stopped no span comes or goes.
    unsafe { spans_now() }
}

/// Every span in use, while the world may run.
///
/// # Safety
/// No span of those that are in use goes meanwhile.
pub unsafe fn spans_now() -> impl Iterator<Item = *mut Span> + use<> {
    let end = HEAP.lock().end_page();
    let mut page = 0;
    core::iter::from_fn(move || {
        while page < end {
            let a = arena::arena(page / ARENA_PAGES);
            if a.is_null() {
                page += ARENA_PAGES;
                continue;
            }
            // SAFETY: the arena exists; spans that pages lead to are valid.
            unsafe {
                let s = (*a).spans[page % ARENA_PAGES].load(Ordering::Relaxed);
                if s.is_null() {
                    page += 1;
                    continue;
                }
                page += (*s).pages as usize;
                if (*s).state.load(Ordering::Relaxed) != state::DEAD {
                    return Some(s);
                }
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bit(words: &[u64], i: usize) -> bool {
        words[i / 64] >> (i % 64) & 1 != 0
    }

    #[test]
    fn masks_cover_exactly_their_range() {
        for start in [0, 1, 63, 64, 100] {
            for n in [1, 2, 63, 64, 65, 128, 200] {
                let mut words = [0u64; 8];
                for_mask(start, n, |w, m| {
                    assert_eq!(words[w] & m, 0);
                    words[w] |= m;
                });
                for i in 0..512 {
                    assert_eq!(bit(&words, i), (start..start + n).contains(&i));
                }
            }
        }
    }
}
