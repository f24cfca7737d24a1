//! States of a goroutine, and the transitions between them.
//!
//! The thread that changes a state owns the transition: the M that runs the goroutine, or its
//! waker. While a thread holds the goroutine at rest ([`Still`]) no other changes the state: the
//! one that holds it walks the stack.

use super::current::getm;
use super::lists;
use crate::abi::{G, STACK_GUARD, STACK_PREEMPT};
use crate::os::sys;
use core::sync::atomic::{AtomicU32, Ordering};

/// State of a goroutine; debuggers know the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum GState {
    /// Just allocated; g0s stay so.
    #[doc(alias = "_Gidle")]
    Idle = 0,
    /// On a run queue.
    #[doc(alias = "_Grunnable")]
    Runnable = 1,
    /// Runs on an M with a P.
    #[doc(alias = "_Grunning")]
    Running = 2,
    /// In a system call, with an M.
    #[doc(alias = "_Gsyscall")]
    Syscall = 3,
    /// Parked.
    #[doc(alias = "_Gwaiting")]
    Waiting = 4,
    /// Finished, or not started.
    #[doc(alias = "_Gdead")]
    Dead = 6,
    /// Its stack is being moved.
    #[doc(alias = "_Gcopystack")]
    CopyStack = 8,
}

impl GState {
    /// The state in a status word. No thread walks the stack of a goroutine whose word is damaged.
    #[inline(always)]
    fn of(word: u32) -> Self {
        match word & !SCAN {
            0 => Self::Idle,
            1 => Self::Runnable,
            2 => Self::Running,
            3 => Self::Syscall,
            4 => Self::Waiting,
            8 => Self::CopyStack,
            _ => Self::Dead,
        }
    }

    /// Finished, or not started: it has no frames.
    pub fn is_dead(self) -> bool {
        matches!(self, Self::Dead | Self::Idle)
    }
}

/// Added to the state while a thread holds the goroutine at rest ([`Still`]).
#[doc(alias = "_Gscanrunning")]
#[doc(alias = "_Gscanwaiting")]
const SCAN: u32 = 0x1000;

/// The status word of a goroutine, `G::atomicstatus`: its state, and whether it is held.
///
/// Each transition is a method of its own. That finds another state than the one it starts from
/// only if the scheduler is broken, and is fatal then. The promise to each is the same: the caller
/// owns the transition, and `G`'s fields say already what they are to say in the new state.
#[derive(Debug)]
#[repr(transparent)]
pub struct GStatus(AtomicU32);

/// The status word of a goroutine.
///
/// # Safety
/// `g` is a G of ours (they are never freed).
#[doc(alias = "readgstatus")]
#[inline(always)]
pub unsafe fn status_of<'a>(g: *mut G) -> &'a GStatus {
    // SAFETY: the caller's promise. GStatus is a transparent AtomicU32.
    unsafe { &*(&raw const (*g).atomicstatus).cast::<GStatus>() }
}

