//! `for k, v := range m`: starts anywhere, yields each key at most once, and each key that is there
//! all the time exactly once, whatever the loop does to the map.
//!
//! An iterator walks the table that it found, from a random bucket around to it, and in each bucket
//! from a random slot. Against growth:
//! - begun while the map is being grown, it walks the new table; a bucket whose chain is still in
//!   the old table is read there, skipping the entries that will go to the other half;
//! - where the map has grown since, the entries in the iterator's table are only names: what has
//!   been evacuated is looked up. (A NaN cannot be looked up, and therefore neither deleted nor
//!   changed: it is taken as it is.)
//!
//! The iterator's pointers to the map, the table and the bucket keep them alive; evacuation leaves
//! their contents alone (`table::ITERATOR`).

use super::key::{self, Any, Key, Simple};
use super::table::{
    self, Bucket, EVACUATED_EMPTY, EVACUATED_LOW, ITERATOR, MIN_TOP, OLD_ITERATOR, SLOTS, Slot,
    bucket, flags, mask_of,
};
use super::{lookup, mem};
use crate::abi::{Hiter, Hmap, Leaf, MapType, Mode, Slow, Sys};
use core::sync::atomic::Ordering;

/// `Hiter::check_bucket`: nothing to check.
const NO_CHECK: usize = usize::MAX;

/// How the iterator hashes and finds a key of the map again. Leaf mode does no barriers, so while
/// marking runs it only works on iterators on the goroutine's own stack.
pub(super) trait Steps: Mode {
    /// Whether a key equals itself; false for NaNs.
    ///
    /// # Safety
    /// A key of a map of the type lies at `p`.
    unsafe fn findable(self, t: &MapType, p: *const u8) -> Result<bool, Slow>;
    /// The hash of a key.
    ///
    /// # Safety
    /// As [`Steps::findable`].
    unsafe fn hash(self, t: &MapType, p: *const u8, seed: usize) -> Result<usize, Slow>;
    /// Where a key is now.
    ///
    /// # Safety
    /// As [`Steps::findable`]; `h` is a map of the type, `hash` its hash of the key.
    unsafe fn find(
        self,
        t: &MapType,
        h: &Hmap,
        p: *const u8,
        hash: usize,
    ) -> Result<Option<Slot>, Slow>;
}

impl Steps for Leaf<'_> {
    /// # Safety
    /// A key of `t` lies at `p`.
    #[inline(always)]
    unsafe fn findable(self, t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller's `p` is a key of the type.
        unsafe { Simple(p).is(t, p) }
    }
    /// # Safety
    /// A key of `t` lies at `p`.
    #[inline(always)]
    unsafe fn hash(self, t: &MapType, p: *const u8, seed: usize) -> Result<usize, Slow> {
        // SAFETY: the caller's `p` is a key of the type.
        unsafe { Simple(p).hash(t, seed) }
    }
    /// # Safety
    /// As [`Steps::find`].
    #[inline(always)]
    unsafe fn find(
        self,
        t: &MapType,
        h: &Hmap,
        p: *const u8,
        hash: usize,
    ) -> Result<Option<Slot>, Slow> {
        // SAFETY: the caller's map and key, and the map's hash of it.
        unsafe { lookup::find_hashed(t, h, Simple(p), hash) }
    }
}

impl Steps for Sys<'_> {
    /// # Safety
    /// A key of `t` lies at `p`.
    unsafe fn findable(self, t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller's `p` is a key of the type.
        Ok(unsafe { key::findable(self, t, p) })
    }
    /// # Safety
    /// A key of `t` lies at `p`.
    unsafe fn hash(self, t: &MapType, p: *const u8, seed: usize) -> Result<usize, Slow> {
        // SAFETY: the caller's `p` is a key of the type.
        Ok(unsafe { key::rehash(self, t, p, seed) })
    }
    /// # Safety
    /// As [`Steps::find`].
    unsafe fn find(
        self,
        t: &MapType,
        h: &Hmap,
        p: *const u8,
        hash: usize,
    ) -> Result<Option<Slot>, Slow> {
        // SAFETY: the caller's map and key, and the map's hash of it.
        unsafe { lookup::find_hashed(t, h, Any(self, p), hash) }
    }
}

/// Stores a pointer into the iterator, which may lie in the heap (reflect).
///
/// # Safety
/// A word of the iterator; in leaf mode the collector does not mark, or the iterator is on the
/// goroutine's own stack.
#[inline(always)]
unsafe fn set<M: Mode>(mode: M, slot: *mut *mut u8, p: *mut u8) {
    if mode.system().is_some() {
        // SAFETY: the word is one of the caller's iterator.
        unsafe { mem::write_ptr(slot, p) };
    } else {
        // SAFETY: the caller's word, for which no barrier is due.
        unsafe { slot.write(p) };
    }
}

