//! A one-shot event between two threads: one sleeps, one wakes it. Who signals before the other
//! sleeps, or while it still looks, makes no system call.
//!
//! [`SharedNote`] is the same for several that sleep.

use super::futex;
use crate::sync::atomic::{AtomicU32, Ordering, fence_after_locked};

/// Not signalled.
const NOT_YET: u32 = 0;
/// Signalled.
const SIGNALLED: u32 = 1;
/// Not signalled, and the sleeper is in the kernel or on its way there.
const ASLEEP: u32 = 2;

/// One of the three above.
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

    /// The note that lies in `word`, which is used as nothing else.
    pub fn of(word: &AtomicU32) -> &Self {
        let note = core::ptr::from_ref(word).cast::<Self>();
        // SAFETY: a `Note` is a transparent `AtomicU32`.
        unsafe { &*note }
    }

    /// Forgets an earlier signal. Nobody may be sleeping.
    #[doc(alias = "noteclear")]
    pub fn clear(&self) {
        self.0.store(NOT_YET, Ordering::Relaxed);
    }

    /// Signals. It releases, which pairs with the sleeper's Acquire: what was written before is
    /// seen after.
    #[doc(alias = "notewakeup")]
    pub fn wakeup(&self) {
        if self.0.swap(SIGNALLED, Ordering::SeqCst) == ASLEEP {
            futex::wake(&self.0, 1);
        }
    }

    /// Sleeps until signalled.
    #[doc(alias = "notesleep")]
    pub fn sleep(&self) {
        while !self.says_asleep() {
            futex::sleep(&self.0, ASLEEP, -1);
        }
    }

    /// The word says that the sleeper sleeps, unless it is signalled already: true.
    fn says_asleep(&self) -> bool {
        // Acquire pairs with the signal; who signals later finds ASLEEP in the word and wakes.
        let was = self
            .0
            .compare_exchange(NOT_YET, ASLEEP, Ordering::Relaxed, Ordering::Acquire);
        was == Err(SIGNALLED)
    }

    /// Sleeps until signalled or for `ns` nanoseconds; true if signalled.
    pub fn sleep_for(&self, ns: i64) -> bool {
        let end = crate::fatal::clock::nanotime().saturating_add(ns);
        while !self.says_asleep() {
            let left = end - crate::fatal::clock::nanotime();
            if left <= 0 {
                // Nobody sleeps any more. If it was signalled meanwhile the word stays.
                let was =
                    self.0
                        .compare_exchange(ASLEEP, NOT_YET, Ordering::Relaxed, Ordering::Acquire);
                return was.is_err();
            }
            futex::sleep(&self.0, ASLEEP, left);
        }
        true
    }

    /// Looks for up to `ns` nanoseconds whether it was signalled, on the processor: who signals
    /// meanwhile need not wake anybody, and is answered in the time that a cache line takes. True
    /// if signalled.
    pub fn spin_for(&self, ns: i64) -> bool {
        let end = crate::fatal::clock::nanotime().saturating_add(ns);
        while self.0.load(Ordering::Acquire) != SIGNALLED {
            if crate::fatal::clock::nanotime() >= end {
                return false;
            }
            core::hint::spin_loop();
        }
        true
    }
}

impl Default for Note {
    fn default() -> Self {
        Self::new()
    }
}

/// An event for which several threads wait: a signal wakes all of them. The first that forgets it
/// has had it; the others sleep on.
#[derive(Debug)]
pub struct SharedNote {
    /// [`SIGNALLED`] or [`NOT_YET`].
    word: AtomicU32,
    pub(super) sleepers: AtomicU32,
}

impl SharedNote {
    crate::constructor! {
        /// Not signalled yet.
        pub fn new() -> Self {
            Self {
                word: AtomicU32::new(0),
                sleepers: AtomicU32::new(0),
            }
        }
    }

    /// Forgets an earlier signal. Ordered before whatever the caller looks at next: what it was
    /// signalled for.
    pub fn clear(&self) {
        self.word.swap(NOT_YET, Ordering::SeqCst);
    }

    /// It was signalled.
    pub fn is_set(&self) -> bool {
        self.word.load(Ordering::SeqCst) == SIGNALLED
    }

    /// Signals. Callable from a signal handler.
    pub fn wakeup(&self) {
        // A sleeper counts, and then looks at the word. One of the two sees the other.
        let before = self.word.swap(SIGNALLED, Ordering::SeqCst);
        fence_after_locked();
        if before == NOT_YET && self.sleepers.load(Ordering::SeqCst) != 0 {
            futex::wake(&self.word, i32::MAX as u32);
        }
    }

    /// Sleeps until signalled or for `ns` nanoseconds.
    pub fn sleep_for(&self, ns: i64) {
        let end = crate::fatal::clock::nanotime().saturating_add(ns);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        fence_after_locked();
        while !self.is_set() {
            let left = end - crate::fatal::clock::nanotime();
            if left <= 0 {
                break;
            }
            futex::sleep(&self.word, NOT_YET, left);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Default for SharedNote {
    fn default() -> Self {
        Self::new()
    }
}
