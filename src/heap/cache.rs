//! A P's cache: the span that each class allocates from, and the tiny allocator.
//!
//! A span's allocation bitmap is taken in windows of 64 slots: the window's free slots are a word
//! in [`Slot::free`], and allocation takes its lowest bit. The bits of a window in the span are set
//! when it is taken and cleared again for what is left when the cache is flushed; so the span's own
//! count `live` is exact while no P caches it.

use super::classes::CLASSES;
use super::owned::OwnedSpan;
use super::sample::{self, SEEN, distance, rate};
use super::span::{SPAN_CLASSES, Span, SpanClass};
use super::stats::{Counts, HEAP_LIVE};
use super::trigger::{HEAP_SCAN, check_trigger};
use super::{central, guard, modes};
use crate::abi::Type;
use crate::probe::trace;
use crate::world::events::{self, Event};
use crate::world::{PLocal, Stopped, part, phase};
use core::arch::x86_64::{__m128i, _mm_setzero_si128};
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// Bytes of a block of the tiny allocator: larger packs more objects together that then live as
/// long as the longest of them.
#[doc(alias = "maxTinySize")]
#[doc(alias = "_TinySize")]
pub const TINY: usize = 16;

/// Allocation from one span class. Valid as zeroes: no span, nothing free.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Slot {
    /// Free slots of the window.
    pub(super) free: u64,
    /// Address of the window's first slot.
    pub(super) base: usize,
    /// Bytes of a slot.
    pub elemsize: u32,
    /// Slots must be cleared.
    pub needzero: u32,
    /// Span's first address.
    pub start: usize,
    /// [`Span::bits`].
    pub bits: *mut u64,
    /// [`Span::types`]: such a span has one window.
    pub types: *mut *const Type,
    /// The span.
    pub(super) span: *mut Span,
    /// Number of the window.
    pub(super) window: u32,
}

/// What [`Cache::refill`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Refill {
    /// There is something in the slot again.
    Ready,
    /// The same, of a span that was taken for it, with so many free bytes: they count as allocated
    /// from now on, and what that costs is for the caller to pay.
    Grew(usize),
    /// The system has no memory.
    NoMemory,
}

/// Every P's cache. That of the P which a thread holds is also in `M::mcache`.
// SAFETY: zeroes are an empty cache, and the part is the allocator's.
pub static CACHES: PLocal<Cache> = unsafe { PLocal::new(&part::HEAP) };

/// The allocator's share of a P. Valid as zeroes.
#[doc(alias = "mcache")]
#[repr(C)]
#[derive(Debug)]
pub struct Cache {
    /// Next free byte of the tiny block.
    pub tiny: usize,
    /// Its end.
    pub tiny_end: usize,
    /// Objects that the tiny allocator put into an existing block.
    pub tiny_allocs: u64,
    /// Slots by span class.
    pub(super) slots: [Slot; SPAN_CLASSES],
    /// Slots taken in windows, by class: objects allocated, once the cache is flushed.
    pub taken: [u64; CLASSES],
    /// Slots of the window from the next sample of the heap profile on, or from the next one on if
    /// each is looked at; they are not in [`Slot::free`].
    pub(super) rest: [u64; SPAN_CLASSES],
    /// Bytes until the next sample.
    next_sample: i64,
    /// The rate that it was drawn for.
    sample_rate: i64,
    /// The next object allocated is a sample.
    pub sample_due: bool,
    /// Pages for spans.
    pub pages: super::pages::Cache,
    /// Slots taken while the collector marks: their objects are born marked.
    pub black: Counts,
}

/// Counts `n` more (or fewer) objects of `s` that are born marked.
pub(crate) fn count_black(black: &mut Counts, s: &Span, n: i32) {
    let n = n as isize as usize;
    let bytes = n.wrapping_mul(s.elemsize);
    black.objects = black.objects.wrapping_add(n);
    black.bytes = black.bytes.wrapping_add(bytes);
    if !s.class.noscan() {
        black.scan_bytes = black.scan_bytes.wrapping_add(bytes);
    }
}

