//! The loop that runs goroutines, and all that it asks between two of them (docs/sched.md).
//!
//! - [`schedule`](mod@schedule): the loop; `find`: what to run next; [`prompt`]: those that go
//!   first; [`outside`]: network, signals, timers; `preempt`: where a running one is stopped;
//! - [`threads`]: an M without work or without a P; [`syscall`]: into system calls and back;
//!   [`lock`]: goroutines locked to threads;
//! - [`sysmon`]: the thread without a P; [`deadlock`]: no goroutine will ever run; [`procs`]:
//!   GOMAXPROCS; `walk`: the library that checks itself looks whether all is in order.
//!
//! Nothing but [`boot`](crate::boot) calls into this room: it calls all others. A goroutine's call
//! enters system mode on an empty g0 stack and ends either by returning to the Go caller or in
//! [`schedule::schedule`], so no Rust frame outlives a park and the world is only stopped where no
//! Rust frame of a goroutine is live.

mod deadlock;
mod find;
pub mod lock;
mod outside;
mod preempt;
pub mod procs;
pub mod prompt;
pub mod schedule;
pub mod syscall;
pub mod sysmon;
pub mod threads;
mod walk;
