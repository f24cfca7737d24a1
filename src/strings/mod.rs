//! Placeholder face of `strings`.
