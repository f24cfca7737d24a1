//! Goroutines: birth, death, status.

use super::state::{self, SCHED};
use super::{getm, getp, status};
use crate::abi::{FuncVal, G, STACK_GUARD, Status, args};
use crate::code::asmfuncs::goexit_pc;
use crate::os::sys;
use crate::world::P;
use crate::{mem, stack};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

/// Bytes kept above a goroutine's first frame: callees may read a little past their arguments.
const SPARE: usize = 32;
/// Goroutine ids taken from the shared counter at a time.
const GOID_BATCH: i64 = 16;
/// Dead goroutines that a P keeps.
const GFREE_MAX: u32 = 64;
/// Smallest argument block that is refused: it would not fit a new stack. The first prologue grows a stack that it nearly fills.
const MAX_ARGS: usize = stack::MIN_STACK - SPARE - 8;

/// The status word of a goroutine.
///
/// # Safety
/// `g` is a G of ours (they are never freed).
pub unsafe fn status_of<'a>(g: *mut G) -> &'a AtomicU32 {
    // SAFETY: the field is only accessed atomically.
    unsafe { AtomicU32::from_ptr(&raw mut (*g).atomicstatus) }
}

/// Changes the status from `from` to `to`; another value there is a bug.
///
/// # Safety
/// As [`status_of`]; the caller owns the transition.
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

/// Keeps `g`, parked or on a queue, where it is while `f` looks at its stack: nobody changes its status or moves its stack meanwhile.
///
/// # Safety
/// `g` does not run, and the caller is who will make it.
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
    // Most stacks are scanned in a microsecond; but the system may have taken the scanner off its processor.
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
        (*g).stackguard0 = lo + STACK_GUARD;
        (*g).stackguard1 = usize::MAX;
    }
}

/// Puts a dead goroutine on the P's list.
unsafe fn keep(p: *mut P, g: *mut G) {
    // SAFETY: we hold p; g is on no list. The count has one writer at a time.
    unsafe {
        (*g).schedlink = (*p).gfree;
        (*p).gfree = g;
        let n = (*p).ngfree.load(Ordering::Relaxed);
        (*p).ngfree.store(n + 1, Ordering::Relaxed);
    }
}

/// Takes one off the P's list, which is not empty.
unsafe fn take_kept(p: *mut P) -> *mut G {
    // SAFETY: as in `keep`.
    unsafe {
        let g = (*p).gfree;
        (*p).gfree = (*g).schedlink;
        let n = (*p).ngfree.load(Ordering::Relaxed);
        (*p).ngfree.store(n - 1, Ordering::Relaxed);
        g
    }
}

/// A dead goroutine with a stack, from the P's list, the shared list, or new.
unsafe fn get_dead(p: *mut P) -> *mut G {
    // SAFETY: we hold p.
    unsafe {
        if (*p).gfree.is_null() {
            let mut s = SCHED.lock();
            for _ in 0..GFREE_MAX / 2 {
                let free = s.gfree.pop();
                if free.is_null() {
                    break;
                }
                keep(p, free);
            }
        }
        if (*p).gfree.is_null() {
            let g: *mut G = mem::persistent();
            let (lo, hi) = stack::alloc(stack::MIN_STACK);
            set_stack(g, lo, hi);
            status_of(g).store(status::DEAD, Ordering::Relaxed);
            state::add_g(g);
            return g;
        }
        let g = take_kept(p);
        if (*g).stack_lo == 0 {
            let (lo, hi) = stack::alloc(stack::MIN_STACK);
            set_stack(g, lo, hi);
        }
        g
    }
}

/// Keeps a dead goroutine for later. A stack that has grown is given back: most goroutines need little.
unsafe fn put_dead(p: *mut P, g: *mut G) {
    // SAFETY: we hold p; g is dead and off its stack.
    unsafe {
        if (*g).stack_size != stack::MIN_STACK {
            stack::free((*g).stack_lo, (*g).stack_size);
            (*g).stack_lo = 0;
            (*g).stack_hi = 0;
            (*g).stackguard0 = 0;
        } else if stack::poison::on() {
            stack::poison::fill((*g).stack_lo, (*g).stack_hi);
        }
        keep(p, g);
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
            ids[0] = state::GOIDGEN.fetch_add(GOID_BATCH, Ordering::Relaxed) + 1;
            ids[1] = ids[0] + GOID_BATCH;
        }
        ids[0] += 1;
        ids[0] - 1
    }
}

