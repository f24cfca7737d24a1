//! Bytes of the runtime's own by use (`runtime.MemStats`), and mappings that are counted.

use crate::os::{map, unmap};
use core::sync::atomic::{AtomicU64, Ordering};

/// Bytes obtained for the collector and what is known about arenas (`MemStats.GCSys`).
pub static GC_SYS: AtomicU64 = AtomicU64::new(0);
/// For span records (`MemStats.MSpanSys`).
pub static MSPAN_SYS: AtomicU64 = AtomicU64::new(0);
/// For Ps with their caches (`MemStats.MCacheSys`).
pub static MCACHE_SYS: AtomicU64 = AtomicU64::new(0);
/// For tables of profiles (`MemStats.BuckHashSys`).
pub static BUCK_HASH_SYS: AtomicU64 = AtomicU64::new(0);
/// For everything else that is neither heap nor stack (`MemStats.OtherSys`).
#[doc(alias = "mSysStatInc")]
pub static OTHER_SYS: AtomicU64 = AtomicU64::new(0);

/// [`map()`] anywhere, counted in `sys`.
pub fn map_for(sys: &AtomicU64, size: usize) -> *mut u8 {
    let p = map(0, size);
    if !p.is_null() {
        sys.fetch_add(size as u64, Ordering::Relaxed);
    }
    p
}

/// Gives a mapping of [`map_for`] back.
///
/// # Safety
/// As [`unmap`].
pub unsafe fn unmap_for(sys: &AtomicU64, p: *mut u8, size: usize) {
    let had = sys.fetch_sub(size as u64, Ordering::Relaxed);
    debug_assert!(had >= size as u64);
    // SAFETY: nothing uses the caller's mapping any more.
    unsafe { unmap(p, size) };
}
