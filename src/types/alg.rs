//! Hashing and equality of Go values.
//!
//! A descriptor names two functions (`TypeAlg`). Those of the library's own rows, and the compiler's closures for plain memory, are recognised
//! here and done in place; the rest is compiled code, which may only be called on g0 and may raise a panic.

use super::{errors, hash as hashing, known, plan};
use crate::abi::{Eface, FuncVal, GoString, Iface, Type, args};
use known::row;

/// How values of a type are hashed and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alg {
    /// All of so many bytes.
    Memory(usize),
    /// `string`.
    String,
    /// An interface with methods.
    Iface,
    /// `interface{}`.
    Eface,
    /// `float32`.
    Float32,
    /// `float64`.
    Float64,
    /// `complex64`.
    Complex64,
    /// `complex128`.
    Complex128,
    /// Slices, maps, functions, and what holds them.
    None,
    /// Functions made by the compiler or by package reflect.
    Compiled,
}

unsafe extern "C" {
    #[link_name = "runtime.memequal_varlen"]
    fn memequal_varlen();
    /// asm/switch.S: calls a compiled hash or equality function on g0.
    fn gort_call_alg(f: *const FuncVal, p: *const u8, q: usize) -> usize;
    fn bcmp(p: *const u8, q: *const u8, n: usize) -> i32;
}

/// The size behind a func value of `code`, if it is one.
#[inline(always)]
unsafe fn closure_size(f: *const FuncVal, code: unsafe extern "C" fn()) -> Option<usize> {
    // SAFETY: a func value of this code has the size in its second word.
    unsafe {
        if (*f).code == code as usize {
            Some(*f.cast::<usize>().add(1))
        } else {
            None
        }
    }
}

/// Plain memory of 1, 2, 4, 8 or 16 bytes: the common case of what interfaces hold, told with one comparison.
#[inline(always)]
unsafe fn is_small_memory(typ: *const Type) -> bool {
    // SAFETY: a descriptor.
    let offset = unsafe { (*typ).alg as usize }.wrapping_sub(known::algarray() as usize);
    offset.wrapping_sub(16 * row::MEM8) <= 16 * (row::MEM128 - row::MEM8)
}

/// Classifies a type.
///
/// # Safety
/// `typ` must be a descriptor.
#[inline(always)]
pub unsafe fn of(typ: *const Type) -> Alg {
    // SAFETY: descriptors have an algorithm, in our table or elsewhere.
    unsafe {
        let alg = (*typ).alg;
        let index = (alg as usize).wrapping_sub(known::algarray() as usize) / 16;
        match index {
            row::MEM0..=row::MEM128 => Alg::Memory((*typ).size),
            row::STRING => Alg::String,
            row::INTER => Alg::Iface,
            row::NILINTER => Alg::Eface,
            row::FLOAT32 => Alg::Float32,
            row::FLOAT64 => Alg::Float64,
            row::COMPLEX64 => Alg::Complex64,
            row::COMPLEX128 => Alg::Complex128,
            0..row::COUNT => Alg::None,
            _ if (*alg).equal.is_null() => Alg::None,
            _ => match closure_size((*alg).equal, memequal_varlen) {
                Some(size) => Alg::Memory(size),
                None => Alg::Compiled,
            },
        }
    }
}

/// Whether values of the type can be map keys at all.
///
/// # Safety
/// `typ` must be a descriptor.
#[inline]
pub unsafe fn hashable(typ: *const Type) -> bool {
    // SAFETY: every descriptor has an algorithm.
    unsafe { !(*(*typ).alg).hash.is_null() }
}

#[inline(always)]
unsafe fn same_words<T: PartialEq>(p: *const u8, q: *const u8, second: usize) -> bool {
    // SAFETY: the caller's promise: a `T` is readable at the start and at `second` of both.
    unsafe {
        let at = |p: *const u8, i: usize| p.add(i).cast::<T>().read_unaligned();
        at(p, 0) == at(q, 0) && at(p, second) == at(q, second)
    }
}

/// Bytes are the same. Up to sixteen are compared in place: two words that overlap cover them.
#[inline(always)]
pub(super) unsafe fn same_bytes(p: *const u8, q: *const u8, n: usize) -> bool {
    // SAFETY: both are readable for `n` bytes.
    unsafe {
        if n > 16 {
            p == q || bcmp(p, q, n) == 0
        } else {
            same_small(p, q, n)
        }
    }
}

