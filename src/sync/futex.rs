//! Sleeping on a word of memory, or the end of the process.
//!
//! A sleep that fails is a spurious wake-up, and some kernels have let one fail for no reason; a
//! wake-up that fails leaves its sleeper asleep. So a failed call is made again after a while, and
//! where it goes on failing (a filter forbids it) the process dies rather than turn in circles or
//! hang.

use crate::fatal;
use crate::fatal::out::Out;
use crate::os::{PATIENCE, futex};
use core::sync::atomic::{AtomicU32, Ordering};

/// Sleeps of all threads that failed since the last one that did not.
static FAILED: AtomicU32 = AtomicU32::new(0);

/// `FUTEX_WAIT` answers so where it works.
fn slept(ret: isize) -> bool {
    let errors = [libc::EAGAIN, libc::EINTR, libc::ETIMEDOUT];
    ret >= 0 || errors.iter().any(|&e| ret == -(e as isize))
}

/// `call` for `word` failed, for the `n`th time. The call is made again after a pause, up to
/// [`PATIENCE`] times. In a process that is dying already it is not what that dies of, and it ends
/// in bounded time. Leaf functions get here, with little stack.
#[cold]
#[inline(never)]
fn failed(call: &'static str, word: &AtomicU32, ret: isize, n: u32) {
    if n >= PATIENCE && !fatal::dying() {
        hopeless(call, word, ret);
    }
    futex::pause();
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

/// Sleeps while `word == value`, at most `ns` nanoseconds (negative: for ever). Wakes up
/// spuriously.
#[doc(alias = "futexsleep")]
pub fn sleep(word: &AtomicU32, value: u32, ns: i64) {
    let ret = futex::wait(word, value, ns);
    if !slept(ret) {
        let n = FAILED.fetch_add(1, Ordering::Relaxed) + 1;
        failed("futex wait", word, ret, n);
    } else if FAILED.load(Ordering::Relaxed) != 0 {
        // Hardly ever, so that threads do not take the word from each other.
        FAILED.store(0, Ordering::Relaxed);
    }
}

/// Wakes up to `n` sleepers of `word`.
pub fn wake(word: &AtomicU32, n: u32) {
    for failures in 1.. {
        let ret = futex::wake(word, n);
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
