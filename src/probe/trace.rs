//! The execution trace: what goroutines, Ps and the collector do, event by event, in the format of
//! Go 1.5 (docs/trace.md).
//!
//! Parts:
//! - hooks, here: one for each thing that happens, called where it happens, if [`on`];
//! - [`super::log`]: events as bytes, in a buffer for each P and one for threads without P;
//! - [`super::stacks`]: the stacks that events name by number;
//! - [`crate::profile::trace`]: starting, stopping, reading.
//!
//! Who may write where: the thread that holds a P writes that P's log; so does a thread that has
//! retaken the P from a system call. Tracing starts and ends with the world stopped, so a thread
//! that holds a P and sees tracing on need not look again. Threads without P write to [`SHARED`],
//! under its lock, and look again under it: starting and ending hold it.
//!
//! Order: the reader sorts events by their numbers, and rejects a sequence of states that is
//! impossible. So the thread that makes a transition writes its event before any other thread can
//! make the next one: a goroutine's wait before its waker can see it, its readiness before it is
//! queued, the end of a P's work before the P can be taken.
//!
//! A goroutine that leaves a system call without its P cannot write: it keeps number and time of
//! its return ([`syscall_returned`]) until it runs.
//!
//! Timers run on the scheduler's stack here. For the reader they run in a goroutine of their own,
//! as in Go 1.5: see [`Timers`].
//!
//! Lock order: [`SHARED`], the session, the queue of buffers, `mem`. Events are written with any
//! other lock held.

use super::kind::Kind;
use super::log::{Log, TICK_DIV, stamp};
use super::stacks;
use crate::abi::{G, M};
use crate::code::asmfuncs::goexit_pc;
use crate::sync::mutex::{Mutex, RawMutex};
use crate::sync::rank;
use crate::unwind::frames::{self, Frames};
use crate::world::{self, P, PLocal, Stopped, WaitReason, part};
use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

/// Events are recorded.
pub(crate) const ON: u32 = 1;
/// A goroutine waits in `runtime.ReadTrace`.
pub(crate) const READER_WAITS: u32 = 2;
/// [`ON`] and [`READER_WAITS`] in one word: the scheduler reads one line for both.
pub(crate) static STATE: AtomicU32 = AtomicU32::new(0);
/// Number of the first event of the trace.
pub(crate) static FIRST: AtomicU64 = AtomicU64::new(0);

/// Each P's events, written by the thread that holds the P or has retaken it from a system call.
// SAFETY: zeroes are a log without buffer, and the part is this room's.
pub(crate) static LOGS: PLocal<Log> = unsafe { PLocal::new(&part::PROBE) };

/// Events of threads without P.
pub(crate) static SHARED: Mutex<Log, { rank::TRACE_LOG }> = Mutex::new(Log::new());
/// Stands for "no P" in the trace.
const NO_P: i64 = -1;

/// Events are recorded. Who holds a P may rely on the answer until the world can be stopped.
#[inline(always)]
pub fn on() -> bool {
    STATE.load(Ordering::Relaxed) & ON != 0
}

/// The log of `p`, and its number.
///
/// # Safety
/// The caller holds `p`, or has just taken it from a system call, and has no other reference to the
/// log.
unsafe fn log<'a>(p: *mut P) -> (&'a mut Log, i64) {
    // SAFETY: by the caller's promise nobody else writes to this log.
    unsafe { (&mut *LOGS.of(p), i64::from((*p).id)) }
}

/// Writes an event of this thread.
#[doc(alias = "traceEvent")]
pub(crate) fn event(kind: Kind, args: &[u64], stack: Option<u32>) {
    let p = world::getp();
    if p.is_null() {
        let mut shared = SHARED.lock();
        if on() {
            shared.event(NO_P, kind, args, stack);
        }
        return;
    }
    // SAFETY: this thread's P is the one that it holds.
    let (log, id) = unsafe { log(p) };
    log.event(id, kind, args, stack);
}

/// Number of the stack of `g`, without its innermost `skip` frames and without those of the runtime
/// at its bottom.
///
/// # Safety
///
/// `g` is null or one of the Gs, and stopped in a runtime call of this thread or at rest.
unsafe fn stack_of(g: *mut G, skip: usize) -> u32 {
    if g.is_null() {
        return 0;
    }
    let mut pcs = [0; stacks::DEPTH];
    // SAFETY: by the caller's promise its stack is at rest.
    let mut n = unsafe { frames::record(Frames::of(g), skip, &mut pcs) };
    if n > 0 && pcs[n - 1] == goexit_pc() {
        n -= 1;
        // SAFETY: Gs are never freed, and the number does not change while it lives.
        if n > 0 && unsafe { (*g).goid } == 1 {
            // runtime.main
            n -= 1;
        }
    }
    stacks::id_of(&pcs[..n])
}

