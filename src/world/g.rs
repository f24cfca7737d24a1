//! States of a goroutine, and the transitions between them.
//!
//! The thread that changes a state owns the transition: the M that runs the goroutine, or its
//! waker. While [`status::SCAN`] is set no thread changes the state: the one that set it walks the
//! goroutine's stack.

use super::current::getm;
use super::lists;
use crate::abi::{G, STACK_GUARD, STACK_PREEMPT};
use crate::os::sys;
use core::sync::atomic::{AtomicU32, Ordering};

/// States of a goroutine (`G::atomicstatus`); debuggers know the numbers.
pub mod status {
    /// Just allocated.
    #[doc(alias = "_Gidle")]
    pub const IDLE: u32 = 0;
    /// On a run queue.
    #[doc(alias = "_Grunnable")]
    pub const RUNNABLE: u32 = 1;
    /// Runs on an M with a P.
    #[doc(alias = "_Grunning")]
    pub const RUNNING: u32 = 2;
    /// In a system call, with an M.
    pub const SYSCALL: u32 = 3;
    /// Parked.
    #[doc(alias = "_Gwaiting")]
    pub const WAITING: u32 = 4;
    /// Finished, or not started.
    #[doc(alias = "_Gdead")]
    pub const DEAD: u32 = 6;
    /// Its stack is being moved.
    #[doc(alias = "_Gcopystack")]
    pub const COPYSTACK: u32 = 8;
    /// Added while the stack is scanned.
    #[doc(alias = "_Gscanrunning")]
    #[doc(alias = "_Gscanwaiting")]
    pub const SCAN: u32 = 0x1000;
}

/// The status word of a goroutine.
///
/// # Safety
/// `g` is a G of ours (they are never freed).
#[doc(alias = "readgstatus")]
pub unsafe fn status_of<'a>(g: *mut G) -> &'a AtomicU32 {
    // SAFETY: the caller's promise.
    unsafe { &(*g).atomicstatus }
}

/// Changes the status from `from` to `to`; another value there is a bug.
///
/// # Safety
/// As [`status_of`]; the caller owns the transition.
#[doc(alias = "casgstatus")]
pub unsafe fn transition(g: *mut G, from: u32, to: u32) {
    // SAFETY: the caller's promise.
    let s = unsafe { status_of(g) };
    if s.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
        .is_err()
    {
        transition_slow(s, from, to);
    }
}

/// [`transition`] of a goroutine whose stack is being scanned, most likely.
#[cold]
fn transition_slow(s: &AtomicU32, from: u32, to: u32) {
    let mut spins = 0;
    while let Err(is) = s.compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Relaxed) {
        if is & !status::SCAN != from {
            bad_transition(is, from, to);
        }
        spins += 1;
        wait_for_scan(spins);
    }
}

