//! gort: a replacement for the Go 1.5 runtime.
//!
//! This crate is `libgort.a`, the library that gort's linker puts under programs compiled by the
//! unmodified Go 1.5 compiler. Two worlds meet here (docs/trampolines.md): Go code runs on
//! goroutine stacks that are moved when they grow; Rust code runs on each thread's system stack
//! (g0) or, in proven small leaf functions, for a moment on the goroutine's.
//!
//! Rules that hold everywhere:
//! - No Rust frame survives a park, and none exists on a thread that stops for the collector.
//! - Rust panics are bugs of the runtime: they print and abort, nothing unwinds.
//! - The runtime's own structures are off-heap; Go objects are only those of [`heap`].
//!
//! # The rooms
//!
//! A room is a folder. **A file names only what is in its own room or in rooms before it in this
//! table**, and files form no circle. tests/rooms reads the order here and holds the sources to it.
//!
//! | storey | room | holds |
//! |---|---|---|
//! | contract | `abi` | what compiled Go code knows: structures, entries, argument maps |
//! | kernel | `os` | system calls, futexes, clocks, signals of the kernel, mappings; no other room makes a system call |
//! | ground | `fatal` | last messages, and the end of the process |
//! | | `sync` | the runtime's own locks, notes, rings |
//! | | `config` | environment and GODEBUG: read and stored |
//! | | `code` | what the linker wrote: functions, call sites, symbols |
//! | | `mem` | memory of the runtime's own |
//! | world | `world` | G, M, P: their states, their lists, which is current |
//! | | `unwind` | frames of a stack at rest, and the pointers in them |
//! | | `probe` | what is noted as it happens: trace, profiles |
//! | memory | `stack` | goroutine stacks: made, moved, poisoned |
//! | | `heap` | pages, spans, caches, marks, sweeping |
//! | scheduling | `sched` | the half that others call: park, ready, wake, stop the world |
//! | telling | `debug` | tracebacks, callers, dying |
//! | collector | `gc` | cycles, marking, pacing, write barriers |
//! | language | `panic` | defer, panic, recover |
//! | | `alloc` | allocation as Go code asks for it |
//! | | `types` | hashing, equality, interfaces, conversions |
//! | | `finalizer` | finalizers and their goroutine |
//! | | `strings` | strings and bytes |
//! | | `map` | maps |
//! | | `chan` | channels and select |
//! | | `sema` | semaphores under package sync |
//! | outside | `time` | timers, sleep |
//! | | `net` | descriptors that wait for the kernel |
//! | | `signal` | signals to the program, faults |
//! | windows | `profile` | profiles, traces, heap dumps, as programs read them |
//! | loop | `dispatch` | the half of the scheduler that calls others: who runs next |
//! | C | `cgo` | calls between Go and C, threads that C has made |
//! | entrance | `boot` | from the kernel's entry to main.main; fills the hooks |
//! | | `hooks` | for package runtime's own tests, with feature `test-hooks` |
//! | | `lib` | this file |
#![cfg_attr(not(test), no_std)]

pub mod abi;
pub mod alloc;
pub mod boot;
pub mod cgo;
pub mod chan;
pub mod code;
pub mod config;
pub mod debug;
pub mod dispatch;
pub mod fatal;
pub mod finalizer;
pub mod gc;
pub mod heap;
#[cfg(feature = "test-hooks")]
pub mod hooks;
pub mod map;
pub mod mem;
pub mod net;
pub mod os;
pub mod panic;
pub mod probe;
pub mod profile;
pub mod sched;
pub mod sema;
pub mod signal;
pub mod stack;
pub mod strings;
pub mod sync;
pub mod time;
pub mod types;
pub mod unwind;
pub mod world;

#[cfg(not(test))]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let line = info.location().map_or(0, |l| l.line());
    let file = info.location().map_or("?", |l| l.file());
    fatal::bug(file, line)
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
