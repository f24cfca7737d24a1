//! Face of `chan`.

/// A P's share.
#[derive(Debug)]
pub struct PerP {
    _none: u8,
}
