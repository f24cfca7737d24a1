//! A walk through the heap ([`crate::fatal::walk`]): every page belongs to one span or is free,
//! every span with objects is in one place, and counts are those of the bitmaps.

use super::arena::{self, Arena};
use super::cache::{CACHES, Cache};
use super::central::{CENTRAL, Class, UNSWEPT};
use super::classes::TABLE;
use super::geometry::{ARENA_PAGES, PAGE};
use super::owned::List;
use super::pages::{self, HEAP, OBJECT_PAGES};
use super::span::{Span, SpanClass, state};
use super::trigger::CYCLE;
use crate::fatal::walk::{Broken, Walk, holds, same};
use crate::mem::seen::Seen;
use crate::world::Stopped;
use core::sync::atomic::Ordering;

/// All of it. With the world stopped no span is in anybody's hands.
pub(crate) fn all(stopped: &Stopped) -> Walk {
    let spans = page_table(stopped)?;
    let (mut seen, mut unswept) = (Seen::new(), 0);
    for (class, lists) in CENTRAL.iter().enumerate() {
        // SAFETY: with the world stopped the spans on the lists are in nobody's hands.
        unswept += unsafe { one_class(&lists.lock(), SpanClass(class as u8), &mut seen) }?;
    }
    same(
        "pages to be swept",
        0,
        UNSWEPT.load(Ordering::Relaxed),
        unswept,
    )?;
    for cache in CACHES.each(stopped) {
        // SAFETY: with the world stopped nobody else changes the caches or their spans.
        unsafe { cached(cache, &mut seen) }?;
    }
    same("spans in lists and caches", 0, seen.len(), spans)
}

/// Pages: which span each belongs to, and whether that is what the bitmap says. Answers the number
/// of spans in use.
fn page_table(_: &Stopped) -> Result<usize, Broken> {
    let heap = HEAP.lock();
    let (mut spans, mut in_use) = (0, 0);
    for i in 0..heap.end {
        let a = arena::arena(i);
        if a.is_null() {
            continue;
        }
        // SAFETY: arenas that exist do so for ever; the lock of their bitmaps is held.
        unsafe { heap.tree.walk(i, &(*a).pages.map)? };
    }
    let mut page = 0;
    while page < heap.end * ARENA_PAGES {
        let a = arena::arena(page / ARENA_PAGES);
        if a.is_null() {
            page += ARENA_PAGES;
            continue;
        }
        // SAFETY: arenas that exist do so for ever; spans that pages lead to are records, which are
        // never freed and which nobody changes while the world is stopped.
        unsafe {
            let s = (*a).spans[page % ARENA_PAGES].load(Ordering::Relaxed);
            if s.is_null() {
                page += 1;
                continue;
            }
            let n = (*s).pages as usize;
            same(
                "first page of a span",
                s as usize,
                (*s).base,
                pages::address(page),
            )?;
            holds("pages of a span", s as usize, n > 0)?;
            for p in page..page + n {
                page_of(arena::arena(p / ARENA_PAGES), p, s)?;
            }
            if (*s).state.load(Ordering::Relaxed) == state::IN_USE {
                one_span(&*s)?;
                spans += 1;
                in_use += n;
            }
            page += n;
        }
    }
    same(
        "pages of objects",
        0,
        OBJECT_PAGES.load(Ordering::Relaxed),
        in_use,
    )?;
    Ok(spans)
}

/// Page `p` is the span's, and no free one.
///
/// # Safety
/// `a` is an arena or null, and the page heap is locked.
unsafe fn page_of(a: *mut Arena, p: usize, s: *mut Span) -> Walk {
    let at = pages::address(p);
    holds("arena of a span's page", at, !a.is_null())?;
    // SAFETY: arenas that exist do so for ever; the lock of their bitmaps is held.
    unsafe {
        let is = (*a).spans[p % ARENA_PAGES].load(Ordering::Relaxed);
        same("span of a page", at, is as usize, s as usize)?;
        let word = (*a).pages.map.in_use[p % ARENA_PAGES / 64];
        holds("a page of a span is in use", at, word >> (p % 64) & 1 != 0)
    }
}

