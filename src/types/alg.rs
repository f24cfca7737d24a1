//! What a type's hash and equality are made of.
//!
//! A descriptor names two functions (`TypeAlg`). Those of the library's own rows, and the
//! compiler's closures for plain memory, are recognised here and done in place; for the rest, which
//! may raise a panic, there are plans ([`super::plan`]). [`super::any`] puts both together.

use super::hash as hashing;
use crate::abi::known::{self, row};
use crate::abi::{Eface, FuncVal, GoString, Iface, Type};

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
    fn bcmp(p: *const u8, q: *const u8, n: usize) -> i32;
}

/// The size behind a func value of `code`, if it is one.
///
/// # Safety
///
/// `f` is a func value.
#[inline(always)]
unsafe fn closure_size(f: *const FuncVal, code: unsafe extern "C" fn()) -> Option<usize> {
    // SAFETY: by the caller's promise a func value.
    if unsafe { (*f).code } != code as usize {
        return None;
    }
    // SAFETY: a func value of this code has the size in its second word.
    Some(unsafe { *f.cast::<usize>().add(1) })
}

/// Plain memory of 1, 2, 4, 8 or 16 bytes: the common case of what interfaces hold, told with one
/// comparison.
#[inline(always)]
///
/// # Safety
/// `typ` is a descriptor.
unsafe fn is_small_memory(typ: *const Type) -> bool {
    // SAFETY: by the caller's promise a descriptor, which is constant.
    let offset = unsafe { (*typ).alg as usize }.wrapping_sub(known::algarray() as usize);
    offset.wrapping_sub(16 * row::MEM8) <= 16 * (row::MEM128 - row::MEM8)
}

/// Classifies a type.
///
/// # Safety
/// `typ` must be a descriptor.
#[inline(always)]
pub unsafe fn of(typ: *const Type) -> Alg {
    // SAFETY: by the caller's promise a descriptor, which is constant.
    let (alg, size) = unsafe { ((*typ).alg, (*typ).size) };
    let index = (alg as usize).wrapping_sub(known::algarray() as usize) / 16;
    match index {
        row::MEM0..=row::MEM128 => Alg::Memory(size),
        row::STRING => Alg::String,
        row::INTER => Alg::Iface,
        row::NILINTER => Alg::Eface,
        row::FLOAT32 => Alg::Float32,
        row::FLOAT64 => Alg::Float64,
        row::COMPLEX64 => Alg::Complex64,
        row::COMPLEX128 => Alg::Complex128,
        0..row::COUNT => Alg::None,
        // SAFETY: every descriptor has an algorithm, whose functions are func values or nil.
        _ => unsafe { elsewhere((*alg).equal) },
    }
}

/// An algorithm that is not in the library's table, by its function for equality.
///
/// # Safety
/// `equal` is a func value or null.
#[inline(always)]
unsafe fn elsewhere(equal: *const FuncVal) -> Alg {
    if equal.is_null() {
        return Alg::None;
    }
    // SAFETY: by the caller's promise a func value.
    match unsafe { closure_size(equal, memequal_varlen) } {
        Some(size) => Alg::Memory(size),
        None => Alg::Compiled,
    }
}

/// Whether values of the type can be map keys at all.
///
/// # Safety
/// `typ` must be a descriptor.
#[inline]
pub unsafe fn hashable(typ: *const Type) -> bool {
    // SAFETY: by the caller's promise a descriptor, and every one has an algorithm.
    unsafe { !(*(*typ).alg).hash.is_null() }
}

/// The first words are the same, and those at `second`.
///
/// # Safety
///
/// Both are readable there, for a `T` each.
#[inline(always)]
unsafe fn same_words<T: PartialEq>(p: *const u8, q: *const u8, second: usize) -> bool {
    // SAFETY: by the caller's promise a `T` is readable at the start and at `second` of both.
    let at = |p: *const u8, i: usize| unsafe { p.add(i).cast::<T>().read_unaligned() };
    at(p, 0) == at(q, 0) && at(p, second) == at(q, second)
}

