//! Strings and memory of C for Go code, as cgo's helpers (`C.GoString` and the like) ask for them.

use crate::abi::{GoSlice, GoString, Sys, args, cgo};
use crate::alloc::malloc::mallocgc;
use crate::config::env;
use crate::types::errors;
use crate::{fatal, panic};
use core::ptr;

/// A copy of `n` bytes at `p`.
///
/// # Safety
/// They are readable.
unsafe fn copy(sys: Sys<'_>, p: *const u8, n: usize) -> *mut u8 {
    // SAFETY: the caller's promise; the memory is new.
    unsafe {
        let to = mallocgc(sys, n, ptr::null(), false);
        ptr::copy_nonoverlapping(p, to, n);
        to
    }
}

/// `n` as the length of something that is made.
fn length(sys: Sys<'_>, n: i64) -> usize {
    if n < 0 {
        panic::raise_error(sys, "makeslice: len out of range");
    }
    n as usize
}

/// A C string where it is; a null pointer is an empty one.
///
/// # Safety
/// It ends.
#[doc(alias = "findnull")]
unsafe fn of_c(p: *const u8) -> GoString {
    if p.is_null() {
        return GoString::EMPTY;
    }
    // SAFETY: the caller's promise.
    unsafe { env::c_string(p) }
}

/// `runtime.gobytes`, for `C.GoBytes`.
pub fn bytes(sys: Sys<'_>, a: &mut args::runtime_gobytes) {
    let n = length(sys, a.n);
    // SAFETY: the program vouches for C's memory.
    let ptr = unsafe { copy(sys, a.p, n) };
    a.r0 = GoSlice {
        ptr,
        len: n as i64,
        cap: n as i64,
    };
}

/// `runtime.gostring`, for `C.GoString`.
pub fn string(sys: Sys<'_>, a: &mut args::runtime_gostring) {
    // SAFETY: the program vouches for C's memory.
    a.r0 = unsafe { go_string(sys, a.p, of_c(a.p).len as usize) };
}

/// `runtime.gostringn`, for `C.GoStringN`.
pub fn string_n(sys: Sys<'_>, a: &mut args::runtime_gostringn) {
    // SAFETY: the program vouches for C's memory.
    a.r0 = unsafe { go_string(sys, a.p, length(sys, a.n)) };
}

unsafe fn go_string(sys: Sys<'_>, p: *const u8, n: usize) -> GoString {
    if n == 0 {
        return GoString::EMPTY;
    }
    GoString {
        // SAFETY: the caller's promise.
        ptr: unsafe { copy(sys, p, n) },
        len: n as i64,
    }
}

/// `runtime.cmalloc`, for `C.CString` and `C.malloc`: on the system stack, where C code may run,
/// without the bracket of a call that may last.
pub fn malloc(_: Sys<'_>, a: &mut args::runtime_cmalloc) {
    let Some(f) = cgo::malloc() else {
        fatal::throw("cgocall unavailable");
    };
    let mut block = cgo::Malloc {
        n: a.n as u64,
        ret: ptr::null_mut(),
    };
    // SAFETY: as runtime/cgo defines it.
    unsafe { f(&raw mut block) };
    if block.ret.is_null() {
        fatal::throw("C malloc failed");
    }
    a.r0 = block.ret;
}

/// `runtime.cgoUse`, behind a condition that is never true: its argument escapes.
pub fn use_(_: Sys<'_>, _a: &mut args::runtime_cgoUse) {
    fatal::throw("cgoUse should not be called")
}

/// `gort.cgopanic`: C code panics with its string, by a call of `_cgo_panic`.
pub fn raise(sys: Sys<'_>, a: &mut args::gort_cgopanic) {
    // SAFETY: C's string, which is not copied, as in Go 1.5.
    let text = unsafe { of_c(a.p) };
    panic::raise(sys, errors::string_value(sys, text))
}