/// The stack of the goroutine whose runtime call is being served.
fn stack(skip: usize) -> Option<u32> {
    // SAFETY: null, or the goroutine that called in, which is stopped in that call.
    Some(unsafe { stack_of(world::curg(), skip) })
}

/// A goroutine was made, with the calling one's stack.
///
/// # Safety
/// `g` is new and on no queue.
#[cold]
pub unsafe fn goroutine_made(g: *mut G) {
    // SAFETY: by the caller's promise it is new, and nobody else has it.
    let (id, pc) = unsafe { ((*g).goid as u64, (*g).startpc as u64) };
    event(Kind::GoCreate, &[id, pc], stack(1));
}

/// `g` starts or goes on on this thread.
///
/// # Safety
/// It is this thread's.
#[cold]
pub unsafe fn goroutine_runs(g: *mut G) {
    // SAFETY: by the caller's promise this thread's goroutine: its words are ours.
    let (id, traced) = unsafe { ((*g).goid as u64, core::mem::take(&mut (*g).systraced)) };
    if traced != 0 {
        // It could not say so when it returned.
        // SAFETY: the same goroutine, of this thread.
        let mut exit = unsafe { (core::mem::take(&mut (*g).sysexitseq), (*g).sysexitticks) };
        if exit.0 < FIRST.load(Ordering::Relaxed) {
            exit = stamp();
        }
        syscall_exit(id, exit);
    }
    event(Kind::GoStart, &[id], None);
}

/// The running goroutine ends.
#[cold]
pub fn goroutine_ends() {
    event(Kind::GoEnd, &[], None);
}

/// The running goroutine yields, or is preempted.
#[cold]
pub fn goroutine_yields(preempted: bool) {
    if preempted {
        event(Kind::GoPreempt, &[], stack(0));
    } else {
        event(Kind::GoSched, &[], stack(1));
    }
}

/// The running goroutine `g` is about to wait.
///
/// # Safety
/// Before others can ready it.
#[cold]
pub unsafe fn goroutine_waits(g: *mut G, reason: WaitReason) {
    use crate::world::WaitReason::*;
    let kind = match reason {
        ChanReceive => Kind::GoBlockRecv,
        ChanSend => Kind::GoBlockSend,
        Select => Kind::GoBlockSelect,
        Semacquire => Kind::GoBlockSync,
        CondWait | CondRelease => Kind::GoBlockCond,
        Sleep => Kind::GoSleep,
        IoWait => Kind::GoBlockNet,
        // For ever.
        None | ChanReceiveNil | ChanSendNil | SelectNoCases | StackGrowth | PanicWait => {
            Kind::GoStop
        }
        FinalizerWait | GcWait | TimerWait | SignalWait | GcCycle | TraceReader | TraceEnd => {
            Kind::GoBlock
        }
    };
    // SAFETY: by the caller's promise g is stopped in a call of this thread.
    let stack = unsafe {
        let skip = match reason {
            // The call, and two methods of the poll descriptor in package net.
            IoWait => 3,
            _ => frames::details(g),
        };
        stack_of(g, skip)
    };
    event(kind, &[], Some(stack));
}

/// `g` is about to be made runnable.
///
/// # Safety
/// Before others can run it.
#[doc(alias = "traceGoUnpark")]
#[cold]
pub unsafe fn goroutine_wakes(g: *mut G) {
    // SAFETY: by the caller's promise g is ours to ready; the goroutine that wakes it is stopped in
    // its call.
    let (id, skip) = unsafe { ((*g).goid as u64, frames::details(world::curg())) };
    event(Kind::GoUnblock, &[id], stack(skip));
}

/// This thread has taken its P.
#[cold]
pub fn proc_starts() {
    // SAFETY: this thread's M, whose number does not change.
    let id = unsafe { (*world::getm()).id };
    event(Kind::ProcStart, &[id as u64], None);
}

/// This thread is about to release its P.
#[cold]
pub fn proc_stops() {
    event(Kind::ProcStop, &[], None);
}

/// GOMAXPROCS changes.
#[cold]
pub fn procs_change(n: u32) {
    event(Kind::Gomaxprocs, &[u64::from(n)], stack(0));
}

/// The running goroutine makes a system call; `p` is its P. Until the end of the call, what was
/// noted in `m` tells whether it was taken.
///
/// # Safety
/// In system mode, `p` still held.
#[cold]
pub unsafe fn syscall_starts(m: *mut M, g: *mut G, p: *mut P) {
    // The call and `syscall.Syscall`.
    event(Kind::GoSysCall, &[], stack(2));
    // SAFETY: by the caller's promise this thread's M and goroutine, and the P that it holds.
    unsafe {
        (*g).systraced = 1;
        (*m).tracedp = p.expose_provenance();
        (*m).syscalltick = (*p).syscalltick.load(Ordering::Relaxed);
    }
}

