//! What every thread goes by: the phase of the collector, as compiled code and write barriers see
//! it, and whether the world is being stopped.

use super::Stopped;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// The phase of the collector, 1 for marking: compiled code reads it, and nothing but [`begin`] and
/// [`end`] writes it.
#[doc(alias = "gcphase")]
#[doc(alias = "gcBlackenEnabled")]
#[doc(alias = "_GCoff")]
#[unsafe(export_name = "runtime.writeBarrierEnabled")]
static ENABLED: AtomicU8 = AtomicU8::new(0);

/// Marking runs beside the program: barriers are needed.
#[inline(always)]
pub fn enabled() -> bool {
    ENABLED.load(Ordering::Relaxed) != 0
}

/// Marking begins: every goroutine goes on with barriers.
pub fn begin(_: &Stopped) {
    change(0, 1);
}

/// Marking is complete: every goroutine goes on without barriers.
pub fn end(_: &Stopped) {
    change(1, 0);
}

fn change(from: u8, to: u8) {
    debug_assert_eq!(ENABLED.load(Ordering::Relaxed), from);
    ENABLED.store(to, Ordering::SeqCst);
}

/// The world is being stopped: every P must come to a halt.
#[doc(alias = "gcwaiting")]
pub static GCWAITING: AtomicU32 = AtomicU32::new(0);
