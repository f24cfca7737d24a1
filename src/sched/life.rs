//! Goroutines: birth and death.

use super::state::{self, SCHED};
use crate::abi::{FuncVal, G, Outcome, Sys, args};
use crate::code::asmfuncs::goexit_pc;
use crate::world::current::{holds_p, on_g0};
use crate::world::g::{restore_guard, set_stack, status_of};
use crate::world::{self, Dead, P, Right, Runnable, getm, getp, lists};
use crate::{mem, stack};
use core::ptr;
use core::sync::atomic::Ordering;

/// Bytes kept above a goroutine's first frame: callees may read a little past their arguments.
const SPARE: usize = 32;
/// Goroutine ids taken from the shared counter at a time.
const GOID_BATCH: i64 = 16;
/// Dead goroutines that a P keeps.
const GFREE_MAX: u32 = 64;
/// Smallest argument block that is refused: it would not fit a new stack. The first prologue grows
/// a stack that it nearly fills.
const MAX_ARGS: usize = stack::MIN_STACK - SPARE - 8;

/// Puts a dead goroutine on the P's list.
unsafe fn keep(p: *mut P, g: Dead) {
    // SAFETY: we hold p. The count has one writer at a time.
    unsafe {
        debug_assert!(holds_p(p));
        let g = g.into_raw();
        (*g).schedlink = (*p).gfree;
        (*p).gfree = g;
        let n = (*p).ngfree.load(Ordering::Relaxed);
        (*p).ngfree.store(n + 1, Ordering::Relaxed);
    }
}

/// Takes one off the P's list, which is not empty.
unsafe fn take_kept(p: *mut P) -> Dead {
    // SAFETY: as in `keep`.
    unsafe {
        let g = (*p).gfree;
        debug_assert!(!g.is_null());
        (*p).gfree = (*g).schedlink;
        let n = (*p).ngfree.load(Ordering::Relaxed);
        (*p).ngfree.store(n - 1, Ordering::Relaxed);
        Dead::from_raw(g)
    }
}

/// A dead goroutine with a stack, from the P's list, the shared list, or new.
#[doc(alias = "gfget")]
unsafe fn get_dead(p: *mut P) -> Dead {
    // SAFETY: we hold p.
    unsafe {
        if (*p).gfree.is_null() {
            let mut s = SCHED.lock();
            for _ in 0..GFREE_MAX / 2 {
                let Some(free) = s.gfree.pop() else { break };
                keep(p, free);
            }
        }
        if (*p).gfree.is_null() {
            let g: *mut G = mem::persistent();
            let (lo, hi) = stack::alloc(stack::MIN_STACK);
            set_stack(g, lo, hi);
            status_of(g).begin();
            lists::add_g(g);
            return Dead::from_raw(g);
        }
        let dead = take_kept(p);
        let g = dead.g();
        if (*g).stack_lo == 0 {
            let (lo, hi) = stack::alloc(stack::MIN_STACK);
            set_stack(g, lo, hi);
        }
        dead
    }
}

/// Keeps a dead goroutine for reuse. A stack that has grown is freed: most goroutines need little.
unsafe fn put_dead(p: *mut P, dead: Dead) {
    // SAFETY: we hold p; the goroutine is off its stack.
    unsafe {
        let g = dead.g();
        debug_assert!((*g).m.load(Ordering::Relaxed).is_null());
        debug_assert!((*g).lockedm.load(Ordering::Relaxed).is_null());
        if (*g).stack_size != stack::MIN_STACK {
            stack::free((*g).stack_lo, (*g).stack_size);
            (*g).stack_lo = 0;
            (*g).stack_hi = 0;
            (*g).stackguard0.store(0, Ordering::Relaxed);
        } else if stack::poison::on() {
            stack::poison::fill((*g).stack_lo, (*g).stack_hi);
        }
        keep(p, dead);
        if (*p).ngfree.load(Ordering::Relaxed) >= GFREE_MAX {
            let mut s = SCHED.lock();
            while (*p).ngfree.load(Ordering::Relaxed) >= GFREE_MAX / 2 {
                s.gfree.push(take_kept(p));
            }
        }
    }
}

/// Next goroutine id.
unsafe fn next_goid(p: *mut P) -> i64 {
    // SAFETY: we hold p.
    unsafe {
        let ids = &mut (*p).goids;
        if ids[0] == ids[1] {
            ids[0] = lists::GOIDGEN.fetch_add(GOID_BATCH, Ordering::Relaxed) + 1;
            ids[1] = ids[0] + GOID_BATCH;
        }
        debug_assert!(ids[0] < ids[1]);
        ids[0] += 1;
        ids[0] - 1
    }
}

