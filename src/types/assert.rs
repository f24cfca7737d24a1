//! Type assertions, and the panics of those that fail.
//!
//! E is `interface{}`, I an interface with methods, T any other type; a 2 at the end of a name
//! means the form with a second result, which fails with false and a zero value instead of a panic.
//! As in [`super::conv`], one body serves both modes.

use super::compare::iface_type;
use super::{errors, itab, text::type_string, value};
use crate::abi::{
    Eface, GoString, Iface, InterfaceType, Itab, Sys, Type, TypeAssertionError, args,
};
use crate::panic;
use core::ptr;

fn raise(inter: GoString, concrete: GoString, asserted: GoString, missing: GoString) -> ! {
    let (interface_string, concrete_string, asserted_string, missing_method) =
        (inter, concrete, asserted, missing);
    panic::raise(errors::type_assertion(TypeAssertionError {
        interface_string,
        concrete_string,
        asserted_string,
        missing_method,
    }))
}

const NONE: GoString = GoString::EMPTY;

/// The value is nil.
unsafe fn raise_nil(asserted: *const Type) -> ! {
    // SAFETY: a descriptor.
    raise(NONE, NONE, unsafe { type_string(asserted) }, NONE)
}

/// The type lacks a method of the interface.
///
/// # Safety
/// In system mode, without locks; both must be descriptors.
#[cold]
pub(super) unsafe fn raise_missing(inter: *const InterfaceType, typ: *const Type) -> ! {
    // SAFETY: passed on.
    unsafe {
        raise(
            NONE,
            type_string(typ),
            type_string(inter.cast()),
            itab::missing_method(inter, typ).unwrap_or(NONE),
        )
    }
}

/// The value has another type.
#[cold]
unsafe fn raise_mismatch(inter: GoString, have: *const Type, want: *const Type) -> ! {
    // SAFETY: descriptors, `have` may be null.
    unsafe {
        if have.is_null() {
            raise_nil(want);
        }
        raise(inter, type_string(have), type_string(want), NONE)
    }
}

/// The table for an assertion: `Some(null)` means that the value does not have the interface,
/// `None` that leaf mode cannot tell.
#[inline(always)]
unsafe fn table<const SYSTEM: bool>(
    inter: *const InterfaceType,
    typ: *const Type,
) -> Option<*mut Itab> {
    // SAFETY: descriptors; a null type has no interface.
    unsafe {
        if typ.is_null() {
            return Some(ptr::null_mut());
        }
        let tab = if SYSTEM {
            itab::get(inter, typ)
        } else {
            itab::find(inter, typ)
        };
        if tab.is_null() {
            return None;
        }
        Some(if (*tab).bad != 0 {
            ptr::null_mut()
        } else {
            tab
        })
    }
}

/// x.(I) with a panic.
#[inline(always)]
unsafe fn to_iface<const SYSTEM: bool>(
    inter: *const InterfaceType,
    typ: *const Type,
    data: *mut u8,
    r: *mut Iface,
) -> bool {
    // SAFETY: passed on.
    unsafe {
        match table::<SYSTEM>(inter, typ) {
            Some(tab) if !tab.is_null() => value::store_iface::<SYSTEM>(r, tab, data),
            _ if !SYSTEM => false,
            _ if typ.is_null() => raise_nil(inter.cast()),
            _ => raise_missing(inter, typ),
        }
    }
}

/// x.(I) with a second result.
#[inline(always)]
unsafe fn to_iface2<const SYSTEM: bool>(
    inter: *const InterfaceType,
    typ: *const Type,
    data: *mut u8,
    r: *mut Iface,
    ok: &mut bool,
) -> bool {
    // SAFETY: passed on.
    unsafe {
        match table::<SYSTEM>(inter, typ) {
            Some(tab) => {
                *ok = !tab.is_null();
                value::store_iface::<SYSTEM>(r, tab, if *ok { data } else { ptr::null_mut() })
            }
            None => false,
        }
    }
}