macro_rules! transitions {
    ($($(#[$doc:meta])+ $name:ident: $from:ident => $to:ident;)+) => {
        $($(#[$doc])+
        ///
        /// # Safety
        /// The caller owns the transition: see the type.
        #[inline(always)]
        pub unsafe fn $name(&self) {
            self.change(GState::$from, GState::$to);
        })+
    };
}

impl GStatus {
    /// The state, whether or not a thread holds the goroutine.
    #[inline(always)]
    pub fn state(&self, order: Ordering) -> GState {
        GState::of(self.0.load(order))
    }

    /// It is in this state, and no thread holds the goroutine.
    #[inline(always)]
    pub fn is(&self, state: GState, order: Ordering) -> bool {
        self.0.load(order) == state as u32
    }

    transitions! {
        /// A new one, without frames.
        begin: Idle => Dead;
        /// A new one that stands in a call of C, for threads that C has made.
        begin_in_c: Idle => Syscall;
        /// `go f()`: one without frames has its first.
        revive: Dead => Runnable;
        /// The scheduler has picked it.
        #[doc(alias = "casgstatus")]
        run: Runnable => Running;
        /// Preempted, or it yields.
        yields: Running => Runnable;
        /// It waits, and a waker knows it.
        park: Running => Waiting;
        /// Its waker has what it waits for, or wants it to try.
        ready: Waiting => Runnable;
        /// `entersyscall`.
        enter_syscall: Running => Syscall;
        /// `exitsyscall`, with a P.
        exit_syscall: Syscall => Running;
        /// `exitsyscall`, and every P is busy.
        exit_syscall_to_queue: Syscall => Runnable;
        /// Its stack is about to be moved to a larger one.
        copy_stack: Running => CopyStack;
        /// It was.
        stack_copied: CopyStack => Running;
        /// Its first function returned, or `Goexit`.
        die: Running => Dead;
    }

    #[inline(always)]
    fn change(&self, from: GState, to: GState) {
        let (from, to) = (from as u32, to as u32);
        if self
            .0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
            .is_err()
        {
            change_slow(&self.0, from, to);
        }
    }
}

/// A transition of a goroutine that another thread holds, most likely.
#[cold]
fn change_slow(s: &AtomicU32, from: u32, to: u32) {
    let mut spins = 0;
    while let Err(is) = s.compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Relaxed) {
        if is & !SCAN != from {
            bad_transition(is, from, to);
        }
        spins += 1;
        wait_for_scan(spins);
    }
}

/// A goroutine at rest: no other thread changes its state or moves its stack until this is dropped.
#[doc(alias = "casfrom_Gscanstatus")]
#[must_use = "it is at rest only as long as this lives"]
#[derive(Debug)]
pub struct Still {
    g: *mut G,
    state: GState,
}

/// What became of an attempt to hold a goroutine.
#[derive(Debug)]
pub enum Hold {
    /// It is held.
    Still(Still),
    /// Another thread holds it, for a moment.
    Taken,
    /// It is not at rest, or has no stack to speak of.
    Not(GState),
}

impl Still {
    /// Holds `g`, which does not run Go code and which this thread alone will ready or run.
    ///
    /// # Safety
    /// As said; `g` is one of the Gs (they are never freed).
    pub unsafe fn own(g: *mut G) -> Self {
        // SAFETY: the caller's promise.
        let s = unsafe { status_of(g) };
        let mut spins = 0;
        loop {
            let state = s.state(Ordering::Relaxed);
            if s.set_scan(state) {
                return Self { g, state };
            }
            spins += 1;
            wait_for_scan(spins);
        }
    }

    /// Holds `g` if it is parked, on a queue or in a system call.
    ///
    /// # Safety
    /// `g` is one of the Gs (they are never freed).
    pub unsafe fn hold(g: *mut G) -> Hold {
        // SAFETY: the caller's promise.
        let s = unsafe { status_of(g) };
        loop {
            // SeqCst: pairs with `world::ran::note_ran`.
            let now = s.0.load(Ordering::SeqCst);
            if now & SCAN != 0 {
                return Hold::Taken;
            }
            let state = GState::of(now);
            match state {
                GState::Runnable | GState::Waiting | GState::Syscall => {}
                _ => return Hold::Not(state),
            }
            if s.set_scan(state) {
                return Hold::Still(Self { g, state });
            }
        }
    }

    /// The goroutine.
    pub fn g(&self) -> *mut G {
        self.g
    }

    /// The state that it stays in.
    pub fn state(&self) -> GState {
        self.state
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        // Release: a thread that changes the state sees what was done to the stack. SAFETY: Gs are
        // never freed.
        unsafe { status_of(self.g) }
            .0
            .store(self.state as u32, Ordering::Release);
    }
}

impl GStatus {
    /// False: it is not in `state`, or another thread holds the goroutine.
    #[inline(always)]
    fn set_scan(&self, state: GState) -> bool {
        let now = state as u32;
        self.0
            .compare_exchange(now, now | SCAN, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
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
    debug_assert!(lo < hi && (hi - lo).is_power_of_two() && hi.is_multiple_of(16));
    // SAFETY: the caller's promise.
    unsafe {
        (*g).stack_lo = lo;
        (*g).stack_hi = hi;
        (*g).stack_size = hi - lo;
        restore_guard(g);
        (*g).stackguard1 = usize::MAX;
    }
}

/// The stack of `g0` is `[lo, hi)`, of which `sp` is where it goes on.
///
/// # Safety
/// `g0` belongs to a thread that does not run on it yet, or to this one, which is in no call of Go
/// code.
pub unsafe fn set_system_stack(g0: *mut G, lo: usize, hi: usize, sp: usize) {
    debug_assert!(lo < sp && sp <= hi);
    // SAFETY: the caller's promise.
    unsafe {
        (*g0).stack_lo = lo;
        (*g0).stack_hi = hi;
        restore_guard(g0);
        (*g0).stackguard1 = lo + STACK_GUARD;
        (*g0).sched.sp = sp;
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
