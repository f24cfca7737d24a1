//! Collector.

pub mod barrier;

use core::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of live heap at which the next cycle starts.
static TRIGGER: AtomicUsize = AtomicUsize::new(usize::MAX);

/// At boot.
pub fn init() {}
/// At a safe point.
pub fn poll() {}
/// The heap grew to `live` bytes.
#[inline(always)]
pub fn check_trigger(live: usize) {
    if live >= TRIGGER.load(Ordering::Relaxed) {}
}
/// Profile hook.
pub fn sampled_object_freed(_bucket: usize, _size: usize) {}
/// Marks.
pub fn shade(_p: *mut u8) {}
