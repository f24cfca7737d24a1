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
pub(super) const EMPTY: u8 = 0;
/// Hash byte of a slot that was empty when its bucket was evacuated.
pub(super) const EVACUATED_EMPTY: u8 = 1;
/// Its entry is now in the lower half of the new table. The upper half is [`EVACUATED_LOW`] + 1.
pub(super) const EVACUATED_LOW: u8 = 2;
/// Smallest hash byte of an entry; even, so that the lowest bit of what is made of a hash keeps its
/// meaning for NaNs (`grow`).
pub const MIN_TOP: u8 = 4;

/// Flag of a map: an iterator may look at `buckets`.
pub(super) const ITERATOR: u8 = 1;
/// An iterator may look at `oldbuckets`.
pub(super) const OLD_ITERATOR: u8 = 2;

/// The hash byte of an entry: the top bits, since the low ones choose the bucket.
#[inline(always)]
pub(super) fn top_of(hash: usize) -> u8 {
    let top = (hash >> 56) as u8;
    if top < MIN_TOP { top + MIN_TOP } else { top }
}

/// Index mask of a table of `2^b` buckets.
#[inline(always)]
pub(super) fn mask_of(b: u8) -> usize {
    1usize.wrapping_shl(u32::from(b)).wrapping_sub(1)
}

/// A bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket(pub(super) *mut u8);

/// A slot of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Where.
    pub(super) bucket: Bucket,
    /// Which of the eight.
    pub(super) index: usize,
}

/// The slots in a set, lowest first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set(pub(super) u32);

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
    pub(super) unsafe fn with_top(self, top: u8) -> Set {
        // SAFETY: a bucket starts with eight hash bytes.
        let tops = unsafe { self.0.cast::<i64>().read_unaligned() };
        // SAFETY: SSE2, which these want, is part of x86-64.
        let equal = unsafe {
            let tops: __m128i = _mm_cvtsi64_si128(tops);
            _mm_movemask_epi8(_mm_cmpeq_epi8(tops, _mm_set1_epi8(top as i8)))
        };
        Set(equal as u32 & 0xff)
    }

    /// Hash byte of a slot.
    ///
    /// # Safety
    /// A live bucket; `i` is below `SLOTS`.
    #[inline(always)]
    pub(super) unsafe fn top(self, i: usize) -> u8 {
        debug_assert!(i < SLOTS);
        // SAFETY: a bucket starts with eight hash bytes, and `i` is below eight.
        unsafe { *self.0.add(i) }
    }

    /// Sets it.
    ///
    /// # Safety
    /// A live bucket; `i` is below `SLOTS`. It is ours to write.
    #[inline(always)]
    pub(super) unsafe fn set_top(self, i: usize, top: u8) {
        debug_assert!(i < SLOTS);
        // SAFETY: a bucket starts with eight hash bytes, and `i` is below eight; nobody else
        // touches this one, as it is the caller's to write.
        unsafe { *self.0.add(i) = top }
    }

    /// The slot for a key of `size` bytes (8 when it is behind a pointer).
    ///
    /// # Safety
    /// A live bucket; `i` is below `SLOTS`.
    #[inline(always)]
    pub(super) unsafe fn key_slot(self, size: usize, i: usize) -> *mut u8 {
        // Behind the last one the values begin.
        debug_assert!(i <= SLOTS);
        // SAFETY: eight keys of `size` bytes follow the hash bytes; `i` is at most the end of them.
        unsafe { self.0.add(SLOTS.wrapping_add(size.wrapping_mul(i))) }
    }

    /// The slot for a value.
    ///
    /// # Safety
    /// A live bucket of a map of the type; `i` is below `SLOTS`.
    #[inline(always)]
    pub(super) unsafe fn value_slot(self, t: &MapType, i: usize) -> *mut u8 {
        debug_assert!(i < SLOTS);
        let keys = usize::from(t.keysize).wrapping_mul(SLOTS);
        let at = SLOTS
            .wrapping_add(keys)
            .wrapping_add(usize::from(t.valuesize).wrapping_mul(i));
        // SAFETY: eight values follow hash bytes and keys, and `i` is below eight.
        unsafe { self.0.add(at) }
    }

    /// The value itself.
    ///
    /// # Safety
    /// A live bucket of a map of the type; `i` is below `SLOTS`, and the slot holds an entry.
    #[inline(always)]
    pub(super) unsafe fn value(self, t: &MapType, i: usize) -> *mut u8 {
        // SAFETY: the caller's bucket is live, its `i` below eight.
        let p = unsafe { self.value_slot(t, i) };
        if t.indirectvalue != 0 {
            // SAFETY: the slot of a value that is not in the bucket holds a pointer to it, set
            // together with the entry.
            unsafe { p.cast::<*mut u8>().read() }
        } else {
            p
        }
    }

    /// The key itself.
    ///
    /// # Safety
    /// A live bucket of a map of the type; `i` is below `SLOTS`, and the slot holds an entry.
    #[inline(always)]
    pub(super) unsafe fn key(self, t: &MapType, i: usize) -> *mut u8 {
        // SAFETY: the caller's bucket and `i`; the type knows the size of a slot for keys.
        let p = unsafe { self.key_slot(usize::from(t.keysize), i) };
        if t.indirectkey != 0 {
            // SAFETY: the slot of a key that is not in the bucket holds a pointer to it, set
            // together with the entry.
            unsafe { p.cast::<*mut u8>().read() }
        } else {
            p
        }
    }

    /// Where the next bucket of the chain is linked: the last word.
    ///
    /// # Safety
    /// A live bucket of a map of the type.
    #[inline(always)]
    unsafe fn next_slot(self, t: &MapType) -> *mut *mut u8 {
        let last = usize::from(t.bucketsize).wrapping_sub(8);
        // SAFETY: a bucket has `bucketsize` bytes, the last eight of which are the link.
        unsafe { self.0.add(last).cast() }
    }

    /// The next bucket of the chain.
    ///
    /// # Safety
    /// A live bucket of a map of the type.
    #[inline(always)]
    pub(super) unsafe fn next(self, t: &MapType) -> Option<Bucket> {
        // SAFETY: the caller's bucket is live; its link is null or a bucket of the chain.
        let p = unsafe { *self.next_slot(t) };
        if p.is_null() { None } else { Some(Bucket(p)) }
    }

    /// Links a bucket to the end of the chain, which is here.
    ///
    /// # Safety
    /// Live buckets of a map of the type that is ours to write.
    pub(super) unsafe fn set_next(self, t: &MapType, next: Bucket) {
        // SAFETY: the caller's bucket is live, and the caller's to write.
        let slot = unsafe { self.next_slot(t) };
        if pointer_free(t) {
            // SAFETY: the slot is in the bucket. The collector does not look there, so no barrier
            // is due: the map's list keeps alive what is linked.
            unsafe { slot.write(next.0) };
        } else {
            // SAFETY: the slot is in the bucket, an object that the collector scans.
            unsafe { mem::write_ptr(slot, next.0) };
        }
    }

    /// The chain that starts here has been moved to the new table.
    ///
    /// # Safety
    /// A live bucket.
    #[inline(always)]
    pub(super) unsafe fn evacuated(self) -> bool {
        // SAFETY: the caller's bucket is live, and 0 is below eight.
        let top = unsafe { self.top(0) };
        top > EMPTY && top < MIN_TOP
    }
}

