//! Which signals get our handler: at boot, and as os/signal asks for them. The kernel's side is
//! `os::signal`.

use super::table::{self, DEFAULT, NOTIFY, OURS};
use crate::abi::{M, Sys, args};
use crate::fatal::signal::{die_by, must_change_mask, restore_mask, set};
use crate::os::signal::{self, LISTENED, MASK, PID, gort_sigtramp, is_ignored};
use crate::os::sys;
use crate::world::callbacks;
use crate::world::with_c::with_c;
use crate::{fatal, mem};
use core::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a thread's alternate stack: a traceback runs there.
const STACK: usize = 32 << 10;

/// Signals that were ignored when the process started, or when os/signal asked for them: they are
/// ignored again afterwards.
static IGNORED: AtomicU64 = AtomicU64::new(0);
/// Signals with our handler.
static HANDLED: AtomicU64 = AtomicU64::new(0);

fn handle(sig: u32) {
    set(sig, gort_sigtramp as *const () as usize, true);
    HANDLED.fetch_or(signal::bit(sig), Ordering::Relaxed);
}

/// The handler gets `sig` whether os/signal wants it or not, and ignores what nobody asked for.
fn kept(sig: u32) -> bool {
    table::flags(sig) & OURS != 0 || LISTENED.load(Ordering::Relaxed) & signal::bit(sig) != 0
}

/// Installs the handler. At boot, on the first thread.
pub fn init() {
    // Where a filter refuses to tell, the first thread's number is the process's; 0 if that is
    // refused, too: no signals are sent.
    let pid = sys::getpid().unwrap_or_else(|| sys::gettid().max(0));
    PID.store(pid, Ordering::Relaxed);
    let mut mask = 0u64;
    must_change_mask(libc::SIG_BLOCK, &0, Some(&mut mask));
    MASK.store(mask & !table::ESSENTIAL, Ordering::Relaxed);
    for sig in 1..signal::SIGNALS as u32 {
        let flags = table::flags(sig);
        if flags & !table::UNBLOCK == 0 || flags & DEFAULT != 0 {
            continue;
        }
        // A program started with these ignored (nohup, a background job) leaves them so.
        if matches!(sig as i32, libc::SIGHUP | libc::SIGINT) && is_ignored(sig) {
            IGNORED.fetch_or(signal::bit(sig), Ordering::Relaxed);
            continue;
        }
        if let Some(c) = with_c() {
            (c.remember)(sig);
        }
        handle(sig);
    }
}

/// Gives a thread its alternate stack and mask.
///
/// # Safety
/// On the thread of `m`, once.
pub unsafe fn minit(m: *mut M) {
    // SAFETY: by the caller's promise this is the thread of m.
    unsafe { take_alternate_stack(m) };
    restore_mask(MASK.load(Ordering::Relaxed));
}

/// Gives a thread the alternate stack of `m`.
///
/// # Safety
/// On the thread of `m`.
pub unsafe fn take_alternate_stack(m: *mut M) {
    // SAFETY: by the caller's promise m is this thread's M, and only it touches these words.
    let (base, size) = unsafe {
        if (*m).sigstack == 0 {
            (*m).sigstack = mem::map_for(&mem::OTHER_SYS, STACK) as usize;
            (*m).sigstacksize = STACK;
        }
        ((*m).sigstack, (*m).sigstacksize)
    };
    if base == 0 {
        fatal::throw("runtime: cannot allocate memory for a signal stack");
    }
    // SAFETY: the mapping lives as long as the M, and nothing else uses it.
    if !unsafe { signal::set_alternate_stack(base, size) } {
        // The handler would run on a goroutine's stack, and past its end.
        fatal::throw("sigaltstack failure");
    }
}

/// os/signal wants a signal.
pub(super) fn enable(sig: u32) {
    if sig == 0 || sig >= signal::SIGNALS as u32 || table::flags(sig) & NOTIFY == 0 {
        return;
    }
    // Blocked since before the program started: this thread takes it from now on. The mask of a
    // thread that C has made is C's.
    if !callbacks::on_foreign_thread() {
        must_change_mask(libc::SIG_UNBLOCK, &signal::bit(sig), None);
    }
    MASK.fetch_and(!signal::bit(sig), Ordering::Relaxed);
    if HANDLED.load(Ordering::Relaxed) & signal::bit(sig) == 0 {
        if is_ignored(sig) {
            IGNORED.fetch_or(signal::bit(sig), Ordering::Relaxed);
        }
        handle(sig);
    }
}

/// os/signal no longer wants a signal: it does what it does by default.
pub(super) fn disable(sig: u32) {
    if sig == 0 || sig >= signal::SIGNALS as u32 || table::flags(sig) & NOTIFY == 0 {
        return;
    }
    if kept(sig) {
        return;
    }
    let bit = signal::bit(sig);
    if HANDLED.fetch_and(!bit, Ordering::Relaxed) & bit != 0 {
        let ignored = IGNORED.load(Ordering::Relaxed) & bit != 0;
        set(
            sig,
            if ignored {
                libc::SIG_IGN
            } else {
                libc::SIG_DFL
            },
            true,
        );
    }
}

/// os/signal wants a signal ignored.
pub(super) fn ignore(sig: u32) {
    if sig == 0 || sig >= signal::SIGNALS as u32 || table::flags(sig) & NOTIFY == 0 {
        return;
    }
    if kept(sig) {
        return;
    }
    HANDLED.fetch_and(!signal::bit(sig), Ordering::Relaxed);
    set(sig, libc::SIG_IGN, true);
}

/// `os.sigpipe`: a write to a broken standard output or error ends the program as it ends others.
pub fn sigpipe(_: Sys<'_>, _a: &mut args::os_sigpipe) {
    die_by(libc::SIGPIPE as u32);
}
