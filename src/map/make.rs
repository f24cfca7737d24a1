//! `make(map[K]V)`.

use super::assign::overloaded;
use super::{mem, table};
use crate::abi::{Hmap, MapType, Mode, Slow, Type, known};
use crate::types::hash;

/// Makes a map. Its table comes with the first entry, unless more than one bucket is asked for.
///
/// # Safety
/// A map type; `h` is a cleared map in the caller's frame or null; `buckets` is a cleared bucket
/// there or null; the mode must be true, and in leaf mode `hint` be at most [`table::SLOTS`].
#[inline(always)]
pub unsafe fn make<M: Mode>(
    mode: M,
    t: *const MapType,
    hint: usize,
    h: *mut Hmap,
    buckets: *mut u8,
) -> Result<*mut Hmap, Slow> {
    // SAFETY: the map is the caller's alone until it is returned.
    unsafe {
        let mut b = 0;
        while overloaded(hint, b) && hint > table::SLOTS {
            b += 1;
        }
        let buckets = if b == 0 {
            buckets
        } else {
            mem::newarray(mode.system().ok_or(Slow)?, (*t).bucket, 1usize << b)
        };
        let h = if h.is_null() {
            mem::object(mode, (*t).hmap)?.cast()
        } else {
            h
        };
        (*h).b = b;
        (*h).hash0 = hash::seed(mem::fastrand());
        // A new object or one of the caller's frame: no barrier is due.
        (*h).buckets = buckets;
        Ok(h)
    }
}

/// Sees to it that a missing key's value can be answered: types that package reflect makes may lack
/// their zero value.
///
/// # Safety
/// In system mode; a type.
pub unsafe fn ensure_zero(elem: *const Type) {
    // SAFETY: only types in the heap lack the zero value, and all who write it write zeroes that
    // last.
    unsafe {
        if (*elem).zero.is_null() {
            let zero = if (*elem).size <= known::ZERO_VALUE_SIZE {
                known::zero_value()
            } else {
                crate::mem::persistent_alloc((*elem).size, 64)
            };
            let slot = core::sync::atomic::AtomicPtr::from_ptr(
                (&raw const (*elem).zero).cast_mut().cast(),
            );
            slot.store(zero, core::sync::atomic::Ordering::Release);
        }
    }
}
