//! Any object: in leaf mode from the P's cache, if it has one; in system mode for certain.

use crate::abi::{KIND_GC_PROG, Type};
use crate::debug::allocfree;
use crate::heap::cache::{self, PerP, TINY};
use crate::heap::classes::{MAX_BITS, MAX_SMALL, PAGE, PAGE_SHIFT, class_of};
use crate::heap::span::{self, SpanClass};
use crate::heap::{arena, central, gcprog, layout, modes, pages, sample, stats};
use crate::world::{self, phase};
use crate::{fatal, gc, panic};
use core::arch::x86_64::{__m128i, _mm_setzero_si128};
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering;

/// Largest object that Go programs may ask for: 512 GiB, the limit that Go 1.5 has.
pub const MAX_MEM: usize = (1 << 39) - 1;

/// What every allocation of no bytes points to.
static ZERO_BASE: [u64; 2] = [0; 2];

/// Address of allocations without bytes.
#[inline(always)]
pub fn zero_base() -> *mut u8 {
    (&raw const ZERO_BASE).cast_mut().cast()
}

/// Objects up to this size are cleared in line; `memset` wins above it.
const INLINE_CLEAR: usize = 256;

/// Clears a slot: `n` is the size of a class, so 8 or a multiple of 16.
#[inline(always)]
unsafe fn clear(p: *mut u8, n: usize) {
    // SAFETY: the slot is the caller's; slots of 16 bytes and more are 16-byte aligned. The stores are volatile so that
    // they are not turned into a call of memset, which costs more than they do.
    unsafe {
        if n == 8 {
            p.cast::<u64>().write(0);
        } else if n <= INLINE_CLEAR {
            let mut at = 0;
            while at < n {
                p.add(at)
                    .cast::<__m128i>()
                    .write_volatile(_mm_setzero_si128());
                at += 16;
            }
        } else {
            p.write_bytes(0, n);
        }
    }
}

/// A free slot of `class` and its number in the window, or null when the span is used up.
#[inline(always)]
unsafe fn take_slot(c: *mut PerP, class: SpanClass) -> (*mut u8, usize) {
    // SAFETY: the class is in range; the cache is the caller's.
    unsafe {
        let mut free = slot_of(c, class).free;
        if free == 0 {
            if !(*c).advance(class) {
                return (null_mut(), 0);
            }
            free = slot_of(c, class).free;
        }
        let slot = slot_of(c, class);
        slot.free = free & free.wrapping_sub(1);
        let index = free.trailing_zeros() as usize;
        let p = slot
            .base
            .wrapping_add(index.wrapping_mul(slot.elemsize as usize));
        (p as *mut u8, index)
    }
}

#[inline(always)]
unsafe fn slot_of<'a>(c: *mut PerP, class: SpanClass) -> &'a mut cache::Slot {
    // SAFETY: the class is in range; the cache is the caller's.
    unsafe {
        &mut *(&raw mut (*c).slots)
            .cast::<cache::Slot>()
            .add(class.index())
    }
}

