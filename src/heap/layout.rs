//! Where the pointers of an object are.
//!
//! Objects up to [`MAX_BITS`] bytes: one bit for each word, beside the heap (`arena::Arena::bits`),
//! written with the object as one or two words. Larger objects: the span records the type, whose
//! mask repeats every `size` bytes (arrays). What an object has beyond its type is zero, so reading
//! the mask there too does no harm. Spans without pointers record nothing.

use super::classes::MAX_BITS;
use super::span;
use crate::abi::{KIND_GC_PROG, Type};
use core::sync::atomic::{AtomicUsize, Ordering};

/// The first `ptrdata / 8` bits of the type's mask, at most 64 of them.
///
/// # Safety
/// `typ` must be a type with pointers and without GC program.
#[inline(always)]
unsafe fn mask_word(typ: *const Type) -> u64 {
    // SAFETY: the caller passes the descriptor of a type.
    let (mask, ptrdata) = unsafe { ((*typ).gcdata, (*typ).ptrdata) };
    let bytes = ptrdata.wrapping_add(63) >> 6;
    if bytes == 1 {
        // SAFETY: the mask of a type has that many bytes.
        return u64::from(unsafe { *mask });
    }
    if mask as usize & 4095 <= 4088 {
        // SAFETY: a word read from an address that is not in the last bytes of a page stays in the
        // page, which holds the first byte of the mask.
        let w = unsafe { mask.cast::<u64>().read_unaligned() };
        return if bytes >= 8 {
            w
        } else {
            w & !(!0 << (bytes * 8))
        };
    }
    let (mut w, mut i) = (0, 0);
    while i < bytes && i < 8 {
        // SAFETY: the mask of a type has `bytes` bytes.
        w |= u64::from(unsafe { *mask.add(i) }) << (i * 8);
        i += 1;
    }
    w
}

/// Pointer bits of `size` bytes of values of `typ`, for `size <= MAX_BITS`.
///
/// # Safety
/// `typ` must be a type with pointers whose size is at most `size`.
#[inline(always)]
pub unsafe fn small_mask(size: usize, typ: *const Type) -> u64 {
    debug_assert!(size <= MAX_BITS);
    // SAFETY: the caller passes the descriptor of a type.
    debug_assert!(unsafe { (*typ).size <= size && (*typ).ptrdata <= (*typ).size });
    // SAFETY: a type this small has no GC program.
    unsafe {
        let mut m = mask_word(typ);
        let one = (*typ).size;
        if one < size {
            m = repeat(m, one, size);
        }
        m
    }
}

#[cold]
#[inline(never)]
fn repeat(mut m: u64, one: usize, size: usize) -> u64 {
    let mut have = one;
    while have < size && have < MAX_BITS {
        m |= m << (have / 8);
        have *= 2;
    }
    let words = size / 8;
    if words < 64 { m & !(!0 << words) } else { m }
}

/// Writes the pointer bits of the object of `elemsize` bytes, `offset` bytes into its span's first
/// page.
///
/// # Safety
/// `bits` must be the span's, the object must be the caller's, `elemsize <= MAX_BITS`.
#[doc(alias = "heapBitsSetType")]
#[inline(always)]
pub unsafe fn write_bits(bits: *mut u64, offset: usize, elemsize: usize, mask: u64) {
    debug_assert!(elemsize <= MAX_BITS && offset.is_multiple_of(8));
    debug_assert!(elemsize == MAX_BITS || mask >> (elemsize / 8) == 0);
    // SAFETY: the object's bits lie inside the span's part of the bitmap; no other span shares a
    // word with it, as pages are 16 words.
    unsafe {
        let words = elemsize >> 3;
        let start = offset >> 3;
        let at = bits.add(start >> 6);
        let shift = start & 63;
        let field = if words >= 64 { !0 } else { !(!0u64 << words) };
        *at = (*at & !(field << shift)) | mask << shift;
        if shift + words > 64 {
            let back = 64 - shift;
            let next = at.add(1);
            *next = (*next & !(field >> back)) | mask >> back;
        }
    }
}

/// The pointer bits of an object, as [`write_bits`] left them.
///
/// # Safety
/// As [`write_bits`].
#[inline(always)]
pub unsafe fn read_bits(bits: *const u64, offset: usize, elemsize: usize) -> u64 {
    debug_assert!(elemsize <= MAX_BITS && offset.is_multiple_of(8));
    // SAFETY: the object's bits lie inside the span's part of the bitmap; who writes there changes
    // other objects' bits only.
    unsafe {
        let words = elemsize >> 3;
        let start = offset >> 3;
        let at = bits.add(start >> 6);
        let shift = start & 63;
        let mut m = *at >> shift;
        if shift + words > 64 {
            m |= *at.add(1) << (64 - shift);
        }
        if words >= 64 { m } else { m & !(!0 << words) }
    }
}

/// The mask of a type of any size: its own, or the expansion of its GC program.
///
/// # Safety
/// `typ` must be a type with pointers, of which an object was allocated before if it has a program.
#[inline(always)]
unsafe fn full_mask(typ: *const Type) -> *const u8 {
    // SAFETY: the caller passes the descriptor of a type.
    let (kind, gcdata) = unsafe { ((*typ).kind, (*typ).gcdata) };
    if u32::from(kind) & KIND_GC_PROG == 0 {
        gcdata
    } else {
        // SAFETY: its kind says that the type has a program.
        unsafe { super::gcprog::expanded(typ) }
    }
}

