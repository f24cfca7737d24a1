//! CPU profile.

use core::sync::atomic::AtomicU32;

/// Samples per second, 0 = off.
pub static HZ: AtomicU32 = AtomicU32::new(0);
