//! Growth: a table twice as large takes over at once, and the chains of the old one follow a few at
//! a time, with each assignment or deletion: first the chain that the key would be in, then the
//! next one in order. So growth is over long before the next is due.
//!
//! A chain of the old table splits in two by one more bit of the hash. A key that is not equal to
//! itself (NaN) has no hash to come back to; the lowest bit of its hash byte decides, so that an
//! iterator that sees it in the old table knows where it goes.

use super::table::{
    self, Bucket, EMPTY, EVACUATED_EMPTY, EVACUATED_LOW, ITERATOR, MIN_TOP, OLD_ITERATOR, SLOTS,
    bucket, flags, mask_of, top_of,
};
use super::{key, lookup, mem};
use crate::abi::{Hmap, MapType, Sys};
use core::sync::atomic::Ordering;

/// Gives the map a table twice as large.
///
/// # Safety
/// A map of the type that has a table and is not being grown.
#[doc(alias = "hashGrow")]
pub unsafe fn start(sys: Sys<'_>, t: &MapType, h: *mut Hmap) {
    // SAFETY: the map is the caller's alone while it is written.
    unsafe {
        debug_assert!(!(*h).buckets.is_null() && (*h).oldbuckets.is_null());
        let b = (*h).b.wrapping_add(1);
        let new = mem::newarray(sys, t.bucket, 1usize.wrapping_shl(u32::from(b)));
        // Who iterates over the table now will be iterating over the old one.
        let f = flags(h).load(Ordering::Relaxed);
        let f = if f & ITERATOR != 0 {
            f & !ITERATOR | OLD_ITERATOR
        } else {
            f & !OLD_ITERATOR
        };
        flags(h).store(f, Ordering::Relaxed);
        table::push_overflow(sys, h);
        mem::write_ptr(&raw mut (*h).oldbuckets, (*h).buckets);
        mem::write_ptr(&raw mut (*h).buckets, new);
        (*h).b = b;
        (*h).nevacuate = 0;
    }
}

/// Evacuates the old chain of the bucket that is about to be used, and one more.
///
/// # Safety
/// A map of the type that is being grown.
pub unsafe fn step(sys: Sys<'_>, t: &MapType, h: *mut Hmap, index: usize) {
    // SAFETY: passed on.
    unsafe {
        evacuate(sys, t, h, index & mask_of((*h).b) >> 1);
        if !(*h).oldbuckets.is_null() {
            evacuate(sys, t, h, (*h).nevacuate);
        }
    }
}

/// Where the entries of one half go: the next free slot at the end of a chain.
struct Target {
    bucket: Bucket,
    index: usize,
}

impl Target {
    unsafe fn put(
        &mut self,
        sys: Sys<'_>,
        t: &MapType,
        h: *mut Hmap,
        from: Bucket,
        i: usize,
        top: u8,
    ) {
        // SAFETY: both buckets are the map's.
        unsafe {
            if self.index == SLOTS {
                let b = table::new_overflow(sys, t, h);
                self.bucket.set_next(t, b);
                *self = Target {
                    bucket: b,
                    index: 0,
                };
            }
            debug_assert!(self.bucket.top(self.index) == EMPTY && top >= MIN_TOP);
            let size = usize::from(t.keysize);
            let (k, to) = (
                from.key_slot(size, i),
                self.bucket.key_slot(size, self.index),
            );
            if t.indirectkey != 0 {
                mem::write_ptr(to.cast(), k.cast::<*mut u8>().read());
            } else {
                copy(t.key, to, k);
            }
            let (v, to) = (from.value_slot(t, i), self.bucket.value_slot(t, self.index));
            if t.indirectvalue != 0 {
                mem::write_ptr(to.cast(), v.cast::<*mut u8>().read());
            } else {
                copy(t.elem, to, v);
            }
            self.bucket.set_top(self.index, top);
            self.index += 1;
        }
    }
}

/// As `typed_memmove`, without a call while the collector rests.
#[inline(always)]
unsafe fn copy(typ: *const crate::abi::Type, to: *mut u8, from: *const u8) {
    // SAFETY: passed on.
    unsafe {
        if mem::barrier_enabled() {
            mem::typed_memmove(typ, to, from);
        } else {
            mem::copy_bytes(to, from, (*typ).size);
        }
    }
}

unsafe fn evacuate(sys: Sys<'_>, t: &MapType, h: *mut Hmap, old: usize) {
    // SAFETY: the map is the caller's alone while it is written; the index is inside the old table.
    unsafe {
        let half = (mask_of((*h).b) >> 1).wrapping_add(1);
        let first = bucket(t, (*h).oldbuckets, old);
        debug_assert!(old < half && (*h).nevacuate < half);
        if !first.evacuated() {
            let mut low = Target {
                bucket: bucket(t, (*h).buckets, old),
                index: 0,
            };
            let mut high = Target {
                bucket: bucket(t, (*h).buckets, old.wrapping_add(half)),
                index: 0,
            };
            let mut from = Some(first);
            while let Some(b) = from {
                for i in 0..SLOTS {
                    let top = b.top(i);
                    if top == EMPTY {
                        b.set_top(i, EVACUATED_EMPTY);
                        continue;
                    }
                    let p = b.key(t, i);
                    let hash = key::rehash(sys, t, p, lookup::seed(h));
                    let (up, top) = if table::reflexive(t) || key::findable(sys, t, p) {
                        (hash & half != 0, top)
                    } else {
                        (top & 1 != 0, top_of(hash))
                    };
                    b.set_top(i, EVACUATED_LOW + u8::from(up));
                    if up {
                        high.put(sys, t, h, b, i, top)
                    } else {
                        low.put(sys, t, h, b, i, top)
                    }
                }
                from = b.next(t);
            }
            // Nobody looks at the entries any more: the collector need not keep what they point to.
            if flags(h).load(Ordering::Relaxed) & OLD_ITERATOR == 0 && !table::pointer_free(t) {
                first
                    .0
                    .add(SLOTS)
                    .write_bytes(0, usize::from(t.bucketsize).wrapping_sub(SLOTS));
            }
        }
        if old == (*h).nevacuate {
            (*h).nevacuate = old.wrapping_add(1);
            if (*h).nevacuate == half {
                finish(h);
            }
        }
    }
}

unsafe fn finish(h: *mut Hmap) {
    // SAFETY: as above.
    unsafe {
        (*h).oldbuckets = core::ptr::null_mut();
        // An iterator that still walks the old chains has no other hold on buckets without
        // pointers: then the list stays until the map goes.
        if flags(h).load(Ordering::Relaxed) & OLD_ITERATOR == 0 {
            table::drop_old_overflow(h);
        }
        flags(h).fetch_and(!OLD_ITERATOR, Ordering::Relaxed);
    }
}
