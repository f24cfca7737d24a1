//! The heap: memory for Go objects.
//!
//! What it promises: every object has a size class or a span of its own and carries its pointer
//! layout; any interior pointer leads to its object in a few instructions and without locks;
//! nothing of the allocator itself lies in the heap. `docs/heap.md` tells how and why.
//!
//! From the fast end to the slow one: a P's [`cache`] (one word of free bits for each class), the
//! [`central`] lists of a class (spans with free slots, spans to sweep), the page heap ([`pages`]),
//! [`arena`]s from the system. Only the first is touched in leaf mode.
//!
//! Lock order, outer first: central list, special records, page heap, `mem`.

pub mod arena;
pub mod cache;
pub mod central;
pub mod classes;
mod counts;
pub mod dead;
mod find;
pub mod gcprog;
pub mod geometry;
mod guard;
pub mod layout;
pub mod modes;
mod owned;
pub mod pages;
pub mod sample;
pub mod scavenge;
pub mod span;
pub mod special;
pub mod stats;
mod summary;
pub mod trigger;
pub(crate) mod walk;

pub use cache::{CACHES, Cache};
pub use find::{Object, find_object, zero_base};
pub use owned::{List, OwnedSpan};
