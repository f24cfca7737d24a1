//! The kernel: raw system calls, memory, futexes, threads. Nothing above this folder issues a system call itself.

pub mod futex;
pub mod mem;
pub mod random;
pub mod sys;
pub mod timer;
pub mod ways;

pub use random::random_u64;
