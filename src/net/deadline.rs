//! Deadlines of descriptors, on the runtime's timers.
//!
//! A descriptor has one timer. While there is a deadline to come the timer is armed, or about to
//! call [`look`], for the first one or for an earlier time. Most programs put a deadline off again
//! and again before it is over: then the timer stays where it is, and when it fires is armed for
//! what the deadline is by then. A timer that fires for a former life of its descriptor does no
//! harm either: it looks at the clock and the deadlines of today.

use super::desc::{EXPIRED, Mode, PollDesc, desc, ready_all};
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
pub(super) unsafe fn clear(pd: &'static PollDesc) {
    debug_assert!(rank::is_held(rank::DESCRIPTOR));
    for deadline in &pd.deadline {
        deadline.store(0, Ordering::SeqCst);
    }
    // SAFETY: by the caller's promise the descriptor is locked.
    unsafe { arm(pd) };
}

/// Sets the deadline `d` (0: none; past or negative: over) for the modes asked for; answers the
/// goroutines that were too late.
///
/// # Safety
/// `pd` is locked and not closing.
pub(super) unsafe fn set(pd: &'static PollDesc, d: i64, modes: [bool; 2]) -> [Option<Parked>; 2] {
    debug_assert!(rank::is_held(rank::DESCRIPTOR));
    debug_assert!(!pd.closing.load(Ordering::SeqCst));
    let d = if d != 0 && d <= nanotime() {
        EXPIRED
    } else {
        d
    };
    for (deadline, wanted) in pd.deadline.iter().zip(modes) {
        if wanted {
            deadline.store(d, Ordering::SeqCst);
        }
    }
    // SAFETY: by the caller's promise the descriptor is locked.
    unsafe { arm(pd) };
    MODES.map(|mode| {
        if pd.deadline[mode as usize].load(Ordering::SeqCst) < 0 {
            pd.unblock(mode, false)
        } else {
            None
        }
    })
}

/// Sees to it that the timer fires when the first deadline is over, or earlier.
///
/// # Safety
/// `pd` is locked.
unsafe fn arm(pd: &'static PollDesc) {
    debug_assert!(rank::is_held(rank::DESCRIPTOR));
    let t = pd.timer.get();
    let deadlines = pd.deadline.iter().map(|d| d.load(Ordering::SeqCst));
    let first = deadlines.filter(|&d| d > 0).min();
    // SAFETY: the timer is the descriptor's, which is never freed; only who has locked that arms
    // and stops it, and only of one that is not armed the fields are written.
    unsafe {
        let Some(when) = first else {
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
            data: (&raw const *pd).cast_mut().cast(),
        };
        timers::start(t);
    }
}

/// Timer function: a deadline of the descriptor may be over.
///
/// # Safety
///
/// As the function of a timer that [`arm`] has armed is called: with the descriptor as argument.
#[doc(alias = "netpollDeadline")]
#[doc(alias = "netpollReadDeadline")]
#[doc(alias = "netpollWriteDeadline")]
#[doc(alias = "netpolldeadlineimpl")]
unsafe fn look(pd: *mut u8, _seq: usize) {
    // SAFETY: the timer's argument is a descriptor, as the caller promises.
    let pd = unsafe { desc(pd.expose_provenance()) };
    pd.lock.lock();
    let now = nanotime();
    let late = MODES.map(|mode| {
        let deadline = &pd.deadline[mode as usize];
        if !(1..=now).contains(&deadline.load(Ordering::SeqCst)) {
            return None;
        }
        deadline.store(EXPIRED, Ordering::SeqCst);
        pd.unblock(mode, false)
    });
    // SAFETY: the lock of the descriptor is held here.
    unsafe { arm(pd) };
    pd.lock.unlock();
    ready_all(late);
}
