//! Records attached to single objects, outside them: finalizers (`gc::finalizer`).
//!
//! A span's specials are a list sorted by object index; all of them are on one list too, for the collector. [`ALL`]'s lock guards
//! both. A special keeps its object allocated: the collector takes it off before the object can die.

use super::span::Span;
use crate::abi::Type;
use crate::os::mem;
use crate::sync::mutex::Mutex;
use core::ptr::null_mut;

/// A record about one object.
#[repr(C)]
#[derive(Debug)]
pub struct Special {
    /// Next of the span, or of the free list.
    pub next: *mut Special,
    /// Index of the object in its span.
    pub object: u32,
    /// Its span.
    pub span: *mut Span,
    /// The pointer given to SetFinalizer: into the object.
    pub pointer: usize,
    /// The func value to call.
    pub f: usize,
    /// Pointer type of the object as given to SetFinalizer.
    pub typ: *const Type,
    /// Type of the function's parameter.
    pub param: *const Type,
    /// Bytes of the function's results.
    pub results: usize,
    /// All specials.
    pub all_next: *mut Special,
    /// All specials.
    pub all_prev: *mut Special,
}

/// All specials, and free records.
#[derive(Debug)]
pub struct All {
    free: *mut Special,
    first: *mut Special,
}

// SAFETY: records belong to the heap, not to a thread.
unsafe impl Send for All {}

/// Guards the specials of every span. Of the heap's locks it takes only `os::mem`'s inside.
pub static ALL: Mutex<All> = Mutex::new(All {
    free: null_mut(),
    first: null_mut(),
});

impl All {
    /// The first of all specials, or null.
    pub fn first(&self) -> *mut Special {
        self.first
    }

    /// Attaches a record with `value`'s contents to its object; false if the object has one of the kind with the same pointer.
    ///
    /// # Safety
    /// The span and object of `value` must be valid.
    pub unsafe fn add(&mut self, value: Special) -> bool {
        // SAFETY: records and spans are valid under the lock.
        unsafe {
            let at = find(value.span, value.object, value.pointer);
            if !(*at).is_null() && (**at).pointer == value.pointer {
                return false;
            }
            let mut s = self.free;
            if s.is_null() {
                s = mem::persistent();
            } else {
                self.free = (*s).next;
            }
            s.write(value);
            (*s).next = *at;
            *at = s;
            (*s).all_prev = null_mut();
            (*s).all_next = self.first;
            if !self.first.is_null() {
                (*self.first).all_prev = s;
            }
            self.first = s;
            true
        }
    }

    /// Takes the record for `pointer` off its object.
    ///
    /// # Safety
    /// The span must be valid.
    pub unsafe fn remove(&mut self, span: *mut Span, object: u32, pointer: usize) {
        // SAFETY: records and spans are valid under the lock.
        unsafe {
            let at = find(span, object, pointer);
            let s = *at;
            if s.is_null() || (*s).pointer != pointer {
                return;
            }
            *at = (*s).next;
            if (*s).all_prev.is_null() {
                self.first = (*s).all_next;
            } else {
                (*(*s).all_prev).all_next = (*s).all_next;
            }
            if !(*s).all_next.is_null() {
                (*(*s).all_next).all_prev = (*s).all_prev;
            }
            (*s).next = self.free;
            self.free = s;
        }
    }
}

/// The link to the first special of `span` that is not before (`object`, `pointer`).
unsafe fn find(span: *mut Span, object: u32, pointer: usize) -> *mut *mut Special {
    // SAFETY: the list is valid under the lock.
    unsafe {
        let mut at = &raw mut (*span).specials;
        while !(*at).is_null() && ((**at).object, (**at).pointer) < (object, pointer) {
            at = &raw mut (**at).next;
        }
        at
    }
}
