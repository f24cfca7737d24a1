//! Placeholder face of `signal`.
