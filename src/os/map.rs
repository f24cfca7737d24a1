//! Memory from the kernel: anonymous mappings, their protection, and the pages behind them.

use super::sys;

/// Maps `size` bytes of zeroed memory near `hint` (0 = anywhere), or answers null.
#[doc(alias = "sysAlloc")]
pub fn map(hint: usize, size: usize) -> *mut u8 {
    // SAFETY: a fresh anonymous mapping without MAP_FIXED touches no existing one.
    let p = unsafe {
        sys::syscall6(
            libc::SYS_mmap,
            hint,
            size,
            (libc::PROT_READ | libc::PROT_WRITE) as usize,
            (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as usize,
            usize::MAX,
            0,
        )
    };
    if (-4095..0).contains(&p) {
        core::ptr::null_mut()
    } else {
        p as *mut u8
    }
}

/// Makes a range fault on access (guard pages). False where the system refuses: the process has as
/// many different ranges as it may have, say.
///
/// # Safety
/// The range must be ours and unused.
#[doc(alias = "sysFault")]
#[must_use]
pub unsafe fn protect(p: *mut u8, size: usize) -> bool {
    debug_assert!(p.addr().is_multiple_of(4096) && size > 0);
    let (none, new) = (
        libc::PROT_NONE as usize,
        (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED) as usize,
    );
    // SAFETY: the caller owns the range. Where a filter does not allow protections to change, a new
    // mapping in its place does the same.
    unsafe {
        sys::syscall3(libc::SYS_mprotect, p as usize, size, none) == 0
            || sys::syscall6(libc::SYS_mmap, p as usize, size, none, new, usize::MAX, 0)
                == p as isize
    }
}

/// Gives a mapping back. Where the system refuses (to cut a range in two it may need one more than
/// the process may have) at least the memory behind it goes; the addresses are lost.
///
/// # Safety
/// The range must be a mapping of ours that nothing refers to any more.
#[doc(alias = "sysFree")]
pub unsafe fn unmap(p: *mut u8, size: usize) {
    debug_assert!(!p.is_null() && p.addr().is_multiple_of(4096) && size > 0);
    // SAFETY: the range is a mapping of the caller's, to which nothing refers any more.
    unsafe {
        if sys::syscall3(libc::SYS_munmap, p as usize, size, 0) != 0 {
            release(p, size);
        }
    }
}

/// Lets the system take the pages back; they read as zero afterwards. False if it did not: locked
/// memory, say.
///
/// # Safety
/// The range must be ours and its contents dead.
#[doc(alias = "sysUnused")]
pub unsafe fn release(p: *mut u8, size: usize) -> bool {
    debug_assert!(p.addr().is_multiple_of(4096));
    // SAFETY: the range is the caller's, and what is in it is dead.
    unsafe {
        sys::syscall3(
            libc::SYS_madvise,
            p as usize,
            size,
            libc::MADV_DONTNEED as usize,
        ) == 0
    }
}

/// Puts memory behind a range that is about to be used as a whole, which takes the system less time
/// than as many page faults. Nothing happens where it cannot (before Linux 5.14) or there is none.
///
/// # Safety
/// The range must be whole pages of ours.
pub unsafe fn populate(p: *mut u8, size: usize) {
    debug_assert!(p.addr().is_multiple_of(4096));
    // SAFETY: the caller owns the range; what is in it stays.
    unsafe {
        sys::syscall3(
            libc::SYS_madvise,
            p as usize,
            size,
            libc::MADV_POPULATE_WRITE as usize,
        )
    };
}
