//! Signals in a program that holds C code (docs/cgo.md): handlers that C had before ours, and
//! threads that Go has not made.

use super::queue;
use super::table::{self, PANIC};
use crate::abi::G;
use crate::fatal;
use crate::fatal::signal::{die_by, set};
use crate::os::context::Context;
use crate::os::signal::{self, SIGNALS};
use crate::sched::interrupt;
use crate::world::getm;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Handlers that ours have replaced.
#[doc(alias = "fwdSig")]
static BEFORE: [AtomicUsize; SIGNALS] = [const { AtomicUsize::new(libc::SIG_DFL) }; SIGNALS];

/// Signals that the C library keeps for itself.
const OF_C_LIBRARY: [u32; 2] = [32, 33];

/// Ours is about to become the handler of `sig`.
pub fn remember(sig: u32) {
    BEFORE[sig as usize].store(signal::handler_of(sig), Ordering::Relaxed);
}

/// The C library has its handlers by now: they must not run on a goroutine's stack.
pub fn keep_off_goroutines() {
    for sig in OF_C_LIBRARY {
        signal::on_alternate_stack(sig);
    }
}

/// In the handler: the signal is C's, or on a thread that has no g, and is dealt with.
///
/// # Safety
/// With the interrupted g, or null.
pub unsafe fn takes(sig: u32, ctx: &Context, g: *mut G) -> bool {
    // SAFETY: passed on.
    if unsafe { forward(sig, ctx, g) } {
        return true;
    }
    if !g.is_null() {
        return false;
    }
    let may_have = !interrupt::is_marked(ctx) && queue::may_have(sig, ctx);
    let done = is_late(sig, ctx) || may_have && queue::send(sig);
    if !done {
        without_us(sig, ctx);
    }
    true
}

/// A fault of C code that C's own handler is for, which is called: true.
///
/// # Safety
/// In the handler, with the interrupted g, or null.
#[doc(alias = "sigfwdgo")]
#[doc(alias = "sigfwd")]
unsafe fn forward(sig: u32, ctx: &Context, g: *mut G) -> bool {
    if table::flags(sig) & PANIC == 0 || ctx.code() <= 0 {
        return false;
    }
    let handler = BEFORE[sig as usize].load(Ordering::Relaxed);
    if handler == libc::SIG_DFL {
        return false;
    }
    // SAFETY: by the caller's promise this is the handler, and g the interrupted one.
    if !g.is_null() && !unsafe { in_c(g) } {
        return false;
    }
    if handler != libc::SIG_IGN {
        // SAFETY: C has installed this handler for the signal, and C code was interrupted.
        unsafe { ctx.pass_to(handler, sig) };
    }
    true
}

/// The thread runs no Go code and not the runtime for a goroutine, but C code.
///
/// # Safety
/// In the handler, with the interrupted g.
unsafe fn in_c(g: *mut G) -> bool {
    // SAFETY: by the caller's promise g is the thread's current one; Ms are never freed.
    let m = unsafe { (*g).m.load(Ordering::Relaxed) };
    if m.is_null() {
        return false;
    }
    // SAFETY: the thread's own M and goroutine, which do not change while the handler runs.
    unsafe {
        let curg = (*m).curg.load(Ordering::Relaxed);
        g == (*m).g0 && (curg.is_null() || (*curg).syscallsp != 0)
    }
}

/// As [`in_c`], and it is a goroutine's call of C.
///
/// # Safety
/// As there.
pub unsafe fn serves_c(g: *mut G) -> bool {
    // SAFETY: by the caller's promise this is the handler, and g the interrupted one; the M is the
    // thread's own.
    unsafe { in_c(g) && !(*getm()).curg.load(Ordering::Relaxed).is_null() }
}

/// A signal on a thread that has no g is the runtime's own, and was not meant for it: it has come too
/// late, or goes from thread to thread while the process dies.
fn is_late(sig: u32, ctx: &Context) -> bool {
    sig == libc::SIGPROF as u32
        || interrupt::is_ours(ctx)
        || sig == libc::SIGQUIT as u32 && fatal::dying()
}

/// A signal on a thread that has no g, which package os/signal does not want, does what it does
/// without us.
#[doc(alias = "badsignal")]
fn without_us(sig: u32, ctx: &Context) {
    match BEFORE[sig as usize].load(Ordering::Relaxed) {
        libc::SIG_DFL => {
            die_by(sig);
            // It does not end the process.
            set(sig, signal::gort_sigtramp as *const () as usize, true);
        }
        libc::SIG_IGN => {}
        // SAFETY: C has installed this handler for the signal, which interrupted a thread of C.
        handler => unsafe { ctx.pass_to(handler, sig) },
    }
}
