//! Who waits for one direction of a descriptor: one word.
//!
//! | word | meaning | goes to |
//! |---|---|---|
//! | NIL | nobody waits, nothing happened | WAIT by the goroutine, READY by the poller |
//! | READY | it happened, nobody has taken notice | NIL by the goroutine |
//! | WAIT | a goroutine is about to park | itself by the goroutine; READY by the poller, NIL by a deadline or closing |
//! | an address | that goroutine is parked | READY by the poller, NIL by a deadline or closing |
//!
//! Who replaces a goroutine readies it, once. A goroutine says that it will wait
//! ([`Waiter::begin`]), then looks whether the descriptor was closed or is late; who closes it or
//! is a deadline says that first and then looks for the goroutine ([`Waiter::unblock`]). One of
//! them sees the other.

use crate::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, SeqCst},
    fence_after_locked,
};

const NIL: usize = 0;
#[doc(alias = "pdReady")]
const READY: usize = 1;
#[doc(alias = "pdWait")]
const WAIT: usize = 2;

/// The word. Zero at first.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Waiter(AtomicUsize);

/// What [`Waiter::begin`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// The goroutine waits now, unless it finds a reason not to.
    Waits,
    /// It happened already.
    Happened,
    /// Somebody waits already.
    Taken,
}

impl Waiter {
    /// Forgets what happened. Nobody waits.
    pub fn reset(&self) {
        self.0.store(NIL, SeqCst);
    }

    /// A goroutine is parked.
    pub fn blocked(&self) -> bool {
        self.0.load(SeqCst) > READY
    }

    /// The parked goroutine, if one is.
    #[allow(
        dead_code,
        reason = "the models compile this file and walk no descriptor"
    )]
    pub(crate) fn parked(&self) -> Option<usize> {
        Some(self.0.load(SeqCst)).filter(|&word| word > WAIT)
    }

    /// A goroutine is about to wait. Ordered before whatever the caller looks at after it.
    pub fn begin(&self) -> Begin {
        match self.0.compare_exchange(NIL, WAIT, SeqCst, SeqCst) {
            Ok(_) => {
                fence_after_locked();
                Begin::Waits
            }
            Err(READY) => {
                self.0.store(NIL, SeqCst);
                Begin::Happened
            }
            Err(_) => Begin::Taken,
        }
    }

    /// The goroutine does not wait after all, or was woken: forgets what happened, and answers
    /// whether it did.
    pub fn end(&self) -> bool {
        self.0.swap(NIL, SeqCst) == READY
    }

    /// The goroutine has parked. False: it is too late, nobody saw it, and it is the caller's to
    /// ready.
    #[doc(alias = "netpollblockcommit")]
    pub fn park(&self, g: usize) -> bool {
        debug_assert!(g > WAIT);
        self.0.compare_exchange(WAIT, g, SeqCst, SeqCst).is_ok()
    }

    /// It happened (`ready`), or there is no point in waiting any longer, which the caller has
    /// published. Answers the goroutine that the caller is to ready, or 0.
    pub fn unblock(&self, ready: bool) -> usize {
        fence_after_locked();
        let mut old = self.0.load(SeqCst);
        loop {
            if old == READY || (old == NIL && !ready) {
                return 0;
            }
            let new = if ready { READY } else { NIL };
            match self.0.compare_exchange(old, new, SeqCst, Relaxed) {
                Err(now) => old = now,
                Ok(_) if old == NIL || old == WAIT => return 0,
                Ok(_) => return old,
            }
        }
    }
}
