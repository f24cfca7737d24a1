//! How often profiles take samples, and the clock that they go by.

use crate::config::godebug;
use crate::fatal::clock;
use crate::os::sys;
use core::sync::atomic::{AtomicI64, Ordering};

/// The clock of the profile.
pub fn ticks() -> i64 {
    // SAFETY: the instruction is one that every amd64 processor has.
    unsafe { core::arch::x86_64::_rdtsc() as i64 }
}

/// Average bytes allocated between two samples of the allocation profile, 0 = off. Go code sets it;
/// the default is Go's.
#[doc(alias = "MemProfileRate")]
#[unsafe(export_name = "runtime.MemProfileRate")]
pub static MEM_PROFILE_RATE: AtomicI64 = AtomicI64::new(512 * 1024);

/// What `GODEBUG` says of the rate. At boot, before the first allocation.
pub fn init() {
    let rate = godebug::MEM_PROFILE_RATE.whole();
    if rate >= 0 {
        MEM_PROFILE_RATE.store(rate, Ordering::Relaxed);
    }
}

/// Ticks of the processor's counter in a second, measured once.
pub fn ticks_per_second() -> i64 {
    static RATE: AtomicI64 = AtomicI64::new(0);
    let mut rate = RATE.load(Ordering::Relaxed);
    if rate == 0 {
        let (t0, c0) = (clock::nanotime(), ticks());
        sys::nanosleep(1_000_000);
        let (t1, c1) = (clock::nanotime(), ticks());
        rate = ((i128::from(c1 - c0) * 1_000_000_000) / i128::from((t1 - t0).max(1))) as i64;
        RATE.store(rate, Ordering::Relaxed);
    }
    rate
}
