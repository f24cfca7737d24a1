//! Moving Go values in and out of interfaces.
//!
//! In leaf mode nothing here allocates slowly or does the write barrier of a large value: it answers
//! [`Slow`] instead. System mode never sees that.

use crate::abi::{Eface, Iface, Itab, Mode, Slow, Type, known};
use crate::gc::barrier;
use crate::world::phase;
use crate::{alloc, heap};

/// Copies a value's bytes; up to sixteen without a call, as two words that may overlap.
///
/// # Safety
///
/// `src` has `size` bytes, and `dst` room for them.
#[inline(always)]
unsafe fn copy_bytes(dst: *mut u8, src: *const u8, size: usize) {
    let words = |second| {
        // SAFETY: by the caller's promise `src` has `size` bytes, and `dst` room for them; words
        // are asked for that lie within.
        unsafe { copy_words::<u64>(dst, src, second) }
    };
    if size == 8 {
        words(0);
    } else if size > 16 {
        // SAFETY: by the caller's promise `src` has `size` bytes, and `dst` room for them.
        unsafe { core::ptr::copy(src, dst, size) };
    } else if size > 8 {
        words(size - 8);
    } else if size > 0 {
        // SAFETY: `src` has `size` bytes, and `dst` room for them.
        unsafe { copy_few(dst, src, size) };
    }
}

/// [`copy_bytes`] for one to seven.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn copy_few(dst: *mut u8, src: *const u8, size: usize) {
    // SAFETY: by the caller's promise `src` has `size` bytes, and `dst` room for them: all that is
    // read and written lies within.
    unsafe {
        if size >= 4 {
            copy_words::<u32>(dst, src, size - 4);
        } else if size >= 2 {
            copy_words::<u16>(dst, src, size - 2);
        } else {
            dst.write(src.read());
        }
    }
}

/// Copies the first word and the one at `second`; both are read before either is written.
///
/// # Safety
///
/// `src` has a `T` at its start and at `second`, and `dst` room for both.
#[inline(always)]
unsafe fn copy_words<T: Copy>(dst: *mut u8, src: *const u8, second: usize) {
    // SAFETY: by the caller's promise a `T` is readable at both.
    let read = |i: usize| unsafe { src.add(i).cast::<T>().read_unaligned() };
    let (a, b) = (read(0), read(second));
    // SAFETY: by the caller's promise there is room for a `T` at both.
    unsafe {
        dst.cast::<T>().write_unaligned(a);
        dst.add(second).cast::<T>().write_unaligned(b);
    }
}

