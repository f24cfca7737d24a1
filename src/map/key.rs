//! What a lookup looks for. Each kind of key knows how to hash itself and to compare itself with
//! one in a bucket; the search is compiled once for each.

use super::mem;
use crate::abi::{GoString, MapType, Mode, Slow, Sys};
use crate::types;
use crate::types::alg::{self, Alg};
use crate::types::any;
use crate::types::plan::Plan;

/// A key to look for.
///
/// # Safety
/// [`Key::hash`], [`Key::is`] and [`Key::store`] touch no more memory than the key that was given
/// and the slot at `p`.
pub(super) unsafe trait Key: Copy {
    /// Stored in the bucket itself, with this size; 0 = as the map's type says.
    const SIZE: usize;
    /// A key may differ from an equal one, as the two zeroes do: assignment stores it again.
    const DIFFERS: bool;

    /// The key's hash in a map with this seed.
    ///
    /// # Safety
    /// A map type whose keys are of this kind.
    unsafe fn hash(self, t: &MapType, seed: usize) -> Result<usize, Slow>;
    /// Whether it can be compared with a few keys in less time than it is hashed: then it is one
    /// that can be hashed.
    ///
    /// # Safety
    /// As [`Key::hash`].
    #[inline(always)]
    unsafe fn compares(self, _t: &MapType) -> bool {
        false
    }
    /// Whether it is the key at `p`.
    ///
    /// # Safety
    /// As [`Key::hash`]; a key of a map of the type lies at `p`.
    unsafe fn is(self, t: &MapType, p: *const u8) -> Result<bool, Slow>;
    /// Its bytes.
    fn bytes(&self) -> *const u8;
    /// Puts it into a slot that is free or holds an equal key. In leaf mode the barrier is the
    /// caller's.
    ///
    /// # Safety
    /// As [`Key::hash`]; `p` is a slot for a key that is ours to write.
    #[inline(always)]
    unsafe fn store<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        if Self::SIZE != 0 && mode.system().is_none() {
            // SAFETY: a key of this kind has `SIZE` bytes, and so has the caller's slot.
            unsafe { mem::copy_bytes(p, self.bytes(), Self::SIZE) };
        } else {
            // SAFETY: the key is of the map's type, and the caller's `p` is a slot for one.
            unsafe { mem::copy_value(mode, t.key, p, self.bytes()) };
        }
    }
}

/// Four bytes of plain memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word32(pub(super) u32);

// SAFETY: reads and writes the four bytes at `p`, which are the slot.
unsafe impl Key for Word32 {
    const SIZE: usize = 4;
    const DIFFERS: bool = false;
    /// # Safety
    /// None: the key is in the value.
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        Ok(types::hash::word32(self.0, seed))
    }
    /// # Safety
    /// Four bytes are readable at `p`.
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller's `p` is a slot for a key of four bytes.
        Ok(unsafe { p.cast::<u32>().read_unaligned() } == self.0)
    }
    #[inline(always)]
    fn bytes(&self) -> *const u8 {
        (&raw const self.0).cast()
    }
    /// # Safety
    /// Four bytes are writable at `p`.
    #[inline(always)]
    unsafe fn store<M: Mode>(self, _: M, _t: &MapType, p: *mut u8) {
        let slot = p.cast::<u32>();
        // SAFETY: the caller's `p` is a slot for a key of four bytes, and ours to write.
        unsafe { slot.write_unaligned(self.0) };
    }
}

/// Eight bytes of plain memory, perhaps a pointer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word64(pub(super) u64);

// SAFETY: reads and writes the eight bytes at `p`, which are the slot.
unsafe impl Key for Word64 {
    const SIZE: usize = 8;
    const DIFFERS: bool = false;
    /// # Safety
    /// None: the key is in the value.
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        Ok(types::hash::word64(self.0, seed))
    }
    /// # Safety
    /// Eight bytes are readable at `p`.
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller's `p` is a slot for a key of eight bytes.
        Ok(unsafe { p.cast::<u64>().read_unaligned() } == self.0)
    }
    #[inline(always)]
    fn bytes(&self) -> *const u8 {
        (&raw const self.0).cast()
    }
}

