//! What users look at: printing, tracebacks, symbol lookup.

pub mod builtins;
pub mod out;
pub mod print;
