//! Goroutines: birth and death.

use super::state::{self, SCHED};
use crate::abi::{FuncVal, G, Outcome, Sys, args};
use crate::code::asmfuncs::goexit_pc;
use crate::world::current::{holds_p, on_g0};
use crate::world::g::{restore_guard, set_stack, status_of};
use crate::world::{self, Dead, OwnP, P, Right, Runnable, getm, getp, lists};
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
///
/// # Safety
///
/// This thread holds `p`.
unsafe fn keep(p: *mut P, g: Dead) {
    debug_assert!(holds_p(p));
    let g = g.into_raw();
    // SAFETY: by the caller's promise this thread holds p; the dead goroutine was in its hands. The
    // count has one writer at a time.
    unsafe {
        (*g).schedlink = (*p).gfree;
        (*p).gfree = g;
        let n = (*p).ngfree.load(Ordering::Relaxed);
        (*p).ngfree.store(n + 1, Ordering::Relaxed);
    }
}

/// Takes one off the P's list, which is not empty.
///
/// # Safety
///
/// This thread holds `p`, and its list is not empty.
unsafe fn take_kept(p: *mut P) -> Dead {
    // SAFETY: by the caller's promise this thread holds p, so its list is ours, and not empty.
    let g = unsafe {
        let g = (*p).gfree;
        debug_assert!(!g.is_null());
        (*p).gfree = (*g).schedlink;
        let n = (*p).ngfree.load(Ordering::Relaxed);
        (*p).ngfree.store(n - 1, Ordering::Relaxed);
        g
    };
    // SAFETY: `keep` put a right there, and the list names it no longer.
    unsafe { Dead::from_raw(g) }
}

/// A dead goroutine with a stack, from the P's list, the shared list, or new.
///
/// # Safety
///
/// This thread holds `p`.
#[doc(alias = "gfget")]
unsafe fn get_dead(p: *mut P) -> Dead {
    // SAFETY: by the caller's promise this thread holds p.
    let dead = unsafe {
        if (*p).gfree.is_null() {
            let mut s = SCHED.lock();
            for _ in 0..GFREE_MAX / 2 {
                let Some(free) = s.gfree.pop() else { break };
                keep(p, free);
            }
        }
        if (*p).gfree.is_null() {
            return new_dead();
        }
        take_kept(p)
    };
    let g = dead.g();
    // SAFETY: a dead goroutine in our hands has no frames: its stack is ours to set.
    unsafe {
        if (*g).stack_lo == 0 {
            let (lo, hi) = stack::alloc(stack::MIN_STACK);
            set_stack(g, lo, hi);
        }
    }
    dead
}

/// A new G with a stack.
#[inline(always)]
fn new_dead() -> Dead {
    let g: *mut G = mem::persistent();
    let (lo, hi) = stack::alloc(stack::MIN_STACK);
    // SAFETY: the G is new, of zeroes, and lives for ever; nobody else has a right to it.
    unsafe {
        set_stack(g, lo, hi);
        status_of(g).begin();
        lists::add_g(g);
        Dead::from_raw(g)
    }
}

