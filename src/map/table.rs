//! The table of a map: an array of buckets, each the head of a chain.
//!
//! ```text
//! bucket:  | 8 hash bytes | 8 keys | 8 values | next bucket of the chain |
//! ```
//!
//! Keys and values above 128 bytes are behind pointers. A hash byte below [`MIN_TOP`] says that the
//! slot holds nothing (any more).

use super::mem;
use crate::abi::{Hmap, MapType, Sys, Type};
use core::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_cvtsi64_si128, _mm_movemask_epi8, _mm_set1_epi8,
};
use core::sync::atomic::AtomicU8;

/// Slots of a bucket: the compiler lays out eight.
pub const SLOTS: usize = 8;
/// Hash byte of a slot that is empty.
pub const EMPTY: u8 = 0;
/// Hash byte of a slot that was empty when its bucket was evacuated.
pub const EVACUATED_EMPTY: u8 = 1;
/// Its entry is now in the lower half of the new table. The upper half is [`EVACUATED_LOW`] + 1.
pub const EVACUATED_LOW: u8 = 2;
/// Smallest hash byte of an entry; even, so that the lowest bit of what is made of a hash keeps its
/// meaning for NaNs (`grow`).
pub const MIN_TOP: u8 = 4;

/// Flag of a map: an iterator may look at `buckets`.
pub const ITERATOR: u8 = 1;
/// An iterator may look at `oldbuckets`.
pub const OLD_ITERATOR: u8 = 2;

/// The hash byte of an entry: the top bits, since the low ones choose the bucket.
#[inline(always)]
pub fn top_of(hash: usize) -> u8 {
    let top = (hash >> 56) as u8;
    if top < MIN_TOP { top + MIN_TOP } else { top }
}

/// Index mask of a table of `2^b` buckets.
#[inline(always)]
pub fn mask_of(b: u8) -> usize {
    1usize.wrapping_shl(u32::from(b)).wrapping_sub(1)
}

/// A bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket(pub *mut u8);

/// A slot of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Where.
    pub bucket: Bucket,
    /// Which of the eight.
    pub index: usize,
}

/// The slots in a set, lowest first.
#[derive(Debug, Clone, Copy)]
pub struct Set(pub u32);

impl Iterator for Set {
    type Item = usize;
    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let i = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        Some(i)
    }
}

impl Bucket {
    /// Slots whose hash byte is `top`.
    ///
    /// # Safety
    /// A live bucket.
    #[inline(always)]
    pub unsafe fn with_top(self, top: u8) -> Set {
        // SAFETY: a bucket starts with eight hash bytes; SSE2 is part of x86-64.
        unsafe {
            let tops: __m128i = _mm_cvtsi64_si128(self.0.cast::<i64>().read_unaligned());
            Set(_mm_movemask_epi8(_mm_cmpeq_epi8(tops, _mm_set1_epi8(top as i8))) as u32 & 0xff)
        }
    }

    /// Hash byte of a slot.
    ///
    /// # Safety
    /// A live bucket; `i` is below `SLOTS`.
    #[inline(always)]
    pub unsafe fn top(self, i: usize) -> u8 {
        debug_assert!(i < SLOTS);
        // SAFETY: inside the bucket.
        unsafe { *self.0.add(i) }
    }

    /// Sets it.
    ///
    /// # Safety
    /// A live bucket; `i` is below `SLOTS`. It is ours to write.
    #[inline(always)]
    pub unsafe fn set_top(self, i: usize, top: u8) {
        debug_assert!(i < SLOTS);
        // SAFETY: inside the bucket.
        unsafe { *self.0.add(i) = top }
    }

    /// The slot for a key of `size` bytes (8 when it is behind a pointer).
    ///
    /// # Safety
    /// A live bucket; `i` is below `SLOTS`.
    #[inline(always)]
    pub unsafe fn key_slot(self, size: usize, i: usize) -> *mut u8 {
        // Behind the last one the values begin.
        debug_assert!(i <= SLOTS);
        // SAFETY: inside the bucket.
        unsafe { self.0.add(SLOTS.wrapping_add(size.wrapping_mul(i))) }
    }

    /// The slot for a value.
    ///
    /// # Safety
    /// A live bucket of a map of the type; `i` is below `SLOTS`.
    #[inline(always)]
    pub unsafe fn value_slot(self, t: &MapType, i: usize) -> *mut u8 {
        debug_assert!(i < SLOTS);
        let keys = usize::from(t.keysize).wrapping_mul(SLOTS);
        // SAFETY: inside the bucket.
        unsafe {
            self.0.add(
                SLOTS
                    .wrapping_add(keys)
                    .wrapping_add(usize::from(t.valuesize).wrapping_mul(i)),
            )
        }
    }

