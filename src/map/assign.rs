//! `m[k] = v` and `delete(m, k)`.
//!
//! In leaf mode both do what needs no growth and no chain bucket; they change nothing before they
//! know that they can finish. Its caller does the barrier for key and value. New objects need none.

use super::key::Key;
use super::lookup::{self, key_at, key_size};
use super::table::{self, Bucket, EMPTY, MIN_TOP, SLOTS, Slot, bucket, mask_of, top_of};
use super::{grow, mem};
use crate::abi::{Hmap, MapType, Mode, Slow};

/// Entries for every two buckets above which a map grows: 6.5 a bucket. Higher makes chains longer,
/// lower wastes memory.
pub const LOAD: usize = 13;

/// One more entry would be too many for `2^b` buckets.
#[inline(always)]
pub fn overloaded(count: usize, b: u8) -> bool {
    count >= SLOTS && count.wrapping_mul(2) >= LOAD.wrapping_shl(u32::from(b))
}

/// What the search for a place found.
enum Place {
    /// An entry with an equal key.
    Entry(Slot),
    /// A free slot.
    Free(Slot),
    /// No free slot; the chain ends here.
    Full(Bucket),
}

#[inline(always)]
unsafe fn place<K: Key>(t: &MapType, first: Bucket, key: K, top: u8) -> Result<Place, Slow> {
    let mut bucket = first;
    let mut free = None;
    // SAFETY: the chain is the map's.
    unsafe {
        loop {
            for index in bucket.with_top(top) {
                let slot = Slot { bucket, index };
                if key.is(t, key_at::<K>(t, slot))? {
                    return Ok(Place::Entry(slot));
                }
            }
            if free.is_none() {
                free = bucket
                    .with_top(EMPTY)
                    .next()
                    .map(|index| Slot { bucket, index });
            }
            match bucket.next(t) {
                Some(b) => bucket = b,
                None => break,
            }
        }
    }
    Ok(match free {
        Some(slot) => Place::Free(slot),
        None => Place::Full(bucket),
    })
}

/// Sets the value of `key`.
///
/// # Safety
/// A map of the type that is not nil; `value` is valid for a value; in leaf mode the caller shades
/// what key and value point to.
#[inline(always)]
pub unsafe fn assign<K: Key, M: Mode>(
    mode: M,
    t: &MapType,
    h: *mut Hmap,
    key: K,
    value: *const u8,
) -> Result<(), Slow> {
    // SAFETY: the map is the caller's alone while it is written.
    unsafe {
        if mode.system().is_none() && !(*h).oldbuckets.is_null() {
            return Err(Slow);
        }
        let hash = key.hash(t, lookup::seed(h))?;
        if (*h).buckets.is_null() {
            (*h).buckets = mem::object(mode, t.bucket)?;
        }
        let top = top_of(hash);
        loop {
            let index = hash & mask_of((*h).b);
            if let Some(sys) = mode.system()
                && !(*h).oldbuckets.is_null()
            {
                grow::step(sys, t, h, index);
            }
            let slot = match place(t, bucket(t, (*h).buckets, index), key, top)? {
                Place::Entry(slot) => {
                    key.update(mode, t, key_at::<K>(t, slot));
                    mem::copy_value(mode, t.elem, slot.bucket.value(t, slot.index), value);
                    return Ok(());
                }
                found => {
                    if (*h).oldbuckets.is_null() && overloaded((*h).count as usize, (*h).b) {
                        grow::start(mode.system().ok_or(Slow)?, t, h);
                        continue;
                    }
                    match found {
                        Place::Full(last) => {
                            let sys = mode.system().ok_or(Slow)?;
                            let b = table::new_overflow(sys, t, h);
                            last.set_next(t, b);
                            Slot {
                                bucket: b,
                                index: 0,
                            }
                        }
                        Place::Free(slot) | Place::Entry(slot) => slot,
                    }
                }
            };
            return insert(mode, t, h, slot, key, value, top);
        }
    }
}

/// Fills a free slot.
#[inline(always)]
unsafe fn insert<K: Key, M: Mode>(
    mode: M,
    t: &MapType,
    h: *mut Hmap,
    slot: Slot,
    key: K,
    value: *const u8,
    top: u8,
) -> Result<(), Slow> {
    // SAFETY: the slot is the caller's.
    unsafe {
        debug_assert!(slot.bucket.top(slot.index) == EMPTY && top >= MIN_TOP);
        let mut k = slot.bucket.key_slot(key_size::<K>(t), slot.index);
        let mut v = slot.bucket.value_slot(t, slot.index);
        // Both allocations come before the first change.
        if K::SIZE == 0 && t.indirectkey != 0 {
            let p = mem::object(mode, t.key)?;
            if t.indirectvalue != 0 {
                let q = mem::object(mode, t.elem)?;
                v.cast::<*mut u8>().write(q);
                v = q;
            }
            k.cast::<*mut u8>().write(p);
            k = p;
        } else if t.indirectvalue != 0 {
            let q = mem::object(mode, t.elem)?;
            v.cast::<*mut u8>().write(q);
            v = q;
        }
        key.store(mode, t, k);
        mem::copy_value(mode, t.elem, v, value);
        slot.bucket.set_top(slot.index, top);
        (*h).count += 1;
        Ok(())
    }
}

/// Removes `key`. Nil maps and missing keys are nothing to do.
///
/// # Safety
/// As `assign`, but the map may be nil.
#[inline(always)]
pub unsafe fn delete<K: Key, M: Mode>(
    mode: M,
    t: &MapType,
    h: *mut Hmap,
    key: K,
) -> Result<(), Slow> {
    // SAFETY: the map is the caller's alone while it is written.
    unsafe {
        if h.is_null() || (*h).count == 0 {
            return Ok(());
        }
        if mode.system().is_none() && !(*h).oldbuckets.is_null() {
            return Err(Slow);
        }
        let hash = key.hash(t, lookup::seed(h))?;
        if let Some(sys) = mode.system()
            && !(*h).oldbuckets.is_null()
        {
            grow::step(sys, t, h, hash & mask_of((*h).b));
        }
        let Some(Slot { bucket, index }) = lookup::find_hashed(t, &*h, key, hash)? else {
            return Ok(());
        };
        // Cleared for the collector's sake, and because a search in a single bucket compares keys
        // first.
        let size = key_size::<K>(t);
        mem::clear_bytes(bucket.key_slot(size, index), size);
        mem::clear_bytes(bucket.value_slot(t, index), usize::from(t.valuesize));
        debug_assert!((*h).count > 0 && bucket.top(index) >= MIN_TOP);
        bucket.set_top(index, EMPTY);
        (*h).count -= 1;
        Ok(())
    }
}
