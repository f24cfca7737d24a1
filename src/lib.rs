//! gort: a replacement for the Go 1.5 runtime.
//!
//! This crate is `libgort.a`, the library that gort's linker puts under programs compiled by the unmodified Go 1.5
//! compiler. Two worlds meet here (docs/trampolines.md): Go code runs on goroutine stacks that are moved when they grow; Rust code runs
//! on each thread's system stack (g0) or, in proven small leaf functions, for a moment on the goroutine's.
//!
//! Rules that hold everywhere:
//! - No Rust frame survives a park, and none exists on a thread that stops for the collector.
//! - Rust panics are bugs of the runtime: they print and abort, nothing unwinds.
//! - The runtime's own structures are off-heap; Go objects are only those of [`heap`].
#![cfg_attr(not(test), no_std)]
#![expect(
    clippy::missing_safety_doc,
    reason = "the contract of every entry point is the calling convention: docs/trampolines.md"
)]

pub mod abi;
pub mod boot;
pub mod chan;
pub mod complex;
pub mod debug;
pub mod gc;
pub mod heap;
#[cfg(feature = "test-hooks")]
pub mod hooks;
pub mod map;
pub mod net;
pub mod os;
pub mod panic;
pub mod profile;
pub mod sched;
pub mod signal;
pub mod stack;
pub mod strings;
pub mod sync;
pub mod time;
pub mod types;

#[cfg(not(test))]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let line = info.location().map_or(0, |l| l.line());
    let file = info.location().map_or("?", |l| l.file());
    debug::print::bug(file, line)
}

/// The precompiled core library's unwind tables name it; with panic = abort nothing ever calls it.
#[cfg(not(test))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// What a linked program would define, for host unit tests: the assembly refers to it.
#[cfg(test)]
mod program {
    #[unsafe(export_name = "main.init")]
    extern "C" fn init() {}
    #[unsafe(export_name = "main.main")]
    extern "C" fn main() {}
}
