//! Clocks and timers.

use crate::sched::P;

pub mod clock;

/// A P's timers.
#[derive(Debug)]
pub struct PerP {
    _none: u8,
}

/// At boot.
pub fn init() {}
/// `p` has timers that are due.
pub fn pending(_p: *mut P) -> bool {
    false
}
/// Runs the timers of `p` that are due.
///
/// # Safety
/// On g0.
pub unsafe fn check(_p: *mut P) {}
/// When the next timer of all is due.
pub fn next_when() -> i64 {
    i64::MAX
}
/// Moves the timers of a P that goes away.
///
/// # Safety
/// The world is stopped.
pub unsafe fn move_all(_from: *mut P, _to: *mut P) {}
