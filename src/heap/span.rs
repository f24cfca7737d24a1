//! Spans: runs of pages that hold objects of one size, or one large object.
//!
//! Records lie off-heap and are reused, never unmapped, so that a stale pointer to one is always
//! readable. A record for small objects is followed by its bitmaps (`alloc`, `mark`), one for
//! larger objects with pointers also by the objects' types.
//!
//! Who may touch what:
//!
//! | field | owner |
//! |---|---|
//! | `base` .. `pages`, `bits` | set before the span is published, constant until it is freed |
//! | `alloc`, `live`, `window` | the span's holder: a P's cache, the sweeper that popped it, or the central list's lock |
//! | `mark` | every marker, atomically, while marking |
//! | `specials`, `samples` | the lock of the specials, of the heap profile; whether there are any is read without |
//! | `next`, `prev` | the lock of the list that it is on |

use super::{
    classes::{CLASSES, MAX_BITS, TABLE, TABLE_CONST},
    geometry::PAGE,
};
use crate::abi::Type;
use crate::mem;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, Ordering};

/// What a span is used for.
pub mod state {
    /// Free record.
    #[doc(alias = "_MSpanFree")]
    pub const DEAD: u8 = 0;
    /// Objects.
    #[doc(alias = "mSpanInUse")]
    #[doc(alias = "_MSpanInUse")]
    pub const IN_USE: u8 = 1;
}

/// Class and pointer-freeness as one number: `class * 2 + noscan`.
#[doc(alias = "spanClass")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanClass(pub(super) u8);

/// Number of span classes.
#[doc(alias = "numSpanClasses")]
pub(super) const SPAN_CLASSES: usize = CLASSES * 2;

impl SpanClass {
    /// From its parts.
    #[doc(alias = "makeSpanClass")]
    #[inline(always)]
    pub const fn new(class: usize, noscan: bool) -> Self {
        Self((class as u8) << 1 | noscan as u8)
    }
    /// Size class.
    #[inline(always)]
    pub(super) fn class(self) -> usize {
        usize::from(self.0 >> 1)
    }
    /// Objects hold no pointers.
    #[doc(alias = "flagNoScan")]
    #[inline(always)]
    pub fn noscan(self) -> bool {
        self.0 & 1 != 0
    }
    /// As an index.
    #[inline(always)]
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A run of pages.
#[doc(alias = "mspan")]
#[repr(C)]
#[derive(Debug)]
pub struct Span {
    /// First address.
    pub base: usize,
    /// Bytes of an object: of the class, or the whole span for a large object.
    pub elemsize: usize,
    /// See [`super::classes::Class::magic`]; 0 for a large object, whose only index is 0.
    magic: u32,
    /// Objects.
    pub objects: u32,
    /// What it is used for: [`state`].
    pub state: AtomicU8,
    /// [`SpanClass`].
    pub class: SpanClass,
    /// The memory may hold old data: objects must be cleared on allocation.
    pub needzero: bool,
    /// Size of this record: index of its free list.
    record: u8,
    /// Number of pages.
    pub pages: u32,
    /// Slots given out or live.
    pub live: u32,
    /// First bitmap word not looked at yet for free slots.
    pub window: u32,
    /// One bit for each slot that is not free.
    pub alloc: *mut u64,
    /// One bit for each slot found reachable in this cycle.
    pub mark: *mut AtomicU64,
    /// Pointer bits of the first page, for objects up to [`MAX_BITS`] bytes with pointers; of a
    /// large object the bytes asked for ([`Span::bytes`]).
    pub bits: *mut u64,
    /// List links.
    pub(super) next: *mut Span,
    /// List links.
    pub(super) prev: *mut Span,
    /// Finalizers of its objects; null if there are none.
    pub specials: AtomicPtr<OfSpan>,
    /// Objects that are samples of the heap profile.
    pub(super) samples: AtomicPtr<Sample>,
}

// With two words of bitmaps, for the objects of 64 bytes that a page holds, it is two cache lines.
const _: () = assert!(size_of::<Span>() == 96);

/// Types that a record has room for: the class of 576 bytes has 14 objects.
const TYPES: usize = 14;
/// Bitmaps of a record: allocated, marked.
const BITMAPS: usize = 2;
/// Words of the longest bitmap.
pub(super) const MAX_WORDS: usize = PAGE / 8 / 64;
/// Free lists: bitmaps of 1 to 16 words, then those with types.
pub(super) const RECORDS: usize = 18;
const WITH_TYPES: usize = 17;

// The pointer bits of a page lie in one arena; spans of more pages may reach into the next one.
const _: () = {
    let mut i = 1;
    while i < CLASSES {
        assert!(TABLE_CONST[i].size as usize > MAX_BITS || TABLE_CONST[i].pages == 1);
        i += 1;
    }
};

/// Bytes of a record of size `record`.
const fn bytes_of(record: usize) -> usize {
    let (words, types) = if record == WITH_TYPES {
        (1, TYPES)
    } else {
        (record, 0)
    };
    size_of::<Span>() + words * BITMAPS * 8 + types * 8
}

/// Objects of a span of `pages` pages, and the bytes of each.
fn layout(pages: usize, class: SpanClass) -> (usize, usize) {
    if class.class() == 0 {
        (1, pages * PAGE)
    } else {
        let c = &TABLE[class.class()];
        (c.objects as usize, c.size as usize)
    }
}

/// Which size of record a span of `class` needs.
pub(super) fn record_size(pages: usize, class: SpanClass) -> usize {
    let (objects, elemsize) = layout(pages, class);
    if !class.noscan() && elemsize > MAX_BITS {
        WITH_TYPES
    } else {
        objects.div_ceil(64)
    }
}

/// Free records by size. Guarded by the page heap's lock.
#[doc(alias = "allocMSpanLocked")]
#[doc(alias = "tryAllocMSpan")]
#[derive(Debug)]
pub struct Records {
    free: [*mut Span; RECORDS],
    /// Bytes of those that are not in use; caches of Ps hold others.
    pub free_bytes: usize,
}

impl Default for Records {
    fn default() -> Self {
        Self::new()
    }
}

impl Records {
    /// No records.
    pub(super) const fn new() -> Self {
        Self {
            free: [null_mut(); RECORDS],
            free_bytes: 0,
        }
    }

