//! A one-shot event between two threads: one sleeps, one wakes it.

use crate::os::futex;
use crate::sync::atomic::{AtomicU32, Ordering};

/// 0 = not signalled, 1 = signalled.
#[repr(transparent)]
#[derive(Debug)]
pub struct Note(AtomicU32);

impl Note {
    crate::constructor! {
        /// A note not signalled yet.
        pub fn new() -> Self {
            Self(AtomicU32::new(0))
        }
    }

    /// The note that lies in `word`.
    ///
    /// # Safety
    /// The word must be used as a note only, and outlive the reference.
    pub unsafe fn at<'a>(word: *mut u32) -> &'a Self {
        // SAFETY: Note is a transparent AtomicU32.
        unsafe { &*word.cast::<Self>() }
    }

    /// Forgets an earlier signal. Nobody may be sleeping.
    pub fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// It was signalled.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// Signals. It releases, which pairs with the sleeper's Acquire: what was written before is seen after.
    pub fn wakeup(&self) {
        if self.0.swap(1, Ordering::SeqCst) == 0 {
            futex::wake(&self.0, 1);
        }
    }

    /// Sleeps until signalled.
    pub fn sleep(&self) {
        while self.0.load(Ordering::Acquire) == 0 {
            futex::sleep(&self.0, 0, -1);
        }
    }

    /// Sleeps until signalled or for `ns` nanoseconds; true if signalled.
    pub fn sleep_for(&self, ns: i64) -> bool {
        let end = crate::time::clock::nanotime().saturating_add(ns);
        loop {
            if self.0.load(Ordering::Acquire) != 0 {
                return true;
            }
            let left = end - crate::time::clock::nanotime();
            if left <= 0 {
                return false;
            }
            futex::sleep(&self.0, 0, left);
        }
    }
}

impl Default for Note {
    fn default() -> Self {
        Self::new()
    }
}
