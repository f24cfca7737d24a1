//! The exported functions, as their trampolines, the collector and tracebacks see them; made from
//! `abi/surface.toml`.

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
    use super::super::outcome::Outcome;
    use super::Entry;
    include!(concat!(env!("OUT_DIR"), "/surface.rs"));
}
pub use generated::{SURFACE, args};
