//! Raw system calls.

use core::arch::asm;

/// One system call with up to six arguments; errors come back as `-errno`, as the kernel leaves
/// them.
///
/// # Safety
/// As the system call: pointers must be valid for what the kernel does with them.
#[inline]
pub(super) unsafe fn syscall6(
    nr: i64,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> isize {
    let ret: isize;
    // SAFETY: the kernel keeps every register but rax, rcx and r11; the caller vouches for the
    // arguments.
    unsafe {
        asm!("syscall", inlateout("rax") nr as isize => ret, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    ret
}

/// [`syscall6`] with three arguments.
///
/// # Safety
/// As [`syscall6`].
#[inline]
pub(super) unsafe fn syscall3(nr: i64, a: usize, b: usize, c: usize) -> isize {
    // SAFETY: the caller vouches for the arguments that the call has.
    unsafe { syscall6(nr, a, b, c, 0, 0, 0) }
}

/// Ends the process with `code`.
pub fn exit(code: i32) -> ! {
    let all = u64::MAX;
    // SAFETY: exit_group takes no pointers and does not return. Where a filter refuses it an
    // instruction that is none ends the process, by a signal that no handler gets.
    unsafe {
        syscall3(libc::SYS_exit_group, code as usize, 0, 0);
        let (how, set) = (libc::SIG_SETMASK as usize, &raw const all as usize);
        syscall6(
            libc::SYS_rt_sigprocmask,
            how,
            set,
            0,
            size_of_val(&all),
            0,
            0,
        );
        asm!("ud2", options(noreturn))
    }
}

/// Writes all of `bytes` to `fd`, as far as the kernel takes them: a descriptor that is closed or
/// full has no room for complaints either.
pub fn write(fd: i32, bytes: &[u8]) {
    write_memory(fd, bytes.as_ptr(), bytes.len());
}

/// [`write()`] of memory that may not be readable: what is not is not written.
pub fn write_memory(fd: i32, mut p: *const u8, mut len: usize) {
    while len != 0 {
        // SAFETY: only the kernel reads there, which answers an error where it cannot.
        let n = unsafe { syscall3(libc::SYS_write, fd as usize, p as usize, len) };
        if n == -(libc::EINTR as isize) {
            continue;
        }
        if n <= 0 {
            return;
        }
        p = p.wrapping_add(n as usize);
        len -= n as usize;
    }
}

/// Kernel id of this thread. Negative where a filter refuses to tell: no signal reaches the thread
/// by it, then.
pub fn gettid() -> i32 {
    // SAFETY: the call takes no arguments, so no pointers.
    let tid = unsafe { syscall3(libc::SYS_gettid, 0, 0, 0) };
    tid as i32
}

/// Kernel id of this process, if a filter does not refuse to tell.
pub fn getpid() -> Option<i32> {
    // SAFETY: the call takes no arguments, so no pointers.
    let pid = unsafe { syscall3(libc::SYS_getpid, 0, 0, 0) as i32 };
    // To the kernel a negative number means other processes, -1 all of them.
    (pid > 0).then_some(pid)
}

/// Lets another thread run. Where that fails none did, as where there is none.
pub fn sched_yield() {
    // SAFETY: the call takes no arguments, so no pointers.
    unsafe { syscall3(libc::SYS_sched_yield, 0, 0, 0) };
}

/// Sleeps for `ns` nanoseconds or until a signal; not at all where it fails. The caller looks at
/// what it waits for, or at the clock.
pub fn nanosleep(ns: i64) {
    let ts = libc::timespec {
        tv_sec: ns / 1_000_000_000,
        tv_nsec: ns % 1_000_000_000,
    };
    // SAFETY: the timespec lives across the call; no remainder is asked for.
    unsafe { syscall3(libc::SYS_nanosleep, &raw const ts as usize, 0, 0) };
}

/// This thread's sleeps end when they should, and not up to 50 us later, as is usual. A wish:
/// nothing depends on it.
pub fn wish_exact_sleeps() {
    // SAFETY: the call takes numbers, no pointers.
    unsafe { syscall3(libc::SYS_prctl, libc::PR_SET_TIMERSLACK as usize, 1, 0) };
}

unsafe extern "C" {
    /// asm/rt0.S: starts a thread that runs `gort_mstart(m)`, in `runtime.mstart`.
    fn gort_clone(flags: usize, stack: usize, m: *mut crate::abi::M, tls: usize) -> isize;
}

/// Starts a thread on `stack` (its top) with the FS base `tls`. Returns its id or `-errno`.
///
/// # Safety
/// `stack` must be the top of a mapping that stays for the thread's life, `m` its fully set up M.
#[doc(alias = "newosproc")]
pub unsafe fn clone_thread(stack: usize, m: *mut crate::abi::M, tls: usize) -> isize {
    let flags = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM
        | libc::CLONE_SETTLS;
    // SAFETY: the caller's stack and M are the new thread's alone, for its life.
    unsafe { gort_clone(flags as usize, stack, m, tls) }
}

/// Asks the kernel for slices of `ns` for this thread (0: as others have), so that it runs soon
/// after it wakes even where all processors are busy. Kernels before 6.12 know no such wish, some
/// processes may not change how they are scheduled, and nothing depends on it.
pub fn wish_slice(ns: u64) {
    /// `struct sched_attr` of sched_setattr(2), as far as every kernel knows it.
    #[repr(C)]
    #[derive(Default)]
    struct Attr {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        runtime: u64,
        deadline: u64,
        period: u64,
    }
    let mut attr = Attr::default();
    // SAFETY: both calls read and write no more than the structure.
    unsafe {
        let at = &raw mut attr;
        let size = size_of::<Attr>();
        let r = syscall6(libc::SYS_sched_getattr, 0, at as usize, size, 0, 0, 0);
        if r < 0 || (*at).policy != libc::SCHED_OTHER as u32 {
            return;
        }
        (*at).runtime = ns;
        syscall3(libc::SYS_sched_setattr, 0, at as usize, 0);
    }
}
