//! Locks of the runtime itself, and what else its threads share without one (docs/sync.md).
//!
//! - `futex`: sleep on a word; `mutex`, `note`: for threads; `backoff`: how they wait for each
//!   other; `units`: words that count what may be taken.
//! - `stack`: nodes that any thread leaves for others. - `ring`: a P's run queue.
//!
//! Lock order: [`rank`].

pub mod atomic;
pub mod backoff;
pub mod futex;
pub mod mutex;
pub mod note;
#[cfg(test)]
mod note_test;
pub mod rank;
pub mod ring;
pub mod stack;
pub mod units;
