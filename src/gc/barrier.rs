//! Write barriers: what compiled code and the runtime call when they store pointers.
//!
//! The barrier is an insertion barrier: while marking runs beside the program, a pointer stored
//! anywhere outside the storing function's own frame is shaded. Compiled code leaves the barrier
//! out where it stores nil or the address of static data, which therefore are roots at the end of
//! every marking, and for the first word of interfaces, which is why itabs never lie in the heap.
//! One byte, read before each such store, switches it; it only changes with the world stopped, so
//! that store and shade are never parted by a change of phase.

use crate::abi::{Slow, Type};
use crate::heap::{classes, layout};
use crate::world;
use crate::world::phase::enabled;

/// Stores `p` into `slot`, which may lie in the heap, in globals or in any frame.
///
/// # Safety
/// `slot` must be valid for a pointer.
#[inline(always)]
pub unsafe fn write_ptr(slot: *mut *mut u8, p: *mut u8) {
    // SAFETY: the caller's slot can be written.
    unsafe { slot.write(p) };
    if enabled() {
        super::mark::shade(p);
    }
}

/// After `size` bytes of values of `typ` were stored at `dst`: shades what they point to.
///
/// # Safety
/// The memory must hold such values.
#[doc(alias = "bulkBarrierPreWrite")]
#[inline(always)]
pub unsafe fn bulk(typ: *const Type, dst: *const u8, size: usize) {
    if enabled() {
        // SAFETY: the caller's memory holds values of the type.
        unsafe { bulk_slow(typ, dst as usize, 0, size) };
    }
}

/// Shades what the pointers in bytes `off .. off + size` of the values from `start` point to. By
/// type, so wherever they lie.
///
/// # Safety
/// The memory must hold such values.
#[cold]
#[inline(never)]
pub(crate) unsafe fn bulk_slow(typ: *const Type, start: usize, off: usize, size: usize) {
    let (from, to) = ((start + off).next_multiple_of(8), (start + off + size) & !7);
    // SAFETY: the words lie in the values.
    unsafe {
        crate::heap::layout::each_pointer(typ, start, from, to, |slot| {
            super::mark::shade(*slot as *mut u8)
        });
    }
}

/// Most bytes of values whose barrier leaf functions do themselves: what one word of pointer bits
/// describes.
pub const LEAF_MAX: usize = classes::MAX_BITS;

/// As [`bulk`], for leaf functions: `size` is at most [`LEAF_MAX`], and marking runs.
///
/// # Safety
/// As there; the values must lie side by side from `at` on.
#[cold]
#[inline(never)]
pub unsafe fn bulk_small(typ: *const Type, at: *const u8, size: usize) {
    // SAFETY: the caller passes the descriptor of a type.
    if size < 8 || unsafe { (*typ).no_pointers() } {
        return;
    }
    // SAFETY: the type has pointers, and values of it have `size` bytes; types this small have a
    // mask.
    let mut bits = unsafe { layout::small_mask(size, typ) };
    while bits != 0 {
        let word = bits.trailing_zeros() as usize;
        // SAFETY: the mask's words are inside the caller's values.
        super::mark::shade(unsafe { *at.cast::<*mut u8>().add(word) });
        bits &= bits.wrapping_sub(1);
    }
}

/// `p` points into the stack of the goroutine that runs here: it is scanned again, so what is
/// stored there needs no barrier. For leaf functions.
#[inline(always)]
pub fn on_own_stack(p: *const u8) -> bool {
    let g = world::getg();
    // SAFETY: the running g. Go code on a system stack is a timer's or a map's function: it ends
    // before marking can.
    unsafe { ((*g).stack_lo..(*g).stack_hi).contains(&(p as usize)) }
}

/// As [`bulk_small`] unless `dst` is on the running goroutine's stack. It answers what a leaf
/// function answers that is done, to be its last call: then that function saves no registers for
/// it.
///
/// # Safety
/// As there.
#[cold]
#[inline(never)]
pub unsafe fn stored_small(typ: *const Type, dst: *const u8, size: usize) -> Result<(), Slow> {
    if !on_own_stack(dst) {
        // SAFETY: the caller's memory holds so many bytes of values of the type.
        unsafe { bulk_small(typ, dst, size) };
    }
    Ok(())
}

/// As [`stored_small`], for a single pointer.
///
/// # Safety
/// A pointer was stored in `slot`.
#[cold]
#[inline(never)]
pub unsafe fn stored_ptr(slot: *const *mut u8) -> Result<(), Slow> {
    if !on_own_stack(slot.cast()) {
        // SAFETY: the caller has stored a pointer there.
        super::mark::shade(unsafe { *slot });
    }
    Ok(())
}

/// Values of `typ` were copied to the new object `p` while marking runs. Leaf functions may call
/// it.
///
/// # Safety
/// `p` was allocated in this call, and has `size` bytes of such values from its start.
#[cold]
#[inline(never)]
pub unsafe fn filled(typ: *const Type, p: *mut u8, size: usize) {
    if size <= LEAF_MAX {
        // SAFETY: the caller's object starts with so many bytes of values of the type.
        unsafe { bulk_small(typ, p, size) };
    } else {
        super::mark::scan_again(p as usize);
    }
}

/// Copies a value of `typ`; source and destination may overlap.
///
/// # Safety
/// Both must be valid for it.
#[inline(always)]
pub unsafe fn typed_memmove(typ: *const Type, dst: *mut u8, src: *const u8) {
    // SAFETY: the caller's places are valid for a value of the type.
    unsafe { core::ptr::copy(src, dst, (*typ).size) };
    // The size is read again: it would have to be kept across the copy.
    // SAFETY: the value is at `dst` now.
    unsafe { bulk(typ, dst, (*typ).size) };
}

/// Copies `size` bytes of values of `typ` while marking runs, if a leaf function may: at most
/// [`LEAF_MAX`]. May be its last call, as [`stored_small`].
///
/// # Safety
/// Both places must be valid for them; they may overlap.
#[cold]
#[inline(never)]
pub unsafe fn copy_small(
    typ: *const Type,
    dst: *mut u8,
    src: *const u8,
    size: usize,
) -> Result<(), Slow> {
    if size > LEAF_MAX {
        return Err(Slow);
    }
    // SAFETY: the caller's places are valid for so many bytes of values, which are at `dst` then.
    unsafe {
        core::ptr::copy(src, dst, size);
        stored_small(typ, dst, size)
    }
}

/// asm/memory.S, `writebarrierptr` while marking: the store is done.
#[unsafe(no_mangle)]
extern "C" fn gort_shade(p: *mut u8) {
    super::mark::shade(p);
}
