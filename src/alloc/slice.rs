//! Slices: make, append's growth, copy.

use super::malloc::{MAX_MEM, leaf_alloc, mallocgc, newarray};
use crate::abi::{Caller, GoSlice, Leaf, Outcome, ResumeStep, SliceType, Slow, Sys, Type, args};
use crate::gc::barrier;
use crate::heap::classes::{self, round_up};
use crate::heap::{central, find_object, zero_base};
use crate::panic;
use crate::sched::park;
use crate::world::{self, g, phase};
use core::ptr::null;

/// The type of a slice's elements.
///
/// # Safety
/// The descriptor of a slice type.
unsafe fn elem<'a>(t: *const SliceType) -> &'a Type {
    // SAFETY: the caller's descriptor names that of the elements, which lives as long.
    unsafe { &*(*t).elem }
}

/// Largest number of elements of `size` bytes.
#[inline(always)]
fn max_len(size: usize) -> usize {
    MAX_MEM.checked_div(size).unwrap_or(isize::MAX as usize)
}

/// `makeslice` of small slices.
#[inline(always)]
pub fn make_leaf(_: Leaf<'_>, a: &mut args::runtime_makeslice) -> Result<(), Slow> {
    // SAFETY: compiled code passes a slice type.
    let et = unsafe { elem(a.t.cast()) };
    let size = et.size;
    // Small lengths cannot overflow; all else is the slow path's.
    if a.cap64 as u64 > 32768 || size > 32768 || a.len64 as u64 > a.cap64 as u64 {
        return Err(Slow);
    }
    let p = if a.cap64 == 0 {
        zero_base()
    } else {
        // SAFETY: compiled code runs with a P; the size is a multiple of that of the type.
        unsafe { leaf_alloc((a.cap64 as usize).wrapping_mul(size), et) }?.as_ptr()
    };
    a.r0 = GoSlice {
        ptr: p,
        len: a.len64,
        cap: a.cap64,
    };
    Ok(())
}

/// Bytes that `makeslice` clears at a time: some ten microseconds, as a stop of the world may have
/// to wait for it.
const PIECE: usize = 256 << 10;

/// Clears `from..to`, memory without pointers that the running goroutine's call has just allocated
/// and that its results point to. If preemption is requested the goroutine yields its P, and
/// continues here when it runs again.
///
/// # Safety
/// As it says of the memory.
unsafe fn clear_in_pieces(caller: Caller<'_>, mut from: usize, to: usize) -> Outcome {
    let g = caller.g();
    while from < to {
        let n = PIECE.min(to - from);
        // SAFETY: the memory is that of the caller's new object, which it does not show before its
        // call returns.
        unsafe { (from as *mut u8).write_bytes(0, n) };
        from += n;
        // SAFETY: the caller is stopped at its call, so its G is this thread's to write.
        unsafe {
            if from < to && g::wanted(g) {
                (*g).param = from as *mut u8;
                (*g).resumearg = to;
                (*g).resume = ResumeStep::new(clear_rest);
                return park::preempt_in_call(caller);
            }
        }
    }
    Outcome::Return
}

/// Resume step of [`clear_in_pieces`].
///
/// # Safety
/// That function has set it, for the goroutine that goes on, with `to`.
unsafe extern "C" fn clear_rest(caller: Caller<'_>, to: usize) -> Outcome {
    // SAFETY: the caller is stopped at its call.
    let from = unsafe { (*caller.g()).param } as usize;
    // SAFETY: what is left of the memory that the first call was given.
    unsafe { clear_in_pieces(caller, from, to) }
}

