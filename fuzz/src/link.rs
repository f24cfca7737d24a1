//! Of the linker: GC programs.

#[path = "../../link/src/gcprog.rs"]
pub mod gcprog;
