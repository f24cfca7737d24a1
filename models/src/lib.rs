//! The protocols between gort's threads, run by the model checker loom through all interleavings of
//! small cases.
//!
//! Modules with a `path` are the runtime's own source files. They reach atomics through
//! `crate::sync::atomic`, which here is loom's, and sleep on words of memory through
//! `crate::sync::futex`, which here is a model of the kernel's. The models themselves are the tests
//! of this crate. What of a protocol is spread over files that cannot be taken apart they tell
//! again, each part with the name of the function that it follows.
//!
//! Every model is also run with a part of its protocol taken out or weakened
//! ([`sync::atomic::weaken`]), and must fail then: what a model cannot find, it does not show.
//! docs/testing.md lists what each looks for.

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

pub mod abi;
pub mod cgo;
pub mod fatal;
pub mod gc;
pub mod heap;
pub mod mem;
pub mod net;
pub mod os;
pub mod sched;
pub mod stack;
pub mod sync;
pub mod world;

#[cfg(test)]
mod tests;
