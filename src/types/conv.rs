//! Conversions to interface types, which the compiler knows to succeed.
//!
//! Each has one body for both modes: in leaf mode it answers false where it would have to allocate
//! slowly, make a table or do the write barrier of a large value.

use super::compare::iface_type;
use super::{assert, itab, value};
use crate::abi::{Eface, Iface, InterfaceType, Itab, Leaf, Type, args};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The table of a pair that matches, or null in leaf mode if it is not there yet; raises a panic
/// where the pair does not match.
#[inline(always)]
unsafe fn table<const SYSTEM: bool>(inter: *const InterfaceType, typ: *const Type) -> *mut Itab {
    // SAFETY: compiled code passes descriptors.
    unsafe {
        if SYSTEM {
            let tab = itab::get(inter, typ);
            if (*tab).bad != 0 {
                assert::raise_missing(inter, typ);
            }
            return tab;
        }
        let tab = itab::find(inter, typ);
        if tab.is_null() || (*tab).bad != 0 {
            ptr::null_mut()
        } else {
            tab
        }
    }
}

/// The same with the call site's cache cell.
#[inline(always)]
unsafe fn cached_table<const SYSTEM: bool>(
    inter: *const InterfaceType,
    typ: *const Type,
    cache: *mut *mut Itab,
) -> *mut Itab {
    // SAFETY: the cell is a word of the program's data that only holds tables. Release and acquire:
    // who finds a table there sees its contents.
    unsafe {
        let cell = AtomicPtr::from_ptr(cache);
        let tab = cell.load(Ordering::Acquire);
        if !tab.is_null() {
            return tab;
        }
        let tab = table::<SYSTEM>(inter, typ);
        if !tab.is_null() {
            cell.store(tab, Ordering::Release);
        }
        tab
    }
}

#[inline(always)]
unsafe fn typ2itab_in<const SYSTEM: bool>(a: &mut args::runtime_typ2Itab) -> bool {
    // SAFETY: compiled code's arguments.
    a.r0 = unsafe { cached_table::<SYSTEM>(a.inter, a.t, a.cache) };
    !a.r0.is_null()
}

#[doc(alias = "convT2E")]
#[inline(always)]
unsafe fn t2e_in<const SYSTEM: bool>(a: &mut args::runtime_convT2E) -> bool {
    // SAFETY: compiled code's arguments.
    match unsafe { value::boxed::<SYSTEM>(a.t, a.elem, a.x) } {
        Some(data) => {
            a.e = Eface { typ: a.t, data };
            true
        }
        None => false,
    }
}

#[inline(always)]
unsafe fn t2i_in<const SYSTEM: bool>(a: &mut args::runtime_convT2I) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe {
        let tab = cached_table::<SYSTEM>(a.inter, a.t, a.cache);
        if tab.is_null() {
            return false;
        }
        match value::boxed::<SYSTEM>(a.t, a.elem, a.x) {
            Some(data) => {
                a.i = Iface { tab, data };
                true
            }
            None => false,
        }
    }
}

#[inline(always)]
unsafe fn i2i_in<const SYSTEM: bool>(a: &mut args::runtime_convI2I) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe {
        let mut tab = a.i.tab;
        if tab.is_null() {
            a.r = Iface {
                tab,
                data: ptr::null_mut(),
            };
            return true;
        }
        if (*tab).inter != a.inter {
            tab = table::<SYSTEM>(a.inter, (*tab).typ);
        }
        a.r = Iface {
            tab,
            data: a.i.data,
        };
        !tab.is_null()
    }
}

/// `runtime.convI2E`.
#[inline(always)]
pub fn i2e(_: Leaf<'_>, a: &mut args::runtime_convI2E) {
    // SAFETY: an interface value.
    let typ = unsafe { iface_type(&a.i) };
    a.r = Eface {
        typ,
        data: a.i.data,
    };
}

super::text::both_modes! {
    typ2itab_leaf, typ2itab, typ2itab_in, runtime_typ2Itab, "runtime.typ2Itab";
    t2e_leaf, t2e, t2e_in, runtime_convT2E, "runtime.convT2E";
    t2i_leaf, t2i, t2i_in, runtime_convT2I, "runtime.convT2I";
    i2i_leaf, i2i, i2i_in, runtime_convI2I, "runtime.convI2I";
}
