//! The values of run-time panics.

use crate::abi::{Eface, GoString, known};
use crate::mem;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::ptr;

/// A constant text as a boxed Go string.
struct Boxed {
    text: GoString,
    next: *const Boxed,
}

struct Texts(*const Boxed);

/// Every constant text raised so far, boxed: one entry for each, so raising does not allocate.
static TEXTS: Mutex<Texts, { rank::PANIC_TEXTS }> = Mutex::new(Texts(ptr::null()));

fn boxed(text: &'static str) -> *mut u8 {
    let mut texts = TEXTS.lock();
    let mut b = texts.0;
    // SAFETY: entries are never changed or freed.
    while let Some(entry) = unsafe { b.as_ref() } {
        if entry.text.ptr == text.as_ptr() && entry.text.len == text.len() as i64 {
            return (&raw const entry.text).cast_mut().cast();
        }
        b = entry.next;
    }
    let new: *mut Boxed = mem::persistent();
    // SAFETY: the entry is new, and lives for ever; nobody else knows it yet.
    unsafe {
        *new = Boxed {
            text: GoString::from_static(text),
            next: texts.0,
        };
        texts.0 = new;
        (&raw mut (*new).text).cast()
    }
}

/// The interface value of a constant string.
pub(super) fn string_value(text: &'static str) -> Eface {
    Eface {
        typ: known::string(),
        data: boxed(text),
    }
}

/// The interface value of a `runtime.Error` that reads "runtime error: " and `text`.
pub(super) fn error_value(text: &'static str) -> Eface {
    Eface {
        typ: known::error_string(),
        data: boxed(text),
    }
}
