//! Calls between Go and C (docs/cgo.md).
//!
//! - asm/cgo.S: calls of C, which are bracketed as system calls are, and the frames of callbacks;
//! - [`callback`]: C code that a goroutine has called calls Go;
//! - [`foreign`]: so does a thread that Go has not made; [`pool`]: the Ms for those; [`pthread`]:
//!   what the C library knows of a thread;
//! - [`values`]: strings and memory for C and of C; [`mod@env`]: C's environment.
//!
//! What runtime/cgo defines is in [`crate::abi::cgo`]; threads are made in
//! [`crate::sched::threads`], and what panics have to know of callbacks is in
//! [`crate::world::callbacks`].

use crate::abi::cgo;
use crate::fatal;
use crate::sched::threads;
use crate::signal::shared;
use crate::world::getm;
use crate::world::with_c::WithC;
use core::sync::atomic::Ordering;

pub mod callback;
pub mod env;
pub mod foreign;
pub mod pool;
pub mod pthread;
pub mod values;

/// For the rooms before this one.
#[unsafe(export_name = "gort_c_entries")]
static TABLE: WithC = WithC {
    start,
    initialised: foreign::initialised,
    make_thread: threads::start_by_c,
    remember: shared::remember,
    signal: shared::takes,
    in_call: shared::serves_c,
};

/// The runtime is ready: exported functions that C code has called meanwhile go on.
///
/// # Safety
/// In system mode of the main goroutine.
unsafe fn start() {
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
        foreign::start();
        shared::keep_off_goroutines();
        (*getm()).ncgocall.fetch_add(1, Ordering::Relaxed);
        notify(0);
    }
}
