//! The clocks, through the kernel's vDSO where there is one. What may not be without asks
//! `fatal::clock`.
//!
//! This runs on a system stack: how much stack a vDSO function takes is the kernel's business, so
//! no leaf function may ask for the time.

use super::sys;
use super::vdso::Image;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

type ClockGettime = unsafe extern "C" fn(clock: i32, ts: *mut libc::timespec) -> i32;

/// Address of the vDSO's `clock_gettime`, 0 where there is none. Written once, at boot.
static CLOCK_GETTIME: AtomicUsize = AtomicUsize::new(0);

/// What package syscall calls for the time of day, on the goroutine's stack: a C function
/// `gettimeofday(tv, tz)`.
#[unsafe(export_name = "runtime.__vdso_gettimeofday_sym")]
static GETTIMEOFDAY: AtomicPtr<()> = AtomicPtr::new(gort_gettimeofday as *mut ());

unsafe extern "C" {
    /// `gettimeofday(tv, tz)` for kernels without vDSO (asm/clock.S). Not assembly in this file:
    /// that would come with unwind tables, and all code of the library with it (scripts/rustc).
    fn gort_gettimeofday();
}

/// Finds the clock functions in the vDSO at `base` (0 = none). Called once, at boot, with one
/// thread.
///
/// # Safety
/// `base` must be the value of `AT_SYSINFO_EHDR` in the auxiliary vector, or 0.
pub unsafe fn init(base: usize) {
    // SAFETY: the caller's `base` is 0 or the image that the kernel mapped.
    let Some(image) = (unsafe { Image::parse(base) }) else {
        return;
    };
    CLOCK_GETTIME.store(image.function("__vdso_clock_gettime"), Ordering::Relaxed);
    let f = image.function("__vdso_gettimeofday");
    if f != 0 {
        GETTIMEOFDAY.store(f as *mut (), Ordering::Relaxed);
    }
}

/// Reads the clock `id`. Answers 0, or `-errno` where the system call is refused, too.
#[inline(always)]
pub fn read(id: i32, ts: &mut libc::timespec) -> isize {
    let at = core::ptr::from_mut(ts);
    let f = CLOCK_GETTIME.load(Ordering::Relaxed);
    // SAFETY: `f` is the kernel's function of this type, or 0; both it and the system call only
    // write the timespec.
    unsafe {
        if f != 0 && core::mem::transmute::<usize, ClockGettime>(f)(id, at) == 0 {
            return 0;
        }
        sys::syscall3(libc::SYS_clock_gettime, id as usize, at as usize, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanoseconds(id: i32) -> i64 {
        let mut ts = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        assert_eq!(read(id, &mut ts), 0);
        ts.tv_sec * 1_000_000_000 + ts.tv_nsec
    }

    #[test]
    fn vdso_clock_agrees_with_system_call() {
        // The test process has an auxiliary vector of its own.
        let auxv = std::fs::read("/proc/self/auxv").unwrap();
        let base = auxv
            .chunks_exact(16)
            .map(|c| {
                (
                    usize::from_ne_bytes(c[..8].try_into().unwrap()),
                    usize::from_ne_bytes(c[8..].try_into().unwrap()),
                )
            })
            .find(|&(tag, _)| tag == libc::AT_SYSINFO_EHDR as usize)
            .map_or(0, |(_, v)| v);
        let before = nanoseconds(libc::CLOCK_MONOTONIC);
        // SAFETY: the value is the one that the kernel has given this process.
        unsafe { init(base) };
        if base != 0 {
            assert_ne!(
                CLOCK_GETTIME.load(Ordering::Relaxed),
                0,
                "the vDSO has no clock_gettime"
            );
        }
        let after = nanoseconds(libc::CLOCK_MONOTONIC);
        assert!(before > 0 && after >= before && after - before < 1_000_000_000);
        let sec = nanoseconds(libc::CLOCK_REALTIME) / 1_000_000_000;
        let std = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        assert!((std.as_secs() as i64 - sec).abs() <= 1);
    }

    #[test]
    fn no_image_is_refused() {
        let garbage = [0u8; 64];
        for base in [0, garbage.as_ptr() as usize] {
            // SAFETY: the parser looks no further than the magic number of what is no image.
            assert!(unsafe { Image::parse(base) }.is_none());
        }
    }
}