/// [`same_bytes`] for up to sixteen.
#[inline(always)]
unsafe fn same_small(p: *const u8, q: *const u8, n: usize) -> bool {
    // SAFETY: both are readable for `n` bytes.
    unsafe {
        if n >= 8 {
            same_words::<u64>(p, q, n - 8)
        } else if n >= 4 {
            same_words::<u32>(p, q, n - 4)
        } else if n > 0 {
            *p == *q && *p.add(n >> 1) == *q.add(n >> 1) && *p.add(n - 1) == *q.add(n - 1)
        } else {
            true
        }
    }
}

/// Strings are equal.
///
/// # Safety
/// Both must be Go strings.
#[inline(always)]
pub unsafe fn same_string(a: GoString, b: GoString) -> bool {
    // SAFETY: both are readable for their length.
    a.len == b.len && unsafe { same_bytes(a.ptr, b.ptr, a.len as usize) }
}

/// What decides the hash of a float: both zeroes are one key, a NaN is a key of its own each time.
#[inline(always)]
pub(super) fn float64_bits(v: f64) -> u64 {
    if v == 0.0 {
        0
    } else if v.is_nan() {
        crate::sched::fastrand()
    } else {
        v.to_bits()
    }
}

#[inline(always)]
pub(super) fn float32_bits(v: f32) -> u64 {
    if v == 0.0 {
        0
    } else if v.is_nan() {
        crate::sched::fastrand()
    } else {
        u64::from(v.to_bits())
    }
}

#[inline(always)]
unsafe fn hash_floats32(p: *const f32, n: usize, seed: usize) -> usize {
    // SAFETY: `n` floats lie at `p`.
    let at = |i| float32_bits(unsafe { p.add(i).read() });
    hashing::pair(at(0), if n > 1 { at(1) } else { 0 }, 4, seed)
}

#[inline(always)]
unsafe fn hash_floats64(p: *const f64, n: usize, seed: usize) -> usize {
    // SAFETY: `n` floats lie at `p`.
    let at = |i| float64_bits(unsafe { p.add(i).read() });
    hashing::pair(at(0), if n > 1 { at(1) } else { 0 }, 8, seed)
}

/// Type and data of the interface value at `p`; its type is null for nil.
#[inline(always)]
unsafe fn dynamic(p: *const u8, with_methods: bool) -> (*const Type, *mut u8) {
    // SAFETY: an interface value lies at `p`.
    unsafe {
        if with_methods {
            let i = p.cast::<Iface>().read();
            (
                if i.tab.is_null() {
                    core::ptr::null()
                } else {
                    (*i.tab).typ
                },
                i.data,
            )
        } else {
            let e = p.cast::<Eface>().read();
            (e.typ, e.data)
        }
    }
}

/// [`hash`] where it needs no compiled code and raises nothing; for leaf mode.
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
            Alg::Compiled => plan::find(typ)?.hash::<false>(p, seed),
            simple => hash_simple(simple, p, seed),
        }
    }
}

/// All but interfaces and compiled functions.
#[inline(always)]
unsafe fn hash_simple(alg: Alg, p: *const u8, seed: usize) -> Option<usize> {
    // SAFETY: passed on: a value of that sort lies at `p`.
    unsafe {
        Some(match alg {
            Alg::Memory(size) => hashing::bytes(p, size, seed),
            Alg::String => {
                let s = p.cast::<GoString>().read();
                hashing::bytes(s.ptr, s.len as usize, seed)
            }
            Alg::Float32 => hash_floats32(p.cast(), 1, seed),
            Alg::Float64 => hash_floats64(p.cast(), 1, seed),
            Alg::Complex64 => hash_floats32(p.cast(), 2, seed),
            Alg::Complex128 => hash_floats64(p.cast(), 2, seed),
            Alg::Iface | Alg::Eface | Alg::None | Alg::Compiled => return None,
        })
    }
}

/// Hash of the interface value at `p`: that of its dynamic value, nil is the seed. A dynamic type is never an interface.
#[inline(always)]
unsafe fn hash_interface_leaf(p: *const u8, with_methods: bool, seed: usize) -> Option<usize> {
    // SAFETY: passed on.
    unsafe { hash_dynamic(p, with_methods, seed, hash_more) }
}

