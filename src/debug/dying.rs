//! The last moments of the process: one thread at a time may print and end it.

use super::traceback::{self, Style};
use super::{builtins, report, watch};
use crate::abi::G;
use crate::config::level;
use crate::fatal::out::{Out, Sink};
use crate::fatal::{self, Blame, DYING, Say};
use crate::os::sys;
use crate::sched::{self, state};
use crate::sync::mutex::RawMutex;
use crate::unwind::frames::visible_call;
use crate::unwind::walk::Walker;
use crate::world::m::pin;
use crate::world::p::PState;
use crate::world::{self, lists, phase};
use core::sync::atomic::{AtomicBool, Ordering};

/// Held by the one that prints.
static PRINTING: RawMutex = RawMutex::new();
/// Never free once taken: where a thread waits for the end.
static FOREVER: RawMutex = RawMutex::new();

/// The other threads were stopped already, as well as that works.
static FROZEN: AtomicBool = AtomicBool::new(false);
/// The other goroutines have been shown: a second dying thread does not repeat them.
static OTHERS: AtomicBool = AtomicBool::new(false);
/// The values of an uncaught panic are being shown, or were: the program dies, but it still runs.
static TELLING: AtomicBool = AtomicBool::new(false);
/// Bytes of the buffer for tracebacks, on g0's or the signal stack.
const TEXT: usize = 2048;
/// `M::throwing` of a thread that found a bug of the runtime: its goroutine is shown with all
/// details.
const BUG: u32 = 1;
/// Waits for other threads to stop, and how long each is: a program that dies should not take long.
const FREEZE_TRIES: u32 = 5;
/// The same with GOTRACEBACK=crash: a goroutine whose thread comes to a halt later than that is
/// shown nowhere.
const FREEZE_TRIES_CRASH: u32 = 2000;
const FREEZE_NS: i64 = 1_000_000;

/// This thread dies of a bug of the runtime, not of the program.
pub fn blame_runtime() {
    // SAFETY: the field is only touched by its own thread.
    unsafe { (*world::getm()).throwing = BUG };
}

/// The values of an uncaught panic are going to be shown, which may call methods; then comes
/// [`start`].
pub fn tell() {
    TELLING.store(true, Ordering::Relaxed);
    report::last();
    watch::begin();
}

/// The values of an uncaught panic were going to be shown when this thread began to die.
fn telling() -> bool {
    TELLING.load(Ordering::Relaxed)
}

/// Takes the right to die. A thread that dies again while it prints its last words gives up part of
/// them each time.
pub fn start() {
    let m = world::getm();
    // SAFETY: the field is only touched by its own thread.
    let before = unsafe {
        let before = (*m).dying;
        (*m).dying = before + 1;
        before
    };
    match before {
        0 => {
            builtins::abandon();
            DYING.fetch_add(1, Ordering::AcqRel);
            watch::begin();
            PRINTING.lock();
            // SAFETY: this thread's own M. From here on it is not preempted, and a panic in a
            // String method is fatal.
            unsafe { pin(m) };
            if !telling() {
                report::last();
            }
            if !FROZEN.swap(true, Ordering::AcqRel) {
                freeze();
            }
        }
        1 => fatal::puts(fatal::PANIC_DURING_PANIC),
        2 => {
            fatal::puts("stack trace unavailable\n");
            sys::exit(4);
        }
        _ => sys::exit(5),
    }
}

/// Says `msg` as the error of which the process dies, shows the goroutines and ends it: what
/// [`fatal::LAST_WORDS`] calls.
pub fn last_words(say: Say<'_>, msg: &str, blame: Blame) -> ! {
    if blame == Blame::Runtime {
        blame_runtime();
    }
    let first = !fatal::dying();
    if first {
        start();
    }
    builtins::with(|out| {
        say(out);
        out.str("fatal error: ").str(msg).str("\n");
    });
    if !first {
        start();
    } else if telling() {
        fatal::puts(fatal::PANIC_DURING_PANIC);
    }
    // SAFETY: just started; what calls this runs on g0 for the goroutine that called into the
    // runtime.
    unsafe { finish(world::curg()) }
}

