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
    // SAFETY: curg is stopped in this call.
    unsafe {
        if g.is_null() || a.argp < (*g).stack_lo || a.argp >= (*g).stack_hi {
            uncaught::throw_instead(a.e, "panic on system stack");
        }
        if (*world::getm()).locks.load(Ordering::Relaxed) != 0 {
            uncaught::throw_instead(a.e, "panic holding locks");
        }
        let p = new_panic();
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
unsafe fn pop_defer(g: *mut G) {
    // SAFETY: the caller saw a record on g.
    unsafe {
        let d = (*g).defer;
        debug_assert!(!d.is_null());
        (*g).defer = (*d).link;
        (*d).panic = ptr::null_mut();
        defer::free(d);
    }
}

/// The next deferred call that has not been started. Started ones were left behind by the panic or
/// Goexit that ran them. It is a call of its frame: callbacks from C below that are over.
unsafe fn next_defer(g: *mut G, by: *mut Panic) -> *mut Defer {
    // SAFETY: g is stopped in our caller's runtime call: its lists are ours.
    unsafe {
        loop {
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
    unsafe {
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
        set_call(a, d);
    }
    Outcome::Return
}

unsafe fn set_call(a: &mut args::gort_panicnext, d: *mut Defer) {
    // SAFETY: d is on the goroutine's list and stays there while it runs.
    unsafe {
        a.argtype = 0;
        a.fn_ = (*d).fn_;
        a.arg = deferred::args_of(d);
        a.n = (*d).siz as u32;
        a.retoffset = (*d).siz as u32;
    }
}

/// Step of `gopanic` after a deferred call returned.
pub fn panicdone(_: Sys<'_>, _a: &mut args::gort_panicdone) {
    let g = world::curg();
    // SAFETY: curg is stopped in this call, in the frame of gopanic that runs the innermost panic.
    unsafe {
        let p = (*g).panic;
        if (*p).uncaught != 0 {
            return uncaught::shown();
        }
        (*p).argp = 0;
        let d = (*g).defer;
        if d.is_null() || (*d).panic != p {
            fatal::throw("bad defer entry in panic");
        }
        let (sp, pc) = ((*d).sp, (*d).pc);
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
unsafe fn resume(g: *mut G, sp: usize, pc: usize) -> ! {
    // SAFETY: no Rust frame holds anything; g is curg.
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
    // SAFETY: curg is stopped in this call.
    unsafe {
        let d = next_defer(g, ptr::null_mut());
        if d.is_null() {
            uncaught::left(g);
            drop_panics(g);
            callbacks::drop_below(g, (*g).stack_hi);
            a.argtype = 1;
            a.fn_ = ptr::null();
            a.arg = ptr::null_mut();
            a.n = 0;
            a.retoffset = 0;
            return;
        }
        a.argtype = 0;
        a.fn_ = (*d).fn_;
        a.arg = deferred::args_of(d);
        a.n = (*d).siz as u32;
        a.retoffset = (*d).siz as u32;
    }
}

/// Step of `Goexit` after a deferred call returned.
pub fn goexitdone(_: Sys<'_>, _a: &mut args::gort_goexitdone) {
    let g = world::curg();
    // SAFETY: curg is stopped in this call.
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
    // SAFETY: the running goroutine's panics are ours.
    unsafe {
        let p = (*world::getg()).panic;
        a.r0 = if !p.is_null() && (*p).recovered == 0 && (*p).argp == a.argp {
            (*p).recovered = 1;
            (*p).arg
        } else {
            Eface {
                typ: ptr::null(),
                data: ptr::null_mut(),
            }
        };
    }
}
