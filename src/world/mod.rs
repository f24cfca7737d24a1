//! Goroutines (G), threads (M) and processors (P), and what is known about each: data without a
//! scheduler.
//!
//! A G is a stack and a saved context. An M is a thread of the system; it needs a P to run Go code.
//! There are GOMAXPROCS Ps, each with a run queue and with caches that only its M touches.
//!
//! - [`current`]: those of this thread, [`caller`]: the goroutine that called in; [`lists`]: all of
//!   them; [`glist`]: some goroutines, linked;
//! - [`g`](mod@g), [`m`], [`p`](mod@p): requests, locks to threads, run queues; [`status`]: states of
//!   a goroutine;
//! - [`rights`]: to ready a goroutine, to run it, to use it again;
//! - [`sudog`]: what a goroutine waits with, [`sudogs`]: those not in use; [`deferred`]: calls that
//!   it has deferred; [`registers`]: those of one that a signal stopped;
//! - [`plocal`]: what other rooms keep for each P; [`stopped`]: the world stopped, as a value;
//! - [`callbacks`]: from C code;
//! - [`events`]: what the scheduler is asked to do; [`phase`]: the collector marks; [`ran`]:
//!   goroutines that ran since their stacks were scanned; `walk`: whether the lists are in order.
//!
//! Gs, Ms and Ps are never freed: a pointer to one stays valid. Who may touch what:
//! - a P's caches and queue tail: the M that holds it, in system mode or in a leaf function;
//! - a G's saved context and stack: the M that runs it; while it is parked, the holder of the lock
//!   that it parked under, and the collector: which holds it at rest ([`g::Still`]) while the
//!   program runs, or with the world stopped.

pub mod callbacks;
mod caller;
pub mod current;
pub mod deferred;
pub mod events;
pub mod g;
pub mod glist;
pub mod lists;
pub mod m;
pub mod p;
pub mod phase;
pub mod plocal;
pub mod pstatus;
pub mod ran;
mod ranlist;
pub mod registers;
pub mod rights;
mod status;
mod stopped;
pub mod sudog;
#[cfg(test)]
mod sudog_test;
pub mod sudogs;
pub(crate) mod walk;
pub mod with_c;

pub use current::{curg, fastrand, getg, getm, getp, leaf_sp, p_of, preempt_wanted, setg};
pub use g::{GState, WaitReason};
pub use p::{P, PState};
pub use plocal::{OwnP, PLocal, part};
pub use rights::{Dead, Parked, Right, Runnable};
pub use stopped::Stopped;
