//! Stands for the runtime's `src/net`.

#[path = "../../src/net/waiter.rs"]
pub mod waiter;
