//! Placeholder face of `gc`.
