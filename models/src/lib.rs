//! The protocols between gort's threads, run by the model checker loom through all interleavings of
//! small cases.
//!
//! The modules below `sync`, `sched` and `net` are the runtime's own source files. They reach
//! atomics through `crate::sync::atomic`, which here is loom's, and sleep on words of memory
//! through `crate::sync::futex`, which here is a model of the kernel's. The models themselves are
//! the tests of this crate.
//!
//! Every model is also run with a part of its protocol taken out or weakened
//! ([`sync::atomic::weaken`]), and must fail then: what a model cannot find, it does not show.

#![allow(
    clippy::new_without_default,
    reason = "constructors are constants in the runtime, which defaults cannot be"
)]
#![cfg_attr(
    test,
    allow(
        clippy::arc_with_non_send_sync,
        reason = "loom says whether what is shared may be"
    )
)]

pub mod fatal;
pub mod net;
pub mod os;
pub mod sched;
pub mod sync;

#[cfg(test)]
mod tests;
