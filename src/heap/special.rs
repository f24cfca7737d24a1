//! Records attached to single objects, outside them: finalizers (`gc::finalizer`) and heap profile samples.
//!
//! A span's specials are a list sorted by object index. The list is guarded by [`LOCK`]; the sweeper and the collector with the world stopped
//! go through the same lock.

use super::span::Span;
use crate::abi::Type;
use crate::os::mem;
use crate::sync::mutex::Mutex;
use core::ptr::null_mut;

/// What a special says about its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A finalizer is to run.
    Finalizer = 1,
    /// The object is in the heap profile.
    Profile = 2,
}

/// A record about one object.
#[repr(C)]
#[derive(Debug)]
pub struct Special {
    /// Next of the span, or of the free list.
    pub next: *mut Special,
    /// Index of the object in its span.
    pub object: u32,
    /// Kind.
    pub kind: Kind,
    /// Finalizer: the func value. Profile: its bucket.
    pub value: usize,
    /// Finalizer: pointer type of the object as given to SetFinalizer.
    pub typ: *const Type,
    /// Finalizer: type of the function's parameter.
    pub param: *const Type,
    /// Finalizer: bytes of the function's results.
    pub results: usize,
}

/// Free records.
#[derive(Debug)]
pub struct Free(*mut Special);

// SAFETY: records belong to the heap, not to a thread.
unsafe impl Send for Free {}

/// Guards the specials of every span, and the free records. Taken after no other lock but the central lists' and [`super::central`]'s list of large spans.
pub static LOCK: Mutex<Free> = Mutex::new(Free(null_mut()));

impl Free {
    /// A record with undefined contents.
    pub fn alloc(&mut self) -> *mut Special {
        let s = self.0;
        if s.is_null() {
            return mem::persistent();
        }
        // SAFETY: records on the free list are valid.
        self.0 = unsafe { (*s).next };
        s
    }

    /// Takes a record back.
    ///
    /// # Safety
    /// It must be on no list.
    pub unsafe fn free(&mut self, s: *mut Special) {
        // SAFETY: the record is the caller's.
        unsafe { (*s).next = self.0 };
        self.0 = s;
    }
}

/// The link to the first special of `span` that is not before (`object`, `kind`).
///
/// # Safety
/// [`LOCK`] must be held while the answer is used.
pub unsafe fn find(span: *mut Span, object: u32, kind: Kind) -> *mut *mut Special {
    // SAFETY: the list is valid under the lock.
    unsafe {
        let mut at = &raw mut (*span).specials;
        while !(*at).is_null() && ((**at).object, (**at).kind as u8) < (object, kind as u8) {
            at = &raw mut (**at).next;
        }
        at
    }
}

/// Drops the records of objects that are not marked. Their finalizers have been queued by then, which marks the object: what is found
/// here are profile samples.
///
/// # Safety
/// The span must be in the sweeper's hands, not swept yet.
pub unsafe fn sweep(span: &mut Span) {
    let mut free = LOCK.lock();
    // SAFETY: the list is valid under the lock; objects are below `objects`.
    unsafe {
        let mut at = &raw mut span.specials;
        while !(*at).is_null() {
            let s = *at;
            if span.is_marked((*s).object as usize) {
                at = &raw mut (*s).next;
                continue;
            }
            *at = (*s).next;
            if (*s).kind == Kind::Profile {
                crate::gc::sampled_object_freed((*s).value, span.elemsize);
            }
            free.free(s);
        }
    }
}
