//! Stands for the runtime's `src/sync`.

pub mod atomic;
pub mod backoff;
#[path = "../../src/sync/mutex.rs"]
pub mod mutex;
#[path = "../../src/sync/note.rs"]
pub mod note;
#[path = "../../src/sync/ring.rs"]
pub mod ring;
#[path = "../../src/sync/units.rs"]
pub mod units;
