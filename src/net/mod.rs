//! Placeholder face of `net`.
