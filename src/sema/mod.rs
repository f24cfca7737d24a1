//! The semaphores that package sync builds on (docs/sync.md).
//!
//! - [`semaphore`]: the semaphores under Mutex, RWMutex, WaitGroup; `queue`: who waits for them;
//! - [`syncsema`]: those under Cond;
//! - [`pin`]: spinning, and keeping a goroutine on its P.
//!
//! Lock order: a bucket of semaphores, then the pool of sudogs; goroutines are readied after both.

pub mod pin;
mod queue;
pub mod semaphore;
pub mod syncsema;