/// `p` was taken from the system call of the goroutine that it ran, which therefore blocks. Count
/// `syscalltick` up afterwards: that is what [`syscall_returned`] waits for.
///
/// # Safety
/// The caller took it.
#[cold]
pub unsafe fn syscall_blocks(p: *mut P) {
    // SAFETY: by the caller's promise it has just taken p from its system call.
    let (log, id) = unsafe { log(p) };
    log.event(id, Kind::GoSysBlock, &[], None);
}

/// The P that was taken like that is idle.
///
/// # Safety
/// As [`syscall_blocks`].
#[cold]
pub unsafe fn taken_proc_stops(p: *mut P) {
    // SAFETY: by the caller's promise it has just taken p from its system call.
    let (log, id) = unsafe { log(p) };
    log.event(id, Kind::ProcStop, &[], None);
}

/// `g` is back from a system call that lost its P. It has none yet, so that number and time of its
/// return are kept until it runs.
///
/// # Safety
/// By its thread, which holds no P; the loss was written down.
#[cold]
pub unsafe fn syscall_returned(g: *mut G) {
    // Under the lock tracing neither starts nor ends: a start has either not seen this goroutine
    // yet, or has written that it is in a system call.
    let _shared = SHARED.lock();
    // SAFETY: by the caller's promise the goroutine of this thread: its words are ours.
    unsafe { ((*g).sysexitseq, (*g).sysexitticks) = if on() { stamp() } else { (0, 0) } };
}

/// The goroutine with the number `id` has returned at this time.
fn syscall_exit(id: u64, (seq, ticks): (u64, u64)) {
    event(Kind::GoSysExit, &[id, seq, ticks / TICK_DIV], None);
}

/// A collection starts. `g`: the goroutine that asked for it, waiting for it in that call, or null.
///
/// # Safety
/// `g` is one of the Gs.
#[cold]
pub unsafe fn gc_starts(_: &Stopped, g: *mut G) {
    // SAFETY: the world is stopped, so `g` is at rest.
    let stack = unsafe { stack_of(g, 0) };
    event(Kind::GcStart, &[], Some(stack));
}

/// A collection has marked everything.
#[cold]
pub fn gc_ends(live: usize, next: usize) {
    event(Kind::GcDone, &[], None);
    heap_changes(live);
    event(Kind::NextGc, &[next as u64], None);
}

/// The thread's P starts to mark, or stops.
#[cold]
pub fn marking(starts: bool) {
    let kind = if starts {
        Kind::GcScanStart
    } else {
        Kind::GcScanDone
    };
    event(kind, &[], None);
}

/// The thread's P starts to sweep a span.
#[doc(alias = "traceGCSweepStart")]
#[cold]
pub fn sweep_starts() {
    event(Kind::GcSweepStart, &[], stack(0));
}

/// And is done.
#[doc(alias = "traceGCSweepDone")]
#[cold]
pub fn sweep_ends() {
    event(Kind::GcSweepDone, &[], None);
}

/// The heap has so many bytes of live and unswept objects.
#[doc(alias = "traceHeapAlloc")]
#[cold]
pub fn heap_changes(live: usize) {
    event(Kind::HeapAlloc, &[live as u64], None);
}

/// The goroutine in which timers run for the reader: its number, 0 before the first trace.
pub(crate) static TIMER_GOROUTINE: AtomicI64 = AtomicI64::new(0);
/// Whose P runs it.
static TIMERS: RawMutex<{ rank::TRACE_TIMERS }> = RawMutex::new();

/// A P runs timers: while this lives, its events are those of the goroutine in which timers run in
/// Go 1.5, so that the tools can tell that a timer woke a goroutine. If another P runs timers at
/// the same time, that goroutine is taken, and timers run in none.
#[derive(Debug)]
pub struct Timers(bool);

impl Timers {
    /// A timer is about to be run. On the scheduler's stack, with a P.
    #[inline(always)]
    pub fn run() -> Self {
        Self(on() && Self::start())
    }

    #[cold]
    fn start() -> bool {
        if !TIMERS.try_lock() {
            return false;
        }
        let g = TIMER_GOROUTINE.load(Ordering::Relaxed) as u64;
        event(Kind::GoUnblock, &[g], Some(0));
        event(Kind::GoStart, &[g], None);
        true
    }

    #[cold]
    fn end() {
        event(Kind::GoBlock, &[], Some(0));
        TIMERS.unlock();
    }
}

impl Drop for Timers {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0 {
            Self::end();
        }
    }
}
