//! What compiled code and package reflect call to allocate.

use super::malloc::{leaf_alloc_inline, mallocgc, newarray};
use crate::abi::{Eface, GoSlice, Leaf, PtrType, Slow, Sys, Type, args};
use crate::heap::{find_object, layout, zero_base};
use core::ptr::{NonNull, null_mut};

/// `newobject`, usual case.
#[inline(always)]
pub fn newobject_leaf(_: Leaf<'_>, a: &mut args::runtime_newobject) -> Result<(), Slow> {
    // SAFETY: compiled code passes a type.
    unsafe {
        let t: *const Type = a.typ_.cast();
        // Stored in any case, so that nothing has to be kept across it but the pointer.
        let p = leaf_alloc_inline((*t).size, t);
        a.r0 = p.map_or(null_mut(), NonNull::as_ptr).cast();
        p.map(|_| ())
    }
}

/// `newobject`.
pub fn newobject(sys: Sys<'_>, a: &mut args::runtime_newobject) {
    // SAFETY: compiled code passes a type.
    unsafe { a.r0 = super::malloc::newobject(sys, a.typ_.cast()).cast() };
}

/// `mallocgc`: flag 1 = without pointers, flag 2 = need not be cleared.
pub fn malloc(sys: Sys<'_>, a: &mut args::runtime_mallocgc) {
    let typ: *const Type = if a.flags & 1 != 0 {
        core::ptr::null()
    } else {
        a.typ_.cast()
    };
    // SAFETY: the caller passes a type or null.
    unsafe { a.r0 = mallocgc(sys, a.size, typ, a.flags & 2 == 0).cast() };
}

/// `reflect.unsafe_New`.
pub fn reflect_new(sys: Sys<'_>, a: &mut args::reflect_unsafe_New) {
    // SAFETY: reflect passes a type.
    unsafe { a.r0 = super::malloc::newobject(sys, a.a0.cast()).cast() };
}

/// `reflect.unsafe_NewArray`.
pub fn reflect_new_array(sys: Sys<'_>, a: &mut args::reflect_unsafe_NewArray) {
    // SAFETY: reflect passes a type.
    unsafe { a.r0 = newarray(sys, a.a0.cast(), a.a1 as usize).cast() };
}

/// `reflect.gcbits`, a hook of reflect's tests: one byte for each word of the object that the
/// interface points to, 1 for a pointer, up to the last pointer. Of an object of the heap what the
/// collector knows, of a variable what its type says.
pub fn reflect_gcbits(sys: Sys<'_>, a: &mut args::reflect_gcbits) {
    // SAFETY: the interface is valid; its data word is a pointer when the type is a pointer type.
    unsafe {
        let e: Eface = a.x;
        let typ = (*e.typ.cast::<PtrType>()).elem;
        let object = find_object(e.data as usize);
        // The slot may be longer than what was asked for, and the mask of a type is good for all of
        // it.
        let mut end = usize::MAX;
        // Go 1.5 has bits for the first two words of every object, and its tests show that where
        // the type has pointers further on.
        let mut least = 0;
        if let Some(o) = object {
            let s = &*o.span;
            least = ((*typ).ptrdata / 8).min(s.elemsize / 8).min(2);
            if !s.types().is_null() && *s.types().add(o.index) == typ {
                end = (*typ).size / 8;
                least = (*typ).ptrdata / 8;
            } else if s.bytes() != 0 {
                end = s.bytes() / 8;
            }
        }
        let each = |f: &mut dyn FnMut(usize)| match object {
            None if e.data == zero_base() => {}
            None => {
                let size = (*typ).size;
                layout::each_pointer(typ, 0, 0, size, |p| f(p as usize / 8));
            }
            Some(o) if (*o.span).class.noscan() => {}
            Some(o) => crate::heap::layout::each_slot(&*o.span, o.base, |p| {
                let i = (p as usize - o.base) / 8;
                if i < end {
                    f(i);
                }
            }),
        };
        let mut len = least;
        each(&mut |i| len = len.max(i + 1));
        let out = mallocgc(sys, len, core::ptr::null(), true);
        each(&mut |i| out.add(i).write(1));
        a.r0 = GoSlice {
            ptr: out,
            len: len as i64,
            cap: len as i64,
        };
    }
}
