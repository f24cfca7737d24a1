//! Write barriers and copies that compiled code and package reflect call, in leaf and in system
//! mode (`gc::barrier` does the work).

use crate::abi::{GoSlice, Leaf, Slow, Sys, Type, args};
use crate::gc::barrier::{bulk, bulk_slow, copy_small, typed_memmove};
use crate::gc::mark;
use crate::world::phase::enabled;
use core::sync::atomic::{AtomicPtr, Ordering};

/// `typedmemmove`, but for large values while marking runs.
#[inline(always)]
pub fn typedmemmove_leaf(_: Leaf<'_>, a: &mut args::runtime_typedmemmove) -> Result<(), Slow> {
    // SAFETY: compiled code passes the descriptor of a type.
    let size = unsafe { (*a.typ_).size };
    if enabled() {
        // SAFETY: compiled code passes a value of the type and a place for one.
        return unsafe { copy_small(a.typ_, a.dst, a.src, size) };
    }
    // SAFETY: compiled code passes a value of the type and a place for one.
    unsafe { core::ptr::copy(a.src, a.dst, size) };
    Ok(())
}

/// `typedmemmove`.
pub fn typedmemmove(_: Sys<'_>, a: &mut args::runtime_typedmemmove) {
    // SAFETY: compiled code passes a type and valid places.
    unsafe { typed_memmove(a.typ_, a.dst, a.src) };
}

/// `reflect.typedmemmove`.
pub fn reflect_typedmemmove(_: Sys<'_>, a: &mut args::reflect_typedmemmove) {
    // SAFETY: reflect passes a type and valid places.
    unsafe { typed_memmove(a.t, a.dst, a.src) };
}

/// `reflect.typedmemmovepartial`: bytes `off .. off + size` of a value; both pointers are past
/// `off` already.
pub fn reflect_typedmemmovepartial(_: Sys<'_>, a: &mut args::reflect_typedmemmovepartial) {
    // SAFETY: reflect passes two places for so many bytes of a value.
    unsafe { core::ptr::copy(a.src, a.dst, a.size) };
    if enabled() {
        let base = (a.dst as usize).wrapping_sub(a.off);
        // SAFETY: reflect passes the type of the value, which lies `off` bytes before.
        unsafe { bulk_slow(a.t, base, a.off, a.size) };
    }
}

/// Copies as many elements as both slices have; answers how many.
///
/// # Safety
/// The descriptor of the type of elements, and two slices of them.
unsafe fn slice_copy(elem: *const Type, dst: GoSlice, src: GoSlice) -> i64 {
    let n = dst.len.min(src.len);
    if n > 0 && dst.ptr != src.ptr {
        // SAFETY: both of the caller's slices hold `n` elements.
        unsafe {
            let bytes = (n as usize).wrapping_mul((*elem).size);
            core::ptr::copy(src.ptr, dst.ptr, bytes);
            bulk(elem, dst.ptr, bytes);
        }
    }
    n
}

/// `typedslicecopy`, but for many elements while marking runs.
#[inline(always)]
pub fn typedslicecopy_leaf(_: Leaf<'_>, a: &mut args::runtime_typedslicecopy) -> Result<(), Slow> {
    let n = a.dst.len.min(a.src.len);
    a.r0 = n;
    if n > 0 {
        // SAFETY: compiled code passes the descriptor of the type of elements.
        let bytes = (n as usize).wrapping_mul(unsafe { (*a.typ_).size });
        if enabled() {
            // SAFETY: both slices hold `n` elements of the type.
            return unsafe { copy_small(a.typ_, a.dst.ptr, a.src.ptr, bytes) };
        }
        // SAFETY: both slices hold `n` elements of the type.
        unsafe { core::ptr::copy(a.src.ptr, a.dst.ptr, bytes) };
    }
    Ok(())
}

/// `typedslicecopy`.
pub fn typedslicecopy(_: Sys<'_>, a: &mut args::runtime_typedslicecopy) {
    // SAFETY: compiled code passes the descriptor of the type of elements, and slices of them.
    a.r0 = unsafe { slice_copy(a.typ_, a.dst, a.src) };
}

/// `reflect.typedslicecopy`; the element type may be without pointers.
pub fn reflect_typedslicecopy(_: Sys<'_>, a: &mut args::reflect_typedslicecopy) {
    // SAFETY: reflect passes the descriptor of the type of elements, and slices of them.
    a.r0 = unsafe { slice_copy(a.elemType, a.dst, a.src) };
}

