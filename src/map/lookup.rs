//! `m[k]`: reading. Never writes, so goroutines may read side by side.

use super::key::{Key, Str, same_bytes};
use super::table::{self, SLOTS, Slot, bucket_to_read, top_of};
use crate::abi::{GoString, Hmap, MapType, Slow};

/// The size of a key's slot; a constant where the kind of key fixes it.
#[inline(always)]
pub fn key_size<K: Key>(t: &MapType) -> usize {
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
pub unsafe fn key_at<K: Key>(t: &MapType, s: Slot) -> *mut u8 {
    // SAFETY: passed on; keys with a fixed kind are small, so in the bucket.
    unsafe {
        if K::SIZE != 0 {
            s.bucket.key_slot(K::SIZE, s.index)
        } else {
            s.bucket.key(t, s.index)
        }
    }
}

/// Searches the chain of a bucket.
///
/// # Safety
/// A map of the type that is not nil, and its hash of the key.
#[inline(always)]
pub unsafe fn find_hashed<K: Key>(
    t: &MapType,
    h: &Hmap,
    key: K,
    hash: usize,
) -> Result<Option<Slot>, Slow> {
    debug_assert!(!h.buckets.is_null());
    // SAFETY: the chain is the map's; matching hash bytes belong to entries.
    unsafe {
        let mut bucket = bucket_to_read(t, h, hash);
        let top = top_of(hash);
        loop {
            for index in bucket.with_top(top) {
                let slot = Slot { bucket, index };
                if key.is(t, key_at::<K>(t, slot))? {
                    return Ok(Some(slot));
                }
            }
            match bucket.next(t) {
                Some(b) => bucket = b,
                None => return Ok(None),
            }
        }
    }
}

/// Searches a map; nil and empty ones have no need of the hash (and unhashable keys are not
/// complained about).
///
/// # Safety
/// A map of the type, or nil.
#[inline(always)]
pub unsafe fn find<K: Key>(t: &MapType, h: *const Hmap, key: K) -> Result<Option<Slot>, Slow> {
    // SAFETY: passed on.
    unsafe {
        if h.is_null() || (*h).count == 0 {
            return Ok(None);
        }
        if (*h).count <= FEW
            && let Some(bucket) = single_bucket(&*h)
            && key.compares(t)
        {
            for index in used(bucket) {
                let slot = Slot { bucket, index };
                if key.is(t, key_at::<K>(t, slot))? {
                    return Ok(Some(slot));
                }
            }
            return Ok(None);
        }
        let hash = key.hash(t, seed(h))?;
        find_hashed(t, &*h, key, hash)
    }
}

/// Up to so many keys are compared, of those that [compare](Key::compares) in less time than it
/// takes to hash one.
const FEW: i64 = 4;

/// The slots of a single bucket that hold an entry.
#[inline(always)]
unsafe fn used(bucket: table::Bucket) -> table::Set {
    // SAFETY: a bucket of the map.
    table::Set(!unsafe { bucket.with_top(table::EMPTY) }.0 & 0xff)
}

/// The seed of a map's hashes.
///
/// # Safety
/// A map.
#[inline(always)]
pub unsafe fn seed(h: *const Hmap) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (*h).hash0 as usize }
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
pub unsafe fn find_word<K: Key>(t: &MapType, h: *const Hmap, key: K) -> Result<Option<Slot>, Slow> {
    // SAFETY: passed on.
    unsafe {
        if h.is_null() || (*h).count == 0 {
            return Ok(None);
        }
        if let Some(bucket) = single_bucket(&*h) {
            for index in 0..SLOTS {
                let slot = Slot { bucket, index };
                // A slot whose entry was deleted is zero, like a key may be.
                if key.is(t, key_at::<K>(t, slot))? && bucket.top(index) != table::EMPTY {
                    return Ok(Some(slot));
                }
            }
            return Ok(None);
        }
        let hash = key.hash(t, seed(h))?;
        find_hashed(t, &*h, key, hash)
    }
}

/// Strings from this length on are compared in full only when nothing else tells them apart.
const LONG: usize = 32;

/// [`find`] for strings.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn find_string(t: &MapType, h: *const Hmap, key: GoString) -> Option<Slot> {
    // SAFETY: passed on.
    unsafe {
        if h.is_null() || (*h).count == 0 {
            return None;
        }
        let slot = match find_in_one(&*h, key) {
            One::Found(slot) => return Some(slot),
            One::Missing => return None,
            One::Compare(slot) => Some(slot),
            One::Hash => None,
        };
        let key = Str(key);
        if let Some(slot) = slot {
            return if key.is(t, key_at::<Str>(t, slot)) == Ok(true) {
                Some(slot)
            } else {
                None
            };
        }
        // Strings never need the slow path.
        let hash = key.hash(t, seed(h)).unwrap_or(0);
        find_hashed(t, &*h, key, hash).unwrap_or(None)
    }
}

/// What the keys of a single bucket say.
pub enum One {
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
pub unsafe fn find_in_one(h: &Hmap, key: GoString) -> One {
    let Some(bucket) = single_bucket(h) else {
        return One::Hash;
    };
    // SAFETY: passed on.
    unsafe {
        if h.count == 1 {
            find_among(bucket, used(bucket), key)
        } else {
            find_among(bucket, 0..SLOTS, key)
        }
    }
}

/// Looks for a string among some slots of a bucket.
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
        // SAFETY: a slot of a string map; one without entry holds the empty string.
        unsafe {
            let s = &*bucket.key_slot(16, index).cast::<GoString>();
            if s.len != key.len {
                continue;
            }
            if s.ptr == key.ptr || len < LONG && same_bytes(s.ptr, key.ptr, len) {
                if bucket.top(index) != table::EMPTY {
                    return One::Found(slot);
                }
                continue;
            }
            if len >= LONG {
                let ends_differ = |at: usize| {
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
    }
    candidate
}
