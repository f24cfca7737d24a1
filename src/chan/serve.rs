//! What a goroutine that waits on a channel finds done when it wakes.

use crate::abi::{Caller, Outcome, ResumeStep, Sys};
use crate::panic;
use crate::sync::rank;
use crate::world::sudog::{self, Sudog};

/// Records the result for a waiter that was taken off its queue and its element copied. `ok`: not
/// because the channel was closed. From then on no other thread uses its stack: see
/// src/stack/waiters.rs.
///
/// # Safety
/// `s` was claimed from its queue by the caller, who still holds the channel's lock.
pub(super) unsafe fn served(s: *mut Sudog, ok: bool) {
    debug_assert!(rank::is_held(rank::CHANNEL));
    // SAFETY: the caller has claimed it: the sudog is ours, and its goroutine stays parked until it
    // is readied.
    let (g, result, send, select) = unsafe {
        debug_assert!(!(*s).queued);
        ((*s).g, (*s).result, (*s).send, (*s).select)
    };
    if select {
        // Its resume step finds the case, writes the results and puts the sudogs back.
        // SAFETY: the same; a select's resume step reads both words, after it was readied.
        unsafe {
            (*s).ok = ok;
            (*g).param = s.cast();
        }
        return;
    }
    // SAFETY: the stack of a parked goroutine stays in place while the lock of the channel that it
    // waits for is held; where its call has a result, that lies in the area of its arguments.
    unsafe {
        if result != 0 {
            *((*g).sched.sp as *mut u8).add(result as usize) = u8::from(ok);
        }
        if send && !ok {
            (*g).resume = ResumeStep::new(resume_send_on_closed);
        }
        sudog::waits_no_more(g);
    }
}

/// A sender learns that its channel was closed while it waited.
///
/// # Safety
///
/// As a [`ResumeStep`] is called.
unsafe extern "C" fn resume_send_on_closed(caller: Caller<'_>, _arg: usize) -> Outcome {
    send_on_closed(caller.sys())
}

/// The panic of a send on a closed channel. Hold no lock.
pub(super) fn send_on_closed(sys: Sys<'_>) -> ! {
    panic::raise_str(sys, "send on closed channel")
}
