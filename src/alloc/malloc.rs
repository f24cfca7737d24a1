//! Any object: in leaf mode from the P's cache, if it has one; in system mode for certain.

use super::instead;
use super::large::alloc_large;
use super::sbrk::out_of_memory;
use crate::abi::{Slow, Sys, Type};
use crate::debug::allocfree;
use crate::gc::worker;
use crate::heap::cache::{Cache, Refill, TINY, clear, slot_of, take_slot};
use crate::heap::classes::{MAX_BITS, MAX_SMALL, class_of};
use crate::heap::geometry::PAGE;
use crate::heap::span::SpanClass;
use crate::heap::{find_object, layout, modes, sample, zero_base};
use crate::sched::alarm;
use crate::world::phase;
use crate::{fatal, panic, world};
use core::arch::x86_64::{__m128i, _mm_setzero_si128};
use core::ptr::{NonNull, null};

/// Largest object that Go programs may ask for: 512 GiB, the limit that Go 1.5 has.
#[doc(alias = "maxAlloc")]
#[doc(alias = "_MaxMem")]
pub(super) const MAX_MEM: usize = (1 << 39) - 1;

/// An object without pointers, or null when the cache has none.
///
/// # Safety
/// The cache is the caller's; `size` is at most `MAX_SMALL`.
#[inline(always)]
unsafe fn fast_noscan(c: *mut Cache, size: usize, zero: bool) -> *mut u8 {
    debug_assert!(size <= MAX_SMALL);
    if size < TINY {
        // SAFETY: the caller has the cache, and the size is below `TINY`.
        return unsafe { fast_tiny(c, size) };
    }
    // SAFETY: the caller's size is at most `MAX_SMALL`.
    let class = SpanClass::new(unsafe { class_of(size) }, true);
    // SAFETY: the cache is the caller's, and the class one of those that sizes have.
    let (p, _) = unsafe { take_slot(c, class) };
    if !p.is_null() && zero {
        // SAFETY: the cache is the caller's; the object that was taken is ours, of the class's size.
        unsafe {
            let slot = slot_of(c, class);
            if slot.needzero != 0 {
                clear(p, slot.elemsize as usize);
            }
        }
    }
    p
}

/// An object of fewer than [`TINY`] bytes without pointers: packed with others into a block.
///
/// # Safety
/// The cache is the caller's.
#[inline(always)]
unsafe fn fast_tiny(c: *mut Cache, size: usize) -> *mut u8 {
    if size == 0 {
        return zero_base();
    }
    // Sizes say enough about alignment: an object whose size is odd holds bytes only.
    let align = match size & 7 {
        0 => 8,
        4 => 4,
        2 | 6 => 2,
        _ => 1,
    };
    // SAFETY: the caller has the cache; class 2 is that of `TINY` bytes.
    let (p, _) = unsafe {
        let at = ((*c).tiny + (align - 1)) & !(align - 1);
        if at + size <= (*c).tiny_end {
            debug_assert!((*c).tiny <= at);
            (*c).tiny = at + size;
            (*c).tiny_allocs += 1;
            return at as *mut u8;
        }
        take_slot(c, SpanClass::new(2, true))
    };
    if p.is_null() {
        return p;
    }
    // SAFETY: slots of this class have `TINY` bytes, 16, and are as aligned; the one taken is ours,
    // and so is the cache.
    unsafe {
        p.cast::<__m128i>().write(_mm_setzero_si128());
        if TINY - size > (*c).tiny_end - (*c).tiny {
            (*c).tiny = p as usize + size;
            (*c).tiny_end = p as usize + TINY;
        }
    }
    p
}

