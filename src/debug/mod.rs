//! What users look at: printing, tracebacks, symbol lookup (docs/debug.md).

pub mod allocfree;
pub mod builtins;
pub mod callers;
pub mod dying;
pub mod info;
pub mod report;
pub mod traceback;
pub mod value;
pub mod watch;
