//! The G, M and P of this thread.

use super::P;
use crate::abi::{G, M};
use core::arch::asm;

/// The g in thread-local storage: the goroutine in leaf mode, g0 in system mode.
#[inline(always)]
pub fn getg() -> *mut G {
    let g: *mut G;
    // SAFETY: FS:-8 holds the current g from `gort_bootstrap` on. Not `pure`: it changes across
    // switches.
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

/// The running goroutine is to be preempted. A leaf function that loops may call then takes its
/// slow path: in system mode the goroutine can be preempted. Compiled loops check only where they
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
