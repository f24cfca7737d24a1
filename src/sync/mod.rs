//! Locks of the runtime itself, and the semaphores that package sync builds on (docs/sync.md).
//!
//! - `mutex`, `note`: for threads; `backoff`: how they wait for each other. - `sema`: the semaphores under Mutex, RWMutex, WaitGroup; `units`: their words, `queue`: who waits. - `syncsema`: under Cond.
//! - `stack`: nodes that any thread leaves for others. - `pin`: spinning, and keeping a goroutine on its P.
//!
//! Lock order (outer first): a channel's lock or a semaphore bucket, sudog pool, timer heap, `sched::SCHED`, heap central lists, page heap,
//! `os::mem` bump allocator.

pub mod atomic;
pub mod backoff;
pub mod mutex;
pub mod note;
#[cfg(test)]
mod note_test;
pub mod pin;
mod queue;
pub mod sema;
pub mod stack;
pub mod syncsema;
mod units;