/// `makeslice`.
#[doc(alias = "makeslice")]
#[doc(alias = "makeslice64")]
#[doc(alias = "panicmakeslicelen")]
#[doc(alias = "panicmakeslicecap")]
pub fn make(sys: Sys<'_>, a: &mut args::runtime_makeslice) -> Outcome {
    // SAFETY: compiled code passes a slice type.
    let et = unsafe { elem(a.t.cast()) };
    let max = max_len(et.size);
    if a.len64 < 0 || a.len64 as usize > max {
        panic::raise_error(sys, "makeslice: len out of range");
    }
    if a.cap64 < a.len64 || a.cap64 as usize > max {
        panic::raise_error(sys, "makeslice: cap out of range");
    }
    let n = a.cap64 as usize;
    let bytes = n * et.size;
    let g = world::curg();
    // SAFETY: the goroutine is stopped at this call.
    if bytes > PIECE && !central::make_room(bytes, || unsafe { g::wanted(g) }) {
        return Outcome::Again;
    }
    let pieces = bytes > PIECE && et.no_pointers();
    a.r0 = GoSlice {
        // SAFETY: the thread has a P; memory of a type without pointers needs no type.
        ptr: unsafe {
            if pieces {
                mallocgc(sys, bytes, null(), false)
            } else {
                newarray(sys, et, n)
            }
        },
        len: a.len64,
        cap: a.cap64,
    };
    let new = a.r0.ptr as usize;
    // SAFETY: the results point to the object, so its span stays.
    if pieces && find_object(new).is_some_and(|o| unsafe { (*o.span).needzero }) {
        // SAFETY: the object is without pointers and has so many bytes.
        return unsafe { clear_in_pieces(sys.caller(), new, new + bytes) };
    }
    Outcome::Return
}

/// The capacity that append grows to before rounding: double while short, then by quarters, at
/// least `need`.
#[inline(always)]
fn grown(len: i64, cap: i64, need: i64) -> Option<i64> {
    if cap.wrapping_add(cap) < need {
        return Some(need);
    }
    let mut new = cap;
    loop {
        new = if len < 1024 {
            new.checked_add(new)?
        } else {
            new.checked_add(new / 4)?
        };
        if new >= need {
            return Some(new);
        }
        // A capacity of 1024 and more elements of which a quarter is nothing does not occur; a full
        // loop of zeroes does not either, as twice nothing is less than any need.
        if new == cap {
            return None;
        }
    }
}

/// Growth for the usual case: a small result with room in the cache.
///
/// # Safety
/// The descriptor of a slice type, and a slice of that type.
#[inline(always)]
unsafe fn grow_fast(
    t: *const SliceType,
    old: GoSlice,
    need: i64,
    r: &mut GoSlice,
) -> Result<(), Slow> {
    // SAFETY: the caller's descriptor is of a slice type.
    let et = unsafe { elem(t) };
    let size = et.size;
    if size == 0
        || size > 32768
        || need < old.cap
        || need > 32768
        || old.len >= 1024
        || old.cap > 32768
    {
        return Err(Slow);
    }
    let double = old.cap.wrapping_add(old.cap);
    let new = if double < need { need } else { double };
    if new <= 0 {
        return Err(Slow);
    }
    let bytes = (new as usize).wrapping_mul(size);
    if bytes > classes::MAX_SMALL {
        return Err(Slow);
    }
    // SAFETY: the table has a row for each class.
    let class = unsafe { classes::TABLE.get_unchecked(classes::class_of(bytes)) };
    let capmem = class.size as usize;
    let cap = capmem / size;
    let used = (old.len as usize).wrapping_mul(size);
    let p;
    if et.no_pointers() {
        // SAFETY: compiled code runs with a P; what lies beyond the elements is cleared.
        unsafe {
            p = super::malloc::leaf_alloc_raw(capmem)?.as_ptr();
            clear_tail(p, used, capmem);
        }
    } else {
        // SAFETY: compiled code runs with a P; the size is a multiple of that of the type.
        p = unsafe { leaf_alloc(cap.wrapping_mul(size), et) }?.as_ptr();
    }
    // SAFETY: the new memory has room for the old elements, and more.
    unsafe { core::ptr::copy_nonoverlapping(old.ptr, p, used) };
    if phase::enabled() && !et.no_pointers() {
        // SAFETY: values of the type have just been stored there.
        unsafe { barrier::filled(et, p, used) };
    }
    *r = GoSlice {
        ptr: p,
        len: old.len,
        cap: cap as i64,
    };
    Ok(())
}

/// Clears the bytes `from..to` of an object.
///
/// # Safety
/// They are the caller's to write.
#[inline(always)]
unsafe fn clear_tail(p: *mut u8, from: usize, to: usize) {
    // SAFETY: the caller's object has `to` bytes, of which these are its to write.
    unsafe { p.add(from).write_bytes(0, to.wrapping_sub(from)) };
}

