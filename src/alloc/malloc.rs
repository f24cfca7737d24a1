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
pub const MAX_MEM: usize = (1 << 39) - 1;

/// An object without pointers, or null when the cache has none. `size <= MAX_SMALL`.
#[inline(always)]
unsafe fn fast_noscan(c: *mut Cache, size: usize, zero: bool) -> *mut u8 {
    debug_assert!(size <= MAX_SMALL);
    // SAFETY: the cache is the caller's; the size is in range.
    unsafe {
        if size < TINY {
            return fast_tiny(c, size);
        }
        let class = SpanClass::new(class_of(size), true);
        let (p, _) = take_slot(c, class);
        if !p.is_null() && zero {
            let slot = slot_of(c, class);
            if slot.needzero != 0 {
                clear(p, slot.elemsize as usize);
            }
        }
        p
    }
}

/// An object of fewer than [`TINY`] bytes without pointers: packed with others into a block.
#[inline(always)]
unsafe fn fast_tiny(c: *mut Cache, size: usize) -> *mut u8 {
    // SAFETY: the cache is the caller's.
    unsafe {
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
        let at = ((*c).tiny + (align - 1)) & !(align - 1);
        if at + size <= (*c).tiny_end {
            debug_assert!((*c).tiny <= at);
            (*c).tiny = at + size;
            (*c).tiny_allocs += 1;
            return at as *mut u8;
        }
        let (p, _) = take_slot(c, SpanClass::new(2, true));
        if p.is_null() {
            return p;
        }
        p.cast::<__m128i>().write(_mm_setzero_si128());
        if TINY - size > (*c).tiny_end - (*c).tiny {
            (*c).tiny = p as usize + size;
            (*c).tiny_end = p as usize + TINY;
        }
        p
    }
}

/// An object with pointers, or null when the cache has none. `size <= MAX_SMALL`, of values of
/// `typ`.
#[inline(always)]
unsafe fn fast_scan(c: *mut Cache, size: usize, typ: *const Type) -> *mut u8 {
    debug_assert!(size <= MAX_SMALL);
    // SAFETY: the cache is the caller's; the size is in range; the slot taken is ours.
    unsafe {
        let class = SpanClass::new(class_of(size), false);
        let (p, index) = take_slot(c, class);
        if p.is_null() {
            return p;
        }
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
        p
    }
}

/// Memory for `size` bytes of values of `typ` from the P's cache, if that is all it takes. For leaf
/// functions.
///
/// # Safety
/// On a thread with a P; `typ` must be a type whose size divides `size`, or null for memory without
/// pointers.
#[inline(always)]
pub unsafe fn leaf_alloc_inline(size: usize, typ: *const Type) -> Result<NonNull<u8>, Slow> {
    // SAFETY: the cache is this P's, and nothing else runs on it.
    unsafe {
        let c: *mut Cache = (*world::getm()).mcache.cast();
        if c.is_null() || size > MAX_SMALL {
            return Err(Slow);
        }
        NonNull::new(if typ.is_null() || (*typ).no_pointers() {
            fast_noscan(c, size, true)
        } else {
            fast_scan(c, size, typ)
        })
        .ok_or(Slow)
    }
}

/// [`leaf_alloc_inline`] out of line.
///
/// # Safety
/// As there.
#[inline(never)]
pub unsafe fn leaf_alloc(size: usize, typ: *const Type) -> Result<NonNull<u8>, Slow> {
    // SAFETY: passed on to the caller.
    unsafe { leaf_alloc_inline(size, typ) }
}

/// Memory without pointers that is not cleared, from the P's cache, if that is all it takes. For
/// leaf functions that fill all of it.
///
/// # Safety
/// On a thread with a P. What lies beyond `size` in the slot may be left as it is.
#[inline(always)]
pub unsafe fn leaf_alloc_raw(size: usize) -> Result<NonNull<u8>, Slow> {
    // SAFETY: as in `leaf_alloc_inline`.
    unsafe {
        let c: *mut Cache = (*world::getm()).mcache.cast();
        if c.is_null() || size > MAX_SMALL {
            return Err(Slow);
        }
        NonNull::new(fast_noscan(c, size, false)).ok_or(Slow)
    }
}

