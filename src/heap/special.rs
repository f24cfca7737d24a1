//! Records attached to single objects, outside them: finalizers (`finalizer::run`).
//!
//! A span with such objects leads to an [`OfSpan`] ([`Span::specials`]): the records, and a bit for
//! each object with one, so that the sweeper of a span whose objects with records all live looks at
//! none. A table by object finds the record that is to be taken off, and whether there is one
//! already. Records lie in slabs, through which marking goes one at a time. All of that exists
//! [`PARTS`] times, each with a lock of its own, and a span belongs to one of them ([`of`]):
//! goroutines that set finalizers at the same time seldom meet. The sweeper asks without a lock
//! whether its span has any.

use super::span::{Held, MAX_WORDS, OfSpan, Span, Special};
use crate::mem;
use crate::sync::mutex::{Guard, Mutex};
use crate::sync::rank;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Sizes of [`OfSpan`]: for 1, 2, 4, 8 and 16 words.
const ROOMS: usize = MAX_WORDS.ilog2() as usize + 1;

/// The size for a span of `words` words, as an index.
fn room(words: usize) -> usize {
    words.next_power_of_two().ilog2() as usize
}

/// Records of a slab: as many as are marked at a time. More make those wait longer who want the
/// lock.
pub const SLAB: usize = 128;

#[repr(C)]
struct Slab {
    next: *mut Slab,
    records: [Special; SLAB],
}

/// Records by the objects that they are about: chains of them, and as many buckets as keep these
/// short.
#[derive(Debug)]
struct Table {
    /// More than [`FEW`] buckets; null while those do.
    buckets: *mut *mut Special,
    /// Their number as a power of two.
    bits: u32,
    few: [*mut Special; FEW],
    /// Records in the table.
    used: usize,
}

/// Buckets to begin with: most programs have finalizers for a few files.
const FEW: usize = 16;
/// Records to a bucket before there are more buckets. More make chains longer, fewer the table
/// larger than the records.
const LOAD: usize = 2;

impl Table {
    /// The chain of the records about object `index` of `span`, and of others.
    ///
    /// # Safety
    /// A span in use.
    unsafe fn bucket(&mut self, span: *mut Span, index: u32) -> *mut *mut Special {
        // SAFETY: the caller's span is in use, so its layout stays.
        let object = unsafe { (*span).address_of(index as usize) };
        let i = spread(object) >> (usize::BITS - self.bits);
        // SAFETY: the table has 2^bits buckets, and so many bits are left of the hash.
        unsafe { self.all().add(i) }
    }

    fn all(&mut self) -> *mut *mut Special {
        if self.buckets.is_null() {
            self.few.as_mut_ptr()
        } else {
            self.buckets
        }
    }

    /// The record about object `index` of `span` for `pointer`, or null; and whether the object has
    /// others.
    ///
    /// # Safety
    /// A span in use.
    unsafe fn find(&mut self, span: *mut Span, index: u32, pointer: usize) -> (*mut Special, bool) {
        let (mut found, mut others) = (null_mut(), false);
        // SAFETY: the caller's span is in use.
        let mut s = unsafe { *self.bucket(span, index) };
        while !s.is_null() {
            // SAFETY: records in the table are in use, and the lock guards them that `self` stands
            // for.
            let record = unsafe { &*s };
            if record.pointer == pointer {
                found = s;
            } else {
                others |= record.span == span && record.object == index;
            }
            s = record.chain;
        }
        (found, others)
    }

    /// Adds a record.
    ///
    /// # Safety
    /// It is in use, and in no table.
    unsafe fn put(&mut self, s: *mut Special) {
        if self.used >= LOAD << self.bits {
            self.grow();
        }
        self.used += 1;
        // SAFETY: the caller's record is in no table.
        unsafe { self.link(s) };
    }

    /// Puts a record into its chain.
    ///
    /// # Safety
    /// It is in use, and in no chain.
    unsafe fn link(&mut self, s: *mut Special) {
        // SAFETY: the caller's record is in use, and so its span.
        let bucket = unsafe { self.bucket((*s).span, (*s).object) };
        // SAFETY: the bucket is the table's, and the record in no chain.
        unsafe {
            (*s).chain = *bucket;
            *bucket = s;
        }
    }