/// The collector does not look into the buckets.
#[inline(always)]
pub(super) fn pointer_free(t: &MapType) -> bool {
    // SAFETY: a map type's descriptor names that of its buckets.
    let bucket = unsafe { &*t.bucket };
    bucket.no_pointers()
}

/// What `m[k]` answers where there is no entry.
#[inline(always)]
pub(super) fn zero_value(t: &MapType) -> *mut u8 {
    // SAFETY: a map type's descriptor names that of its values.
    let zero = unsafe { (*t.elem).zero };
    zero.cast_mut()
}

/// Bucket `i` of an array.
///
/// # Safety
/// An array of buckets of a map of the type, with more than `i`.
#[inline(always)]
pub(super) unsafe fn bucket(t: &MapType, array: *mut u8, i: usize) -> Bucket {
    debug_assert!(!array.is_null());
    // SAFETY: the caller's array has more than `i` buckets, of `bucketsize` bytes each.
    Bucket(unsafe { array.add(i.wrapping_mul(usize::from(t.bucketsize))) })
}

/// The bucket to search for a hash: in the old table as long as it has not been evacuated.
///
/// # Safety
/// A map of the type that has a table.
#[inline(always)]
pub(super) unsafe fn bucket_to_read(t: &MapType, h: &Hmap, hash: usize) -> Bucket {
    debug_assert!(h.oldbuckets.is_null() || h.b > 0);
    let mask = mask_of(h.b);
    if !h.oldbuckets.is_null() {
        // SAFETY: the old table has half as many buckets, to which the mask keeps the index.
        let old = unsafe { bucket(t, h.oldbuckets, hash & mask >> 1) };
        // SAFETY: it is a bucket of the map, which the caller keeps alive.
        if !unsafe { old.evacuated() } {
            return old;
        }
    }
    // SAFETY: the caller's map has a table of `2^b` buckets, to which the mask keeps the index.
    unsafe { bucket(t, h.buckets, hash & mask) }
}

