//! The watchdog: a dying process ends.
//!
//! While the values of an uncaught panic are shown Go code runs, which may hang. Afterwards something of ours may: a lock that is never free, a standard error
//! that nobody reads. The thread to notice that may be any, and may itself wait for what never comes, so the kernel watches: its timer sends SIGALRM when
//! the time is up, and the handler ([`rang`]) ends the process.

use super::{dying, godebug, out};
use crate::os::sys;
use crate::time::clock::nanotime;
use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// When the time is up; 0: nobody is watched.
static END: AtomicI64 = AtomicI64::new(0);
/// What had been written when it was set.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

const NS_PER_MS: i64 = 1_000_000;

/// What a SIGALRM is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// Not ours, or not ours yet.
    Other,
    /// A sign of life came in time.
    Early,
    /// A method of an uncaught panic's value has not returned.
    Method,
}

/// The time that the program has from now on for the next sign of life.
fn limit_ns() -> i64 {
    i64::from(godebug::DYING_LIMIT.get()) * NS_PER_MS
}

fn set_end() {
    WRITTEN.store(out::written(), Ordering::Relaxed);
    END.store(nanotime() + limit_ns(), Ordering::Release);
}

/// Watches from now on: when the program begins to die, and once more when the world is frozen. Without a timer, should the kernel have none to give, nobody does.
pub fn begin() {
    if limit_ns() <= 0 {
        return;
    }
    let rings = END.load(Ordering::Relaxed) != 0;
    set_end();
    // The same thread may have to hear it: it may be the only one.
    crate::signal::listen(libc::SIGALRM as u32);
    if !rings {
        sys::ring_every(limit_ns());
    }
}

/// The meaning of a SIGALRM. Does not return if the process has given no sign of life.
pub fn rang() -> Alarm {
    let end = END.load(Ordering::Acquire);
    // The timer's last turn was set before the last sign of life; a quarter of it is no reason to wait a whole one more.
    if end == 0 || nanotime() < end - limit_ns() / 4 {
        return Alarm::Other;
    }
    if !dying::is_dying() {
        return Alarm::Method;
    }
    if out::written() == WRITTEN.load(Ordering::Relaxed) {
        sys::exit(2);
    }
    set_end();
    Alarm::Early
}
