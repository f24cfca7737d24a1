//! From any address to the object that it lies in, without a lock.

use super::{arena, span};
use core::sync::atomic::Ordering;

/// What every allocation of no bytes points to.
#[doc(alias = "zerobase")]
static ZERO_BASE: [u64; 2] = [0; 2];

/// Address of allocations without bytes.
#[inline(always)]
pub fn zero_base() -> *mut u8 {
    (&raw const ZERO_BASE).cast_mut().cast()
}

/// An object of the heap.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    /// Its span.
    pub span: *mut span::Span,
    /// Its index there.
    pub index: usize,
    /// Its first address.
    pub base: usize,
}

/// The object that `p` points into, if it points into the heap.
#[inline(always)]
pub fn find_object(p: usize) -> Option<Object> {
    let s = arena::span_of(p);
    if s.is_null() {
        return None;
    }
    // SAFETY: records are valid for ever; the class fields do not change while an object lives in
    // the span.
    unsafe {
        if (*s).state.load(Ordering::Relaxed) != span::state::IN_USE {
            return None;
        }
        let index = (*s).index_of(p);
        if index >= (*s).objects as usize {
            return None;
        }
        Some(Object {
            span: s,
            index,
            base: (*s).address_of(index),
        })
    }
}
