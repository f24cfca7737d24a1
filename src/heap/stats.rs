//! Counters of the heap.
//!
//! Allocation counts live in each P's cache ([`super::cache::Cache`]) and are exact once caches are
//! flushed; frees are counted by the sweeper.

use super::classes::CLASSES;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub use super::counts::Counts;

/// Objects freed, by class.
pub static FREED: [AtomicU64; CLASSES] = [const { AtomicU64::new(0) }; CLASSES];
/// Bytes of freed large objects.
pub static FREED_LARGE_BYTES: AtomicU64 = AtomicU64::new(0);
/// Large objects allocated.
pub static LARGE_COUNT: AtomicU64 = AtomicU64::new(0);
/// Bytes of large objects allocated.
pub static LARGE_BYTES: AtomicU64 = AtomicU64::new(0);
/// Bytes that count towards the next cycle: live after the last one, and every slot handed to a
/// cache since.
pub static HEAP_LIVE: AtomicUsize = AtomicUsize::new(0);

/// `n` objects of `class` were freed.
#[inline]
pub(super) fn freed(class: usize, n: usize) {
    if n != 0 {
        FREED[class].fetch_add(n as u64, Ordering::Relaxed);
    }
}

/// A large object of `bytes` was freed.
pub(super) fn freed_large(bytes: usize) {
    FREED_LARGE_BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}