    /// The value itself.
    ///
    /// # Safety
    /// A live bucket of a map of the type; `i` is below `SLOTS`, and the slot holds an entry.
    #[inline(always)]
    pub unsafe fn value(self, t: &MapType, i: usize) -> *mut u8 {
        // SAFETY: inside the bucket; an entry's pointer is set.
        unsafe {
            let p = self.value_slot(t, i);
            if t.indirectvalue != 0 {
                p.cast::<*mut u8>().read()
            } else {
                p
            }
        }
    }

    /// The key itself.
    ///
    /// # Safety
    /// A live bucket of a map of the type; `i` is below `SLOTS`, and the slot holds an entry.
    #[inline(always)]
    pub unsafe fn key(self, t: &MapType, i: usize) -> *mut u8 {
        // SAFETY: inside the bucket; an entry's pointer is set.
        unsafe {
            let p = self.key_slot(usize::from(t.keysize), i);
            if t.indirectkey != 0 {
                p.cast::<*mut u8>().read()
            } else {
                p
            }
        }
    }

    #[inline(always)]
    unsafe fn next_slot(self, t: &MapType) -> *mut *mut u8 {
        // SAFETY: the last word of a bucket.
        unsafe { self.0.add(usize::from(t.bucketsize).wrapping_sub(8)).cast() }
    }

    /// The next bucket of the chain.
    ///
    /// # Safety
    /// A live bucket of a map of the type.
    #[inline(always)]
    pub unsafe fn next(self, t: &MapType) -> Option<Bucket> {
        // SAFETY: inside the bucket.
        let p = unsafe { *self.next_slot(t) };
        if p.is_null() { None } else { Some(Bucket(p)) }
    }

    /// Links a bucket to the end of the chain, which is here.
    ///
    /// # Safety
    /// Live buckets of a map of the type that is ours to write.
    pub unsafe fn set_next(self, t: &MapType, next: Bucket) {
        // SAFETY: inside the bucket. A bucket without pointers is not traced: there the map keeps the
        // list of what is linked.
        unsafe {
            if pointer_free(t) {
                self.next_slot(t).write(next.0);
            } else {
                mem::write_ptr(self.next_slot(t), next.0);
            }
        }
    }

    /// The chain that starts here has been moved to the new table.
    ///
    /// # Safety
    /// A live bucket.
    #[inline(always)]
    pub unsafe fn evacuated(self) -> bool {
        // SAFETY: inside the bucket.
        let top = unsafe { self.top(0) };
        top > EMPTY && top < MIN_TOP
    }
}

/// The collector does not look into the buckets.
///
/// # Safety
/// A map type.
#[inline(always)]
pub unsafe fn pointer_free(t: &MapType) -> bool {
    // SAFETY: a map type names its bucket type.
    unsafe { (*t.bucket).no_pointers() }
}

/// Bucket `i` of an array.
///
/// # Safety
/// An array of buckets of a map of the type, with more than `i`.
#[inline(always)]
pub unsafe fn bucket(t: &MapType, array: *mut u8, i: usize) -> Bucket {
    debug_assert!(!array.is_null());
    // SAFETY: the caller's index is inside the array.
    Bucket(unsafe { array.add(i.wrapping_mul(usize::from(t.bucketsize))) })
}

/// The bucket to search for a hash: in the old table as long as it has not been evacuated.
///
/// # Safety
/// A map of the type that has a table.
#[inline(always)]
pub unsafe fn bucket_to_read(t: &MapType, h: &Hmap, hash: usize) -> Bucket {
    debug_assert!(h.oldbuckets.is_null() || h.b > 0);
    // SAFETY: the masks keep the indices inside the tables.
    unsafe {
        let mask = mask_of(h.b);
        if !h.oldbuckets.is_null() {
            let old = bucket(t, h.oldbuckets, hash & mask >> 1);
            if !old.evacuated() {
                return old;
            }
        }
        bucket(t, h.buckets, hash & mask)
    }
}

