//! The functions that package reflect calls.

use super::iter;
use super::{entry, make, mem};
use crate::abi::{GoString, Hiter, Hmap, Leaf, MapType, Sys, Type, args};
use crate::types::alg;

unsafe fn map_type<'a>(t: *const Type) -> &'a MapType {
    // SAFETY: reflect only passes map types.
    unsafe { &*t.cast() }
}

/// `reflect.ismapkey`.
#[inline(always)]
pub fn is_map_key(_: Leaf<'_>, a: &mut args::reflect_ismapkey) {
    // SAFETY: reflect passes a type.
    a.r0 = unsafe { alg::hashable(a.a0) };
}

/// `reflect.makemap`.
pub fn make_map(sys: Sys<'_>, a: &mut args::reflect_makemap) {
    // SAFETY: reflect passes a map type; in system mode it always succeeds.
    unsafe {
        make::ensure_zero(map_type(a.t).elem);
        if let Ok(h) = make::make(
            sys,
            a.t.cast(),
            0,
            core::ptr::null_mut(),
            core::ptr::null_mut(),
        ) {
            a.m = h.cast();
        }
    }
}

/// `reflect.mapaccess` of keys that leaf mode does not follow.
pub fn access(sys: Sys<'_>, a: &mut args::reflect_mapaccess) {
    // SAFETY: as above.
    unsafe {
        let t = map_type(a.t);
        let found = entry::find_system(sys, t, a.m.cast::<Hmap>(), a.key);
        a.val = found.map_or(core::ptr::null_mut(), |s| s.bucket.value(t, s.index));
    }
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
// SAFETY: never written.
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
    // SAFETY: reflect passes a map of the type; system mode always finishes.
    unsafe {
        let it = mem::mallocgc(sys, size_of::<Hiter>(), &ITERATOR_TYPE.0, true).cast::<Hiter>();
        let _ = iter::start(sys, a.t.cast(), a.m.cast(), it);
        a.r0 = it.cast();
    }
}

/// `reflect.mapiterkey`: null at the end.
#[inline(always)]
pub fn iter_key(_: Leaf<'_>, a: &mut args::reflect_mapiterkey) {
    // SAFETY: as above.
    a.key = unsafe { (*a.it.cast::<Hiter>()).key };
}

/// `reflect.maplen`.
#[inline(always)]
pub fn len(_: Leaf<'_>, a: &mut args::reflect_maplen) {
    // SAFETY: reflect passes a map or nil.
    a.r0 = unsafe {
        if a.m.is_null() {
            0
        } else {
            (*a.m.cast::<Hmap>()).count
        }
    };
}
