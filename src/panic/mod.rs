//! Panics, deferred calls and goroutine exit (docs/panic.md).
//!
//! - [`defer`]: records of deferred calls, their pools, `deferproc` and `deferreturn`;
//! - [`unwind`]: the steps of `gopanic` and `Goexit`, `recover`;
//! - [`uncaught`]: the end of a program by a panic that nobody recovered;
//! - [`values`]: what run-time panics panic with; [`raise`](mod@raise): raising them; [`records`]:
//!   those of panics.
//!
//! What the collector and the stack copier see of all this: [`crate::unwind::deferred`].
//!
//! The frames that stand on goroutine stacks meanwhile are in asm/panic.S. Invariants:
//! - records of a goroutine's list are ordered by frame, innermost first, and a record's `sp` is
//!   the frame's outgoing area;
//! - a started record stays on the list until its call returned, or a later panic or Goexit took it
//!   off;
//! - a panic is linked from `g.panic` exactly while a `gopanic` frame of it may still be returned
//!   to.
//!
//! Locks: the free list of panic records, the shared batches' taker lock, the text list; each
//! innermost.

pub mod defer;
pub mod raise;
mod records;
pub mod uncaught;
pub mod unwind;
pub mod values;

pub use raise::raise;
pub use raise::{raise_error, raise_str};