/// Bytes are the same. Up to sixteen are compared in place: two words that overlap cover them.
///
/// # Safety
///
/// Both are readable for `n` bytes.
#[inline(always)]
pub(super) unsafe fn same_bytes(p: *const u8, q: *const u8, n: usize) -> bool {
    if n > 16 {
        // SAFETY: by the caller's promise both are readable for `n` bytes.
        p == q || unsafe { bcmp(p, q, n) } == 0
    } else {
        // SAFETY: both are readable for `n` bytes.
        unsafe { same_small(p, q, n) }
    }
}

/// [`same_bytes`] for up to sixteen.
///
/// # Safety
///
/// Both are readable for `n` bytes.
#[inline(always)]
unsafe fn same_small(p: *const u8, q: *const u8, n: usize) -> bool {
    if n >= 8 {
        // SAFETY: by the caller's promise both are readable for `n` bytes.
        unsafe { same_words::<u64>(p, q, n - 8) }
    } else if n >= 4 {
        // SAFETY: both are readable for `n` bytes.
        unsafe { same_words::<u32>(p, q, n - 4) }
    } else if n > 0 {
        // SAFETY: both are readable for `n` bytes, and these are the first, the middle, the last.
        unsafe { *p == *q && *p.add(n >> 1) == *q.add(n >> 1) && *p.add(n - 1) == *q.add(n - 1) }
    } else {
        true
    }
}

/// Strings are equal.
///
/// # Safety
/// Both must be Go strings.
#[inline(always)]
pub(super) unsafe fn same_string(a: GoString, b: GoString) -> bool {
    // SAFETY: by the caller's promise both have their bytes.
    a.len == b.len && unsafe { same_bytes(a.ptr, b.ptr, a.len as usize) }
}

/// What decides the hash of a float: both zeroes are one key, a NaN is a key of its own each time.
#[inline(always)]
pub(super) fn float64_bits(v: f64) -> u64 {
    if v == 0.0 {
        0
    } else if v.is_nan() {
        crate::world::fastrand()
    } else {
        v.to_bits()
    }
}

/// As [`float64_bits`].
#[inline(always)]
pub(super) fn float32_bits(v: f32) -> u64 {
    if v == 0.0 {
        0
    } else if v.is_nan() {
        crate::world::fastrand()
    } else {
        u64::from(v.to_bits())
    }
}

/// Hash of one or two floats.
///
/// # Safety
///
/// `n` of them lie at `p`.
#[inline(always)]
pub(super) unsafe fn hash_floats32(p: *const f32, n: usize, seed: usize) -> usize {
    // SAFETY: by the caller's promise `n` floats lie at `p`.
    let at = |i| float32_bits(unsafe { p.add(i).read() });
    hashing::pair(at(0), if n > 1 { at(1) } else { 0 }, 4, seed)
}

/// As [`hash_floats32`].
///
/// # Safety
///
/// As there.
#[inline(always)]
pub(super) unsafe fn hash_floats64(p: *const f64, n: usize, seed: usize) -> usize {
    // SAFETY: by the caller's promise `n` floats lie at `p`.
    let at = |i| float64_bits(unsafe { p.add(i).read() });
    hashing::pair(at(0), if n > 1 { at(1) } else { 0 }, 8, seed)
}

/// Type and data of the interface value at `p`; its type is null for nil.
///
/// # Safety
///
/// An interface value lies at `p`, with methods or without, as said.
#[inline(always)]
unsafe fn dynamic(p: *const u8, with_methods: bool) -> (*const Type, *mut u8) {
    if !with_methods {
        // SAFETY: by the caller's promise such a value lies at `p`.
        let e = unsafe { p.cast::<Eface>().read() };
        return (e.typ, e.data);
    }
    // SAFETY: by the caller's promise such a value lies at `p`, whose table is nil or names its
    // type.
    unsafe {
        let i = p.cast::<Iface>().read();
        (i.tab.as_ref().map_or(core::ptr::null(), |t| t.typ), i.data)
    }
}

