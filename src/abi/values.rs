//! Strings, type descriptors and interfaces as values.

use super::go15::{GoString, KIND_DIRECT_IFACE, KIND_MASK, KIND_NO_POINTERS, Type};

impl GoString {
    /// The empty string.
    pub const EMPTY: Self = Self {
        ptr: core::ptr::null(),
        len: 0,
    };

    /// A Go string with the bytes of `s`.
    pub const fn from_static(s: &'static str) -> Self {
        Self {
            ptr: s.as_ptr(),
            len: s.len() as i64,
        }
    }

    /// The string's bytes.
    ///
    /// # Safety
    /// The string must come from Go code or [`GoString::from_static`], and its object must stay
    /// live for `'a`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len <= 0 {
            return &[];
        }
        // SAFETY: Go strings are valid for `len` bytes and never change.
        unsafe { core::slice::from_raw_parts(self.ptr, self.len as usize) }
    }
}

// SAFETY: a descriptor that is shared between threads is only read.
unsafe impl Sync for GoString {}

impl Type {
    /// Kind number without flags.
    pub fn kind_number(&self) -> u32 {
        u32::from(self.kind) & KIND_MASK
    }

    /// Values hold no pointers.
    pub fn no_pointers(&self) -> bool {
        u32::from(self.kind) & KIND_NO_POINTERS != 0
    }

    /// The interface data word is the value itself.
    pub fn direct_iface(&self) -> bool {
        u32::from(self.kind) & KIND_DIRECT_IFACE != 0
    }
}
