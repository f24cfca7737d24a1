//! Sleeping on a word of memory: the system calls as the kernel has them. Errors come back as
//! `-errno`.

use super::sys;
use core::sync::atomic::AtomicU32;

/// Sleeps while `word == value`, at most `ns` nanoseconds (negative: for ever). Wakes up
/// spuriously.
#[inline(always)]
pub fn wait(word: &AtomicU32, value: u32, ns: i64) -> isize {
    let ts = libc::timespec {
        tv_sec: ns / 1_000_000_000,
        tv_nsec: ns % 1_000_000_000,
    };
    let timeout = if ns < 0 { 0 } else { &raw const ts as usize };
    let op = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word and the timespec live across the call.
    unsafe {
        sys::syscall6(
            libc::SYS_futex,
            word.as_ptr() as usize,
            op as usize,
            value as usize,
            timeout,
            0,
            0,
        )
    }
}

/// Sleeps for a millisecond. Leaf functions get here, with little stack: so the time is a static.
pub fn pause() {
    static PAUSE: libc::timespec = libc::timespec {
        tv_sec: 0,
        tv_nsec: 1_000_000,
    };
    // SAFETY: the timespec is a constant; no remainder is asked for.
    unsafe { sys::syscall3(libc::SYS_nanosleep, &raw const PAUSE as usize, 0, 0) };
}

/// Wakes up to `n` sleepers of `word`.
#[inline(always)]
#[doc(alias = "futexwakeup")]
pub fn wake(word: &AtomicU32, n: u32) -> isize {
    let op = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the kernel only uses the address as a key.
    unsafe {
        sys::syscall3(
            libc::SYS_futex,
            word.as_ptr() as usize,
            op as usize,
            n as usize,
        )
    }
}
