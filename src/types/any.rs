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
    // SAFETY: by the caller's promise a descriptor.
    let alg = unsafe { of(typ) };
    // SAFETY: a value of that type lies at `p`.
    unsafe {
        match alg {
            Alg::Iface => hash_interface_leaf(p, true, seed),
            Alg::Eface => hash_interface_leaf(p, false, seed),
            Alg::Compiled => plan::find(typ)?.hash(p, seed),
            simple => hash_simple(simple, p, seed),
        }
    }
}

/// Hash of the interface value at `p`: that of its dynamic value, nil is the seed. A dynamic type
/// is never an interface.
///
/// # Safety
///
/// An interface value lies at `p`, with methods or without, as said.
#[inline(always)]
pub(super) unsafe fn hash_interface_leaf(
    p: *const u8,
    with_methods: bool,
    seed: usize,
) -> Option<usize> {
    // SAFETY: by the caller's promise an interface value lies at `p`; `hash_more` may be called for
    // what is in one.
    unsafe { hash_dynamic(p, with_methods, seed, hash_more) }
}

/// The rarer types, out of the way of the common ones.
///
/// # Safety
///
/// A value of `typ` lies at `p`.
#[inline(never)]
unsafe fn hash_more(typ: *const Type, p: *const u8, seed: usize) -> Option<usize> {
    // SAFETY: by the caller's promise a descriptor.
    let alg = unsafe { of(typ) };
    // SAFETY: a value of that type lies at `p`.
    unsafe {
        match alg {
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
    // SAFETY: by the caller's promise a value of that type lies at `p`.
    if let Some(h) = unsafe { hash_leaf(typ, p, seed) } {
        return h;
    }
    // SAFETY: the same, and no lock is held.
    unsafe {
        match of(typ) {
            Alg::Iface => hash_interface(sys, p, true, seed),
            Alg::Eface => hash_interface(sys, p, false, seed),
            _ => nested::hash(sys, typ, p, seed),
        }
    }
}

/// The same for an interface.
///
/// # Safety
/// As [`hash_interface_leaf`], and without locks.
pub(super) unsafe fn hash_interface(
    sys: Sys<'_>,
    p: *const u8,
    with_methods: bool,
    seed: usize,
) -> usize {
    // SAFETY: by the caller's promise an interface value lies at `p`.
    if let Some(h) = unsafe { hash_interface_leaf(p, with_methods, seed) } {
        return h;
    }
    // SAFETY: the same; it is not nil, which has a hash in leaf mode, and no lock is held.
    unsafe {
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
    // SAFETY: by the caller's promise a descriptor.
    let alg = unsafe { of(typ) };
    // SAFETY: values of that type lie at both.
    unsafe {
        match alg {
            Alg::Iface => equal_interface_leaf(p, q, true),
            Alg::Eface => equal_interface_leaf(p, q, false),
            Alg::Compiled => plan::find(typ)?.equal(p, q),
            simple => equal_simple(simple, p, q),
        }
    }
}

/// The same for interfaces.
///
/// # Safety
///
/// As [`hash_interface_leaf`], for both.
#[inline(always)]
pub(super) unsafe fn equal_interface_leaf(
    p: *const u8,
    q: *const u8,
    with_methods: bool,
) -> Option<bool> {
    // SAFETY: by the caller's promise interface values lie at both; `equal_data_more` may be called
    // for what is in them.
    unsafe { equal_dynamic(p, q, with_methods, equal_data_more) }
}

/// The rarer types, out of the way of the common ones.
///
/// # Safety
///
/// `x` and `y` are the data words of two values of `typ` in interfaces.
#[inline(never)]
unsafe fn equal_data_more(typ: *const Type, x: *mut u8, y: *mut u8) -> Option<bool> {
    // SAFETY: by the caller's promise a descriptor.
    let (alg, direct) = unsafe { (of(typ), (*typ).direct_iface()) };
    // SAFETY: words that are not the values point to them.
    unsafe {
        match alg {
            Alg::None => None,
            // Not all of it may count, if it is a structure with a field called `_`.
            alg if direct && alg != Alg::Compiled => Some(x == y),
            Alg::Compiled if direct => {
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
    // SAFETY: by the caller's promise values of that type lie at both.
    if let Some(same) = unsafe { equal_leaf(typ, p, q) } {
        return same;
    }
    // SAFETY: the same, and no lock is held.
    unsafe {
        match of(typ) {
            Alg::Iface => equal_interface(sys, p, q, true),
            Alg::Eface => equal_interface(sys, p, q, false),
            _ => nested::equal(sys, typ, p, q),
        }
    }
}

/// The same for interfaces.
///
/// # Safety
///
/// As [`equal_interface_leaf`], and without locks.
pub(super) unsafe fn equal_interface(
    sys: Sys<'_>,
    p: *const u8,
    q: *const u8,
    with_methods: bool,
) -> bool {
    // SAFETY: by the caller's promise interface values lie at both.
    if let Some(same) = unsafe { equal_interface_leaf(p, q, with_methods) } {
        return same;
    }
    // SAFETY: the same; what leaf mode leaves over is not nil, and of one type. No lock is held.
    unsafe {
        let ((typ, p), (_, q)) = (inside(p, with_methods), inside(q, with_methods));
        nested::equal(sys, typ, p, q)
    }
}
