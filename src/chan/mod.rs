//! Channels and select (docs/chan.md).
//!
//! A channel is a Go object: counters that compiled code reads, a ring of elements, two queues of
//! waiters and a lock. A waiter is a [`crate::world::sudog::Sudog`], off-heap. No Rust frame
//! survives a park: the goroutine that takes a waiter off a queue copies the element to or from the
//! waiter's slot, writes the result byte into its argument area and readies it; only select needs a
//! step of its own after waking.
//!
//! - `hchan`: the structure, ring and queues; what send and receive do under the lock. - `fast`:
//!   leaf mode, where nobody waits.
//! - `ops`: send, receive, close with parking; `serve`: what a waiter finds done. - `select`:
//!   registration and leaf mode.
//! - `selectpark`: the general case. - `make`: creation, and what package reflect asks of channels.
//!
//! Lock order: a goroutine that waits, held at rest; channels by ascending address; then the
//! scheduler's locks. Elements are copied and waiters served under the lock, goroutines readied
//! after it.

pub mod fast;
pub mod hchan;
pub mod make;
pub mod ops;
pub mod select;
pub mod selectpark;
mod serve;
pub(crate) mod walk;
