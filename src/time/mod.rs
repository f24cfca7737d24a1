//! Clocks and timers.

pub mod clock;

/// A P's timers.
#[derive(Debug)]
pub struct PerP {
    _none: u8,
}