/// Keeps a dead goroutine for reuse. A stack that has grown is freed: most goroutines need little.
///
/// # Safety
///
/// This thread holds `p`.
unsafe fn put_dead(p: *mut P, dead: Dead) {
    let g = dead.g();
    // SAFETY: a dead goroutine in our hands has no frames: its stack is ours to free.
    unsafe {
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
    }
    // SAFETY: by the caller's promise this thread holds p; a list of so many is not empty.
    unsafe {
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
///
/// # Safety
///
/// This thread holds `p`.
unsafe fn next_goid(p: *mut P) -> i64 {
    // SAFETY: by the caller's promise this thread holds p: its batch of ids is ours.
    let ids = unsafe { &mut (*p).goids };
    if ids[0] == ids[1] {
        ids[0] = lists::GOIDGEN.fetch_add(GOID_BATCH, Ordering::Relaxed) + 1;
        ids[1] = ids[0] + GOID_BATCH;
    }
    debug_assert!(ids[0] < ids[1]);
    ids[0] += 1;
    ids[0] - 1
}

/// Makes a goroutine that will run `f` with a copy of `n` argument bytes at `argp`, runnable but on
/// no queue.
///
/// # Safety
/// In system mode on a thread with a P. `f` is a func value that takes `n` bytes of arguments, less
/// than [`MAX_ARGS`], which lie at `argp`.
#[doc(alias = "newproc1")]
pub unsafe fn new_goroutine(f: *const FuncVal, argp: *const u8, n: usize, gopc: usize) -> Runnable {
    let p = getp();
    // SAFETY: system mode with a P, by the caller's promise, as is that f is a func value.
    let (g, code) = unsafe { (get_dead(p).into_raw(), (*f).code) };
    debug_assert!(n < MAX_ARGS && code != 0);
    // SAFETY: the dead goroutine is ours until it is published by its state. It has a stack of
    // MIN_STACK, in which the arguments have room.
    unsafe {
        debug_assert!((*g).defer.is_null() && (*g).panic.is_null());
        debug_assert!((*g).waiting.load(Ordering::Relaxed).is_null());
        debug_assert!(!(*g).resume.is_some() && (*g).interrupted.is_null());
        let args = ((*g).stack_hi - SPARE - n) & !15;
        ptr::copy_nonoverlapping(argp, args as *mut u8, n);
        let sp = args - 8;
        debug_assert!((*g).stack_lo < sp);
        *(sp as *mut usize) = goexit_pc();
        (*g).sched.sp = sp;
        (*g).sched.pc = code;
        (*g).sched.ctxt = f as usize;
        (*g).sched.ret = 0;
        (*g).sched.g = g;
        restore_guard(g);
        (*g).gopc = gopc;
        (*g).startpc = code;
        (*g).goid = next_goid(p);
        (*g).parkmap = 0;
        (*g).flags = 0;
    }
    // SAFETY: it is complete: its state says from here on that it may run, and the right is ours.
    unsafe {
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
    let base: *const u8 = (&raw const *a).cast();
    if a.fn_.is_null() {
        let g = world::curg();
        if !g.is_null() {
            // SAFETY: the goroutine that called in is stopped in this call.
            unsafe { (*g).parkmap = 0 };
        }
        crate::fatal::fatal("go of nil func value");
    }
    let n = a.siz as usize;
    if n >= MAX_ARGS {
        crate::fatal::throw("newproc: function arguments too large for new goroutine");
    }
    // SAFETY: system mode with a P. The compiler pushed `siz` bytes of arguments after `fn`; the
    // word below the area is the return address.
    unsafe {
        let gopc = *base.sub(8).cast::<usize>();
        let g = new_goroutine(a.fn_, base.add(16), n, gopc);
        super::park::runq_put(OwnP::held(), g, true);
    }
    // Before main starts there is nothing to run in parallel with.
    if state::WAKE.wanted() && lists::MAIN_STARTED.load(Ordering::Relaxed) != 0 {
        super::threads::wake_p();
    }
}

/// The goroutine's first function returned, or Goexit ran all deferred calls.
///
/// # Safety
/// Called by `runtime.goexit` or from a park-mode function, for curg.
pub unsafe fn goexit0() -> Outcome {
    let m = getm();
    // SAFETY: by the caller's promise this thread's goroutine has called, from a frame to which
    // nothing returns: it and its words are ours.
    let (g, locked) = unsafe {
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
        (g, (*m).lockedg.load(Ordering::Relaxed) == g)
    };
    // SAFETY: it is dead, and only this thread knows: the right to use it again is ours. The thread
    // has a P.
    unsafe {
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
    }
    Outcome::Reschedule
}

/// [`goexit0`] as asm/panic.S calls it.
pub fn goexit_call(_: Sys<'_>, _a: &mut args::gort_goexit0) -> Outcome {
    // SAFETY: `runtime.goexit` calls this for curg, whose first function is done.
    unsafe { goexit0() }
}

/// Number of goroutines of the program.
pub(super) fn count() -> i64 {
    state::goroutines() - i64::from(lists::NGSYS.load(Ordering::Relaxed))
}

/// `runtime.NumGoroutine`.
pub fn num_goroutine(_: Sys<'_>, a: &mut args::runtime_NumGoroutine) {
    a.r0 = count();
}
