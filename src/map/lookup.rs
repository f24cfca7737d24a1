//! `m[k]`: reading. Never writes, so goroutines may read side by side.

use super::key::{Key, Str, same_bytes};
use super::table::{self, SLOTS, Slot, bucket_to_read, top_of};
use crate::abi::{GoString, Hmap, MapType, Slow};

/// The size of a key's slot; a constant where the kind of key fixes it.
#[inline(always)]
pub(super) fn key_size<K: Key>(t: &MapType) -> usize {
    if K::SIZE != 0 {
        K::SIZE
    } else {
        usize::from(t.keysize)
    }
}

/// The key in a slot.
///
/// # Safety
/// A slot that holds an entry of a map of the type.
#[inline(always)]
pub(super) unsafe fn key_at<K: Key>(t: &MapType, s: Slot) -> *mut u8 {
    if K::SIZE != 0 {
        // SAFETY: the caller's slot; a key of fixed size is so small that it is in the bucket.
        unsafe { s.bucket.key_slot(K::SIZE, s.index) }
    } else {
        // SAFETY: the caller's slot holds an entry of a map of the type.
        unsafe { s.bucket.key(t, s.index) }
    }
}

/// Searches the chain of a bucket.
///
/// # Safety
/// A map of the type that is not nil, and its hash of the key.
#[inline(always)]
pub(super) unsafe fn find_hashed<K: Key>(
    t: &MapType,
    h: &Hmap,
    key: K,
    hash: usize,
) -> Result<Option<Slot>, Slow> {
    debug_assert!(!h.buckets.is_null());
    // SAFETY: the caller's map has a table.
    let mut bucket = unsafe { bucket_to_read(t, h, hash) };
    let top = top_of(hash);
    loop {
        // SAFETY: a bucket of the caller's map.
        for index in unsafe { bucket.with_top(top) } {
            let slot = Slot { bucket, index };
            // SAFETY: only the hash byte of an entry is `MIN_TOP` or above, as `top` is.
            if unsafe { key.is(t, key_at::<K>(t, slot)) }? {
                return Ok(Some(slot));
            }
        }
        // SAFETY: a bucket of the caller's map.
        match unsafe { bucket.next(t) } {
            Some(b) => bucket = b,
            None => return Ok(None),
        }
    }
}

/// Searches a map; nil and empty ones have no need of the hash (and unhashable keys are not
/// complained about).
///
/// # Safety
/// A map of the type, or nil.
#[inline(always)]
pub(super) unsafe fn find<K: Key>(
    t: &MapType,
    h: *const Hmap,
    key: K,
) -> Result<Option<Slot>, Slow> {
    // SAFETY: the caller's map, unless it is nil.
    let Some(h) = (unsafe { with_entries(h) }) else {
        return Ok(None);
    };
    if h.count <= FEW
        && let Some(bucket) = single_bucket(h)
        // SAFETY: the caller's key is of the map's type.
        && unsafe { key.compares(t) }
    {
        // SAFETY: the only bucket of a map that has entries.
        for index in unsafe { used(bucket) } {
            let slot = Slot { bucket, index };
            // SAFETY: the slot is used, so it holds an entry.
            if unsafe { key.is(t, key_at::<K>(t, slot)) }? {
                return Ok(Some(slot));
            }
        }
        return Ok(None);
    }
    // SAFETY: the caller's key is of the map's type.
    let hash = unsafe { key.hash(t, seed(h)) }?;
    // SAFETY: the map has entries, so it has a table; the hash is this map's of the key.
    unsafe { find_hashed(t, h, key, hash) }
}

/// The map, unless it is nil or empty.
///
/// # Safety
/// A live map, or nil.
#[inline(always)]
unsafe fn with_entries<'a>(h: *const Hmap) -> Option<&'a Hmap> {
    // SAFETY: the caller's map is live. Readers set no more than its flags, which nothing reads
    // through this reference.
    unsafe { h.as_ref() }.filter(|h| h.count != 0)
}

/// Up to so many keys are compared, of those that [compare](Key::compares) in less time than it
/// takes to hash one.
const FEW: i64 = 4;

/// The slots of a single bucket that hold an entry.
///
/// # Safety
/// A live bucket.
#[inline(always)]
unsafe fn used(bucket: table::Bucket) -> table::Set {
    // SAFETY: the caller passes a live bucket.
    table::Set(!unsafe { bucket.with_top(table::EMPTY) }.0 & 0xff)
}

/// The seed of a map's hashes.
#[inline(always)]
pub(super) fn seed(h: &Hmap) -> usize {
    h.hash0 as usize
}

/// The only bucket of a table of one: there comparing keys is cheaper than hashing one. It has no
/// chain, as a map whose eight slots are full grows.
#[inline(always)]
fn single_bucket(h: &Hmap) -> Option<table::Bucket> {
    // A map with entries has buckets, and a map being grown has two at least.
    if h.b == 0 {
        Some(table::Bucket(h.buckets))
    } else {
        None
    }
}

