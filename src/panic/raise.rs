//! Raising a panic in the Go code that called into the runtime.

use super::uncaught;
use super::values::{error_value, string_value};
use crate::abi::{Eface, G, Sys, args};

unsafe extern "C" {
    /// asm/panic.S: goes back to the goroutine's stack and panics with `g.panicarg` there.
    fn gort_raise(g: *mut G) -> !;
}

/// Raises `e` as a panic in the Go code that called into the runtime. Every Rust frame above is
/// dropped as it stands: hold no lock.
pub fn raise(_: Sys<'_>, e: Eface) -> ! {
    crate::sync::rank::none();
    crate::world::rights::assert_none_held();
    let g = crate::world::curg();
    if g.is_null() {
        uncaught::throw_instead(e, "panic on system stack");
    }
    // SAFETY: curg called into the runtime: its saved context is that call's return, and nothing
    // else runs it.
    unsafe {
        (*g).panicarg = e;
        gort_raise(g)
    }
}

/// Panics with a plain Go string.
pub fn raise_str(sys: Sys<'_>, text: &'static str) -> ! {
    raise(sys, string_value(text))
}

/// Panics with a `runtime.Error` whose text is "runtime error: " and `text`.
pub fn raise_error(sys: Sys<'_>, text: &'static str) -> ! {
    raise(sys, error_value(text))
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
pub fn panicvalue(_: Sys<'_>, a: &mut args::gort_panicvalue) {
    let text = BY_NUMBER.get(a.kind).copied().unwrap_or("unknown error");
    let e = error_value(text);
    a.kind = e.typ as usize;
    a.data = e.data;
}

/// `runtime.throwinit`.
pub fn throwinit(_: Sys<'_>, _a: &mut args::runtime_throwinit) {
    crate::fatal::throw("recursive call during initialization - linker skew")
}

/// `runtime.throwreturn`.
pub fn throwreturn(_: Sys<'_>, _a: &mut args::runtime_throwreturn) {
    crate::fatal::throw("no return at end of a typed function - compiler is broken")
}
