//! Marking: from grey pointers to marked objects.
//!
//! An object is marked when its bit is set. Marked objects with pointers wait on the work list
//! ([`super::work`]) until they are scanned. Between the list and the scan lies a short queue: an
//! object's memory is asked for when it enters and has come when it leaves. Large objects are
//! scanned in pieces of [`OBLET`] bytes, so that a stop of the world never waits for more than one.
//!
//! The program runs meanwhile. Words are read and bits are set atomically; what is read too early
//! or too late is the write barrier's business.

use super::work::{self, BLOCK, Block};
use crate::heap::layout::{self, each_slot, load};
use crate::heap::stats::Counts;
use crate::heap::{arena, span};
use crate::world::{OwnP, Stopped};
use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use core::sync::atomic::Ordering;

/// Objects asked for ahead of their scan: about as many misses as a core has under way.
const AHEAD: usize = 16;
/// What is scanned between two looks at whether to go on costs this: some ten microseconds.
const CHECK_EVERY: usize = 32 << 10;
/// What a scan costs besides its bytes, in bytes.
const SCAN_COST: usize = 64;
/// Larger objects are scanned in pieces of this size.
const OBLET: usize = 128 << 10;

/// One session of marking.
#[doc(alias = "gcWork")]
#[derive(Debug)]
pub(super) struct Marker {
    block: *mut Block,
    ahead: [usize; AHEAD],
    at: usize,
    counts: Counts,
    /// Bytes scanned.
    pub(super) scanned: usize,
    /// What that cost: [`SCAN_COST`] for each object more.
    cost: usize,
}

/// Marks the object that `p` points into. The span and address of an object that was not marked
/// before. `CHECK`: a pointer that cannot be one is fatal, unless the program does not want that.
///
/// # Safety
/// While marking; to check, on g0.
#[inline(always)]
unsafe fn mark_target<const CHECK: bool>(p: usize) -> Option<(&'static span::Span, usize)> {
    debug_assert!(crate::world::phase::enabled());
    let s = arena::span_of(p);
    if s.is_null() {
        if CHECK {
            // SAFETY: who asks for the check is on g0, and marking runs.
            unsafe { super::invalid::found(p) };
        }
        return None;
    }
    // SAFETY: spans that pages lead to are valid; nothing is swept while marking runs.
    unsafe {
        let s = &*s;
        let index = s.index_of(p);
        // The unused tail of a span, and pages that are the runtime's own or not to be used any
        // more.
        if index >= s.objects as usize || s.state.load(Ordering::Relaxed) != span::state::IN_USE {
            if CHECK && s.state.load(Ordering::Relaxed) == span::state::DEAD {
                super::invalid::found(p);
            }
            return None;
        }
        let (word, bit) = (index / 64, 1u64 << (index % 64));
        let mark = &*s.mark.add(word);
        // A slot that is not given out is only reached through a stale word in a place that the
        // maps call live.
        if mark.load(Ordering::Relaxed) & bit != 0 || *s.alloc.add(word) & bit == 0 {
            return None;
        }
        if mark.fetch_or(bit, Ordering::Relaxed) & bit != 0 {
            return None;
        }
        Some((s, s.address_of(index)))
    }
}

impl Counts {
    #[inline(always)]
    fn add(&mut self, s: &span::Span) {
        self.objects += 1;
        self.bytes += s.elemsize;
        if !s.class.noscan() {
            self.scan_bytes += s.elemsize;
        }
    }
}

impl Marker {
    /// Opens a session.
    pub(super) fn new() -> Self {
        Self {
            block: work::join(),
            ahead: [0; AHEAD],
            at: 0,
            counts: Counts::default(),
            scanned: 0,
            cost: 0,
        }
    }

    /// Closes the session; what is still grey is for others. True if it was the last and nothing is
    /// left.
    pub(super) fn finish(mut self) -> bool {
        self.empty_queue();
        work::leave(self.block, &mut self.counts)
    }

    /// A word that holds a pointer (or nil, or the address of something that is not in the heap).
    #[doc(alias = "greyobject")]
    #[inline(always)]
    pub(super) fn grey(&mut self, p: usize) {
        if !arena::in_range(p) {
            return;
        }
        // SAFETY: a session is only open while marking.
        unsafe {
            if let Some((s, base)) = mark_target::<true>(p) {
                self.counts.add(s);
                if !s.class.noscan() {
                    self.push(base);
                }
            }
        }
    }

    /// A word that may be anything. With the world stopped: an object that is being allocated is not
    /// complete.
    pub(super) fn grey_if_object(&mut self, _: &Stopped, word: usize) {
        if !arena::in_range(word) {
            return;
        }
        // SAFETY: a session is only open while marking. Slots that no object is in are in no span
        // in use, not given out, or, in a P's cache, marked.
        unsafe {
            if let Some((s, base)) = mark_target::<false>(word) {
                self.counts.add(s);
                if !s.class.noscan() {
                    self.push(base);
                }
            }
        }
    }