/// Makes a goroutine that will run `f` with a copy of `n` argument bytes at `argp`, runnable but on
/// no queue.
///
/// # Safety
/// `f` is a func value that takes `n` bytes of arguments.
#[doc(alias = "newproc1")]
pub unsafe fn new_goroutine(f: *const FuncVal, argp: *const u8, n: usize, gopc: usize) -> Runnable {
    // SAFETY: system mode with a P; the new G is ours until it is published by its status.
    unsafe {
        let p = getp();
        let g = get_dead(p).into_raw();
        debug_assert!(n < MAX_ARGS && (*f).code != 0);
        debug_assert!((*g).defer.is_null() && (*g).panic.is_null());
        debug_assert!((*g).waiting.load(Ordering::Relaxed).is_null());
        debug_assert!(!(*g).resume.is_some() && (*g).interrupted.is_null());
        let args = ((*g).stack_hi - SPARE - n) & !15;
        ptr::copy_nonoverlapping(argp, args as *mut u8, n);
        let sp = args - 8;
        debug_assert!((*g).stack_lo < sp);
        *(sp as *mut usize) = goexit_pc();
        (*g).sched.sp = sp;
        (*g).sched.pc = (*f).code;
        (*g).sched.ctxt = f as usize;
        (*g).sched.ret = 0;
        (*g).sched.g = g;
        restore_guard(g);
        (*g).gopc = gopc;
        (*g).startpc = (*f).code;
        (*g).goid = next_goid(p);
        (*g).parkmap = 0;
        (*g).flags = 0;
        if crate::probe::trace::on() {
            crate::probe::trace::goroutine_made(g);
        }
        status_of(g).revive();
        if crate::world::phase::enabled() {
            // Its arguments may be the only references to what they point to.
            crate::world::ran::ran(g);
        }
        Runnable::from_raw(g)
    }
}

/// `go f(...)`: the arguments follow the two declared ones.
pub fn newproc(_: Sys<'_>, a: &mut args::runtime_newproc) {
    // SAFETY: the compiler pushed `siz` bytes of arguments after `fn`; the word below the area is
    // the return address.
    unsafe {
        let base: *const u8 = (&raw const *a).cast();
        if a.fn_.is_null() {
            let g = world::curg();
            if !g.is_null() {
                (*g).parkmap = 0;
            }
            crate::fatal::fatal("go of nil func value");
        }
        let n = a.siz as usize;
        if n >= MAX_ARGS {
            crate::fatal::throw("newproc: function arguments too large for new goroutine");
        }
        let gopc = *base.sub(8).cast::<usize>();
        let g = new_goroutine(a.fn_, base.add(16), n, gopc);
        let p = getp();
        super::park::runq_put(p, g, true);
        // Before main starts there is nothing to run in parallel with.
        if state::WAKE.wanted() && lists::MAIN_STARTED.load(Ordering::Relaxed) != 0 {
            super::threads::wake_p();
        }
    }
}

/// The goroutine's first function returned, or Goexit ran all deferred calls.
///
/// # Safety
/// Called by `runtime.goexit` or from a park-mode function, for curg.
pub unsafe fn goexit0() -> Outcome {
    // SAFETY: system mode; curg is ours and never runs Go code again.
    unsafe {
        let m = getm();
        let g = (*m).curg.load(Ordering::Relaxed);
        debug_assert!(on_g0() && !world::p_of(m).is_null());
        debug_assert!((*g).interrupted.is_null() && (*g).panic.is_null());
        if crate::probe::trace::on() {
            crate::probe::trace::goroutine_ends();
        }
        status_of(g).die();
        if (*g).flags & crate::abi::G_SYSTEM != 0 {
            lists::NGSYS.fetch_sub(1, Ordering::Relaxed);
        }
        world::m::leaves(m, g);
        let locked = (*m).lockedg.load(Ordering::Relaxed) == g;
        (*g).lockedm.store(ptr::null_mut(), Ordering::Relaxed);
        (*g).flags = 0;
        (*g).defer = ptr::null_mut();
        (*g).panic = ptr::null_mut();
        (*g).param = ptr::null_mut();
        (*g).waitreason = 0;
        (*g).waiting.store(ptr::null_mut(), Ordering::Relaxed);
        (*g).preempt.store(0, Ordering::Relaxed);
        if locked {
            (*m).lockedg.store(ptr::null_mut(), Ordering::Relaxed);
            (*m).locked = 0;
        }
        put_dead(getp(), Dead::from_raw(g));
        Outcome::Reschedule
    }
}

/// [`goexit0`] as asm/panic.S calls it.
pub fn goexit_call(_: Sys<'_>, _a: &mut args::gort_goexit0) -> Outcome {
    // SAFETY: passed on.
    unsafe { goexit0() }
}

/// Number of goroutines of the program.
pub fn count() -> i64 {
    state::goroutines() - i64::from(lists::NGSYS.load(Ordering::Relaxed))
}

/// `runtime.NumGoroutine`.
pub fn num_goroutine(_: Sys<'_>, a: &mut args::runtime_NumGoroutine) {
    a.r0 = count();
}
