//! The watchdog: a dying process ends.
//!
//! While the values of an uncaught panic are printed, Go code runs, which may hang. Afterwards the
//! runtime itself may hang: on a lock that is never released, or on a standard error that no
//! process reads (that one also while the values are written). Any thread may hang, so no thread
//! can be relied upon to notice it: a kernel timer sends SIGALRM when the time is up, and the
//! handler ([`rang`]) ends the process.

use crate::config::godebug;
use crate::fatal;
use crate::fatal::clock::nanotime;
use crate::fatal::out::{self, WATCHED, watched};
use crate::os::sys;
use crate::os::timer::{Clock, Interval, Timer, To};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What had been written when it was set.
static WRITTEN: AtomicU64 = AtomicU64::new(0);
/// A value is being written: a program that makes no progress waits for the reader of its standard
/// error.
static WRITING: AtomicBool = AtomicBool::new(false);

/// The timer is one that the program may have set, too.
static SHARED: AtomicBool = AtomicBool::new(false);

const NS_PER_MS: i64 = 1_000_000;

/// The time that the program has from now on for the next sign of life.
fn limit_ns() -> i64 {
    i64::from(godebug::DYING_LIMIT.get()) * NS_PER_MS
}

fn set_end() {
    WRITTEN.store(out::written(), Ordering::Relaxed);
    WATCHED.store(nanotime() + limit_ns(), Ordering::Release);
}

/// Watches from now on: when the program begins to die, and once more when the world is frozen.
pub(super) fn begin() {
    if limit_ns() <= 0 {
        return;
    }
    let rings = watched();
    set_end();
    // The same thread may have to hear it: it may be the only one.
    crate::os::signal::listen(libc::SIGALRM as u32);
    if !rings {
        ring();
    }
}

/// Starts the timer. Where no more signals may be queued, or a filter refuses it, that is the one
/// of which the process has only one, which the program may use.
fn ring() {
    let every = limit_ns() as u64;
    let set = |timer: Timer| timer.set(nanotime() as u64 + every, every);
    if !Timer::new(Clock::MONOTONIC, To::Process, libc::SIGALRM).is_some_and(set) {
        SHARED.store(true, Ordering::Relaxed);
        Interval::Real.set(every / 1000, every / 1000);
    }
}

/// A SIGALRM with this code is the timer's: those that somebody sends, and those of the program's
/// own timer, have another.
pub fn rings_with(code: i32) -> bool {
    watched()
        && (code == libc::SI_TIMER || (code == libc::SI_KERNEL && SHARED.load(Ordering::Relaxed)))
}

/// The value of an uncaught panic, or part of it, is written by `f`. Methods of values get their
/// time without that.
pub fn writing(f: impl FnOnce()) {
    let change = |to| {
        WRITING.store(to, Ordering::Relaxed);
        if watched() {
            set_end();
        }
    };
    change(true);
    f();
    change(false);
}

/// The timer's SIGALRM. True: a method of an uncaught panic's value has not returned in time. Does
/// not return if the process writes and nobody reads, or is dying and gives no sign of life.
pub fn rang() -> bool {
    let end = WATCHED.load(Ordering::Acquire);
    // The timer's last turn was set before the last sign of life; a quarter of it is no reason to
    // wait a whole one more.
    if nanotime() < end - limit_ns() / 4 {
        return false;
    }
    if !WRITING.load(Ordering::Relaxed) && !fatal::dying() {
        return true;
    }
    if out::written() == WRITTEN.load(Ordering::Relaxed) {
        sys::exit(2);
    }
    set_end();
    false
}
