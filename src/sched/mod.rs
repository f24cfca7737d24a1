//! The scheduler: goroutines (G) on threads (M) that hold a processor (P).

use crate::abi::{Eface, G, M, Status};
use core::arch::asm;

pub mod p;
pub use p::P;

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
    // SAFETY: FS:-8 holds the current g from `gort_bootstrap` on.
    unsafe { asm!("mov {}, qword ptr fs:[-8]", out(reg) g, options(nostack, preserves_flags, readonly, pure)) };
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

/// This thread's P, or null.
#[inline(always)]
pub fn getp() -> *mut P {
    // SAFETY: as in `getm`.
    unsafe { (*getm()).p.cast() }
}

/// Why a goroutine waits; the text is shown in tracebacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
#[expect(missing_docs, reason = "the names say it")]
pub enum WaitReason {
    None,
    ChanReceive,
    ChanSend,
    ChanReceiveNil,
    ChanSendNil,
    Select,
    SelectNoCases,
    Semacquire,
    Sleep,
    IoWait,
    FinalizerWait,
    GcWait,
    TimerWait,
    SyscallWait,
}

/// Parks `g`, the goroutine that called into the runtime. Call it with everything recorded that its waker needs and the
/// lock that the waker takes still held; then unlock, return [`Status::Parked`] and do not touch `g` again.
///
/// # Safety
/// In system mode, for `g == curg()`.
pub unsafe fn park(_g: *mut G, _reason: WaitReason) -> Status {
    Status::Parked
}

/// Makes a parked goroutine runnable. Callable from any thread, with or without P, not from a signal handler.
///
/// # Safety
/// `g` must be parked (or about to be, with its park visible through the lock that the caller took), and be readied once.
pub unsafe fn ready(_g: *mut G) {}

/// A cheap random number from this M's generator.
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

/// Empty interface value.
pub const NIL_EFACE: Eface = Eface { typ: core::ptr::null(), data: core::ptr::null_mut() };
