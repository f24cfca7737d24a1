//! Records attached to single objects, outside them: finalizers (`gc::finalizer`).
//!
//! They are found by the pointer they were made for, in one hash table, and listed for the collector. [`ALL`]'s lock guards both. A special
//! keeps its object allocated: the collector takes it off before the object can die, so sweeping has nothing to do with them.

use super::span::Span;
use crate::abi::Type;
use crate::os::mem;
use crate::sync::mutex::Mutex;
use core::ptr::null_mut;

/// A record about one object.
#[repr(C)]
#[derive(Debug)]
pub struct Special {
    /// Next with the same hash, or on the free list.
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
    /// Chains by hash; a power of two of them.
    table: *mut *mut Special,
    chains: usize,
    count: usize,
}

// SAFETY: records belong to the heap, not to a thread.
unsafe impl Send for All {}

/// Guards every special. Of the heap's locks it takes only `os::mem`'s inside.
pub static ALL: Mutex<All> = Mutex::new(All {
    free: null_mut(),
    first: null_mut(),
    table: null_mut(),
    chains: 0,
    count: 0,
});

/// Chains at first: a page of pointers.
const FIRST: usize = 512;

impl All {
    /// The first of all specials, or null.
    pub fn first(&self) -> *mut Special {
        self.first
    }

    /// Where the chain of `pointer` starts. The table must exist.
    fn chain(&self, pointer: usize) -> *mut *mut Special {
        let h = (pointer as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        // SAFETY: the index is below the number of chains.
        unsafe { self.table.add(h as usize & (self.chains - 1)) }
    }

    /// Makes room: as many chains as records at least.
    unsafe fn grow(&mut self) {
        let (old, n) = (self.table, self.chains);
        self.chains = if n == 0 { FIRST } else { n * 4 };
        self.table = mem::map(0, self.chains * 8).cast();
        if self.table.is_null() {
            crate::debug::print::throw("runtime: cannot allocate memory");
        }
        // SAFETY: the old chains hold valid records, which move to the new ones.
        unsafe {
            for i in 0..n {
                let mut s = *old.add(i);
                while !s.is_null() {
                    let next = (*s).next;
                    let at = self.chain((*s).pointer);
                    (*s).next = *at;
                    *at = s;
                    s = next;
                }
            }
            if n != 0 {
                mem::unmap(old.cast(), n * 8);
            }
        }
    }

    /// Attaches a record with `value`'s contents to its object; false if there is one for the same pointer.
    ///
    /// # Safety
    /// The span and object of `value` must be valid.
    pub unsafe fn add(&mut self, value: Special) -> bool {
        // SAFETY: records are valid under the lock.
        unsafe {
            if self.count >= self.chains {
                self.grow();
            }
            let at = self.chain(value.pointer);
            let mut s = *at;
            while !s.is_null() {
                if (*s).pointer == value.pointer {
                    return false;
                }
                s = (*s).next;
            }
            s = self.free;
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
            self.count += 1;
            true
        }
    }

    /// Takes the record for `pointer` off its object, if there is one.
    ///
    /// # Safety
    /// The object must be valid.
    pub unsafe fn remove(&mut self, pointer: usize) {
        if self.chains == 0 {
            return;
        }
        // SAFETY: records are valid under the lock.
        unsafe {
            let mut at = self.chain(pointer);
            while !(*at).is_null() && (**at).pointer != pointer {
                at = &raw mut (**at).next;
            }
            let s = *at;
            if s.is_null() {
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
            self.count -= 1;
        }
    }
}
