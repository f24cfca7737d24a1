//! Single words: counters, words to sleep on, a constant.

use crate::abi::{Leaf, args};
use crate::map;
use crate::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use crate::sync::futex;

/// `runtime.hookAdd`: adds to a counter, wrapping, as the statistics do; the sum.
pub fn add(_: Leaf<'_>, a: &mut args::runtime_hookAdd) {
    // SAFETY: package runtime's tests pass a word that they only use in this way meanwhile.
    let counter = unsafe { AtomicUsize::from_ptr(a.counter) };
    a.r0 = counter.fetch_add(a.n, Relaxed).wrapping_add(a.n);
}

/// `runtime.hookFutexSleep`: in leaf mode, as the raw system calls of package syscall, so that the
/// goroutine can be in a system call meanwhile: the tests call it between `entersyscall` and
/// `exitsyscall`.
pub fn futex_sleep(_: Leaf<'_>, a: &mut args::runtime_hookFutexSleep) {
    // SAFETY: a word of the tests', for threads to sleep on.
    let word = unsafe { AtomicU32::from_ptr(a.word) };
    futex::sleep(word, a.value, a.ns);
}

/// `runtime.hookFutexWake`.
pub fn futex_wake(_: Leaf<'_>, a: &mut args::runtime_hookFutexWake) {
    // SAFETY: a word of the tests', for threads to sleep on.
    let word = unsafe { AtomicU32::from_ptr(a.word) };
    futex::wake(word, a.n);
}

/// `runtime.hookHashLoad`: entries for each bucket above which a map grows.
pub fn hash_load(_: Leaf<'_>, a: &mut args::runtime_hookHashLoad) {
    a.r0 = map::assign::LOAD as f64 / 2.0;
}
