//! Profiles that a program takes of itself (docs/debug.md): what it asks for. What is noted
//! meanwhile is in [`crate::probe`].
//!
//! - [`cpu`]: samples by SIGPROF;
//! - [`mem`]: the heap's; - [`block`]: waits for channels and semaphores;
//! - [`trace`]: the execution trace;
//! - [`heapdump`]: the whole heap, for `debug.WriteHeapDump`;
//! - [`records`]: goroutines, threads, and the records of all profiles.

pub mod block;
pub mod cpu;
pub mod heapdump;
pub mod mem;
pub mod records;
pub mod trace;
