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
pub(super) fn overloaded(count: usize, b: u8) -> bool {
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

/// # Safety
/// `first` is the head of a chain of a live map of the type, `key` a key of it, `top` a hash byte
/// of an entry.
#[inline(always)]
unsafe fn place<K: Key>(t: &MapType, first: Bucket, key: K, top: u8) -> Result<Place, Slow> {
    let mut bucket = first;
    let mut free = None;
    loop {
        // SAFETY: a bucket of the caller's chain.
        for index in unsafe { bucket.with_top(top) } {
            let slot = Slot { bucket, index };
            // SAFETY: the slot's hash byte says that it holds an entry.
            if unsafe { key.is(t, key_at::<K>(t, slot)) }? {
                return Ok(Place::Entry(slot));
            }
        }
        if free.is_none() {
            // SAFETY: a bucket of the caller's chain.
            let mut empty = unsafe { bucket.with_top(EMPTY) };
            free = empty.next().map(|index| Slot { bucket, index });
        }
        // SAFETY: a bucket of the caller's chain.
        match unsafe { bucket.next(t) } {
            Some(b) => bucket = b,
            None => break,
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
pub(super) unsafe fn assign<K: Key, M: Mode>(
    mode: M,
    t: &MapType,
    h: *mut Hmap,
    key: K,
    value: *const u8,
) -> Result<(), Slow> {
    // SAFETY: the caller's map is not nil.
    if mode.system().is_none() && !unsafe { (*h).oldbuckets.is_null() } {
        return Err(Slow);
    }
    // SAFETY: the caller's key is of the map's type.
    let hash = unsafe { key.hash(t, lookup::seed(&*h)) }?;
    // SAFETY: the map is the caller's alone; its type's descriptor names that of its buckets. A new
    // object needs no barrier.
    unsafe {
        if (*h).buckets.is_null() {
            (*h).buckets = mem::object(mode, t.bucket)?;
        }
    }
    let top = top_of(hash);
    loop {
        // SAFETY: the map is the caller's alone, and has a table, inside which the mask keeps the
        // index.
        let found = unsafe {
            let index = hash & mask_of((*h).b);
            if let Some(sys) = mode.system()
                && !(*h).oldbuckets.is_null()
            {
                grow::step(sys, t, h, index);
            }
            place(t, bucket(t, (*h).buckets, index), key, top)?
        };
        if let Place::Entry(slot) = found {
            // SAFETY: the slot holds an entry with an equal key, and is the caller's to write.
            unsafe {
                if K::DIFFERS {
                    key.store(mode, t, key_at::<K>(t, slot));
                }
                mem::copy_value(mode, t.elem, slot.bucket.value(t, slot.index), value);
            }
            return Ok(());
        }
        // SAFETY: the map is the caller's alone, has a table, and is not being grown.
        unsafe {
            if (*h).oldbuckets.is_null() && overloaded((*h).count as usize, (*h).b) {
                grow::start(mode.system().ok_or(Slow)?, t, h);
                continue;
            }
        }
        let slot = match found {
            Place::Full(last) => {
                let sys = mode.system().ok_or(Slow)?;
                // SAFETY: the map is the caller's alone, and `last` the end of one of its chains.
                let bucket = unsafe {
                    let b = table::new_overflow(sys, t, h);
                    last.set_next(t, b);
                    b
                };
                Slot { bucket, index: 0 }
            }
            Place::Free(slot) | Place::Entry(slot) => slot,
        };
        // SAFETY: the slot is free, and its bucket at the place of the key's chain.
        return unsafe { insert(mode, t, h, slot, key, value, top) };
    }
}

/// Fills a free slot.
///
/// # Safety
/// A free slot of the map; the rest as for [`assign`].
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
    // SAFETY: the caller's slot is in a live bucket of the map.
    debug_assert!(unsafe { slot.bucket.top(slot.index) } == EMPTY && top >= MIN_TOP);
    // SAFETY: the caller's slot, of a map of the type.
    let (mut k, mut v) = unsafe {
        (
            slot.bucket.key_slot(key_size::<K>(t), slot.index),
            slot.bucket.value_slot(t, slot.index),
        )
    };
    // Both allocations come before the first change.
    // SAFETY: the type's descriptor names those of key and value. The slots are the caller's to
    // write and hold a pointer each where the type says so; new objects need no barrier.
    unsafe {
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
    }
    // SAFETY: `k` and `v` are places for a key and a value, in the slot or new; the map is the
    // caller's alone while it is written.
    unsafe {
        key.store(mode, t, k);
        mem::copy_value(mode, t.elem, v, value);
        slot.bucket.set_top(slot.index, top);
        (*h).count += 1;
    }
    Ok(())
}

/// Removes `key`. Nil maps and missing keys are nothing to do.
///
/// # Safety
/// A map of the type that is the caller's to write, or nil; a key of it.
#[inline(always)]
pub(super) unsafe fn delete<K: Key, M: Mode>(
    mode: M,
    t: &MapType,
    h: *mut Hmap,
    key: K,
) -> Result<(), Slow> {
    // SAFETY: the caller passes a live map, or nil.
    let Some(map) = (unsafe { h.as_ref() }).filter(|h| h.count != 0) else {
        return Ok(());
    };
    if mode.system().is_none() && !map.oldbuckets.is_null() {
        return Err(Slow);
    }
    // SAFETY: the caller's key is of the map's type.
    let hash = unsafe { key.hash(t, lookup::seed(map)) }?;
    if let Some(sys) = mode.system()
        && !map.oldbuckets.is_null()
    {
        let index = hash & mask_of(map.b);
        // SAFETY: the map is being grown, and the caller's to write.
        unsafe { grow::step(sys, t, h, index) };
    }
    // SAFETY: the map has entries, so it has a table; the hash is this map's of the key.
    let Some(Slot { bucket, index }) = (unsafe { lookup::find_hashed(t, &*h, key, hash) })? else {
        return Ok(());
    };
    // Cleared for the collector's sake, and because a search in a single bucket compares keys
    // first.
    let size = key_size::<K>(t);
    // SAFETY: the slot is one of the map's, which is the caller's to write: it holds `size` bytes of
    // key and `valuesize` of value.
    unsafe {
        mem::clear_bytes(bucket.key_slot(size, index), size);
        mem::clear_bytes(bucket.value_slot(t, index), usize::from(t.valuesize));
        debug_assert!((*h).count > 0 && bucket.top(index) >= MIN_TOP);
        bucket.set_top(index, EMPTY);
        (*h).count -= 1;
    }
    Ok(())
}
