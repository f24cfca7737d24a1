//! The processors that the process may run on, and their registers that only the kernel sets.

use super::sys::syscall3;
use core::sync::atomic::AtomicI32;

/// Logical processors that this process may use; compiled code reads it (inlined `runtime.NumCPU`).
#[unsafe(export_name = "runtime.ncpu")]
pub static NCPU: AtomicI32 = AtomicI32::new(1);

/// How many the kernel lets this process use: one where it does not tell.
pub fn count() -> u32 {
    let mut mask = [0u64; 128];
    let (size, at) = (size_of_val(&mask), mask.as_mut_ptr() as usize);
    // SAFETY: the kernel writes at most the size given.
    let n = unsafe { syscall3(libc::SYS_sched_getaffinity, 0, size, at) };
    if n <= 0 {
        return 1;
    }
    let words = mask.iter().take(n as usize / 8);
    words.map(|w| w.count_ones()).sum::<u32>().max(1)
}

/// Sets this thread's FS base. Answers 0 or `-errno`.
///
/// # Safety
/// Thread-local storage lies there from now on.
pub unsafe fn set_fs_base(base: usize) -> isize {
    const ARCH_SET_FS: usize = 0x1002;
    // SAFETY: thread-local storage lies at the caller's `base`.
    unsafe { syscall3(libc::SYS_arch_prctl, ARCH_SET_FS, base, 0) }
}
