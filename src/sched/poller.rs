//! The one thread that waits in the network poller, until the first of all timers is due, for all
//! others.
//!
//! A thread that arms a timer which is the first of its heap publishes that, and then asks whether
//! a thread waits, and until when ([`Poller::announce`]). The thread that is to wait says so, then
//! looks at the timers, says until when it will wait, and looks at them once more
//! ([`Poller::claim`], [`Poller::until`]). So the waiter sees the timer, or the thread that arms it
//! sees the waiter and breaks the wait. A break is never lost: one that comes early ends the next
//! wait.

use crate::sync::atomic::{
    AtomicI64, AtomicU32,
    Ordering::{Relaxed, SeqCst},
    fence_after_locked,
};

/// The waiting thread.
#[derive(Debug)]
pub struct Poller {
    waits: AtomicU32,
    /// Until when; `i64::MAX`: for ever, or it has not said yet.
    until: AtomicI64,
}

impl Default for Poller {
    fn default() -> Self {
        Self::new()
    }
}

impl Poller {
    crate::constructor! {
        /// No thread waits.
        pub fn new() -> Self {
            Self {
                waits: AtomicU32::new(0),
                until: AtomicI64::new(i64::MAX),
            }
        }
    }

    /// A thread waits, or is about to.
    #[inline]
    pub fn waits(&self) -> bool {
        self.waits.load(SeqCst) != 0
    }

    /// This thread is the one that waits, if no other is.
    pub fn claim(&self) -> bool {
        let claimed = self.waits.compare_exchange(0, 1, SeqCst, Relaxed).is_ok();
        fence_after_locked();
        claimed
    }

    /// After [`Poller::claim`]: until when to wait. `next` tells when the first timer is due.
    pub fn until(&self, next: impl Fn() -> i64) -> i64 {
        let first = next();
        self.until.store(first, SeqCst);
        fence_after_locked();
        next().min(first)
    }

    /// The wait is over. A thread that armed an earlier timer meanwhile has announced it to us: the
    /// caller looks at the timers after this.
    pub fn leave(&self) {
        self.until.store(i64::MAX, SeqCst);
        self.waits.store(0, SeqCst);
        fence_after_locked();
    }

    /// After publishing that a timer is due at `when`: `None` if no thread waits, else whether the
    /// wait ends too late and has to be broken.
    pub fn announce(&self, when: i64) -> Option<bool> {
        fence_after_locked();
        self.waits().then(|| when < self.until.load(SeqCst))
    }
}
