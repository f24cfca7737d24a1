//! Arguments and environment as Go code asks for them.

use crate::abi::{GoSlice, GoString, Sys, args, known};
use crate::alloc;
use crate::config::env::{ARGC, ARGV, c_string, envp};
use core::sync::atomic::Ordering;

/// A Go slice of the strings of a null-ended vector. On the heap: programs store strings of their
/// own in it (`os.Args[0] = name`, `os.Setenv`), and only there the collector finds them.
///
/// # Safety
/// `v` has `n` strings.
unsafe fn strings(sys: Sys<'_>, v: *const *const u8, n: usize) -> GoSlice {
    // SAFETY: the caller's promise; no collection starts before the slice is handed out.
    let p = unsafe { alloc::newarray(sys, known::string(), n) }.cast::<GoString>();
    for i in 0..n {
        // SAFETY: as above. No write barrier: the strings are the kernel's, not the heap's.
        unsafe { p.add(i).write(c_string(*v.add(i))) };
    }
    GoSlice {
        ptr: p.cast(),
        len: n as i64,
        cap: n as i64,
    }
}

/// `os.runtime_args`.
pub fn runtime_args(sys: Sys<'_>, a: &mut args::os_runtime_args) {
    // SAFETY: boot has stored the kernel's vector, which has that many strings.
    a.r0 = unsafe {
        strings(
            sys,
            ARGV.load(Ordering::Relaxed) as *const *const u8,
            ARGC.load(Ordering::Relaxed),
        )
    };
}

/// `syscall.runtime_envs`.
pub fn runtime_envs(sys: Sys<'_>, a: &mut args::syscall_runtime_envs) {
    let p = envp();
    let mut n = 0;
    // SAFETY: a null ends the kernel's vector, and is not passed.
    while unsafe { !(*p.add(n)).is_null() } {
        n += 1;
    }
    // SAFETY: it has the `n` strings that were just counted.
    a.r0 = unsafe { strings(sys, p, n) };
}
