//! Collector.

/// At boot.
pub fn init() {}
/// At a safe point.
pub fn poll() {}
