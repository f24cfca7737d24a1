//! Placeholder face of `map`.
