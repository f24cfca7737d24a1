//! A processor: the right to run Go code, and a run queue. The caches that need no lock, because only
//! its M touches them, are other rooms' ([`super::plocal`]).

use crate::abi::{G, M};
use crate::fatal::clock::nanotime;
use crate::sync::ring::Ring;
use core::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, Ordering};

pub use super::pstatus::{PState, PStatus};

/// Slots of the local run queue: more delay what is in the global queue, fewer move work there too
/// often.
pub const RUNQ: usize = 256;

/// One of GOMAXPROCS processors. Made by [`super::plocal::new`] as zeroes, which every field must
/// allow, and never freed. What other rooms keep for it lies behind it.
#[doc(alias = "p")]
#[repr(C, align(64))]
#[derive(Debug)]
pub struct P {
    /// Index in `world::lists::all_ps`.
    pub id: u32,
    /// Who has it.
    pub status: PStatus,
    /// M that holds it.
    pub m: AtomicPtr<M>,
    /// Next in the idle list.
    pub link: *mut P,
    /// Rounds of scheduling, seen by sysmon.
    pub schedtick: AtomicU32,
    /// System calls, seen by sysmon.
    pub syscalltick: AtomicU32,
    /// The run queue: goroutines, as addresses.
    pub runq: Ring<RUNQ>,
    /// Goroutine that ran last, which may be dead by now. sysmon compares it, and only that.
    pub last: AtomicPtr<G>,
    /// Dead goroutines to use again.
    pub gfree: *mut G,
    /// Length of `gfree`. Only the holder writes it.
    pub ngfree: AtomicU32,
    /// Goroutines in a row that went before the others (`dispatch::prompt`).
    pub streak: u32,
    /// Sudogs.
    pub(super) chan: super::sudog::Pool,
    /// State of the generator of [`crate::sched::perturb`], 0 before its first use.
    pub perturb: u64,
    /// Goroutine ids handed out in batches: next and end.
    pub goids: [i64; 2],
    /// What other threads look at again and again.
    pub watched: Watched,
}

/// A cache line of its own, or who looks would take what the P's own thread writes all the time
/// from under it.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Watched {
    /// What sysmon saw last; only sysmon touches it.
    pub sysmon: SysmonTick,
    /// When the first of its timers is due, or sooner, if one was stopped since; 0: no timers.
    /// Written under the lock of `time`.
    pub first_timer: AtomicI64,
}

const _: () = assert!(size_of::<Watched>() == crate::mem::LINE);

impl P {
    /// A time slice begins. Only the thread that holds the P counts them.
    #[inline(always)]
    pub fn begin_slice(&self) {
        let tick = self.schedtick.load(Ordering::Relaxed);
        self.schedtick
            .store(tick.wrapping_add(1), Ordering::Relaxed);
    }
}

/// A timer of `p` is due, or would be if it had not been stopped: who looks knows it then.
#[inline]
#[expect(clippy::not_unsafe_ptr_arg_deref, reason = "Ps live for ever")]
pub fn timer_due(p: *mut P) -> bool {
    // SAFETY: Ps live for ever; the word is atomic.
    let first = unsafe { (*p).watched.first_timer.load(Ordering::Acquire) };
    first != 0 && first <= nanotime()
}

/// What sysmon saw at its last visit.
#[derive(Debug)]
pub struct SysmonTick {
    /// `P::schedtick` then.
    pub schedtick: u32,
    /// `P::syscalltick` then.
    pub syscalltick: u32,
    /// When `schedtick` was new.
    pub schedwhen: i64,
    /// The running goroutine was asked to yield (preemption is requested).
    pub asked: bool,
    /// When `syscalltick` was new.
    pub syscallwhen: i64,
    /// `P::schedtick` at the last visit of all.
    pub looktick: u32,
    /// When that was.
    pub lookwhen: i64,
    /// Address of the goroutine that ran at the last visit; 0 if none did.
    pub runs: usize,
    /// When it was first seen; every visit since then found it running.
    pub runswhen: i64,
}
