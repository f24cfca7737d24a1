//! Goroutine stacks, looked at from outside: frame by frame, with what each is and what of it
//! points somewhere.
//!
//! - [`walk`]: frames as the linker's tables know them;
//! - [`frames`]: as users see them, hidden frames sorted out;
//! - [`pointers`]: their pointers;
//! - [`deferred`]: those of deferred calls and panics.
//!
//! The goroutine does not run meanwhile, and its stack does not move. Nothing here allocates.

pub mod deferred;
pub mod frames;
pub mod pointers;
pub mod walk;
