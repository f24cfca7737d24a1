//! Callbacks: C code that a goroutine has called, or that runs on a thread of its own, calls Go
//! (docs/cgo.md).
//!
//! Each callback has a record on the C stack, where the scheduler of its thread starts while the
//! callback lasts: below live C frames. The records of a thread are a list, innermost first. Places
//! on the goroutine's stack are depths below its top, since it may be moved.

use super::current::getm;
use super::m;
use crate::abi::{G, M, offsets};
use core::mem::offset_of;

/// The record, made by `runtime.cgocallback` (asm/cgo.S).
#[repr(C)]
#[derive(Debug)]
pub struct Callback {
    /// Code of the Go function: the field is a func value.
    pub code: usize,
    /// Its arguments and results, in C's memory.
    frame: *mut u8,
    /// Bytes of those.
    size: usize,
    /// Where the callback's first frame on the goroutine's stack seems to have been called.
    pub ret: usize,
    /// Frame of `runtime.cgocallback` on the C stack.
    bp: usize,
    /// Not null: on a thread that C has made, with no call of C below. What that thread has of the
    /// runtime (`cgo::foreign`).
    pub extra: *mut u8,
    /// The next outer one.
    outer: *mut Callback,
    /// Where the scheduler starts outside.
    g0sp: usize,
    /// Depth of the goroutine's stack when C called.
    depth: usize,
    /// Its depth in the system call that the call of C is, and where that goes on.
    pub syscall_depth: usize,
    /// See there.
    pub syscall_pc: usize,
    /// The signal mask that such a thread had.
    pub mask: u64,
}

const _: () = {
    assert!(offset_of!(Callback, code) as i64 == offsets::CALLBACK_FN);
    assert!(offset_of!(Callback, frame) as i64 == offsets::CALLBACK_FRAME);
    assert!(offset_of!(Callback, size) as i64 == offsets::CALLBACK_SIZEOF);
    assert!(offset_of!(Callback, ret) as i64 == offsets::CALLBACK_RET);
    assert!(offset_of!(Callback, bp) as i64 == offsets::CALLBACK_BP);
    assert!(offset_of!(Callback, extra) as i64 == offsets::CALLBACK_EXTRA);
    assert!(size_of::<Callback>() as i64 <= offsets::CALLBACK_SIZE);
};

/// The innermost callback of this thread, or null.
#[inline(always)]
pub fn innermost() -> *mut Callback {
    // SAFETY: every g that runs has its M, whose field is this thread's.
    let callback = unsafe { (*getm()).callback };
    callback.cast()
}

/// This thread is one that C has made.
pub fn on_foreign_thread() -> bool {
    let mut c = innermost();
    // SAFETY: the records of this thread's callbacks, which last.
    unsafe {
        while !c.is_null() && (*c).extra.is_null() {
            c = (*c).outer;
        }
    }
    !c.is_null()
}

/// `c` begins: `g`, this thread's goroutine, is locked to the thread, and the scheduler starts at
/// the record.
///
/// # Safety
/// On the C stack of `m`, this thread's M. `g` is its goroutine, in the system call that the call
/// of C is.
pub unsafe fn begin(m: *mut M, g: *mut G, c: *mut Callback) {
    // SAFETY: the record is on the caller's C stack; thread and goroutine are the caller's.
    unsafe {
        (*c).outer = (*m).callback.cast();
        (*c).g0sp = (*(*m).g0).sched.sp;
        (*c).depth = (*g).stack_hi - (*g).sched.sp;
        (*c).syscall_depth = (*g).stack_hi - (*g).syscallsp;
        (*c).syscall_pc = (*g).syscallpc;
        (*m).callback = c.cast();
        (*(*m).g0).sched.sp = c as usize;
    }
    // SAFETY: the goroutine is that of the caller's thread, and in C.
    unsafe { m::lock(m, g) };
}

/// The innermost callback of this thread is over.
///
/// # Safety
/// `m` is this thread's M, in a callback of `g`.
pub unsafe fn end(m: *mut M, g: *mut G) {
    // SAFETY: the thread is the caller's, and in a callback; the record is on the C stack, which is
    // still as it was.
    unsafe {
        let c: *mut Callback = (*m).callback.cast();
        (*(*m).g0).sched.sp = (*c).g0sp;
        (*m).callback = (*c).outer.cast();
    }
    // SAFETY: the goroutine is that of the caller's thread, and `begin` locked it.
    unsafe { m::unlock(m, g) };
}

/// `g`, this thread's goroutine, is back at `sp` of its stack: callbacks below are over, and the C
/// frames under them are gone.
///
/// # Safety
/// In system mode of `g`; nothing on this stack is needed after the next switch to `g`.
#[inline(always)]
pub unsafe fn drop_below(g: *mut G, sp: usize) {
    if !innermost().is_null() {
        // SAFETY: the caller's goroutine is this thread's, and nothing below `sp` is needed.
        unsafe { drop_slow(g, sp) };
    }
}

/// [`drop_below`] where there are callbacks.
///
/// # Safety
/// As there.
#[doc(alias = "unwindm")]
#[cold]
#[inline(never)]
unsafe fn drop_slow(g: *mut G, sp: usize) {
    let m = getm();
    // SAFETY: the goroutine is this thread's, so its stack stays. The records of this thread's
    // callbacks last until `end`, which the caller says those that are deeper have reached.
    unsafe {
        while !(*m).callback.is_null()
            && (*g).stack_hi - sp < (*(*m).callback.cast::<Callback>()).depth
        {
            end(m, g);
        }
    }
}
