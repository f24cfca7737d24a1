//! The binary interface with compiled Go code, from `abi/`: structures (`go15.h`), exported symbols
//! and their argument areas (`surface.toml`).
//!
//! - [`go15`]: the structures; [`layout`]: where compiled code and assembly look for their parts;
//!   [`values`]: strings, types and interfaces as values;
//! - [`surface`]: the exported functions; [`mode`]: tokens of the mode that they run in; [`outcome`]:
//!   what they answer; [`known`]: descriptors that the runtime needs by name; [`cgo`]: what package runtime/cgo defines.

pub mod cgo;
#[allow(
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    clippy::all
)]
pub mod go15;
pub mod known;
mod layout;
mod mode;
mod outcome;
mod surface;
#[cfg(test)]
pub(crate) mod tests;
mod values;

pub use go15::*;
pub use layout::{STACK_FORK, STACK_GUARD, STACK_PREEMPT, offsets};
pub use mode::{Caller, Leaf, Mode, ResumeStep, Slow, Sys};
pub use outcome::Outcome;
pub use surface::{Entry, SURFACE, args};
