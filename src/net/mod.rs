//! The network poller (docs/net.md): goroutines that wait for descriptors, on edge-triggered epoll.
//!
//! - `waiter`: who waits for it. - `desc`: a descriptor's state and waiters; `deadline`: until
//!   when. - `calls`: what package net calls.
//! - `poll`: from the kernel's events (`sched::epoll`) to goroutines.
//!
//! A P with nothing to run calls [`netpoll`] without waiting, one idle thread waits in it, sysmon
//! waits in it while all Ps are busy and no thread has polled for a while, and the thread that
//! starts the world polls once.

pub mod calls;
mod desc;
mod poll;
mod waiter;
pub(crate) mod walk;

mod deadline;

pub use calls::has_waiters;
pub use poll::netpoll;
