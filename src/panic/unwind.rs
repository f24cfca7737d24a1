//! Running panics and goroutine exit: what the frames of asm/panic.S do at each step.
//!
//! `runtime.gopanic` and `runtime.Goexit` are frames on the goroutine's stack without state of
//! their own: `panicnext` picks the next deferred call and leaves the arguments of `reflect.call`
//! for it, `panicdone` takes it off after it returned. A recovered panic does not return through
//! them: the goroutine goes on where `deferproc` returned in the frame that deferred the recovering
//! call, this time with 1. The frames in between are simply gone.
//!
//! A deferred call stays on the goroutine's list while it runs. A later panic (or Goexit) that
//! finds it started knows that the panic that started it will never come back, and marks that one
//! aborted.

use super::records::{drop_panics, new_panic, pop_panic};
use super::{defer, uncaught};
use crate::abi::{Defer, Eface, G, GoString, Leaf, Outcome, Panic, Sys, args};
use crate::fatal;
use crate::world::{self, callbacks, deferred};
use core::ptr;
use core::sync::atomic::Ordering;

unsafe extern "C" {
    /// asm/switch.S: goes on with a goroutine.
    fn gort_gogo(g: *mut G) -> !;
}

/// First step of `gopanic(e)`: `argp` is its outgoing area.
pub fn panicstart(_: Sys<'_>, a: &mut args::gort_panicstart) {
    let g = world::curg();
    // SAFETY: a goroutine that called in is stopped in this call: its stack stays in place.
    if g.is_null() || !unsafe { (*g).stack_lo..(*g).stack_hi }.contains(&a.argp) {
        uncaught::throw_instead(a.e, "panic on system stack");
    }
    // SAFETY: this thread's M, which is never freed.
    if unsafe { (*world::getm()).locks.load(Ordering::Relaxed) } != 0 {
        uncaught::throw_instead(a.e, "panic holding locks");
    }
    let p = new_panic();
    // SAFETY: the record is ours; g is stopped in this call, so its list is.
    unsafe {
        *p = Panic {
            argp: a.argp,
            arg: a.e,
            link: (*g).panic,
            newer: ptr::null_mut(),
            recovered: 0,
            aborted: 0,
            uncaught: 0,
            receiver: ptr::null_mut(),
            text: GoString::EMPTY,
        };
        (*g).panic = p;
    }
}

/// Takes the innermost record off the list, unlinked from its panic.
///
/// # Safety
///
/// `g` is stopped in a call of this thread, and has a record.
unsafe fn pop_defer(g: *mut G) {
    // SAFETY: by the caller's promise g is stopped, so its list is ours, and not empty.
    let d = unsafe {
        let d = (*g).defer;
        debug_assert!(!d.is_null());
        (*g).defer = (*d).link;
        (*d).panic = ptr::null_mut();
        d
    };
    // SAFETY: it is off the list now.
    unsafe { defer::free(d) };
}

/// The next deferred call that has not been started. Started ones were left behind by the panic or
/// Goexit that ran them. It is a call of its frame: callbacks from C below that are over.
///
/// # Safety
///
/// `g` is stopped in a call of this thread; `by` is its innermost panic, or null.
unsafe fn next_defer(g: *mut G, by: *mut Panic) -> *mut Defer {
    loop {
        // SAFETY: by the caller's promise g is stopped: its lists are ours, and records on them are
        // alive.
        unsafe {
            let d = (*g).defer;
            if d.is_null() {
                return d;
            }
            if (*d).started == 0 {
                (*d).started = 1;
                (*d).panic = by;
                callbacks::drop_below(g, (*d).sp);
                return d;
            }
            if !(*d).panic.is_null() {
                (*(*d).panic).aborted = 1;
            }
            pop_defer(g);
        }
    }
}

/// Next step of `gopanic`: leaves the arguments of `reflect.call` for the next deferred call;
/// without one the program ends, and the calls are those that show the panic's values.
pub fn panicnext(sys: Sys<'_>, a: &mut args::gort_panicnext) -> Outcome {
    let caller = sys.caller();
    let g = caller.g();
    // SAFETY: curg is stopped in this call, in the frame of gopanic that pushed the innermost
    // panic.
    let d = unsafe {
        let p = (*g).panic;
        if (*p).uncaught != 0 {
            return uncaught::next(g, a);
        }
        let d = next_defer(g, p);
        if d.is_null() {
            return uncaught::start(caller, a);
        }
        // The argument is the frame's outgoing area: reflect.call, a wrapper, makes its own of it,
        // where recover finds it.
        (*p).argp = a.argtype;
        d
    };
    // SAFETY: the record is on the goroutine's list, and stays there while it runs.
    unsafe { set_call(a, d) };
    Outcome::Return
}