/// Copies a value of `typ`.
///
/// # Safety
/// `typ` is a descriptor; `src` holds such a value, `dst` has room for one.
#[inline(always)]
pub(super) unsafe fn copy<M: Mode>(
    mode: M,
    typ: *const Type,
    dst: *mut u8,
    src: *const u8,
) -> Result<(), Slow> {
    // SAFETY: by the caller's promise a descriptor, which is constant.
    let t = unsafe { &*typ };
    if !phase::enabled() || t.no_pointers() {
        // SAFETY: by the caller's promise a value, and room for one; no barrier is due.
        unsafe { copy_bytes(dst, src, t.size) };
        return Ok(());
    }
    if mode.system().is_some() {
        // SAFETY: a value of the type and room for one.
        unsafe { barrier::typed_memmove(typ, dst, src) };
        return Ok(());
    }
    // SAFETY: the same value and room, in leaf mode.
    unsafe { barrier::copy_small(typ, dst, src, t.size) }
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

/// Data word of an interface that holds the value of `typ` at `elem`. `room` is memory of the
/// caller's frame for a value that does not escape, or null.
///
/// Nobody writes to what a data word points to, so single bytes and zero words share read-only
/// copies.
///
/// # Safety
/// `typ` is a descriptor, and `elem` holds such a value; `room` is null or has room for one.
#[inline(always)]
pub(super) unsafe fn boxed<M: Mode>(
    mode: M,
    typ: *const Type,
    elem: *const u8,
    room: *mut u8,
) -> Result<*mut u8, Slow> {
    // SAFETY: by the caller's promise a descriptor, which is constant.
    let t = unsafe { &*typ };
    let size = t.size;
    // SAFETY: by the caller's promise a value of the type lies at `elem`, and there is room for one
    // where there is any.
    unsafe {
        if t.direct_iface() {
            return Ok(elem.cast::<*mut u8>().read());
        }
        if !room.is_null() {
            return copy(mode, typ, room, elem).map(|()| room);
        }
        match size {
            0 => return Ok(heap::zero_base()),
            1 => return Ok((&raw const BYTES[usize::from(*elem)]).cast_mut()),
            8 if elem.cast::<u64>().read_unaligned() == 0 => return Ok(known::zero_value()),
            4 if elem.cast::<u32>().read_unaligned() == 0 => return Ok(known::zero_value()),
            _ => {}
        }
    }
    // SAFETY: a new object of that type, or of bytes where it has no pointers, is filled with the
    // value before anybody sees it.
    unsafe {
        if let Some(sys) = mode.system() {
            let p = alloc::mallocgc(sys, size, typ, true);
            copy(mode, typ, p, elem)?;
            return Ok(p);
        }
        if t.no_pointers() {
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
/// `typ` is a descriptor, and the word belongs to such a value; `r` is null or has room for one.
#[inline(always)]
pub(super) unsafe fn unboxed<M: Mode>(
    mode: M,
    typ: *const Type,
    data: *mut u8,
    r: *mut u8,
) -> Result<(), Slow> {
    if r.is_null() {
        return Ok(());
    }
    // SAFETY: by the caller's promise a descriptor; the word is a value of it or points to one, and
    // `r` has room for one.
    unsafe {
        if (*typ).direct_iface() {
            write_word(mode, r.cast(), data)
        } else {
            copy(mode, typ, r, data)
        }
    }
}

/// Stores a word.
///
/// # Safety
///
/// `slot` is a pointer variable of the caller's.
#[inline(always)]
unsafe fn write_word<M: Mode>(mode: M, slot: *mut *mut u8, word: *mut u8) -> Result<(), Slow> {
    if mode.system().is_some() {
        // SAFETY: by the caller's promise the slot is a pointer variable.
        unsafe { barrier::write_ptr(slot, word) };
        return Ok(());
    }
    // SAFETY: the slot is a pointer variable.
    unsafe { slot.write(word) };
    if phase::enabled() {
        // SAFETY: the pointer was just stored there.
        return unsafe { barrier::stored_ptr(slot) };
    }
    Ok(())
}

/// Stores an interface value; null discards it. Descriptors need no barrier.
///
/// # Safety
/// `r` is null or has room for one.
#[inline(always)]
pub(super) unsafe fn store_eface<M: Mode>(
    mode: M,
    r: *mut Eface,
    typ: *const Type,
    data: *mut u8,
) -> Result<(), Slow> {
    if r.is_null() {
        return Ok(());
    }
    // SAFETY: by the caller's promise there is room for an interface value.
    unsafe {
        (*r).typ = typ;
        write_word(mode, &raw mut (*r).data, data)
    }
}

/// Stores an interface value with methods; null discards it. Tables are not the collector's.
///
/// # Safety
/// `r` is null or has room for one.
#[inline(always)]
pub(super) unsafe fn store_iface<M: Mode>(
    mode: M,
    r: *mut Iface,
    tab: *mut Itab,
    data: *mut u8,
) -> Result<(), Slow> {
    if r.is_null() {
        return Ok(());
    }
    // SAFETY: by the caller's promise there is room for an interface value.
    unsafe {
        (*r).tab = tab;
        write_word(mode, &raw mut (*r).data, data)
    }
}
