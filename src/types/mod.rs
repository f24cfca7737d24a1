//! types.

/// At boot.
pub fn init() {}