/// Keeps `g`, parked or on a queue, at rest while `f` walks its stack: no other thread changes its
/// status or moves its stack meanwhile.
///
/// # Safety
/// `g` does not run, and the caller is the thread that will ready or run it.
#[doc(alias = "casfrom_Gscanstatus")]
pub unsafe fn hold_still<T>(g: *mut G, f: impl FnOnce() -> T) -> T {
    // SAFETY: the caller's promise.
    let s = unsafe { status_of(g) };
    let mut spins = 0;
    loop {
        let now = s.load(Ordering::Relaxed) & !status::SCAN;
        if s.compare_exchange_weak(now, now | status::SCAN, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
        {
            let t = f();
            s.store(now, Ordering::Release);
            return t;
        }
        spins += 1;
        wait_for_scan(spins);
    }
}

/// Lets some time go by while another thread scans a stack. `spins` counts the calls.
pub fn wait_for_scan(spins: u32) {
    // Most stacks are scanned in a microsecond; but the system may have taken the scanner off its
    // processor.
    if spins.is_multiple_of(100) {
        sys::sched_yield();
    } else {
        core::hint::spin_loop();
    }
}

#[cold]
fn bad_transition(is: u32, from: u32, to: u32) -> ! {
    use crate::fatal::{put_u64, puts, throw};
    puts("runtime: goroutine status is ");
    put_u64(u64::from(is));
    puts(", expected ");
    put_u64(u64::from(from));
    puts(" before ");
    put_u64(u64::from(to));
    puts("\n");
    throw("bad goroutine status")
}

/// Asks `g` to stop at its next check. If it does not run that does no harm.
///
/// # Safety
/// `g` is one of the Gs (they are never freed).
#[inline(always)]
pub unsafe fn ask_to_stop(g: *mut G) {
    // Relaxed: no data goes with the request. The goroutine may be about to take an earlier
    // request's guard away and with it this one: the requester asks again.
    // SAFETY: the caller's promise.
    unsafe {
        (*g).preempt.store(1, Ordering::Relaxed);
        (*g).stackguard0.store(STACK_PREEMPT, Ordering::Relaxed);
    }
}

/// Prologues compare with the end of the stack of `g` again. `G::preempt` stays as it is.
///
/// # Safety
/// `g` does not run, or only on this thread.
#[inline(always)]
pub unsafe fn restore_guard(g: *mut G) {
    // SAFETY: the caller's promise.
    unsafe {
        let guard = (*g).stack_lo + STACK_GUARD;
        (*g).stackguard0.store(guard, Ordering::Relaxed);
    }
}

/// `g` stops as it was asked to.
///
/// # Safety
/// As [`restore_guard`].
#[inline(always)]
pub unsafe fn answer_request(g: *mut G) {
    // SAFETY: the caller's promise.
    unsafe {
        (*g).preempt.store(0, Ordering::Relaxed);
        restore_guard(g);
    }
}

/// The stack of `g` is `[lo, hi)`.
///
/// # Safety
/// `g` does not run.
pub unsafe fn set_stack(g: *mut G, lo: usize, hi: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        (*g).stack_lo = lo;
        (*g).stack_hi = hi;
        (*g).stack_size = hi - lo;
        restore_guard(g);
        (*g).stackguard1 = usize::MAX;
    }
}

/// Makes `g` a goroutine of the runtime's own, or one of the program's: the runtime's are not
/// counted, not shown and not waited for.
///
/// # Safety
/// `g` was just made and is on no queue, or it is the caller's.
pub unsafe fn set_system(g: *mut G, system: bool) {
    // SAFETY: the caller's promise.
    let was = unsafe {
        let was = (*g).flags & crate::abi::G_SYSTEM != 0;
        if system {
            (*g).flags |= crate::abi::G_SYSTEM;
        } else {
            (*g).flags &= !crate::abi::G_SYSTEM;
        }
        was
    };
    match (was, system) {
        (false, true) => lists::NGSYS.fetch_add(1, Ordering::Relaxed),
        (true, false) => lists::NGSYS.fetch_sub(1, Ordering::Relaxed),
        _ => 0,
    };
}

macro_rules! wait_reasons {
    ($($name:ident = $text:literal,)*) => {
        /// Why a goroutine waits; the text is shown in tracebacks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u32)]
        #[expect(missing_docs, reason = "the texts say it")]
        pub enum WaitReason {
            $($name,)*
        }

        impl WaitReason {
            /// The text in a goroutine's header line; empty for [`WaitReason::None`].
            pub fn text(code: u32) -> &'static str {
                const TEXTS: &[&str] = &[$($text),*];
                TEXTS.get(code as usize).copied().unwrap_or("waiting")
            }
        }
    };
}

wait_reasons! {
    None = "",
    ChanReceive = "chan receive",
    ChanSend = "chan send",
    ChanReceiveNil = "chan receive (nil chan)",
    ChanSendNil = "chan send (nil chan)",
    Select = "select",
    SelectNoCases = "select (no cases)",
    Semacquire = "semacquire",
    Sleep = "sleep",
    IoWait = "IO wait",
    FinalizerWait = "finalizer wait",
    GcWait = "GC worker (idle)",
    TimerWait = "timer goroutine (idle)",
    SignalWait = "syscall",
    GcCycle = "wait for GC cycle",
    CondWait = "semacquire",
    CondRelease = "semarelease",
    TraceReader = "trace reader (blocked)",
    TraceEnd = "semacquire",
    StackGrowth = "stack growth",
    PanicWait = "panicwait",
}

/// The running goroutine, stopped in a runtime call, was asked to yield its P and can be preempted.
///
/// # Safety
/// In system mode, for `g == curg()` or null.
pub unsafe fn wanted(g: *mut G) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        !g.is_null()
            && (*g).stackguard0.load(Ordering::Relaxed) == STACK_PREEMPT
            && (*getm()).locks.load(Ordering::Relaxed) == 0
    }
}
