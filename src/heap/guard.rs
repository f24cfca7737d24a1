//! `GODEBUG=heapguard=1`: free memory of the heap holds a pattern; who changes it has used an
//! object that is dead.
//!
//! - The sweeper fills dead objects. It looks at the slots of its span that were free already, too.
//! - Slots are handed out one at a time, and looked at just before.
//! - A free page holds the pattern everywhere, or zeroes if the system took it back meanwhile.
//!   Pages are looked at when a span takes them; the span then holds the pattern, whatever its
//!   pages held.
//! - Objects of more than [`LARGEST`] bytes are neither filled nor looked at: their pages go back
//!   to the system and read as zeroes.
//!
//! The pattern is no address: a program that follows a pointer of a dead object faults.

use super::geometry::PAGE;
use super::owned::OwnedSpan;
use super::span::Span;
use crate::fatal::{put_hex, put_u64, puts, throw};
use crate::os;

/// The pattern.
const PATTERN: u64 = 0xdead_0b1e_dead_0b1e;

/// Largest object that is filled; larger ones take too long.
const LARGEST: usize = 1 << 20;

/// First word of `[at, at + n)` that is not `word`.
///
/// # Safety
/// That memory is the heap's, and nobody writes there now.
unsafe fn differs(at: usize, n: usize, word: u64) -> Option<usize> {
    // SAFETY: called with words of the caller's memory.
    let is = |p: usize| unsafe { (p as *const u64).read() };
    (at..at + n).step_by(8).find(|&p| is(p) != word)
}

/// Fills `[at, at + n)` with the pattern.
///
/// # Safety
/// That memory is the heap's, and nobody uses it.
unsafe fn write(at: usize, n: usize) {
    for p in (at..at + n).step_by(8) {
        // SAFETY: the word is in the caller's memory.
        unsafe { (p as *mut u64).write(PATTERN) };
    }
}

/// Fills the dead object of `s` at `at`.
///
/// # Safety
/// Nobody uses it.
pub(super) unsafe fn fill(s: &Span, at: usize) {
    if s.elemsize > LARGEST {
        // Should the system refuse, they keep what is in them: nobody looks.
        // SAFETY: an object of that size has pages of its own, and nobody uses them.
        unsafe { os::release(at as *mut u8, s.elemsize) };
    } else {
        // SAFETY: nobody uses the object, which has that size.
        unsafe { write(at, s.elemsize) };
    }
}

/// Dies if the free slot of `s` at `at` was changed.
///
/// # Safety
/// It is a slot of the span.
pub(super) unsafe fn check(s: &Span, at: usize) {
    if s.elemsize > LARGEST {
        return;
    }
    // SAFETY: the caller's slot is free, so nobody writes there.
    if let Some(p) = unsafe { differs(at, s.elemsize, PATTERN) } {
        // SAFETY: the word is one of that slot.
        changed(unsafe { *(p as *const u64) }, p, at, Some(s));
    }
}

/// The pages of `s` were just taken: looks at them and fills them.
///
/// # Safety
/// Nothing is allocated from it yet.
#[cold]
pub(super) unsafe fn fresh(s: &mut OwnedSpan) {
    let (base, n) = (s.base, s.pages as usize * PAGE);
    if n > LARGEST {
        return;
    }
    for page in (base..base + n).step_by(PAGE) {
        // SAFETY: the page is the span's, from which nothing is allocated.
        unsafe {
            let first = *(page as *const u64);
            let word = if first == PATTERN { PATTERN } else { 0 };
            if let Some(p) = differs(page, PAGE, word) {
                changed(*(p as *const u64), p, page, None);
            }
        }
    }
    // SAFETY: the pages are the span's, from which nothing is allocated.
    unsafe { write(base, n) };
    s.needzero = true;
}

/// `found` stands at `p`, in the free slot (or page, without span) at `at`.
#[cold]
fn changed(found: u64, p: usize, at: usize, s: Option<&Span>) -> ! {
    puts("runtime: heapguard: the word at ");
    put_hex(p as u64);
    match s {
        Some(s) => {
            puts(", ");
            put_u64((p - at) as u64);
            puts(" bytes into a free object of ");
            put_u64(s.elemsize as u64);
            puts(" bytes (");
            puts(if s.class.noscan() {
                "without pointers"
            } else {
                "with pointers"
            });
            puts(", class ");
            put_u64(s.class.class() as u64);
            puts(") at ");
        }
        None => {
            puts(", ");
            put_u64((p - at) as u64);
            puts(" bytes into a free page at ");
        }
    }
    put_hex(at as u64);
    puts(", was changed to ");
    put_hex(found);
    puts("\n");
    throw("heapguard: free memory was written to")
}
