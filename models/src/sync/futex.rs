//! Sleeping on a word of memory: one word for each model.
//!
//! As in the kernel, a sleeper looks at the word under a lock that whoever wakes takes too.

use crate::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Condvar, Mutex};

loom::lazy_static! {
    static ref SLEEPERS: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
}

/// Sleeps while `word == value`; time does not pass.
pub fn sleep(word: &AtomicU32, value: u32, _ns: i64) {
    let lock = SLEEPERS.0.lock().unwrap();
    if word.load(Ordering::Relaxed) == value {
        drop(SLEEPERS.1.wait(lock).unwrap());
    }
}

/// Wakes a sleeper, or all.
pub fn wake(_word: &AtomicU32, n: u32) {
    let _lock = SLEEPERS.0.lock().unwrap();
    if n == 1 {
        SLEEPERS.1.notify_one();
    } else {
        SLEEPERS.1.notify_all();
    }
}
