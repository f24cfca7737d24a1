//! epoll, and the descriptors that break a wait: system calls as the kernel has them. Errors come
//! back as `-errno`.

use super::sys::{syscall3, syscall6};

pub use libc::epoll_event as Event;

/// A descriptor set that no program started by this one inherits.
pub fn create1() -> isize {
    let flags = libc::EPOLL_CLOEXEC as usize;
    // SAFETY: the call takes numbers, no pointers.
    unsafe { syscall3(libc::SYS_epoll_create1, flags, 0, 0) }
}

/// The same by the older call, whose sets other programs inherit until [`close_on_exec`].
pub fn create() -> isize {
    /// Older kernels want an estimate, later ones anything above 0.
    const SIZE: usize = 1024;
    // SAFETY: the call takes numbers, no pointers.
    unsafe { syscall3(libc::SYS_epoll_create, SIZE, 0, 0) }
}

/// No program started by this one inherits `fd`, unless no fcntl is allowed at all.
pub fn close_on_exec(fd: i32) {
    let (set, flag) = (libc::F_SETFD as usize, libc::FD_CLOEXEC as usize);
    // SAFETY: the call takes numbers, no pointers.
    unsafe { syscall3(libc::SYS_fcntl, fd as usize, set, flag) };
}

/// An eventfd that no program inherits and no call waits for.
pub fn eventfd() -> isize {
    let flags = (libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) as usize;
    // SAFETY: the call takes numbers, no pointers.
    unsafe { syscall3(libc::SYS_eventfd2, 0, flags, 0) }
}

/// A pipe of that sort: where it is read, and where it is written.
pub fn pipe(ends: &mut [i32; 2]) -> isize {
    let flags = (libc::O_CLOEXEC | libc::O_NONBLOCK) as usize;
    // SAFETY: the kernel writes the two numbers.
    unsafe { syscall3(libc::SYS_pipe2, ends.as_mut_ptr().addr(), flags, 0) }
}

/// Closes `fd`: it is gone whatever the kernel answers.
pub fn close(fd: i32) {
    // SAFETY: the call takes numbers, no pointers.
    unsafe { syscall3(libc::SYS_close, fd as usize, 0, 0) };
}

/// Reads what fits into `words`.
pub fn read(fd: i32, words: &mut [u64]) -> isize {
    let (at, bytes) = (words.as_mut_ptr(), size_of_val(words));
    // SAFETY: the kernel writes at most so many bytes, which are the caller's.
    unsafe { syscall3(libc::SYS_read, fd as usize, at as usize, bytes) }
}

/// Writes a word.
pub fn write(fd: i32, word: u64) -> isize {
    let (at, bytes) = (&raw const word as usize, size_of_val(&word));
    // SAFETY: the word lives across the call.
    unsafe { syscall3(libc::SYS_write, fd as usize, at, bytes) }
}

/// Adds, changes or removes (`op`) what the set `ep` knows of `fd`.
///
/// # Safety
/// `event` is readable.
pub unsafe fn control(ep: i32, op: i32, fd: usize, event: *const Event) -> isize {
    let (ep, op) = (ep as usize, op as usize);
    // SAFETY: the kernel reads no more than the caller's event.
    unsafe { syscall6(libc::SYS_epoll_ctl, ep, op, fd, event as usize, 0, 0) }
}

/// Waits up to `time`, to the nanosecond. Linux 5.11.
///
/// # Safety
/// There is room for `n` events, here and below.
pub unsafe fn pwait2(ep: i32, events: *mut Event, n: usize, time: &libc::timespec) -> isize {
    let (ep, events, time) = (
        ep as usize,
        events as usize,
        core::ptr::from_ref(time) as usize,
    );
    // SAFETY: the caller has room for `n` events, and no signal mask is given.
    unsafe { syscall6(libc::SYS_epoll_pwait2, ep, events, n, time, 0, 0) }
}

/// Waits up to `ms` milliseconds, negative for ever.
///
/// # Safety
/// As [`pwait2`].
pub unsafe fn pwait(ep: i32, events: *mut Event, n: usize, ms: i32) -> isize {
    let (ep, events, ms) = (ep as usize, events as usize, ms as usize);
    // SAFETY: the caller has room for `n` events, and no signal mask is given.
    unsafe { syscall6(libc::SYS_epoll_pwait, ep, events, n, ms, 0, 0) }
}

/// The same by the oldest call.
///
/// # Safety
/// As [`pwait2`].
pub unsafe fn wait(ep: i32, events: *mut Event, n: usize, ms: i32) -> isize {
    let (ep, events, ms) = (ep as usize, events as usize, ms as usize);
    // SAFETY: the caller has room for `n` events.
    unsafe { syscall6(libc::SYS_epoll_wait, ep, events, n, ms, 0, 0) }
}
