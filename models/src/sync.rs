//! Stands for the runtime's `src/sync`.

pub mod atomic;
pub mod backoff;
pub mod futex;
#[path = "../../src/sync/mutex.rs"]
pub mod mutex;
#[path = "../../src/sync/note.rs"]
pub mod note;
#[path = "../../src/sync/ring.rs"]
pub mod ring;
#[path = "../../src/sync/units.rs"]
pub mod units;

/// Stands for the order of locks: the models know which they take.
pub mod rank {
    /// No rank.
    pub const ANY: u8 = 0;
    /// A channel's.
    pub const CHANNEL: u8 = 1;
    /// The marker's.
    pub const GC_WORK: u8 = 2;
    /// Nothing is noted.
    pub fn wanted(_: u8) {}
    /// Nothing is noted.
    pub fn taken(_: u8) {}
    /// Nothing is noted.
    pub fn given(_: u8) {}
}
