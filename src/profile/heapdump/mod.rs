//! `debug.WriteHeapDump`: everything that is known about the heap, with the world stopped, in the
//! format `go1.5 heap dump`.
//!
//! A dump is a header and records: a tag and the fields that the tag stands for, all numbers in
//! base 128. What a record says of the pointers in its memory is a list of offsets that ends with
//! 0. docs/trace.md lists the records.

pub mod dump;
mod out;
mod stack;
