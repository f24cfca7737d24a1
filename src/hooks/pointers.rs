//! Which words of a value the collector takes for pointers.

use crate::abi::{GoSlice, PtrType, Sys, args};
use crate::code::sites;
use crate::heap::{self, layout};
use crate::unwind::pointers;
use crate::{alloc, world};
use core::ptr::null;
use core::slice;

/// `runtime.hookPointers`: a byte for each word of what the pointer `x` points to, 1 where the
/// collector finds a pointer.
///
/// Of a variable, or of a value on the caller's stack, all words. Of an object in the heap those up
/// to the last pointer, though no fewer than two, or one if the object has no more: where pointers
/// end it may be larger than its type, and the tests do not look further.
pub fn mask(sys: Sys<'_>, a: &mut args::runtime_hookPointers) {
    let at = a.x.data as usize;
    // SAFETY: the type of `x` is a pointer's; the calling goroutine is at rest while this runs, and
    // its objects stay.
    unsafe {
        let size = (*(*a.x.typ.cast::<PtrType>()).elem).size;
        a.r0 = if let Some(object) = heap::find_object(at) {
            let span = &*object.span;
            let mut mask = new_mask(sys, span.elemsize / 8);
            // Spans without pointers have no bits.
            if !span.class.noscan() {
                layout::each_slot(span, object.base, |slot| {
                    mask.set(slot as usize, object.base)
                });
            }
            mask.end_at_last_pointer();
            mask.slice
        } else {
            let mut mask = new_mask(sys, size / 8);
            let h = sites::header();
            let section = |start: u64, end: u64| (start..end).contains(&(at as u64));
            if section(h.data, h.edata) {
                mask.copy(h.data_mask, (at - h.data as usize) / 8);
            } else if section(h.bss, h.ebss) {
                mask.copy(h.bss_mask, (at - h.bss as usize) / 8);
            } else {
                pointers::each_stack_pointer(world::curg(), &mut |slot| mask.set(slot, at));
            }
            mask.slice
        };
    }
}

/// A byte for each word.
struct Mask {
    slice: GoSlice,
}

/// Nothing but zeroes.
///
/// # Safety
/// On g0, in a call of a goroutine.
unsafe fn new_mask(sys: Sys<'_>, words: usize) -> Mask {
    // SAFETY: the thread has a P; bytes have no pointers, so no type is needed.
    let ptr = unsafe { alloc::mallocgc(sys, words, null(), true) };
    Mask {
        slice: GoSlice {
            ptr: ptr.cast(),
            len: words as i64,
            cap: words as i64,
        },
    }
}

impl Mask {
    fn bytes(&mut self) -> &mut [u8] {
        let (bytes, len) = (self.slice.ptr.cast(), self.slice.len as usize);
        // SAFETY: the array has so many, and is ours until it is handed out.
        unsafe { slice::from_raw_parts_mut(bytes, len) }
    }

    /// `slot` holds a pointer; the value starts at `start`. Slots outside of it are not ours.
    fn set(&mut self, slot: usize, start: usize) {
        if let Some(byte) = self.bytes().get_mut(slot.wrapping_sub(start) / 8) {
            *byte = 1;
        }
    }

    /// Takes the bits of a mask from bit `first`.
    ///
    /// # Safety
    /// The mask has that many.
    unsafe fn copy(&mut self, mask: *const u8, first: usize) {
        for (i, byte) in self.bytes().iter_mut().enumerate() {
            let bit = first + i;
            // SAFETY: the caller's mask has that many bits.
            *byte = unsafe { *mask.add(bit / 8) } >> (bit % 8) & 1;
        }
    }

    fn end_at_last_pointer(&mut self) {
        let last = self.bytes().iter().rposition(|&byte| byte != 0);
        let least = 2.min(self.slice.len);
        self.slice.len = last.map_or(least, |i| (i as i64 + 1).max(least));
    }
}
