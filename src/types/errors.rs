//! The values that run-time panics carry: `runtime.errorString`, `*runtime.TypeAssertionError`,
//! plain strings; and their methods.

use super::text::type_string;
use crate::abi::{Eface, GoString, Leaf, Sys, Type, TypeAssertionError, args, known};
use crate::{alloc, gc, panic};

/// An interface value of a string type: the header moves to the heap.
///
/// # Safety
/// `typ` is the descriptor of a string type.
unsafe fn string_eface(sys: Sys<'_>, typ: *const Type, s: GoString) -> Eface {
    // SAFETY: the new object is a string of ours, complete before anybody sees it. Marking neither
    // starts nor ends before the value is reachable.
    let data = unsafe {
        let p = alloc::mallocgc(sys, size_of::<GoString>(), typ, true);
        gc::typed_memmove(typ, p, (&raw const s).cast());
        p
    };
    Eface { typ, data }
}

/// A `runtime.errorString`; `Error` puts "runtime error: " before the text.
pub fn error_string(sys: Sys<'_>, text: GoString) -> Eface {
    // SAFETY: the type is a string type of the library's own.
    unsafe { string_eface(sys, known::error_string(), text) }
}

/// A plain string.
pub fn string_value(sys: Sys<'_>, text: GoString) -> Eface {
    // SAFETY: the type is a string type of the library's own.
    unsafe { string_eface(sys, known::string(), text) }
}

/// A `*runtime.TypeAssertionError`.
pub(super) fn type_assertion(sys: Sys<'_>, e: TypeAssertionError) -> Eface {
    let of = known::assertion_error();
    // SAFETY: the new object is of that type and complete before anybody sees it. The names of
    // types that reflect made lie in the heap.
    let data = unsafe {
        let p = alloc::mallocgc(sys, size_of::<TypeAssertionError>(), of, true);
        gc::typed_memmove(of, p, (&raw const e).cast());
        p
    };
    Eface {
        typ: known::assertion_error_pointer(),
        data,
    }
}

/// The parts as one new Go string.
pub(super) fn concat(sys: Sys<'_>, parts: &[&[u8]]) -> GoString {
    let len: usize = parts.iter().map(|p| p.len()).sum();
    if len == 0 {
        return GoString::EMPTY;
    }
    // SAFETY: the new object has room for all parts.
    unsafe {
        let p = alloc::mallocgc(sys, len, core::ptr::null(), false);
        let mut at = p;
        for part in parts {
            at.copy_from_nonoverlapping(part.as_ptr(), part.len());
            at = at.add(part.len());
        }
        GoString {
            ptr: p,
            len: len as i64,
        }
    }
}

/// Panics with a run-time error that ends in a type's name.
///
/// # Safety
/// Without locks; `typ` must be a descriptor.
pub(super) unsafe fn raise_about_type(sys: Sys<'_>, text: &str, typ: *const Type) -> ! {
    // SAFETY: by the caller's promise a descriptor, whose name has its bytes.
    let name = unsafe { type_string(typ).bytes() };
    panic::raise(
        sys,
        error_string(sys, concat(sys, &[text.as_bytes(), name])),
    )
}

/// What `e.Error()` says.
///
/// # Safety
/// The fields of `e` are Go strings.
unsafe fn assertion_text(sys: Sys<'_>, e: &TypeAssertionError) -> GoString {
    // SAFETY: by the caller's promise the fields are Go strings, which have their bytes.
    let (inter, concrete, asserted, missing) = unsafe {
        (
            e.interface_string.bytes(),
            e.concrete_string.bytes(),
            e.asserted_string.bytes(),
            e.missing_method.bytes(),
        )
    };
    const HEAD: &[u8] = b"interface conversion: ";
    let inter = if inter.is_empty() {
        b"interface"
    } else {
        inter
    };
    if concrete.is_empty() {
        concat(sys, &[HEAD, inter, b" is nil, not ", asserted])
    } else if missing.is_empty() {
        concat(sys, &[HEAD, inter, b" is ", concrete, b", not ", asserted])
    } else {
        concat(
            sys,
            &[
                HEAD,
                concrete,
                b" is not ",
                asserted,
                b": missing method ",
                missing,
            ],
        )
    }
}

/// `(*runtime.TypeAssertionError).Error`.
pub fn assertion_error(sys: Sys<'_>, a: &mut args::runtime___TypeAssertionError__Error) {
    if a.recv.is_null() {
        panic::raise(
            sys,
            error_string(
                sys,
                GoString::from_static("invalid memory address or nil pointer dereference"),
            ),
        );
    }
    // SAFETY: compiled code passes such a value as receiver.
    a.r0 = unsafe { assertion_text(sys, &*a.recv.cast()) };
}

/// `(*runtime.TypeAssertionError).RuntimeError`: only its existence matters.
pub fn assertion_runtime_error(
    _: Leaf<'_>,
    _a: &mut args::runtime___TypeAssertionError__RuntimeError,
) {
}

fn error_text(sys: Sys<'_>, s: GoString) -> GoString {
    // SAFETY: the text of an error is a Go string, which has its bytes.
    concat(sys, &[b"runtime error: ", unsafe { s.bytes() }])
}

/// `runtime.errorString.Error`.
pub fn error_string_error(sys: Sys<'_>, a: &mut args::runtime_errorString_Error) {
    a.r0 = error_text(sys, a.recv);
}

/// `(*runtime.errorString).Error`.
pub fn error_string_pointer(sys: Sys<'_>, a: &mut args::runtime___errorString__Error) {
    if a.recv.is_null() {
        let text = "value method runtime.errorString.Error called using nil *errorString pointer";
        panic::raise(sys, string_value(sys, GoString::from_static(text)));
    }
    // SAFETY: compiled code passes the address of a string as receiver.
    a.r0 = error_text(sys, unsafe { a.recv.cast::<GoString>().read() });
}

/// `runtime.errorString.RuntimeError`.
pub fn error_string_runtime_error(_: Leaf<'_>, _a: &mut args::runtime_errorString_RuntimeError) {}

/// `(*runtime.errorString).RuntimeError`.
pub fn error_string_pointer_runtime_error(
    _: Leaf<'_>,
    _a: &mut args::runtime___errorString__RuntimeError,
) {
}
