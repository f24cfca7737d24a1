//! Records attached to single objects, outside them: finalizers (`gc::finalizer`).
//!
//! A span leads to the records of its objects ([`Span::specials`]) and has a bit for each object with one, so that attaching the first one to
//! an object looks at no other, and the sweeper of a span whose objects with records all live looks at none. Records lie in slabs, through which marking
//! goes one at a time. [`ALL`]'s lock guards everything; the sweeper asks without it whether its span has any.

use super::span::Span;
use crate::abi::Type;
use crate::os::mem;
use crate::sync::mutex::Mutex;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// A record about one object.
#[repr(C)]
#[derive(Debug)]
pub struct Special {
    /// Next of the span, or on the free list.
    pub next: *mut Special,
    prev: *mut Special,
    /// Span of the object; null in a free record.
    pub span: *mut Span,
    /// Index of the object in its span.
    pub object: u32,
    /// Bytes of the function's results.
    pub results: u32,
    /// The pointer given to SetFinalizer: into the object.
    pub pointer: usize,
    /// The func value to call.
    pub f: usize,
    /// Pointer type of the object as given to SetFinalizer.
    pub typ: *const Type,
    /// Type of the function's parameter.
    pub param: *const Type,
}

/// Records of a slab: as many as are marked at a time. More make those wait longer who want the lock.
pub const SLAB: usize = 128;

#[repr(C)]
struct Slab {
    next: *mut Slab,
    records: [Special; SLAB],
}

/// What a record keeps alive.
#[derive(Debug, Clone, Copy, Default)]
pub struct Held {
    /// The func value.
    pub f: usize,
    /// A type.
    pub typ: usize,
    /// A type.
    pub param: usize,
    /// The object, if what it points to is to be marked; or 0.
    pub object: usize,
}

/// All records.
#[derive(Debug)]
pub struct All {
    free: *mut Special,
    slabs: *mut Slab,
    /// The slab that marking comes to next.
    cursor: *mut Slab,
}

// SAFETY: records belong to the heap, not to a thread.
unsafe impl Send for All {}

/// Guards every special. Of the heap's locks it takes only `os::mem`'s inside.
pub static ALL: Mutex<All> = Mutex::new(All {
    free: null_mut(),
    slabs: null_mut(),
    cursor: null_mut(),
});

/// A span's bit for object `index`: its word and mask.
unsafe fn bit(s: *mut Span, index: u32) -> (*mut u64, u64) {
    // SAFETY: the bitmap covers every object.
    unsafe {
        (
            (*s).special_bits().add(index as usize / 64),
            1 << (index % 64),
        )
    }
}

impl All {
    /// A free record.
    fn record(&mut self) -> *mut Special {
        if self.free.is_null() {
            let slab: *mut Slab = mem::persistent();
            // SAFETY: a fresh slab, valid as zeroes.
            unsafe {
                (*slab).next = self.slabs;
                for s in (*slab).records.iter_mut().rev() {
                    s.next = self.free;
                    self.free = s;
                }
            }
            self.slabs = slab;
        }
        let s = self.free;
        // SAFETY: a free record's `next` is the free list's link.
        self.free = unsafe { (*s).next };
        s
    }

    /// Attaches a record with `value`'s contents to its object; false if there is one for the same pointer.
    ///
    /// # Safety
    /// The span and object of `value` must be valid.
    pub unsafe fn add(&mut self, value: Special) -> bool {
        // SAFETY: records are valid under the lock.
        unsafe {
            let span = value.span;
            let (word, mask) = bit(span, value.object);
            let first = (*span).specials.load(Ordering::Relaxed);
            if *word & mask != 0 {
                let mut s = first;
                while !s.is_null() {
                    if (*s).pointer == value.pointer {
                        return false;
                    }
                    s = (*s).next;
                }
            }
            *word |= mask;
            let s = self.record();
            s.write(value);
            (*s).prev = null_mut();
            (*s).next = first;
            if !first.is_null() {
                (*first).prev = s;
            }
            (*span).specials.store(s, Ordering::Relaxed);
            true
        }
    }

