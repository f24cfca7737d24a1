//! States of a goroutine, and the transitions between them.
//!
//! The thread that changes a state owns the transition: the M that runs the goroutine, or its
//! waker. While a thread holds the goroutine at rest ([`Still`]) no other changes the state: the
//! one that holds it walks the stack.

use crate::abi::G;
use crate::os::sys;
use crate::sync::atomic::{AtomicU32, Ordering, spin_loop};

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
    // SAFETY: the caller's G is one of ours: they are never freed.
    let word: *const AtomicU32 = unsafe { &raw const (*g).atomicstatus }.cast();
    // SAFETY: `GStatus` is a transparent `AtomicU32`, and the word is nothing else to anybody.
    unsafe { &*word.cast::<GStatus>() }
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
        // SAFETY: the caller's G is one of ours: they are never freed.
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
        // SAFETY: the caller's G is one of ours: they are never freed.
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
        // SAFETY: what is held is a G of ours: they are never freed.
        let status = unsafe { status_of(self.g) };
        // Release: a thread that changes the state sees what was done to the stack.
        status.0.store(self.state as u32, Ordering::Release);
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
        spin_loop();
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
