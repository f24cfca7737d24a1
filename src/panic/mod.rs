//! Panics, deferred calls and goroutine exit.

use crate::abi::{Eface, G};

/// A P's pool of defer records.
#[derive(Debug)]
pub struct PerP {
    _none: u8,
}

unsafe extern "C" {
    fn gort_raise(g: *mut G) -> !;
}

/// Raises `e` as a panic in the Go code that called into the runtime. Every Rust frame above is dropped as it stands: hold no lock.
pub fn raise(e: Eface) -> ! {
    let g = crate::sched::curg();
    if g.is_null() {
        crate::debug::print::throw("panic outside a goroutine");
    }
    // SAFETY: curg called into the runtime: its saved context is that call's return, and nothing else runs it.
    unsafe {
        (*g).panicarg = e;
        gort_raise(g)
    }
}

/// Adjusts records of a moved stack.
///
/// # Safety
/// The goroutine is stopped.
pub unsafe fn adjust(_g: *mut G, _lo: usize, _hi: usize, _delta: usize) {}

/// Continuation of the innermost pending deferred call of the frame `[sp, top]`, or 0.
///
/// # Safety
/// The goroutine is stopped.
pub unsafe fn pending_defer_pc(_g: *mut G, _sp: usize, _top: usize) -> usize {
    0
}
#[unsafe(no_mangle)]
extern "C" fn gort_deferreturn() -> usize {
    0
}