    /// Takes the record for `pointer`, into object `index` of `span`, off its object, if there is one.
    ///
    /// # Safety
    /// The object must be valid.
    pub unsafe fn remove(&mut self, span: *mut Span, index: u32, pointer: usize) {
        // SAFETY: records are valid under the lock.
        unsafe {
            let (word, mask) = bit(span, index);
            if *word & mask == 0 {
                return;
            }
            // Others of the same object keep its bit.
            let (mut found, mut others) = (null_mut(), false);
            let mut s = (*span).specials.load(Ordering::Relaxed);
            while !s.is_null() {
                if (*s).pointer == pointer {
                    found = s;
                } else {
                    others |= (*s).object == index;
                }
                s = (*s).next;
            }
            if !found.is_null() {
                if !others {
                    *word &= !mask;
                }
                self.unlink(found);
            }
        }
    }

    unsafe fn unlink(&mut self, s: *mut Special) {
        // SAFETY: neighbours of a record in use are valid.
        unsafe {
            if (*s).prev.is_null() {
                (*(*s).span).specials.store((*s).next, Ordering::Relaxed);
            } else {
                (*(*s).prev).next = (*s).next;
            }
            if !(*s).next.is_null() {
                (*(*s).next).prev = (*s).prev;
            }
            (*s).span = null_mut();
            (*s).next = self.free;
            self.free = s;
        }
    }

    /// Takes the records of `span`'s unmarked objects off them, each after a call of `f`, and marks these objects; answers how many.
    ///
    /// # Safety
    /// Marking is finished, the span is the caller's and not swept yet.
    pub unsafe fn take_dead(&mut self, span: *mut Span, mut f: impl FnMut(&Special)) -> usize {
        // SAFETY: records are valid under the lock; bitmaps have `words` entries.
        unsafe {
            let (words, bits) = ((*span).words(), (*span).special_bits());
            let dead = |i: usize| *bits.add(i) & !(*(*span).mark.add(i)).load(Ordering::Relaxed);
            if (0..words).all(|i| dead(i) == 0) {
                return 0;
            }
            let mut s = (*span).specials.load(Ordering::Relaxed);
            while !s.is_null() {
                let next = (*s).next;
                if !(*span).is_marked((*s).object as usize) {
                    f(&*s);
                    self.unlink(s);
                }
                s = next;
            }
            // Marked only now: several may have been about one object, a block of the tiny allocator.
            let mut n = 0;
            for i in 0..words {
                let dead = dead(i);
                *bits.add(i) &= !dead;
                (*(*span).mark.add(i)).fetch_or(dead, Ordering::Relaxed);
                n += dead.count_ones() as usize;
            }
            n
        }
    }

    /// Calls `f` with the records of `span`'s objects.
    ///
    /// # Safety
    /// The span must be valid.
    pub unsafe fn each(&self, span: *mut Span, mut f: impl FnMut(&Special)) {
        // SAFETY: records are valid under the lock.
        unsafe {
            let mut s = (*span).specials.load(Ordering::Relaxed);
            while !s.is_null() {
                f(&*s);
                s = (*s).next;
            }
        }
    }

    /// Marking begins: [`All::held`] starts over.
    pub fn rewind(&mut self) {
        self.cursor = self.slabs;
    }

    /// What the next records keep alive, and how many they are; none when that was all. Records that were made since
    /// [`All::rewind`] may be missing.
    pub fn held(&mut self, out: &mut [Held; SLAB]) -> Option<usize> {
        if self.cursor.is_null() {
            return None;
        }
        // SAFETY: slabs are never freed; records in use have valid spans.
        unsafe {
            let slab = &*self.cursor;
            self.cursor = slab.next;
            let mut n = 0;
            for s in slab.records.iter().filter(|s| !s.span.is_null()) {
                out[n] = s.held();
                n += 1;
            }
            Some(n)
        }
    }
}

impl Special {
    /// What it keeps alive.
    ///
    /// # Safety
    /// A record in use.
    pub unsafe fn held(&self) -> Held {
        // SAFETY: the span of a record in use is valid.
        unsafe {
            let s = &*self.span;
            Held {
                f: self.f,
                typ: self.typ as usize,
                param: self.param as usize,
                object: if s.class.noscan() {
                    0
                } else {
                    s.address_of(self.object as usize)
                },
            }
        }
    }

    /// A record in no list.
    pub fn new(
        span: *mut Span,
        object: u32,
        pointer: usize,
        f: usize,
        typ: *const Type,
        param: *const Type,
        results: u32,
    ) -> Self {
        Self {
            next: null_mut(),
            prev: null_mut(),
            span,
            object,
            results,
            pointer,
            f,
            typ,
            param,
        }
    }
}
