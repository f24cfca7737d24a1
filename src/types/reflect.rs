//! What package reflect asks about types.

use crate::abi::{GoSlice, Leaf, args};
use crate::code::sites::header;
use core::cell::UnsafeCell;

/// The only element of what [`typelinks`] returns: programs have one module.
#[repr(transparent)]
struct Module(UnsafeCell<GoSlice>);
// SAFETY: every writer stores the same words, so no reader sees others.
unsafe impl Sync for Module {}

static MODULE: Module = Module(UnsafeCell::new(GoSlice {
    ptr: core::ptr::null_mut(),
    len: 0,
    cap: 0,
}));

/// `reflect.typelinks`: the descriptors that reflection may find by name, sorted by name, for each
/// module.
pub fn typelinks(_: Leaf<'_>, a: &mut args::reflect_typelinks) {
    let tables = header();
    let n = tables.ntypelinks as i64;
    // SAFETY: every writer stores the same words: those of the program's tables.
    unsafe {
        MODULE.0.get().write(GoSlice {
            ptr: tables.typelinks.cast_mut().cast(),
            len: n,
            cap: n,
        })
    };
    a.r0 = GoSlice {
        ptr: MODULE.0.get().cast(),
        len: 1,
        cap: 1,
    };
}