impl Cache {
    /// Marking begins: what the cache has left will be born marked, as all windows taken from now
    /// on.
    ///
    /// # Safety
    /// The world must be stopped.
    #[doc(alias = "gcmarknewobject_m")]
    pub unsafe fn blacken(&mut self) {
        self.black = Counts::default();
        for (slot, rest) in self.slots.iter().zip(&self.rest) {
            if slot.span.is_null() {
                continue;
            }
            let left = slot.free | rest;
            // SAFETY: the span is this cache's; windows are below its number of words.
            unsafe {
                (*(*slot.span).mark.add(slot.window as usize)).fetch_or(left, Ordering::Relaxed);
                count_black(&mut self.black, &*slot.span, left.count_ones() as i32);
            }
        }
    }

    /// Takes the next window with a free slot of the class's span; false when the span has none, or
    /// the next allocation is a sample of the heap profile, or every allocation is looked at. For
    /// leaf mode.
    #[doc(alias = "nextFree")]
    #[doc(alias = "nextFreeIndex")]
    #[doc(alias = "refillAllocCache")]
    #[inline(never)]
    fn advance(&mut self, class: SpanClass) -> bool {
        // SAFETY: span classes are below SPAN_CLASSES and their classes below CLASSES.
        let (slot, taken, rest) = unsafe {
            (
                self.slots.get_unchecked_mut(class.index()),
                self.taken.get_unchecked_mut(class.class()),
                self.rest.get_unchecked_mut(class.index()),
            )
        };
        if slot.span.is_null() || *rest != 0 {
            return false;
        }
        debug_assert!(slot.free == 0);
        // SAFETY: the span is this cache's; windows are below its number of words.
        unsafe {
            let s = &mut *slot.span;
            let words = s.words();
            let mut w = s.window as usize;
            debug_assert!(w <= words && s.class == class);
            while w < words {
                let mut free = !*s.alloc.add(w);
                if w == words - 1 {
                    free &= s.tail_mask();
                }
                if free != 0 {
                    *s.alloc.add(w) |= free;
                    s.window = w as u32 + 1;
                    let n = free.count_ones();
                    s.live += n;
                    if phase::enabled() {
                        (*s.mark.add(w)).fetch_or(free, Ordering::Relaxed);
                        count_black(&mut self.black, s, n as i32);
                    }
                    *taken = taken.wrapping_add(u64::from(n));
                    slot.window = w as u32;
                    slot.base = s
                        .base
                        .wrapping_add(w.wrapping_mul(64).wrapping_mul(s.elemsize));
                    if modes::each() {
                        (free, *rest) = (0, free);
                    } else if sample::rate() > 0 {
                        (free, *rest) = sample::split(free, s.elemsize, &mut self.next_sample);
                    }
                    slot.free = free;
                    return free != 0;
                }
                w += 1;
            }
            s.window = words as u32;
        }
        false
    }

    /// Gives the slot a window, of another span if that of the cache has none. In system mode.
    #[cold]
    #[inline(never)]
    #[doc(alias = "mCache_Refill")]
    pub fn refill(&mut self, class: SpanClass) -> Refill {
        if self.sample_rate != sample::rate() {
            rate_changed(self);
        }
        if self.rest[class.index()] == 0 && self.advance(class) {
            return Refill::Ready;
        }
        let mut grew = Refill::Ready;
        loop {
            if self.rest[class.index()] != 0 {
                if modes::each() {
                    self.one(class);
                } else {
                    self.sample(class);
                }
                return grew;
            }
            let slot = &mut self.slots[class.index()];
            if !slot.span.is_null() {
                debug_assert!(slot.free == 0);
                let span = core::mem::replace(&mut slot.span, null_mut());
                // SAFETY: this cache had it, and has it no longer.
                central::put(unsafe { OwnedSpan::from_raw(span) });
            }
            let Some(mut s) = central::take(class, &mut self.pages) else {
                return Refill::NoMemory;
            };
            let free = (s.objects - s.live) as usize;
            debug_assert!(free > 0, "a swept span with a free slot");
            let live =
                HEAP_LIVE.fetch_add(free * s.elemsize, Ordering::Relaxed) + free * s.elemsize;
            if !s.class.noscan() {
                HEAP_SCAN.fetch_add(free * s.elemsize, Ordering::Relaxed);
            }
            if trace::on() {
                trace::heap_changes(live);
            }
            if !phase::enabled() {
                check_trigger(live);
            }
            grew = Refill::Grew(free * s.elemsize);
            s.window = 0;
            slot.elemsize = s.elemsize as u32;
            slot.needzero = u32::from(s.needzero);
            slot.start = s.base;
            slot.bits = s.bits;
            slot.types = s.types();
            slot.span = s.into_raw();
            if self.advance(class) {
                return grew;
            }
        }
    }

