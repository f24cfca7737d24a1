//! Hash and equality of any value: in leaf mode where that can be, in system mode always.

use super::alg::{Alg, equal_dynamic, equal_simple, hash_dynamic, hash_simple, inside, of};
use super::{nested, plan};
use crate::abi::{Sys, Type};

/// [`hash`] where it follows no plan in a plan and raises nothing; for leaf mode.
///
/// # Safety
/// A value of `typ` lies at `p`.
#[inline(always)]
pub unsafe fn hash_leaf(typ: *const Type, p: *const u8, seed: usize) -> Option<usize> {
    // SAFETY: passed on.
    unsafe {
        match of(typ) {
            Alg::Iface => hash_interface_leaf(p, true, seed),
            Alg::Eface => hash_interface_leaf(p, false, seed),
            Alg::Compiled => plan::find(typ)?.hash(p, seed),
            simple => hash_simple(simple, p, seed),
        }
    }
}

/// Hash of the interface value at `p`: that of its dynamic value, nil is the seed. A dynamic type
/// is never an interface.
#[inline(always)]
pub(super) unsafe fn hash_interface_leaf(
    p: *const u8,
    with_methods: bool,
    seed: usize,
) -> Option<usize> {
    // SAFETY: passed on.
    unsafe { hash_dynamic(p, with_methods, seed, hash_more) }
}

/// The rarer types, out of the way of the common ones.
#[inline(never)]
unsafe fn hash_more(typ: *const Type, p: *const u8, seed: usize) -> Option<usize> {
    // SAFETY: passed on.
    unsafe {
        match of(typ) {
            Alg::Compiled => plan::find(typ)?.hash(p, seed),
            simple => hash_simple(simple, p, seed),
        }
    }
}

/// Hash of the value of `typ` at `p`. Raises a panic for an unhashable one inside an interface.
///
/// # Safety
/// Without locks; a value of `typ` lies at `p`.
pub unsafe fn hash(sys: Sys<'_>, typ: *const Type, p: *const u8, seed: usize) -> usize {
    // SAFETY: passed on.
    unsafe {
        if let Some(h) = hash_leaf(typ, p, seed) {
            return h;
        }
        match of(typ) {
            Alg::Iface => hash_interface(sys, p, true, seed),
            Alg::Eface => hash_interface(sys, p, false, seed),
            _ => nested::hash(sys, typ, p, seed),
        }
    }
}

pub(super) unsafe fn hash_interface(
    sys: Sys<'_>,
    p: *const u8,
    with_methods: bool,
    seed: usize,
) -> usize {
    // SAFETY: passed on; nil has a hash in leaf mode.
    unsafe {
        if let Some(h) = hash_interface_leaf(p, with_methods, seed) {
            return h;
        }
        let (typ, value) = inside(p, with_methods);
        nested::hash(sys, typ, value, seed)
    }
}

/// [`equal`] where it follows no plan in a plan and raises nothing; for leaf mode.
///
/// # Safety
/// Values of `typ` lie at `p` and `q`.
#[inline(always)]
pub unsafe fn equal_leaf(typ: *const Type, p: *const u8, q: *const u8) -> Option<bool> {
    // SAFETY: passed on.
    unsafe {
        match of(typ) {
            Alg::Iface => equal_interface_leaf(p, q, true),
            Alg::Eface => equal_interface_leaf(p, q, false),
            Alg::Compiled => plan::find(typ)?.equal(p, q),
            simple => equal_simple(simple, p, q),
        }
    }
}

#[inline(always)]
pub(super) unsafe fn equal_interface_leaf(
    p: *const u8,
    q: *const u8,
    with_methods: bool,
) -> Option<bool> {
    // SAFETY: passed on.
    unsafe { equal_dynamic(p, q, with_methods, equal_data_more) }
}

/// The rarer types, out of the way of the common ones.
#[inline(never)]
unsafe fn equal_data_more(typ: *const Type, x: *mut u8, y: *mut u8) -> Option<bool> {
    // SAFETY: passed on.
    unsafe {
        match of(typ) {
            Alg::None => None,
            // Not all of it may count, if it is a structure with a field called `_`.
            alg if (*typ).direct_iface() && alg != Alg::Compiled => Some(x == y),
            Alg::Compiled if (*typ).direct_iface() => {
                plan::find(typ)?.equal((&raw const x).cast(), (&raw const y).cast())
            }
            Alg::Compiled => plan::find(typ)?.equal(x, y),
            simple => equal_simple(simple, x, y),
        }
    }
}

/// Whether the values of `typ` at `p` and `q` are equal. Raises a panic where they hold interfaces
/// with uncomparable values.
///
/// # Safety
/// Without locks; values of `typ` lie at `p` and `q`.
pub unsafe fn equal(sys: Sys<'_>, typ: *const Type, p: *const u8, q: *const u8) -> bool {
    // SAFETY: passed on.
    unsafe {
        if let Some(same) = equal_leaf(typ, p, q) {
            return same;
        }
        match of(typ) {
            Alg::Iface => equal_interface(sys, p, q, true),
            Alg::Eface => equal_interface(sys, p, q, false),
            _ => nested::equal(sys, typ, p, q),
        }
    }
}

/// The same for interfaces.
pub(super) unsafe fn equal_interface(
    sys: Sys<'_>,
    p: *const u8,
    q: *const u8,
    with_methods: bool,
) -> bool {
    // SAFETY: passed on; what leaf mode leaves over is of one type.
    unsafe {
        if let Some(same) = equal_interface_leaf(p, q, with_methods) {
            return same;
        }
        let ((typ, p), (_, q)) = (inside(p, with_methods), inside(q, with_methods));
        nested::equal(sys, typ, p, q)
    }
}
