//! What a goroutine that waits on a channel finds done when it wakes.

use crate::abi::{Caller, Outcome, ResumeStep, Sys};
use crate::panic;
use crate::sync::rank;
use crate::world::sudog::{self, Sudog};

/// Records the result for a waiter that was taken off its queue and its element copied. `ok`: not
/// because the channel was closed. From then on no other thread uses its stack: see
/// [`crate::stack::waiters`].
///
/// # Safety
/// `s` was claimed from its queue by the caller, who still holds the channel's lock.
pub(super) unsafe fn served(s: *mut Sudog, ok: bool) {
    // SAFETY: a claimed goroutine stays parked until it is readied, and its stack in place while
    // the lock is held.
    unsafe {
        debug_assert!(!(*s).queued && rank::is_held(rank::CHANNEL));
        let g = (*s).g;
        if (*s).select {
            // Its resume step finds the case, writes the results and puts the sudogs back.
            (*s).ok = ok;
            (*g).param = s.cast();
            return;
        }
        if (*s).result != 0 {
            *((*g).sched.sp as *mut u8).add((*s).result as usize) = u8::from(ok);
        }
        if (*s).send && !ok {
            (*g).resume = ResumeStep::new(resume_send_on_closed);
        }
        sudog::waits_no_more(g);
    }
}

/// A sender learns that its channel was closed while it waited.
unsafe extern "C" fn resume_send_on_closed(caller: Caller<'_>, _arg: usize) -> Outcome {
    send_on_closed(caller.sys())
}

/// The panic of a send on a closed channel. Hold no lock.
pub fn send_on_closed(sys: Sys<'_>) -> ! {
    panic::raise_str(sys, "send on closed channel")
}