/// All but interfaces and what has a plan.
///
/// # Safety
///
/// A value whose type has that algorithm lies at `p`.
#[inline(always)]
pub(super) unsafe fn hash_simple(alg: Alg, p: *const u8, seed: usize) -> Option<usize> {
    // SAFETY: by the caller's promise a value of that sort lies at `p`.
    Some(unsafe {
        match alg {
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
        }
    })
}

/// Whether the key at `p`, of a type without a plan, holds neither a value with a plan nor one that
/// cannot be hashed.
///
/// # Safety
/// A value of `typ` lies at `p`.
#[inline(always)]
pub unsafe fn is_simple(typ: *const Type, p: *const u8) -> bool {
    // SAFETY: by the caller's promise a descriptor.
    let methods = match unsafe { of(typ) } {
        Alg::Iface => true,
        Alg::Eface => false,
        _ => return true,
    };
    // SAFETY: an interface value lies at `p`; its type is null or a descriptor.
    unsafe {
        let (typ, _) = dynamic(p, methods);
        typ.is_null() || is_small_memory(typ) || has_strings(typ)
    }
}

/// Values of the type are hashed and compared as strings are.
///
/// # Safety
/// `typ` is a descriptor.
#[inline(always)]
unsafe fn has_strings(typ: *const Type) -> bool {
    // SAFETY: by the caller's promise a descriptor, which is constant.
    let alg = unsafe { (*typ).alg };
    alg == known::algarray().wrapping_add(row::STRING)
}

/// The same for an interface inside a value with a plan, where plans are not followed any further:
/// that would be a recursion.
///
/// # Safety
///
/// As [`dynamic`].
#[inline(always)]
pub(super) unsafe fn hash_interface_flat(
    p: *const u8,
    with_methods: bool,
    seed: usize,
) -> Option<usize> {
    // SAFETY: by the caller's promise an interface value lies at `p`; `hash_more_flat` may be
    // called for what is in one.
    unsafe { hash_dynamic(p, with_methods, seed, hash_more_flat) }
}

/// Hash of the value in the interface at `p`; `more` for what is neither a string nor short memory.
///
/// # Safety
/// As [`dynamic`]; `more` may be called with a type, a value of it, and a seed.
#[inline(always)]
pub(super) unsafe fn hash_dynamic(
    p: *const u8,
    with_methods: bool,
    seed: usize,
    more: unsafe fn(*const Type, *const u8, usize) -> Option<usize>,
) -> Option<usize> {
    // SAFETY: by the caller's promise an interface value lies at `p`.
    let (typ, mut data) = unsafe { dynamic(p, with_methods) };
    // SAFETY: its type is null or a descriptor, which is constant.
    let Some(t) = (unsafe { typ.as_ref() }) else {
        return Some(seed);
    };
    let word: *const u8 = if t.direct_iface() {
        (&raw mut data).cast()
    } else {
        data
    };
    // SAFETY: a value of that type lies at `word`, which is what the caller has made `more` for.
    unsafe {
        if is_small_memory(typ) {
            return Some(hashing::small(word, t.size, seed));
        }
        if has_strings(typ) {
            let s = word.cast::<GoString>().read();
            return Some(hashing::bytes(s.ptr, s.len as usize, seed));
        }
        more(typ, word, seed)
    }
}

/// The rarer types, out of the way of the common ones.
///
/// # Safety
///
/// A value of `typ` lies at `p`.
#[inline(never)]
unsafe fn hash_more_flat(typ: *const Type, p: *const u8, seed: usize) -> Option<usize> {
    // SAFETY: by the caller's promise a value of this type lies at `p`.
    unsafe { hash_simple(of(typ), p, seed) }
}

/// Where the value in the interface at `p` lies, and its type.
///
/// # Safety
///
/// As [`dynamic`]; the value is not nil.
#[inline(always)]
pub(super) unsafe fn inside(p: *const u8, with_methods: bool) -> (*const Type, *const u8) {
    // SAFETY: by the caller's promise an interface value that is not nil lies at `p`: it has a
    // type.
    let (typ, data, direct) = unsafe {
        let (typ, data) = dynamic(p, with_methods);
        (typ, data, (*typ).direct_iface())
    };
    let value = if direct {
        p.wrapping_add(size_of::<usize>())
    } else {
        data
    };
    (typ, value)
}

