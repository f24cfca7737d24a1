//! Conversions to interface types, which the compiler knows to succeed.
//!
//! Each has one body for both modes: in leaf mode it answers [`Slow`] where it would have to
//! allocate slowly, make a table or do the write barrier of a large value.

use super::compare::iface_type;
use super::{assert, itab, value};
use crate::abi::{Eface, Iface, InterfaceType, Itab, Leaf, Mode, Slow, Type, args};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

/// The table of a pair that matches; in leaf mode only if it is there. Raises a panic where the pair
/// does not match.
///
/// # Safety
///
/// Both are descriptors.
#[inline(always)]
unsafe fn table<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
) -> Result<NonNull<Itab>, Slow> {
    let Some(sys) = mode.system() else {
        // SAFETY: by the caller's promise both are descriptors.
        let tab = NonNull::new(unsafe { itab::find(inter, typ) }).ok_or(Slow)?;
        // SAFETY: tables are never freed, nor do they change.
        Slow::unless(unsafe { (*tab.as_ptr()).bad } == 0)?;
        return Ok(tab);
    };
    // SAFETY: by the caller's promise descriptors; who converts in system mode holds no lock.
    let tab = unsafe {
        let tab = itab::get(inter, typ);
        if (*tab).bad != 0 {
            assert::raise_missing(sys, inter, typ);
        }
        tab
    };
    NonNull::new(tab).ok_or(Slow)
}

/// The same with the call site's cache cell.
///
/// # Safety
///
/// As [`table`]; `cache` is the cell of a conversion between these two types.
#[inline(always)]
unsafe fn cached_table<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
    cache: *mut *mut Itab,
) -> Result<NonNull<Itab>, Slow> {
    // SAFETY: by the caller's promise the cell is a word of the program's data that only holds
    // tables.
    let cell = unsafe { AtomicPtr::from_ptr(cache) };
    // Release and acquire: who finds a table there sees its contents.
    if let Some(tab) = NonNull::new(cell.load(Ordering::Acquire)) {
        return Ok(tab);
    }
    // SAFETY: by the caller's promise both are descriptors.
    let tab = unsafe { table(mode, inter, typ) }?;
    cell.store(tab.as_ptr(), Ordering::Release);
    Ok(tab)
}

/// `runtime.typ2Itab`.
///
/// # Safety
///
/// `a` is the argument area of the call that is being served.
#[inline(always)]
unsafe fn typ2itab_in<M: Mode>(mode: M, a: &mut args::runtime_typ2Itab) -> Result<(), Slow> {
    // SAFETY: compiled code passes descriptors, and the cell of this conversion.
    a.r0 = unsafe { cached_table(mode, a.inter, a.t, a.cache) }?.as_ptr();
    Ok(())
}

/// `runtime.convT2E`.
///
/// # Safety
///
/// As [`typ2itab_in`].
#[doc(alias = "convT2E")]
#[inline(always)]
unsafe fn t2e_in<M: Mode>(mode: M, a: &mut args::runtime_convT2E) -> Result<(), Slow> {
    // SAFETY: compiled code passes a descriptor, a value of it, and room for one, or nil.
    let data = unsafe { value::boxed(mode, a.t, a.elem, a.x) }?;
    a.e = Eface { typ: a.t, data };
    Ok(())
}

/// `runtime.convT2I`.
///
/// # Safety
///
/// As [`typ2itab_in`].
#[inline(always)]
unsafe fn t2i_in<M: Mode>(mode: M, a: &mut args::runtime_convT2I) -> Result<(), Slow> {
    // SAFETY: compiled code passes descriptors, and the cell of this conversion.
    let tab = unsafe { cached_table(mode, a.inter, a.t, a.cache) }?.as_ptr();
    // SAFETY: compiled code passes a value of that type, and room for one, or nil.
    let data = unsafe { value::boxed(mode, a.t, a.elem, a.x) }?;
    a.i = Iface { tab, data };
    Ok(())
}

/// `runtime.convI2I`.
///
/// # Safety
///
/// As [`typ2itab_in`].
#[inline(always)]
unsafe fn i2i_in<M: Mode>(mode: M, a: &mut args::runtime_convI2I) -> Result<(), Slow> {
    let mut tab = a.i.tab;
    // SAFETY: compiled code passes an interface value, whose table is nil or one of ours.
    let Some(of) = (unsafe { tab.as_ref() }) else {
        a.r = Iface {
            tab,
            data: ptr::null_mut(),
        };
        return Ok(());
    };
    if of.inter != a.inter {
        // SAFETY: compiled code passes a descriptor, and tables name one.
        tab = unsafe { table(mode, a.inter, of.typ) }?.as_ptr();
    }
    a.r = Iface {
        tab,
        data: a.i.data,
    };
    Ok(())
}

/// `runtime.convI2E`.
#[inline(always)]
pub fn i2e(_: Leaf<'_>, a: &mut args::runtime_convI2E) {
    // SAFETY: compiled code passes an interface value.
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
