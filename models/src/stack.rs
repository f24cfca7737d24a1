//! Stands for the runtime's `src/stack`.

#[path = "../../src/stack/waiters.rs"]
pub mod waiters;
