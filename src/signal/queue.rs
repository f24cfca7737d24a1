//! Signals on their way to package os/signal: from the handlers of all threads to the one goroutine
//! that receives them.
//!
//! A handler may not ready a goroutine: it notes the signal in [`PENDING`] and breaks the network
//! poller's wait. The thread that polls next finds the receiver and hands it to the scheduler
//! (`dispatch::outside`); the receiver takes one signal at a time. A signal that comes again before
//! it was received counts once.

use super::table::{self, NOTIFY};
use crate::abi::{Caller, G, Outcome, ResumeStep, Sys, args};
use crate::os::context::Context;
use crate::sched;
use crate::world::{Parked, Right, WaitReason};
use core::mem::offset_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// Signals of Linux, with room for number 64.
const SIGNALS: u32 = 65;
const WORDS: usize = SIGNALS.div_ceil(32) as usize;

/// Signals that the program asked for.
static WANTED: [AtomicU32; WORDS] = [const { AtomicU32::new(0) }; WORDS];
/// Signals that came and were not received yet.
static PENDING: [AtomicU32; WORDS] = [const { AtomicU32::new(0) }; WORDS];
/// The receiving goroutine while it is parked.
static RECEIVER: AtomicPtr<G> = AtomicPtr::new(null_mut());
/// Package os/signal is in use.
static IN_USE: AtomicBool = AtomicBool::new(false);

/// Package os/signal may have it. Not a fault: its instruction would be met again.
pub fn may_have(sig: u32, ctx: &Context) -> bool {
    ctx.code() <= 0 || table::flags(sig) & NOTIFY != 0
}

/// Queues signal `s` if the program asked for it; false if not: the caller does what the signal
/// does by default. In a signal handler.
#[doc(alias = "sigsend")]
pub(super) fn send(s: u32) -> bool {
    let (word, bit) = ((s / 32) as usize, 1 << (s % 32));
    if s >= SIGNALS || WANTED[word].load(Ordering::Relaxed) & bit == 0 {
        return false;
    }
    // SeqCst: the receiver announces itself, then looks here; we note the signal, then the thread
    // that polls looks for a receiver.
    PENDING[word].fetch_or(bit, Ordering::SeqCst);
    crate::sched::epoll::netpoll_break();
    true
}

/// Takes a pending signal.
fn take() -> Option<u32> {
    for (i, word) in PENDING.iter().enumerate() {
        let mut v = word.load(Ordering::SeqCst);
        while v != 0 {
            let bit = v.trailing_zeros();
            match word.compare_exchange(v, v & !(1 << bit), Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Some(i as u32 * 32 + bit),
                Err(now) => v = now,
            }
        }
    }
    None
}

fn pending() -> bool {
    PENDING.iter().any(|w| w.load(Ordering::SeqCst) != 0)
}

/// The receiver is parked.
pub fn receiver_waits() -> bool {
    !RECEIVER.load(Ordering::SeqCst).is_null()
}

/// The receiver is parked and has something to receive.
pub fn deliverable() -> bool {
    receiver_waits() && pending()
}

/// Package os/signal is in use: a program that only waits is not dead, for a signal may come.
fn in_use() -> bool {
    IN_USE.load(Ordering::Relaxed)
}

/// The receiver, if it has something to receive.
pub fn take_receiver() -> Option<Parked> {
    if !deliverable() {
        return None;
    }
    // SAFETY: `receive` has put the right into the word, and the swap takes it out.
    unsafe { Parked::from_word(RECEIVER.swap(null_mut(), Ordering::SeqCst)) }
}

/// Receives into `result`, or parks.
///
/// # Safety
///
/// `result` is the result of the call of `signal_recv` in which the goroutine is stopped.
unsafe fn receive(caller: Caller<'_>, result: *mut u32) -> Outcome {
    if let Some(s) = take() {
        // SAFETY: by the caller's promise a result of the call in which the goroutine is stopped.
        unsafe { *result = s };
        return Outcome::Return;
    }
    // SAFETY: the goroutine is stopped in this call: its resume step is ours to set.
    unsafe { (*caller.g()).resume = ResumeStep::new(resume) };
    let (parked, outcome) = sched::park(caller, WaitReason::SignalWait);
    RECEIVER.store(parked.into_raw(), Ordering::SeqCst);
    if let Some(parked) = take_receiver() {
        sched::ready(parked);
    }
    outcome
}

/// The receiver was readied: it tries again.
///
/// # Safety
///
/// As a [`ResumeStep`] is called, of a goroutine that parked in [`receive`].
unsafe extern "C" fn resume(caller: Caller<'_>, _arg: usize) -> Outcome {
    let result = caller.arguments() + offset_of!(args::runtime_signal_recv, r0);
    // SAFETY: the goroutine parked in `signal_recv`, whose result lies there in the area of its
    // arguments.
    unsafe { receive(caller, result as *mut u32) }
}

/// `runtime.signal_recv`.
pub fn signal_recv(sys: Sys<'_>, a: &mut args::runtime_signal_recv) -> Outcome {
    // SAFETY: the result of this very call.
    unsafe { receive(sys.caller(), &raw mut a.r0) }
}

fn want(s: u32, wanted: bool) -> bool {
    if s >= SIGNALS {
        return false;
    }
    let (word, bit) = (&WANTED[(s / 32) as usize], 1 << (s % 32));
    if wanted {
        word.fetch_or(bit, Ordering::SeqCst);
    } else {
        word.fetch_and(!bit, Ordering::SeqCst);
    }
    true
}

/// `runtime.signal_enable`. The first call, for signal 0, only says that the package is in use.
pub fn signal_enable(_: Sys<'_>, a: &mut args::runtime_signal_enable) {
    if !IN_USE.swap(true, Ordering::Relaxed) {
        return;
    }
    if want(a.s, true) {
        super::actions::enable(a.s);
    }
}

/// `runtime.signal_disable`.
pub fn signal_disable(_: Sys<'_>, a: &mut args::runtime_signal_disable) {
    if want(a.s, false) {
        super::actions::disable(a.s);
    }
}

/// `runtime.signal_ignore`.
pub fn signal_ignore(_: Sys<'_>, a: &mut args::runtime_signal_ignore) {
    if want(a.s, false) {
        super::actions::ignore(a.s);
    }
}

/// Somebody waits for signals, so the program is not dead.
pub fn keeps_alive() -> bool {
    in_use()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_signals_are_queued_once_and_taken_in_order() {
        assert!(!send(12), "nobody asked for it");
        assert!(want(12, true) && want(40, true) && want(64, true));
        assert!(!want(65, true) && !send(65));
        assert!(send(40) && send(12) && send(12) && send(64));
        assert!(pending() && !deliverable(), "nobody receives");
        assert_eq!(
            [take(), take(), take(), take()],
            [Some(12), Some(40), Some(64), None]
        );
        assert!(want(12, false) && !send(12));
    }
}
