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
/// A map of the type that has a table, is not being grown, and is the caller's to write.
#[doc(alias = "hashGrow")]
pub(super) unsafe fn start(sys: Sys<'_>, t: &MapType, h: *mut Hmap) {
    // SAFETY: the caller passes a live map, and `flags` and `b` are part of it.
    let (flags, b) = unsafe { (flags(h), (*h).b.wrapping_add(1)) };
    // SAFETY: a map type's descriptor names that of its buckets.
    let new = unsafe { mem::newarray(sys, t.bucket, 1usize.wrapping_shl(u32::from(b))) };
    // Who iterates over the table now will be iterating over the old one.
    let f = flags.load(Ordering::Relaxed);
    let f = if f & ITERATOR != 0 {
        f & !ITERATOR | OLD_ITERATOR
    } else {
        f & !OLD_ITERATOR
    };
    flags.store(f, Ordering::Relaxed);
    // SAFETY: the map is the caller's alone while it is written.
    unsafe {
        debug_assert!(!(*h).buckets.is_null() && (*h).oldbuckets.is_null());
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
/// A map of the type that is being grown and is the caller's to write.
pub(super) unsafe fn step(sys: Sys<'_>, t: &MapType, h: *mut Hmap, index: usize) {
    // SAFETY: the mask keeps the index inside the old table.
    unsafe { evacuate(sys, t, h, index & mask_of((*h).b) >> 1) };
    // SAFETY: `nevacuate` is inside the old table as long as there is one.
    unsafe {
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
    /// Copies the entry of slot `i` of `from`.
    ///
    /// # Safety
    /// A map of the type that is the caller's to write; `from` is a bucket of its old table with an
    /// entry at `i`, `top` a hash byte of an entry; the target is in the chain of the new table
    /// that the entry belongs to.
    unsafe fn put(
        &mut self,
        sys: Sys<'_>,
        t: &MapType,
        h: *mut Hmap,
        from: Bucket,
        i: usize,
        top: u8,
    ) {
        if self.index == SLOTS {
            // SAFETY: the map is the caller's to write, and the target the end of a chain.
            let bucket = unsafe {
                let b = table::new_overflow(sys, t, h);
                self.bucket.set_next(t, b);
                b
            };
            *self = Target { bucket, index: 0 };
        }
        let size = usize::from(t.keysize);
        // SAFETY: both slots are in buckets of the caller's map, and below `SLOTS`. Where the type
        // says that key or value is behind a pointer, the slot holds that; else what is copied is
        // of the type whose descriptor `t` names.
        unsafe {
            debug_assert!(self.bucket.top(self.index) == EMPTY && top >= MIN_TOP);
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
        }
        self.index += 1;
    }
}

/// As `typed_memmove`, without a call while the collector rests.
///
/// # Safety
/// A value of the type is at `from`, and `to` a place for one that does not overlap it.
#[inline(always)]
unsafe fn copy(typ: *const crate::abi::Type, to: *mut u8, from: *const u8) {
    if mem::barrier_enabled() {
        // SAFETY: the caller has a value at `from` and a place for it at `to`.
        unsafe { mem::typed_memmove(typ, to, from) };
    } else {
        // SAFETY: the caller's value and place have the size of the type.
        unsafe { mem::copy_bytes(to, from, (*typ).size) };
    }
}

/// Moves the chain of bucket `old` of the old table, unless that has happened.
///
/// # Safety
/// A map of the type that is being grown and is the caller's to write; `old` is inside its old
/// table.
unsafe fn evacuate(sys: Sys<'_>, t: &MapType, h: *mut Hmap, old: usize) {
    // SAFETY: the caller passes a live map, and `flags` and `b` are part of it.
    let (flags, half) = unsafe { (flags(h), (mask_of((*h).b) >> 1).wrapping_add(1)) };
    // SAFETY: the caller's index is inside the old table, which has `half` buckets, and the map is
    // the caller's alone while it is written. Of each bucket, the slots whose hash byte is not
    // `EMPTY` hold entries as long as the chain is not evacuated.
    unsafe {
        debug_assert!(old < half && (*h).nevacuate < half);
        let first = bucket(t, (*h).oldbuckets, old);
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
                    let hash = key::rehash(sys, t, p, lookup::seed(&*h));
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
            if flags.load(Ordering::Relaxed) & OLD_ITERATOR == 0 && !table::pointer_free(t) {
                first
                    .0
                    .add(SLOTS)
                    .write_bytes(0, usize::from(t.bucketsize).wrapping_sub(SLOTS));
            }
        }
    }
    // SAFETY: the map is the caller's alone while it is written.
    unsafe {
        if old == (*h).nevacuate {
            (*h).nevacuate = old.wrapping_add(1);
            if (*h).nevacuate == half {
                finish(h);
            }
        }
    }
}

/// Drops the old table, all of which is evacuated.
///
/// # Safety
/// A map that is being grown and is the caller's to write.
unsafe fn finish(h: *mut Hmap) {
    // SAFETY: the caller's map is live, and the caller's to write.
    let flags = unsafe {
        (*h).oldbuckets = core::ptr::null_mut();
        flags(h)
    };
    // An iterator that still walks the old chains has no other hold on buckets without pointers:
    // then the list stays until the map goes.
    if flags.load(Ordering::Relaxed) & OLD_ITERATOR == 0 {
        // SAFETY: no iterator looks at the old table.
        unsafe { table::drop_old_overflow(h) };
    }
    flags.fetch_and(!OLD_ITERATOR, Ordering::Relaxed);
}
