//! Memory and write barriers of maps: the heap and the collector, or in hosted tests the host's
//! allocator.

use crate::abi::{Mode, Slow, Type};

pub use crate::world::fastrand;
pub use real::*;

/// A cleared value of `typ`, in the mode's way.
///
/// # Safety
/// The descriptor of a type.
#[inline(always)]
pub(super) unsafe fn object<M: Mode>(mode: M, typ: *const Type) -> Result<*mut u8, Slow> {
    // SAFETY: the caller passes the descriptor of a type.
    let size = unsafe { (*typ).size };
    Ok(match mode.system() {
        // SAFETY: the size is that of the type.
        Some(sys) => unsafe { mallocgc(sys, size, typ, true) },
        // SAFETY: the size is that of the type.
        None => unsafe { leaf_alloc(size, typ) }?.as_ptr(),
    })
}

/// Copies `n` bytes of which every aligned word moves whole; the usual sizes without a call.
///
/// # Safety
/// Both places must be valid for `n` bytes and not overlap.
#[inline(always)]
pub(super) unsafe fn copy_bytes(dst: *mut u8, src: *const u8, n: usize) {
    // SAFETY: each arm reads and writes `n` bytes of the caller's two places, unaligned where they
    // may be.
    unsafe {
        match n {
            8 => dst
                .cast::<u64>()
                .write_unaligned(src.cast::<u64>().read_unaligned()),
            16 => dst
                .cast::<[u64; 2]>()
                .write_unaligned(src.cast::<[u64; 2]>().read_unaligned()),
            4 => dst
                .cast::<u32>()
                .write_unaligned(src.cast::<u32>().read_unaligned()),
            1 => dst.write(src.read()),
            0 => {}
            _ => core::ptr::copy_nonoverlapping(src, dst, n),
        }
    }
}

/// Copies a value of `typ` into a map. In leaf mode the barrier is the caller's
/// (`entry::assign_marking`).
///
/// # Safety
/// Both places must be valid for it.
#[inline(always)]
pub(super) unsafe fn copy_value<M: Mode>(mode: M, typ: *const Type, dst: *mut u8, src: *const u8) {
    if mode.system().is_some() {
        // SAFETY: the caller's places are valid for a value of the type.
        unsafe { typed_memmove(typ, dst, src) };
    } else {
        // SAFETY: both places are valid for the size of the type. They do not overlap: Go has no
        // addresses of what is in a map.
        unsafe { copy_bytes(dst, src, (*typ).size) };
    }
}

/// Clears `n` bytes; the usual sizes without a call. Nil needs no barrier.
///
/// # Safety
/// The place must be valid for `n` bytes.
#[inline(always)]
pub(super) unsafe fn clear_bytes(p: *mut u8, n: usize) {
    // SAFETY: each arm writes `n` bytes at the caller's place, unaligned where it may be.
    unsafe {
        match n {
            8 => p.cast::<u64>().write_unaligned(0),
            16 => p.cast::<[u64; 2]>().write_unaligned([0; 2]),
            4 => p.cast::<u32>().write_unaligned(0),
            1 => p.write(0),
            0 => {}
            _ => p.write_bytes(0, n),
        }
    }
}

#[cfg(not(test))]
mod real {
    pub use crate::alloc::{leaf_alloc, mallocgc, newarray};
    pub use crate::gc::barrier::{LEAF_MAX, bulk_small, on_own_stack, typed_memmove, write_ptr};
    pub use crate::world::phase::enabled as barrier_enabled;
}

#[cfg(test)]
mod real {
    use crate::abi::{Slow, Sys, Type};
    use core::ptr::NonNull;
    use std::cell::Cell;

    thread_local! {
        /// Objects asked for in leaf mode until it says no; the tests vary it.
        pub static LEAF_BUDGET: Cell<u32> = const { Cell::new(u32::MAX) };
    }

    pub fn barrier_enabled() -> bool {
        false
    }
    pub const LEAF_MAX: usize = 0;
    /// # Safety
    /// None: nothing is touched.
    pub unsafe fn bulk_small(_typ: *const Type, _at: *const u8, _size: usize) {}
    pub fn on_own_stack(_p: *const u8) -> bool {
        true
    }
    /// # Safety
    /// The slot can be written.
    pub unsafe fn write_ptr(slot: *mut *mut u8, p: *mut u8) {
        // SAFETY: the caller's slot may be written; a test's heap has no collector.
        unsafe { slot.write(p) }
    }
    /// # Safety
    /// A value of the type is at `src`, and `dst` a place for one.
    pub unsafe fn typed_memmove(typ: *const Type, dst: *mut u8, src: *const u8) {
        // SAFETY: the caller has a value of the type at `src`, a place at `dst`.
        unsafe { core::ptr::copy(src, dst, (*typ).size) }
    }
    /// Never freed: tests are short.
    ///
    /// # Safety
    /// None: the host has the memory.
    pub unsafe fn mallocgc(_: Sys<'_>, size: usize, _typ: *const Type, _zero: bool) -> *mut u8 {
        vec![0u64; size.div_ceil(8).max(1)]
            .leak()
            .as_mut_ptr()
            .cast()
    }
    /// # Safety
    /// The descriptor of a type.
    pub unsafe fn newarray(sys: Sys<'_>, typ: *const Type, n: usize) -> *mut u8 {
        // SAFETY: the caller passes the descriptor of a type.
        unsafe { mallocgc(sys, (*typ).size * n, typ, true) }
    }
    /// # Safety
    /// None: the host has the memory.
    pub unsafe fn leaf_alloc(size: usize, typ: *const Type) -> Result<NonNull<u8>, Slow> {
        LEAF_BUDGET.with(|b| {
            Slow::unless(b.get() != 0)?;
            b.set(b.get() - 1);
            // SAFETY: a test's allocator works in either mode.
            NonNull::new(unsafe { mallocgc(Sys::new(), size, typ, true) }).ok_or(Slow)
        })
    }
}
