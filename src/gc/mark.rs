//! Marking: from grey pointers to marked objects.
//!
//! An object is marked when its bit is set. Marked objects with pointers wait on the work list ([`super::work`]) until they are
//! scanned. Between the list and the scan lies a short queue: an object's memory is
//! asked for when it enters and has come when it leaves.

use super::work::{self, BLOCK, Block};
use crate::heap::classes::MAX_BITS;
use crate::heap::{arena, layout, span};
use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use core::sync::atomic::Ordering;

/// Scans between looks at whether others need work.
const SHARE_EVERY: u32 = 256;
/// Objects asked for ahead of their scan: about as many misses as a core has under way.
const AHEAD: usize = 16;

/// One thread's marking.
#[derive(Debug)]
pub struct Marker {
    block: *mut Block,
    ahead: [usize; AHEAD],
    at: usize,
    /// Bytes and objects marked.
    counts: (usize, usize),
    /// Others mark too.
    shared: bool,
}

/// What a pointer leads to.
enum Target {
    /// Nothing that needs marking.
    None,
    /// An object now marked: its span and address.
    New(*const span::Span, usize),
}

/// Marks the object that `p` points into.
///
/// # Safety
/// While marking, with caches flushed.
#[inline(always)]
unsafe fn mark_target(p: usize, shared: bool) -> Target {
    let s = arena::span_of(p);
    if s.is_null() {
        return Target::None;
    }
    // SAFETY: spans that pages lead to are valid; their bits change only by marking now.
    unsafe {
        let s = &*s;
        let index = s.index_of(p);
        // The unused tail of a span, and pages that are the runtime's own.
        if index >= s.objects as usize || s.state.load(Ordering::Relaxed) != span::state::IN_USE {
            return Target::None;
        }
        let (word, bit) = (index / 64, 1u64 << (index % 64));
        let mark = &*s.mark.add(word);
        let old = mark.load(Ordering::Relaxed);
        // A slot that is not given out is only reached through a stale word in a place that the maps call live.
        if old & bit != 0 || *s.alloc.add(word) & bit == 0 {
            return Target::None;
        }
        if !shared {
            // Nobody else marks: no locked instruction is needed.
            mark.store(old | bit, Ordering::Relaxed);
        } else if mark.fetch_or(bit, Ordering::Relaxed) & bit != 0 {
            return Target::None;
        }
        Target::New(s, s.address_of(index))
    }
}

impl Default for Marker {
    fn default() -> Self {
        Self::new()
    }
}

impl Marker {
    /// With an empty work list.
    pub fn new() -> Self {
        Self {
            block: work::new_block(),
            ahead: [0; AHEAD],
            at: 0,
            counts: (0, 0),
            shared: false,
        }
    }

