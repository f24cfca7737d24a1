//! What a lookup looks for. Each kind of key knows how to hash itself and to compare itself with one in a bucket; the search is
//! compiled once for each.

use super::{Slow, Try, mem};
use crate::abi::{
    ArrayType, GoString, KIND_ARRAY, KIND_STRUCT, MapType, StructField, StructType, Type,
};
use crate::types;
use crate::types::alg::{self, Alg};

/// A key to look for.
///
/// # Safety
/// Methods are called with the type of the map, and with slots of its buckets that hold a key.
pub unsafe trait Key: Copy {
    /// Stored in the bucket itself, with this size; 0 = as the map's type says.
    const SIZE: usize;

    /// The key's hash in a map with this seed.
    unsafe fn hash(self, t: &MapType, seed: usize) -> Try<usize>;
    /// Whether it is the key at `p`.
    unsafe fn is(self, t: &MapType, p: *const u8) -> Try<bool>;
    /// Puts it into a fresh slot.
    unsafe fn store<const LEAF: bool>(self, t: &MapType, p: *mut u8);
    /// Overwrites an equal key. They may differ all the same: both zeroes are one key.
    unsafe fn update<const LEAF: bool>(self, t: &MapType, p: *mut u8);
}

/// Four bytes of plain memory.
#[derive(Debug, Clone, Copy)]
pub struct Word32(pub u32);

// SAFETY: touches no more than a slot.
unsafe impl Key for Word32 {
    const SIZE: usize = 4;
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Try<usize> {
        Ok(types::hash::word32(self.0, seed))
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Try<bool> {
        // SAFETY: a slot of four bytes.
        Ok(unsafe { p.cast::<u32>().read_unaligned() } == self.0)
    }
    #[inline(always)]
    unsafe fn store<const LEAF: bool>(self, _t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { p.cast::<u32>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn update<const LEAF: bool>(self, _t: &MapType, _p: *mut u8) {}
}

/// Eight bytes of plain memory, perhaps a pointer.
#[derive(Debug, Clone, Copy)]
pub struct Word64(pub u64);

// SAFETY: touches no more than a slot.
unsafe impl Key for Word64 {
    const SIZE: usize = 8;
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Try<usize> {
        Ok(types::hash::word64(self.0, seed))
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Try<bool> {
        // SAFETY: a slot of eight bytes.
        Ok(unsafe { p.cast::<u64>().read_unaligned() } == self.0)
    }
    #[inline(always)]
    unsafe fn store<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: as above; in leaf mode the barrier is the caller's.
        unsafe {
            if LEAF {
                p.cast::<u64>().write_unaligned(self.0);
            } else {
                mem::typed_memmove(t.key, p, (&raw const self.0).cast());
            }
        }
    }
    #[inline(always)]
    unsafe fn update<const LEAF: bool>(self, _t: &MapType, _p: *mut u8) {}
}

/// A string.
#[derive(Debug, Clone, Copy)]
pub struct Str(pub GoString);

/// Bytes are equal, without a call for short ones. `memcmp` is assembly without a frame, fit for leaf mode.
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
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Try<usize> {
        // SAFETY: a Go string.
        Ok(unsafe { types::hash::bytes(self.0.ptr, self.0.len as usize, seed) })
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Try<bool> {
        // SAFETY: a slot with a Go string.
        unsafe {
            let s = p.cast::<GoString>();
            Ok((*s).len == self.0.len
                && ((*s).ptr == self.0.ptr
                    || same_bytes((*s).ptr, self.0.ptr, self.0.len as usize)))
        }
    }
    #[inline(always)]
    unsafe fn store<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: as above; in leaf mode the barrier is the caller's.
        unsafe {
            if LEAF {
                p.cast::<GoString>().write(self.0);
            } else {
                mem::typed_memmove(t.key, p, (&raw const self.0).cast());
            }
        }
    }
    /// The same bytes: the old copy does as well.
    #[inline(always)]
    unsafe fn update<const LEAF: bool>(self, _t: &MapType, _p: *mut u8) {}
}

/// So many bytes of plain memory.
#[derive(Debug, Clone, Copy)]
pub struct Memory(pub *const u8, pub usize);

// SAFETY: touches no more than the key and a slot.
unsafe impl Key for Memory {
    const SIZE: usize = 0;
    #[inline(always)]
    unsafe fn hash(self, _t: &MapType, seed: usize) -> Try<usize> {
        // SAFETY: a key of the type.
        Ok(unsafe { types::hash::bytes(self.0, self.1, seed) })
    }
    #[inline(always)]
    unsafe fn is(self, _t: &MapType, p: *const u8) -> Try<bool> {
        // SAFETY: two keys of the type.
        Ok(unsafe { same_bytes(self.0, p, self.1) })
    }
    #[inline(always)]
    unsafe fn store<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: two places for a key of the type.
        unsafe { mem::copy_value::<LEAF>(t.key, p, self.0) }
    }
    #[inline(always)]
    unsafe fn update<const LEAF: bool>(self, _t: &MapType, _p: *mut u8) {}
}

/// An array, or a structure, whose hash and equality the compiler would have to be asked for: done here part by part, so that most such keys
/// need no compiled code and no system stack. Parts that themselves need it are left to `types::alg` in system mode, and in leaf mode to the
/// slow path. A kind of its own for each mode, with the same hashes.
#[derive(Debug, Clone, Copy)]
pub struct Parts<const LEAF_KEY: bool>(pub *const u8);

/// A part: so many bytes of plain memory, or a value of a type.
enum Part {
    Memory(usize, usize),
    Value(*const Type, usize),
}

/// Walks the parts of a type.
struct Walk {
    /// Fields of a structure; null for an array.
    fields: *const StructField,
    elem: *const Type,
    n: usize,
    i: usize,
}

impl Walk {
    #[inline(always)]
    unsafe fn new(typ: *const Type) -> Self {
        // SAFETY: an array or a structure type.
        unsafe {
            if (*typ).kind_number() == KIND_ARRAY {
                let t = typ.cast::<ArrayType>();
                Self {
                    fields: core::ptr::null(),
                    elem: (*t).elem,
                    n: (*t).len,
                    i: 0,
                }
            } else {
                let t = typ.cast::<StructType>();
                Self {
                    fields: (*t).fields.ptr.cast(),
                    elem: core::ptr::null(),
                    n: (*t).fields.len as usize,
                    i: 0,
                }
            }
        }
    }

