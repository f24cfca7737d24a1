//! Deadlines of descriptors, on the runtime's timers.

use super::desc::{EXPIRED, Mode, PollDesc, ready_all};
use crate::abi::{Eface, G};
use crate::time::clock::nanotime;
use crate::time::timers;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

const MODES: [Mode; 2] = [Mode::Read, Mode::Write];

/// Forgets all deadlines.
///
/// # Safety
/// `pd` is locked.
pub unsafe fn clear(pd: *mut PollDesc) {
    // SAFETY: the timers are the descriptor's. One that is firing right now finds an old `seq`.
    unsafe {
        (*pd).seq += 1;
        for i in 0..2 {
            timers::stop(&raw mut (*pd).timer[i]);
        }
    }
}

/// Sets the deadline `d` (0: none; past or negative: over) for the modes asked for; answers the goroutines that were too late.
///
/// # Safety
/// `pd` is locked and not closing.
pub unsafe fn set(pd: *mut PollDesc, d: i64, modes: [bool; 2]) -> [*mut G; 2] {
    // SAFETY: the descriptor is ours while it is locked.
    unsafe {
        clear(pd);
        let d = if d != 0 && d <= nanotime() {
            EXPIRED
        } else {
            d
        };
        let deadlines = &(*pd).deadline;
        for (deadline, wanted) in deadlines.iter().zip(modes) {
            if wanted {
                deadline.store(d, Ordering::SeqCst);
            }
        }
        let when = [0, 1].map(|i| (*pd).deadline[i].load(Ordering::SeqCst));
        if when[0] > 0 && when[0] == when[1] {
            arm(pd, 0, when[0], 3);
        } else {
            for (i, when) in when.into_iter().enumerate() {
                if when > 0 {
                    arm(pd, i, when, 1 + i);
                }
            }
        }
        let late = |i: usize| {
            if when[i] < 0 {
                (*pd).unblock(MODES[i], false)
            } else {
                null_mut()
            }
        };
        [late(0), late(1)]
    }
}

/// Arms timer `i` to call the internal timer function number `f`.
unsafe fn arm(pd: *mut PollDesc, i: usize, when: i64, f: usize) {
    // SAFETY: the timer is not armed: `clear` came before. The descriptor is never freed.
    unsafe {
        let t = &raw mut (*pd).timer[i];
        (*t).when = when;
        (*t).period = 0;
        (*t).f = timers::internal(f);
        (*t).arg = Eface {
            typ: core::ptr::null(),
            data: pd.cast(),
        };
        (*t).seq = (*pd).seq;
        timers::start(t);
    }
}

unsafe fn expired(pd: *mut PollDesc, seq: usize, modes: [bool; 2]) {
    // SAFETY: descriptors live for ever.
    unsafe {
        (*pd).lock.lock();
        let mut gs = [null_mut(); 2];
        if seq == (*pd).seq {
            for i in 0..2 {
                if modes[i] {
                    (*pd).deadline[i].store(EXPIRED, Ordering::SeqCst);
                    gs[i] = (*pd).unblock(MODES[i], false);
                }
            }
        }
        (*pd).lock.unlock();
        ready_all(gs);
    }
}

/// Timer function: the deadline for reading is over.
pub(crate) unsafe fn read_expired(pd: *mut u8, seq: usize) {
    // SAFETY: the timer's argument is a descriptor.
    unsafe { expired(pd.cast(), seq, [true, false]) }
}

/// Timer function: the deadline for writing is over.
pub(crate) unsafe fn write_expired(pd: *mut u8, seq: usize) {
    // SAFETY: the timer's argument is a descriptor.
    unsafe { expired(pd.cast(), seq, [false, true]) }
}

/// Timer function: the deadline for both is over.
pub(crate) unsafe fn both_expired(pd: *mut u8, seq: usize) {
    // SAFETY: the timer's argument is a descriptor.
    unsafe { expired(pd.cast(), seq, [true, true]) }
}
