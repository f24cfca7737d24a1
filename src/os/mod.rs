//! The kernel: raw system calls, memory, futexes, threads, clocks, timers, signals. Nothing above
//! this folder issues a system call itself.

pub mod clock;
pub mod context;
pub mod cpu;
pub mod epoll;
pub mod file;
pub mod futex;
pub mod map;
pub mod random;
pub mod signal;
pub mod sys;
pub mod timer;
pub mod tls;
mod vdso;
pub mod ways;

pub use map::{map, populate, protect, release, unmap};
pub use random::random_u64;

/// Failures in a row of a call that cannot fail for good, after which there is no hope and the
/// process dies. Fewer would kill it for a bad moment, more would let it turn in circles for
/// longer.
pub const PATIENCE: u32 = 100;