/// A span in use: sizes are those of its class, the count that of its bitmap.
///
/// # Safety
/// Its bitmaps have as many words as it says, and nobody changes them meanwhile.
unsafe fn one_span(s: &Span) -> Walk {
    let at = (&raw const *s).addr();
    let class = s.class.class();
    holds("class of a span", at, class < TABLE.len())?;
    if class == 0 {
        same("objects of a large span", at, s.objects as usize, 1)?;
        same(
            "bytes of a large span",
            at,
            s.elemsize,
            s.pages as usize * PAGE,
        )?;
    } else {
        same(
            "objects of a span",
            at,
            s.objects as usize,
            TABLE[class].objects as usize,
        )?;
        same(
            "bytes of a span's objects",
            at,
            s.elemsize,
            TABLE[class].size as usize,
        )?;
        same(
            "pages of a class",
            at,
            s.pages as usize,
            TABLE[class].pages as usize,
        )?;
    }
    let mut live = 0;
    for w in 0..s.words() {
        // SAFETY: the caller's bitmaps have as many words.
        let (alloc, mark) = unsafe { (*s.alloc.add(w), (*s.mark.add(w)).load(Ordering::Relaxed)) };
        let slots = if w + 1 == s.words() {
            s.tail_mask()
        } else {
            !0
        };
        holds(
            "bits for slots that do not exist",
            at,
            (alloc | mark) & !slots == 0,
        )?;
        live += alloc.count_ones();
    }
    same(
        "slots of a span given out",
        at,
        s.live as usize,
        live as usize,
    )?;
    holds("window of a span", at, s.window as usize <= s.words())
}

/// The lists of `class`. Answers the pages that are to be swept.
///
/// # Safety
/// The lists are locked, and nobody changes the spans on them meanwhile.
unsafe fn one_class(c: &Class, class: SpanClass, seen: &mut Seen) -> Result<usize, Broken> {
    let mut unswept = 0;
    for (parity, lists) in c.lists.iter().enumerate() {
        // SAFETY: the caller holds the lock of the lists.
        let pages = unsafe {
            one_list(&lists.partial, class, false, seen)?
                + one_list(&lists.full, class, true, seen)?
        };
        if parity != CYCLE.load(Ordering::Relaxed) % 2 {
            unswept += pages;
        }
    }
    Ok(unswept)
}

/// Spans on a list: linked both ways, of the class, with free slots or without, on no other list.
/// Answers their pages.
///
/// # Safety
/// The list is locked, and nobody changes the spans on it meanwhile.
unsafe fn one_list(
    list: &List,
    class: SpanClass,
    full: bool,
    seen: &mut Seen,
) -> Result<usize, Broken> {
    let (mut before, mut s, mut pages) = (core::ptr::null_mut(), list.head, 0);
    while !s.is_null() {
        let at = s as usize;
        holds("a span is on one list, once", at, seen.add(at))?;
        // SAFETY: links lead to records, which are never freed.
        unsafe {
            same(
                "back link of a span",
                at,
                (*s).prev as usize,
                before as usize,
            )?;
            let is = (*s).state.load(Ordering::Relaxed);
            same(
                "state of a span on a list",
                at,
                is.into(),
                state::IN_USE.into(),
            )?;
            // Large objects with and without pointers share a list.
            let of = (*s).class;
            let fits = if class.class() == 0 {
                of.class() == 0
            } else {
                of == class
            };
            holds("class of a span on a list", at, fits)?;
            holds(
                "free slots of a span on a list",
                at,
                full == ((*s).live == (*s).objects),
            )?;
            pages += (*s).pages as usize;
            (before, s) = (s, (*s).next);
        }
    }
    Ok(pages)
}

