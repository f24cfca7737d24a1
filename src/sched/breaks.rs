//! Breaks of a wait for what happens outside the program: none is lost, whether a descriptor set
//! exists to wait in or not, and whichever thread waits.
//!
//! Without a set threads wait on a note, in a set on a descriptor of its own, which stays readable
//! until the break is taken. A thread that breaks the wait first signals the note, and then asks
//! whether the set exists; one that waits asks whether the set exists and then looks at the note.
//! So a break by a thread that took a new set for missing is found there.
//!
//! Several threads may wait. The one that takes a break looks at whatever breaks are made for, and
//! passes it on if another may have been meant.

use crate::sync::atomic::{AtomicBool, Ordering::SeqCst};
use crate::sync::note::SharedNote;

/// The descriptor set and the descriptor that breaks a wait in it.
pub trait Set {
    /// It exists. Sequentially consistent, like what makes it exist.
    fn exists(&self) -> bool;
    /// Makes the descriptor readable.
    fn write(&self);
    /// Makes it unreadable.
    fn read(&self);
}

/// Whether there is a break that nobody has taken.
#[derive(Debug)]
pub struct Breaks {
    note: SharedNote,
    /// The descriptor is readable, or is about to be.
    pending: AtomicBool,
}

impl Default for Breaks {
    fn default() -> Self {
        Self::new()
    }
}

impl Breaks {
    crate::constructor! {
        /// None.
        pub fn new() -> Self {
            Self {
                note: SharedNote::new(),
                pending: AtomicBool::new(false),
            }
        }
    }

    /// Makes the wait that is under way, or the next one, end at once. Callable from a signal
    /// handler.
    pub fn request(&self, set: &impl Set) {
        self.note.wakeup();
        // Pairs with the exchange in `take`: who finds a break pending has published what it is for
        // before that one is taken, and the taker looks after that.
        if set.exists() && !self.pending.swap(true, SeqCst) {
            set.write();
        }
    }

    /// The set exists from now on: who waits without it is to wait there.
    pub fn set_made(&self) {
        self.note.wakeup();
    }

    /// The descriptor is new: no break has made it readable.
    pub fn descriptor_made(&self) {
        self.pending.store(false, SeqCst);
    }

    /// Before a wait in the set: a break was made by a thread that found none, or is being made.
    /// It counts as taken on the note's side.
    pub fn early(&self) -> bool {
        let set = self.note.is_set();
        if set {
            self.note.clear();
        }
        set
    }

    /// A wait in the set has found the descriptor readable.
    pub fn take(&self, set: &impl Set) {
        set.read();
        self.note.clear();
        self.pending.swap(false, SeqCst);
    }

    /// Waits without a set, up to `ns` nanoseconds.
    pub fn sleep_for(&self, ns: i64) {
        self.note.sleep_for(ns);
        self.note.clear();
    }
}
