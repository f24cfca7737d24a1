//! `runtime.SetFinalizer`.

use super::run::{accepts, in_globals, start};
use crate::abi::{Eface, FuncType, KIND_FUNC, KIND_PTR, PtrType, Sys, Type, args};
use crate::fatal;
use crate::gc::{mark, stats};
use crate::heap::span::Special;
use crate::heap::{self, layout, special};
use crate::world::phase;
use core::ptr::null;
use core::sync::atomic::Ordering;

/// A type as Go writes it.
///
/// # Safety
/// The descriptor of a type.
unsafe fn name<'a>(t: *const Type) -> &'a [u8] {
    // SAFETY: every descriptor that Go code can name has its string, which lives as long.
    unsafe { (*(*t).string).bytes() }
}

/// Dies: what is wrong with the arguments of SetFinalizer.
#[cold]
fn die(parts: &[&[u8]]) -> ! {
    let mut text = [0u8; 512];
    let mut n = 0;
    for part in parts {
        for &b in *part {
            if n < text.len() {
                text[n] = b;
                n += 1;
            }
        }
    }
    match core::str::from_utf8(&text[..n]) {
        Ok(s) => fatal::throw(s),
        Err(_) => fatal::throw("runtime.SetFinalizer: bad arguments"),
    }
}

/// `runtime.SetFinalizer`. Misuse ends the program, as in Go 1.5.
#[doc(alias = "SetFinalizer")]
pub fn set(sys: Sys<'_>, a: &mut args::runtime_SetFinalizer) {
    let (obj, fun): (Eface, Eface) = (a.obj, a.finalizer);
    let etyp = obj.typ;
    if etyp.is_null() {
        fatal::throw("runtime.SetFinalizer: first argument is nil");
    }
    // SAFETY: an interface that is not nil names the descriptor of its value's type, and that is of
    // a pointer type where its kind says so.
    let elem = unsafe {
        if (*etyp).kind_number() != KIND_PTR {
            die(&[
                b"runtime.SetFinalizer: first argument is ",
                name(etyp),
                b", not pointer",
            ]);
        }
        &*(*etyp.cast::<PtrType>()).elem
    };
    let p = obj.data as usize;
    stats::LOOKUPS.fetch_add(1, Ordering::Relaxed);
    let Some(o) = heap::find_object(p) else {
        // Values without bytes, and composite literals that the compiler made globals of, live for
        // ever. So does everything under sbrk.
        if p == heap::zero_base() as usize || in_globals(p) || heap::modes::sbrk() {
            return;
        }
        fatal::throw("runtime.SetFinalizer: pointer not in allocated block");
    };
    if p != o.base && (!elem.no_pointers() || elem.size >= heap::cache::TINY) {
        fatal::throw("runtime.SetFinalizer: pointer not at beginning of allocated block");
    }
    let ftyp = fun.typ;
    if ftyp.is_null() {
        // SAFETY: the object is live, as the argument points to it, so its span stays.
        unsafe { special::of(o.span).remove(o.span, o.index as u32, p) };
        return;
    }
    // SAFETY: an interface that is not nil names the descriptor of its value's type, and that is of
    // a function type where its kind says so: with the lists of what goes in and comes out.
    let (param, results) = unsafe {
        if (*ftyp).kind_number() != KIND_FUNC {
            die(&[
                b"runtime.SetFinalizer: second argument is ",
                name(ftyp),
                b", not a function",
            ]);
        }
        let ft = &*ftyp.cast::<FuncType>();
        let param = if ft.dotdotdot != 0 || ft.in_.len != 1 {
            null()
        } else {
            *ft.in_.ptr.cast::<*const Type>()
        };
        if param.is_null() || !accepts(param, etyp, elem) {
            die(&[
                b"runtime.SetFinalizer: cannot pass ",
                name(etyp),
                b" to finalizer ",
                name(ftyp),
            ]);
        }
        let mut results = 0usize;
        for i in 0..ft.out.len as usize {
            let t = *ft.out.ptr.cast::<*const Type>().add(i);
            results = results.next_multiple_of(usize::from((*t).align).max(1)) + (*t).size;
        }
        (param, results.next_multiple_of(8))
    };
    start(sys);
    let special = Special::new(
        o.span,
        o.index as u32,
        p,
        fun.data as usize,
        etyp,
        param,
        results as u32,
    );
    // SAFETY: the object is live, as the argument points to it, so its span stays.
    let held = unsafe { special.held() };
    // SAFETY: the object is live, as the argument points to it, so its span stays.
    if !unsafe { special::of(o.span).add(special) } {
        fatal::throw("runtime.SetFinalizer: finalizer already set");
    }
    if phase::enabled() {
        // Marking may have been through the finalizers.
        for p in [held.f, held.typ, held.param] {
            mark::shade(p as *mut u8);
        }
        if held.object != 0 {
            // SAFETY: the object is live, and its slots hold pointers.
            unsafe {
                layout::each_slot(&*o.span, held.object, |slot| mark::shade(*slot as *mut u8));
            }
        }
    }
}
