//! Objects too large for a size class: each has a span of its own.

use super::sbrk::{self, out_of_memory};
use crate::abi::{KIND_GC_PROG, Type};
use crate::gc::worker;
use crate::heap::cache::{self, Cache};
use crate::heap::geometry::{self, PAGE, PAGE_SHIFT};
use crate::heap::span::SpanClass;
use crate::heap::{central, gcprog, modes, sample, stats, trigger};
use crate::sched::alarm;
use crate::world::phase;
use core::sync::atomic::Ordering;

/// An object of `size` bytes of values of `typ` (null: no pointers).
///
/// # Safety
/// As [`super::malloc::alloc`].
#[doc(alias = "largeAlloc")]
#[doc(alias = "allocLarge")]
pub(super) unsafe fn alloc_large(
    c: *mut Cache,
    size: usize,
    typ: *const Type,
    zero: bool,
) -> *mut u8 {
    let Some(bytes) = size.checked_next_multiple_of(PAGE) else {
        out_of_memory(size)
    };
    if bytes >= geometry::LIMIT {
        out_of_memory(size);
    }
    if modes::sbrk() {
        return sbrk::break_alloc(size);
    }
    // SAFETY: the caller's type is a descriptor or null.
    unsafe {
        if !typ.is_null() && u32::from((*typ).kind) & KIND_GC_PROG != 0 {
            gcprog::expanded(typ);
        }
    }
    if phase::enabled() {
        // SAFETY: the caller is in system mode, and the cache that of its P.
        unsafe { worker::assist(bytes) };
    }
    let class = SpanClass::new(0, typ.is_null());
    // SAFETY: the caller passes the cache of its P.
    let s = unsafe { central::alloc_pages(bytes >> PAGE_SHIFT, class, &mut (*c).pages) };
    let Some(mut s) = s else { out_of_memory(size) };
    let p = s.base as *mut u8;
    debug_assert!(s.elemsize == bytes && s.live == 0);
    // SAFETY: the span's one slot is of `bytes` bytes, and nobody else knows it yet.
    unsafe {
        if s.needzero && (zero || !typ.is_null()) {
            p.write_bytes(0, bytes);
        }
        if !typ.is_null() {
            *s.types() = typ;
        }
        s.set_bytes(size);
        *s.alloc = 1;
        if phase::enabled() {
            (*s.mark).store(1, Ordering::Relaxed);
            cache::count_black(&mut (*c).black, &s, 1);
        }
    }
    s.live = 1;
    s.window = 1;
    central::put(s);
    // SAFETY: the cache is the caller's, and the object new.
    unsafe {
        if cache::large_sampled(&mut *c, bytes) {
            sample::record(p);
        }
    }
    stats::LARGE_COUNT.fetch_add(1, Ordering::Relaxed);
    stats::LARGE_BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
    let live = stats::HEAP_LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    if !typ.is_null() {
        trigger::HEAP_SCAN.fetch_add(bytes, Ordering::Relaxed);
    }
    if crate::probe::trace::on() {
        crate::probe::trace::heap_changes(live);
    }
    trigger::check_trigger(live);
    // SAFETY: the caller is in system mode, and the cache that of its P.
    unsafe { alarm::look_for_timers() };
    p
}