/// Shows the goroutines and ends the process. `g` is the goroutine that dies, or null.
///
/// # Safety
/// [`start`] was called; `g` is stopped in a runtime call of this thread.
pub unsafe fn finish(g: *mut G) -> ! {
    if g.is_null() {
        // SAFETY: the caller has called `start`, and there is no stack to be walked.
        unsafe { finish_from(g, None) }
    }
    // SAFETY: by the caller's promise g is stopped in a runtime call of this thread, whose M it is.
    let walker = unsafe {
        // As in Go, a fault while dying is told without its signal.
        if (*g).sig != 0 && (*world::getm()).dying == 1 {
            let mut buf = [0u8; 128];
            let mut out = Out::new(&mut buf, Sink::Stderr);
            signal_line(&mut out, (*g).sig, (*g).sigcode, (*g).sigaddr, (*g).sigpc);
        }
        Walker::of(g)
    };
    // The call belongs to the story: `runtime.SetFinalizer` says what was wrong with its
    // arguments.
    // SAFETY: the same, and the walker is of its stack.
    unsafe { show_and_leave(g, Some(walker), visible_call((*g).parkmap)) }
}

/// As [`finish`], for a goroutine whose frames start at `walker`.
///
/// # Safety
/// [`start`] was called; `walker` is of the stack of `g`, which is at rest.
pub unsafe fn finish_from(g: *mut G, walker: Option<Walker>) -> ! {
    // SAFETY: by the caller's promise the walker is of the stack of g, which is at rest.
    unsafe { show_and_leave(g, walker, 0) }
}

/// As [`finish_from`]; `call` is the entry of the runtime function called where `walker` starts, 0
/// for none.
///
/// # Safety
///
/// As [`finish_from`].
unsafe fn show_and_leave(g: *mut G, walker: Option<Walker>, call: usize) -> ! {
    let level = level::get();
    let mut buf = [0u8; TEXT];
    let mut out = Out::new(&mut buf, Sink::Stderr);
    if level.frames > 0 {
        let style = Style::configured();
        // SAFETY: the world stands as still as it gets; g by the caller's promise.
        unsafe {
            if let Some(walker) = walker {
                let whole = (*world::getm()).throwing == BUG;
                out.str("\n");
                traceback::from(
                    &mut out,
                    g,
                    walker,
                    call,
                    Style {
                        all: style.all || whole,
                        addresses: style.addresses || whole,
                    },
                );
            }
            out.flush();
            if !OTHERS.swap(true, Ordering::AcqRel) {
                traceback::others(&mut out, g, style);
            }
        }
    }
    drop(out);
    leave(level.crash)
}

/// The fault behind a panic or a fatal error.
pub fn signal_line(out: &mut Out<'_>, sig: u32, code: u32, address: usize, pc: usize) {
    out.str("[signal ")
        .hex(u64::from(sig))
        .str(" code=")
        .hex(u64::from(code));
    out.str(" addr=")
        .hex(address as u64)
        .str(" pc=")
        .hex(pc as u64)
        .str("]\n");
}

/// Lets another thread show what it has to; this one will print no more.
pub fn pass_on() {
    PRINTING.unlock();
}

/// Ends the process, or lets the next dying thread do so after its own last words.
pub fn leave(crash: bool) -> ! {
    PRINTING.unlock();
    if DYING.fetch_sub(1, Ordering::AcqRel) != 1 {
        FOREVER.lock();
        FOREVER.lock();
    }
    if crash {
        fatal::signal::die_by_abort();
    }
    sys::exit(2)
}

/// Stops the other threads as well as that works without waiting for them for long: whatever they
/// run, they come to a halt at their next safe point.
fn freeze() {
    let tries = if level::get().crash {
        FREEZE_TRIES_CRASH
    } else {
        FREEZE_TRIES
    };
    for _ in 0..tries {
        if let Some(mut s) = state::SCHED.try_lock() {
            s.stopwait = i32::MAX / 2;
        }
        phase::GCWAITING.store(1, Ordering::SeqCst);
        sched::stw::insist_all();
        let mine = world::getp();
        // SAFETY: Ps are never freed, and the state is atomic.
        let busy = lists::all_ps()
            .any(|p| p != mine && unsafe { (*p).status.is(PState::Running, Ordering::Acquire) });
        if !busy {
            return;
        }
        sys::nanosleep(FREEZE_NS);
    }
}
