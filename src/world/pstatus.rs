//! States of a P, and the transitions between them.

use crate::sync::atomic::{AtomicU32, Ordering};

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
    crate::constructor! {
        /// Of a P in this state. Those of the runtime begin as zeroes.
        pub fn new(state: PState) -> Self {
            Self(AtomicU32::new(state as u32))
        }
    }

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
