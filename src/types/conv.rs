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
#[inline(always)]
unsafe fn table<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
) -> Result<NonNull<Itab>, Slow> {
    // SAFETY: compiled code passes descriptors.
    unsafe {
        if let Some(sys) = mode.system() {
            let tab = itab::get(inter, typ);
            if (*tab).bad != 0 {
                assert::raise_missing(sys, inter, typ);
            }
            return NonNull::new(tab).ok_or(Slow);
        }
        match NonNull::new(itab::find(inter, typ)) {
            Some(tab) if (*tab.as_ptr()).bad == 0 => Ok(tab),
            _ => Err(Slow),
        }
    }
}

/// The same with the call site's cache cell.
#[inline(always)]
unsafe fn cached_table<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
    cache: *mut *mut Itab,
) -> Result<NonNull<Itab>, Slow> {
    // SAFETY: the cell is a word of the program's data that only holds tables. Release and acquire:
    // who finds a table there sees its contents.
    unsafe {
        let cell = AtomicPtr::from_ptr(cache);
        if let Some(tab) = NonNull::new(cell.load(Ordering::Acquire)) {
            return Ok(tab);
        }
        let tab = table(mode, inter, typ)?;
        cell.store(tab.as_ptr(), Ordering::Release);
        Ok(tab)
    }
}

#[inline(always)]
unsafe fn typ2itab_in<M: Mode>(mode: M, a: &mut args::runtime_typ2Itab) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    a.r0 = unsafe { cached_table(mode, a.inter, a.t, a.cache) }?.as_ptr();
    Ok(())
}

#[doc(alias = "convT2E")]
#[inline(always)]
unsafe fn t2e_in<M: Mode>(mode: M, a: &mut args::runtime_convT2E) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    let data = unsafe { value::boxed(mode, a.t, a.elem, a.x) }?;
    a.e = Eface { typ: a.t, data };
    Ok(())
}

#[inline(always)]
unsafe fn t2i_in<M: Mode>(mode: M, a: &mut args::runtime_convT2I) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe {
        let tab = cached_table(mode, a.inter, a.t, a.cache)?.as_ptr();
        let data = value::boxed(mode, a.t, a.elem, a.x)?;
        a.i = Iface { tab, data };
    }
    Ok(())
}

#[inline(always)]
unsafe fn i2i_in<M: Mode>(mode: M, a: &mut args::runtime_convI2I) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe {
        let mut tab = a.i.tab;
        if tab.is_null() {
            a.r = Iface {
                tab,
                data: ptr::null_mut(),
            };
            return Ok(());
        }
        if (*tab).inter != a.inter {
            tab = table(mode, a.inter, (*tab).typ)?.as_ptr();
        }
        a.r = Iface {
            tab,
            data: a.i.data,
        };
    }
    Ok(())
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
