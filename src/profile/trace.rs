//! Starting, stopping and reading a trace: `runtime.StartTrace`, `StopTrace`, `ReadTrace`.
//!
//! The reader is a goroutine that calls `ReadTrace` again and again: it gets the header, each
//! buffer that is full, after the end the rest, then the footer, then nil. While there is nothing
//! it is parked; the next thread that schedules runs it ([`reader_to_run`]). `StopTrace` waits
//! until the reader has got nil.

use crate::abi::{
    Caller, GoSlice, GoString, Iface, InterfaceType, Outcome, ResumeStep, Sys, Type, args,
};
use crate::fatal::clock::nanotime;
use crate::probe::kind::Kind;
use crate::probe::log::{self, Buffer, Encoder, TICK_DIV, stamp};
use crate::probe::rates::ticks;
use crate::probe::stacks;
use crate::probe::trace::{
    self, FIRST, LOGS, ON, READER_WAITS, SHARED, STATE, TIMER_GOROUTINE, event, gc_starts,
    goroutine_made, goroutine_runs, on, proc_starts,
};
use crate::sched::{self, stop_the_world};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::g::status_of;
use crate::world::rights::Slot;
use crate::world::{self, GState, Parked, Runnable, Stopped, WaitReason, lists};
use crate::{fatal, types};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering};

static HEADER: [u8; 16] = *b"go 1.5 trace\0\0\0\0";

struct Session {
    /// The reader has got the header.
    header: bool,
    /// The reader has got the footer.
    footer: bool,
    /// What the footer says.
    frequency: u64,
    /// Start of the trace: ticks, nanoseconds.
    start: (i64, i64),
    /// Buffer in the reader's hands.
    reading: *mut Buffer,
    /// The parked reader.
    reader: Slot<Parked>,
    /// The goroutine that waits for the reader to be done.
    stopper: Slot<Parked>,
    /// The footer's bytes.
    tail: [u8; 48],
}

static SESSION: Mutex<Session, { rank::TRACE_SESSION }> = Mutex::new(Session {
    header: false,
    footer: false,
    frequency: 0,
    start: (0, 0),
    reading: null_mut(),
    reader: Slot::new(),
    stopper: Slot::new(),
    tail: [0; 48],
});
/// Tracing is over, but the reader has not got everything yet. Written with the session locked.
static ENDING: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    #[link_name = "type.error"]
    static TYPE_ERROR: InterfaceType;
    /// The function that the goroutine of the timers has in a trace.
    #[link_name = "time.startTimer"]
    static START_TIMER: u8;
}

/// `runtime.StartTrace`.
pub fn start(sys: Sys<'_>, a: &mut args::runtime_StartTrace) -> Outcome {
    // SAFETY: system mode at a runtime call: a goroutine that has to try again makes the call
    // again.
    let Some(stopped) = (unsafe { stop_the_world(sys) }) else {
        return Outcome::Again;
    };
    let started = begin(sys, &stopped);
    stopped.start();
    a.r0 = if started {
        Iface {
            tab: null_mut(),
            data: null_mut(),
        }
    } else {
        already(sys)
    };
    Outcome::Return
}

/// The error of a second start.
fn already(sys: Sys<'_>) -> Iface {
    let text = GoString::from_static("tracing is already enabled");
    let e = types::errors::error_string(sys, text);
    // SAFETY: both descriptors are the program's own, and errorString has the method.
    let tab = unsafe { types::itab::get(&raw const TYPE_ERROR, e.typ.cast::<Type>()) };
    Iface { tab, data: e.data }
}

