//! The network poller (docs/net.md): goroutines that wait for descriptors, on edge-triggered epoll.
//!
//! - `waiter`: who waits for it. - `desc`: a descriptor's state, deadlines and waiters; what package net calls. - `epoll`: the kernel's side.
//!
//! The scheduler asks [`netpoll`](crate::sched::epoll::netpoll) when it has nothing else to do, one idle thread waits in it, and sysmon asks when nobody else did for a while.

pub mod desc;
mod waiter;

pub mod deadline;

pub use desc::{active, has_waiters};
