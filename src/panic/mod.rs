//! Panics, deferred calls and goroutine exit (docs/panic.md).
//!
//! - [`defer`]: records of deferred calls, their pools, `deferproc` and `deferreturn`;
//! - [`unwind`]: the steps of `gopanic` and `Goexit`, `recover`;
//! - [`uncaught`]: the end of a program by a panic that nobody recovered;
//! - [`values`]: what run-time panics panic with.
//!
//! What the collector and the stack copier see of all this: [`crate::unwind::deferred`].
//!
//! The frames that stand on goroutine stacks meanwhile are in asm/panic.S. Invariants:
//! - records of a goroutine's list are ordered by frame, innermost first, and a record's `sp` is the frame's outgoing area;
//! - a started record stays on the list until its call returned, or a later panic or Goexit took it off;
//! - a panic is linked from `g.panic` exactly while a `gopanic` frame of it may still be returned to.
//!
//! Locks: the free list of panic records, the shared batches' taker lock, the text list; each innermost.

pub mod defer;
pub mod uncaught;
pub mod unwind;
pub mod values;

pub use defer::PerP;
pub use values::{raise_error, raise_str};

use crate::abi::{Eface, G};

unsafe extern "C" {
    /// asm/panic.S: goes back to the goroutine's stack and panics with `g.panicarg` there.
    fn gort_raise(g: *mut G) -> !;
}

/// Raises `e` as a panic in the Go code that called into the runtime. Every Rust frame above is dropped as it stands: hold no lock.
pub fn raise(e: Eface) -> ! {
    let g = crate::world::curg();
    if g.is_null() {
        uncaught::throw_instead(e, "panic on system stack");
    }
    // SAFETY: curg called into the runtime: its saved context is that call's return, and nothing else runs it.
    unsafe {
        (*g).panicarg = e;
        gort_raise(g)
    }
}