/// An object with pointers, or null when the cache has none.
///
/// # Safety
/// The cache is the caller's; `size` is at most `MAX_SMALL`, and that of values of `typ`, which has
/// pointers.
#[inline(always)]
unsafe fn fast_scan(c: *mut Cache, size: usize, typ: *const Type) -> *mut u8 {
    debug_assert!(size <= MAX_SMALL);
    // SAFETY: the caller's size is at most `MAX_SMALL`.
    let class = SpanClass::new(unsafe { class_of(size) }, false);
    // SAFETY: the cache is the caller's, and the class one of those that sizes have.
    let (p, index) = unsafe { take_slot(c, class) };
    if p.is_null() {
        return p;
    }
    // SAFETY: the cache is the caller's. The slot that was taken is ours, and so is what the span
    // knows of it: its type in a span of larger objects, else the bits of its words.
    unsafe {
        let slot = slot_of(c, class);
        let elemsize = slot.elemsize as usize;
        debug_assert!(size <= elemsize && (p.addr() - slot.start).is_multiple_of(elemsize));
        if slot.needzero != 0 {
            clear(p, elemsize);
        }
        if elemsize > MAX_BITS {
            *slot.types.add(index) = typ;
        } else if elemsize > 8 {
            layout::write_bits(
                slot.bits,
                (p as usize).wrapping_sub(slot.start),
                elemsize,
                layout::small_mask(size, typ),
            );
        }
    }
    p
}

/// The cache of this thread's P, null where it has none.
#[inline(always)]
fn cache_of_this_thread() -> *mut Cache {
    // SAFETY: a thread always has an M, and no other thread writes this field of it.
    unsafe { (*world::getm()).mcache }.cast()
}

/// Memory for `size` bytes of values of `typ` from the P's cache, if that is all it takes. For leaf
/// functions.
///
/// # Safety
/// On a thread with a P; `typ` must be a type whose size divides `size`, or null for memory without
/// pointers.
#[inline(always)]
pub(super) unsafe fn leaf_alloc_inline(size: usize, typ: *const Type) -> Result<NonNull<u8>, Slow> {
    let c = cache_of_this_thread();
    if c.is_null() || size > MAX_SMALL {
        return Err(Slow);
    }
    // SAFETY: the cache is that of this thread's P, on which nothing else runs; the caller's type
    // is null or has the size.
    let p = unsafe {
        if typ.is_null() || (*typ).no_pointers() {
            fast_noscan(c, size, true)
        } else {
            fast_scan(c, size, typ)
        }
    };
    NonNull::new(p).ok_or(Slow)
}

/// [`leaf_alloc_inline`] out of line.
///
/// # Safety
/// As there.
#[inline(never)]
pub unsafe fn leaf_alloc(size: usize, typ: *const Type) -> Result<NonNull<u8>, Slow> {
    // SAFETY: the caller's thread has a P, and its type the size.
    unsafe { leaf_alloc_inline(size, typ) }
}

/// Memory without pointers that is not cleared, from the P's cache, if that is all it takes. For
/// leaf functions that fill all of it.
///
/// # Safety
/// On a thread with a P. What lies beyond `size` in the slot may be left as it is.
#[inline(always)]
pub unsafe fn leaf_alloc_raw(size: usize) -> Result<NonNull<u8>, Slow> {
    let c = cache_of_this_thread();
    if c.is_null() || size > MAX_SMALL {
        return Err(Slow);
    }
    // SAFETY: the cache is that of this thread's P, on which nothing else runs.
    NonNull::new(unsafe { fast_noscan(c, size, false) }).ok_or(Slow)
}

/// Memory for `size` bytes of values of `typ` (null: no pointers). With pointers it is always
/// cleared, without if `zero` says so. Ends the program when the system has no memory.
///
/// # Safety
/// On a thread with a P; `typ` must be a type whose size divides `size`, or null.
#[doc(alias = "_FlagNoZero")]
#[doc(alias = "flagNoZero")]
pub unsafe fn mallocgc(_: Sys<'_>, size: usize, typ: *const Type, zero: bool) -> *mut u8 {
    let c = cache_of_this_thread();
    if c.is_null() {
        fatal::throw("malloc without P");
    }
    // SAFETY: the cache is that of this thread's P, on which nothing else runs; the caller's type
    // is null or has the size.
    unsafe { alloc(c, size, typ, zero) }
}

