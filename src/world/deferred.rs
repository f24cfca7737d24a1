//! What a goroutine's list of deferred calls says by itself, without the functions that they call.

use crate::abi::{Defer, G};

/// Continuation of the innermost pending deferred call of the frame with stack pointer `sp` and
/// return slot `top`, or 0: where the frame resumes if that call recovers.
///
/// # Safety
/// The goroutine is stopped.
pub unsafe fn pending_defer_pc(g: *mut G, sp: usize, top: usize) -> usize {
    // SAFETY: a stopped goroutine's list does not change.
    unsafe {
        let mut d = (*g).defer;
        while !d.is_null() {
            if (sp..top).contains(&(*d).sp) {
                return (*d).pc;
            }
            d = (*d).link;
        }
    }
    0
}

/// First byte of a record's arguments.
pub fn args_of(d: *mut Defer) -> *mut u8 {
    d.wrapping_add(1).cast()
}
