//! Goroutine stacks: allocation, growth by copying.
//!
//! A stack is a power of two of at least [`MIN_STACK`] bytes. It grows by moving to one of twice
//! the size, and the collector moves it to one of half the size when it uses little: what points
//! into it is known exactly (call-site maps of the frames, argument areas, saved closure, deferred
//! calls, panics, sudogs) and is adjusted. Lock order: a pool's lock is innermost, below it only
//! `mem`.

pub mod alloc;
mod copy;
pub mod poison;
mod size;
mod waiters;
#[cfg(test)]
mod waiters_test;

pub use alloc::{alloc, free};
pub use copy::{grow, set_max_stack, shrink};
pub use size::MIN_STACK;
