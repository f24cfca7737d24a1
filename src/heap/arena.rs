//! Arenas: the address ranges of the heap, and the way from an address to what lies there.
//!
//! The heap's addresses start at [`BASE`] and end below [`BASE`]` + `[`LIMIT`]. Each arena of
//! [`ARENA`] bytes that is in use has a record off-heap; a table by arena number leads to it. So an
//! interior pointer becomes its span by one comparison and two loads, and a word that is no heap
//! address is refused by the comparison or by a null.

use super::geometry::{
    ARENA, ARENA_PAGES, ARENA_SHIFT, ARENAS, BASE, LIMIT, PAGE_SHIFT, PAGE_WORDS,
};
use super::span::Span;
use super::summary::Map;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// What is known about one arena. Allocated zeroed.
#[doc(alias = "heapArena")]
#[repr(C)]
#[derive(Debug)]
pub struct Arena {
    /// Span that each page belongs to, or null.
    pub(super) spans: [AtomicPtr<Span>; ARENA_PAGES],
    /// One bit for each word of the arena: it holds a pointer. Only meaningful in spans of small
    /// objects with pointers.
    bits: [u64; ARENA / 8 / 64],
    /// State of the pages: the page heap's.
    pub(super) pages: ArenaPages,
}

/// Arenas by number; null where there is none. Entries are set once, before any address of the
/// arena is handed out.
#[doc(alias = "h_spans")]
static TABLE: [AtomicPtr<Arena>; ARENAS] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; ARENAS];

/// The record of arena `index`, or null.
#[inline(always)]
pub fn arena(index: usize) -> *mut Arena {
    match TABLE.get(index) {
        Some(a) => a.load(Ordering::Relaxed),
        None => core::ptr::null_mut(),
    }
}

/// Publishes the record of arena `index`.
pub(super) fn set_arena(index: usize, a: *mut Arena) {
    debug_assert!(
        !a.is_null() && arena(index).is_null(),
        "entries are set once"
    );
    // Release: a reader that sees the record sees it zeroed.
    TABLE[index].store(a, Ordering::Release);
}

/// The address lies where the heap could be.
#[inline(always)]
pub fn in_range(p: usize) -> bool {
    p.wrapping_sub(BASE) < LIMIT
}

/// Number of the arena of `p`, which must be [`in_range`].
#[doc(alias = "arenaIndex")]
#[inline(always)]
pub fn index_of(p: usize) -> usize {
    p.wrapping_sub(BASE) >> ARENA_SHIFT
}

/// The span that holds `p`, whatever it is used for; null for any address that is not in a span of
/// the heap.
#[doc(alias = "mHeap_Lookup")]
#[inline(always)]
pub fn span_of(p: usize) -> *mut Span {
    let offset = p.wrapping_sub(BASE);
    if offset >= LIMIT {
        return core::ptr::null_mut();
    }
    // SAFETY: the index is below `ARENAS`, as the offset is below `LIMIT`.
    let a = unsafe { TABLE.get_unchecked(offset >> ARENA_SHIFT) }.load(Ordering::Relaxed);
    if a.is_null() {
        return core::ptr::null_mut();
    }
    // SAFETY: the record of an arena is valid for ever; the mask keeps the index inside the array.
    let span = unsafe {
        let page = (offset >> PAGE_SHIFT) & (ARENA_PAGES - 1);
        (*a).spans.get_unchecked(page)
    };
    span.load(Ordering::Relaxed)
}

/// Records which span pages `page .. page + n` belong to; pages are counted from [`BASE`].
///
/// # Safety
/// The caller must own the pages, in arenas that exist.
#[doc(alias = "setSpans")]
pub(super) unsafe fn set_spans(page: usize, n: usize, span: *mut Span) {
    for p in page..page + n {
        debug_assert!(!arena(p / ARENA_PAGES).is_null());
        // SAFETY: the caller's pages are in arenas that exist, and these do so for ever.
        unsafe { (*arena(p / ARENA_PAGES)).spans[p % ARENA_PAGES].store(span, Ordering::Release) };
    }
}

/// The pointer bits of the arena of `p`, at the word that describes `p`'s page.
///
/// # Safety
/// `p` must be page-aligned and in an arena that exists.
#[doc(alias = "heapBitsForAddr")]
#[doc(alias = "heapBitsForSpan")]
#[doc(alias = "heapBits")]
pub(super) unsafe fn bits_of(p: usize) -> *mut u64 {
    let offset = p - BASE;
    debug_assert!(offset < LIMIT && offset.is_multiple_of(1 << PAGE_SHIFT));
    // SAFETY: the arena exists; the index is inside its bitmap.
    unsafe {
        (&raw mut (*arena(offset >> ARENA_SHIFT)).bits)
            .cast::<u64>()
            .add((offset & (ARENA - 1)) / 8 / 64)
    }
}

/// Pages of one arena. Valid as zeroes: none is mapped.
#[repr(C)]
#[derive(Debug)]
pub(super) struct ArenaPages {
    pub(super) map: Map,
    pub(super) dirty: [AtomicU64; PAGE_WORDS],
    pub(super) ever: [AtomicU64; PAGE_WORDS],
    /// Pages from the start that are mapped: all, unless the system has refused that much. The
    /// others count as in use.
    pub(super) mapped: usize,
}