    /// Fields called `_` are no part of the value.
    #[inline(always)]
    unsafe fn blank(f: *const StructField) -> bool {
        // SAFETY: a field; embedded ones have no name.
        unsafe {
            let name = (*f).name;
            !name.is_null() && (*name).len == 1 && *(*name).ptr == b'_'
        }
    }

    #[inline(always)]
    unsafe fn next(&mut self) -> Option<Part> {
        // SAFETY: indices are below the number of parts.
        unsafe {
            if self.fields.is_null() {
                let i = self.i;
                self.i += 1;
                return if i < self.n {
                    Some(Part::Value(self.elem, i.wrapping_mul((*self.elem).size)))
                } else {
                    None
                };
            }
            while self.i < self.n {
                let f = self.fields.add(self.i);
                self.i += 1;
                if Self::blank(f) {
                    continue;
                }
                let at = (*f).offset;
                let Alg::Memory(mut size) = alg::of((*f).typ) else {
                    return Some(Part::Value((*f).typ, at));
                };
                // Neighbours that touch are one piece.
                while self.i < self.n {
                    let g = self.fields.add(self.i);
                    if (*g).offset != at.wrapping_add(size) || Self::blank(g) {
                        break;
                    }
                    let Alg::Memory(more) = alg::of((*g).typ) else {
                        break;
                    };
                    size = size.wrapping_add(more);
                    self.i += 1;
                }
                return Some(Part::Memory(at, size));
            }
            None
        }
    }
}

// SAFETY: touches no more than the key and a slot.
unsafe impl<const LEAF_KEY: bool> Key for Parts<LEAF_KEY> {
    const SIZE: usize = 0;
    #[inline(always)]
    unsafe fn hash(self, t: &MapType, seed: usize) -> Try<usize> {
        // SAFETY: a key of the type.
        unsafe {
            let mut walk = Walk::new(t.key);
            let mut h = seed;
            while let Some(part) = walk.next() {
                h = match part {
                    Part::Memory(at, n) => types::hash::bytes(self.0.add(at), n, h),
                    Part::Value(typ, at) if LEAF_KEY => {
                        alg::hash_leaf(typ, self.0.add(at), h).ok_or(Slow)?
                    }
                    Part::Value(typ, at) => alg::hash(typ, self.0.add(at), h),
                };
            }
            Ok(h)
        }
    }
    #[inline(always)]
    unsafe fn is(self, t: &MapType, p: *const u8) -> Try<bool> {
        // SAFETY: two keys of the type.
        unsafe {
            let mut walk = Walk::new(t.key);
            while let Some(part) = walk.next() {
                let same = match part {
                    Part::Memory(at, n) => same_bytes(self.0.add(at), p.add(at), n),
                    Part::Value(typ, at) if LEAF_KEY => {
                        alg::equal_leaf(typ, self.0.add(at), p.add(at)).ok_or(Slow)?
                    }
                    Part::Value(typ, at) => alg::equal(typ, self.0.add(at), p.add(at)),
                };
                if !same {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
    #[inline(always)]
    unsafe fn store<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: two places for a key of the type.
        unsafe { mem::copy_value::<LEAF>(t.key, p, self.0) }
    }
    #[inline(always)]
    unsafe fn update<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { self.store::<LEAF>(t, p) }
    }
}

/// Any key but those of parts, in leaf mode: the slow path takes over where compiled code would have to be called or a panic raised.
#[derive(Debug, Clone, Copy)]
pub struct Simple(pub *const u8);

// SAFETY: touches no more than the key and a slot.
unsafe impl Key for Simple {
    const SIZE: usize = 0;
    #[inline(always)]
    unsafe fn hash(self, t: &MapType, seed: usize) -> Try<usize> {
        // SAFETY: a key of the type.
        unsafe { alg::hash_leaf(t.key, self.0, seed) }.ok_or(Slow)
    }
    #[inline(always)]
    unsafe fn is(self, t: &MapType, p: *const u8) -> Try<bool> {
        // SAFETY: two keys of the type.
        unsafe { alg::equal_leaf(t.key, self.0, p) }.ok_or(Slow)
    }
    #[inline(always)]
    unsafe fn store<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: two places for a key of the type.
        unsafe { mem::copy_value::<LEAF>(t.key, p, self.0) }
    }
    #[inline(always)]
    unsafe fn update<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { self.store::<LEAF>(t, p) }
    }
}

/// Any key but those of parts, in system mode.
#[derive(Debug, Clone, Copy)]
pub struct Any(pub *const u8);

// SAFETY: touches no more than the key and a slot.
unsafe impl Key for Any {
    const SIZE: usize = 0;
    unsafe fn hash(self, t: &MapType, seed: usize) -> Try<usize> {
        // SAFETY: a key of the type, in system mode.
        Ok(unsafe { alg::hash(t.key, self.0, seed) })
    }
    unsafe fn is(self, t: &MapType, p: *const u8) -> Try<bool> {
        // SAFETY: two keys of the type, in system mode.
        Ok(unsafe { alg::equal(t.key, self.0, p) })
    }
    unsafe fn store<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: two places for a key of the type.
        unsafe { mem::copy_value::<LEAF>(t.key, p, self.0) }
    }
    unsafe fn update<const LEAF: bool>(self, t: &MapType, p: *mut u8) {
        // SAFETY: as above.
        unsafe { self.store::<LEAF>(t, p) }
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
    /// [`Parts`].
    Parts,
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
            Alg::Compiled if matches!((*t.key).kind_number(), KIND_ARRAY | KIND_STRUCT) => {
                Kind::Parts
            }
            _ => Kind::Other,
        }
    }
}

/// The hash of a key in the table, in system mode.
///
/// # Safety
/// A key of a map of the type.
pub unsafe fn rehash(t: &MapType, kind: Kind, p: *const u8, seed: usize) -> usize {
    // SAFETY: passed on. System mode always answers.
    unsafe {
        let h = match kind {
            Kind::Parts => Parts::<false>(p).hash(t, seed),
            _ => Any(p).hash(t, seed),
        };
        h.unwrap_or(0)
    }
}

/// Whether a key equals itself, in system mode; false for NaNs and what holds them.
///
/// # Safety
/// A key of a map of the type.
pub unsafe fn findable(t: &MapType, kind: Kind, p: *const u8) -> bool {
    // SAFETY: passed on. System mode always answers.
    unsafe {
        let same = match kind {
            Kind::Parts => Parts::<false>(p).is(t, p),
            _ => Any(p).is(t, p),
        };
        same.unwrap_or(false)
    }
}
