//! The functions for hash and equality that compiled code calls and descriptors name.

use super::alg::{hash_floats32, hash_floats64, same_string};
use super::any::{equal_interface, equal_interface_leaf, hash_interface, hash_interface_leaf};
use super::hash as hashing;
use crate::abi::{GoString, Leaf, Slow, Sys, args};

/// `runtime.memhash`.
#[inline(always)]
pub fn mem_hash(_: Leaf<'_>, a: &mut args::runtime_memhash) {
    // SAFETY: compiled code passes bytes that are readable.
    a.r0 = unsafe { hashing::bytes(a.p, a.s, a.seed) };
}

/// `runtime.strhash`.
#[inline(always)]
pub fn string_hash(_: Leaf<'_>, a: &mut args::runtime_strhash) {
    // SAFETY: compiled code passes the address of a string, which has its bytes.
    a.r0 = unsafe {
        let s = a.a.cast::<GoString>().read();
        hashing::bytes(s.ptr, s.len as usize, a.h)
    };
}

macro_rules! float_entries {
    ($($hash:ident, $equal:ident, $hash_args:ident, $equal_args:ident, $hasher:ident, $float:ident, $n:literal, $doc:literal;)*) => {$(
        #[doc = concat!("Hash of ", $doc, ".")]
        pub fn $hash(_: Leaf<'_>, a: &mut args::$hash_args) {
            // SAFETY: compiled code passes the address of such a value.
            a.r0 = unsafe { $hasher(a.p.cast(), $n, a.h) };
        }
        #[doc = concat!("Equality of ", $doc, ".")]
        pub fn $equal(_: Leaf<'_>, a: &mut args::$equal_args) {
            // SAFETY: compiled code passes the addresses of such values.
            a.r0 = unsafe { *a.p.cast::<[$float; $n]>() == *a.q.cast::<[$float; $n]>() };
        }
    )*};
}
float_entries! {
    f32_hash, f32_equal, runtime_f32hash, runtime_f32equal, hash_floats32, f32, 1, "a float32";
    f64_hash, f64_equal, runtime_f64hash, runtime_f64equal, hash_floats64, f64, 1, "a float64";
    c64_hash, c64_equal, runtime_c64hash, runtime_c64equal, hash_floats32, f32, 2, "a complex64";
    c128_hash, c128_equal, runtime_c128hash, runtime_c128equal, hash_floats64, f64, 2, "a complex128";
}

/// Equality of strings through pointers.
pub fn string_equal(_: Leaf<'_>, a: &mut args::runtime_strequal) {
    // SAFETY: compiled code passes the addresses of strings, which have their bytes.
    a.r0 = unsafe { same_string(a.p.cast::<GoString>().read(), a.q.cast::<GoString>().read()) };
}

macro_rules! interface_entries {
    ($($methods:literal, $hash:ident, $hash_leaf:ident, $hash_args:ident, $equal:ident, $equal_leaf:ident, $equal_args:ident, $doc:literal;)*) => {$(
        #[doc = concat!("Hash of ", $doc, " in leaf mode.")]
        #[inline(always)]
        pub fn $hash_leaf(_: Leaf<'_>, a: &mut args::$hash_args) -> Result<(), Slow> {
            // SAFETY: compiled code passes the address of such a value.
            a.r0 = unsafe { hash_interface_leaf(a.p, $methods, a.h) }.ok_or(Slow)?;
            Ok(())
        }
        #[doc = concat!("Hash of ", $doc, ".")]
        pub fn $hash(sys: Sys<'_>, a: &mut args::$hash_args) {
            // SAFETY: compiled code passes the address of such a value, and no lock is held.
            a.r0 = unsafe { hash_interface(sys, a.p, $methods, a.h) };
        }
        #[doc = concat!("Equality of ", $doc, " in leaf mode.")]
        #[inline(always)]
        pub fn $equal_leaf(_: Leaf<'_>, a: &mut args::$equal_args) -> Result<(), Slow> {
            // SAFETY: compiled code passes the addresses of such values.
            a.r0 = unsafe { equal_interface_leaf(a.p, a.q, $methods) }.ok_or(Slow)?;
            Ok(())
        }
        #[doc = concat!("Equality of ", $doc, ".")]
        pub fn $equal(sys: Sys<'_>, a: &mut args::$equal_args) {
            // SAFETY: compiled code passes the addresses of such values, and no lock is held.
            a.r0 = unsafe { equal_interface(sys, a.p, a.q, $methods) };
        }
    )*};
}
interface_entries! {
    true, inter_hash, inter_hash_leaf, runtime_interhash, inter_equal, inter_equal_leaf, runtime_interequal, "an interface with methods";
    false, nilinter_hash, nilinter_hash_leaf, runtime_nilinterhash, nilinter_equal, nilinter_equal_leaf, runtime_nilinterequal, "an `interface{}`";
}
