//! Goroutine stacks: allocation, growth by copying, walking.

/// A P's cache of stacks.
#[derive(Debug)]
pub struct PerP {
    _none: u8,
}
