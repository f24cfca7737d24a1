//! Allocation where a mode of GODEBUG looks at every object.

use super::large::alloc_large;
use crate::abi::Type;
use crate::heap::modes::{EFENCE, SBRK, any_of};
use crate::heap::{cache, zero_base};

/// Memory from where small objects come from under *efence* and *sbrk*, or None: from where they
/// always do.
///
/// # Safety
/// As [`super::malloc::alloc`].
#[cold]
pub(super) unsafe fn instead(
    c: *mut cache::Cache,
    size: usize,
    typ: *const Type,
    zero: bool,
) -> Option<*mut u8> {
    if !any_of(EFENCE | SBRK) {
        return None;
    }
    if size == 0 {
        return Some(zero_base());
    }
    // SAFETY: the cache is the caller's, and so is the promise about the type.
    Some(unsafe { alloc_large(c, size, typ, zero) })
}
