//! Comparison of interface values, and the type hashes of type switches.

use super::alg::{equal_data, equal_data_leaf};
use crate::abi::{Eface, Iface, Type, args};

/// Dynamic type of an interface value with methods.
///
/// # Safety
/// The table, if any, must be one of ours.
#[inline(always)]
pub(super) unsafe fn iface_type(i: &Iface) -> *const Type {
    if i.tab.is_null() {
        core::ptr::null()
    } else {
        // SAFETY: tables name their type.
        unsafe { (*i.tab).typ }
    }
}

/// Compiled code compared the first words already; they are compared again for callers that did not.
#[inline(always)]
unsafe fn efaces_leaf(p: &Eface, q: &Eface) -> Option<bool> {
    if p.typ != q.typ {
        Some(false)
    } else {
        // SAFETY: both words belong to values of the type.
        unsafe { equal_data_leaf(p.typ, p.data, q.data) }
    }
}

#[inline(always)]
unsafe fn ifaces_leaf(p: &Iface, q: &Iface) -> Option<bool> {
    // One table for each pair: other tables mean other types, unless they are of different interfaces, which compiled code
    // converts first.
    if p.tab != q.tab {
        Some(false)
    } else {
        // SAFETY: both words belong to values of the table's type.
        unsafe { equal_data_leaf(iface_type(p), p.data, q.data) }
    }
}

/// `runtime.efaceeq` without compiled code.
///
/// # Safety
/// Called by its trampoline.
#[inline(always)]
pub unsafe fn eface_leaf(a: &mut args::runtime_efaceeq) -> bool {
    // SAFETY: interface values.
    match unsafe { efaces_leaf(&a.p, &a.q) } {
        Some(same) => {
            a.r0 = same;
            true
        }
        None => false,
    }
}

/// `runtime.efaceeq`.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn eface(a: &mut args::runtime_efaceeq) {
    // SAFETY: interface values.
    a.r0 = a.p.typ == a.q.typ && unsafe { equal_data(a.p.typ, a.p.data, a.q.data) };
}

/// `runtime.ifaceeq` without compiled code.
///
/// # Safety
/// Called by its trampoline.
#[inline(always)]
pub unsafe fn iface_leaf(a: &mut args::runtime_ifaceeq) -> bool {
    // SAFETY: interface values.
    match unsafe { ifaces_leaf(&a.p, &a.q) } {
        Some(same) => {
            a.r0 = same;
            true
        }
        None => false,
    }
}

/// `runtime.ifaceeq`.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn iface(a: &mut args::runtime_ifaceeq) {
    // SAFETY: interface values.
    a.r0 = a.p.tab == a.q.tab && unsafe { equal_data(iface_type(&a.p), a.p.data, a.q.data) };
}

/// `runtime.efacethash`: the hash in the descriptor of the dynamic type, 0 for nil.
///
/// # Safety
/// Called by its trampoline.
#[inline(always)]
pub unsafe fn eface_type_hash(a: &mut args::runtime_efacethash) {
    a.r0 = if a.e.typ.is_null() {
        0
    } else {
        // SAFETY: the type of an interface value is a descriptor.
        unsafe { (*a.e.typ).hash }
    };
}

/// `runtime.ifacethash`.
///
/// # Safety
/// Called by its trampoline.
#[inline(always)]
pub unsafe fn iface_type_hash(a: &mut args::runtime_ifacethash) {
    // SAFETY: as above.
    unsafe {
        let typ = iface_type(&a.i);
        a.r0 = if typ.is_null() { 0 } else { (*typ).hash };
    }
}
