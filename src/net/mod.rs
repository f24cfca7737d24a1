//! The network poller (docs/net.md): goroutines that wait for descriptors, on edge-triggered epoll.
//!
//! - `waiter`: who waits for it. - `desc`: a descriptor's state and waiters; `deadline`: until when. - `calls`: what package net calls.
//! - `poll`: from the kernel's events (`sched::epoll`) to goroutines.
//!
//! The scheduler asks [`netpoll`] when it has nothing else to do, one idle thread waits in it, and sysmon asks when nobody else did for a while.

pub mod calls;
pub mod desc;
pub mod poll;
mod waiter;

pub mod deadline;

pub use calls::{active, has_waiters};
pub use poll::netpoll;