    /// Takes a record out.
    ///
    /// # Safety
    /// It is in this table.
    unsafe fn take(&mut self, s: *mut Special) {
        debug_assert!(self.used > 0);
        self.used -= 1;
        // SAFETY: the caller's record is in the table, so its chain leads to it.
        unsafe {
            let mut at = self.bucket((*s).span, (*s).object);
            while *at != s {
                at = &raw mut (**at).chain;
            }
            *at = (*s).chain;
        }
    }

    /// Many times as many buckets, from the kernel in whole pages; without memory the chains get
    /// longer.
    #[cold]
    fn grow(&mut self) {
        const PAGE: usize = 4096;
        let bytes = |bits: u32| size_of::<*mut Special>() << bits;
        let mut bits = self.bits + 2;
        while bytes(bits) < PAGE {
            bits += 1;
        }
        let new: *mut *mut Special = mem::map_for(&mem::OTHER_SYS, bytes(bits)).cast();
        if new.is_null() {
            return;
        }
        let (old, old_bits, mapped) = (self.all(), self.bits, !self.buckets.is_null());
        (self.buckets, self.bits) = (new, bits);
        // SAFETY: the old buckets and what they hold are valid; nothing refers to them afterwards.
        unsafe {
            for i in 0..1 << old_bits {
                let mut s = *old.add(i);
                while !s.is_null() {
                    let next = (*s).chain;
                    self.link(s);
                    s = next;
                }
            }
            if mapped {
                mem::unmap_for(&mem::OTHER_SYS, old.cast(), bytes(old_bits));
            }
        }
    }
}

/// The records of some of the spans.
#[derive(Debug)]
pub struct Part {
    free: *mut Special,
    free_lists: [*mut OfSpan; ROOMS],
    slabs: *mut Slab,
    /// The slab that marking comes to next.
    cursor: *mut Slab,
    table: Table,
}

// SAFETY: records belong to the heap, not to a thread.
unsafe impl Send for Part {}

/// A part in cache lines of its own.
#[repr(align(64))]
struct Padded(Mutex<Part, { rank::SPECIALS }>);

/// How many parts there are. More let more goroutines set finalizers at once, and cost 250 bytes
/// each.
const PARTS: usize = 16;

/// Each guards the specials of its spans. Of the heap's locks it takes only `mem`'s inside.
static ALL: [Padded; PARTS] = [const {
    Padded(Mutex::new(Part {
        free: null_mut(),
        free_lists: [null_mut(); ROOMS],
        slabs: null_mut(),
        cursor: null_mut(),
        table: Table {
            buckets: null_mut(),
            bits: FEW.ilog2(),
            few: [null_mut(); FEW],
            used: 0,
        },
    }))
}; PARTS];

/// Brings what neighbouring addresses differ in to the upper bits.
fn spread(address: usize) -> usize {
    address.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The part that marking is at.
static MARKED: AtomicUsize = AtomicUsize::new(0);

/// The records of `span`'s objects, among others.
pub fn of(span: *mut Span) -> Guard<'static, Part, { rank::SPECIALS }> {
    let i = spread(span as usize) >> (usize::BITS - PARTS.ilog2());
    ALL[i].0.lock()
}

/// Marking begins: [`held`] starts over.
pub fn rewind() {
    for part in &ALL {
        let mut part = part.0.lock();
        part.cursor = part.slabs;
    }
    MARKED.store(0, Ordering::Relaxed);
}