/// All but interfaces and what has a plan.
///
/// # Safety
///
/// Values whose type has that algorithm lie at both.
#[inline(always)]
pub(super) unsafe fn equal_simple(alg: Alg, p: *const u8, q: *const u8) -> Option<bool> {
    // SAFETY: by the caller's promise values of that sort lie at both.
    Some(unsafe {
        match alg {
            Alg::Memory(size) => same_bytes(p, q, size),
            Alg::String => same_string(p.cast::<GoString>().read(), q.cast::<GoString>().read()),
            Alg::Float32 => *p.cast::<f32>() == *q.cast::<f32>(),
            Alg::Float64 => *p.cast::<f64>() == *q.cast::<f64>(),
            Alg::Complex64 => *p.cast::<[f32; 2]>() == *q.cast::<[f32; 2]>(),
            Alg::Complex128 => *p.cast::<[f64; 2]>() == *q.cast::<[f64; 2]>(),
            Alg::Iface | Alg::Eface | Alg::None | Alg::Compiled => return None,
        }
    })
}

/// The same for interfaces inside values with a plan, as `hash_interface_flat`.
///
/// # Safety
///
/// As [`dynamic`], for both.
#[inline(always)]
pub(super) unsafe fn equal_interface_flat(
    p: *const u8,
    q: *const u8,
    with_methods: bool,
) -> Option<bool> {
    // SAFETY: by the caller's promise interface values lie at both; `equal_data_flat` may be called
    // for what is in them.
    unsafe { equal_dynamic(p, q, with_methods, equal_data_flat) }
}

type EqualMore = unsafe fn(*const Type, *mut u8, *mut u8) -> Option<bool>;

/// The values in the interfaces are equal; `more` for what is not short memory.
///
/// # Safety
///
/// As [`dynamic`], for both; `more` may be called with a type and the data words of two values of
/// it.
#[inline(always)]
pub(super) unsafe fn equal_dynamic(
    p: *const u8,
    q: *const u8,
    with_methods: bool,
    more: EqualMore,
) -> Option<bool> {
    // SAFETY: by the caller's promise interface values lie at both.
    let ((t, x), (u, y)) = unsafe { (dynamic(p, with_methods), dynamic(q, with_methods)) };
    if t != u {
        return Some(false);
    }
    // SAFETY: the words are of values of one type, which is what the caller has made `more` for.
    unsafe { equal_data_leaf(t, x, y, more) }
}

/// Equality of the data words of two interface values of dynamic type `typ` (null: both nil);
/// `more` for what is not short memory.
///
/// # Safety
/// The words belong to values of that type; `more` as in [`equal_dynamic`].
#[inline(always)]
unsafe fn equal_data_leaf(
    typ: *const Type,
    x: *mut u8,
    y: *mut u8,
    more: EqualMore,
) -> Option<bool> {
    // SAFETY: by the caller's promise null, or a descriptor, which is constant.
    let Some(t) = (unsafe { typ.as_ref() }) else {
        return Some(true);
    };
    // SAFETY: the words belong to values of that type; those that are not the values point to them.
    unsafe {
        if !is_small_memory(typ) {
            return more(typ, x, y);
        }
        Some(if t.direct_iface() {
            x == y
        } else {
            same_small(x, y, t.size)
        })
    }
}

/// As `hash_more_flat`.
///
/// # Safety
///
/// `x` and `y` are the data words of two values of `typ` in interfaces.
#[inline(never)]
unsafe fn equal_data_flat(typ: *const Type, x: *mut u8, y: *mut u8) -> Option<bool> {
    // SAFETY: by the caller's promise a descriptor.
    let (alg, direct) = unsafe { (of(typ), (*typ).direct_iface()) };
    match alg {
        Alg::None | Alg::Compiled => None,
        _ if direct => Some(x == y),
        // SAFETY: words that are not the values point to them.
        simple => unsafe { equal_simple(simple, x, y) },
    }
}