/// The same for an interface inside a value with a plan, where plans are not followed any further: that would be a recursion.
#[inline(always)]
pub(super) unsafe fn hash_interface_flat(
    p: *const u8,
    with_methods: bool,
    seed: usize,
) -> Option<usize> {
    // SAFETY: passed on.
    unsafe { hash_dynamic(p, with_methods, seed, hash_more_flat) }
}

/// `more` for what is neither a string nor short memory.
#[inline(always)]
unsafe fn hash_dynamic(
    p: *const u8,
    with_methods: bool,
    seed: usize,
    more: unsafe fn(*const Type, *const u8, usize) -> Option<usize>,
) -> Option<usize> {
    // SAFETY: passed on.
    unsafe {
        let (typ, mut data) = dynamic(p, with_methods);
        if typ.is_null() {
            return Some(seed);
        }
        let word: *const u8 = if (*typ).direct_iface() {
            (&raw mut data).cast()
        } else {
            data
        };
        if is_small_memory(typ) {
            return Some(hashing::small(word, (*typ).size, seed));
        }
        if (*typ).alg == known::algarray().add(row::STRING) {
            let s = word.cast::<GoString>().read();
            return Some(hashing::bytes(s.ptr, s.len as usize, seed));
        }
        more(typ, word, seed)
    }
}

/// The rarer types, out of the way of the common ones.
#[inline(never)]
unsafe fn hash_more(typ: *const Type, p: *const u8, seed: usize) -> Option<usize> {
    // SAFETY: passed on.
    unsafe {
        match of(typ) {
            Alg::Compiled => plan::find(typ)?.hash::<false>(p, seed),
            simple => hash_simple(simple, p, seed),
        }
    }
}

#[inline(never)]
unsafe fn hash_more_flat(typ: *const Type, p: *const u8, seed: usize) -> Option<usize> {
    // SAFETY: passed on.
    unsafe { hash_simple(of(typ), p, seed) }
}

/// Hash of the value of `typ` at `p`. Raises a panic for an unhashable one inside an interface.
///
/// # Safety
/// In system mode, without locks; a value of `typ` lies at `p`.
pub unsafe fn hash(typ: *const Type, p: *const u8, seed: usize) -> usize {
    // SAFETY: passed on; compiled functions are called on g0.
    unsafe {
        if let Some(h) = hash_leaf(typ, p, seed) {
            return h;
        }
        match of(typ) {
            Alg::Iface => hash_interface(p, true, seed),
            Alg::Eface => hash_interface(p, false, seed),
            _ => {
                let f = (*(*typ).alg).hash;
                if f.is_null() {
                    errors::raise_about_type("hash of unhashable type ", typ);
                }
                match plan::get(typ) {
                    Some(plan) => plan.hash::<true>(p, seed).unwrap_or(seed),
                    None => gort_call_alg(f, p, seed),
                }
            }
        }
    }
}

pub(super) unsafe fn hash_interface(p: *const u8, with_methods: bool, seed: usize) -> usize {
    // SAFETY: passed on.
    unsafe {
        let (typ, mut data) = dynamic(p, with_methods);
        if typ.is_null() {
            return seed;
        }
        let word: *const u8 = if (*typ).direct_iface() {
            (&raw mut data).cast()
        } else {
            data
        };
        hash(typ, word, seed)
    }
}

/// [`equal`] where it needs no compiled code and raises nothing; for leaf mode.
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
            Alg::Compiled => plan::find(typ)?.equal::<false>(p, q),
            simple => equal_simple(simple, p, q),
        }
    }
}

#[inline(always)]
unsafe fn equal_simple(alg: Alg, p: *const u8, q: *const u8) -> Option<bool> {
    // SAFETY: passed on.
    unsafe {
        Some(match alg {
            Alg::Memory(size) => same_bytes(p, q, size),
            Alg::String => same_string(p.cast::<GoString>().read(), q.cast::<GoString>().read()),
            Alg::Float32 => *p.cast::<f32>() == *q.cast::<f32>(),
            Alg::Float64 => *p.cast::<f64>() == *q.cast::<f64>(),
            Alg::Complex64 => *p.cast::<[f32; 2]>() == *q.cast::<[f32; 2]>(),
            Alg::Complex128 => *p.cast::<[f64; 2]>() == *q.cast::<[f64; 2]>(),
            Alg::Iface | Alg::Eface | Alg::None | Alg::Compiled => return None,
        })
    }
}

