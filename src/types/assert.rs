//! Type assertions, and the panics of those that fail.
//!
//! E is `interface{}`, I an interface with methods, T any other type; a 2 at the end of a name
//! means the form with a second result, which fails with false and a zero value instead of a panic.
//! As in [`super::conv`], one body serves both modes.

use super::compare::iface_type;
use super::{errors, itab, text::type_string, value};
use crate::abi::{
    Eface, GoString, Iface, InterfaceType, Itab, Mode, Slow, Sys, Type, TypeAssertionError, args,
};
use crate::panic;
use core::ptr;

fn raise(
    sys: Sys<'_>,
    inter: GoString,
    concrete: GoString,
    asserted: GoString,
    missing: GoString,
) -> ! {
    let (interface_string, concrete_string, asserted_string, missing_method) =
        (inter, concrete, asserted, missing);
    panic::raise(
        sys,
        errors::type_assertion(
            sys,
            TypeAssertionError {
                interface_string,
                concrete_string,
                asserted_string,
                missing_method,
            },
        ),
    )
}

const NONE: GoString = GoString::EMPTY;

/// The value is nil.
unsafe fn raise_nil(sys: Sys<'_>, asserted: *const Type) -> ! {
    // SAFETY: a descriptor.
    raise(sys, NONE, NONE, unsafe { type_string(asserted) }, NONE)
}

/// The type lacks a method of the interface.
///
/// # Safety
/// Without locks; both must be descriptors.
#[cold]
pub(super) unsafe fn raise_missing(
    sys: Sys<'_>,
    inter: *const InterfaceType,
    typ: *const Type,
) -> ! {
    // SAFETY: passed on.
    unsafe {
        raise(
            sys,
            NONE,
            type_string(typ),
            type_string(inter.cast()),
            itab::missing_method(inter, typ).unwrap_or(NONE),
        )
    }
}

/// The value has another type.
#[cold]
unsafe fn raise_mismatch(sys: Sys<'_>, inter: GoString, have: *const Type, want: *const Type) -> ! {
    // SAFETY: descriptors, `have` may be null.
    unsafe {
        if have.is_null() {
            raise_nil(sys, want);
        }
        raise(sys, inter, type_string(have), type_string(want), NONE)
    }
}

/// The table for an assertion; null: the value does not have the interface.
#[inline(always)]
unsafe fn table<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
) -> Result<*mut Itab, Slow> {
    // SAFETY: descriptors; a null type has no interface.
    unsafe {
        if typ.is_null() {
            return Ok(ptr::null_mut());
        }
        let tab = if mode.system().is_some() {
            itab::get(inter, typ)
        } else {
            itab::find(inter, typ)
        };
        if tab.is_null() {
            return Err(Slow);
        }
        Ok(if (*tab).bad != 0 {
            ptr::null_mut()
        } else {
            tab
        })
    }
}

/// x.(I) with a panic.
#[inline(always)]
unsafe fn to_iface<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
    data: *mut u8,
    r: *mut Iface,
) -> Result<(), Slow> {
    // SAFETY: passed on.
    unsafe {
        match table(mode, inter, typ) {
            Ok(tab) if !tab.is_null() => value::store_iface(mode, r, tab, data),
            _ => match mode.system() {
                Some(sys) if typ.is_null() => raise_nil(sys, inter.cast()),
                Some(sys) => raise_missing(sys, inter, typ),
                None => Err(Slow),
            },
        }
    }
}

/// x.(I) with a second result.
#[inline(always)]
unsafe fn to_iface2<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
    data: *mut u8,
    r: *mut Iface,
    ok: &mut bool,
) -> Result<(), Slow> {
    // SAFETY: passed on.
    unsafe {
        let tab = table(mode, inter, typ)?;
        *ok = !tab.is_null();
        value::store_iface(mode, r, tab, if *ok { data } else { ptr::null_mut() })
    }
}

/// x.(T) with a second result.
#[inline(always)]
unsafe fn to_value2<M: Mode>(
    mode: M,
    want: *const Type,
    typ: *const Type,
    data: *mut u8,
    r: *mut u8,
    ok: &mut bool,
) -> Result<(), Slow> {
    // SAFETY: the word belongs to a value of `typ`.
    unsafe {
        *ok = typ == want;
        if *ok {
            return value::unboxed(mode, want, data, r);
        }
        if !r.is_null() {
            // Zeroes need no barrier.
            if (*want).size == 8 {
                r.cast::<u64>().write_unaligned(0)
            } else {
                r.write_bytes(0, (*want).size)
            }
        }
        Ok(())
    }
}

#[inline(always)]
unsafe fn e2t_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2T) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe {
        if a.e.typ == a.t {
            return value::unboxed(mode, a.t, a.e.data, a.r);
        }
        if let Some(sys) = mode.system() {
            raise_mismatch(sys, NONE, a.e.typ, a.t);
        }
        Err(Slow)
    }
}

