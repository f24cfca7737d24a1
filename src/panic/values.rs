//! The values of run-time panics.

use super::raise;
use crate::abi::{Eface, GoString, args, known};
use crate::mem;
use crate::sync::mutex::Mutex;
use core::ptr;

/// A constant text as a boxed Go string.
struct Boxed {
    text: GoString,
    next: *const Boxed,
}

struct Texts(*const Boxed);

/// Every constant text raised so far, boxed: one entry for each, so raising does not allocate.
static TEXTS: Mutex<Texts> = Mutex::new(Texts(ptr::null()));

fn boxed(text: &'static str) -> *mut u8 {
    let mut texts = TEXTS.lock();
    let mut b = texts.0;
    // SAFETY: entries are never changed or freed.
    unsafe {
        while !b.is_null() {
            if (*b).text.ptr == text.as_ptr() && (*b).text.len == text.len() as i64 {
                return (&raw const (*b).text).cast_mut().cast();
            }
            b = (*b).next;
        }
        let new: *mut Boxed = mem::persistent();
        *new = Boxed {
            text: GoString::from_static(text),
            next: texts.0,
        };
        texts.0 = new;
        (&raw mut (*new).text).cast()
    }
}

/// The interface value of a constant string.
pub fn string_value(text: &'static str) -> Eface {
    Eface {
        typ: known::string(),
        data: boxed(text),
    }
}

/// The interface value of a `runtime.Error` that reads "runtime error: " and `text`.
pub fn error_value(text: &'static str) -> Eface {
    Eface {
        typ: known::error_string(),
        data: boxed(text),
    }
}

/// Panics with a plain Go string.
pub fn raise_str(text: &'static str) -> ! {
    raise(string_value(text))
}

/// Panics with a `runtime.Error` whose text is "runtime error: " and `text`.
pub fn raise_error(text: &'static str) -> ! {
    raise(error_value(text))
}

/// Texts of the panics that compiled code and faults raise by number (asm/panic.S, PANICFN).
const BY_NUMBER: [&str; 6] = [
    "index out of range",
    "slice bounds out of range",
    "integer divide by zero",
    "integer overflow",
    "floating point error",
    "invalid memory address or nil pointer dereference",
];

/// Leaves the value of run-time panic `kind` in the place of the arguments.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn panicvalue(a: &mut args::gort_panicvalue) {
    let text = BY_NUMBER.get(a.kind).copied().unwrap_or("unknown error");
    let e = error_value(text);
    a.kind = e.typ as usize;
    a.data = e.data;
}

/// `runtime.throwinit`.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn throwinit(_a: &mut args::runtime_throwinit) {
    crate::fatal::throw("recursive call during initialization - linker skew")
}

/// `runtime.throwreturn`.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn throwreturn(_a: &mut args::runtime_throwreturn) {
    crate::fatal::throw("no return at end of a typed function - compiler is broken")
}
