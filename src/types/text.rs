//! What more than one file of this folder uses: the name of a type, the entries of functions that
//! are generic over the mode.

use crate::abi::{GoString, Type};

/// The entries of functions whose bodies are generic over the mode: `NAME_leaf` and `NAME` for
/// each.
macro_rules! both_modes {
    ($($leaf:ident, $system:ident, $body:ident, $args:ident, $name:literal;)*) => {$(
        #[doc = concat!("`", $name, "` in leaf mode.")]
        #[inline(always)]
        pub fn $leaf(mode: $crate::abi::Leaf<'_>, a: &mut $crate::abi::args::$args) -> Result<(), $crate::abi::Slow> {
            // SAFETY: the area of the call that is being served, with what compiled code passes.
            unsafe { $body(mode, a) }
        }
        #[doc = concat!("`", $name, "` in system mode.")]
        pub fn $system(mode: $crate::abi::Sys<'_>, a: &mut $crate::abi::args::$args) {
            // SAFETY: the area of the call that is being served, with what compiled code
            // passes; in system mode the body always finishes or raises a panic.
            let _ = unsafe { $body(mode, a) };
        }
    )*};
}

pub(crate) use both_modes;

/// The type's name in Go syntax.
///
/// # Safety
/// `typ` must be a descriptor.
#[inline]
pub(super) unsafe fn type_string(typ: *const Type) -> GoString {
    // SAFETY: by the caller's promise a descriptor, and every one has a string.
    unsafe { *(*typ).string }
}
