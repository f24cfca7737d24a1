//! Roots that nobody has marked from yet in this cycle: their numbers, looked at without a lock.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Jobs handed out: first the chunks of variables, then the runtime's own words.
pub(super) static NEXT: AtomicUsize = AtomicUsize::new(0);
/// Number of those jobs.
pub(super) static JOBS: AtomicUsize = AtomicUsize::new(0);
/// Finalizers may be left to mark from.
pub(super) static FINALIZERS: AtomicBool = AtomicBool::new(false);

/// Mirrors `NEXT_G` for a look without the lock.
pub(super) static STACKS_LEFT: AtomicBool = AtomicBool::new(false);

/// Every job was taken (and done, if no session is open).
pub(super) fn all_taken() -> bool {
    NEXT.load(Ordering::Relaxed) >= JOBS.load(Ordering::Relaxed)
        && !FINALIZERS.load(Ordering::Relaxed)
        && !STACKS_LEFT.load(Ordering::Relaxed)
}
