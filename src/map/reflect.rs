//! The functions that package reflect calls.

use super::iter;
use super::{entry, make, mem};
use crate::abi::{GoString, Hiter, Hmap, Leaf, MapType, Sys, Type, args};
use crate::types::alg;

/// A map type that package reflect passes.
///
/// # Safety
/// The descriptor of a map type.
unsafe fn map_type<'a>(t: *const Type) -> &'a MapType {
    let t = t.cast();
    // SAFETY: the caller's descriptor is of a map type, and stays as long as the call at least.
    unsafe { &*t }
}

/// `reflect.ismapkey`.
#[inline(always)]
pub fn is_map_key(_: Leaf<'_>, a: &mut args::reflect_ismapkey) {
    // SAFETY: reflect passes the descriptor of a type.
    a.r0 = unsafe { alg::hashable(a.a0) };
}

/// `reflect.makemap`.
pub fn make_map(sys: Sys<'_>, a: &mut args::reflect_makemap) {
    // SAFETY: reflect passes the descriptor of a map type.
    let t = unsafe { map_type(a.t) };
    make::ensure_zero(sys, t);
    let none = core::ptr::null_mut();
    // SAFETY: the map is to be a new object, without a bucket. In system mode that always succeeds.
    if let Ok(h) = unsafe { make::make(sys, t, 0, none, none.cast()) } {
        a.m = h.cast();
    }
}

/// `reflect.mapaccess` of keys that leaf mode does not follow.
pub fn access(sys: Sys<'_>, a: &mut args::reflect_mapaccess) {
    // SAFETY: reflect passes the descriptor of a map type.
    let t = unsafe { map_type(a.t) };
    // SAFETY: reflect passes a map of the type or nil, and a key.
    let found = unsafe { entry::find_system(sys, t, a.m.cast::<Hmap>(), a.key) };
    a.val = match found {
        // SAFETY: the slot was found in that map, so it holds an entry.
        Some(s) => unsafe { s.bucket.value(t, s.index) },
        None => core::ptr::null_mut(),
    };
}

/// `reflect.mapassign`.
pub fn assign(sys: Sys<'_>, a: &mut args::reflect_mapassign) {
    // SAFETY: reflect passes a map of the type, a key and a value.
    unsafe { entry::set(sys, map_type(a.t), a.m.cast(), a.key, a.val) }
}

/// `reflect.mapdelete`.
pub fn delete_key(sys: Sys<'_>, a: &mut args::reflect_mapdelete) {
    // SAFETY: reflect passes a map of the type and a key.
    unsafe { entry::remove(sys, map_type(a.t), a.m.cast(), a.key) }
}

#[repr(C, align(8))]
struct Mask([u8; 8]);
/// The first eight words of an iterator are pointers.
static ITERATOR_POINTERS: Mask = Mask([0xff, 0, 0, 0, 0, 0, 0, 0]);
static ITERATOR_NAME: GoString = GoString::from_static("runtime.hiter");

#[repr(transparent)]
struct Descriptor(Type);
// SAFETY: nobody writes a descriptor that the library's own data holds.
unsafe impl Sync for Descriptor {}

static ITERATOR_TYPE: Descriptor = Descriptor(Type {
    size: size_of::<Hiter>(),
    ptrdata: 64,
    hash: 0,
    unused: 0,
    align: 8,
    field_align: 8,
    kind: crate::abi::KIND_STRUCT as u8,
    alg: core::ptr::null(),
    gcdata: ITERATOR_POINTERS.0.as_ptr(),
    string: &raw const ITERATOR_NAME,
    x: core::ptr::null(),
    ptrto: core::ptr::null(),
    zero: core::ptr::null(),
});

/// `reflect.mapiterinit`.
pub fn iter_init(sys: Sys<'_>, a: &mut args::reflect_mapiterinit) {
    // SAFETY: the type has the size of an iterator, and its mask is of its pointers.
    let it = unsafe { mem::mallocgc(sys, size_of::<Hiter>(), &ITERATOR_TYPE.0, true) };
    // System mode always finishes.
    // SAFETY: reflect passes a map type, and a map of it or nil; the iterator is new.
    let _ = unsafe { iter::start(sys, map_type(a.t), a.m.cast(), it.cast()) };
    a.r0 = it.cast();
}

/// `reflect.mapiterkey`: null at the end.
#[inline(always)]
pub fn iter_key(_: Leaf<'_>, a: &mut args::reflect_mapiterkey) {
    // SAFETY: reflect passes an iterator that `iter_init` has made.
    a.key = unsafe { (*a.it.cast::<Hiter>()).key };
}

/// `reflect.maplen`.
#[inline(always)]
pub fn len(_: Leaf<'_>, a: &mut args::reflect_maplen) {
    // SAFETY: reflect passes a map or nil.
    a.r0 = unsafe { a.m.cast::<Hmap>().as_ref() }.map_or(0, |h| h.count);
}
