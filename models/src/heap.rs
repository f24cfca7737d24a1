//! Stands for the runtime's `src/heap`.

#[path = "../../src/heap/counts.rs"]
mod counts;

pub mod stats {
    //! Counters.

    pub use super::counts::Counts;
}
