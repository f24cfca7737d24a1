//! The collector: finds the objects that the program can still reach, and frees the others.
//!
//! Precise, non-moving, concurrent mark and sweep. The world is stopped twice in a cycle, each time
//! for a fraction of a millisecond, at points where no Rust frame of a goroutine is live.
//! `docs/gc.md` tells how and why.
//!
//! A cycle:
//! 1. *start* (`start_cycle`): sweep what the last cycle left, stop the world, empty `sync.Pool`s,
//!    turn the write barrier on, go on;
//! 2. *mark* ([`worker`]): the Ps mark from the roots ([`roots`]) until the work list ([`work`]) is
//!    empty. What is allocated meanwhile is born marked;
//! 3. *finish* (`finish_cycle`): stop the world, scan the stacks that changed, mark what they lead
//!    to. If that is much, let the world go on and mark it beside the program, then try again. Else
//!    turn the barrier off, hand every span to the sweepers, set the next goal ([`pace`]);
//! 4. *sweep* (`heap::central`): span by span as allocation needs them.
//!
//! Allocation and barriers never start or finish a cycle, they ask for it
//! ([`ask`](crate::world::events::ask)); the scheduler does it ([`poll`]).
//!
//! Lock order: the world, special records, the finalizer queue; the heap's locks inside.

pub mod barrier;
pub mod cycle;
mod grey;
mod invalid;
mod jobs;
mod line;
pub mod mark;
pub mod pace;
pub mod roots;
mod specials;
pub mod stats;
mod times;
mod verify;
mod work;
pub mod worker;

pub use barrier::typed_memmove;
pub use cycle::{PERIOD_NS, init, overdue, poll};
pub use roots::add_root;
