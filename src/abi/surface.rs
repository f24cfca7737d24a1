//! The exported functions, as their trampolines, the collector and tracebacks see them; made from
//! `abi/surface.toml`.

use super::layout::offsets;

/// What a runtime function tells its trampoline (asm/trampoline.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Results are written; go back to the Go caller.
    Done = offsets::STATUS_DONE as u32,
    /// The goroutine is parked and no longer ours: do not touch it, pick another.
    Parked = offsets::STATUS_PARKED as u32,
    /// Nothing was done: run others, then make the same call again.
    Retry = offsets::STATUS_RETRY as u32,
}

/// What the collector and tracebacks know of an exported function; its name is in `code::asmfuncs`.
#[derive(Debug)]
pub struct Entry {
    /// Bytes of arguments and results.
    pub args: u32,
    /// Words that hold pointers on entry, one bit each.
    pub ptrs: u32,
    /// Words that hold pointers on return, besides those of `ptrs`.
    pub results: u32,
}

mod generated {
    #![allow(
        non_snake_case,
        non_camel_case_types,
        clippy::all,
        missing_docs,
        dead_code
    )]
    use super::{Entry, Status};
    include!(concat!(env!("OUT_DIR"), "/surface.rs"));
}
pub use generated::{SURFACE, args};