/// x.(T) with a second result.
#[inline(always)]
unsafe fn to_value2<const SYSTEM: bool>(
    want: *const Type,
    typ: *const Type,
    data: *mut u8,
    r: *mut u8,
    ok: &mut bool,
) -> bool {
    // SAFETY: the word belongs to a value of `typ`.
    unsafe {
        *ok = typ == want;
        if *ok {
            return value::unboxed::<SYSTEM>(want, data, r);
        }
        if !r.is_null() {
            // Zeroes need no barrier.
            if (*want).size == 8 {
                r.cast::<u64>().write_unaligned(0)
            } else {
                r.write_bytes(0, (*want).size)
            }
        }
        true
    }
}

#[inline(always)]
unsafe fn e2t_in<const SYSTEM: bool>(a: &mut args::runtime_assertE2T) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe {
        if a.e.typ == a.t {
            return value::unboxed::<SYSTEM>(a.t, a.e.data, a.r);
        }
        if SYSTEM {
            raise_mismatch(NONE, a.e.typ, a.t);
        }
        false
    }
}

#[inline(always)]
unsafe fn i2t_in<const SYSTEM: bool>(a: &mut args::runtime_assertI2T) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe {
        let typ = iface_type(&a.i);
        if typ == a.t {
            return value::unboxed::<SYSTEM>(a.t, a.i.data, a.r);
        }
        if SYSTEM {
            let inter = if a.i.tab.is_null() {
                NONE
            } else {
                type_string((*a.i.tab).inter.cast())
            };
            raise_mismatch(inter, typ, a.t);
        }
        false
    }
}

#[inline(always)]
unsafe fn e2t2_in<const SYSTEM: bool>(a: &mut args::runtime_assertE2T2) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe { to_value2::<SYSTEM>(a.t, a.e.typ, a.e.data, a.r, &mut a.r0) }
}

#[inline(always)]
unsafe fn i2t2_in<const SYSTEM: bool>(a: &mut args::runtime_assertI2T2) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe { to_value2::<SYSTEM>(a.t, iface_type(&a.i), a.i.data, a.r, &mut a.r0) }
}

#[inline(always)]
unsafe fn e2e_in<const SYSTEM: bool>(a: &mut args::runtime_assertE2E) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe {
        if !a.e.typ.is_null() {
            return value::store_eface::<SYSTEM>(a.r, a.e.typ, a.e.data);
        }
        if SYSTEM {
            raise_nil(a.inter.cast());
        }
        false
    }
}

#[inline(always)]
unsafe fn i2e_in<const SYSTEM: bool>(a: &mut args::runtime_assertI2E) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe {
        let typ = iface_type(&a.i);
        if !typ.is_null() {
            return value::store_eface::<SYSTEM>(a.r, typ, a.i.data);
        }
        if SYSTEM {
            raise_nil(a.inter.cast());
        }
        false
    }
}

/// x.(interface{}) with a second result: only nil fails.
#[inline(always)]
unsafe fn to_eface2<const SYSTEM: bool>(
    typ: *const Type,
    data: *mut u8,
    r: *mut Eface,
    ok: &mut bool,
) -> bool {
    *ok = !typ.is_null();
    // SAFETY: passed on.
    unsafe { value::store_eface::<SYSTEM>(r, typ, if *ok { data } else { ptr::null_mut() }) }
}

#[inline(always)]
unsafe fn e2e2_in<const SYSTEM: bool>(a: &mut args::runtime_assertE2E2) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe { to_eface2::<SYSTEM>(a.e.typ, a.e.data, a.r, &mut a.r0) }
}

#[inline(always)]
unsafe fn i2e2_in<const SYSTEM: bool>(a: &mut args::runtime_assertI2E2) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe { to_eface2::<SYSTEM>(iface_type(&a.i), a.i.data, a.r, &mut a.r0) }
}

#[doc(alias = "assertE2I")]
#[inline(always)]
unsafe fn e2i_in<const SYSTEM: bool>(a: &mut args::runtime_assertE2I) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe { to_iface::<SYSTEM>(a.inter, a.e.typ, a.e.data, a.r) }
}

