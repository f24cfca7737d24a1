//! Comparison of interface values where asm/iface.S leaves it to system mode: types without
//! equality raise a panic.

use super::any::equal_interface;
use crate::abi::{Iface, Sys, Type, args};

/// Dynamic type of an interface value with methods.
///
/// # Safety
/// The table, if any, must be one of ours.
#[inline(always)]
pub(super) unsafe fn iface_type(i: &Iface) -> *const Type {
    if i.tab.is_null() {
        core::ptr::null()
    } else {
        // SAFETY: by the caller's promise a table of ours, and these name their type.
        unsafe { (*i.tab).typ }
    }
}

/// `runtime.efaceeq`.
pub fn eface(sys: Sys<'_>, a: &mut args::runtime_efaceeq) {
    // SAFETY: compiled code passes interface values, and no lock is held.
    a.r0 = unsafe { equal_interface(sys, (&raw const a.p).cast(), (&raw const a.q).cast(), false) };
}

/// `runtime.ifaceeq`.
pub fn iface(sys: Sys<'_>, a: &mut args::runtime_ifaceeq) {
    // SAFETY: compiled code passes interface values, and no lock is held.
    a.r0 = unsafe { equal_interface(sys, (&raw const a.p).cast(), (&raw const a.q).cast(), true) };
}