/// Leaf mode may not write to the iterator: that would want a barrier.
#[inline(always)]
fn wants_barrier<M: Mode>(mode: M, it: *mut Hiter) -> bool {
    mode.system().is_none() && mem::barrier_enabled() && !mem::on_own_stack(it.cast())
}

/// Starts an iteration and goes to the first entry.
///
/// # Safety
/// A map of the type, or nil; `it` is a cleared iterator whose pointer words the collector sees.
#[inline(always)]
pub(super) unsafe fn start<M: Steps>(
    mode: M,
    t: &MapType,
    h: *mut Hmap,
    it: *mut Hiter,
) -> Result<(), Slow> {
    // SAFETY: the caller passes a live map, or nil.
    let Some(map) = (unsafe { h.as_ref() }).filter(|h| h.count != 0) else {
        // SAFETY: the iterator is the caller's. Nil needs no barrier.
        unsafe { end(it) };
        return Ok(());
    };
    if wants_barrier(mode, it) {
        return Err(Slow);
    }
    let random = mem::fastrand() as usize;
    // SAFETY: the iterator is the caller's, and leaf mode may write to it.
    unsafe {
        (*it).b = map.b;
        (*it).start_bucket = random & mask_of(map.b);
        (*it).bucket = (*it).start_bucket;
        (*it).offset = (random >> 61) as u8;
        (*it).wrapped = 0;
        (*it).bptr = core::ptr::null_mut();
        (*it).i = 0;
        set(
            mode,
            (&raw mut (*it).t).cast(),
            (&raw const *t).cast_mut().cast(),
        );
        set(mode, (&raw mut (*it).h).cast(), h.cast());
        set(mode, &raw mut (*it).buckets, map.buckets);
    }
    // Several goroutines may start iterating side by side.
    let both = ITERATOR | OLD_ITERATOR;
    // SAFETY: the caller passes a live map, or nil, which it is not here.
    let flags = unsafe { flags(h) };
    if flags.load(Ordering::Relaxed) & both != both {
        flags.fetch_or(both, Ordering::Relaxed);
    }
    // SAFETY: all that `next` reads of the iterator has just been written.
    unsafe { next(mode, it) }
}

/// Says that there are no more entries.
///
/// # Safety
/// The iterator is the caller's.
#[inline(always)]
unsafe fn end(it: *mut Hiter) {
    // SAFETY: the iterator is the caller's, who alone has it.
    let it = unsafe { &mut *it };
    it.key = core::ptr::null_mut();
    it.value = core::ptr::null_mut();
}

/// Goes to the next entry, or sets the key to null at the end. Nothing is changed when the slow
/// path has to do it.
///
/// # Safety
/// A started iterator.
#[inline(always)]
pub(super) unsafe fn next<M: Steps>(mode: M, it: *mut Hiter) -> Result<(), Slow> {
    if wants_barrier(mode, it) {
        return Err(Slow);
    }
    // SAFETY: a started iterator names a map type and a map of it.
    let (t, h, iterator) = unsafe { (&*(*it).t, (*it).h, &*it) };
    let mut at = Cursor {
        chain: iterator.bptr,
        index: iterator.bucket,
        wrapped: iterator.wrapped != 0,
        check: iterator.check_bucket,
        i: usize::from(iterator.i),
    };
    let offset = usize::from(iterator.offset);
    loop {
        // SAFETY: the iterator keeps map and table alive, and its indices are inside the table.
        if at.chain.is_null() && !unsafe { at.enter(t, &*h, &*it) } {
            // SAFETY: the iterator is the caller's. Nil needs no barrier.
            unsafe { end(it) };
            return Ok(());
        }
        let bucket = Bucket(at.chain);
        while at.i < SLOTS {
            let index = at.i.wrapping_add(offset) & (SLOTS - 1);
            at.i = at.i.wrapping_add(1);
            // SAFETY: a bucket of the iterator's table or the one before, which it keeps alive; the
            // mask keeps the index below `SLOTS`.
            let top = unsafe { bucket.top(index) };
            if top <= EVACUATED_EMPTY {
                continue;
            }
            let slot = Slot { bucket, index };
            // SAFETY: the hash byte is that of an entry, or of one that was evacuated.
            let found = unsafe { entry(mode, t, h, &*it, slot, top, at.check) }?;
            let Some((k, v)) = found else {
                continue;
            };
            // SAFETY: the iterator is the caller's, and leaf mode may write to it.
            unsafe {
                set(mode, &raw mut (*it).key, k);
                set(mode, &raw mut (*it).value, v);
                set(mode, &raw mut (*it).bptr, at.chain);
                (*it).bucket = at.index;
                (*it).wrapped = u8::from(at.wrapped);
                (*it).check_bucket = at.check;
                (*it).i = at.i as u8;
            }
            return Ok(());
        }
        at.i = 0;
        // SAFETY: a bucket of the iterator's table or the one before, which it keeps alive.
        let next = unsafe { bucket.next(t) };
        at.chain = next.map_or(core::ptr::null_mut(), |b| b.0);
    }
}

