//! The page heap: which pages of which arena are in use.
//!
//! Three bits for each page: in use; dirty (holds data of an earlier use, so it must be cleared); ever (was in use once, so the
//! system may have memory behind it). First fit by address keeps the heap dense at its low end, so that high pages stay untouched.
//! A per-arena bound on the longest free run and a first word with free pages keep the search from reading full bitmaps.
//!
//! All state is behind [`HEAP`]'s lock; lock order: central lists before the page heap before `os::mem`.

use super::arena::{self, ARENA, ARENA_PAGES, ARENAS, Arena, BASE, PAGE_WORDS};
use super::classes::{PAGE, PAGE_SHIFT};
use super::span::{Records, Span, SpanClass};
use crate::os::mem;
use crate::sync::mutex::Mutex;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Pages of one arena. Valid as zeroes: all free, clean, never used.
#[repr(C)]
#[derive(Debug)]
pub struct ArenaPages {
    in_use: [u64; PAGE_WORDS],
    dirty: [u64; PAGE_WORDS],
    ever: [u64; PAGE_WORDS],
    /// Words below this one have no free page.
    low: u32,
    /// No free run is longer than `ARENA_PAGES - bound_taken`.
    bound_taken: u32,
}

/// The page heap.
#[derive(Debug)]
pub struct PageHeap {
    /// One past the highest arena that exists.
    end: usize,
    /// Arenas below this one have no free page.
    low: usize,
    /// Span records.
    pub records: Records,
    /// All spans in use: an array that grows.
    all: *mut *mut Span,
    all_len: usize,
    all_cap: usize,
    /// Pages in use for the runtime's own purposes.
    pub manual_pages: usize,
    /// Pages that were in use at some time.
    pub ever_pages: usize,
    /// Pages given back to the system since.
    pub released_pages: usize,
    /// Bytes of arena records.
    pub arena_bytes: usize,
}

// SAFETY: the pointers lead to the heap's own records, which no thread owns.
unsafe impl Send for PageHeap {}

/// The page heap.
pub static HEAP: Mutex<PageHeap> = Mutex::new(PageHeap::new());

/// Pages in use for objects: counted under the page heap's lock, read without it.
pub static OBJECT_PAGES: AtomicUsize = AtomicUsize::new(0);

/// Result of a search for a run of clear bits.
enum Run {
    /// Index of its first bit.
    At(usize),
    /// There is none; the longest has this many.
    Longest(usize),
}

