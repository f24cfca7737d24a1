//! The exported functions, as their trampolines, the collector and tracebacks see them; made from
//! `abi/surface.toml`.

use super::layout::offsets;

/// What a runtime function answers its trampoline (asm/switch.S).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Outcome {
    /// Results are written; go back to the Go caller.
    Return = offsets::OUTCOME_RETURN as u32,
    /// The goroutine is parked, queued or ended, and no longer ours: pick another.
    Reschedule = offsets::OUTCOME_RESCHEDULE as u32,
    /// Nothing was done: run others, then make the same call again.
    Again = offsets::OUTCOME_AGAIN as u32,
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
    use super::super::mode::{Leaf, Slow, Sys};
    use super::{Entry, Outcome};
    include!(concat!(env!("OUT_DIR"), "/surface.rs"));
}
pub use generated::{SURFACE, args};