#[inline(always)]
unsafe fn i2t_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2T) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe {
        let typ = iface_type(&a.i);
        if typ == a.t {
            return value::unboxed(mode, a.t, a.i.data, a.r);
        }
        if let Some(sys) = mode.system() {
            let inter = if a.i.tab.is_null() {
                NONE
            } else {
                type_string((*a.i.tab).inter.cast())
            };
            raise_mismatch(sys, inter, typ, a.t);
        }
        Err(Slow)
    }
}

#[inline(always)]
unsafe fn e2t2_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2T2) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe { to_value2(mode, a.t, a.e.typ, a.e.data, a.r, &mut a.r0) }
}

#[inline(always)]
unsafe fn i2t2_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2T2) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe { to_value2(mode, a.t, iface_type(&a.i), a.i.data, a.r, &mut a.r0) }
}

#[inline(always)]
unsafe fn e2e_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2E) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe {
        if !a.e.typ.is_null() {
            return value::store_eface(mode, a.r, a.e.typ, a.e.data);
        }
        if let Some(sys) = mode.system() {
            raise_nil(sys, a.inter.cast());
        }
        Err(Slow)
    }
}

#[inline(always)]
unsafe fn i2e_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2E) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe {
        let typ = iface_type(&a.i);
        if !typ.is_null() {
            return value::store_eface(mode, a.r, typ, a.i.data);
        }
        if let Some(sys) = mode.system() {
            raise_nil(sys, a.inter.cast());
        }
        Err(Slow)
    }
}

/// x.(interface{}) with a second result: only nil fails.
#[inline(always)]
unsafe fn to_eface2<M: Mode>(
    mode: M,
    typ: *const Type,
    data: *mut u8,
    r: *mut Eface,
    ok: &mut bool,
) -> Result<(), Slow> {
    *ok = !typ.is_null();
    // SAFETY: passed on.
    unsafe { value::store_eface(mode, r, typ, if *ok { data } else { ptr::null_mut() }) }
}

#[inline(always)]
unsafe fn e2e2_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2E2) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe { to_eface2(mode, a.e.typ, a.e.data, a.r, &mut a.r0) }
}

#[inline(always)]
unsafe fn i2e2_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2E2) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe { to_eface2(mode, iface_type(&a.i), a.i.data, a.r, &mut a.r0) }
}

#[doc(alias = "assertE2I")]
#[inline(always)]
unsafe fn e2i_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2I) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe { to_iface(mode, a.inter, a.e.typ, a.e.data, a.r) }
}

#[inline(always)]
unsafe fn e2i2_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2I2) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe { to_iface2(mode, a.inter, a.e.typ, a.e.data, a.r, &mut a.r0) }
}

/// A value that has the interface already keeps its table.
#[inline(always)]
unsafe fn i2i_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2I) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe {
        if !a.i.tab.is_null() && (*a.i.tab).inter == a.inter {
            return value::store_iface(mode, a.r, a.i.tab, a.i.data);
        }
        to_iface(mode, a.inter, iface_type(&a.i), a.i.data, a.r)
    }
}

#[inline(always)]
unsafe fn i2i2_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2I2) -> Result<(), Slow> {
    // SAFETY: compiled code's arguments.
    unsafe {
        if !a.i.tab.is_null() && (*a.i.tab).inter == a.inter {
            a.r0 = true;
            return value::store_iface(mode, a.r, a.i.tab, a.i.data);
        }
        to_iface2(mode, a.inter, iface_type(&a.i), a.i.data, a.r, &mut a.r0)
    }
}

#[inline(always)]
unsafe fn reflect_in<M: Mode>(mode: M, a: &mut args::reflect_ifaceE2I) -> Result<(), Slow> {
    // SAFETY: package reflect passes the descriptor of an interface type with methods and the
    // address of such a variable.
    unsafe { to_iface(mode, a.t.cast(), a.src.typ, a.src.data, a.dst.cast()) }
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
pub fn panicdottype(sys: Sys<'_>, a: &mut args::runtime_panicdottype) {
    // SAFETY: descriptors; `have` is null for nil.
    unsafe {
        let have = if a.have.is_null() {
            NONE
        } else {
            type_string(a.have)
        };
        raise(sys, type_string(a.iface), have, type_string(a.want), NONE)
    }
}

/// `runtime.panicwrap`: a method by value was called through a nil pointer.
pub fn panicwrap(sys: Sys<'_>, a: &mut args::runtime_panicwrap) {
    // SAFETY: Go strings.
    let (pkg, typ, meth) = unsafe { (a.pkg.bytes(), a.typ_.bytes(), a.meth.bytes()) };
    let text = errors::concat(
        sys,
        &[
            b"value method ",
            pkg,
            b".",
            typ,
            b".",
            meth,
            b" called using nil *",
            typ,
            b" pointer",
        ],
    );
    panic::raise(sys, errors::string_value(sys, text))
}
