//! Other ways to allocate, which find mistakes or do without the collector (`GODEBUG`,
//! docs/godebug.md).
//!
//! They cost the usual allocation nothing: they keep the caches of the Ps empty, or hand slots out
//! one at a time, so that every allocation takes the slow path in system mode, where they are
//! looked for.
//!
//! - [`crate::debug::allocfree`]: allocations and frees are printed;
//! - [`super::guard`]: free memory holds a pattern;
//! - *efence*: every object is a large one, so it has pages of its own; those of a dead object
//!   fault on use and are never used again;
//! - *sbrk*: memory comes from outside the heap and is never free, so there is nothing to collect.

use super::owned::OwnedSpan;
use super::span::Span;
use super::{geometry::PAGE, guard, pages};
use crate::config::godebug;
use crate::fatal::Hook;
use crate::os;
use core::sync::atomic::{AtomicU8, Ordering};

const TRACE: u8 = 1;
const GUARD: u8 = 2;
pub(crate) const EFENCE: u8 = 4;
pub(crate) const SBRK: u8 = 8;

/// Which are on. Set at boot.
static MODES: AtomicU8 = AtomicU8::new(0);

/// Prints that the object at an address, of so many bytes, was found dead. Filled by boot.
pub static ON_FREE: Hook<fn(usize, usize)> = Hook::new();

/// Reads them from `GODEBUG`.
pub fn init() {
    let mut modes = 0;
    for (item, bit) in [
        (&godebug::ALLOC_FREE_TRACE, TRACE),
        (&godebug::HEAP_GUARD, GUARD),
        (&godebug::EFENCE, EFENCE),
        (&godebug::SBRK, SBRK),
    ] {
        if item.on() {
            modes |= bit;
        }
    }
    MODES.store(modes, Ordering::Relaxed);
}

#[inline(always)]
pub(crate) fn any_of(modes: u8) -> bool {
    MODES.load(Ordering::Relaxed) & modes != 0
}

/// Slots are handed out one at a time.
#[inline(always)]
pub(super) fn each() -> bool {
    any_of(TRACE | GUARD)
}

/// Allocations are printed.
#[inline(always)]
pub fn traces() -> bool {
    any_of(TRACE)
}

/// What is free holds a pattern.
#[inline(always)]
pub(super) fn guards() -> bool {
    any_of(GUARD)
}

/// Dead objects' pages are not used again.
#[inline(always)]
pub(super) fn fences() -> bool {
    any_of(EFENCE)
}

/// Nothing is collected.
#[inline(always)]
pub fn sbrk() -> bool {
    any_of(SBRK)
}

/// Somebody wants to know what a sweep frees.
#[inline(always)]
pub(super) fn watches_frees() -> bool {
    any_of(TRACE | GUARD)
}

/// `s` is about to be swept: its objects that are not marked are dead.
///
/// # Safety
/// The span is the caller's, marking finished.
#[cold]
pub(super) unsafe fn swept(s: &Span) {
    for i in 0..s.objects as usize {
        let at = s.address_of(i);
        // SAFETY: the loop's index is below `objects`.
        let (given_out, marked) = unsafe { (s.is_alloc(i), s.is_marked(i)) };
        if !given_out {
            if guards() {
                // SAFETY: a slot that is not given out is free.
                unsafe { guard::check(s, at) };
            }
        } else if !marked {
            if traces()
                && let Some(freed) = ON_FREE.get()
            {
                freed(at, s.elemsize);
            }
            if guards() {
                // SAFETY: marking is finished, so nobody uses what is not marked.
                unsafe { guard::fill(s, at) };
            }
        }
    }
}

/// Takes an empty span out of use for ever: its pages fault from now on.
///
/// # Safety
/// Nothing refers to its memory.
#[cold]
pub(super) unsafe fn fence(s: OwnedSpan) {
    let (at, n) = (s.base as *mut u8, s.pages as usize * PAGE);
    // SAFETY: nothing that is alive lies there. Without memory behind it, should the system refuse
    // one more protected range: then it reads as zeroes.
    unsafe {
        os::release(at, n);
        let _ = os::protect(at, n);
    }
    // SAFETY: nothing refers to the span's memory, and it is on no list.
    unsafe { pages::retire_span(s) };
}
