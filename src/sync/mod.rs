//! Locks of the runtime itself, and the semaphores that package sync builds on.
//!
//! Lock order (outer first): a channel's lock, timer heap, `sched::SCHED`, heap central lists, page heap, `os::mem` bump allocator.

pub mod mutex;
pub mod note;