    /// At least one free record, at most `most`, linked by `next`.
    pub(super) fn take(&mut self, record: usize, most: usize) -> *mut Span {
        debug_assert!(most > 0 && (1..RECORDS).contains(&record));
        let size = bytes_of(record);
        if self.free[record].is_null() {
            for _ in 0..most {
                let s: *mut Span = mem::persistent_for(&mem::MSPAN_SYS, size, 64).cast();
                // SAFETY: fresh memory, of the size of such a record.
                unsafe {
                    (&raw mut (*s).record).write(record as u8);
                    (&raw mut (*s).next).write(self.free[record]);
                }
                self.free[record] = s;
                self.free_bytes += size;
            }
        }
        let first = self.free[record];
        let mut last = first;
        self.free_bytes -= size;
        // SAFETY: a free record's `next` is the free list's link.
        unsafe {
            for _ in 1..most {
                if (*last).next.is_null() {
                    break;
                }
                last = (*last).next;
                self.free_bytes -= size;
            }
            self.free[record] = core::mem::replace(&mut (*last).next, null_mut());
        }
        first
    }

    /// Takes a list of free records back.
    ///
    /// # Safety
    /// They must be linked by `next` and of this size.
    pub(super) unsafe fn put(&mut self, record: usize, mut first: *mut Span) {
        while !first.is_null() {
            // SAFETY: the caller's records are free, and linked by `next`.
            unsafe {
                let next = (*first).next;
                (*first).next = self.free[record];
                self.free[record] = first;
                first = next;
            }
            self.free_bytes += bytes_of(record);
        }
    }