/// What the next records keep alive, and how many they are; none when that was all. Records that
/// were made since [`rewind`] may be missing.
pub fn held(out: &mut [Held; SLAB]) -> Option<usize> {
    loop {
        let i = MARKED.load(Ordering::Relaxed);
        if let Some(n) = ALL.get(i)?.0.lock().held(out) {
            return Some(n);
        }
        // Another may have gone on, too.
        let _ = MARKED.compare_exchange(i, i + 1, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// The records of `s`, or null.
fn of_span(s: *mut Span) -> *mut OfSpan {
    // SAFETY: a span's record is never freed, and the word is atomic.
    let specials = unsafe { &(*s).specials };
    specials.load(Ordering::Relaxed)
}

/// The bits of `list`.
fn bits(list: *mut OfSpan) -> *mut u64 {
    list.wrapping_add(1).cast()
}

/// The bit of object `index`, one of the span that `list` belongs to: its word and mask.
fn bit(list: *mut OfSpan, index: u32) -> (*mut u64, u64) {
    debug_assert!(!list.is_null() && (index as usize) < MAX_WORDS * 64);
    (
        bits(list).wrapping_add(index as usize / 64),
        1 << (index % 64),
    )
}

impl Part {
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

    /// The records of `span`: fresh ones if it has none.
    ///
    /// # Safety
    /// The span must be valid.
    unsafe fn list(&mut self, span: *mut Span) -> *mut OfSpan {
        let mut list = of_span(span);
        if list.is_null() {
            // SAFETY: free ones are linked by `next`, and have all bits clear.
            unsafe {
                let room = room((*span).words());
                list = self.free_lists[room];
                if list.is_null() {
                    let bytes = size_of::<OfSpan>() + size_of::<u64>() * (1 << room);
                    list = mem::persistent_alloc(bytes, align_of::<OfSpan>()).cast();
                } else {
                    self.free_lists[room] = core::mem::replace(&mut (*list).next, null_mut());
                }
                (*span).specials.store(list, Ordering::Relaxed);
            }
        }
        list
    }

    /// Attaches a record with `value`'s contents to its object; false if there is one for the same
    /// pointer.
    ///
    /// # Safety
    /// The span and object of `value` must be valid.
    pub unsafe fn add(&mut self, value: Special) -> bool {
        let (span, object, pointer) = (value.span, value.object, value.pointer);
        // SAFETY: the caller's object is live, so its span stays.
        let list = unsafe { self.list(span) };
        let (word, mask) = bit(list, object);
        // SAFETY: the list has a bit for each object of the span; the lock guards it that `self`
        // stands for.
        unsafe {
            debug_assert!(object < (*span).objects);
            let known = *word & mask != 0;
            if known && !self.table.find(span, object, pointer).0.is_null() {
                return false;
            }
            *word |= mask;
        }
        let s = self.record();
        // SAFETY: the record was free; neighbours on the list are in use, and under the lock.
        unsafe {
            s.write(value);
            self.table.put(s);
            (*s).prev = null_mut();
            (*s).next = (*list).first;
            if !(*list).first.is_null() {
                (*(*list).first).prev = s;
            }
            (*list).first = s;
        }
        true
    }

    /// Takes the record for `pointer`, into object `index` of `span`, off its object, if there is
    /// one.
    ///
    /// # Safety
    /// The object must be valid.
    pub unsafe fn remove(&mut self, span: *mut Span, index: u32, pointer: usize) {
        let list = of_span(span);
        if list.is_null() {
            return;
        }
        let (word, mask) = bit(list, index);
        // SAFETY: the list has a bit for each object of the span; the lock guards it that `self`
        // stands for.
        if unsafe { *word } & mask == 0 {
            return;
        }
        // SAFETY: the caller's object is live, so its span is in use.
        let (found, others) = unsafe { self.table.find(span, index, pointer) };
        if found.is_null() {
            return;
        }
        // Others of the same object keep its bit.
        if !others {
            // SAFETY: the word is that of the bit that was read.
            unsafe { *word &= !mask };
        }
        // SAFETY: the record is in use, and the bit of an object without others is clear.
        unsafe { self.unlink(found) };
    }

    /// Takes a record off its span, and frees it.
    ///
    /// # Safety
    /// It is in use. Where it is the last about its object, the bit of that is clear.
    unsafe fn unlink(&mut self, s: *mut Special) {
        // SAFETY: a record in use is in the table.
        unsafe { self.table.take(s) };
        // SAFETY: neighbours of a record in use are in use, and its span leads to their list; the
        // lock guards them that `self` stands for.
        unsafe {
            if (*s).prev.is_null() {
                let span = (*s).span;
                let list = of_span(span);
                (*list).first = (*s).next;
                if (*list).first.is_null() {
                    // Its bits are clear: the code that removes a record has cleared its object's
                    // bit before.
                    let words = (*span).words();
                    debug_assert!((0..words).all(|i| *bits(list).add(i) == 0));
                    (*span).specials.store(null_mut(), Ordering::Relaxed);
                    let free = &mut self.free_lists[room(words)];
                    (*list).next = *free;
                    *free = list;
                }
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

    /// Takes the records of `span`'s unmarked objects off them, each after a call of `f`, and marks
    /// these objects; answers how many.
    ///
    /// # Safety
    /// Marking is finished, the span is the caller's and not swept yet.
    pub(super) unsafe fn take_dead(
        &mut self,
        span: *mut Span,
        mut f: impl FnMut(&Special),
    ) -> usize {
        let list = of_span(span);
        if list.is_null() {
            return 0;
        }
        // SAFETY: the span is in the caller's hands.
        let (words, mark) = unsafe { ((*span).words(), (*span).mark) };
        let mut dead = [0; MAX_WORDS];
        let mut any = 0;
        for (i, dead) in dead.iter_mut().enumerate().take(words) {
            // SAFETY: each of the two bitmaps has `words` words.
            unsafe {
                let bits = bits(list).add(i);
                *dead = *bits & !(*mark.add(i)).load(Ordering::Relaxed);
                *bits &= !*dead;
            }
            any |= *dead;
        }
        if any == 0 {
            return 0;
        }
        // SAFETY: the records on the list are in use, and the lock guards them that `self` stands
        // for; the next one is read before a record is freed, the bits of whose object are clear.
        unsafe {
            let mut s = (*list).first;
            while !s.is_null() {
                let next = (*s).next;
                if !(*span).is_marked((*s).object as usize) {
                    f(&*s);
                    self.unlink(s);
                }
                s = next;
            }
        }
        // Marked only now: several may have been about one object, a block of the tiny allocator.
        let mut n = 0;
        for (i, &dead) in dead.iter().enumerate().take(words) {
            // SAFETY: the bitmap of marks has `words` words.
            unsafe { &*mark.add(i) }.fetch_or(dead, Ordering::Relaxed);
            n += dead.count_ones() as usize;
        }
        n
    }

    /// Calls `f` with the records of `span`'s objects.
    ///
    /// # Safety
    /// The span must be valid.
    pub unsafe fn each(&self, span: *mut Span, mut f: impl FnMut(&Special)) {
        let list = of_span(span);
        if list.is_null() {
            return;
        }
        // SAFETY: the lists of spans and the records on them are guarded by the lock that `self`
        // stands for.
        unsafe {
            let mut s = (*list).first;
            while !s.is_null() {
                f(&*s);
                s = (*s).next;
            }
        }
    }

    /// [`held`] of this part.
    fn held(&mut self, out: &mut [Held; SLAB]) -> Option<usize> {
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

#[cfg(test)]
impl Part {
    /// Object `index` of `span` has records, as its bit says.
    pub fn has(&self, span: *mut Span, index: usize) -> bool {
        let list = of_span(span);
        // SAFETY: the list of a span is valid under the lock.
        !list.is_null() && unsafe { *bits(list).add(index / 64) >> (index % 64) & 1 != 0 }
    }

    /// Records in the longest chain of the table.
    pub fn longest_chain(&mut self) -> usize {
        let n = 1 << self.table.bits;
        let all = self.table.all();
        let length = |i| {
            // SAFETY: there are `n` buckets, and records in the table are valid under the lock.
            let mut s = unsafe { *all.add(i) };
            let mut length = 0;
            while !s.is_null() {
                length += 1;
                // SAFETY: records in the table are valid under the lock.
                s = unsafe { (*s).chain };
            }
            length
        };
        (0..n).map(length).max().unwrap_or(0)
    }
}
