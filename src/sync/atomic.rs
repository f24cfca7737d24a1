//! Atomics of the protocols that are model-checked: the crate `models/` compiles the same sources
//! with the model checker's in this place.

pub use core::hint::spin_loop;
pub use core::sync::atomic::{
    AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicUsize, Ordering, compiler_fence, fence,
};

/// A model: rounds that only save time are few there, or it would never end.
pub const MODEL: bool = false;

/// A sequentially consistent fence right after a read-modify-write or a sequentially consistent
/// store: on amd64 those are locked instructions, which order all that came before them before all
/// that comes after. Only the compiler has to be told.
#[inline(always)]
pub fn fence_after_locked() {
    compiler_fence(Ordering::SeqCst);
}

/// Defines a constructor: `const` here, where it makes statics; the model checker's atomics can
/// only be made while a model runs.
#[macro_export]
macro_rules! constructor {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => { $(#[$meta])* $vis const fn $($rest)* };
}
