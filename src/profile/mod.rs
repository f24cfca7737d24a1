//! Placeholder face of `profile`.