#[inline(always)]
unsafe fn equal_interface_leaf(p: *const u8, q: *const u8, with_methods: bool) -> Option<bool> {
    // SAFETY: passed on.
    unsafe { equal_dynamic(p, q, with_methods, equal_data_more) }
}

/// The same for interfaces inside values with a plan, as `hash_interface_flat`.
#[inline(always)]
pub(super) unsafe fn equal_interface_flat(
    p: *const u8,
    q: *const u8,
    with_methods: bool,
) -> Option<bool> {
    // SAFETY: passed on.
    unsafe { equal_dynamic(p, q, with_methods, equal_data_flat) }
}

type EqualMore = unsafe fn(*const Type, *mut u8, *mut u8) -> Option<bool>;

#[inline(always)]
unsafe fn equal_dynamic(
    p: *const u8,
    q: *const u8,
    with_methods: bool,
    more: EqualMore,
) -> Option<bool> {
    // SAFETY: passed on.
    unsafe {
        let ((t, x), (u, y)) = (dynamic(p, with_methods), dynamic(q, with_methods));
        if t != u {
            Some(false)
        } else {
            equal_data_leaf(t, x, y, more)
        }
    }
}

/// Equality of the data words of two interface values of dynamic type `typ` (null: both nil); `more` for what is not short memory.
///
/// # Safety
/// The words belong to values of that type.
#[inline(always)]
unsafe fn equal_data_leaf(
    typ: *const Type,
    x: *mut u8,
    y: *mut u8,
    more: EqualMore,
) -> Option<bool> {
    // SAFETY: passed on.
    unsafe {
        if typ.is_null() {
            return Some(true);
        }
        if !is_small_memory(typ) {
            return more(typ, x, y);
        }
        Some(if (*typ).direct_iface() {
            x == y
        } else {
            same_small(x, y, (*typ).size)
        })
    }
}

/// The rarer types, out of the way of the common ones.
#[inline(never)]
unsafe fn equal_data_more(typ: *const Type, x: *mut u8, y: *mut u8) -> Option<bool> {
    // SAFETY: passed on.
    unsafe {
        match of(typ) {
            Alg::None => None,
            _ if (*typ).direct_iface() => Some(x == y),
            Alg::Compiled => plan::find(typ)?.equal::<false>(x, y),
            simple => equal_simple(simple, x, y),
        }
    }
}

#[inline(never)]
unsafe fn equal_data_flat(typ: *const Type, x: *mut u8, y: *mut u8) -> Option<bool> {
    // SAFETY: passed on.
    unsafe {
        match of(typ) {
            Alg::None => None,
            _ if (*typ).direct_iface() => Some(x == y),
            simple => equal_simple(simple, x, y),
        }
    }
}

/// [`equal_data_leaf`] for all types; raises a panic where there is no equality.
///
/// # Safety
/// In system mode, without locks; the words belong to values of that type.
pub(super) unsafe fn equal_data(typ: *const Type, x: *mut u8, y: *mut u8) -> bool {
    // SAFETY: passed on.
    unsafe {
        if let Some(same) = equal_data_leaf(typ, x, y, equal_data_more) {
            return same;
        }
        let f = (*(*typ).alg).equal;
        if f.is_null() {
            errors::raise_about_type("comparing uncomparable type ", typ);
        }
        call_equal(f, x, y)
    }
}

unsafe fn call_equal(f: *const FuncVal, p: *const u8, q: *const u8) -> bool {
    // SAFETY: passed on; the result is one byte, the rest of its word is zero before the call.
    unsafe { gort_call_alg(f, p, q as usize) as u8 != 0 }
}

/// Whether the values of `typ` at `p` and `q` are equal. Raises a panic where they hold interfaces with uncomparable values.
///
/// # Safety
/// In system mode, without locks; values of `typ` lie at `p` and `q`.
pub unsafe fn equal(typ: *const Type, p: *const u8, q: *const u8) -> bool {
    // SAFETY: passed on; compiled functions are called on g0.
    unsafe {
        if let Some(same) = equal_leaf(typ, p, q) {
            return same;
        }
        match of(typ) {
            Alg::Iface => equal_interface(p, q, true),
            Alg::Eface => equal_interface(p, q, false),
            _ => {
                let f = (*(*typ).alg).equal;
                if f.is_null() {
                    errors::raise_about_type("comparing uncomparable type ", typ);
                }
                call_equal(f, p, q)
            }
        }
    }
}

