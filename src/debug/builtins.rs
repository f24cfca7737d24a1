//! The print and println statements.
//!
//! The compiler brackets each statement with `printlock` and `printunlock` and calls one function
//! for each operand. The text collects in one buffer and is written when the outermost bracket
//! closes: statements of different threads do not mix, and each costs one system call. A thread may
//! take the lock again while it holds it, as it does when it dies inside a statement.

use crate::abi::{Sys, args};
use crate::fatal::out::{Out, Sink};
use crate::sync::mutex::RawMutex;
use crate::world;
use crate::world::m::{pin, unpin};
use core::cell::UnsafeCell;

/// Longer statements are written in pieces.
const BUFFER: usize = 1024;

struct Pending {
    lock: RawMutex,
    text: UnsafeCell<([u8; BUFFER], usize)>,
}

// SAFETY: the text is only reached with the lock held, but for `abandon`, which says why.
unsafe impl Sync for Pending {}

static PENDING: Pending = Pending {
    lock: RawMutex::new(),
    text: UnsafeCell::new(([0; BUFFER], 0)),
};

/// Takes the print lock, once more if this thread has it. No preemption until it is given back.
pub(super) fn lock() {
    let m = world::getm();
    // SAFETY: this thread's M, and only its thread touches the count.
    let held = unsafe {
        pin(m);
        (*m).printlock
    };
    if held == 0 {
        PENDING.lock.lock();
    }
    // From here on: a thread that dies while it waits for the lock must not take the text for its
    // own ([`abandon`]).
    // SAFETY: only this thread touches the count of its M.
    unsafe { (*m).printlock = held + 1 };
}

/// Gives the print lock back; the last one writes what is pending.
pub(super) fn unlock() {
    let m = world::getm();
    // SAFETY: this thread's M, and only its thread touches the count.
    let held = unsafe { (*m).printlock };
    if held == 1 {
        // SAFETY: this thread holds the lock, and no other reference to the text is in use.
        let text = unsafe { &mut *PENDING.text.get() };
        drop(Out::resume(&mut text.0, text.1, Sink::Stderr));
        text.1 = 0;
    }
    // Before the lock is given back, for the same reason as in `lock`.
    // SAFETY: only this thread touches the count of its M.
    unsafe { (*m).printlock = held - 1 };
    if held == 1 {
        PENDING.lock.unlock();
    }
    // SAFETY: this thread's M, which `lock` has pinned.
    unsafe { unpin(m) };
}

/// Writes with `f` under the print lock.
pub fn with(f: impl FnOnce(&mut Out<'_>)) {
    lock();
    // SAFETY: this thread holds the lock, and `f` cannot reach the text again: a nested use would
    // go through the fields of this very buffer, so it is forbidden in `f`.
    let text = unsafe { &mut *PENDING.text.get() };
    let mut out = Out::resume(&mut text.0, text.1, Sink::Stderr);
    f(&mut out);
    let len = out.filled();
    core::mem::forget(out);
    text.1 = len;
    unlock();
}

/// A thread that dies writes what is pending, if no other thread is in the middle of a statement.
pub fn abandon() {
    if PENDING.lock.try_lock() {
        PENDING.lock.unlock();
        return;
    }
    // SAFETY: only this thread touches the count of its M.
    if unsafe { (*world::getm()).printlock } == 0 {
        return;
    }
    // SAFETY: this thread holds the lock, in a statement that it will not end.
    let text = unsafe { &mut *PENDING.text.get() };
    let len = core::mem::take(&mut text.1);
    drop(Out::resume(&mut text.0, len.min(BUFFER), Sink::Stderr));
}

/// `runtime.printlock`.
pub fn printlock(_: Sys<'_>, _a: &mut args::runtime_printlock) {
    lock();
}

/// `runtime.printunlock`.
pub fn printunlock(_: Sys<'_>, _a: &mut args::runtime_printunlock) {
    unlock();
}

/// `runtime.printbool`.
pub fn printbool(_: Sys<'_>, a: &mut args::runtime_printbool) {
    with(|out| {
        out.boolean(a.v);
    });
}

/// `runtime.printint`.
pub fn printint(_: Sys<'_>, a: &mut args::runtime_printint) {
    with(|out| {
        out.int(a.v);
    });
}

/// `runtime.printuint`.
pub fn printuint(_: Sys<'_>, a: &mut args::runtime_printuint) {
    with(|out| {
        out.uint(a.v);
    });
}

/// `runtime.printhex`.
pub fn printhex(_: Sys<'_>, a: &mut args::runtime_printhex) {
    with(|out| {
        out.hex(a.v);
    });
}

/// `runtime.printpointer`.
pub fn printpointer(_: Sys<'_>, a: &mut args::runtime_printpointer) {
    with(|out| {
        out.hex(a.p as u64);
    });
}

/// `runtime.printfloat`.
pub fn printfloat(_: Sys<'_>, a: &mut args::runtime_printfloat) {
    with(|out| {
        out.float(a.v);
    });
}

/// `runtime.printcomplex`.
pub fn printcomplex(_: Sys<'_>, a: &mut args::runtime_printcomplex) {
    with(|out| {
        out.complex(a.c[0], a.c[1]);
    });
}

/// `runtime.printstring`.
pub fn printstring(_: Sys<'_>, a: &mut args::runtime_printstring) {
    with(|out| {
        out.gostring(a.s);
    });
}

/// `runtime.printslice`: length, capacity, address.
pub fn printslice(_: Sys<'_>, a: &mut args::runtime_printslice) {
    with(|out| {
        out.str("[")
            .int(a.s.len)
            .str("/")
            .int(a.s.cap)
            .str("]")
            .hex(a.s.ptr as u64);
    });
}

/// `runtime.printeface`: both words.
pub fn printeface(_: Sys<'_>, a: &mut args::runtime_printeface) {
    with(|out| {
        out.str("(")
            .hex(a.e.typ as u64)
            .str(",")
            .hex(a.e.data as u64)
            .str(")");
    });
}

/// `runtime.printiface`: both words.
pub fn printiface(_: Sys<'_>, a: &mut args::runtime_printiface) {
    with(|out| {
        out.str("(")
            .hex(a.i.tab as u64)
            .str(",")
            .hex(a.i.data as u64)
            .str(")");
    });
}

/// `runtime.printsp`.
pub fn printsp(_: Sys<'_>, _a: &mut args::runtime_printsp) {
    with(|out| {
        out.str(" ");
    });
}

/// `runtime.printnl`.
pub fn printnl(_: Sys<'_>, _a: &mut args::runtime_printnl) {
    with(|out| {
        out.str("\n");
    });
}
