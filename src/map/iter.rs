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
pub trait Steps: Mode {
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
    #[inline(always)]
    unsafe fn findable(self, t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: a key of the type.
        unsafe { Simple(p).is(t, p) }
    }
    #[inline(always)]
    unsafe fn hash(self, t: &MapType, p: *const u8, seed: usize) -> Result<usize, Slow> {
        // SAFETY: a key of the type.
        unsafe { Simple(p).hash(t, seed) }
    }
    #[inline(always)]
    unsafe fn find(
        self,
        t: &MapType,
        h: &Hmap,
        p: *const u8,
        hash: usize,
    ) -> Result<Option<Slot>, Slow> {
        // SAFETY: passed on.
        unsafe { lookup::find_hashed(t, h, Simple(p), hash) }
    }
}

impl Steps for Sys<'_> {
    unsafe fn findable(self, t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: a key of the type.
        Ok(unsafe { key::findable(self, t, p) })
    }
    unsafe fn hash(self, t: &MapType, p: *const u8, seed: usize) -> Result<usize, Slow> {
        // SAFETY: a key of the type.
        Ok(unsafe { key::rehash(self, t, p, seed) })
    }
    unsafe fn find(
        self,
        t: &MapType,
        h: &Hmap,
        p: *const u8,
        hash: usize,
    ) -> Result<Option<Slot>, Slow> {
        // SAFETY: passed on.
        unsafe { lookup::find_hashed(t, h, Any(self, p), hash) }
    }
}

/// Stores a pointer into the iterator, which may lie in the heap (reflect).
#[inline(always)]
unsafe fn set<M: Mode>(mode: M, slot: *mut *mut u8, p: *mut u8) {
    // SAFETY: a word of the iterator; leaf mode has made sure that no barrier is needed.
    unsafe {
        match mode.system() {
            Some(_) => mem::write_ptr(slot, p),
            None => slot.write(p),
        }
    }
}

/// Starts an iteration and goes to the first entry.
///
/// # Safety
/// A map of the type, or nil; `it` is a cleared iterator whose pointer words the collector sees.
#[inline(always)]
pub unsafe fn start<M: Steps>(
    mode: M,
    t: *const MapType,
    h: *mut Hmap,
    it: *mut Hiter,
) -> Result<(), Slow> {
    // SAFETY: the iterator is the caller's; the map is only read, but for its flags.
    unsafe {
        if h.is_null() || (*h).count == 0 {
            (*it).key = core::ptr::null_mut();
            (*it).value = core::ptr::null_mut();
            return Ok(());
        }
        if mode.system().is_none() && mem::barrier_enabled() && !mem::on_own_stack(it.cast()) {
            return Err(Slow);
        }
        let random = mem::fastrand() as usize;
        (*it).b = (*h).b;
        (*it).start_bucket = random & mask_of((*h).b);
        (*it).bucket = (*it).start_bucket;
        (*it).offset = (random >> 61) as u8;
        (*it).wrapped = 0;
        (*it).bptr = core::ptr::null_mut();
        (*it).i = 0;
        set(mode, (&raw mut (*it).t).cast(), t.cast_mut().cast());
        set(mode, (&raw mut (*it).h).cast(), h.cast());
        set(mode, &raw mut (*it).buckets, (*h).buckets);
        // Several goroutines may start iterating side by side.
        let both = ITERATOR | OLD_ITERATOR;
        if flags(h).load(Ordering::Relaxed) & both != both {
            flags(h).fetch_or(both, Ordering::Relaxed);
        }
        next(mode, it)
    }
}

/// Goes to the next entry, or sets the key to null at the end. Nothing is changed when the slow
/// path has to do it.
///
/// # Safety
/// A started iterator.
#[inline(always)]
pub unsafe fn next<M: Steps>(mode: M, it: *mut Hiter) -> Result<(), Slow> {
    // SAFETY: the iterator is the caller's and keeps the table alive.
    unsafe {
        if mode.system().is_none() && mem::barrier_enabled() && !mem::on_own_stack(it.cast()) {
            return Err(Slow);
        }
        let t = &*(*it).t;
        let h = (*it).h;
        let mut at = Cursor {
            chain: (*it).bptr,
            index: (*it).bucket,
            wrapped: (*it).wrapped != 0,
            check: (*it).check_bucket,
            i: usize::from((*it).i),
        };
        let offset = usize::from((*it).offset);
        loop {
            if at.chain.is_null() && !at.enter(t, &*h, &*it) {
                (*it).key = core::ptr::null_mut();
                (*it).value = core::ptr::null_mut();
                return Ok(());
            }
            let b = Bucket(at.chain);
            while at.i < SLOTS {
                let slot = at.i.wrapping_add(offset) & (SLOTS - 1);
                at.i = at.i.wrapping_add(1);
                let top = b.top(slot);
                if top <= EVACUATED_EMPTY {
                    continue;
                }
                let slot = Slot {
                    bucket: b,
                    index: slot,
                };
                let Some((k, v)) = entry(mode, t, h, &*it, slot, top, at.check)? else {
                    continue;
                };
                set(mode, &raw mut (*it).key, k);
                set(mode, &raw mut (*it).value, v);
                set(mode, &raw mut (*it).bptr, at.chain);
                (*it).bucket = at.index;
                (*it).wrapped = u8::from(at.wrapped);
                (*it).check_bucket = at.check;
                (*it).i = at.i as u8;
                return Ok(());
            }
            at.i = 0;
            at.chain = b.next(t).map_or(core::ptr::null_mut(), |b| b.0);
        }
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
    // SAFETY: the slot holds an entry, or what evacuation left of it.
    unsafe {
        let Slot {
            bucket: b,
            index: i,
        } = slot;
        let p = b.key(t, i);
        if check == NO_CHECK && top >= MIN_TOP {
            return Ok(Some((p, b.value(t, i))));
        }
        let findable = table::reflexive(t) || mode.findable(t, p)?;
        let hash = if findable {
            mode.hash(t, p, lookup::seed(h))?
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
            return Ok(Some((p, b.value(t, i))));
        }
        debug_assert!(top == EVACUATED_LOW || top == EVACUATED_LOW + 1);
        if (*h).count == 0 {
            return Ok(None);
        }
        Ok(mode
            .find(t, &*h, p, hash)?
            .map(|s| (s.bucket.key(t, s.index), s.bucket.value(t, s.index))))
    }
}

/// Bucket `i` of a table of `2^b` is in its upper half.
#[inline(always)]
fn upper(i: usize, b: u8) -> bool {
    i > mask_of(b) >> 1
}