/// First run of `n` clear bits in `words`, from word `from` on.
fn find_run(words: &[u64], from: usize, n: usize) -> Run {
    let (mut start, mut run, mut longest) = (0, 0, 0);
    for (i, &w) in words.iter().enumerate().skip(from) {
        let mut pos = 0;
        while pos < 64 {
            let rest = w >> pos;
            let zeros = if rest == 0 {
                64 - pos
            } else {
                rest.trailing_zeros() as usize
            };
            if zeros > 0 {
                if run == 0 {
                    start = i * 64 + pos;
                }
                run += zeros;
                if run >= n {
                    return Run::At(start);
                }
                pos += zeros;
            }
            if pos < 64 {
                longest = longest.max(run);
                run = 0;
                pos += (w >> pos).trailing_ones() as usize;
            }
        }
    }
    Run::Longest(longest.max(run))
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

impl PageHeap {
    const fn new() -> Self {
        Self {
            end: 0,
            low: 0,
            records: Records::new(),
            all: null_mut(),
            all_len: 0,
            all_cap: 0,
            manual_pages: 0,
            ever_pages: 0,
            released_pages: 0,
            arena_bytes: 0,
        }
    }

    fn pages(&mut self, index: usize) -> Option<&mut ArenaPages> {
        let a = arena::arena(index);
        if a.is_null() {
            return None;
        }
        // SAFETY: a record that is not null lives for ever; its pages are only touched under the lock that `self` stands for.
        Some(unsafe { &mut (*a).pages })
    }

    /// Calls `f(arena's pages, first bit, bits)` for each arena of pages `page .. page + n`.
    fn each(&mut self, page: usize, n: usize, mut f: impl FnMut(&mut ArenaPages, usize, usize)) {
        let mut at = page;
        while at < page + n {
            let bit = at % ARENA_PAGES;
            let len = (ARENA_PAGES - bit).min(page + n - at);
            if let Some(p) = self.pages(at / ARENA_PAGES) {
                f(p, bit, len);
            }
            at += len;
        }
    }

    /// First run of `n` free pages inside one arena.
    fn find_small(&mut self, n: usize) -> Option<usize> {
        let mut seen_free = false;
        for i in self.low..self.end {
            let Some(p) = self.pages(i) else { continue };
            if ARENA_PAGES - (p.bound_taken as usize) < n {
                seen_free |= (p.bound_taken as usize) < ARENA_PAGES;
                continue;
            }
            let mut low = p.low as usize;
            while low < PAGE_WORDS && p.in_use[low] == !0 {
                low += 1;
            }
            p.low = low as u32;
            match find_run(&p.in_use, low, n) {
                Run::At(bit) => return Some(i * ARENA_PAGES + bit),
                Run::Longest(m) => {
                    p.bound_taken = (ARENA_PAGES - m) as u32;
                    seen_free |= m > 0;
                }
            }
            if !seen_free {
                self.low = i + 1;
            }
        }
        None
    }

    /// First run of `n` free pages, across arenas that lie side by side.
    fn find_large(&mut self, n: usize) -> Option<usize> {
        let (mut start, mut run) = (0, 0);
        for i in 0..self.end {
            let Some(p) = self.pages(i) else {
                run = 0;
                continue;
            };
            for (w, &word) in p.in_use.iter().enumerate() {
                // Whole free words are enough for runs that no arena has.
                if word != 0 {
                    run = 0;
                    continue;
                }
                if run == 0 {
                    start = i * ARENA_PAGES + w * 64;
                }
                run += 64;
                if run >= n {
                    return Some(start);
                }
            }
        }
        None
    }

    /// Adds enough arenas side by side for `n` pages. False when the system refuses.
    fn grow(&mut self, n: usize) -> bool {
        let k = n.div_ceil(ARENA_PAGES);
        let mut at = self.end;
        // Something else may lie at the address we want: skip past it in growing steps.
        let mut step = 1;
        while at + k <= ARENAS {
            let want = BASE + at * ARENA;
            let got = mem::map(want, k * ARENA);
            if got.is_null() {
                return false;
            }
            if got as usize == want {
                return self.add(at, k);
            }
            // SAFETY: a fresh mapping of ours that nothing uses.
            unsafe { mem::unmap(got, k * ARENA) };
            at += step;
            step *= 2;
        }
        false
    }

    fn add(&mut self, at: usize, k: usize) -> bool {
        for i in at..at + k {
            let a = mem::map(0, size_of::<Arena>());
            if a.is_null() {
                return false;
            }
            self.arena_bytes += size_of::<Arena>();
            arena::set_arena(i, a.cast());
            self.end = i + 1;
        }
        true
    }

    /// Takes `n` pages out of the free ones. Answers the page number from [`BASE`] and whether the pages must be cleared before use.
    fn take(&mut self, n: usize, grow: bool) -> Option<(usize, bool)> {
        let page = loop {
            let found = match self.find_small(n) {
                None if n > 64 => self.find_large(n),
                found => found,
            };
            match found {
                Some(page) => break page,
                None if grow => {
                    if !self.grow(n) {
                        return None;
                    }
                }
                None => return None,
            }
        };
        let (mut dirty, mut fresh, mut back) = (false, 0, 0);
        if !grow {
            let mut new = false;
            self.each(page, n, |p, bit, len| {
                for_mask(bit, len, |w, m| new |= !p.ever[w] & m != 0);
            });
            if new {
                return None;
            }
        }
        self.each(page, n, |p, bit, len| {
            for_mask(bit, len, |w, m| {
                dirty |= p.dirty[w] & m != 0;
                fresh += (!p.ever[w] & m).count_ones() as usize;
                back += (p.ever[w] & !p.dirty[w] & m).count_ones() as usize;
                p.in_use[w] |= m;
                p.dirty[w] |= m;
                p.ever[w] |= m;
            });
        });
        self.ever_pages += fresh;
        self.released_pages -= back;
        Some((page, dirty))
    }

    fn put(&mut self, page: usize, n: usize) {
        self.low = self.low.min(page / ARENA_PAGES);
        self.each(page, n, |p, bit, len| {
            for_mask(bit, len, |w, m| p.in_use[w] &= !m);
            p.low = p.low.min((bit / 64) as u32);
            p.bound_taken = 0;
        });
    }

    /// A span of `n` pages for objects of `class`; null when there is no room in pages that were in use before (`grow` false) or the
    /// system refuses. The span is on no list and counts as in use for objects.
    pub fn alloc_span(&mut self, n: usize, class: SpanClass, state: u8, grow: bool) -> *mut Span {
        let Some((page, dirty)) = self.take(n, grow) else {
            return null_mut();
        };
        if state == super::span::state::IN_USE {
            OBJECT_PAGES.fetch_add(n, Ordering::Relaxed);
        } else {
            self.manual_pages += n;
        }
        // SAFETY: the pages were just taken; runs of up to 64 pages lie in one arena.
        unsafe {
            let s = self
                .records
                .new_span(BASE + (page << PAGE_SHIFT), n, class, state);
            (*s).needzero = dirty;
            (*s).slot = self.all_len as u32;
            self.push_all(s);
            arena::set_spans(page, n, s);
            s
        }
    }

    /// Takes a span back: its pages are free again.
    ///
    /// # Safety
    /// The span must be on no list and nothing may refer to its memory.
    pub unsafe fn free_span(&mut self, s: *mut Span) {
        // SAFETY: the span is the caller's.
        unsafe {
            self.forget(s);
            let (page, n) = (((*s).base - BASE) >> PAGE_SHIFT, (*s).pages as usize);
            arena::set_spans(page, n, null_mut());
            self.put(page, n);
            self.records.free_span(s);
        }
    }

    /// Takes a span back whose pages are not to be used again. They still lead to it.
    ///
    /// # Safety
    /// As [`Self::free_span`].
    pub unsafe fn retire_span(&mut self, s: *mut Span) {
        // SAFETY: the span is the caller's.
        unsafe {
            self.forget(s);
            (*s).state
                .store(super::span::state::DEAD, Ordering::Relaxed);
        }
    }

    /// `s` is no span in use any more.
    unsafe fn forget(&mut self, s: *mut Span) {
        // SAFETY: the span is the caller's; the list of all spans holds valid records.
        unsafe {
            let n = (*s).pages as usize;
            if (*s).state.load(Ordering::Relaxed) == super::span::state::IN_USE {
                OBJECT_PAGES.fetch_sub(n, Ordering::Relaxed);
            } else {
                self.manual_pages -= n;
            }
            self.all_len -= 1;
            let last = *self.all.add(self.all_len);
            *self.all.add((*s).slot as usize) = last;
            (*last).slot = (*s).slot;
        }
    }

    unsafe fn push_all(&mut self, s: *mut Span) {
        if self.all_len == self.all_cap {
            let cap = (self.all_cap * 2).max(8192);
            let new = mem::map(0, cap * 8).cast::<*mut Span>();
            if new.is_null() {
                crate::debug::print::throw("runtime: cannot allocate memory");
            }
            // SAFETY: the new array is larger; the old one has no other user under the lock.
            unsafe {
                if !self.all.is_null() {
                    core::ptr::copy_nonoverlapping(self.all, new, self.all_len);
                    mem::unmap(self.all.cast(), self.all_cap * 8);
                }
            }
            self.all = new;
            self.all_cap = cap;
        }
        // SAFETY: there is room now.
        unsafe { self.all.add(self.all_len).write(s) };
        self.all_len += 1;
    }

    /// All spans, for walks with the world stopped.
    pub fn all_spans(&self) -> &[*mut Span] {
        if self.all.is_null() {
            return &[];
        }
        // SAFETY: the array holds `all_len` entries and only changes under the lock that `self` stands for.
        unsafe { core::slice::from_raw_parts(self.all, self.all_len) }
    }

    /// Gives all free memory that holds old data back to the system; answers the number of bytes.
    pub fn release_free(&mut self) -> usize {
        let mut total = 0;
        for i in 0..self.end {
            let Some(p) = self.pages(i) else { continue };
            let mut bit = 0;
            while bit < ARENA_PAGES {
                let free_dirty =
                    |b: usize| p.dirty[b / 64] & !p.in_use[b / 64] & (1 << (b % 64)) != 0;
                if bit % 64 == 0 && p.dirty[bit / 64] & !p.in_use[bit / 64] == 0 {
                    bit += 64;
                    continue;
                }
                if !free_dirty(bit) {
                    bit += 1;
                    continue;
                }
                let start = bit;
                while bit < ARENA_PAGES && free_dirty(bit) {
                    bit += 1;
                }
                let addr = BASE + i * ARENA + start * PAGE;
                // SAFETY: the pages are free: their contents are dead.
                unsafe { mem::release(addr as *mut u8, (bit - start) * PAGE) };
                for_mask(start, bit - start, |w, m| p.dirty[w] &= !m);
                total += bit - start;
            }
        }
        self.released_pages += total;
        total * PAGE
    }
}

/// Pages for the runtime's own use (goroutine stacks), outside what the collector sweeps. Null when the system has none.
/// The memory is not cleared.
pub fn alloc_manual(pages: usize) -> *mut u8 {
    let s = HEAP.lock().alloc_span(
        pages,
        SpanClass::new(0, true),
        super::span::state::MANUAL,
        true,
    );
    if s.is_null() {
        return null_mut();
    }
    // SAFETY: a span that is not null is valid.
    unsafe { (*s).base as *mut u8 }
}

/// Gives pages of [`alloc_manual`] back.
///
/// # Safety
/// `p` must come from [`alloc_manual`], and nothing may use the memory any more.
pub unsafe fn free_manual(p: *mut u8) {
    let s = arena::span_of(p as usize);
    // SAFETY: as the caller promises.
    unsafe { HEAP.lock().free_span(s) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bit(words: &[u64], i: usize) -> bool {
        words[i / 64] >> (i % 64) & 1 != 0
    }

    #[test]
    fn runs_are_found_where_a_plain_scan_finds_them() {
        let mut x = 88_172_645_463_325_252u64;
        let mut rnd = || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x
        };
        for round in 0..2000 {
            let mut words = [0u64; 8];
            for w in &mut words {
                *w = match rnd() % 4 {
                    0 => 0,
                    1 => !0,
                    2 => rnd() & rnd() & rnd(),
                    _ => rnd() | rnd(),
                };
            }
            let n = 1 + (rnd() % if round % 2 == 0 { 8 } else { 200 }) as usize;
            let (mut run, mut want, mut longest) = (0, None, 0);
            for i in 0..words.len() * 64 {
                run = if bit(&words, i) { 0 } else { run + 1 };
                longest = longest.max(run);
                if run == n && want.is_none() {
                    want = Some(i + 1 - n);
                }
            }
            match find_run(&words, 0, n) {
                Run::At(at) => assert_eq!(Some(at), want),
                Run::Longest(m) => assert_eq!((None, longest), (want, m)),
            }
        }
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