    /// Takes a record back.
    ///
    /// # Safety
    /// The span must be on no list and no page may lead to it any more.
    pub(super) unsafe fn put_one(&mut self, s: *mut Span) {
        // SAFETY: nothing leads to the record, so it is the caller's to write.
        let record = unsafe {
            debug_assert!((*s).state.load(Ordering::Relaxed) == state::DEAD);
            (*s).next = null_mut();
            (*s).record as usize
        };
        // SAFETY: a list of one, of this size.
        unsafe { self.put(record, s) };
    }
}

/// Makes `s`, of the right [`record_size`], the span of the pages from `base`, where the arena's
/// pointer bits are `bits`: all fields set, on no list.
///
/// # Safety
/// The record and the pages must be the caller's, in arenas that exist.
#[doc(alias = "mSpan_Init")]
pub unsafe fn init(s: *mut Span, base: usize, bits: *mut u64, pages: usize, class: SpanClass) {
    let (objects, elemsize) = layout(pages, class);
    debug_assert!(pages > 0 && base.is_multiple_of(PAGE));
    // SAFETY: the record is the caller's, and knows its size from the first.
    debug_assert!(unsafe { (*s).record } as usize == record_size(pages, class));
    let with_types = !class.noscan() && elemsize > MAX_BITS;
    let words = objects.div_ceil(64);
    // SAFETY: the record is ours and large enough for its tail; the arena's bitmap exists.
    unsafe {
        let alloc = s.add(1).cast::<u64>();
        for i in 0..words * BITMAPS {
            alloc.add(i).write(0);
        }
        s.write(Span {
            base,
            elemsize,
            magic: TABLE[class.class()].magic,
            objects: objects as u32,
            state: AtomicU8::new(state::IN_USE),
            class,
            needzero: false,
            record: record_size(pages, class) as u8,
            pages: pages as u32,
            live: 0,
            window: 0,
            alloc,
            mark: alloc.add(words).cast(),
            bits: if class.noscan() || with_types || class.class() == 0 {
                null_mut()
            } else {
                bits
            },
            next: null_mut(),
            prev: null_mut(),
            specials: AtomicPtr::new(null_mut()),
            samples: AtomicPtr::new(null_mut()),
        });
        if with_types {
            for i in 0..objects {
                (*s).types().add(i).write(null());
            }
        }
        if elemsize == 8 && !class.noscan() {
            // One word each: every one is a pointer, so allocation has nothing to record.
            for i in 0..pages * PAGE / 8 / 64 {
                (*s).bits.add(i).write(!0);
            }
        }
    }
}

impl Span {
    /// Bitmap words.
    #[inline(always)]
    pub(super) fn words(&self) -> usize {
        (self.objects as usize).div_ceil(64)
    }

    /// Index of the object that `p` points into; `p` must lie in the span. May be `>= objects` in
    /// the unused tail.
    #[inline(always)]
    pub fn index_of(&self, p: usize) -> usize {
        ((p.wrapping_sub(self.base) as u64).wrapping_mul(u64::from(self.magic)) >> 32) as usize
    }

    /// Address of an object.
    #[inline(always)]
    pub fn address_of(&self, index: usize) -> usize {
        self.base.wrapping_add(index.wrapping_mul(self.elemsize))
    }

    /// Bits of the last bitmap word that stand for slots.
    #[inline(always)]
    pub(super) fn tail_mask(&self) -> u64 {
        let r = self.objects % 64;
        if r == 0 { !0 } else { (1 << r) - 1 }
    }

    /// Type of each object, for larger objects with pointers; null for others.
    #[inline(always)]
    pub fn types(&self) -> *mut *const Type {
        if self.class.noscan() || self.elemsize <= MAX_BITS {
            return null_mut();
        }
        // Behind the bitmaps, of one word each.
        (&raw const *self)
            .wrapping_add(1)
            .cast::<u64>()
            .wrapping_add(BITMAPS)
            .cast_mut()
            .cast()
    }

    /// Bytes asked for, of a large object; 0: it is for others, or nobody has asked yet.
    #[inline(always)]
    pub fn bytes(&self) -> usize {
        if self.class.class() == 0 {
            self.bits.addr()
        } else {
            0
        }
    }

    /// Says how many bytes were asked for.
    #[inline(always)]
    pub fn set_bytes(&mut self, bytes: usize) {
        debug_assert!(self.class.class() == 0);
        self.bits = core::ptr::without_provenance_mut(bytes);
    }

