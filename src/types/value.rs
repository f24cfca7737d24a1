//! Moving Go values in and out of interfaces.
//!
//! In leaf mode nothing here allocates slowly or does the write barrier of a large value: it answers
//! [`Slow`] instead. System mode never sees that.

use crate::abi::{Eface, Iface, Itab, Mode, Slow, Type, known};
use crate::gc::barrier;
use crate::world::phase;
use crate::{alloc, heap};

/// Copies a value's bytes; up to sixteen without a call, as two words that may overlap.
#[inline(always)]
unsafe fn copy_bytes(dst: *mut u8, src: *const u8, size: usize) {
    // SAFETY: the caller vouches for both ranges.
    unsafe {
        if size == 8 {
            copy_words::<u64>(dst, src, 0);
        } else if size > 16 {
            core::ptr::copy(src, dst, size);
        } else if size > 8 {
            copy_words::<u64>(dst, src, size - 8);
        } else if size >= 4 {
            copy_words::<u32>(dst, src, size - 4);
        } else if size >= 2 {
            copy_words::<u16>(dst, src, size - 2);
        } else if size == 1 {
            dst.write(src.read());
        }
    }
}

/// Copies the first word and the one at `second`; both are read before either is written.
#[inline(always)]
unsafe fn copy_words<T: Copy>(dst: *mut u8, src: *const u8, second: usize) {
    // SAFETY: the caller vouches for both ranges.
    unsafe {
        let read = |i: usize| src.add(i).cast::<T>().read_unaligned();
        let (a, b) = (read(0), read(second));
        dst.cast::<T>().write_unaligned(a);
        dst.add(second).cast::<T>().write_unaligned(b);
    }
}

/// Copies a value of `typ`.
///
/// # Safety
/// `src` holds such a value, `dst` has room for one.
#[inline(always)]
pub unsafe fn copy<M: Mode>(
    mode: M,
    typ: *const Type,
    dst: *mut u8,
    src: *const u8,
) -> Result<(), Slow> {
    // SAFETY: passed on.
    unsafe {
        if !phase::enabled() || (*typ).no_pointers() {
            copy_bytes(dst, src, (*typ).size);
            return Ok(());
        }
        if mode.system().is_some() {
            barrier::typed_memmove(typ, dst, src);
            return Ok(());
        }
        barrier::copy_small(typ, dst, src, (*typ).size)
    }
}

/// Every value of one byte, for interfaces to point to.
static BYTES: [u8; 256] = {
    let mut all = [0; 256];
    let mut i = 0;
    while i < 256 {
        all[i] = i as u8;
        i += 1;
    }
    all
};

/// Data word of an interface that holds the value of `typ` at `elem`. `room` is memory of the caller's frame for a value that does not
/// escape, or null.
///
/// Nobody writes to what a data word points to, so single bytes and zero words share read-only
/// copies.
///
/// # Safety
/// `elem` holds such a value.
#[inline(always)]
pub unsafe fn boxed<M: Mode>(
    mode: M,
    typ: *const Type,
    elem: *const u8,
    room: *mut u8,
) -> Result<*mut u8, Slow> {
    // SAFETY: a new object is filled before anybody sees it.
    unsafe {
        if (*typ).direct_iface() {
            return Ok(elem.cast::<*mut u8>().read());
        }
        if !room.is_null() {
            return copy(mode, typ, room, elem).map(|()| room);
        }
        let size = (*typ).size;
        match size {
            0 => return Ok(heap::zero_base()),
            1 => {
                return Ok((&raw const BYTES)
                    .cast::<u8>()
                    .add(usize::from(*elem))
                    .cast_mut());
            }
            8 if elem.cast::<u64>().read_unaligned() == 0 => return Ok(known::zero_value()),
            4 if elem.cast::<u32>().read_unaligned() == 0 => return Ok(known::zero_value()),
            _ => {}
        }
        if let Some(sys) = mode.system() {
            let p = alloc::mallocgc(sys, size, typ, true);
            copy(mode, typ, p, elem)?;
            return Ok(p);
        }
        if (*typ).no_pointers() {
            let p = alloc::leaf_alloc_raw(size)?.as_ptr();
            copy_bytes(p, elem, size);
            return Ok(p);
        }
        let p = alloc::leaf_alloc(size, typ)?.as_ptr();
        copy_bytes(p, elem, size);
        if phase::enabled() {
            barrier::filled(typ, p, size);
        }
        Ok(p)
    }
}

/// Takes the value of `typ` out of a data word into `r`; null discards it.
///
/// # Safety
/// The word belongs to such a value; `r` has room for one.
#[inline(always)]
pub unsafe fn unboxed<M: Mode>(
    mode: M,
    typ: *const Type,
    data: *mut u8,
    r: *mut u8,
) -> Result<(), Slow> {
    // SAFETY: passed on.
    unsafe {
        if r.is_null() {
            Ok(())
        } else if (*typ).direct_iface() {
            write_word(mode, r.cast(), data)
        } else {
            copy(mode, typ, r, data)
        }
    }
}

/// Stores a word.
#[inline(always)]
unsafe fn write_word<M: Mode>(mode: M, slot: *mut *mut u8, word: *mut u8) -> Result<(), Slow> {
    // SAFETY: the slot is a pointer variable of the caller's.
    unsafe {
        if mode.system().is_some() {
            barrier::write_ptr(slot, word);
            return Ok(());
        }
        slot.write(word);
        if phase::enabled() {
            return barrier::stored_ptr(slot);
        }
        Ok(())
    }
}

/// Stores an interface value; null discards it. Descriptors need no barrier.
///
/// # Safety
/// `r` is null or has room for one.
#[inline(always)]
pub unsafe fn store_eface<M: Mode>(
    mode: M,
    r: *mut Eface,
    typ: *const Type,
    data: *mut u8,
) -> Result<(), Slow> {
    // SAFETY: passed on.
    unsafe {
        if r.is_null() {
            return Ok(());
        }
        (*r).typ = typ;
        write_word(mode, &raw mut (*r).data, data)
    }
}

/// Stores an interface value with methods; null discards it. Tables are not the collector's.
///
/// # Safety
/// `r` is null or has room for one.
#[inline(always)]
pub unsafe fn store_iface<M: Mode>(
    mode: M,
    r: *mut Iface,
    tab: *mut Itab,
    data: *mut u8,
) -> Result<(), Slow> {
    // SAFETY: passed on.
    unsafe {
        if r.is_null() {
            return Ok(());
        }
        (*r).tab = tab;
        write_word(mode, &raw mut (*r).data, data)
    }
}