/// Starts to record, with what exists; false if a trace is under way.
fn begin(_: Sys<'_>, stopped: &Stopped) -> bool {
    // System calls may end while the world is stopped: see `syscall_returned`.
    let _shared = SHARED.lock();
    {
        let mut s = SESSION.lock();
        if on() || ENDING.load(Ordering::Relaxed) {
            return false;
        }
        (s.header, s.footer) = (false, false);
        s.start = (ticks(), nanotime());
        FIRST.store(stamp().0, Ordering::Relaxed);
    }
    for g in lists::all_gs() {
        // SAFETY: Gs are never freed. A goroutine in a system call may return meanwhile, nobody
        // else moves.
        let (state, id) = unsafe {
            let state = status_of(g).state(Ordering::Acquire);
            // What the last trace left says nothing about this one.
            (*g).systraced = u32::from(state == GState::Syscall);
            if state.is_dead() {
                continue;
            }
            goroutine_made(g);
            (state, (*g).goid as u64)
        };
        match state {
            GState::Waiting => event(Kind::GoWaiting, &[id], None),
            GState::Syscall => event(Kind::GoInSyscall, &[id], None),
            _ => {}
        }
    }
    let mut timers = TIMER_GOROUTINE.load(Ordering::Relaxed);
    if timers == 0 {
        timers = lists::GOIDGEN.fetch_add(1, Ordering::Relaxed) + 1;
        TIMER_GOROUTINE.store(timers, Ordering::Relaxed);
    }
    event(
        Kind::GoCreate,
        &[timers as u64, &raw const START_TIMER as u64],
        Some(0),
    );
    event(Kind::GoWaiting, &[timers as u64], None);
    proc_starts();
    // SAFETY: in system mode curg is this thread's goroutine, which called in. No goroutine has
    // asked for the collection that may be under way; its end will be written.
    unsafe {
        goroutine_runs(world::curg());
        if crate::world::phase::enabled() {
            gc_starts(stopped, null_mut());
        }
    }
    // Release: a thread without P that sees it has its numbers after those of the events above.
    STATE.fetch_or(ON, Ordering::Release);
    true
}

/// `runtime.StopTrace`.
pub fn stop(sys: Sys<'_>, _a: &mut args::runtime_StopTrace) -> Outcome {
    // SAFETY: system mode at a runtime call: a goroutine that has to try again makes the call
    // again.
    let Some(mut stopped) = (unsafe { stop_the_world(sys) }) else {
        return Outcome::Again;
    };
    let ended = end(sys, &mut stopped);
    stopped.start();
    if !ended {
        return Outcome::Return;
    }
    let mut s = SESSION.lock();
    if !ENDING.load(Ordering::Relaxed) {
        // The reader was quick.
        return Outcome::Return;
    }
    let (parked, outcome) = sched::park(sys.caller(), WaitReason::TraceEnd);
    s.stopper.put(parked);
    outcome
}

/// Records no more and leaves the rest to the reader; false if there is no trace.
fn end(_: Sys<'_>, stopped: &mut Stopped) -> bool {
    let mut shared = SHARED.lock();
    if !on() {
        return false;
    }
    if crate::world::phase::enabled() {
        // Readers want the end of what began.
        event(Kind::GcDone, &[], None);
    }
    trace::goroutine_yields(false);
    STATE.fetch_and(!ON, Ordering::Relaxed);
    LOGS.each_mut(stopped).for_each(log::finish);
    log::finish(&mut shared);
    // SAFETY: the state says that nothing is recorded any more, and the world is stopped.
    unsafe { stacks::dump(&mut shared) };
    log::finish(&mut shared);
    let mut s = SESSION.lock();
    let ticks = ticks() - s.start.0;
    let ns = (nanotime() - s.start.1).max(1);
    s.frequency = (i128::from(ticks) * 1_000_000_000 / i128::from(ns)) as u64 / TICK_DIV;
    ENDING.store(true, Ordering::Release);
    true
}

/// `runtime.ReadTrace`.
pub fn read(sys: Sys<'_>, a: &mut args::runtime_ReadTrace) -> Outcome {
    // SAFETY: the result of this very call.
    unsafe { next(sys.caller(), &raw mut a.r0) }
}

