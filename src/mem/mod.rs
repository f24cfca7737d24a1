//! Memory of the runtime's own, outside the heap of Go objects.
//!
//! - [`persistent`](mod@persistent): blocks that are never freed, from a bump allocator;
//! - [`ahead`]: pages that are populated before they are used;
//! - [`counters`]: bytes by use, as `runtime.MemStats` shows them, and mappings that are counted;
//! - `seen`: sets of addresses, for walks through structures.
//!
//! Blocks are zeroed. Lock order: the bump allocator's lock is the innermost of all.

mod ahead;
mod counters;
pub mod persistent;
pub(crate) mod seen;

pub use ahead::Ahead;
pub use counters::{BUCK_HASH_SYS, GC_SYS, MCACHE_SYS, MSPAN_SYS, OTHER_SYS, map_for, unmap_for};
pub use persistent::{LINE, persistent, persistent_alloc, persistent_for, persistent_in};
