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
/// Methods are called with the type of the map, and with slots of its buckets that hold a key.
pub unsafe trait Key: Copy {
    /// Stored in the bucket itself, with this size; 0 = as the map's type says.
    const SIZE: usize;

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
    /// Puts it into a fresh slot.
    ///
    /// # Safety
    /// As [`Key::hash`]; `p` is a slot for a key that is ours to write.
    unsafe fn store<M: Mode>(self, mode: M, t: &MapType, p: *mut u8);
    /// Overwrites an equal key. They may differ all the same: both zeroes are one key.
    ///
    /// # Safety
    /// As [`Key::is`]; the slot is ours to write.
    unsafe fn update<M: Mode>(self, mode: M, t: &MapType, p: *mut u8);
}

/// Four bytes of plain memory.
#[derive(Debug, Clone, Copy)]
pub struct Word32(pub u32);

// SAFETY: touches no more than a slot.
unsafe impl Key for Word32 {
    const SIZE: usize = 4;
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        Ok(types::hash::word32(self.0, seed))
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: a slot of four bytes.
        Ok(unsafe { p.cast::<u32>().read_unaligned() } == self.0)
    }
    #[inline(always)]
    unsafe fn store<M: Mode>(self, _: M, _t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { p.cast::<u32>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn update<M: Mode>(self, _: M, _t: &MapType, _p: *mut u8) {}
}

/// Eight bytes of plain memory, perhaps a pointer.
#[derive(Debug, Clone, Copy)]
pub struct Word64(pub u64);

// SAFETY: touches no more than a slot.
unsafe impl Key for Word64 {
    const SIZE: usize = 8;
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        Ok(types::hash::word64(self.0, seed))
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: a slot of eight bytes.
        Ok(unsafe { p.cast::<u64>().read_unaligned() } == self.0)
    }
    #[inline(always)]
    unsafe fn store<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: as above; in leaf mode the barrier is the caller's.
        unsafe {
            if mode.system().is_none() {
                p.cast::<u64>().write_unaligned(self.0);
            } else {
                mem::typed_memmove(t.key, p, (&raw const self.0).cast());
            }
        }
    }
    #[inline(always)]
    unsafe fn update<M: Mode>(self, _: M, _t: &MapType, _p: *mut u8) {}
}

/// A string.
#[derive(Debug, Clone, Copy)]
pub struct Str(pub GoString);

/// Bytes are equal, without a call for short ones. `memcmp` is assembly without a frame, fit for
/// leaf mode.
///
/// # Safety
/// `n` bytes are readable at both.
#[inline(always)]
pub unsafe fn same_bytes(p: *const u8, q: *const u8, n: usize) -> bool {
    // SAFETY: the caller's operands; the loads of 8 and 4 bytes overlap inside them.
    unsafe {
        let word = |p: *const u8| p.cast::<u64>().read_unaligned();
        let half = |p: *const u8| p.cast::<u32>().read_unaligned();
        if n > 32 {
            return core::slice::from_raw_parts(p, n) == core::slice::from_raw_parts(q, n);
        }
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

// SAFETY: touches no more than a slot and the bytes of the strings.
unsafe impl Key for Str {
    const SIZE: usize = 16;
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: a Go string.
        Ok(unsafe { types::hash::bytes(self.0.ptr, self.0.len as usize, seed) })
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: a slot with a Go string.
        unsafe {
            let s = p.cast::<GoString>();
            Ok((*s).len == self.0.len
                && ((*s).ptr == self.0.ptr
                    || same_bytes((*s).ptr, self.0.ptr, self.0.len as usize)))
        }
    }
    #[inline(always)]
    unsafe fn store<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: as above; in leaf mode the barrier is the caller's.
        unsafe {
            if mode.system().is_none() {
                p.cast::<GoString>().write(self.0);
            } else {
                mem::typed_memmove(t.key, p, (&raw const self.0).cast());
            }
        }
    }
    /// The same bytes, but the next comparison with this copy need not look at them.
    #[inline(always)]
    unsafe fn update<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { self.store(mode, t, p) }
    }
}

/// So many bytes of plain memory.
#[derive(Debug, Clone, Copy)]
pub struct Memory(pub *const u8, pub usize);

// SAFETY: touches no more than the key and a slot.
unsafe impl Key for Memory {
    const SIZE: usize = 0;
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: a key of the type.
        Ok(unsafe { types::hash::bytes(self.0, self.1, seed) })
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: two keys of the type.
        Ok(unsafe { same_bytes(self.0, p, self.1) })
    }
    #[inline(always)]
    unsafe fn store<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: two places for a key of the type.
        unsafe { mem::copy_value(mode, t.key, p, self.0) }
    }
    #[inline(always)]
    unsafe fn update<M: Mode>(self, _: M, _t: &MapType, _p: *mut u8) {}
}

