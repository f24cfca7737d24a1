//! Profiles that a program takes of itself (docs/debug.md).
//!
//! - [`cpu`]: samples by SIGPROF;
//! - [`block`]: waits for channels and semaphores;
//! - [`trace`]: the execution trace;
//! - [`heapdump`]: the whole heap, for `debug.WriteHeapDump`;
//! - [`records`]: goroutines, threads, and the records of all profiles.

pub mod block;
pub mod cpu;
pub mod heapdump;
pub mod records;
pub mod trace;

use core::sync::atomic::AtomicU32;

/// Samples of the CPU profile per second, 0 = off. Every thread sets its timer to it when it next runs a goroutine.
pub static HZ: AtomicU32 = AtomicU32::new(0);
