//! What users look at: printing, tracebacks, symbol lookup.

pub mod asmfuncs;
pub mod builtins;
pub mod out;
pub mod print;
pub mod symtab;
