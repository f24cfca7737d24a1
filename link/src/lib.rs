//! gort-link