/// Memory for `size` bytes of values of `typ` (null: no pointers). With pointers it is always
/// cleared, without if `zero` says so. Ends the program when the system has no memory.
///
/// # Safety
/// On a thread with a P; `typ` must be a type whose size divides `size`, or null.
#[doc(alias = "_FlagNoZero")]
#[doc(alias = "flagNoZero")]
pub unsafe fn mallocgc(_: Sys<'_>, size: usize, typ: *const Type, zero: bool) -> *mut u8 {
    // SAFETY: the cache is this P's, and nothing else runs on it.
    unsafe {
        let c: *mut Cache = (*world::getm()).mcache.cast();
        if c.is_null() {
            fatal::throw("malloc without P");
        }
        alloc(c, size, typ, zero)
    }
}

/// [`mallocgc`] from a given cache, for this room: the others show a token.
///
/// # Safety
/// As there; the cache must be the caller's.
#[doc(alias = "_TinySizeClass")]
#[doc(alias = "tinySizeClass")]
#[doc(alias = "tinySpanClass")]
pub(super) unsafe fn alloc(c: *mut Cache, size: usize, typ: *const Type, zero: bool) -> *mut u8 {
    // SAFETY: as the caller promises.
    unsafe {
        let noscan = typ.is_null() || (*typ).no_pointers();
        if size > MAX_SMALL {
            let p = alloc_large(c, size, if noscan { null() } else { typ }, zero);
            if modes::traces() {
                allocfree::allocated(p, size.next_multiple_of(PAGE), typ);
            }
            return p;
        }
        let mut refilled = false;
        loop {
            let p = if noscan {
                fast_noscan(c, size, zero)
            } else {
                fast_scan(c, size, typ)
            };
            if !p.is_null() {
                if (*c).sample_due {
                    (*c).sample_due = false;
                    sample::record(p);
                }
                if refilled && modes::traces() {
                    let o = find_object(p as usize);
                    allocfree::allocated(p, o.map_or(size, |o| (*o.span).elemsize), typ);
                }
                return p;
            }
            if let Some(p) = instead::instead(c, size, if noscan { null() } else { typ }, zero) {
                if modes::traces() {
                    allocfree::allocated(p, size, typ);
                }
                return p;
            }
            refilled = true;
            let class = if noscan && size < TINY {
                2
            } else {
                class_of(size)
            };
            match (*c).refill(SpanClass::new(class, noscan)) {
                Refill::Ready => {}
                Refill::Grew(bytes) => {
                    if phase::enabled() {
                        worker::assist(bytes);
                    }
                    alarm::look_for_timers();
                }
                Refill::NoMemory => out_of_memory(size),
            }
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
/// `typ` must be a type.
pub unsafe fn newobject(sys: Sys<'_>, typ: *const Type) -> *mut u8 {
    // SAFETY: passed on to the caller.
    unsafe { mallocgc(sys, (*typ).size, typ, true) }
}

/// `n` cleared values of `typ` side by side; panics in Go when they are too many.
///
/// # Safety
/// `typ` must be a type.
pub unsafe fn newarray(sys: Sys<'_>, typ: *const Type, n: usize) -> *mut u8 {
    // SAFETY: passed on to the caller.
    unsafe {
        let size = (*typ).size;
        if (n as isize) < 0 || (size > 0 && n > MAX_MEM / size) {
            panic::raise_str(sys, "runtime: allocation size out of range");
        }
        if n == 0 {
            return zero_base();
        }
        mallocgc(sys, n.wrapping_mul(size), typ, true)
    }
}
