//! Placeholder face of `types`.