/// Growth in any case.
///
/// # Safety
/// The descriptor of a slice type, and a slice of that type.
unsafe fn grow_slow(sys: Sys<'_>, t: *const SliceType, old: GoSlice, need: i64) -> GoSlice {
    // SAFETY: the caller's descriptor is of a slice type.
    let et = unsafe { elem(t) };
    let size = et.size;
    if need < old.cap || need as usize > max_len(size) {
        panic::raise_error(sys, "growslice: cap out of range");
    }
    if size == 0 {
        return GoSlice {
            ptr: zero_base(),
            len: old.len,
            cap: need,
        };
    }
    let new = match grown(old.len, old.cap, need) {
        Some(n) if (n as usize) < max_len(size) => n as usize,
        _ => panic::raise_error(sys, "growslice: cap out of range"),
    };
    let capmem = round_up(new * size);
    let cap = capmem / size;
    let used = old.len as usize * size;
    let p;
    if et.no_pointers() {
        // SAFETY: the thread has a P. The new memory has room for the old elements; what lies beyond
        // them is cleared.
        unsafe {
            p = mallocgc(sys, capmem, null(), false);
            clear_tail(p, used, capmem);
            core::ptr::copy_nonoverlapping(old.ptr, p, used);
        }
    } else {
        // SAFETY: the thread has a P. The new memory is of the type and has room for the old
        // elements, which the barrier sees once they are stored.
        unsafe {
            p = newarray(sys, et, cap);
            core::ptr::copy_nonoverlapping(old.ptr, p, used);
            if phase::enabled() {
                barrier::filled(et, p, used);
            }
        }
    }
    GoSlice {
        ptr: p,
        len: old.len,
        cap: cap as i64,
    }
}

/// `growslice`, usual case.
pub fn grow_leaf(_: Leaf<'_>, a: &mut args::runtime_growslice) -> Result<(), Slow> {
    // SAFETY: compiled code passes a slice type and a slice of it.
    unsafe { grow_fast(a.t.cast(), a.old, a.cap, &mut a.r0) }
}

/// `growslice`.
#[doc(alias = "growslice")]
pub fn grow(sys: Sys<'_>, a: &mut args::runtime_growslice) {
    // SAFETY: compiled code passes a slice type and a slice of it.
    a.r0 = unsafe { grow_slow(sys, a.t.cast(), a.old, a.cap) };
}

/// `growslice_n`, usual case.
pub fn grow_n_leaf(_: Leaf<'_>, a: &mut args::runtime_growslice_n) -> Result<(), Slow> {
    if a.n < 1 {
        return Err(Slow);
    }
    // SAFETY: compiled code passes a slice type and a slice of it.
    unsafe { grow_fast(a.t.cast(), a.old, a.old.cap.wrapping_add(a.n), &mut a.r0) }
}

/// `growslice_n`: room for `n` more elements than the capacity.
pub fn grow_n(sys: Sys<'_>, a: &mut args::runtime_growslice_n) {
    if a.n < 1 {
        panic::raise_error(sys, "growslice: invalid n");
    }
    let need = a.old.cap.wrapping_add(a.n);
    // SAFETY: compiled code passes a slice type and a slice of it.
    a.r0 = unsafe { grow_slow(sys, a.t.cast(), a.old, need) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_doubles_then_adds_quarters() {
        assert_eq!(grown(0, 0, 1), Some(1));
        assert_eq!(grown(5, 5, 6), Some(10));
        assert_eq!(grown(5, 5, 11), Some(11));
        assert_eq!(grown(1024, 1024, 1025), Some(1280));
        assert_eq!(grown(1024, 1024, 2048), Some(2500));
        assert_eq!(grown(1, 1 << 61, 1 << 62), Some(1 << 62));
        assert_eq!(grown(1, (1 << 62) - 1, i64::MAX), Some(i64::MAX));
        assert_eq!(grown(5, 1 << 62, (1 << 62) + 1), Some((1 << 62) + 1));
    }
}
