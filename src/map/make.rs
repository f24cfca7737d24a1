//! `make(map[K]V)`.

use super::assign::overloaded;
use super::{mem, table};
use crate::abi::{Hmap, MapType, Mode, Slow, Sys, known};
use crate::types::hash;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Makes a map. Its table comes with the first entry, unless more than one bucket is asked for.
///
/// # Safety
/// `h` is a cleared map in the caller's frame or null; `buckets` is a cleared bucket there or null;
/// in leaf mode `hint` is at most [`table::SLOTS`].
#[inline(always)]
pub(super) unsafe fn make<M: Mode>(
    mode: M,
    t: &MapType,
    hint: usize,
    h: *mut Hmap,
    buckets: *mut u8,
) -> Result<*mut Hmap, Slow> {
    let mut b = 0;
    while overloaded(hint, b) && hint > table::SLOTS {
        b += 1;
    }
    let buckets = if b == 0 {
        buckets
    } else {
        // SAFETY: a map type's descriptor names that of its buckets.
        unsafe { mem::newarray(mode.system().ok_or(Slow)?, t.bucket, 1usize << b) }
    };
    let h: *mut Hmap = if h.is_null() {
        // SAFETY: a map type's descriptor names that of the map itself, which is an `Hmap`.
        unsafe { mem::object(mode, t.hmap) }?.cast()
    } else {
        h
    };
    // SAFETY: a cleared map, the caller's alone until it is returned.
    let map = unsafe { &mut *h };
    map.b = b;
    map.hash0 = hash::seed(mem::fastrand());
    // A new object or one of the caller's frame: no barrier is due.
    map.buckets = buckets;
    Ok(h)
}

/// Sees to it that a missing key's value can be answered: types that package reflect makes may lack
/// their zero value.
pub(super) fn ensure_zero(_: Sys<'_>, t: &MapType) {
    if !table::zero_value(t).is_null() {
        return;
    }
    // SAFETY: a map type's descriptor names that of its values.
    let size = unsafe { (*t.elem).size };
    let zero = if size <= known::ZERO_VALUE_SIZE {
        known::zero_value()
    } else {
        crate::mem::persistent_alloc(size, 64)
    };
    // SAFETY: only descriptors in the heap lack the zero value, so this one can be written. Readers
    // see null or, from any thread that was here, zeroes that last.
    let slot = unsafe { AtomicPtr::from_ptr((&raw const (*t.elem).zero).cast_mut().cast()) };
    slot.store(zero, Ordering::Release);
}
