//! Face of `chan`.

/// A P's share.
#[derive(Debug)]
pub struct PerP {
    _none: u8,
}

/// Adjusts sudogs of a moved stack.
///
/// # Safety
/// The goroutine is stopped.
pub unsafe fn adjust_sudogs(_g: *mut crate::abi::G, _lo: usize, _hi: usize, _delta: usize) {}