    #[inline(always)]
    fn push(&mut self, base: usize) {
        // SAFETY: the block is this session's, and no other thread's.
        let full = unsafe {
            debug_assert!((*self.block).len <= BLOCK && base.is_multiple_of(8));
            (*self.block).len == BLOCK
        };
        if full {
            self.block = work::exchange(self.block);
            super::work::more_work();
        }
        let b = self.block;
        // SAFETY: the block is this session's, and `len` below `BLOCK` now.
        unsafe {
            *(&raw mut (*b).objects).cast::<usize>().add((*b).len) = base;
            (*b).len += 1;
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> usize {
        let b = self.block;
        // SAFETY: the block is this session's, and no other thread's.
        if unsafe { (*b).len } == 0 {
            return 0;
        }
        // SAFETY: the block is this session's, and `len` is at most `BLOCK`.
        unsafe {
            (*b).len -= 1;
            *(&raw const (*b).objects).cast::<usize>().add((*b).len)
        }
    }

    /// Moves what waits for its memory back to the block.
    fn empty_queue(&mut self) {
        for i in 0..AHEAD {
            let p = core::mem::take(&mut self.ahead[i]);
            if p != 0 {
                self.push(p);
            }
        }
    }

    /// Scans until nothing is left that this session can get, or `stop` says so; `stop` is asked
    /// every few microseconds. True if nothing is left.
    #[doc(alias = "gcDrain")]
    pub(super) fn drain(&mut self, mut stop: impl FnMut(&Self) -> bool) -> bool {
        loop {
            if !self.drain_own(&mut stop) {
                return false;
            }
            let b = work::refill(self.block);
            if b.is_null() {
                return true;
            }
            self.block = b;
        }
    }

    /// As [`Self::drain`], of this session's own block.
    fn drain_own(&mut self, stop: &mut impl FnMut(&Self) -> bool) -> bool {
        let mut empty = 0;
        let mut check_at = self.cost.wrapping_add(CHECK_EVERY);
        while empty <= AHEAD {
            let p = self.pop();
            let due = core::mem::replace(&mut self.ahead[self.at % AHEAD], p);
            self.at = self.at.wrapping_add(1);
            if p == 0 {
                empty += 1;
            } else {
                empty = 0;
                // SAFETY: a prefetch reads nothing, whatever the address.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(p as *const i8) };
            }
            if due != 0 {
                // SAFETY: what is on the work list is an object with pointers that is marked, and
                // so live, or a piece of one.
                unsafe { self.scan(due) };
                empty = 0;
                if (self.cost.wrapping_sub(check_at) as isize) >= 0 {
                    check_at = self.cost.wrapping_add(CHECK_EVERY);
                    if stop(self) {
                        return false;
                    }
                    if !work::available() && super::work::others() {
                        self.share();
                    }
                }
            }
        }
        true
    }

    /// Gives half of the block to those who have nothing: idle Ps, and assists, which have only
    /// what lies in the pool.
    #[cold]
    fn share(&mut self) {
        // SAFETY: the blocks are ours until they are exchanged.
        unsafe {
            let n = (*self.block).len / 2;
            if n < AHEAD {
                return;
            }
            // The older half: what was found first leads to most.
            let half = self.block;
            let mine = work::take();
            let rest = (*half).len - n;
            (&mut (*mine).objects)[..rest].copy_from_slice(&(&(*half).objects)[n..n + rest]);
            (*mine).len = rest;
            (*half).len = n;
            self.block = mine;
            work::put(half);
        }
        super::work::more_work();
    }

    /// Marks what the object at `at` points to, or what this piece of a large object points to.
    ///
    /// # Safety
    /// `at` must be the address of an object with pointers, or a multiple of [`OBLET`] bytes into
    /// it.
    #[doc(alias = "scanobject")]
    #[inline]
    pub(super) unsafe fn scan(&mut self, at: usize) {
        // SAFETY: the object is live, so it is in a span in use, which stays while marking runs.
        let s = unsafe { &*arena::span_of(at) };
        debug_assert!(!s.class.noscan());
        let bytes = s.elemsize.min(OBLET);
        self.scanned = self.scanned.wrapping_add(bytes);
        self.cost = self.cost.wrapping_add(bytes).wrapping_add(SCAN_COST);
        if s.elemsize > OBLET {
            if at == s.base {
                for piece in (at..at + s.elemsize).step_by(OBLET).skip(1) {
                    self.push(piece);
                }
            }
            let end = (at + OBLET).min(s.base + s.elemsize);
            // SAFETY: a span of one object with pointers has room for its type; the piece is part
            // of that object, whose words are read as the program may write them.
            unsafe {
                let typ = *s.types();
                if !typ.is_null() {
                    layout::each_pointer(typ, s.base, at, end, |slot| self.grey(load(slot)));
                }
            }
            return;
        }
        // SAFETY: the object is live; its words are read as the program may write them.
        unsafe { each_slot(s, at, |slot| self.grey(load(slot))) };
    }
}

/// The object at `base`, which has pointers and was made while marking runs, was filled without
/// barriers: a marker scans it.
pub(super) fn scan_again(base: usize) {
    // SAFETY: the thread keeps its P meanwhile.
    work::put_shaded(unsafe { OwnP::current() }, base);
}

/// Marks the object that `p` points into, for the write barrier, and has it scanned by a marker.
/// Runs on goroutine stacks too.
fn shade_object(p: usize) {
    if !arena::in_range(p) {
        return;
    }
    // SAFETY: barriers run only while marking; the thread keeps its P meanwhile.
    unsafe {
        let Some((s, base)) = mark_target::<false>(p) else {
            return;
        };
        let own = OwnP::current();
        if let Some(own) = own {
            let counts = &work::SHARES.mine(own).counts;
            let mut sum = counts.get();
            sum.add(s);
            counts.set(sum);
        }
        if !s.class.noscan() {
            work::put_shaded(own, base);
        }
    }
}

/// `p` was stored somewhere while marking runs: the object it points to is live.
#[cold]
#[inline(never)]
pub fn shade(p: *mut u8) {
    shade_object(p as usize);
}