#[inline(always)]
unsafe fn e2i2_in<const SYSTEM: bool>(a: &mut args::runtime_assertE2I2) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe { to_iface2::<SYSTEM>(a.inter, a.e.typ, a.e.data, a.r, &mut a.r0) }
}

/// A value that has the interface already keeps its table.
#[inline(always)]
unsafe fn i2i_in<const SYSTEM: bool>(a: &mut args::runtime_assertI2I) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe {
        if !a.i.tab.is_null() && (*a.i.tab).inter == a.inter {
            return value::store_iface::<SYSTEM>(a.r, a.i.tab, a.i.data);
        }
        to_iface::<SYSTEM>(a.inter, iface_type(&a.i), a.i.data, a.r)
    }
}

#[inline(always)]
unsafe fn i2i2_in<const SYSTEM: bool>(a: &mut args::runtime_assertI2I2) -> bool {
    // SAFETY: compiled code's arguments.
    unsafe {
        if !a.i.tab.is_null() && (*a.i.tab).inter == a.inter {
            a.r0 = true;
            return value::store_iface::<SYSTEM>(a.r, a.i.tab, a.i.data);
        }
        to_iface2::<SYSTEM>(a.inter, iface_type(&a.i), a.i.data, a.r, &mut a.r0)
    }
}

#[inline(always)]
unsafe fn reflect_in<const SYSTEM: bool>(a: &mut args::reflect_ifaceE2I) -> bool {
    // SAFETY: package reflect passes the descriptor of an interface type with methods and the
    // address of such a variable.
    unsafe { to_iface::<SYSTEM>(a.t.cast(), a.src.typ, a.src.data, a.dst.cast()) }
}

super::text::both_modes! {
    e2t_leaf, e2t, e2t_in, runtime_assertE2T, "runtime.assertE2T";
    e2t2_leaf, e2t2, e2t2_in, runtime_assertE2T2, "runtime.assertE2T2";
    i2t_leaf, i2t, i2t_in, runtime_assertI2T, "runtime.assertI2T";
    i2t2_leaf, i2t2, i2t2_in, runtime_assertI2T2, "runtime.assertI2T2";
    e2e_leaf, e2e, e2e_in, runtime_assertE2E, "runtime.assertE2E";
    e2e2_leaf, e2e2, e2e2_in, runtime_assertE2E2, "runtime.assertE2E2";
    i2e_leaf, i2e, i2e_in, runtime_assertI2E, "runtime.assertI2E";
    i2e2_leaf, i2e2, i2e2_in, runtime_assertI2E2, "runtime.assertI2E2";
    e2i_leaf, e2i, e2i_in, runtime_assertE2I, "runtime.assertE2I";
    e2i2_leaf, e2i2, e2i2_in, runtime_assertE2I2, "runtime.assertE2I2";
    i2i_leaf, i2i, i2i_in, runtime_assertI2I, "runtime.assertI2I";
    i2i2_leaf, i2i2, i2i2_in, runtime_assertI2I2, "runtime.assertI2I2";
    reflect_e2i_leaf, reflect_e2i, reflect_in, reflect_ifaceE2I, "reflect.ifaceE2I";
}

/// `runtime.panicdottype`: an assertion that compiled code checked itself failed.
pub fn panicdottype(_: Sys<'_>, a: &mut args::runtime_panicdottype) {
    // SAFETY: descriptors; `have` is null for nil.
    unsafe {
        let have = if a.have.is_null() {
            NONE
        } else {
            type_string(a.have)
        };
        raise(type_string(a.iface), have, type_string(a.want), NONE)
    }
}

/// `runtime.panicwrap`: a method by value was called through a nil pointer.
pub fn panicwrap(_: Sys<'_>, a: &mut args::runtime_panicwrap) {
    // SAFETY: Go strings.
    let (pkg, typ, meth) = unsafe { (a.pkg.bytes(), a.typ_.bytes(), a.meth.bytes()) };
    let text = errors::concat(&[
        b"value method ",
        pkg,
        b".",
        typ,
        b".",
        meth,
        b" called using nil *",
        typ,
        b" pointer",
    ]);
    panic::raise(errors::string_value(text))
}