pub(super) unsafe fn equal_interface(p: *const u8, q: *const u8, with_methods: bool) -> bool {
    // SAFETY: passed on.
    unsafe {
        let ((t, x), (u, y)) = (dynamic(p, with_methods), dynamic(q, with_methods));
        t == u && equal_data(t, x, y)
    }
}

// Entries for compiled code.

/// `runtime.memhash`.
///
/// # Safety
/// Called by its trampoline.
#[inline(always)]
pub unsafe fn mem_hash(a: &mut args::runtime_memhash) {
    // SAFETY: compiled code passes readable bytes.
    a.r0 = unsafe { hashing::bytes(a.p, a.s, a.seed) };
}

/// `runtime.strhash`.
///
/// # Safety
/// Called by its trampoline.
#[inline(always)]
pub unsafe fn string_hash(a: &mut args::runtime_strhash) {
    // SAFETY: a string lies there.
    unsafe {
        let s = a.a.cast::<GoString>().read();
        a.r0 = hashing::bytes(s.ptr, s.len as usize, a.h);
    }
}

macro_rules! float_entries {
    ($($hash:ident, $equal:ident, $hash_args:ident, $equal_args:ident, $hasher:ident, $float:ident, $n:literal, $doc:literal;)*) => {$(
        #[doc = concat!("Hash of ", $doc, ".\n\n# Safety\nCalled by its trampoline.")]
        pub unsafe fn $hash(a: &mut args::$hash_args) {
            // SAFETY: such a value lies there.
            a.r0 = unsafe { $hasher(a.p.cast(), $n, a.h) };
        }
        #[doc = concat!("Equality of ", $doc, ".\n\n# Safety\nCalled by its trampoline.")]
        pub unsafe fn $equal(a: &mut args::$equal_args) {
            // SAFETY: such values lie there.
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
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn string_equal(a: &mut args::runtime_strequal) {
    // SAFETY: strings lie there.
    a.r0 = unsafe { same_string(a.p.cast::<GoString>().read(), a.q.cast::<GoString>().read()) };
}

macro_rules! interface_entries {
    ($($methods:literal, $hash:ident, $hash_leaf:ident, $hash_args:ident, $equal:ident, $equal_leaf:ident, $equal_args:ident, $doc:literal;)*) => {$(
        #[doc = concat!("Hash of ", $doc, " without compiled code.\n\n# Safety\nCalled by its trampoline.")]
        #[inline(always)]
pub unsafe fn $hash_leaf(a: &mut args::$hash_args) -> bool {
            // SAFETY: such a value lies there.
            match unsafe { hash_interface_leaf(a.p, $methods, a.h) } {
                Some(h) => {
                    a.r0 = h;
                    true
                }
                None => false,
            }
        }
        #[doc = concat!("Hash of ", $doc, ".\n\n# Safety\nCalled by its trampoline.")]
        pub unsafe fn $hash(a: &mut args::$hash_args) {
            // SAFETY: such a value lies there.
            a.r0 = unsafe { hash_interface(a.p, $methods, a.h) };
        }
        #[doc = concat!("Equality of ", $doc, " without compiled code.\n\n# Safety\nCalled by its trampoline.")]
        #[inline(always)]
pub unsafe fn $equal_leaf(a: &mut args::$equal_args) -> bool {
            // SAFETY: such values lie there.
            match unsafe { equal_interface_leaf(a.p, a.q, $methods) } {
                Some(same) => {
                    a.r0 = same;
                    true
                }
                None => false,
            }
        }
        #[doc = concat!("Equality of ", $doc, ".\n\n# Safety\nCalled by its trampoline.")]
        pub unsafe fn $equal(a: &mut args::$equal_args) {
            // SAFETY: such values lie there.
            a.r0 = unsafe { equal_interface(a.p, a.q, $methods) };
        }
    )*};
}
interface_entries! {
    true, inter_hash, inter_hash_leaf, runtime_interhash, inter_equal, inter_equal_leaf, runtime_interequal, "an interface with methods";
    false, nilinter_hash, nilinter_hash_leaf, runtime_nilinterhash, nilinter_equal, nilinter_equal_leaf, runtime_nilinterequal, "an `interface{}`";
}