/// Where an iterator is.
struct Cursor {
    /// Bucket of the chain, or null between two chains.
    chain: *mut u8,
    /// The table's bucket to enter next.
    index: usize,
    /// The end of the table has been passed.
    wrapped: bool,
    /// Only entries that go to this bucket count.
    check: usize,
    /// Slots seen.
    i: usize,
}

impl Cursor {
    /// Enters the next chain. False when it is the one that the iteration started with.
    ///
    /// # Safety
    /// A live map of the type, an iterator over it, and the cursor is its.
    #[inline(always)]
    unsafe fn enter(&mut self, t: &MapType, h: &Hmap, it: &Hiter) -> bool {
        if self.index == it.start_bucket && self.wrapped {
            return false;
        }
        let mask = mask_of(it.b);
        debug_assert!(self.index <= mask && it.b <= h.b);
        self.check = NO_CHECK;
        // SAFETY: the index is inside the iterator's table, its lower bits inside the one before.
        unsafe {
            let mut b = bucket(t, it.buckets, self.index);
            if it.b == h.b && !h.oldbuckets.is_null() {
                let old = bucket(t, h.oldbuckets, self.index & mask >> 1);
                if !old.evacuated() {
                    self.check = self.index;
                    b = old;
                }
            }
            self.chain = b.0;
        }
        self.i = 0;
        self.index = self.index.wrapping_add(1);
        if self.index > mask {
            self.index = 0;
            self.wrapped = true;
        }
        true
    }
}

/// The entry in a slot as the loop is to see it, if it is to see it.
///
/// # Safety
/// A live map of the type, and an iterator over it; `top` is the hash byte of the slot, which holds
/// an entry or what evacuation left of it; `check` is the cursor's.
#[inline(always)]
unsafe fn entry<M: Steps>(
    mode: M,
    t: &MapType,
    h: *mut Hmap,
    it: &Hiter,
    slot: Slot,
    top: u8,
    check: usize,
) -> Result<Option<(*mut u8, *mut u8)>, Slow> {
    // SAFETY: the caller's slot holds an entry; evacuation leaves key and value where they are
    // while an iterator may look at them.
    let p = unsafe { slot.bucket.key(t, slot.index) };
    // SAFETY: the slot has a value where it has a key.
    let value = || unsafe { slot.bucket.value(t, slot.index) };
    if check == NO_CHECK && top >= MIN_TOP {
        return Ok(Some((p, value())));
    }
    // SAFETY: a key of the map lies at `p`.
    let findable = table::reflexive(t) || unsafe { mode.findable(t, p) }?;
    let hash = if findable {
        // SAFETY: a key of the map lies at `p`.
        unsafe { mode.hash(t, p, lookup::seed(&*h)) }?
    } else {
        0
    };
    if check != NO_CHECK {
        let here = if findable {
            hash & mask_of(it.b) == check
        } else {
            upper(check, it.b) == (top & 1 != 0)
        };
        if !here {
            return Ok(None);
        }
    }
    if top >= MIN_TOP || !findable {
        return Ok(Some((p, value())));
    }
    debug_assert!(top == EVACUATED_LOW || top == EVACUATED_LOW + 1);
    // SAFETY: the caller passes a live map.
    let h = unsafe { &*h };
    if h.count == 0 {
        return Ok(None);
    }
    // SAFETY: the map has entries, so it has a table; the hash is this map's of the key.
    let found = unsafe { mode.find(t, h, p, hash) }?;
    // SAFETY: the slot was found, so it holds an entry.
    Ok(found.map(|s| unsafe { (s.bucket.key(t, s.index), s.bucket.value(t, s.index)) }))
}

/// Bucket `i` of a table of `2^b` is in its upper half.
#[inline(always)]
fn upper(i: usize, b: u8) -> bool {
    i > mask_of(b) >> 1
}
