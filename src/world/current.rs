//! The G, M and P of this thread.

use super::P;
use crate::abi::{G, M};
use crate::os::tls;
use core::sync::atomic::Ordering;

/// The g in thread-local storage: the goroutine in leaf mode, g0 in system mode.
#[inline(always)]
pub fn getg() -> *mut G {
    tls::g() as *mut G
}

/// Makes `g` this thread's current one.
///
/// # Safety
/// `g` is this thread's: a goroutine that it runs, its g0, or null when it leaves Go.
#[inline(always)]
pub unsafe fn setg(g: *mut G) {
    // SAFETY: the caller's `g` is this thread's, or null as it leaves Go.
    unsafe { tls::set_g(g as usize) }
}

/// The stack pointer at the leaf call that this thread entered last, in the call or after it.
#[inline(always)]
pub fn leaf_sp() -> usize {
    tls::leaf_sp()
}

/// This thread's M.
#[inline(always)]
pub fn getm() -> *mut M {
    // SAFETY: the current g is a G of ours: they are never freed.
    let m = unsafe { &(*getg()).m };
    m.load(Ordering::Relaxed)
}

/// The goroutine that called into the runtime, or null (scheduler, timers).
#[inline(always)]
pub fn curg() -> *mut G {
    // SAFETY: every g that runs has its M, and Ms are never freed.
    let g = unsafe { &(*getm()).curg };
    g.load(Ordering::Relaxed)
}

/// The running goroutine is to be preempted. A leaf function that loops may call then takes its
/// slow path: in system mode the goroutine can be preempted. Compiled loops check only where they
/// call compiled code.
#[inline(always)]
pub fn preempt_wanted() -> bool {
    // SAFETY: the current g is a G of ours: they are never freed.
    let guard = unsafe { &(*getg()).stackguard0 };
    guard.load(Ordering::Relaxed) == crate::abi::STACK_PREEMPT
}

/// The P of `m`, or null.
///
/// # Safety
/// `m` is one of the Ms (they are never freed).
#[inline(always)]
pub unsafe fn p_of(m: *mut M) -> *mut P {
    // SAFETY: the caller's M is one of ours: they are never freed.
    let p = unsafe { &(*m).p };
    p.load(Ordering::Relaxed).cast()
}

/// This thread's P, or null.
#[inline(always)]
pub fn getp() -> *mut P {
    let m = getm();
    // SAFETY: every g that runs has its M.
    unsafe { p_of(m) }
}

/// For assertions: this thread is on its system stack. Hosted unit tests have no M, and are.
#[inline(always)]
pub(crate) fn on_g0() -> bool {
    // SAFETY: every thread of ours has its M.
    cfg!(test) || unsafe { getg() == (*getm()).g0 }
}

/// For assertions: this thread holds `p`, which is none. In hosted unit tests it does.
#[inline(always)]
pub(crate) fn holds_p(p: *mut P) -> bool {
    cfg!(test) || getp() == p
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
    // SAFETY: only this thread touches its M's generator.
    let state = unsafe { &mut (*getm()).fastrand };
    // wyrand: one multiplication.
    *state = state.wrapping_add(0xa076_1d64_78bd_642f);
    let t = u128::from(*state) * u128::from(*state ^ 0xe703_7ed1_a0b4_28db);
    (t >> 64) as u64 ^ t as u64
}
