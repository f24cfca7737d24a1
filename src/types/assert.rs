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
///
/// # Safety
/// `asserted` is a descriptor.
unsafe fn raise_nil(sys: Sys<'_>, asserted: *const Type) -> ! {
    // SAFETY: by the caller's promise a descriptor.
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
    // SAFETY: by the caller's promise both are descriptors; that of an interface begins as all do.
    let (concrete, asserted, missing) = unsafe {
        (
            type_string(typ),
            type_string(inter.cast()),
            itab::missing_method(inter, typ).unwrap_or(NONE),
        )
    };
    raise(sys, NONE, concrete, asserted, missing)
}

/// The value has another type.
///
/// # Safety
///
/// Both are descriptors, and `have` may be null.
#[cold]
unsafe fn raise_mismatch(sys: Sys<'_>, inter: GoString, have: *const Type, want: *const Type) -> ! {
    if have.is_null() {
        // SAFETY: by the caller's promise a descriptor.
        unsafe { raise_nil(sys, want) };
    }
    // SAFETY: by the caller's promise both are descriptors.
    let (have, want) = unsafe { (type_string(have), type_string(want)) };
    raise(sys, inter, have, want, NONE)
}

/// The table for an assertion; null: the value does not have the interface.
///
/// # Safety
///
/// Both are descriptors; `typ` may be null.
#[inline(always)]
unsafe fn table<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
) -> Result<*mut Itab, Slow> {
    if typ.is_null() {
        return Ok(ptr::null_mut());
    }
    // SAFETY: by the caller's promise descriptors; tables are made in system mode alone.
    let tab = unsafe {
        if mode.system().is_some() {
            itab::get(inter, typ)
        } else {
            itab::find(inter, typ)
        }
    };
    if tab.is_null() {
        return Err(Slow);
    }
    // SAFETY: tables are never freed, nor do they change.
    let bad = unsafe { (*tab).bad } != 0;
    Ok(if bad { ptr::null_mut() } else { tab })
}

/// x.(I) with a panic.
///
/// # Safety
///
/// As [`table`]; `data` is the data word of a value of `typ`, and `r` is null or has room for an
/// interface value.
#[inline(always)]
unsafe fn to_iface<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
    data: *mut u8,
    r: *mut Iface,
) -> Result<(), Slow> {
    // SAFETY: by the caller's promise both are descriptors.
    match unsafe { table(mode, inter, typ) } {
        // SAFETY: `r` is as the caller promises; the word belongs to a value of the table's type.
        Ok(tab) if !tab.is_null() => unsafe { value::store_iface(mode, r, tab, data) },
        _ => {
            let sys = mode.system().ok_or(Slow)?;
            // SAFETY: descriptors; who asserts in system mode holds no lock.
            unsafe {
                if typ.is_null() {
                    raise_nil(sys, inter.cast())
                }
                raise_missing(sys, inter, typ)
            }
        }
    }
}

/// x.(I) with a second result.
///
/// # Safety
///
/// As [`to_iface`].
#[inline(always)]
unsafe fn to_iface2<M: Mode>(
    mode: M,
    inter: *const InterfaceType,
    typ: *const Type,
    data: *mut u8,
    r: *mut Iface,
    ok: &mut bool,
) -> Result<(), Slow> {
    // SAFETY: by the caller's promise both are descriptors.
    let tab = unsafe { table(mode, inter, typ) }?;
    *ok = !tab.is_null();
    let data = if *ok { data } else { ptr::null_mut() };
    // SAFETY: `r` is as the caller promises; the word belongs to a value of the table's type.
    unsafe { value::store_iface(mode, r, tab, data) }
}

