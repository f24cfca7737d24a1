//! Sleeping on a word of memory.
//!
//! A sleep that fails is a spurious wake-up, and some kernels have let one fail for no reason; a wake-up that fails leaves its sleeper asleep. So a failed
//! call is made again after a while, and where it goes on failing (a filter forbids it) the process dies rather than turn in circles or hang.

use super::{PATIENCE, sys};
use crate::fatal;
use crate::fatal::out::Out;
use core::sync::atomic::{AtomicU32, Ordering};

/// Time until a failed call is made again, up to [`PATIENCE`] times.
static PAUSE: libc::timespec = libc::timespec {
    tv_sec: 0,
    tv_nsec: 1_000_000,
};

/// Sleeps of all threads that failed since the last one that did not.
static FAILED: AtomicU32 = AtomicU32::new(0);

/// `FUTEX_WAIT` answers so where it works.
fn slept(ret: isize) -> bool {
    let errors = [libc::EAGAIN, libc::EINTR, libc::ETIMEDOUT];
    ret >= 0 || errors.iter().any(|&e| ret == -(e as isize))
}

/// `call` for `word` failed, for the `n`th time. If the process is dying already this is not its cause of death, and it ends in bounded time.
/// Leaf functions get here, with little stack.
#[cold]
#[inline(never)]
fn failed(call: &'static str, word: &AtomicU32, ret: isize, n: u32) {
    if n >= PATIENCE && !fatal::dying() {
        hopeless(call, word, ret);
    }
    // SAFETY: the timespec is a constant; no remainder is asked for.
    unsafe { sys::syscall3(libc::SYS_nanosleep, &raw const PAUSE as usize, 0, 0) };
}

/// Ends the process: the stack no longer matters (`gort prove` knows the name).
#[cold]
#[inline(never)]
fn hopeless(call: &'static str, word: &AtomicU32, ret: isize) -> ! {
    let say = |out: &mut Out<'_>| {
        out.str("runtime: ").str(call).str(" at ");
        out.hex(word.as_ptr() as u64).str(" failed with ");
        out.uint(ret.unsigned_abs() as u64).str("\n");
    };
    fatal::throw_saying(say, "futex failed")
}

/// Sleeps while `word == value`, at most `ns` nanoseconds (negative: for ever). Wakes up spuriously.
#[doc(alias = "futexsleep")]
pub fn sleep(word: &AtomicU32, value: u32, ns: i64) {
    let ts = libc::timespec {
        tv_sec: ns / 1_000_000_000,
        tv_nsec: ns % 1_000_000_000,
    };
    let timeout = if ns < 0 { 0 } else { &raw const ts as usize };
    let op = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word and the timespec live across the call.
    let ret = unsafe {
        sys::syscall6(
            libc::SYS_futex,
            word.as_ptr() as usize,
            op as usize,
            value as usize,
            timeout,
            0,
            0,
        )
    };
    if !slept(ret) {
        let n = FAILED.fetch_add(1, Ordering::Relaxed) + 1;
        failed("futex wait", word, ret, n);
    } else if FAILED.load(Ordering::Relaxed) != 0 {
        // Hardly ever, so that threads do not take the word from each other.
        FAILED.store(0, Ordering::Relaxed);
    }
}

/// Wakes up to `n` sleepers of `word`.
#[doc(alias = "futexwakeup")]
pub fn wake(word: &AtomicU32, n: u32) {
    let op = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    for failures in 1.. {
        // SAFETY: the kernel only uses the address as a key.
        let ret = unsafe {
            sys::syscall3(
                libc::SYS_futex,
                word.as_ptr() as usize,
                op as usize,
                n as usize,
            )
        };
        if ret >= 0 || (failures > PATIENCE && fatal::dying()) {
            return;
        }
        failed("futex wake", word, ret, failures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sleep_may_answer() {
        for e in [0, libc::EAGAIN, libc::EINTR, libc::ETIMEDOUT] {
            assert!(slept(-(e as isize)), "errno {e}");
        }
        for e in [libc::ENOSYS, libc::EPERM, libc::EACCES, libc::EINVAL] {
            assert!(!slept(-(e as isize)), "errno {e}");
        }
    }
}