    /// The next slot of the class is a sample of the heap profile: it becomes free with those up to
    /// the next one.
    fn sample(&mut self, class: SpanClass) {
        let slot = &mut self.slots[class.index()];
        let rest = &mut self.rest[class.index()];
        debug_assert!(*rest != 0 && slot.free == 0);
        let one = *rest & rest.wrapping_neg();
        self.next_sample = sample::distance(self.sample_rate);
        let (free, after) =
            sample::split(*rest & !one, slot.elemsize as usize, &mut self.next_sample);
        slot.free = one | free;
        *rest = after;
        self.sample_due = self.sample_rate > 0;
    }

    /// The next slot of the class becomes free, and no other, so that the next allocation comes
    /// here too.
    #[cold]
    fn one(&mut self, class: SpanClass) {
        let slot = &mut self.slots[class.index()];
        let rest = &mut self.rest[class.index()];
        debug_assert!(*rest != 0 && slot.free == 0);
        let one = *rest & rest.wrapping_neg();
        slot.free = one;
        *rest &= !one;
        let size = slot.elemsize as usize;
        if modes::guards() {
            let at = slot.base + one.trailing_zeros() as usize * size;
            // SAFETY: a slot of the cache's span.
            unsafe { guard::check(&*slot.span, at) };
        }
        self.sample_due = large_sampled(self, size);
    }

    /// Gives every span back, with counts made exact.
    #[doc(alias = "releaseAll")]
    pub fn flush(&mut self) {
        self.tiny = 0;
        self.tiny_end = 0;
        for (i, slot) in self.slots.iter_mut().enumerate() {
            if slot.span.is_null() {
                continue;
            }
            // SAFETY: the span is this cache's; windows are below its number of words.
            unsafe {
                let s = &mut *slot.span;
                let unused = slot.free | self.rest[i];
                let left = unused.count_ones();
                if left != 0 {
                    *s.alloc.add(slot.window as usize) &= !unused;
                    self.rest[i] = 0;
                    s.live -= left;
                    if phase::enabled() {
                        (*s.mark.add(slot.window as usize)).fetch_and(!unused, Ordering::Relaxed);
                        count_black(&mut self.black, s, -(left as i32));
                    }
                    let taken = &mut self.taken[i / 2];
                    *taken = taken.wrapping_sub(u64::from(left));
                    slot.free = 0;
                }
                let free = (s.objects - s.live) as usize * s.elemsize;
                HEAP_LIVE.fetch_sub(free, Ordering::Relaxed);
                if !s.class.noscan() {
                    HEAP_SCAN.fetch_sub(free, Ordering::Relaxed);
                }
                s.window = 0;
                // Slots of the last window may have been used since the span was clean.
                s.needzero = true;
                slot.span = null_mut();
                // SAFETY: this cache had it, and has it no longer.
                central::put(OwnedSpan::from_raw(s));
            }
        }
    }
}

/// Objects up to this size are cleared in line; `memset` wins above it.
const INLINE_CLEAR: usize = 256;