/// x.(T) with a second result.
///
/// # Safety
///
/// `want` is a descriptor, `data` the data word of a value of `typ`; `r` is null or has room for a
/// value of `want`.
#[inline(always)]
unsafe fn to_value2<M: Mode>(
    mode: M,
    want: *const Type,
    typ: *const Type,
    data: *mut u8,
    r: *mut u8,
    ok: &mut bool,
) -> Result<(), Slow> {
    *ok = typ == want;
    if *ok {
        // SAFETY: by the caller's promise the word belongs to a value of this type, for which there
        // is room, unless `r` is null.
        return unsafe { value::unboxed(mode, want, data, r) };
    }
    if r.is_null() {
        return Ok(());
    }
    // SAFETY: by the caller's promise a descriptor, and room for a value of it. Zeroes need no
    // barrier.
    unsafe {
        if (*want).size == 8 {
            r.cast::<u64>().write_unaligned(0)
        } else {
            r.write_bytes(0, (*want).size)
        }
    }
    Ok(())
}

/// `runtime.assertE2T`.
///
/// # Safety
///
/// `a` is the argument area of the call that is being served.
#[inline(always)]
unsafe fn e2t_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2T) -> Result<(), Slow> {
    if a.e.typ == a.t {
        // SAFETY: the word belongs to a value of this type; compiled code passes room for one, or
        // nil.
        return unsafe { value::unboxed(mode, a.t, a.e.data, a.r) };
    }
    let sys = mode.system().ok_or(Slow)?;
    // SAFETY: compiled code passes a descriptor; the value has one or null.
    unsafe { raise_mismatch(sys, NONE, a.e.typ, a.t) }
}

/// `runtime.assertI2T`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn i2t_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2T) -> Result<(), Slow> {
    // SAFETY: compiled code passes an interface value.
    let typ = unsafe { iface_type(&a.i) };
    if typ == a.t {
        // SAFETY: the word belongs to a value of this type; compiled code passes room for one, or
        // nil.
        return unsafe { value::unboxed(mode, a.t, a.i.data, a.r) };
    }
    let sys = mode.system().ok_or(Slow)?;
    // SAFETY: compiled code passes a descriptor; the value has a table, with two, or null.
    unsafe {
        let inter = (a.i.tab.as_ref()).map_or(NONE, |tab| type_string(tab.inter.cast()));
        raise_mismatch(sys, inter, typ, a.t)
    }
}

/// `runtime.assertE2T2`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn e2t2_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2T2) -> Result<(), Slow> {
    // SAFETY: compiled code passes a descriptor, a value, and room for one of the descriptor's, or
    // nil.
    unsafe { to_value2(mode, a.t, a.e.typ, a.e.data, a.r, &mut a.r0) }
}

/// `runtime.assertI2T2`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn i2t2_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2T2) -> Result<(), Slow> {
    // SAFETY: compiled code passes a descriptor, a value, and room for one of the descriptor's, or
    // nil.
    unsafe { to_value2(mode, a.t, iface_type(&a.i), a.i.data, a.r, &mut a.r0) }
}

/// `runtime.assertE2E`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn e2e_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2E) -> Result<(), Slow> {
    if !a.e.typ.is_null() {
        // SAFETY: type and word of a value; compiled code passes room for one, or nil.
        return unsafe { value::store_eface(mode, a.r, a.e.typ, a.e.data) };
    }
    let sys = mode.system().ok_or(Slow)?;
    // SAFETY: compiled code passes the descriptor of a type.
    unsafe { raise_nil(sys, a.inter.cast()) }
}

/// `runtime.assertI2E`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn i2e_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2E) -> Result<(), Slow> {
    // SAFETY: compiled code passes an interface value.
    let typ = unsafe { iface_type(&a.i) };
    if !typ.is_null() {
        // SAFETY: type and word of a value; compiled code passes room for one, or nil.
        return unsafe { value::store_eface(mode, a.r, typ, a.i.data) };
    }
    let sys = mode.system().ok_or(Slow)?;
    // SAFETY: compiled code passes the descriptor of a type.
    unsafe { raise_nil(sys, a.inter.cast()) }
}

