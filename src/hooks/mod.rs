//! What tests call to look into the runtime: the feature `test-hooks`, never part of a library that
//! programs are linked with.
//!
//! The tests are those of the Go tree's package runtime; `tools/conform/src/runtime/hooks.go` gives
//! these functions the names and types that they know. A hook calls what the runtime itself calls;
//! nothing here does the work a second time.

pub mod lfstack;
pub mod pointers;
pub mod runq;
pub mod words;
