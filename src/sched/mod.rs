//! The half of the scheduler that others call: goroutines (G) that park and are readied, threads
//! (M) that start, a world that stops.
//!
//! [`crate::world`] defines them; here is what the rest of the runtime does with them.
//! [`state::SCHED`] is under its lock; counters with their own word are atomic and say what they
//! pair with.
//!
//! A goroutine's call enters system mode on an empty g0 stack and ends either by returning to the
//! Go caller or in `schedule` (src/dispatch/schedule.rs), so no Rust frame outlives a park and
//! the world is only stopped where no Rust frame of a goroutine is live (docs/sched.md).

pub mod alarm;
pub mod breaks;
pub mod epoll;
pub mod interrupt;
pub mod life;
pub mod park;
pub mod perturb;
pub mod poller;
pub mod state;
pub mod stw;
pub mod threads;
pub mod wake;
pub(crate) mod walk;
pub use park::{park, park_for_good, ready, ready_to_try, waited};
pub use stw::stop_the_world;