/// Makes a goroutine that will run `f` with a copy of `n` argument bytes at `argp`, runnable but on no queue.
///
/// # Safety
/// `f` is a func value that takes `n` bytes of arguments.
pub unsafe fn new_goroutine(f: *const FuncVal, argp: *const u8, n: usize, gopc: usize) -> *mut G {
    // SAFETY: system mode with a P; the new G is ours until it is published by its status.
    unsafe {
        let p = getp();
        let g = get_dead(p);
        let args = ((*g).stack_hi - SPARE - n) & !15;
        ptr::copy_nonoverlapping(argp, args as *mut u8, n);
        let sp = args - 8;
        *(sp as *mut usize) = goexit_pc();
        (*g).sched.sp = sp;
        (*g).sched.pc = (*f).code;
        (*g).sched.ctxt = f as usize;
        (*g).sched.ret = 0;
        (*g).sched.g = g;
        (*g).stackguard0 = (*g).stack_lo + STACK_GUARD;
        (*g).gopc = gopc;
        (*g).startpc = (*f).code;
        (*g).goid = next_goid(p);
        (*g).parkmap = 0;
        (*g).flags = 0;
        if crate::profile::trace::on() {
            crate::profile::trace::goroutine_made(g);
        }
        transition(g, status::DEAD, status::RUNNABLE);
        if crate::gc::barrier_enabled() {
            // Its arguments may be the only references to what they point to.
            crate::gc::roots::ran(g);
        }
        g
    }
}

/// `go f(...)`: the arguments follow the two declared ones.
///
/// # Safety
/// Called by the trampoline of `runtime.newproc`.
pub unsafe fn newproc(a: &mut args::runtime_newproc) {
    // SAFETY: the compiler pushed `siz` bytes of arguments after `fn`; the word below the area is the return address.
    unsafe {
        let base: *const u8 = (&raw const *a).cast();
        if a.fn_.is_null() {
            let g = super::curg();
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
        if state::WAKE.wanted() && state::MAIN_STARTED.load(Ordering::Relaxed) != 0 {
            super::m::wake_p();
        }
    }
}

/// The goroutine's first function returned, or Goexit ran all deferred calls.
///
/// # Safety
/// Called by `runtime.goexit` or from a park-mode function, for curg.
pub unsafe fn goexit0() -> Status {
    // SAFETY: system mode; curg is ours and never runs Go code again.
    unsafe {
        let m = getm();
        let g = (*m).curg;
        if crate::profile::trace::on() {
            crate::profile::trace::goroutine_ends();
        }
        transition(g, status::RUNNING, status::DEAD);
        if (*g).flags & crate::abi::G_SYSTEM != 0 {
            state::NGSYS.fetch_sub(1, Ordering::Relaxed);
        }
        (*g).m = ptr::null_mut();
        let locked = (*m).lockedg == g;
        (*g).lockedm = ptr::null_mut();
        (*g).flags = 0;
        (*g).defer = ptr::null_mut();
        (*g).panic = ptr::null_mut();
        (*g).param = ptr::null_mut();
        (*g).waitreason = 0;
        (*g).waiting = ptr::null_mut();
        (*g).preempt = 0;
        (*m).curg = ptr::null_mut();
        if locked {
            (*m).lockedg = ptr::null_mut();
            (*m).locked = 0;
        }
        put_dead(getp(), g);
        Status::Parked
    }
}

/// [`goexit0`] as asm/panic.S calls it.
///
/// # Safety
/// As [`goexit0`].
pub unsafe fn goexit_call(_a: &mut args::gort_goexit0) -> Status {
    // SAFETY: passed on.
    unsafe { goexit0() }
}

/// Number of goroutines of the program.
pub fn count() -> i64 {
    state::goroutines() - i64::from(state::NGSYS.load(Ordering::Relaxed))
}

/// `runtime.NumGoroutine`.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn num_goroutine(a: &mut args::runtime_NumGoroutine) {
    a.r0 = count();
}

/// Makes `g` a goroutine of the runtime's own, or one of the program's: the runtime's are not counted, not shown and not waited for.
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
        (false, true) => state::NGSYS.fetch_add(1, Ordering::Relaxed),
        (true, false) => state::NGSYS.fetch_sub(1, Ordering::Relaxed),
        _ => 0,
    };
}
