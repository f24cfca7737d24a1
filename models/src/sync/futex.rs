//! Sleeping on a word of memory.
//!
//! As in the kernel, a sleeper looks at the word under a lock that whoever wakes takes too.

use crate::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Condvar, Mutex};
use std::sync::Arc;

/// Who sleeps, by the address of the word.
type Sleepers = Vec<(usize, Arc<Condvar>)>;

loom::lazy_static! {
    static ref SLEEPERS: Mutex<Sleepers> = Mutex::new(Vec::new());
}

fn at(sleepers: &mut Sleepers, word: &AtomicU32) -> Arc<Condvar> {
    let word = core::ptr::from_ref(word).addr();
    if let Some((_, found)) = sleepers.iter().find(|s| s.0 == word) {
        return found.clone();
    }
    let new = Arc::new(Condvar::new());
    sleepers.push((word, new.clone()));
    new
}

/// Sleeps while `word == value`; time does not pass.
pub fn sleep(word: &AtomicU32, value: u32, _ns: i64) {
    let mut lock = SLEEPERS.lock().unwrap();
    if word.load(Ordering::Relaxed) == value {
        let condvar = at(&mut lock, word);
        drop(condvar.wait(lock).unwrap());
    }
}

/// Wakes a sleeper, or all.
pub fn wake(word: &AtomicU32, n: u32) {
    let mut lock = SLEEPERS.lock().unwrap();
    let condvar = at(&mut lock, word);
    if n == 1 {
        condvar.notify_one();
    } else {
        condvar.notify_all();
    }
}