/// x.(interface{}) with a second result: only nil fails.
///
/// # Safety
///
/// `data` is the data word of a value of `typ`, which is null or a descriptor; `r` is null or has
/// room for an interface value.
#[inline(always)]
unsafe fn to_eface2<M: Mode>(
    mode: M,
    typ: *const Type,
    data: *mut u8,
    r: *mut Eface,
    ok: &mut bool,
) -> Result<(), Slow> {
    *ok = !typ.is_null();
    let data = if *ok { data } else { ptr::null_mut() };
    // SAFETY: `r` is as the caller promises; type and word are of one value, or nil.
    unsafe { value::store_eface(mode, r, typ, data) }
}

/// `runtime.assertE2E2`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn e2e2_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2E2) -> Result<(), Slow> {
    // SAFETY: compiled code passes a value, and room for one, or nil.
    unsafe { to_eface2(mode, a.e.typ, a.e.data, a.r, &mut a.r0) }
}

/// `runtime.assertI2E2`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn i2e2_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2E2) -> Result<(), Slow> {
    // SAFETY: compiled code passes a value, and room for one, or nil.
    unsafe { to_eface2(mode, iface_type(&a.i), a.i.data, a.r, &mut a.r0) }
}

/// `runtime.assertE2I`.
///
/// # Safety
///
/// As [`e2t_in`].
#[doc(alias = "assertE2I")]
#[inline(always)]
unsafe fn e2i_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2I) -> Result<(), Slow> {
    // SAFETY: compiled code passes a descriptor, a value, and room for one, or nil.
    unsafe { to_iface(mode, a.inter, a.e.typ, a.e.data, a.r) }
}

/// `runtime.assertE2I2`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn e2i2_in<M: Mode>(mode: M, a: &mut args::runtime_assertE2I2) -> Result<(), Slow> {
    // SAFETY: compiled code passes a descriptor, a value, and room for one, or nil.
    unsafe { to_iface2(mode, a.inter, a.e.typ, a.e.data, a.r, &mut a.r0) }
}

/// A value that has the interface already keeps its table.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn i2i_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2I) -> Result<(), Slow> {
    // SAFETY: compiled code passes an interface value, whose table is nil or names its interface.
    let same = unsafe { a.i.tab.as_ref() }.is_some_and(|tab| tab.inter == a.inter);
    // SAFETY: table and word of a value, and a descriptor; compiled code passes room for a value,
    // or nil.
    unsafe {
        if same {
            return value::store_iface(mode, a.r, a.i.tab, a.i.data);
        }
        to_iface(mode, a.inter, iface_type(&a.i), a.i.data, a.r)
    }
}

/// `runtime.assertI2I2`.
///
/// # Safety
///
/// As [`e2t_in`].
#[inline(always)]
unsafe fn i2i2_in<M: Mode>(mode: M, a: &mut args::runtime_assertI2I2) -> Result<(), Slow> {
    // SAFETY: compiled code passes an interface value, whose table is nil or names its interface.
    let same = unsafe { a.i.tab.as_ref() }.is_some_and(|tab| tab.inter == a.inter);
    // SAFETY: table and word of a value, and a descriptor; compiled code passes room for a value,
    // or nil.
    unsafe {
        if same {
            a.r0 = true;
            return value::store_iface(mode, a.r, a.i.tab, a.i.data);
        }
        to_iface2(mode, a.inter, iface_type(&a.i), a.i.data, a.r, &mut a.r0)
    }
}

/// `reflect.ifaceE2I`.
///
/// # Safety
///
/// As [`e2t_in`].
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
    // SAFETY: compiled code passes descriptors; `have` is null for nil.
    let (inter, have, want) = unsafe {
        let have = if a.have.is_null() {
            NONE
        } else {
            type_string(a.have)
        };
        (type_string(a.iface), have, type_string(a.want))
    };
    raise(sys, inter, have, want, NONE)
}

/// `runtime.panicwrap`: a method by value was called through a nil pointer.
pub fn panicwrap(sys: Sys<'_>, a: &mut args::runtime_panicwrap) {
    // SAFETY: compiled code passes strings, which have their bytes.
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