    /// A word that holds a pointer (or nil, or the address of something that is not in the heap).
    #[inline(always)]
    pub fn grey(&mut self, p: usize) {
        if !arena::in_range(p) {
            return;
        }
        // SAFETY: the world is stopped for marking.
        unsafe {
            if let Target::New(s, base) = mark_target(p, self.shared) {
                self.counts.0 += (*s).elemsize;
                self.counts.1 += 1;
                if !(*s).class.noscan() {
                    self.push(base);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn push(&mut self, base: usize) {
        // SAFETY: the block is ours; `len` is at most BLOCK.
        unsafe {
            if (*self.block).len == BLOCK {
                self.block = work::exchange(self.block);
            }
            let b = self.block;
            *(&raw mut (*b).objects).cast::<usize>().add((*b).len) = base;
            (*b).len += 1;
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> usize {
        // SAFETY: the block is ours.
        unsafe {
            let b = self.block;
            if (*b).len == 0 {
                return 0;
            }
            (*b).len -= 1;
            *(&raw const (*b).objects).cast::<usize>().add((*b).len)
        }
    }

    /// Scans until this marker's own block is empty.
    fn drain_own(&mut self) {
        let mut empty = 0;
        let mut until_share = SHARE_EVERY;
        while empty <= AHEAD {
            let p = self.pop();
            let due = core::mem::replace(&mut self.ahead[self.at % AHEAD], p);
            self.at = self.at.wrapping_add(1);
            if p == 0 {
                empty += 1;
            } else {
                empty = 0;
                // SAFETY: a prefetch touches nothing.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(p as *const i8) };
            }
            if due != 0 {
                // SAFETY: marked objects are valid.
                unsafe { self.scan(due) };
                empty = 0;
                until_share -= 1;
                if until_share == 0 {
                    until_share = SHARE_EVERY;
                    if self.shared && work::hungry() {
                        self.share();
                    }
                }
            }
        }
    }

    /// Gives half of a block to those who have nothing.
    #[cold]
    fn share(&mut self) {
        // SAFETY: the blocks are ours until they are exchanged.
        unsafe {
            let n = (*self.block).len / 2;
            if n < AHEAD {
                return;
            }
            let b = work::new_block();
            let from = (*self.block).len - n;
            (&mut (*b).objects)[..n].copy_from_slice(&(&(*self.block).objects)[from..from + n]);
            (*b).len = n;
            (*self.block).len = from;
            work::free_block(work::exchange(b));
        }
    }

    /// Scans until nothing is grey, alone.
    pub fn drain(&mut self) {
        loop {
            self.drain_own();
            let b = work::refill(self.block);
            if b.is_null() {
                return;
            }
            self.block = b;
        }
    }

    /// Scans until nothing is grey, together with the other markers of `generation`. What this marker has counted goes to [`work::counted`].
    pub fn drain_shared(&mut self, generation: u32) {
        self.shared = true;
        loop {
            self.drain_own();
            let b = work::wait(generation, self.block, &mut self.counts);
            if b.is_null() {
                break;
            }
            self.block = b;
        }
        self.shared = false;
    }

    /// Marks what the object at `base` points to.
    ///
    /// # Safety
    /// `base` must be the address of an object with pointers.
    #[inline]
    pub unsafe fn scan(&mut self, base: usize) {
        // SAFETY: the object is valid, and so is its layout.
        unsafe {
            let s = &*arena::span_of(base);
            each_slot(s, base, |slot| self.grey(*slot));
        }
    }

    /// From now on others mark too.
    pub fn set_shared(&mut self) {
        self.shared = true;
    }

    /// Ends marking: gives the block back, answers the bytes and objects that were not counted elsewhere yet.
    pub fn finish(self) -> (usize, usize) {
        work::free_block(self.block);
        self.counts
    }
}

/// Calls `f` with every pointer word of the object at `base` in `s`.
///
/// # Safety
/// The object must be valid.
#[inline(always)]
pub unsafe fn each_slot(s: &span::Span, base: usize, mut f: impl FnMut(*const usize)) {
    // SAFETY: bits and types describe the object.
    unsafe {
        if s.elemsize <= MAX_BITS {
            let mut bits = layout::read_bits(s.bits, base - s.base, s.elemsize);
            while bits != 0 {
                f((base + bits.trailing_zeros() as usize * 8) as *const usize);
                bits &= bits - 1;
            }
        } else {
            let typ = *s.types.add(s.index_of(base));
            if !typ.is_null() {
                layout::each_pointer(typ, base, base, base + s.elemsize, |slot| f(slot));
            }
        }
    }
}

/// The object at `base`, which has pointers and was made while marking runs, was filled without barriers: a marker scans it.
pub fn scan_again(base: usize) {
    work::put_shaded(base);
}

/// A barrier's part: remembers the object that `p` points into for the markers.
pub fn shade(p: usize) {
    if !arena::in_range(p) {
        return;
    }
    let Some(o) = crate::heap::find_object(p) else {
        return;
    };
    // SAFETY: the object is valid; the mark bits are atomic.
    unsafe {
        if !(*o.span).set_mark(o.index) || (*o.span).class.noscan() {
            return;
        }
    }
    work::put_shaded(o.base);
}