/// What a P has: spans on no list, windows of slots that count as given out.
///
/// # Safety
/// Nobody changes the cache or its spans meanwhile.
unsafe fn cached(cache: &Cache, seen: &mut Seen) -> Walk {
    for (class, (slot, rest)) in cache.slots.iter().zip(&cache.rest).enumerate() {
        let left = slot.free | rest;
        if slot.span.is_null() {
            same("free slots without a span", class, left as usize, 0)?;
            continue;
        }
        let at = slot.span as usize;
        holds("a span is in one cache and on no list", at, seen.add(at))?;
        // SAFETY: the span of a slot is a record, which is never freed; its bitmap has as many words
        // as it says.
        unsafe {
            let s = &*slot.span;
            let is = s.state.load(Ordering::Relaxed);
            same(
                "state of a span in a cache",
                at,
                is.into(),
                state::IN_USE.into(),
            )?;
            same("class of a span in a cache", at, s.class.index(), class)?;
            if left != 0 {
                let window = slot.window as usize;
                holds("window of a cache", at, window < s.words())?;
                let alloc = *s.alloc.add(window);
                holds(
                    "slots of a window count as given out",
                    at,
                    left & !alloc == 0,
                )?;
                same(
                    "address of a window",
                    at,
                    slot.base,
                    s.address_of(window * 64),
                )?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::span;
    use super::*;
    use crate::heap::OwnedSpan;

    /// A span of a class of 64-byte objects, outside the heap.
    fn new(class: SpanClass) -> &'static mut Span {
        let mut records = span::Records::new();
        let pages = TABLE[class.class()].pages as usize;
        let s = records.take(span::record_size(pages, class), 1);
        let bits = Box::leak(vec![0u64; PAGE / 64].into_boxed_slice()).as_mut_ptr();
        // SAFETY: the record is ours; nobody looks into the pages.
        unsafe {
            span::init(s, 0x10000, bits, pages, class);
            &mut *s
        }
    }

    fn what<T>(walk: Result<T, Broken>) -> &'static str {
        walk.err().map_or("", |broken| broken.what)
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_a_span() {
        let s = new(SpanClass::new(5, true));
        // SAFETY: the span is the test's own.
        unsafe {
            assert_eq!(what(one_span(s)), "");
            *s.alloc = 0b101;
            assert_eq!(what(one_span(s)), "slots of a span given out");
            s.live = 2;
            assert_eq!(what(one_span(s)), "");
            s.window = s.words() as u32 + 1;
            assert_eq!(what(one_span(s)), "window of a span");
            let last = s.words() - 1;
            if s.tail_mask() != !0 {
                *s.mark.add(last) = (!s.tail_mask()).into();
                assert_eq!(what(one_span(s)), "bits for slots that do not exist");
            }
            s.elemsize += 8;
            assert_eq!(what(one_span(s)), "bytes of a span's objects");
            s.objects += 1;
            assert_eq!(what(one_span(s)), "objects of a span");
        }
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_lists_of_spans() {
        let class = SpanClass::new(5, true);
        let mut c = Class::new();
        let (a, b) = (&raw mut *new(class), &raw mut *new(class));
        // SAFETY: the spans are the test's own.
        unsafe {
            let lists = &mut c.lists[(CYCLE.load(Ordering::Relaxed) + 1) % 2];
            lists.partial.push(OwnedSpan::from_raw(a));
            lists.partial.push(OwnedSpan::from_raw(b));
            let pages = ((*a).pages + (*b).pages) as usize;
            assert_eq!(one_class(&c, class, &mut Seen::new()), Ok(pages));
            let says = |c: &Class| what(one_class(c, class, &mut Seen::new()));
            (*a).prev = a;
            assert_eq!(says(&c), "back link of a span");
            (*a).prev = b;
            (*a).live = (*a).objects;
            assert_eq!(says(&c), "free slots of a span on a list");
            (*a).class = SpanClass::new(5, false);
            assert_eq!(says(&c), "class of a span on a list");
            (*a).state.store(state::DEAD, Ordering::Relaxed);
            assert_eq!(says(&c), "state of a span on a list");
            (*a).next = b;
            (*b).prev = core::ptr::null_mut();
            (*a).state.store(state::IN_USE, Ordering::Relaxed);
            (*a).class = class;
            (*a).live = 0;
            assert_eq!(says(&c), "a span is on one list, once");
        }
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_a_cache() {
        let class = SpanClass::new(5, true);
        let s = &raw mut *new(class);
        // SAFETY: a cache of zeroes is valid; the span is the test's own.
        unsafe {
            let mut cache = Box::<Cache>::new_zeroed().assume_init();
            let says = |cache: &Cache| what(cached(cache, &mut Seen::new()));
            assert_eq!(says(&cache), "");
            let slot = &raw mut cache.slots[class.index()];
            (*slot).free = 0b11;
            assert_eq!(says(&cache), "free slots without a span");
            (*slot).span = s;
            (*slot).base = (*s).base;
            assert_eq!(says(&cache), "slots of a window count as given out");
            *(*s).alloc = 0b11;
            assert_eq!(says(&cache), "");
            (*slot).base += 64;
            assert_eq!(says(&cache), "address of a window");
            (*slot).window = 99;
            assert_eq!(says(&cache), "window of a cache");
            let mut seen = Seen::new();
            seen.add(s as usize);
            let walk = cached(&cache, &mut seen);
            assert_eq!(what(walk), "a span is in one cache and on no list");
            (*s).class = SpanClass::new(6, true);
            assert_eq!(says(&cache), "class of a span in a cache");
        }
    }

    #[test]
    fn a_walk_sees_pages_that_are_not_their_spans() {
        let s = &raw mut *new(SpanClass::new(5, true));
        // SAFETY: an arena of zeroes is valid: no page is in use or leads to a span.
        let mut a = unsafe { Box::<Arena>::new_zeroed().assume_init() };
        // SAFETY: the arena is the test's own.
        let says = |a: &mut Arena| what(unsafe { page_of(&raw mut *a, 70, s) });
        assert_eq!(says(&mut a), "span of a page");
        a.spans[70].store(s, Ordering::Relaxed);
        assert_eq!(says(&mut a), "a page of a span is in use");
        a.pages.map.in_use[1] = 1 << 6;
        assert_eq!(says(&mut a), "");
    }
}