/// An object without pointers, or null when the cache has none. `size <= MAX_SMALL`.
#[inline(always)]
unsafe fn fast_noscan(c: *mut PerP, size: usize, zero: bool) -> *mut u8 {
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
unsafe fn fast_tiny(c: *mut PerP, size: usize) -> *mut u8 {
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

/// An object with pointers, or null when the cache has none. `size <= MAX_SMALL`, of values of `typ`.
#[inline(always)]
unsafe fn fast_scan(c: *mut PerP, size: usize, typ: *const Type) -> *mut u8 {
    // SAFETY: the cache is the caller's; the size is in range; the slot taken is ours.
    unsafe {
        let class = SpanClass::new(class_of(size), false);
        let (p, index) = take_slot(c, class);
        if p.is_null() {
            return p;
        }
        let slot = slot_of(c, class);
        let elemsize = slot.elemsize as usize;
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

/// Memory for `size` bytes of values of `typ`, or null when that takes more than the P's cache. For leaf functions.
///
/// # Safety
/// On a thread with a P; `typ` must be a type whose size divides `size`, or null for memory without pointers.
#[inline(always)]
pub unsafe fn leaf_alloc_inline(size: usize, typ: *const Type) -> *mut u8 {
    // SAFETY: the cache is this P's, and nothing else runs on it.
    unsafe {
        let c: *mut PerP = (*world::getm()).mcache.cast();
        if c.is_null() || size > MAX_SMALL {
            return null_mut();
        }
        if typ.is_null() || (*typ).no_pointers() {
            fast_noscan(c, size, true)
        } else {
            fast_scan(c, size, typ)
        }
    }
}

/// [`leaf_alloc_inline`] out of line.
///
/// # Safety
/// As there.
#[inline(never)]
pub unsafe fn leaf_alloc(size: usize, typ: *const Type) -> *mut u8 {
    // SAFETY: passed on to the caller.
    unsafe { leaf_alloc_inline(size, typ) }
}

/// Memory without pointers that is not cleared, or null when that takes more than the P's cache. For leaf functions that fill all of it.
///
/// # Safety
/// On a thread with a P. What lies beyond `size` in the slot may be left as it is.
#[inline(always)]
pub unsafe fn leaf_alloc_raw(size: usize) -> *mut u8 {
    // SAFETY: as in `leaf_alloc_inline`.
    unsafe {
        let c: *mut PerP = (*world::getm()).mcache.cast();
        if c.is_null() || size > MAX_SMALL {
            return null_mut();
        }
        fast_noscan(c, size, false)
    }
}

/// Memory for `size` bytes of values of `typ` (null: no pointers). With pointers it is always cleared, without if `zero` says so.
/// Ends the program when the system has no memory. In system mode.
///
/// # Safety
/// On a thread with a P; `typ` must be a type whose size divides `size`, or null.
pub unsafe fn mallocgc(size: usize, typ: *const Type, zero: bool) -> *mut u8 {
    // SAFETY: the cache is this P's, and nothing else runs on it.
    unsafe {
        let c: *mut PerP = (*world::getm()).mcache.cast();
        if c.is_null() {
            fatal::throw("malloc without P");
        }
        alloc(c, size, typ, zero)
    }
}

/// [`mallocgc`] from a given cache.
///
/// # Safety
/// As there; the cache must be the caller's.
pub unsafe fn alloc(c: *mut PerP, size: usize, typ: *const Type, zero: bool) -> *mut u8 {
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
            if let Some(p) = modes::instead(c, size, if noscan { null() } else { typ }, zero) {
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
            if !(*c).refill(SpanClass::new(class, noscan)) {
                out_of_memory(size);
            }
        }
    }
}

pub(crate) unsafe fn alloc_large(
    c: *mut PerP,
    size: usize,
    typ: *const Type,
    zero: bool,
) -> *mut u8 {
    let Some(bytes) = size.checked_next_multiple_of(PAGE) else {
        out_of_memory(size)
    };
    if bytes >= arena::LIMIT {
        out_of_memory(size);
    }
    if modes::sbrk() {
        return modes::break_alloc(size);
    }
    // SAFETY: a type with pointers; the span is ours until it is on its list.
    unsafe {
        if !typ.is_null() && u32::from((*typ).kind) & KIND_GC_PROG != 0 {
            gcprog::expanded(typ);
        }
        if phase::enabled() {
            gc::pace::assist(bytes);
        }
        let s = central::alloc_pages(
            bytes >> PAGE_SHIFT,
            SpanClass::new(0, typ.is_null()),
            &mut (*c).pages,
        );
        if s.is_null() {
            out_of_memory(size);
        }
        let p = (*s).base as *mut u8;
        if (*s).needzero && (zero || !typ.is_null()) {
            p.write_bytes(0, bytes);
        }
        if !typ.is_null() {
            *(*s).types() = typ;
        }
        (*s).set_bytes(size);
        *(*s).alloc = 1;
        if phase::enabled() {
            (*(*s).mark).store(1, Ordering::Relaxed);
            cache::count_black(&mut (*c).black, &*s, 1);
        }
        (*s).live = 1;
        (*s).window = 1;
        central::add_large(s);
        if sample::large(&mut *c, bytes) {
            sample::record(p);
        }
        stats::LARGE_COUNT.fetch_add(1, Ordering::Relaxed);
        stats::LARGE_BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
        let live = stats::HEAP_LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if !typ.is_null() {
            gc::pace::HEAP_SCAN.fetch_add(bytes, Ordering::Relaxed);
        }
        if crate::probe::trace::on() {
            crate::probe::trace::heap_changes(live);
        }
        gc::check_trigger(live);
        crate::dispatch::prompt::look_for_timers();
        p
    }
}

#[cold]
pub(crate) fn out_of_memory(size: usize) -> ! {
    fatal::puts("runtime: out of memory: cannot allocate ");
    fatal::put_u64(size as u64);
    fatal::puts("-byte block (");
    fatal::put_u64((pages::OBJECT_PAGES.load(Ordering::Relaxed) * PAGE) as u64);
    fatal::puts(" in use)\n");
    fatal::throw("runtime: out of memory")
}

/// At boot. The heap's own tables are valid as zeroes: the first allocation finds empty caches and an empty page heap.
pub fn init() {
    modes::init();
    sample::init();
}

/// Gives everything in a P's cache back.
///
/// # Safety
/// Nobody uses the P.
pub unsafe fn flush(p: &mut PerP) {
    p.flush();
    p.pages.flush();
}

/// A cleared value of `typ`. In system mode.
///
/// # Safety
/// `typ` must be a type.
pub unsafe fn newobject(typ: *const Type) -> *mut u8 {
    // SAFETY: passed on to the caller.
    unsafe { mallocgc((*typ).size, typ, true) }
}

/// `n` cleared values of `typ` side by side. In system mode; panics in Go when they are too many.
///
/// # Safety
/// `typ` must be a type.
pub unsafe fn newarray(typ: *const Type, n: usize) -> *mut u8 {
    // SAFETY: passed on to the caller.
    unsafe {
        let size = (*typ).size;
        if (n as isize) < 0 || (size > 0 && n > MAX_MEM / size) {
            panic::raise_str("runtime: allocation size out of range");
        }
        if n == 0 {
            return zero_base();
        }
        mallocgc(n.wrapping_mul(size), typ, true)
    }
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
    // SAFETY: records are valid for ever; the class fields do not change while an object lives in the span.
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