/// A string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Str(pub(super) GoString);

/// Bytes are equal, without a call for short ones. `memcmp` is assembly without a frame, fit for
/// leaf mode.
///
/// # Safety
/// `n` bytes are readable at both.
#[inline(always)]
pub(super) unsafe fn same_bytes(p: *const u8, q: *const u8, n: usize) -> bool {
    if n > 32 {
        // SAFETY: the caller's `n` bytes are readable at both, and nobody writes to a key.
        return unsafe { core::slice::from_raw_parts(p, n) == core::slice::from_raw_parts(q, n) };
    }
    // SAFETY: each load is of as many bytes as `n` has at least, at the start or so far before the
    // end: they overlap inside the caller's `n` bytes.
    unsafe {
        let word = |p: *const u8| p.cast::<u64>().read_unaligned();
        let half = |p: *const u8| p.cast::<u32>().read_unaligned();
        if n > 16 {
            let wide = |p: *const u8| p.cast::<u128>().read_unaligned();
            let end = n.wrapping_sub(16);
            return (wide(p) ^ wide(q)) | (wide(p.add(end)) ^ wide(q.add(end))) == 0;
        }
        if n >= 8 {
            let end = n.wrapping_sub(8);
            return (word(p) ^ word(q)) | (word(p.add(end)) ^ word(q.add(end))) == 0;
        }
        if n >= 4 {
            let end = n.wrapping_sub(4);
            return (half(p) ^ half(q)) | (half(p.add(end)) ^ half(q.add(end))) == 0;
        }
        n == 0
            || (*p ^ *q)
                | (*p.add(n >> 1) ^ *q.add(n >> 1))
                | (*p.add(n.wrapping_sub(1)) ^ *q.add(n.wrapping_sub(1)))
                == 0
    }
}

// SAFETY: reads the bytes of the two strings, writes the string in the slot.
unsafe impl Key for Str {
    const SIZE: usize = 16;
    /// The same bytes, but the next comparison with this copy need not look at them.
    const DIFFERS: bool = true;
    /// # Safety
    /// The string is one of Go's, and live.
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: the caller's string has `len` bytes at `ptr`.
        Ok(unsafe { types::hash::bytes(self.0.ptr, self.0.len as usize, seed) })
    }
    /// # Safety
    /// The string and the one at `p` are of Go's, and live.
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller's slot holds a string, which nobody writes meanwhile.
        let s = unsafe { &*p.cast::<GoString>() };
        Ok(s.len == self.0.len
            && (s.ptr == self.0.ptr
                // SAFETY: both strings have as many bytes as `len` says.
                || unsafe { same_bytes(s.ptr, self.0.ptr, self.0.len as usize) }))
    }
    #[inline(always)]
    fn bytes(&self) -> *const u8 {
        (&raw const self.0).cast()
    }
}

/// So many bytes of plain memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory(pub(super) *const u8, pub(super) usize);

// SAFETY: reads the key and the one in the slot, of the size that the type says.
unsafe impl Key for Memory {
    const SIZE: usize = 0;
    const DIFFERS: bool = false;
    /// # Safety
    /// So many bytes are readable at the key.
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: the caller has a key of the map's type.
        Ok(unsafe { types::hash::bytes(self.0, self.1, seed) })
    }
    /// # Safety
    /// So many bytes are readable at the key and at `p`.
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller has two keys of the map's type.
        Ok(unsafe { same_bytes(self.0, p, self.1) })
    }
    #[inline(always)]
    fn bytes(&self) -> *const u8 {
        self.0
    }
}

/// A key with a plan (`types::plan`): an array or a structure that is more than plain memory; in
/// leaf mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned(pub(super) *const u8, pub(super) &'static Plan);