/// [`mallocgc`] from a given cache, for this room: the others show a token.
///
/// # Safety
/// In system mode, on a thread with a P, whose cache it is; `typ` is a type whose size divides
/// `size`, or null.
#[doc(alias = "_TinySizeClass")]
#[doc(alias = "tinySizeClass")]
#[doc(alias = "tinySpanClass")]
pub(super) unsafe fn alloc(c: *mut Cache, size: usize, typ: *const Type, zero: bool) -> *mut u8 {
    // SAFETY: the caller's type is a descriptor or null.
    let noscan = typ.is_null() || unsafe { (*typ).no_pointers() };
    let pointers = if noscan { null() } else { typ };
    if size > MAX_SMALL {
        // SAFETY: the cache is the caller's; the type has the size.
        let p = unsafe { alloc_large(c, size, pointers, zero) };
        if modes::traces() {
            // SAFETY: the object is new, and the type a descriptor or null.
            unsafe { allocfree::allocated(p, size.next_multiple_of(PAGE), typ) };
        }
        return p;
    }
    let mut refilled = false;
    loop {
        // SAFETY: the cache is the caller's, the size small; the type has it.
        let p = unsafe {
            if noscan {
                fast_noscan(c, size, zero)
            } else {
                fast_scan(c, size, typ)
            }
        };
        if !p.is_null() {
            // SAFETY: the cache is the caller's, and the object new.
            unsafe {
                if (*c).sample_due {
                    (*c).sample_due = false;
                    sample::record(p);
                }
            }
            if refilled && modes::traces() {
                let o = find_object(p as usize);
                // SAFETY: the object is new, and so in a span that stays; the type is a descriptor
                // or null.
                unsafe { allocfree::allocated(p, o.map_or(size, |o| (*o.span).elemsize), typ) };
            }
            return p;
        }
        // SAFETY: the cache is the caller's; the type has the size.
        if let Some(p) = unsafe { instead::instead(c, size, pointers, zero) } {
            if modes::traces() {
                // SAFETY: the object is new, and the type a descriptor or null.
                unsafe { allocfree::allocated(p, size, typ) };
            }
            return p;
        }
        refilled = true;
        let class = if noscan && size < TINY {
            2
        } else {
            // SAFETY: the size is at most `MAX_SMALL` here.
            unsafe { class_of(size) }
        };
        // SAFETY: nobody but the caller uses the cache.
        match unsafe { (*c).refill(SpanClass::new(class, noscan)) } {
            Refill::Ready => {}
            Refill::Grew(bytes) => {
                if phase::enabled() {
                    // SAFETY: in system mode, on a thread with a P.
                    unsafe { worker::assist(bytes) };
                }
                // SAFETY: in system mode, on a thread with a P.
                unsafe { alarm::look_for_timers() };
            }
            Refill::NoMemory => out_of_memory(size),
        }
    }
}

/// At boot. The heap's own tables are valid as zeroes: the first allocation finds empty caches and
/// an empty page heap.
#[doc(alias = "mallocinit")]
pub fn init() {
    modes::init();
    sample::init();
}

/// A cleared value of `typ`.
///
/// # Safety
/// On a thread with a P; `typ` is the descriptor of a type.
pub(super) unsafe fn newobject(sys: Sys<'_>, typ: *const Type) -> *mut u8 {
    // SAFETY: the caller's thread has a P; the size is that of its type.
    unsafe { mallocgc(sys, (*typ).size, typ, true) }
}

/// `n` cleared values of `typ` side by side; panics in Go when they are too many.
///
/// # Safety
/// On a thread with a P; `typ` is the descriptor of a type.
pub unsafe fn newarray(sys: Sys<'_>, typ: *const Type, n: usize) -> *mut u8 {
    // SAFETY: the caller passes the descriptor of a type.
    let size = unsafe { (*typ).size };
    if (n as isize) < 0 || (size > 0 && n > MAX_MEM / size) {
        panic::raise_str(sys, "runtime: allocation size out of range");
    }
    if n == 0 {
        return zero_base();
    }
    // SAFETY: the caller's thread has a P; the size is a multiple of that of the type.
    unsafe { mallocgc(sys, n.wrapping_mul(size), typ, true) }
}