/// Clears a slot: `n` is the size of a class, so 8 or a multiple of 16.
///
/// # Safety
/// The slot is the caller's.
#[inline(always)]
pub(crate) unsafe fn clear(p: *mut u8, n: usize) {
    debug_assert!(n == 8 || n.is_multiple_of(16) && p.addr().is_multiple_of(16));
    // SAFETY: the slot is the caller's; slots of 16 bytes and more are 16-byte aligned. The stores
    // are volatile so that they are not turned into a call of memset, which costs more than they
    // do.
    unsafe {
        if n == 8 {
            p.cast::<u64>().write(0);
        } else if n <= INLINE_CLEAR {
            let mut at = 0;
            while at < n {
                p.add(at)
                    .cast::<__m128i>()
                    .write_volatile(_mm_setzero_si128());
                at += 16;
            }
        } else {
            p.write_bytes(0, n);
        }
    }
}

/// A free slot of `class` and its number in the window, or null when the span is used up.
///
/// # Safety
/// The cache is the caller's, and the class one of those that sizes have.
#[doc(alias = "nextFreeFast")]
#[inline(always)]
pub(crate) unsafe fn take_slot(c: *mut Cache, class: SpanClass) -> (*mut u8, usize) {
    // SAFETY: the cache is the caller's, the class that of a size.
    let mut free = unsafe { slot_of(c, class) }.free;
    if free == 0 {
        // SAFETY: the cache is the caller's, and no slot of it is in use here.
        if !unsafe { (*c).advance(class) } {
            return (null_mut(), 0);
        }
        // SAFETY: the cache is the caller's, the class that of a size.
        free = unsafe { slot_of(c, class) }.free;
    }
    // SAFETY: the cache is the caller's, the class that of a size.
    let slot = unsafe { slot_of(c, class) };
    slot.free = free & free.wrapping_sub(1);
    let index = free.trailing_zeros() as usize;
    let p = slot
        .base
        .wrapping_add(index.wrapping_mul(slot.elemsize as usize));
    (p as *mut u8, index)
}

/// The slot of `class`.
///
/// # Safety
/// The cache is the caller's, and so is the slot as long as the answer is used; the class is one of
/// those that sizes have.
#[inline(always)]
pub(crate) unsafe fn slot_of<'a>(c: *mut Cache, class: SpanClass) -> &'a mut Slot {
    // SAFETY: the caller has the cache: only the address is taken here.
    let slots: *mut Slot = unsafe { &raw mut (*c).slots }.cast();
    // SAFETY: there is one for each class, and this one is the caller's.
    unsafe { &mut *slots.add(class.index()) }
}

/// Gives everything in the P's caches back, of Ps from the one with this number on.
pub fn flush_from(stopped: &mut Stopped, first: u32) {
    for cache in CACHES.each_mut(stopped).skip(first as usize) {
        cache.flush();
        cache.pages.flush();
    }
}

/// Gives every P's cached spans back, so that the spans' own bits and counts are exact.
pub fn flush_caches(stopped: &mut Stopped) {
    flush_from(stopped, 0);
}

/// The program has changed the rate, or the P allocates for the first time: draws the next sample.
/// Slots of windows that were taken before are set aside, since the sample may fall among them.
#[cold]
pub fn rate_changed(c: &mut Cache) {
    c.sample_rate = rate();
    c.next_sample = distance(c.sample_rate);
    // The program may go on with the cache of another P.
    if SEEN.swap(c.sample_rate, Ordering::Relaxed) != c.sample_rate {
        events::ask_now(Event::PROFILE_RATE);
    }
    for (slot, rest) in c.slots.iter_mut().zip(&mut c.rest) {
        *rest |= core::mem::take(&mut slot.free);
    }
}

/// A large object of `size` bytes: whether it is a sample.
pub fn large_sampled(c: &mut Cache, size: usize) -> bool {
    let rate = rate();
    if rate != c.sample_rate {
        rate_changed(c);
    }
    if rate <= 0 {
        return false;
    }
    if (size as i64) < rate && (size as i64) < c.next_sample {
        c.next_sample -= size as i64;
        return false;
    }
    c.next_sample = distance(rate);
    true
}
