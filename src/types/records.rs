//! Hashing and equality of the record types of package runtime that are not plain memory: they hold
//! strings, floats or padding. The other ones are hashed and compared as bytes.

use super::alg::same_string;
use super::hash;
use crate::abi::{BySize, GoString, Leaf, MemStats, args};
use core::mem::offset_of;

/// Elements of `MemStats.BySize`.
const SIZES: usize = 61;
/// Bytes of the leading counters of `MemStats`: all words up to `NumGC`.
const COUNTERS: usize = offset_of!(MemStats, num_gc);

fn hash_size(s: &BySize, h: usize) -> usize {
    hash::word64(s.frees, hash::word64(s.mallocs, hash::word32(s.size, h)))
}

fn equal_size(a: &BySize, b: &BySize) -> bool {
    a.size == b.size && a.mallocs == b.mallocs && a.frees == b.frees
}

fn hash_sizes(s: &[BySize; SIZES], h: usize) -> usize {
    s.iter().fold(h, |h, s| hash_size(s, h))
}

fn equal_sizes(a: &[BySize; SIZES], b: &[BySize; SIZES]) -> bool {
    a.iter().zip(b).all(|(a, b)| equal_size(a, b))
}

/// Both zeroes are one key; a fraction is never NaN.
fn float_bits(v: f64) -> u64 {
    if v == 0.0 { 0 } else { v.to_bits() }
}

type Sizes = [BySize; SIZES];
type Strings = [GoString; 4];

macro_rules! entries {
    ($($name:ident, $equal_name:ident, $hash_args:ident, $equal_args:ident, $ty:ty, $hash:expr, $equal:expr, $doc:literal;)*) => {$(
        #[doc = concat!("Hash of ", $doc, ".")]
        pub fn $name(_: Leaf<'_>, a: &mut args::$hash_args) {
            let hash: fn(&$ty, usize) -> usize = $hash;
            // SAFETY: compiled code passes the address of such a value.
            a.r0 = hash(unsafe { &*a.p.cast::<$ty>() }, a.h);
        }
        #[doc = concat!("Equality of ", $doc, ".")]
        pub fn $equal_name(_: Leaf<'_>, a: &mut args::$equal_args) {
            let equal: fn(&$ty, &$ty) -> bool = $equal;
            // SAFETY: compiled code passes the addresses of such values.
            a.r0 = unsafe { equal(&*a.p.cast::<$ty>(), &*a.q.cast::<$ty>()) };
        }
    )*};
}
entries! {
    hash_bysize, equal_bysize, type__hash_struct___Size_uint32__Mallocs_uint64__Frees_uint64__, type__eq_struct___Size_uint32__Mallocs_uint64__Frees_uint64__,
        BySize, hash_size, equal_size, "an element of `MemStats.BySize`";
    hash_bysizes, equal_bysizes, type__hash__61_struct___Size_uint32__Mallocs_uint64__Frees_uint64__, type__eq__61_struct___Size_uint32__Mallocs_uint64__Frees_uint64__,
        Sizes, hash_sizes, equal_sizes, "`MemStats.BySize`";
    hash_memstats, equal_memstats, type__hash_runtime_MemStats, type__eq_runtime_MemStats,
        MemStats, hash_stats, equal_stats, "`runtime.MemStats`";
    hash_assertion, equal_assertion, type__hash_runtime_TypeAssertionError, type__eq_runtime_TypeAssertionError,
        Strings, hash_strings, equal_strings, "`runtime.TypeAssertionError`";
}

fn hash_stats(m: &MemStats, h: usize) -> usize {
    // SAFETY: the counters are at the beginning, and words without padding.
    let h = unsafe { hash::bytes((&raw const *m).cast(), COUNTERS, h) };
    let h = hash::word64(float_bits(m.gc_cpu_fraction), hash::word32(m.num_gc, h));
    hash_sizes(
        &m.by_size,
        hash::word32(u32::from(m.enable_gc) << 8 | u32::from(m.debug_gc), h),
    )
}

fn equal_stats(a: &MemStats, b: &MemStats) -> bool {
    let counters = |m: &MemStats| (&raw const *m).cast::<[u64; COUNTERS / 8]>();
    // SAFETY: the counters are at the beginning, and words without padding.
    let same = unsafe { *counters(a) == *counters(b) };
    same && a.num_gc == b.num_gc
        && a.gc_cpu_fraction == b.gc_cpu_fraction
        && (a.enable_gc, a.debug_gc) == (b.enable_gc, b.debug_gc)
        && equal_sizes(&a.by_size, &b.by_size)
}

fn hash_strings(s: &Strings, h: usize) -> usize {
    // SAFETY: the strings of a Go value, which have their bytes.
    s.iter()
        .fold(h, |h, s| unsafe { hash::bytes(s.ptr, s.len as usize, h) })
}

fn equal_strings(a: &Strings, b: &Strings) -> bool {
    // SAFETY: the strings of Go values, which have their bytes.
    a.iter().zip(b).all(|(a, b)| unsafe { same_string(*a, *b) })
}