/// Calls `f` with the address of every pointer word of `[from, to)`, which holds values of `typ`
/// side by side, the first starting at `start`.
///
/// # Safety
/// The range must be memory of such values, `from` and `to` aligned to words.
#[inline]
pub unsafe fn each_pointer(
    typ: *const Type,
    start: usize,
    from: usize,
    to: usize,
    mut f: impl FnMut(*mut usize),
) {
    // SAFETY: the caller passes the descriptor of a type, whose size and mask do not change.
    let t = unsafe { &*typ };
    if t.no_pointers() || t.size == 0 {
        return;
    }
    debug_assert!(start <= from && from <= to && (start | from | to).is_multiple_of(8));
    let (size, ptrdata) = (t.size, t.ptrdata);
    if size == 8 {
        let mut p = from;
        while p < to {
            f(p as *mut usize);
            p += 8;
        }
        return;
    }
    // SAFETY: the type has pointers, and there are values of it.
    let mask = unsafe { full_mask(typ) };
    let mut elem = start + (from - start) / size * size;
    while elem < to {
        let end = (elem + ptrdata).min(to);
        // Eight words for each byte of the mask. What lies before the range is skipped: huge values
        // are visited in pieces.
        let skip = from.saturating_sub(elem) / 64;
        let mut p = elem + skip * 64;
        let mut at = mask.wrapping_add(skip);
        while p < end {
            // SAFETY: the mask has a bit for each word of `ptrdata`, where `end` is at most.
            let mut bits = unsafe { *at };
            let mut q = p;
            while bits != 0 {
                let skip = bits.trailing_zeros() as usize;
                q += skip * 8;
                if q >= end {
                    break;
                }
                if q >= from {
                    f(q as *mut usize);
                }
                bits = (bits >> skip) >> 1;
                q += 8;
            }
            p += 64;
            at = at.wrapping_add(1);
        }
        elem += size;
    }
}

/// Reads a word that the program may be writing.
///
/// # Safety
/// The word is in memory of the program, and aligned.
#[inline(always)]
pub unsafe fn load(slot: *const usize) -> usize {
    // SAFETY: the caller's word; the runtime reads it here only while the program may write.
    let word = unsafe { AtomicUsize::from_ptr(slot.cast_mut()) };
    word.load(Ordering::Relaxed)
}

/// Calls `f` with every pointer word of the object at `base` in `s`.
///
/// # Safety
/// The object must be valid.
#[inline(always)]
pub unsafe fn each_slot(s: &span::Span, base: usize, mut f: impl FnMut(*const usize)) {
    debug_assert!(s.address_of(s.index_of(base)) == base && !s.class.noscan());
    // SAFETY: bits and types describe the object.
    unsafe {
        if s.elemsize <= MAX_BITS {
            let mut bits = read_bits(s.bits, base - s.base, s.elemsize);
            while bits != 0 {
                f((base + bits.trailing_zeros() as usize * 8) as *const usize);
                bits &= bits - 1;
            }
        } else {
            let typ = *s.types().add(s.index_of(base));
            if !typ.is_null() {
                each_pointer(typ, base, base, base + s.elemsize, |slot| f(slot));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_type<R>(words: usize, mask: u64, f: impl FnOnce(*const Type) -> R) -> R {
        let bytes = mask.to_le_bytes();
        // SAFETY: all fields of a Type are valid as zeroes.
        let mut t: Type = unsafe { core::mem::zeroed() };
        t.size = words * 8;
        t.ptrdata = (64 - mask.leading_zeros() as usize) * 8;
        t.gcdata = bytes.as_ptr();
        f(&raw const t)
    }

    #[test]
    fn masks_repeat_for_arrays() {
        for words in 1..=10usize {
            for mask in 1..1u64 << words {
                for n in 1..=64 / words {
                    let mut want = 0u64;
                    for i in 0..n {
                        want |= mask << (i * words);
                    }
                    // SAFETY: the type is the test's own, and has pointers.
                    let got = with_type(words, mask, |t| unsafe { small_mask(n * words * 8, t) });
                    assert_eq!(got, want, "{words} {mask:b} {n}");
                }
            }
        }
    }

    #[test]
    fn bits_are_written_without_touching_neighbours() {
        for elem in [2usize, 4, 6, 10, 14, 30, 36, 56, 64] {
            let n = 1024 / elem;
            let mut bits = [0u64; 16];
            let masks: Vec<u64> = (0..n)
                .map(|i| (i as u64 + 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) & (!0 >> (64 - elem)))
                .collect();
            for pass in 0..2 {
                for i in (0..n).filter(|i| i % 2 == pass) {
                    // SAFETY: the array has bits for all of the objects.
                    unsafe { write_bits(bits.as_mut_ptr(), i * elem * 8, elem * 8, masks[i]) };
                }
            }
            for (i, &m) in masks.iter().enumerate() {
                // SAFETY: the array has bits for all of the objects.
                let found = unsafe { read_bits(bits.as_ptr(), i * elem * 8, elem * 8) };
                assert_eq!(found, m);
            }
        }
    }

    #[test]
    fn every_pointer_word_is_visited_once() {
        for words in [2usize, 3, 9, 20] {
            let mask = 0x5_0b2d_u64 & !(!0 << words) | 1;
            with_type(words, mask, |t| {
                let memory = vec![0usize; words * 7];
                let start = memory.as_ptr() as usize;
                for (from, to) in [(0, words * 7), (words + 1, words * 5 + 1), (3, 4)] {
                    let mut seen = Vec::new();
                    // SAFETY: the range is part of the vector.
                    unsafe {
                        each_pointer(t, start, start + from * 8, start + to * 8, |p| {
                            seen.push((p as usize - start) / 8)
                        })
                    };
                    let want: Vec<usize> = (from..to)
                        .filter(|i| mask >> (i % words) & 1 != 0)
                        .collect();
                    assert_eq!(seen, want);
                }
            });
        }
    }
}
