//! Time that marking takes in a cycle, by occasion, and what it costs the goroutines that allocate.

use core::sync::atomic::{AtomicU64, Ordering};

/// Time spent marking in this cycle, in nanoseconds, by occasion.
#[derive(Debug)]
pub(super) struct Times {
    /// Assists.
    pub(super) assist: AtomicU64,
    /// Dedicated and fractional workers.
    pub(super) background: AtomicU64,
    /// Idle Ps.
    pub(super) idle: AtomicU64,
    /// The fractional worker alone.
    pub(super) fractional: AtomicU64,
}

/// See [`Times`].
pub(super) static TIMES: Times = Times {
    assist: AtomicU64::new(0),
    background: AtomicU64::new(0),
    idle: AtomicU64::new(0),
    fractional: AtomicU64::new(0),
};

/// What assists cost the goroutines that allocate, in this cycle: marking, and waiting for
/// something to mark.
#[derive(Debug)]
pub(super) struct Stalls {
    pub(super) count: AtomicU64,
    pub(super) ns: AtomicU64,
    pub(super) longest: AtomicU64,
}

/// [`Stalls`] at some time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stalled {
    /// Assists.
    pub(super) count: u64,
    /// Time that they took.
    pub(super) ns: u64,
    /// The longest of them.
    pub(super) longest: u64,
}

/// See [`Stalls`].
pub(super) static STALLS: Stalls = Stalls {
    count: AtomicU64::new(0),
    ns: AtomicU64::new(0),
    longest: AtomicU64::new(0),
};

impl Stalls {
    pub(super) fn add(&self, ns: u64) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.ns.fetch_add(ns, Ordering::Relaxed);
        if ns > self.longest.load(Ordering::Relaxed) {
            self.longest.fetch_max(ns, Ordering::Relaxed);
        }
    }

    /// What was counted.
    pub(super) fn read(&self) -> Stalled {
        let load = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Stalled {
            count: load(&self.count),
            ns: load(&self.ns),
            longest: load(&self.longest),
        }
    }
}
