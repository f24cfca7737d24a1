//! What users look at: printing, tracebacks, symbol lookup (docs/debug.md).

pub mod asmfuncs;
pub mod builtins;
pub mod dying;
pub mod out;
pub mod print;
pub mod symtab;
