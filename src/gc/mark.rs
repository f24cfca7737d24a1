//! Marking: from grey pointers to marked objects.
//!
//! An object is marked when its bit is set. Marked objects with pointers wait on the work list until they are scanned. The list is
//! made of blocks off-heap, used again from cycle to cycle. Between the list and the scan lies a short queue: an object's memory is
//! asked for when it enters and has come when it leaves.

use crate::heap::classes::MAX_BITS;
use crate::heap::{arena, layout, span};
use crate::os::mem;
use crate::sync::mutex::Mutex;
use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// Objects of a block: a block with its header is 8 KiB.
const BLOCK: usize = 1022;
/// Objects asked for ahead of their scan: about as many misses as a core has under way.
const AHEAD: usize = 16;

#[repr(C)]
struct Block {
    next: *mut Block,
    len: usize,
    objects: [usize; BLOCK],
}

/// Blocks that no marker uses.
struct Pool {
    free: *mut Block,
    /// Blocks of objects shaded by barriers.
    shaded: *mut Block,
}

// SAFETY: blocks belong to whoever took them under the lock.
unsafe impl Send for Pool {}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    free: null_mut(),
    shaded: null_mut(),
});

impl Pool {
    fn take(&mut self) -> *mut Block {
        let b = self.free;
        if b.is_null() {
            return mem::persistent();
        }
        // SAFETY: blocks of the pool are valid.
        unsafe {
            self.free = (*b).next;
            (*b).next = null_mut();
            (*b).len = 0;
        }
        b
    }
}

fn new_block() -> *mut Block {
    POOL.lock().take()
}

/// One thread's marking.
#[derive(Debug)]
pub struct Marker {
    block: *mut Block,
    ahead: [usize; AHEAD],
    at: usize,
    /// Bytes marked.
    bytes: usize,
    /// Objects marked.
    objects: usize,
}

/// What a pointer leads to.
enum Target {
    /// Nothing that needs marking.
    None,
    /// An object now marked: its span and address.
    New(*mut span::Span, usize),
}

/// Marks the object that `p` points into.
///
/// # Safety
/// While marking, with caches flushed.
#[inline(always)]
unsafe fn mark_target(p: usize) -> Target {
    let s = arena::span_of(p);
    if s.is_null() {
        return Target::None;
    }
    // SAFETY: spans that pages lead to are valid; their bits change only by marking now.
    unsafe {
        let s = &mut *s;
        let index = s.index_of(p);
        // The unused tail of a span, and pages that are the runtime's own.
        if index >= s.objects as usize || s.state.load(Ordering::Relaxed) != span::state::IN_USE {
            return Target::None;
        }
        let (word, bit) = (index / 64, 1u64 << (index % 64));
        let mark = s.mark.cast::<u64>().add(word);
        // A slot that is not given out is only reached through a stale word in a place that the maps call live.
        if *mark & bit != 0 || *s.alloc.add(word) & bit == 0 {
            return Target::None;
        }
        *mark |= bit;
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
            block: new_block(),
            ahead: [0; AHEAD],
            at: 0,
            bytes: 0,
            objects: 0,
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
            if let Target::New(s, base) = mark_target(p) {
                self.bytes += (*s).elemsize;
                self.objects += 1;
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
                let b = new_block();
                (*b).next = self.block;
                self.block = b;
            }
            let b = self.block;
            *(&raw mut (*b).objects).cast::<usize>().add((*b).len) = base;
            (*b).len += 1;
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> usize {
        // SAFETY: the blocks are ours.
        unsafe {
            if (*self.block).len == 0 {
                let next = (*self.block).next;
                if next.is_null() {
                    let shaded = core::mem::replace(&mut POOL.lock().shaded, null_mut());
                    if shaded.is_null() {
                        return 0;
                    }
                    free_block(self.block);
                    self.block = shaded;
                    return self.pop();
                }
                free_block(self.block);
                self.block = next;
            }
            let b = self.block;
            (*b).len -= 1;
            *(&raw const (*b).objects).cast::<usize>().add((*b).len)
        }
    }

    /// Scans until nothing is grey.
    pub fn drain(&mut self) {
        let mut empty = 0;
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
            }
        }
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

    /// Ends marking: gives the blocks back, answers the bytes marked.
    pub fn finish(self) -> usize {
        // SAFETY: the list is empty: one block without objects is left.
        unsafe { free_block(self.block) };
        super::stats::LOOKUPS.fetch_add(self.objects as u64, Ordering::Relaxed);
        self.bytes
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

unsafe fn free_block(b: *mut Block) {
    let mut pool = POOL.lock();
    // SAFETY: the caller gives the block away.
    unsafe { (*b).next = pool.free };
    pool.free = b;
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
        let mut pool = POOL.lock();
        if pool.shaded.is_null() || (*pool.shaded).len == BLOCK {
            let b = pool.take();
            (*b).next = pool.shaded;
            pool.shaded = b;
        }
        let b = pool.shaded;
        *(&raw mut (*b).objects).cast::<usize>().add((*b).len) = o.base;
        (*b).len += 1;
    }
}
