//! From the kernel's entry to the main goroutine.
//!
//! asm/rt0.S calls, in this order and on the kernel's stack, which stays g0's stack of the first
//! thread: `gort_bootstrap` (m0, g0 and the FS base: before it no other Rust code may run),
//! `runtime.args`, `runtime.osinit`, `runtime.schedinit`, `runtime.newproc` for `runtime.main`,
//! `gort_mstart0`.

pub mod args;
pub mod library;
pub mod main;
mod start;