/// [`find`] for keys of one word.
///
/// # Safety
/// As there.
#[inline(always)]
pub(super) unsafe fn find_word<K: Key>(
    t: &MapType,
    h: *const Hmap,
    key: K,
) -> Result<Option<Slot>, Slow> {
    // SAFETY: the caller's map, unless it is nil.
    let Some(h) = (unsafe { with_entries(h) }) else {
        return Ok(None);
    };
    if let Some(bucket) = single_bucket(h) {
        for index in 0..SLOTS {
            let slot = Slot { bucket, index };
            // SAFETY: the index is below `SLOTS`, and eight slots for keys are in a bucket. A slot
            // whose entry was deleted is zero, like a key may be.
            if unsafe { key.is(t, key_at::<K>(t, slot))? && bucket.top(index) != table::EMPTY } {
                return Ok(Some(slot));
            }
        }
        return Ok(None);
    }
    // SAFETY: the caller's key is of the map's type.
    let hash = unsafe { key.hash(t, seed(h)) }?;
    // SAFETY: the map has entries, so it has a table; the hash is this map's of the key.
    unsafe { find_hashed(t, h, key, hash) }
}

/// Strings from this length on are compared in full only when nothing else tells them apart.
const LONG: usize = 32;

/// [`find`] for strings.
///
/// # Safety
/// As there.
#[inline(always)]
pub(super) unsafe fn find_string(t: &MapType, h: *const Hmap, key: GoString) -> Option<Slot> {
    // SAFETY: the caller's map, unless it is nil.
    let h = unsafe { with_entries(h) }?;
    // SAFETY: it has entries, and its keys are strings.
    let slot = match unsafe { find_in_one(h, key) } {
        One::Found(slot) => return Some(slot),
        One::Missing => return None,
        One::Compare(slot) => Some(slot),
        One::Hash => None,
    };
    let key = Str(key);
    if let Some(slot) = slot {
        // SAFETY: a slot that is to be compared holds a string.
        return if unsafe { key.is(t, key_at::<Str>(t, slot)) } == Ok(true) {
            Some(slot)
        } else {
            None
        };
    }
    // Strings never need the slow path.
    // SAFETY: the caller's key is a live string.
    let hash = unsafe { key.hash(t, seed(h)) }.unwrap_or(0);
    // SAFETY: the map has entries, so it has a table; the hash is this map's of the key.
    unsafe { find_hashed(t, h, key, hash) }.unwrap_or(None)
}

/// What the keys of a single bucket say.
pub(super) enum One {
    /// It is in this slot.
    Found(Slot),
    /// It is not there.
    Missing,
    /// It can only be the long key in this slot: to be compared.
    Compare(Slot),
    /// More than one bucket, or several long keys that look alike: the hash is the better way.
    Hash,
}

/// Looks for a string in a map of a single bucket, without a call.
///
/// # Safety
/// A map of the type that is not nil or empty.
#[inline(always)]
pub(super) unsafe fn find_in_one(h: &Hmap, key: GoString) -> One {
    let Some(bucket) = single_bucket(h) else {
        return One::Hash;
    };
    if h.count == 1 {
        // SAFETY: the bucket of a map of strings that has entries; a set's slots are below eight.
        unsafe { find_among(bucket, used(bucket), key) }
    } else {
        // SAFETY: the same bucket; slots below eight.
        unsafe { find_among(bucket, 0..SLOTS, key) }
    }
}

/// Looks for a string among some slots of a bucket.
///
/// # Safety
/// A live bucket of a map whose keys are strings, slots below `SLOTS`, and a live string.
#[inline(always)]
unsafe fn find_among(
    bucket: table::Bucket,
    slots: impl Iterator<Item = usize>,
    key: GoString,
) -> One {
    let len = key.len as usize;
    let mut candidate = One::Missing;
    for index in slots {
        let slot = Slot { bucket, index };
        // SAFETY: a slot for a string; one without an entry holds the empty string.
        let s = unsafe { &*bucket.key_slot(16, index).cast::<GoString>() };
        if s.len != key.len {
            continue;
        }
        // SAFETY: both strings are live and have `len` bytes.
        if s.ptr == key.ptr || len < LONG && unsafe { same_bytes(s.ptr, key.ptr, len) } {
            // SAFETY: the caller's index is below `SLOTS`, its bucket live.
            if unsafe { bucket.top(index) } != table::EMPTY {
                return One::Found(slot);
            }
            continue;
        }
        if len >= LONG {
            // SAFETY: both strings have `LONG` bytes at least, and eight of them are at `at`.
            let ends_differ = |at: usize| unsafe {
                s.ptr.add(at).cast::<u64>().read_unaligned()
                    != key.ptr.add(at).cast::<u64>().read_unaligned()
            };
            if ends_differ(0) || ends_differ(len.wrapping_sub(8)) {
                continue;
            }
            if matches!(candidate, One::Compare(_)) {
                return One::Hash;
            }
            candidate = One::Compare(slot);
        }
    }
    candidate
}