/// A key with a plan (`types::plan`): an array or a structure that is more than plain memory; in
/// leaf mode.
#[derive(Debug, Clone, Copy)]
pub struct Planned(pub *const u8, pub &'static Plan);

// SAFETY: touches no more than the key and a slot.
unsafe impl Key for Planned {
    const SIZE: usize = 0;
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: a key of the type.
        unsafe { self.1.hash(self.0, seed) }.ok_or(Slow)
    }
    #[inline(always)]
    unsafe fn compares(self, _t: &MapType) -> bool {
        self.1.is_flat()
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: two keys of the type.
        unsafe { self.1.equal(self.0, p) }.ok_or(Slow)
    }
    #[inline(always)]
    unsafe fn store<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: two places for a key of the type.
        unsafe { mem::copy_value(mode, t.key, p, self.0) }
    }
    #[inline(always)]
    unsafe fn update<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { self.store(mode, t, p) }
    }
}

/// Any key but those with a plan, in leaf mode: the slow path takes over where a plan would have to
/// be made or followed in another, or a panic raised.
#[derive(Debug, Clone, Copy)]
pub struct Simple(pub *const u8);

// SAFETY: touches no more than the key and a slot.
unsafe impl Key for Simple {
    const SIZE: usize = 0;
    #[inline(always)]
    unsafe fn hash(self, t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: a key of the type.
        unsafe { any::hash_leaf(t.key, self.0, seed) }.ok_or(Slow)
    }
    #[inline(always)]
    unsafe fn compares(self, t: &MapType) -> bool {
        // SAFETY: a key of the type.
        unsafe { alg::is_simple(t.key, self.0) }
    }
    #[inline(always)]
    unsafe fn is(self, t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: two keys of the type.
        unsafe { any::equal_leaf(t.key, self.0, p) }.ok_or(Slow)
    }
    #[inline(always)]
    unsafe fn store<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: two places for a key of the type.
        unsafe { mem::copy_value(mode, t.key, p, self.0) }
    }
    #[inline(always)]
    unsafe fn update<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { self.store(mode, t, p) }
    }
}

/// Any key, in system mode.
#[derive(Debug, Clone, Copy)]
pub struct Any<'c>(pub Sys<'c>, pub *const u8);

// SAFETY: touches no more than the key and a slot.
unsafe impl Key for Any<'_> {
    const SIZE: usize = 0;
    unsafe fn hash(self, t: &MapType, seed: usize) -> Result<usize, Slow> {
        // SAFETY: a key of the type.
        Ok(unsafe { any::hash(self.0, t.key, self.1, seed) })
    }
    unsafe fn is(self, t: &MapType, p: *const u8) -> Result<bool, Slow> {
        // SAFETY: two keys of the type.
        Ok(unsafe { any::equal(self.0, t.key, self.1, p) })
    }
    unsafe fn store<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: two places for a key of the type.
        unsafe { mem::copy_value(mode, t.key, p, self.1) }
    }
    unsafe fn update<M: Mode>(self, mode: M, t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { self.store(mode, t, p) }
    }
}

/// Which kind of [`Key`] the keys of a map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
///
/// # Safety
/// A map type.
#[inline(always)]
pub unsafe fn kind(t: &MapType) -> Kind {
    // SAFETY: a map type names its key type.
    unsafe {
        match alg::of(t.key) {
            Alg::Memory(4) => Kind::Word32,
            Alg::Memory(8) => Kind::Word64,
            Alg::Memory(n) => Kind::Memory(n),
            Alg::String => Kind::Str,
            Alg::Compiled => Kind::Planned,
            _ => Kind::Other,
        }
    }
}

/// The hash of a key in the table.
///
/// # Safety
/// A key of a map of the type.
pub unsafe fn rehash(sys: Sys<'_>, t: &MapType, p: *const u8, seed: usize) -> usize {
    // SAFETY: passed on.
    unsafe { any::hash(sys, t.key, p, seed) }
}

/// Whether a key equals itself; false for NaNs and what holds them.
///
/// # Safety
/// A key of a map of the type.
pub unsafe fn findable(sys: Sys<'_>, t: &MapType, p: *const u8) -> bool {
    // SAFETY: passed on.
    unsafe { any::equal(sys, t.key, p, p) }
}
