//! What users look at: printing, tracebacks, symbol lookup.

pub mod print;