/// Leaves the arguments of `reflect.call` for a deferred call.
///
/// # Safety
/// `d` is on the goroutine's list, and stays there while it runs.
unsafe fn set_call(a: &mut args::gort_panicnext, d: *mut Defer) {
    // SAFETY: by the caller's promise the record is alive, and the goroutine's.
    let (f, size) = unsafe { ((*d).fn_, (*d).siz as u32) };
    a.argtype = 0;
    a.fn_ = f;
    a.arg = deferred::args_of(d);
    a.n = size;
    a.retoffset = size;
}

/// Step of `gopanic` after a deferred call returned.
pub fn panicdone(_: Sys<'_>, _a: &mut args::gort_panicdone) {
    let g = world::curg();
    // SAFETY: curg is stopped in this call, in the frame of gopanic that runs the innermost panic:
    // its lists are ours.
    let (p, sp, pc) = unsafe {
        let p = (*g).panic;
        if (*p).uncaught != 0 {
            return uncaught::shown();
        }
        (*p).argp = 0;
        let d = (*g).defer;
        if d.is_null() || (*d).panic != p {
            fatal::throw("bad defer entry in panic");
        }
        (p, (*d).sp, (*d).pc)
    };
    // SAFETY: the same. What is left of a recovered panic is its deferproc, which returns again; no
    // Rust frame holds anything.
    unsafe {
        pop_defer(g);
        if (*p).recovered != 0 {
            pop_panic(g);
            while !(*g).panic.is_null() && (*(*g).panic).aborted != 0 {
                pop_panic(g);
            }
            // Below may be panics whose values are shown, by the method that recovered this one:
            // their fault is remembered elsewhere.
            if (*g).panic.is_null() || (*(*g).panic).uncaught != 0 {
                (*g).sig = 0;
            }
            resume(g, sp, pc);
        }
    }
}

/// Makes the `deferproc` whose arguments were at `sp` return again, with 1: the function that
/// deferred returns to its caller.
///
/// # Safety
///
/// `g` is this thread's goroutine, stopped in a call; `pc` is the return of a deferproc of one of
/// its frames, and no Rust frame holds anything.
unsafe fn resume(g: *mut G, sp: usize, pc: usize) -> ! {
    // SAFETY: by the caller's promise g is curg, stopped in a call: its saved context is ours, and
    // loading it leaves this stack.
    unsafe {
        if sp < (*g).stack_lo || sp >= (*g).stack_hi {
            fatal::throw("bad recovery");
        }
        (*g).sched.sp = sp;
        (*g).sched.pc = pc;
        (*g).sched.ctxt = 0;
        (*g).sched.ret = 1;
        gort_gogo(g)
    }
}

/// Step of `Goexit`: the next deferred call; `argtype` 1 means that there is none and the goroutine
/// ends.
pub fn goexitnext(_: Sys<'_>, a: &mut args::gort_goexitnext) {
    let g = world::curg();
    // SAFETY: curg is stopped in this call, a step of Goexit.
    let d = unsafe { next_defer(g, ptr::null_mut()) };
    if d.is_null() {
        // SAFETY: the same, and it has no more deferred calls: it ends.
        unsafe {
            uncaught::left(g);
            drop_panics(g);
            callbacks::drop_below(g, (*g).stack_hi);
        }
        a.argtype = 1;
        a.fn_ = ptr::null();
        a.arg = ptr::null_mut();
        a.n = 0;
        a.retoffset = 0;
        return;
    }
    // SAFETY: the record is on the goroutine's list, and stays there while it runs.
    let (f, size) = unsafe { ((*d).fn_, (*d).siz as u32) };
    a.argtype = 0;
    a.fn_ = f;
    a.arg = deferred::args_of(d);
    a.n = size;
    a.retoffset = size;
}

/// Step of `Goexit` after a deferred call returned.
pub fn goexitdone(_: Sys<'_>, _a: &mut args::gort_goexitdone) {
    let g = world::curg();
    // SAFETY: curg is stopped in this call: its list is ours.
    unsafe {
        let d = (*g).defer;
        if d.is_null() || (*d).started == 0 {
            fatal::throw("bad defer entry in Goexit");
        }
        pop_defer(g);
    }
}

/// `runtime.gorecover(argp)`: the panic's value if the caller is the deferred function itself.
pub fn gorecover(_: Leaf<'_>, a: &mut args::runtime_gorecover) {
    // SAFETY: in leaf mode getg is the goroutine that runs on this thread: its panics are ours, and
    // alive.
    let p = unsafe { (*world::getg()).panic.as_mut() };
    a.r0 = match p {
        Some(p) if p.recovered == 0 && p.argp == a.argp => {
            p.recovered = 1;
            p.arg
        }
        _ => Eface {
            typ: ptr::null(),
            data: ptr::null_mut(),
        },
    };
}
