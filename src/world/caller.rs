//! The goroutine that called into the runtime.

use super::curg;
use crate::abi::{Caller, G, Sys};
use crate::fatal;
use core::ptr::NonNull;

impl<'c> Sys<'c> {
    /// The goroutine that called in. The program ends if none did: a timer's function, which runs
    /// on g0, calls something that may park.
    #[inline]
    pub fn caller(self) -> Caller<'c> {
        match NonNull::new(curg()) {
            // SAFETY: the running goroutine; the trampoline saved its context when it switched to
            // g0.
            Some(g) => unsafe { Caller::new(self, g.cast()) },
            None => fatal::throw("blocking operation on a system stack"),
        }
    }
}

impl Caller<'_> {
    /// The goroutine.
    #[inline(always)]
    pub const fn g(&self) -> *mut G {
        self.raw().cast()
    }

    /// The address of the call's arguments, for resume steps: the stack may have moved meanwhile.
    #[inline(always)]
    pub fn arguments(&self) -> usize {
        // SAFETY: the caller is stopped, so nobody writes its saved context.
        let context = unsafe { &(*self.g()).sched };
        // That of a call has the address of its arguments as stack pointer.
        context.sp
    }
}
