//! Calls between Go and C (docs/cgo.md).
//!
//! - asm/cgo.S: calls of C, which are bracketed as system calls are, and the frames of callbacks;
//! - [`callback`]: C code that a goroutine has called calls Go;
//! - [`foreign`]: so does a thread that Go has not made;
//! - [`values`]: strings and memory for C and of C; [`mod@env`]: C's environment.
//!
//! What runtime/cgo defines is in [`crate::abi::cgo`]; threads are made in
//! [`crate::sched::threads`], and what panics have to know of callbacks is in
//! [`crate::world::callbacks`].

use crate::abi::cgo;
use crate::world::getm;
use crate::{fatal, signal};
use core::sync::atomic::Ordering;

pub mod callback;
pub mod env;
pub mod foreign;
pub mod values;

/// The runtime is ready: exported functions that C code has called meanwhile go on.
///
/// # Safety
/// In system mode of the main goroutine.
pub unsafe fn start() {
    for (there, what) in [
        (cgo::thread_start().is_some(), "_cgo_thread_start missing"),
        (cgo::malloc().is_some(), "_cgo_malloc missing"),
        (cgo::free().is_some(), "_cgo_free missing"),
        (cgo::setenv().is_some(), "_cgo_setenv missing"),
        (cgo::unsetenv().is_some(), "_cgo_unsetenv missing"),
    ] {
        if !there {
            fatal::throw(what);
        }
    }
    let Some(notify) = cgo::notify_init_done() else {
        fatal::throw("_cgo_notify_runtime_init_done missing");
    };
    // SAFETY: the caller's promise; C code runs on the system stack.
    unsafe {
        foreign::make();
        signal::shared::keep_off_goroutines();
        (*getm()).ncgocall.fetch_add(1, Ordering::Relaxed);
        notify(0);
    }
}