    /// Whether slot `index` is given out, as far as the span's own bits say: slots in a P's cache
    /// count as given out.
    ///
    /// # Safety
    /// `index < objects`.
    #[inline(always)]
    pub unsafe fn is_alloc(&self, index: usize) -> bool {
        debug_assert!(index < self.objects as usize);
        // SAFETY: the bitmap has a bit for every object, and the caller's index is one.
        let word = unsafe { *self.alloc.add(index / 64) };
        word >> (index % 64) & 1 != 0
    }

    /// Whether object `index` is marked.
    ///
    /// # Safety
    /// `index < objects`.
    #[inline(always)]
    pub unsafe fn is_marked(&self, index: usize) -> bool {
        debug_assert!(index < self.objects as usize);
        // SAFETY: the bitmap has a bit for every object, and the caller's index is one.
        let word = unsafe { &*self.mark.add(index / 64) };
        word.load(Ordering::Relaxed) >> (index % 64) & 1 != 0
    }

    /// Marks object `index`; true if it was not marked before.
    ///
    /// # Safety
    /// `index < objects`.
    #[inline(always)]
    pub unsafe fn set_mark(&self, index: usize) -> bool {
        debug_assert!(index < self.objects as usize);
        let bit = 1u64 << (index % 64);
        // SAFETY: the bitmap has a bit for every object, and the caller's index is one.
        let word = unsafe { &*self.mark.add(index / 64) };
        word.load(Ordering::Relaxed) & bit == 0 && word.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }
}

/// Frames of a stack that a record shows.
pub(super) const SAMPLE_DEPTH: usize = 32;

/// Objects and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) allocs: i64,
    pub(crate) frees: i64,
}

/// One allocation site: a stack and a size.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Next in the hash chain.
    pub(super) next: *mut Bucket,
    /// All buckets.
    pub(crate) all_next: *mut Bucket,
    pub(crate) size: usize,
    pub(super) hash: u64,
    pub(super) depth: usize,
    pub(crate) stack: [usize; SAMPLE_DEPTH],
    /// Allocated since the last marking but one, by the parity of the number of markings before.
    pub(crate) allocs: [i64; 2],
    /// Found dead since the last marking.
    pub(super) frees: i64,
    /// What a profile shows.
    pub(crate) shown: Count,
}

/// A sampled object: on the list of its span, or free.
#[doc(alias = "specialprofile")]
#[repr(C)]
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) next: *mut Sample,
    pub(super) bucket: *mut Bucket,
    pub(super) index: usize,
}

/// A record about one object.
#[doc(alias = "special")]
#[doc(alias = "specialfinalizer")]
#[repr(C)]
#[derive(Debug)]
pub struct Special {
    /// Next of the span, or on the free list.
    pub(super) next: *mut Special,
    pub(super) prev: *mut Special,
    /// Next in its bucket of the table.
    pub(super) chain: *mut Special,
    /// Span of the object; null in a free record.
    pub span: *mut Span,
    /// Index of the object in its span.
    pub(super) object: u32,
    /// Bytes of the function's results.
    pub(super) results: u32,
    /// The pointer given to SetFinalizer: into the object.
    pub pointer: usize,
    /// The func value to call.
    pub f: usize,
    /// Pointer type of the object as given to SetFinalizer.
    pub typ: *const Type,
    /// Type of the function's parameter.
    pub param: *const Type,
}

/// Records about the objects of one span, followed by a bit for each object: whether it has one.
/// There is room for as many words of them as `room` says, since most objects with finalizers are
/// large or few. Valid as zeroes.
#[repr(C)]
#[derive(Debug)]
pub struct OfSpan {
    /// The records; those of a free one lead nowhere.
    pub(super) first: *mut Special,
    /// Next on the free list.
    pub(super) next: *mut OfSpan,
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

impl Special {
    /// What it keeps alive.
    ///
    /// # Safety
    /// A record in use.
    pub unsafe fn held(&self) -> Held {
        // SAFETY: a record in use keeps its object, whose span stays.
        let s = unsafe { &*self.span };
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
            chain: null_mut(),
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