/// Hands out the next piece, or parks.
///
/// # Safety
///
/// `result` is the result of the call of `ReadTrace` in which the goroutine is stopped.
unsafe fn next(caller: Caller<'_>, result: *mut GoSlice) -> Outcome {
    let put = |ptr: *const u8, len: usize| {
        let slice = GoSlice {
            ptr: ptr.cast_mut(),
            len: len as i64,
            cap: len as i64,
        };
        // SAFETY: by the caller's promise the result of the call in which the goroutine is stopped.
        unsafe { *result = slice };
    };
    let mut s = SESSION.lock();
    if !s.reader.is_empty() {
        drop(s);
        fatal::puts("runtime: ReadTrace called from multiple goroutines simultaneously\n");
        put(core::ptr::null(), 0);
        return Outcome::Return;
    }
    log::recycle(core::mem::replace(&mut s.reading, null_mut()));
    if !s.header {
        s.header = true;
        put(HEADER.as_ptr(), HEADER.len());
        return Outcome::Return;
    }
    let full = log::take();
    if !full.is_null() {
        s.reading = full;
        // SAFETY: the buffer is the reader's until it asks for the next.
        let (data, len) = unsafe { log::bytes(full) };
        put(data, len);
        return Outcome::Return;
    }
    if !ENDING.load(Ordering::Relaxed) {
        // Until there is something it has nothing.
        put(core::ptr::null(), 0);
        // The thread that adds a buffer does that first and then looks for the reader, when it
        // next schedules; we announce the wait and then enter the scheduler. Both take locks in
        // between, so one sees the other.
        STATE.fetch_or(READER_WAITS, Ordering::SeqCst);
        // SAFETY: the goroutine is stopped in this call: its resume step is ours to set.
        unsafe { (*caller.g()).resume = ResumeStep::new(resume) };
        let (parked, outcome) = sched::park(caller, WaitReason::TraceReader);
        s.reader.put(parked);
        return outcome;
    }
    if !s.footer {
        s.footer = true;
        let len = s.write_footer();
        put(s.tail.as_ptr(), len);
        return Outcome::Return;
    }
    log::release_empty();
    ENDING.store(false, Ordering::Relaxed);
    let stopper = s.stopper.take();
    drop(s);
    if let Some(parked) = stopper {
        sched::ready(parked);
    }
    put(core::ptr::null(), 0);
    Outcome::Return
}

impl Session {
    fn write_footer(&mut self) -> usize {
        let mut e = Encoder {
            to: &mut self.tail,
            len: 0,
        };
        for (kind, value) in [
            (Kind::Frequency, self.frequency),
            (
                Kind::TimerGoroutine,
                TIMER_GOROUTINE.load(Ordering::Relaxed) as u64,
            ),
        ] {
            e.kind(kind, 0);
            e.number(value);
            e.number(0);
        }
        e.len
    }
}

/// The reader looks again.
///
/// # Safety
///
/// As a [`ResumeStep`] is called, of a goroutine that parked in [`next`].
unsafe extern "C" fn resume(caller: Caller<'_>, _arg: usize) -> Outcome {
    let result = caller.arguments() as *mut GoSlice;
    // SAFETY: the goroutine parked in `runtime.ReadTrace`, whose arguments are its result alone.
    unsafe { next(caller, result) }
}

/// The parked reader, if there is something for it: runnable, for the caller to run. In the
/// scheduler, with a P.
#[inline(always)]
pub fn reader_to_run() -> Option<Runnable> {
    if STATE.load(Ordering::Relaxed) & READER_WAITS == 0 {
        return None;
    }
    take_reader()
}

#[cold]
fn take_reader() -> Option<Runnable> {
    if !log::any_full() && !ENDING.load(Ordering::Acquire) {
        return None;
    }
    let mut s = SESSION.lock();
    let parked = s.reader.take()?;
    STATE.fetch_and(!READER_WAITS, Ordering::Relaxed);
    drop(s);
    Some(sched::park::make_runnable(parked))
}
