//! Stands for the runtime's `src/fatal`.

pub mod clock {
    //! No model measures time.

    /// Always now.
    pub fn nanotime() -> i64 {
        0
    }
}

/// Nothing is printed.
pub fn puts(_: &str) {}

/// Nothing is printed.
pub fn put_u64(_: u64) {}

/// The model fails.
pub fn throw(msg: &str) -> ! {
    panic!("{msg}")
}