// SAFETY: reads the key and the one in the slot, of the size that the type says.
unsafe impl Key for Planned {
    const SIZE: usize = 0;
    const DIFFERS: bool = true;
    /// # Safety
    /// A key lies at the address, of the type that the plan is of.
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: the caller has a key of the map's type.
        unsafe { self.1.hash(self.0, seed) }.ok_or(Slow)
    }
    /// # Safety
    /// As [`Key::hash`].
    #[inline(always)]
    unsafe fn compares(self, _t: &MapType) -> bool {
        self.1.is_flat()
    }
    /// # Safety
    /// Keys of the type that the plan is of lie at the address and at `p`.
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller has two keys of the map's type.
        unsafe { self.1.equal(self.0, p) }.ok_or(Slow)
    }
    #[inline(always)]
    fn bytes(&self) -> *const u8 {
        self.0
    }
}

/// Any key but those with a plan, in leaf mode: the slow path takes over where a plan would have to
/// be made or followed in another, or a panic raised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Simple(pub(super) *const u8);

// SAFETY: reads the key and the one in the slot, of the size that the type says.
unsafe impl Key for Simple {
    const SIZE: usize = 0;
    const DIFFERS: bool = true;
    /// # Safety
    /// A key of `t` lies at the address.
    #[inline(always)]
    unsafe fn hash(self, t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: the caller has a key of the map's type.
        unsafe { any::hash_leaf(t.key, self.0, seed) }.ok_or(Slow)
    }
    /// # Safety
    /// As [`Key::hash`].
    #[inline(always)]
    unsafe fn compares(self, t: &MapType) -> bool {
        // SAFETY: the caller has a key of the map's type.
        unsafe { alg::is_simple(t.key, self.0) }
    }
    /// # Safety
    /// Keys of `t` lie at the address and at `p`.
    #[inline(always)]
    unsafe fn is(self, t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller has two keys of the map's type.
        unsafe { any::equal_leaf(t.key, self.0, p) }.ok_or(Slow)
    }
    #[inline(always)]
    fn bytes(&self) -> *const u8 {
        self.0
    }
}

/// Any key, in system mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Any<'c>(pub(super) Sys<'c>, pub(super) *const u8);

// SAFETY: reads the key and the one in the slot, of the size that the type says.
unsafe impl Key for Any<'_> {
    const SIZE: usize = 0;
    const DIFFERS: bool = true;
    /// # Safety
    /// A key of `t` lies at the address.
    unsafe fn hash(self, t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: the caller has a key of the map's type.
        Ok(unsafe { any::hash(self.0, t.key, self.1, seed) })
    }
    /// # Safety
    /// Keys of `t` lie at the address and at `p`.
    unsafe fn is(self, t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: the caller has two keys of the map's type.
        Ok(unsafe { any::equal(self.0, t.key, self.1, p) })
    }
    #[inline(always)]
    fn bytes(&self) -> *const u8 {
        self.1
    }
}

/// Which kind of [`Key`] the keys of a map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// [`Word32`].
    Word32,
    /// [`Word64`].
    Word64,
    /// [`Memory`] of so many bytes.
    Memory(usize),
    /// [`Str`].
    Str,
    /// [`Planned`], once there is a plan.
    Planned,
    /// [`Simple`] or [`Any`], by mode.
    Other,
}

/// Classifies a map's keys.
#[inline(always)]
pub(super) fn kind(t: &MapType) -> Kind {
    // SAFETY: a map type's descriptor names that of its key.
    match unsafe { alg::of(t.key) } {
        Alg::Memory(4) => Kind::Word32,
        Alg::Memory(8) => Kind::Word64,
        Alg::Memory(n) => Kind::Memory(n),
        Alg::String => Kind::Str,
        Alg::Compiled => Kind::Planned,
        _ => Kind::Other,
    }
}

/// The hash of a key in the table.
///
/// # Safety
/// A key of a map of the type.
pub(super) unsafe fn rehash(sys: Sys<'_>, t: &MapType, p: *const u8, seed: usize) -> usize {
    // SAFETY: the caller's `p` is a key, and `t` names the descriptor of its type.
    unsafe { any::hash(sys, t.key, p, seed) }
}

/// Whether a key equals itself; false for NaNs and what holds them.
///
/// # Safety
/// A key of a map of the type.
pub(super) unsafe fn findable(sys: Sys<'_>, t: &MapType, p: *const u8) -> bool {
    // SAFETY: the caller's `p` is a key, and `t` names the descriptor of its type.
    unsafe { any::equal(sys, t.key, p, p) }
}