/// asm/calls.S, after a reflected call copied its results back while marking: `a` is its argument
/// area.
#[unsafe(no_mangle)]
extern "C" fn gort_call_barrier(a: &args::reflect_call) {
    // SAFETY: the type describes the whole frame, or is null when it is not of reflect's making;
    // the results, which the frame ends with, have just been stored.
    unsafe {
        if !a.argtype.is_null() && !(*a.argtype).no_pointers() {
            bulk_slow(
                a.argtype,
                a.arg as usize,
                a.retoffset as usize,
                (a.n - a.retoffset) as usize,
            );
        }
    }
}

/// Stores `src`, then shades the words of it whose bit in `mask` is set.
///
/// # Safety
/// A place for `N` words.
#[inline(always)]
unsafe fn fat<const N: usize>(dst: *mut u8, src: &[usize; N], mask: u32) {
    // SAFETY: the caller's place has room for `N` words.
    unsafe { dst.cast::<[usize; N]>().write(*src) };
    if enabled() {
        for (i, &w) in src.iter().enumerate() {
            if mask >> i & 1 != 0 {
                mark::shade(w as *mut u8);
            }
        }
    }
}

/// Barriers for stores of several words that older compilers of Go 1.5 call: bit i of the mask says
/// that word i is a pointer.
macro_rules! fat {
    ($($name:ident $args:ident $mask:literal;)*) => {
        $(
            /// A store of several words with a barrier.
            pub fn $name(_: Leaf<'_>, a: &mut args::$args) {
                // SAFETY: compiled code passes a place for as many words as `src` has.
                unsafe { fat(a.dst, &a.src, $mask) }
            }
        )*
    };
}

fat! {
    string runtime_writebarrierstring 0b1;
    slice runtime_writebarrierslice 0b1;
    iface runtime_writebarrieriface 0b11;
    fat01 runtime_writebarrierfat01 0b10;
    fat10 runtime_writebarrierfat10 0b01;
    fat11 runtime_writebarrierfat11 0b11;
    fat001 runtime_writebarrierfat001 0b100;
    fat010 runtime_writebarrierfat010 0b010;
    fat011 runtime_writebarrierfat011 0b110;
    fat100 runtime_writebarrierfat100 0b001;
    fat101 runtime_writebarrierfat101 0b101;
    fat110 runtime_writebarrierfat110 0b011;
    fat111 runtime_writebarrierfat111 0b111;
    fat0001 runtime_writebarrierfat0001 0b1000;
    fat0010 runtime_writebarrierfat0010 0b0100;
    fat0011 runtime_writebarrierfat0011 0b1100;
    fat0100 runtime_writebarrierfat0100 0b0010;
    fat0101 runtime_writebarrierfat0101 0b1010;
    fat0110 runtime_writebarrierfat0110 0b0110;
    fat0111 runtime_writebarrierfat0111 0b1110;
    fat1000 runtime_writebarrierfat1000 0b0001;
    fat1001 runtime_writebarrierfat1001 0b1001;
    fat1010 runtime_writebarrierfat1010 0b0101;
    fat1011 runtime_writebarrierfat1011 0b1101;
    fat1100 runtime_writebarrierfat1100 0b0011;
    fat1101 runtime_writebarrierfat1101 0b1011;
    fat1110 runtime_writebarrierfat1110 0b0111;
    fat1111 runtime_writebarrierfat1111 0b1111;
}

/// Pointer operations of package sync/atomic, each as a leaf function that leaves nil addresses to
/// its system half.
macro_rules! atomic {
    ($($leaf:ident $system:ident $args:ident |$a:ident, $word:ident| $stored:expr, $done:expr;)*) => {
        $(
            /// An atomic operation on a pointer, with a barrier.
            pub fn $leaf(_: Leaf<'_>, $a: &mut args::$args) -> Result<(), Slow> {
                if $a.addr.is_null() {
                    return Err(Slow);
                }
                // SAFETY: Go code passes the address of an aligned pointer.
                let $word = unsafe { AtomicPtr::from_ptr($a.addr) };
                let stored = $stored;
                if $done && enabled() {
                    mark::shade(stored);
                }
                Ok(())
            }
            /// The address is nil.
            pub fn $system(sys: Sys<'_>, _a: &mut args::$args) {
                crate::panic::raise_error(sys, "invalid memory address or nil pointer dereference");
            }
        )*
    };
}

atomic! {
    store_pointer store_nil sync_atomic_StorePointer |a, word| { word.store(a.val, Ordering::SeqCst); a.val }, true;
    swap_pointer swap_nil sync_atomic_SwapPointer |a, word| { a.old = word.swap(a.new_, Ordering::SeqCst); a.new_ }, true;
    cas_pointer cas_nil sync_atomic_CompareAndSwapPointer |a, word| {
        a.swapped = word.compare_exchange(a.old, a.new_, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        a.new_
    }, a.swapped;
}
