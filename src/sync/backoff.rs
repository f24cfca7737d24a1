//! Staying away from a lock that another thread holds.
//!
//! Every look at a held lock takes its cache line from the holder, who then waits for it at each of
//! the next operations: threads that look all the time make everybody as slow as the line's way
//! between two processors. A thread that stays away lets the holder work out of its own cache, and
//! take the lock again and again meanwhile; it gets its turn a little later, but then for many
//! operations, too.
//!
//! How long is measured with the processor's time stamp counter: one PAUSE takes between 10 and 140
//! cycles, depending on its model.

use crate::os::cpu::NCPU;
use core::arch::x86_64::_rdtsc;
use core::sync::atomic::Ordering;

/// The first time away, in cycles of the time stamp counter: some operations under a lock, and a
/// few times the way of a cache line.
const FIRST: u32 = 1 << 10;

/// Times away, each up to twice as long as the one before.
#[derive(Debug)]
pub struct Backoff {
    cycles: u32,
    last: u32,
}

impl Backoff {
    /// For `rounds` times away. Together they take about 2^`rounds` - 1 times [`FIRST`].
    #[inline]
    pub const fn new(rounds: u32) -> Self {
        Self {
            cycles: FIRST,
            last: FIRST << rounds,
        }
    }

    /// Stays away once; false, at once: it was long enough, or there is no other processor on which
    /// the holder could go on.
    ///
    /// Inlined, so that its callers call nothing: there is little stack in leaf functions.
    #[inline(always)]
    pub fn stay_away(&mut self) -> bool {
        if self.cycles == self.last || NCPU.load(Ordering::Relaxed) == 1 {
            return false;
        }
        stay_away_for(self.cycles);
        self.cycles *= 2;
        true
    }
}

/// Stays away for between half of `cycles` and all of them.
#[inline(always)]
fn stay_away_for(cycles: u32) {
    // SAFETY: rdtsc is there on every amd64 processor; the kernel's clock that the runtime reads
    // uses it, too.
    let tsc = || unsafe { _rdtsc() };
    let start = tsc();
    // Threads that lost together are not to come back together. The lowest bits are constant on
    // some processors.
    let jitter = (start >> 5) as u32 % (cycles / 2);
    let time = u64::from(cycles / 2 + jitter);
    while tsc().wrapping_sub(start) < time {
        core::hint::spin_loop();
    }
}

/// Stays away once, as in round `round` of a [`Backoff`], for a caller that counts the rounds
/// itself.
#[inline(always)]
pub fn stay_away_in(round: u32) {
    stay_away_for(FIRST << round);
}
