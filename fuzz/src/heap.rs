//! Of the heap: GC programs.

#[path = "../../src/heap/gcprog.rs"]
pub mod gcprog;
