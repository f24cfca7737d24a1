//! Clocks and timers (docs/time.md).
//!
//! Every P has a 4-ary heap of timers under a lock of its own, and a word that says when the first
//! one is due, so that the scheduler passes with one load where there are none. A timer is added to
//! the heap of the P that arms it; it may be stopped from anywhere, because its field `i` names
//! heap and place. Timer functions run on a system stack, called by the scheduler with a P and no
//! lock: they send without blocking or start a goroutine.
//!
//! - `heap`: the 4-ary heap. - `timers`: arming, stopping, firing. - `sleep`: `time.Sleep`. -
//!   `clock`: what time it is (`fatal::clock`).

pub mod clock;
mod heap;
pub mod sleep;
pub mod timers;

pub use timers::{check, check_into, for_each_root, forget_stopped, move_from, next_when};
