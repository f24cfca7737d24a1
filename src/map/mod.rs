//! map.

/// At boot.
pub fn init() {}
