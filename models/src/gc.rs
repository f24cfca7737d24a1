//! Stands for the runtime's `src/gc`.

#[path = "../../src/gc/grey.rs"]
pub mod grey;
