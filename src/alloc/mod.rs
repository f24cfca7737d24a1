//! Allocation of Go objects: what compiled code calls, and what the runtime calls for itself.
//!
//! - [`malloc`]: any object, in leaf mode from the P's cache, in system mode for certain;
//!   [`large`]: those with a span of their own;
//! - [`entry`], [`slice`](mod@slice), [`barrier`]: the functions that compiled code calls;
//! - [`instead`], [`sbrk`]: what GODEBUG asks for in their place.
//!
//! Every object is cleared before it is seen, and pays for the marking that it makes necessary.

pub mod barrier;
pub mod entry;
mod instead;
mod large;
pub mod malloc;
mod sbrk;
pub mod slice;

pub use malloc::{leaf_alloc, leaf_alloc_raw, mallocgc, newarray};
#[cfg(test)]
mod tests;
