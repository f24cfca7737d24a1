//! Monotonic and wall clock.

/// Monotonic nanoseconds.
pub fn nanotime() -> i64 {
    let mut ts = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes the timespec.
    unsafe { crate::os::sys::syscall3(libc::SYS_clock_gettime, libc::CLOCK_MONOTONIC as usize, &raw mut ts as usize, 0) };
    ts.tv_sec * 1_000_000_000 + ts.tv_nsec
}
