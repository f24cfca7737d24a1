//! The scheduler: goroutines (G) on threads (M) that hold a processor (P).
//!
//! A G is a stack and a saved context. An M is a thread of the system; it needs a P to run Go code. There are GOMAXPROCS
//! Ps, each with a run queue and with the caches that only its M touches.
//!
//! Who may touch what:
//! - a P's caches and queue tail: the M that holds it, in system mode or in a leaf function;
//! - a G's saved context and stack: the M that runs it; while it is parked, whoever holds the lock it is parked under, and the
//!   collector with the world stopped;
//! - [`state::SCHED`]: under its lock; counters with their own word are atomic and say what they pair with.
//!
//! System mode always starts on an empty g0 stack and ends either by returning to the Go caller or in [`schedule::schedule`], so no Rust frame
//! outlives a park and the world is only stopped where no Rust frame of a goroutine is live (docs/sched.md).

use crate::abi::{G, M};
use crate::world::P;
use core::arch::asm;

pub mod g;
pub mod interrupt;
pub mod lock;
pub mod m;
pub mod park;
pub mod perturb;
pub mod poller;
pub mod prompt;
pub mod report;
pub mod schedule;
pub mod state;
pub mod stw;
pub mod syscall;
pub mod sysmon;
pub mod wake;
pub use park::{WaitReason, park, ready, ready_to_try, waited};
pub use stw::{start_world, stop_world};

/// States of a goroutine (`G::atomicstatus`); debuggers know the numbers.
pub mod status {
    /// Just allocated.
    pub const IDLE: u32 = 0;
    /// On a run queue.
    pub const RUNNABLE: u32 = 1;
    /// Runs on an M with a P.
    pub const RUNNING: u32 = 2;
    /// In a system call, with an M.
    pub const SYSCALL: u32 = 3;
    /// Parked.
    pub const WAITING: u32 = 4;
    /// Finished, or not started.
    pub const DEAD: u32 = 6;
    /// Its stack is being moved.
    pub const COPYSTACK: u32 = 8;
    /// Added while the stack is scanned.
    pub const SCAN: u32 = 0x1000;
}

/// The g in thread-local storage: the goroutine in leaf mode, g0 in system mode.
#[inline(always)]
pub fn getg() -> *mut G {
    let g: *mut G;
    // SAFETY: FS:-8 holds the current g from `gort_bootstrap` on. Not `pure`: it changes across switches.
    unsafe {
        asm!("mov {}, qword ptr fs:[-8]", out(reg) g, options(nostack, preserves_flags, readonly))
    };
    g
}

/// This thread's M.
#[inline(always)]
pub fn getm() -> *mut M {
    // SAFETY: every g that runs has its M.
    unsafe { (*getg()).m }
}

/// The goroutine that called into the runtime, or null (scheduler, timers).
#[inline(always)]
pub fn curg() -> *mut G {
    // SAFETY: as in `getm`.
    unsafe { (*getm()).curg }
}

/// The running goroutine was asked to make room: a leaf function that loops may call leaves it to system mode, which does. Compiled loops check only where they
/// call compiled code.
#[inline(always)]
pub fn preempt_wanted() -> bool {
    // SAFETY: the current g is valid.
    unsafe { (*getg()).stackguard0 == crate::abi::STACK_PREEMPT }
}

/// This thread's P, or null.
#[inline(always)]
pub fn getp() -> *mut P {
    // SAFETY: as in `getm`.
    unsafe { (*getm()).p.cast() }
}

/// In hosted unit tests, which have no M: the same generator, one for each thread.
#[cfg(test)]
pub fn fastrand() -> u64 {
    std::thread_local! {
        static STATE: core::cell::Cell<u64> = const { core::cell::Cell::new(1) };
    }
    STATE.with(|s| {
        s.set(s.get().wrapping_add(0xa076_1d64_78bd_642f));
        let t = u128::from(s.get()) * u128::from(s.get() ^ 0xe703_7ed1_a0b4_28db);
        (t >> 64) as u64 ^ t as u64
    })
}

/// A cheap random number from this M's generator.
#[cfg(not(test))]
#[inline]
pub fn fastrand() -> u64 {
    // SAFETY: only this thread touches its M's generator. wyrand: one multiplication.
    unsafe {
        let m = getm();
        (*m).fastrand = (*m).fastrand.wrapping_add(0xa076_1d64_78bd_642f);
        let t = u128::from((*m).fastrand) * u128::from((*m).fastrand ^ 0xe703_7ed1_a0b4_28db);
        (t >> 64) as u64 ^ t as u64
    }
}
