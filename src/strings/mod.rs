//! Strings: concatenation, conversions, iteration by runes (docs/strings.md).
//!
//! - [`utf8`]: one rune out of bytes and back, with Go's rules for what is not UTF-8;
//! - [`mod@concat`]: `a + b + ...`;
//! - [`convert`]: between strings, byte slices, rune slices and integers.
//!
//! Every function works on the goroutine's stack as long as the result fits the caller's buffer or
//! the P's allocation cache; only a cache that ran dry, a large result or an error goes to the
//! system stack. Results without an object to point to have a null pointer. Comparison, search,
//! `for i, r := range s` and the conversions that only alias memory are in asm/compare.S and
//! asm/strings.S.

pub mod concat;
pub mod convert;
#[cfg(test)]
mod memory_test;
mod utf8;

use crate::abi::{Slow, Sys};
use crate::alloc;
use core::ptr::NonNull;

/// Bytes of the stack buffers that compiled code passes for results that do not escape.
const TMP_BUF: usize = 32;

/// Where a result goes: the caller's buffer, or memory of the P's cache, if there is some.
///
/// # Safety
/// In a leaf function; `buf` null or valid for `cap` bytes. The caller fills all of `size`.
#[inline(always)]
unsafe fn leaf_room(buf: *mut u8, cap: usize, size: usize) -> Result<NonNull<u8>, Slow> {
    if let Some(buf) = NonNull::new(buf)
        && size <= cap
    {
        return Ok(buf);
    }
    // SAFETY: a leaf function runs on a thread with a P, and fills the memory, as the caller
    // promises.
    unsafe { alloc::leaf_alloc_raw(size) }
}

/// [`leaf_room`] that always succeeds.
///
/// # Safety
/// As there.
unsafe fn room(sys: Sys<'_>, buf: *mut u8, cap: usize, size: usize) -> *mut u8 {
    if !buf.is_null() && size <= cap {
        return buf;
    }
    // SAFETY: bytes without a type, which the caller fills, as it promises.
    unsafe { alloc::mallocgc(sys, size, core::ptr::null(), false) }
}
