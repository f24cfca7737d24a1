//! `GODEBUG=stackpoison=1`: unused stack memory holds a pattern, so that code which uses it all the
//! same is found.
//!
//! Filled are: free stacks, newly allocated ones, those that dead goroutines keep, and the unused
//! part of a stack when the collector scans it. The pattern is no address, so using it as one
//! faults. A word that a frame's map calls live must not hold it: scanning and moving a stack check
//! that.

use super::size::BELOW;
use crate::abi::G;
use crate::config::godebug::{INVALID_PTR, STACK_POISON};
use crate::fatal::{put_hex, puts, throw};
use crate::unwind::{pointers, walk};

/// The pattern.
const POISON: usize = 0xdead_57ac_dead_57ac;

/// The pattern is in use.
#[inline(always)]
pub fn on() -> bool {
    STACK_POISON.on()
}

/// Fills `[lo, hi)`, which nobody uses.
///
/// # Safety
/// As it says. Both are multiples of 8.
#[cold]
pub unsafe fn fill(lo: usize, hi: usize) {
    for at in (lo..hi).step_by(8) {
        // SAFETY: the word is below `hi`, in memory that nobody uses. Volatile, or the loop becomes a call for which leaf callers
        // have no room.
        unsafe { (at as *mut usize).write_volatile(POISON) };
    }
}

/// Looks at the live words of the stack of `g`, and fills what is unused of it.
///
/// # Safety
/// The goroutine is at rest, outside a system call.
#[cold]
pub unsafe fn check(g: *mut G) {
    // SAFETY: the caller's goroutine is at rest; what is visited are words of its stack.
    unsafe {
        pointers::each_stack_pointer(g, &mut |slot| {
            if *(slot as *const usize) == POISON {
                found(g, slot, POISON);
            }
        });
    }
    // Assembly code of the program that a signal stopped may use words below its stack pointer.
    // SAFETY: a goroutine at rest, in no system call, uses nothing below that but `BELOW` bytes.
    unsafe {
        if (*g).interrupted.is_null() {
            fill((*g).stack_lo, (*g).sched.sp - BELOW);
        }
    }
}

/// A live word of a stack holds a small number. In a local variable that is fatal, as in Go;
/// arguments may be anything.
///
/// # Safety
/// `g` is at rest.
#[cold]
pub(super) unsafe fn suspect(g: *mut G, slot: usize, value: usize) {
    if !INVALID_PTR.on() {
        return;
    }
    // SAFETY: the caller's goroutine is at rest.
    if let Some(f) = unsafe { pointers::frame_of(g, slot) }
        && let walk::Shape::Go(m) = f.shape
        && slot >= f.top - 8 * m.locals_words as usize
    {
        // SAFETY: the caller's goroutine is at rest.
        unsafe { found(g, slot, value) };
    }
}

/// A live word of a stack cannot be right: ends the process.
///
/// # Safety
/// `g` is at rest.
#[cold]
unsafe fn found(g: *mut G, slot: usize, value: usize) -> ! {
    // SAFETY: the caller's goroutine is at rest.
    let frame = unsafe { pointers::frame_of(g, slot) };
    puts("runtime: bad pointer in frame ");
    match frame.and_then(|f| crate::code::symtab::find(f.pc)) {
        Some(f) => crate::os::sys::write(2, f.name()),
        None => puts("of the runtime"),
    }
    puts(" at ");
    put_hex(slot as u64);
    puts(": ");
    put_hex(value as u64);
    puts("\n");
    throw("invalid stack pointer")
}
