//! A processor: the right to run Go code, and a run queue. The caches that need no lock, because only
//! its M touches them, are other rooms' ([`super::plocal`]).

use crate::abi::{G, M};
use crate::fatal::clock::nanotime;
use crate::sync::ring::Ring;
use core::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, Ordering};

/// Slots of the local run queue: more delay what is in the global queue, fewer move work there too
/// often.
pub const RUNQ: usize = 256;

/// State of a P.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum PState {
    /// In the idle list.
    #[doc(alias = "_Pidle")]
    Idle = 0,
    /// Held by an M.
    #[doc(alias = "_Prunning")]
    Running = 1,
    /// Its M is in a system call; a thread that changes this has the P.
    #[doc(alias = "_Psyscall")]
    Syscall = 2,
    /// Stopped with the world.
    #[doc(alias = "_Pgcstop")]
    Stopped = 3,
    /// Beyond GOMAXPROCS.
    #[doc(alias = "_Pdead")]
    Dead = 4,
}

/// The status word of a P. But for [`PStatus::take_from_syscall`] the thread that has the P, or has
/// stopped the world, makes the transitions.
#[derive(Debug)]
#[repr(transparent)]
pub struct PStatus(AtomicU32);

impl PStatus {
    /// It is in this state.
    #[inline(always)]
    pub fn is(&self, state: PState, order: Ordering) -> bool {
        self.0.load(order) == state as u32
    }

    /// The state.
    #[inline(always)]
    pub fn state(&self, order: Ordering) -> PState {
        match self.0.load(order) {
            0 => PState::Idle,
            1 => PState::Running,
            2 => PState::Syscall,
            3 => PState::Stopped,
            _ => PState::Dead,
        }
    }

    /// A thread has taken the P.
    #[inline(always)]
    pub fn run(&self) {
        self.change(PState::Running, &[PState::Dead, PState::Syscall]);
    }

    /// It goes to the idle list.
    #[inline(always)]
    pub fn idle(&self) {
        self.change(PState::Idle, &[PState::Syscall]);
    }

    /// `entersyscall`: its thread gives it away to the first that takes it.
    #[inline(always)]
    pub fn enter_syscall(&self) {
        self.change(
            PState::Syscall,
            &[PState::Idle, PState::Syscall, PState::Stopped, PState::Dead],
        );
    }

    /// It stops with the world.
    #[inline(always)]
    pub fn stop(&self) {
        self.change(PState::Stopped, &[PState::Syscall, PState::Dead]);
    }

    /// GOMAXPROCS has shrunk. The world is stopped.
    #[inline(always)]
    pub fn die(&self) {
        self.change(PState::Dead, &[PState::Syscall, PState::Running]);
    }

    /// Release: a thread that finds the state finds what was done with the P before.
    #[inline(always)]
    fn change(&self, to: PState, not_from: &[PState]) {
        debug_assert!(
            !not_from.contains(&self.state(Ordering::Relaxed)),
            "bad transition of a P"
        );
        self.0.store(to as u32, Ordering::Release);
    }

    /// The system call that it is in loses it: `to` is its state from now on. False: it is in none,
    /// or another thread was first.
    #[inline(always)]
    #[must_use]
    pub fn take_from_syscall(&self, to: PState) -> bool {
        self.0
            .compare_exchange(
                PState::Syscall as u32,
                to as u32,
                Ordering::AcqRel,
                Ordering::Relaxed,
            )
            .is_ok()
    }
}

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
