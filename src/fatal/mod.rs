//! The last words of a process, and the errors that end it (docs/debug.md).
//!
//! - [`out`]: text without allocation, to standard error or into a buffer;
//! - [`hook`]: functions that rooms further up fill in;
//! - [`clock`], [`signal`]: calls of the kernel that a process cannot be without;
//! - [`print`](mod@print): strings and numbers to standard error, `fatal error: ...` and exit
//!   status 2;
//! - `walk`: what a walk through a structure finds wrong with it (docs/checked.md).
//!
//! Nothing here allocates from the heap: it may be called with any lock held, on any stack of the
//! runtime's own.

pub mod clock;
mod hook;
pub mod out;
mod print;
pub mod signal;
pub(crate) mod walk;

pub use hook::Hook;
pub(crate) use print::DYING;
pub use print::{
    Blame, LAST_WORDS, PANIC_DURING_PANIC, Say, bug, dying, fatal, put_hex, put_u64, puts, throw,
    throw_all, throw_saying,
};
