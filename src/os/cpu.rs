//! The processors that the process may run on.

use core::sync::atomic::AtomicI32;

/// Logical processors that this process may use; compiled code reads it (inlined `runtime.NumCPU`).
#[unsafe(export_name = "runtime.ncpu")]
pub static NCPU: AtomicI32 = AtomicI32::new(1);