/// The map's flags, as readers that run side by side may set them. The field is not an atomic by
/// declaration: then nothing that a `&Hmap` leads to would count as unchanged between two reads.
///
/// # Safety
/// A live map.
#[inline(always)]
pub(super) unsafe fn flags<'a>(h: *mut Hmap) -> &'a AtomicU8 {
    // SAFETY: the caller passes a live map, of which `flags` is part.
    let flags = unsafe { &raw mut (*h).flags };
    // SAFETY: a byte has no alignment; every access while readers run goes through this function.
    unsafe { AtomicU8::from_ptr(flags) }
}

/// A key that equals itself: all but NaNs and what holds them.
#[inline(always)]
pub(super) fn reflexive(t: &MapType) -> bool {
    t.reflexivekey != 0
}

#[repr(C, align(8))]
struct Mask([u8; 8]);
static ALL_POINTERS: Mask = Mask([0xff; 8]);

#[repr(transparent)]
struct Descriptor(Type);
// SAFETY: nobody writes a descriptor that the library's own data holds.
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

fn new_list(sys: Sys<'_>) -> *mut *mut u8 {
    // SAFETY: the type has that size, and its mask a bit for each word.
    let list = unsafe { mem::mallocgc(sys, LIST_WORDS * 8, &LIST_TYPE.0, true) };
    list.cast()
}

/// Makes a bucket for the end of a chain. If the collector cannot see it there (buckets without
/// pointers), `h.overflow` keeps it alive: a list of objects full of pointers, whose first one
/// stands for the table.
///
/// # Safety
/// A live map of the type that is ours to write.
pub(super) unsafe fn new_overflow(sys: Sys<'_>, t: &MapType, h: *mut Hmap) -> Bucket {
    // SAFETY: a map type's descriptor names that of its buckets, which have that size.
    let b = unsafe { mem::mallocgc(sys, usize::from(t.bucketsize), t.bucket, true) };
    if pointer_free(t) {
        // SAFETY: the map is the caller's, and the bucket a new object.
        unsafe { keep(sys, h, b) };
    }
    Bucket(b)
}

/// Enters a bucket into the map's list.
///
/// # Safety
/// A live map that is ours to write; an object.
#[inline(always)]
unsafe fn keep(sys: Sys<'_>, h: *mut Hmap, b: *mut u8) {
    // SAFETY: `overflow` is null or a list object of `LIST_WORDS` words, and so is what its word
    // `NEXT` holds: only this file writes them. The map is the caller's to write.
    unsafe {
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
}

/// A new table takes over: its list starts empty and keeps the old one.
///
/// # Safety
/// A live map that is ours to write.
pub(super) unsafe fn push_overflow(sys: Sys<'_>, h: *mut Hmap) {
    // SAFETY: the caller passes a live map.
    let old = unsafe { (*h).overflow };
    if !old.is_null() {
        let list = new_list(sys);
        // SAFETY: the list is new and has more words than `OLD`; the map is the caller's to write.
        unsafe {
            mem::write_ptr(list.add(OLD), old);
            mem::write_ptr(&raw mut (*h).overflow, list.cast());
        }
    }
}

/// The old table is gone. A list that was kept for an iterator once is kept as long as the map,
/// with all that came before it: nobody knows when the iterator is done. Tables double, so all of
/// them together have fewer chains than the last one has buckets.
///
/// # Safety
/// A live map that is ours to write; no iterator looks at the old table.
pub(super) unsafe fn drop_old_overflow(h: *mut Hmap) {
    // SAFETY: the caller passes a live map.
    let list: *mut *mut u8 = unsafe { (*h).overflow }.cast();
    if list.is_null() {
        return;
    }
    // SAFETY: what `overflow` and the word `OLD` of a list hold are list objects of `LIST_WORDS`
    // words or null; the map is the caller's to write. To clear a pointer wants no barrier: the
    // collector may find the old list once more or not.
    unsafe {
        let old: *mut *mut u8 = (*list.add(OLD)).cast();
        if !old.is_null() && (*old.add(OLD)).is_null() {
            list.add(OLD).write(core::ptr::null_mut());
        }
    }
}
