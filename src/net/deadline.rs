//! Deadlines of descriptors, on the runtime's timers.
//!
//! A descriptor has one timer. While there is a deadline to come the timer is armed, or about to
//! call [`look`], for the first one or for an earlier time. Most programs put a deadline off again
//! and again before it is over: then the timer stays where it is, and when it fires is armed for
//! what the deadline is by then. A timer that fires for a former life of its descriptor does no
//! harm either: it looks at the clock and the deadlines of today.

use super::desc::{EXPIRED, Mode, PollDesc, ready_all};
use crate::abi::Eface;
use crate::fatal::clock::nanotime;
use crate::sync::rank;
use crate::time::timers::{self, RustTimer};
use crate::world::Parked;
use core::sync::atomic::Ordering;

static LOOK: RustTimer = RustTimer::new(look);

const MODES: [Mode; 2] = [Mode::Read, Mode::Write];

/// Forgets all deadlines.
///
/// # Safety
/// `pd` is locked.
pub unsafe fn clear(pd: *mut PollDesc) {
    debug_assert!(rank::is_held(rank::DESCRIPTOR));
    // SAFETY: the caller's promise.
    unsafe {
        for deadline in &(*pd).deadline {
            deadline.store(0, Ordering::SeqCst);
        }
        arm(pd);
    }
}

/// Sets the deadline `d` (0: none; past or negative: over) for the modes asked for; answers the
/// goroutines that were too late.
///
/// # Safety
/// `pd` is locked and not closing.
pub unsafe fn set(pd: *mut PollDesc, d: i64, modes: [bool; 2]) -> [Option<Parked>; 2] {
    debug_assert!(rank::is_held(rank::DESCRIPTOR));
    // SAFETY: descriptors are never freed.
    debug_assert!(unsafe { !(*pd).closing.load(Ordering::SeqCst) });
    // SAFETY: the descriptor is ours while it is locked.
    unsafe {
        let d = if d != 0 && d <= nanotime() {
            EXPIRED
        } else {
            d
        };
        for (deadline, wanted) in (*pd).deadline.iter().zip(modes) {
            if wanted {
                deadline.store(d, Ordering::SeqCst);
            }
        }
        arm(pd);
        MODES.map(|mode| {
            if (*pd).deadline[mode as usize].load(Ordering::SeqCst) < 0 {
                (*pd).unblock(mode, false)
            } else {
                None
            }
        })
    }
}

/// Sees to it that the timer fires when the first deadline is over, or earlier.
///
/// # Safety
/// `pd` is locked.
unsafe fn arm(pd: *mut PollDesc) {
    debug_assert!(rank::is_held(rank::DESCRIPTOR));
    // SAFETY: the timer is the descriptor's, which is never freed; only who has locked that arms
    // and stops it.
    unsafe {
        let t = &raw mut (*pd).timer;
        let deadlines = (*pd).deadline.iter().map(|d| d.load(Ordering::SeqCst));
        let Some(when) = deadlines.filter(|&d| d > 0).min() else {
            timers::stop(t);
            return;
        };
        // One that was armed when we asked and is not any more waits for our lock.
        if timers::is_armed(t) {
            if (*t).when <= when {
                return;
            }
            timers::stop(t);
        }
        (*t).when = when;
        (*t).period = 0;
        (*t).f = LOOK.f();
        (*t).arg = Eface {
            typ: core::ptr::null(),
            data: pd.cast(),
        };
        timers::start(t);
    }
}

/// Timer function: a deadline of the descriptor may be over.
#[doc(alias = "netpollDeadline")]
#[doc(alias = "netpollReadDeadline")]
#[doc(alias = "netpollWriteDeadline")]
#[doc(alias = "netpolldeadlineimpl")]
unsafe fn look(pd: *mut u8, _seq: usize) {
    let pd: *mut PollDesc = pd.cast();
    // SAFETY: the timer's argument is a descriptor; these live for ever.
    unsafe {
        (*pd).lock.lock();
        let now = nanotime();
        let late = MODES.map(|mode| {
            let deadline = &(*pd).deadline[mode as usize];
            if !(1..=now).contains(&deadline.load(Ordering::SeqCst)) {
                return None;
            }
            deadline.store(EXPIRED, Ordering::SeqCst);
            (*pd).unblock(mode, false)
        });
        arm(pd);
        (*pd).lock.unlock();
        ready_all(late);
    }
}
