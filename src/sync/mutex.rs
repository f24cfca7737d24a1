//! The runtime's lock: a futex word with bounded spinning ([`super::backoff`]).
//!
//! States: 0 free, 1 held, 2 held with sleepers. The holder must not park a goroutine or run Go
//! code. Which locks may be taken while others are held: [`super::rank`], whose number is part of
//! the type.

use super::futex;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::backoff::Backoff;
use crate::sync::rank;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

/// Times away before sleeping, some 10 microseconds: more burn CPU when the holder was descheduled.
/// Who was woken stays away first, too: to sleep again at once would make the holder wake it again
/// at its next `unlock`, with a system call for each operation.
const ROUNDS: u32 = 5;

/// A lock without data, for structures that lie in shared memory.
#[doc(alias = "mutex")]
#[repr(transparent)]
#[derive(Debug)]
pub struct RawMutex<const RANK: u8 = { rank::ANY }> {
    word: AtomicU32,
}

impl<const RANK: u8> RawMutex<RANK> {
    crate::constructor! {
        /// A free lock.
        pub fn new() -> Self {
            Self {
                word: AtomicU32::new(0),
            }
        }
    }

    /// Takes the lock.
    #[inline]
    pub fn lock(&self) {
        rank::wanted(RANK);
        // Acquire pairs with the Release in `unlock`.
        if self
            .word
            .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            lock_slow(&self.word);
        }
        rank::taken(RANK);
    }

    /// Takes the lock if it is free.
    #[inline]
    pub fn try_lock(&self) -> bool {
        let taken = self
            .word
            .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .is_ok();
        if taken {
            rank::taken(RANK);
        }
        taken
    }

    /// Gives the lock back. The caller must hold it.
    #[inline]
    pub fn unlock(&self) {
        rank::given(RANK);
        let was = self.word.swap(0, Ordering::Release);
        debug_assert!(was != 0, "nobody holds it");
        if was == 2 {
            futex::wake(&self.word, 1);
        }
    }
}

/// Takes the lock of a word. One copy for all ranks.
#[cold]
fn lock_slow(word: &AtomicU32) {
    // Once this thread has slept others may sleep, too, and the word must say so when it has the
    // lock.
    let mut held = 1;
    while !lock_awake(word, held) {
        // From here on the word says "sleepers": a thread that acquires the lock this way may wake
        // one too many, never one too few.
        if word.swap(2, Ordering::Acquire) == 0 {
            return;
        }
        futex::sleep(word, 2, -1);
        held = 2;
    }
}

/// Tries for a while, with times away between; `held` is what the word says then. Not part of
/// [`lock_slow`], whose frame lies under the deepest calls of leaf functions.
#[inline(never)]
fn lock_awake(word: &AtomicU32, held: u32) -> bool {
    let mut backoff = Backoff::new(ROUNDS);
    while backoff.stay_away() {
        if word.load(Ordering::Relaxed) == 0
            && word
                .compare_exchange(0, held, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        {
            return true;
        }
    }
    false
}

impl<const RANK: u8> Default for RawMutex<RANK> {
    fn default() -> Self {
        Self::new()
    }
}

/// A lock around its data.
#[derive(Debug)]
pub struct Mutex<T, const RANK: u8 = { rank::ANY }> {
    raw: RawMutex<RANK>,
    data: UnsafeCell<T>,
}

// SAFETY: the data is only reached through the lock; raw pointers in it are the runtime's own
// structures, not tied to a thread.
unsafe impl<T, const RANK: u8> Sync for Mutex<T, RANK> {}
// SAFETY: a lock is a word, and its data is no thread's.
unsafe impl<T, const RANK: u8> Send for Mutex<T, RANK> {}

impl<T, const RANK: u8> Mutex<T, RANK> {
    crate::constructor! {
        /// A free lock around `data`.
        pub fn new(data: T) -> Self {
            Self {
                raw: RawMutex::new(),
                data: UnsafeCell::new(data),
            }
        }
    }

    /// Takes the lock until the guard is dropped.
    #[inline]
    pub fn lock(&self) -> Guard<'_, T, RANK> {
        self.raw.lock();
        Guard { lock: self }
    }

    /// The data without the lock, for a dying thread that may hold it.
    ///
    /// # Safety
    /// The data must be readable while others change it: plain numbers, and pointers to what is
    /// never freed.
    pub unsafe fn peek(&self) -> &T {
        let data = self.data.get();
        // SAFETY: the caller says that the data can be read while others change it.
        unsafe { &*data }
    }

    /// Takes the lock if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<Guard<'_, T, RANK>> {
        self.raw.try_lock().then(|| Guard { lock: self })
    }
}

/// Holds a [`Mutex`].
#[derive(Debug)]
pub struct Guard<'a, T, const RANK: u8 = { rank::ANY }> {
    lock: &'a Mutex<T, RANK>,
}

impl<T, const RANK: u8> Deref for Guard<'_, T, RANK> {
    type Target = T;
    fn deref(&self) -> &T {
        let data = self.lock.data.get();
        // SAFETY: the guard proves that we hold the lock.
        unsafe { &*data }
    }
}

impl<T, const RANK: u8> DerefMut for Guard<'_, T, RANK> {
    fn deref_mut(&mut self) -> &mut T {
        let data = self.lock.data.get();
        // SAFETY: the guard proves that we hold the lock, and is borrowed for as long.
        unsafe { &mut *data }
    }
}

impl<T, const RANK: u8> Drop for Guard<'_, T, RANK> {
    fn drop(&mut self) {
        self.lock.raw.unlock();
    }
}
