//! Stands for the runtime's `src/cgo`.

#[path = "../../src/cgo/pool.rs"]
pub mod pool;
