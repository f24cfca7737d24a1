//! What the runtime knows about Go types: hashing and equality, interface tables, conversions and assertions, the error values
//! of run-time panics. The descriptors themselves are made by the build (build/types.rs).
//!
//! Invariants:
//! - a type has one descriptor and an (interface, type) pair one interface table: both are compared by address;
//! - interface tables are immortal and off-heap: compiled code keeps them where the collector does not look;
//! - the data word of an interface points to a copy that nobody writes again, or is the value itself ([`Type::direct_iface`]).
//!
//! Lock order: the lock of the interface tables, then `mem`. It is not held while Go code runs or a panic is raised.

pub mod alg;
pub mod assert;
pub mod compare;
pub mod complex;
pub mod conv;
#[cfg(test)]
mod descriptors;
pub mod entries;
pub mod errors;
pub mod hash;
pub mod itab;
mod nested;
pub mod plan;
pub mod records;
pub mod reflect;
pub mod value;

use crate::abi::{GoString, Type};

/// The entries of functions whose bodies are generic over the mode: `NAME_leaf` and `NAME` for each.
macro_rules! both_modes {
    ($($leaf:ident, $system:ident, $body:ident, $args:ident, $name:literal;)*) => {$(
        #[doc = concat!("`", $name, "` in leaf mode.\n\n# Safety\nCalled by its trampoline.")]
        #[inline(always)]
        pub unsafe fn $leaf(a: &mut $crate::abi::args::$args) -> bool {
            // SAFETY: compiled code's arguments.
            unsafe { $body::<false>(a) }
        }
        #[doc = concat!("`", $name, "` in system mode.\n\n# Safety\nCalled by its trampoline.")]
        pub unsafe fn $system(a: &mut $crate::abi::args::$args) {
            // SAFETY: compiled code's arguments; in system mode the body always finishes or raises a panic.
            unsafe { $body::<true>(a) };
        }
    )*};
}
pub(crate) use both_modes;

/// At boot, before any Go code runs.
pub fn init() {
    hash::init();
    itab::init();
}

/// The type's name in Go syntax.
///
/// # Safety
/// `typ` must be a descriptor.
#[inline]
pub unsafe fn type_string(typ: *const Type) -> GoString {
    // SAFETY: every descriptor has a string.
    unsafe { *(*typ).string }
}