/// The map's flags, as readers that run side by side may set them. The field is not an atomic by
/// declaration: then nothing that a `&Hmap` leads to would count as unchanged between two reads.
///
/// # Safety
/// A live map.
#[inline(always)]
pub unsafe fn flags<'a>(h: *mut Hmap) -> &'a AtomicU8 {
    // SAFETY: a live map; every access while readers run is atomic.
    unsafe { AtomicU8::from_ptr(&raw mut (*h).flags) }
}

/// A key that equals itself: all but NaNs and what holds them.
#[inline(always)]
pub fn reflexive(t: &MapType) -> bool {
    t.reflexivekey != 0
}

#[repr(C, align(8))]
struct Mask([u8; 8]);
static ALL_POINTERS: Mask = Mask([0xff; 8]);

#[repr(transparent)]
struct Descriptor(Type);
// SAFETY: never written.
unsafe impl Sync for Descriptor {}

static LIST_NAME: crate::abi::GoString = crate::abi::GoString::from_static("runtime.overflow");
static LIST_TYPE: Descriptor = Descriptor(Type {
    size: LIST_WORDS * 8,
    ptrdata: LIST_WORDS * 8,
    hash: 0,
    unused: 0,
    align: 8,
    field_align: 8,
    kind: crate::abi::KIND_ARRAY as u8,
    alg: core::ptr::null(),
    gcdata: ALL_POINTERS.0.as_ptr(),
    string: &raw const LIST_NAME,
    x: core::ptr::null(),
    ptrto: core::ptr::null(),
    zero: core::ptr::null(),
});

/// Words of a list object: as many as keep the search for a free one short.
const LIST_WORDS: usize = 16;
/// The word that links to the rest of the list.
const NEXT: usize = 0;
/// In the first object: the list of the table before.
const OLD: usize = 1;

unsafe fn new_list(sys: Sys<'_>) -> *mut *mut u8 {
    // SAFETY: a type of that size.
    unsafe { mem::mallocgc(sys, LIST_WORDS * 8, &LIST_TYPE.0, true).cast() }
}

/// Makes a bucket for the end of a chain. If the collector cannot see it there (buckets without
/// pointers), `h.overflow` keeps it alive: a list of objects full of pointers, whose first one
/// stands for the table.
///
/// # Safety
/// A map of that type.
pub unsafe fn new_overflow(sys: Sys<'_>, t: &MapType, h: *mut Hmap) -> Bucket {
    // SAFETY: the list is the map's own.
    unsafe {
        let b = mem::mallocgc(sys, usize::from(t.bucketsize), t.bucket, true);
        if pointer_free(t) {
            if (*h).overflow.is_null() {
                mem::write_ptr(&raw mut (*h).overflow, new_list(sys).cast());
            }
            let first: *mut *mut u8 = (*h).overflow.cast();
            let newest: *mut *mut u8 = if (*first.add(NEXT)).is_null() {
                first
            } else {
                (*first.add(NEXT)).cast()
            };
            match (OLD + 1..LIST_WORDS).find(|&i| (*newest.add(i)).is_null()) {
                Some(i) => mem::write_ptr(newest.add(i), b),
                None => {
                    let list = new_list(sys);
                    mem::write_ptr(list.add(OLD + 1), b);
                    mem::write_ptr(list.add(NEXT), *first.add(NEXT));
                    mem::write_ptr(first.add(NEXT), list.cast());
                }
            }
        }
        Bucket(b)
    }
}

/// A new table takes over: its list starts empty and keeps the old one.
///
/// # Safety
/// As `new_overflow`.
pub unsafe fn push_overflow(sys: Sys<'_>, h: *mut Hmap) {
    // SAFETY: as above.
    unsafe {
        if !(*h).overflow.is_null() {
            let list = new_list(sys);
            mem::write_ptr(list.add(OLD), (*h).overflow);
            mem::write_ptr(&raw mut (*h).overflow, list.cast());
        }
    }
}

/// The old table is gone. A list that was kept for an iterator once is kept as long as the map,
/// with all that came before it: nobody knows when the iterator is done. Tables double, so all of
/// them together have fewer chains than the last one has buckets.
///
/// # Safety
/// As `new_overflow`; no iterator looks at the old table.
pub unsafe fn drop_old_overflow(h: *mut Hmap) {
    // SAFETY: as above.
    unsafe {
        let list: *mut *mut u8 = (*h).overflow.cast();
        if list.is_null() {
            return;
        }
        let old: *mut *mut u8 = (*list.add(OLD)).cast();
        if !old.is_null() && (*old.add(OLD)).is_null() {
            list.add(OLD).write(core::ptr::null_mut());
        }
    }
}
