//! A P's cache: the span that each class allocates from, and the tiny allocator.
//!
//! A span's allocation bitmap is taken in windows of 64 slots: the window's free slots are a word in [`Slot::free`], and
//! allocation takes its lowest bit. The bits of a window in the span are set when it is taken and cleared again for what is left
//! when the cache is flushed; so the span's own count `live` is exact while no P caches it.

use super::central;
use super::classes::CLASSES;
use super::span::{SPAN_CLASSES, Span, SpanClass};
use super::stats::HEAP_LIVE;
use crate::abi::Type;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// Bytes of a block of the tiny allocator: larger packs more objects together that then live as long as the longest of them.
pub const TINY: usize = 16;

/// Allocation from one span class. Valid as zeroes: no span, nothing free.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Slot {
    /// Free slots of the window.
    pub free: u64,
    /// Address of the window's first slot.
    pub base: usize,
    /// Bytes of a slot.
    pub elemsize: u32,
    /// Slots must be cleared.
    pub needzero: u32,
    /// Span's first address.
    pub start: usize,
    /// [`Span::bits`].
    pub bits: *mut u64,
    /// [`Span::types`], at the window's first slot.
    pub types: *mut *const Type,
    /// The span.
    pub span: *mut Span,
    /// Number of the window.
    pub window: u32,
}

/// The allocator's share of a P. Valid as zeroes.
#[repr(C)]
#[derive(Debug)]
pub struct PerP {
    /// Next free byte of the tiny block.
    pub tiny: usize,
    /// Its end.
    pub tiny_end: usize,
    /// Objects that the tiny allocator put into an existing block.
    pub tiny_allocs: u64,
    /// Slots by span class.
    pub slots: [Slot; SPAN_CLASSES],
    /// Slots taken in windows, by class: objects allocated, once the cache is flushed.
    pub taken: [u64; CLASSES],
}

impl Slot {
    /// Takes the next window with a free slot of the same span; false when the span has none.
    #[inline(never)]
    pub fn advance(&mut self, taken: &mut u64) -> bool {
        if self.span.is_null() {
            return false;
        }
        // SAFETY: the span is this cache's; windows are below its number of words.
        unsafe {
            let s = &mut *self.span;
            let words = s.words();
            let mut w = s.window as usize;
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
                    *taken = taken.wrapping_add(u64::from(n));
                    self.free = free;
                    self.window = w as u32;
                    self.base = s
                        .base
                        .wrapping_add(w.wrapping_mul(64).wrapping_mul(s.elemsize));
                    if !s.types.is_null() {
                        self.types = s.types.add(w.wrapping_mul(64));
                    }
                    return true;
                }
                w += 1;
            }
            s.window = words as u32;
        }
        false
    }
}

impl PerP {
    /// Gives the slot a window of another span; false when the system has no memory. In system mode.
    #[cold]
    #[inline(never)]
    pub fn refill(&mut self, class: SpanClass) -> bool {
        let slot = &mut self.slots[class.index()];
        let taken = &mut self.taken[class.class()];
        loop {
            if slot.advance(taken) {
                return true;
            }
            if !slot.span.is_null() {
                // SAFETY: the span is this cache's and has nothing left.
                unsafe { central::give_back(slot.span) };
                slot.span = null_mut();
            }
            let s = central::take(class);
            if s.is_null() {
                return false;
            }
            // SAFETY: the span is ours now.
            unsafe {
                let s = &mut *s;
                let free = (s.objects - s.live) as usize;
                let live =
                    HEAP_LIVE.fetch_add(free * s.elemsize, Ordering::Relaxed) + free * s.elemsize;
                crate::gc::check_trigger(live);
                s.window = 0;
                slot.span = s;
                slot.elemsize = s.elemsize as u32;
                slot.needzero = u32::from(s.needzero);
                slot.start = s.base;
                slot.bits = s.bits;
                slot.types = s.types;
            }
        }
    }

    /// Gives every span back, with counts made exact.
    pub fn flush(&mut self) {
        self.tiny = 0;
        self.tiny_end = 0;
        for (i, slot) in self.slots.iter_mut().enumerate() {
            if slot.span.is_null() {
                continue;
            }
            // SAFETY: the span is this cache's.
            unsafe {
                let s = &mut *slot.span;
                let left = slot.free.count_ones();
                if left != 0 {
                    *s.alloc.add(slot.window as usize) &= !slot.free;
                    s.live -= left;
                    let taken = &mut self.taken[i / 2];
                    *taken = taken.wrapping_sub(u64::from(left));
                    slot.free = 0;
                }
                HEAP_LIVE.fetch_sub(
                    (s.objects - s.live) as usize * s.elemsize,
                    Ordering::Relaxed,
                );
                s.window = 0;
                // Slots of the last window may have been used since the span was clean.
                s.needzero = true;
                slot.span = null_mut();
                central::give_back(s);
            }
        }
    }
}
