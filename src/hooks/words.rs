//! Single words: counters, words to sleep on, a constant.

use crate::abi::args;
use crate::map;
use crate::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use crate::sync::futex;

/// `runtime.hookAdd`: adds to a counter, wrapping, as the statistics do; the sum.
///
/// # Safety
/// Called by its trampoline, with a valid word that is only used in this way meanwhile.
pub unsafe fn add(a: &mut args::runtime_hookAdd) {
    // SAFETY: the caller's promise.
    let counter = unsafe { AtomicUsize::from_ptr(a.counter) };
    a.r0 = counter.fetch_add(a.n, Relaxed).wrapping_add(a.n);
}

/// `runtime.hookFutexSleep`: in leaf mode, as the raw system calls of package syscall, so that the
/// goroutine can be in a system call meanwhile.
///
/// # Safety
/// Called by its trampoline, between `entersyscall` and `exitsyscall`, with a valid word.
pub unsafe fn futex_sleep(a: &mut args::runtime_hookFutexSleep) {
    // SAFETY: the caller's promise.
    let word = unsafe { AtomicU32::from_ptr(a.word) };
    futex::sleep(word, a.value, a.ns);
}

/// `runtime.hookFutexWake`.
///
/// # Safety
/// Called by its trampoline, with a valid word.
pub unsafe fn futex_wake(a: &mut args::runtime_hookFutexWake) {
    // SAFETY: the caller's promise.
    let word = unsafe { AtomicU32::from_ptr(a.word) };
    futex::wake(word, a.n);
}

/// `runtime.hookHashLoad`: entries for each bucket above which a map grows.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn hash_load(a: &mut args::runtime_hookHashLoad) {
    a.r0 = map::assign::LOAD as f64 / 2.0;
}
