//! Signals: faults that become panics, delivery to package os/signal, and the ends of a program
//! (docs/signal.md).
//!
//! - [`table`]: what becomes of each signal;
//! - [`handler`]: the one handler, on each thread's alternate stack;
//! - [`fault`]: faults of Go code; [`registers`]: registers as text;
//! - [`queue`]: to os/signal; [`shared`]: in a program that holds C code.
//!
//! All threads have the mask that the process started with, less the signals that the runtime lives
//! on.

pub mod actions;
pub mod fault;
pub mod handler;
pub mod queue;
mod registers;
pub mod shared;
pub mod table;

pub use actions::{init, minit, take_alternate_stack};
