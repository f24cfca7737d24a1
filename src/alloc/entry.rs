//! What compiled code and package reflect call to allocate.

use super::malloc::{leaf_alloc_inline, mallocgc, newarray};
use crate::abi::{Eface, GoSlice, Leaf, PtrType, Slow, Sys, Type, args};
use crate::heap::{find_object, layout, zero_base};
use core::ptr::{NonNull, null_mut};

/// `newobject`, usual case.
#[inline(always)]
pub fn newobject_leaf(_: Leaf<'_>, a: &mut args::runtime_newobject) -> Result<(), Slow> {
    let t: *const Type = a.typ_.cast();
    // SAFETY: compiled code passes the descriptor of a type, and runs with a P.
    let p = unsafe { leaf_alloc_inline((*t).size, t) };
    // Stored in any case, so that nothing has to be kept across it but the pointer.
    a.r0 = p.map_or(null_mut(), NonNull::as_ptr).cast();
    p.map(|_| ())
}

/// `newobject`.
pub fn newobject(sys: Sys<'_>, a: &mut args::runtime_newobject) {
    // SAFETY: compiled code passes the descriptor of a type.
    a.r0 = unsafe { super::malloc::newobject(sys, a.typ_.cast()) }.cast();
}

/// `mallocgc`: flag 1 = without pointers, flag 2 = need not be cleared.
pub fn malloc(sys: Sys<'_>, a: &mut args::runtime_mallocgc) {
    let typ: *const Type = if a.flags & 1 != 0 {
        core::ptr::null()
    } else {
        a.typ_.cast()
    };
    // SAFETY: Go code passes the descriptor of a type, whose size divides `size`, or null.
    a.r0 = unsafe { mallocgc(sys, a.size, typ, a.flags & 2 == 0) }.cast();
}

/// `reflect.unsafe_New`.
pub fn reflect_new(sys: Sys<'_>, a: &mut args::reflect_unsafe_New) {
    // SAFETY: reflect passes the descriptor of a type.
    a.r0 = unsafe { super::malloc::newobject(sys, a.a0.cast()) }.cast();
}

/// `reflect.unsafe_NewArray`.
pub fn reflect_new_array(sys: Sys<'_>, a: &mut args::reflect_unsafe_NewArray) {
    // SAFETY: reflect passes the descriptor of a type.
    a.r0 = unsafe { newarray(sys, a.a0.cast(), a.a1 as usize) }.cast();
}

/// `reflect.gcbits`, a hook of reflect's tests: one byte for each word of the object that the
/// interface points to, 1 for a pointer, up to the last pointer. Of an object of the heap what the
/// collector knows, of a variable what its type says.
pub fn reflect_gcbits(sys: Sys<'_>, a: &mut args::reflect_gcbits) {
    let e: Eface = a.x;
    // SAFETY: reflect's tests pass an interface that holds a pointer.
    let typ = unsafe { &*(*e.typ.cast::<PtrType>()).elem };
    let object = find_object(e.data as usize);
    // The slot may be longer than what was asked for, and the mask of a type is good for all of it.
    let mut end = usize::MAX;
    // Go 1.5 has bits for the first two words of every object, and its tests show that where the
    // type has pointers further on.
    let mut least = 0;
    if let Some(o) = object {
        // SAFETY: the argument points to the object, so its span stays.
        let s = unsafe { &*o.span };
        least = (typ.ptrdata / 8).min(s.elemsize / 8).min(2);
        // SAFETY: a span whose slots have types has one for each.
        if !s.types().is_null() && core::ptr::eq(unsafe { *s.types().add(o.index) }, typ) {
            end = typ.size / 8;
            least = typ.ptrdata / 8;
        } else if s.bytes() != 0 {
            end = s.bytes() / 8;
        }
    }
    // SAFETY: the object is live and so stays with its span, and the descriptor is that of the
    // variable's type where there is no object.
    let each = |f: &mut dyn FnMut(usize)| unsafe {
        match object {
            None if e.data == zero_base() => {}
            None => layout::each_pointer(typ, 0, 0, typ.size, |p| f(p as usize / 8)),
            Some(o) if (*o.span).class.noscan() => {}
            Some(o) => layout::each_slot(&*o.span, o.base, |p| {
                let i = (p as usize - o.base) / 8;
                if i < end {
                    f(i);
                }
            }),
        }
    };
    let mut len = least;
    each(&mut |i| len = len.max(i + 1));
    // SAFETY: no type is needed for memory without pointers.
    let out = unsafe { mallocgc(sys, len, core::ptr::null(), true) };
    // SAFETY: the indices are those of the walk before, and so below `len`.
    each(&mut |i| unsafe { out.add(i).write(1) });
    a.r0 = GoSlice {
        ptr: out,
        len: len as i64,
        cap: len as i64,
    };
}
