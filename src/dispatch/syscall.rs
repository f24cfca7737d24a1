//! System calls of Go code: `syscall.Syscall` brackets them with entersyscall and exitsyscall.
//!
//! Between the two the goroutine is in state SYSCALL and its P in state SYSCALL: the thread that
//! first changes the P's status owns the P, be it the returning M or another (sysmon, the stopper
//! of the world). The stack is not moved.

use super::schedule;
use crate::abi::{G, Leaf, M, Outcome, STACK_GUARD, STACK_PREEMPT, Slow, Sys, args};
use crate::dispatch;
use crate::os::sys;
use crate::probe::trace;
use crate::sched::state::{self, SCHED};
use crate::sched::threads::{self, lost};
use crate::sched::{alarm, interrupt};
use crate::world::g::status_of;
use crate::world::m::leaves;
use crate::world::p::PState;
use crate::world::{P, Right, Runnable, callbacks, curg, getg, getm, getp, p_of, phase};
use core::ptr;
use core::sync::atomic::Ordering;

/// `runtime.entersyscall` on the goroutine's stack, from nosplit code with little stack left.
/// When a thread must be woken the slow path does that.
#[doc(alias = "entersyscall")]
pub fn enter_leaf(_: Leaf<'_>, a: &mut args::runtime_entersyscall) -> Result<(), Slow> {
    if needs_more() {
        return Err(Slow);
    }
    // SAFETY: leaf mode of the running goroutine, with a P; `a` is the area of its call.
    unsafe { enter(CallSite::of(a)) };
    Ok(())
}

/// The world is being stopped, sysmon sleeps, or a trace is being recorded: entering takes more
/// than a leaf function may do.
#[inline(always)]
fn needs_more() -> bool {
    phase::GCWAITING.load(Ordering::Relaxed) != 0
        || state::SYSMON_WAIT.load(Ordering::Relaxed) != 0
        || trace::on()
}

/// Where the stack of a goroutine in a system call is walked from.
struct CallSite {
    pc: usize,
    sp: usize,
}

impl CallSite {
    /// `a` is the (empty) argument area: the word below is the return address.
    ///
    /// # Safety
    ///
    /// `a` is the argument area of a call that is being served.
    #[inline(always)]
    unsafe fn of(a: &mut args::runtime_entersyscall) -> Self {
        let sp = &raw const *a as usize;
        // SAFETY: the word below the arguments of a call is its return address.
        let pc = unsafe { *((sp - 8) as *const usize) };
        Self { pc, sp }
    }

    /// That of the call of C in which a callback ends.
    ///
    /// # Safety
    ///
    /// The thread's goroutine is in a callback from C.
    unsafe fn of_callback() -> Self {
        let (c, g) = (callbacks::innermost(), curg());
        // SAFETY: by the caller's promise there is a callback, whose record lies on the C stack
        // below it; g is its goroutine.
        unsafe {
            Self {
                pc: (*c).syscall_pc,
                sp: (*g).stack_hi - (*c).syscall_depth,
            }
        }
    }
}

/// Leaves the P behind for others.
///
/// # Safety
///
/// The goroutine of this thread enters a system call at `site`; the thread holds a P.
#[doc(alias = "reentersyscall")]
#[inline(always)]
unsafe fn enter(site: CallSite) {
    let m = getm();
    // SAFETY: this thread's M, and the word is atomic.
    let mut g = unsafe { (*m).curg.load(Ordering::Relaxed) };
    if g.is_null() {
        g = getg();
    }
    // SAFETY: g is the goroutine that this thread runs, so what is not atomic in it is ours.
    unsafe {
        (*g).syscallsp = site.sp;
        (*g).syscallpc = site.pc;
        (*g).parkmap = 0;
        (*g).flags |= crate::abi::G_THROWSPLIT;
        status_of(g).enter_syscall();
    }
    // SAFETY: this thread's M, and the P that it holds until its state says otherwise.
    unsafe {
        interrupt::settle(m);
        let p = p_of(m);
        debug_assert!(!p.is_null() && (*p).m.load(Ordering::Relaxed) == m);
        (*m).oldp = p.cast();
        (*m).p.store(ptr::null_mut(), Ordering::Relaxed);
        (*m).mcache = ptr::null_mut();
        (*p).m.store(ptr::null_mut(), Ordering::Relaxed);
        // From here on the P may be taken.
        (*p).status.enter_syscall();
    }
}

/// `runtime.entersyscall` with the world stopping, sysmon asleep or a trace being recorded.
#[doc(alias = "entersyscall_gcwait")]
#[doc(alias = "entersyscall_sysmon")]
pub fn enter_slow(_: Sys<'_>, a: &mut args::runtime_entersyscall) {
    // SAFETY: system mode for the goroutine that called in, with a P; `a` is the area of its call.
    unsafe { enter_with_more(CallSite::of(a)) }
}

/// `gort.reentersyscall`: a callback from C ends, the call of C goes on.
pub fn reenter_leaf(_: Leaf<'_>, _a: &mut args::gort_reentersyscall) -> Result<(), Slow> {
    if needs_more() {
        return Err(Slow);
    }
    // SAFETY: leaf mode of the running goroutine, with a P, at the end of a callback.
    unsafe { enter(CallSite::of_callback()) };
    Ok(())
}

/// As [`reenter_leaf`], where that is not enough.
pub fn reenter_slow(_: Sys<'_>, _a: &mut args::gort_reentersyscall) {
    // SAFETY: system mode for the goroutine that called in, with a P, at the end of a callback.
    unsafe { enter_with_more(CallSite::of_callback()) }
}

/// # Safety
///
/// As [`enter`], on g0.
///
/// Enters a system call, where a leaf function cannot.
///
/// # Safety
///
/// As [`enter`], on g0.
unsafe fn enter_with_more(site: CallSite) {
    alarm::wake();
    let (p, m) = (getp(), getm());
    // SAFETY: this thread's M and the P that it holds; from `enter` on only what is atomic in the P
    // is touched, until its state makes it ours again.
    unsafe {
        if trace::on() {
            trace::syscall_starts(m, (*m).curg.load(Ordering::Relaxed), p);
        }
        enter(site);
        if (*m).tracedp != 0 {
            // The return is to be traced, too: not by `exit_leaf`.
            (*m).oldp = ptr::null_mut();
        }
        if phase::GCWAITING.load(Ordering::Acquire) != 0 {
            let mut s = SCHED.lock();
            if s.stopwait > 0 && (*p).status.take_from_syscall(PState::Stopped) {
                lost(p);
                s.stopwait -= 1;
                if s.stopwait == 0 {
                    state::STOP_NOTE.wakeup();
                }
            }
        }
    }
}

/// `runtime.exitsyscall` on the goroutine's stack, if our P is still there.
#[doc(alias = "exitsyscall")]
#[doc(alias = "exitsyscallfast")]
pub fn exit_leaf(_: Leaf<'_>, _a: &mut args::runtime_exitsyscall) -> Result<(), Slow> {
    let m = getm();
    // SAFETY: this thread's M, in its own word the P that it had. Ps are never freed, and who takes
    // one from its state has it.
    unsafe {
        let p: *mut P = (*m).oldp.cast();
        if p.is_null() || !(*p).status.take_from_syscall(PState::Running) {
            return Err(Slow);
        }
        if trace::on() {
            // Tracing began meanwhile, so our P was lost; we have just met it in the system call of
            // another goroutine.
            (*m).tracedp = p.expose_provenance();
            (*m).syscalltick = (*p).syscalltick.load(Ordering::Relaxed).wrapping_sub(1);
            (*p).status.enter_syscall();
            return Err(Slow);
        }
        (*m).oldp = ptr::null_mut();
        threads::keep_p(p);
        (*p).syscalltick.fetch_add(1, Ordering::Relaxed);
        back_to_running(m);
    }
    Ok(())
}

/// The goroutine runs again, with a preemption requested meanwhile still pending.
///
/// # Safety
///
/// `m` is this thread's M and holds a P; its goroutine is in its system call.
unsafe fn back_to_running(m: *mut M) {
    // SAFETY: this thread's M, and the word is atomic.
    let g = unsafe { (*m).curg.load(Ordering::Relaxed) };
    // SAFETY: the goroutine is in its system call on this thread, and no other thread changes that:
    // what is not atomic in it is ours.
    unsafe {
        // First the status: until it changes the stack may be walked from `syscallsp`.
        status_of(g).exit_syscall();
        (*g).syscallsp = 0;
        (*g).waitsince = 0;
        (*g).flags &= !crate::abi::G_THROWSPLIT;
        if crate::world::phase::enabled() {
            crate::world::ran::ran(g);
        }
        let guard = if (*g).preempt.load(Ordering::Relaxed) != 0 {
            STACK_PREEMPT
        } else {
            (*g).stack_lo + STACK_GUARD
        };
        (*g).stackguard0.store(guard, Ordering::Relaxed);
    }
}

/// The end of a system call whose beginning is in the trace. True: our P was still there.
///
/// # Safety
/// On g0, for this thread's M without P and the goroutine in its system call.
#[cold]
unsafe fn traced_exit(m: *mut M, g: *mut G) -> bool {
    // SAFETY: by the caller's promise this thread's M; the word holds the address of a P, and Ps
    // are never freed.
    let (p, ticks, tick, taken) = unsafe {
        let p = ptr::with_exposed_provenance_mut::<P>(core::mem::take(&mut (*m).tracedp));
        let taken = (*p).status.take_from_syscall(PState::Running);
        (p, &(*p).syscalltick, (*m).syscalltick, taken)
    };
    if taken {
        // SAFETY: who takes a P from its state has it; g is this thread's goroutine.
        unsafe {
            threads::keep_p(p);
            if ticks.load(Ordering::Acquire) == tick {
                (*g).systraced = 0;
            } else if trace::on() {
                // It was lost, and is now in the system call of another goroutine, which loses it
                // to us.
                trace::syscall_blocks(p);
                trace::goroutine_runs(g);
            }
        }
        ticks.fetch_add(1, Ordering::Release);
        return true;
    }
    // The thread that took it increments the tick once that event is written.
    while ticks.load(Ordering::Acquire) == tick {
        sys::sched_yield();
    }
    false
}

/// `runtime.exitsyscall` when the P is gone: takes an idle one, or queues the goroutine.
#[doc(alias = "exitsyscall0")]
#[doc(alias = "exitsyscallfast_pidle")]
pub fn exit_slow(_: Sys<'_>, _a: &mut args::runtime_exitsyscall) -> Outcome {
    let m = getm();
    // SAFETY: this thread's M, without P, on g0; g is its goroutine, in its system call.
    let g = unsafe {
        let g = (*m).curg.load(Ordering::Relaxed);
        (*m).oldp = ptr::null_mut();
        debug_assert!(p_of(m).is_null() && !g.is_null());
        if (*m).tracedp != 0 && traced_exit(m, g) {
            back_to_running(m);
            return Outcome::Return;
        }
        g
    };
    let p = SCHED.lock().pidle_get();
    if !p.is_null() {
        // SAFETY: off the idle list the P is ours, and this thread has none; with it, its goroutine
        // goes on.
        unsafe {
            threads::acquire_p(p);
            if trace::on() {
                trace::goroutine_runs(g);
            }
            back_to_running(m);
        }
        return Outcome::Return;
    }
    // No P: the goroutine resumes where exitsyscall returns, when it is scheduled.
    // SAFETY: this thread's goroutine, which it leaves: it is the only one that may make it
    // runnable.
    let (locked, g) = unsafe {
        if trace::on() {
            trace::syscall_returned(g);
        }
        let locked = (*m).lockedg.load(Ordering::Relaxed) == g;
        leaves(m, g);
        // As in `back_to_running`, first the status. Without the scheduler's lock: a marker that
        // scans the stack may want it to wake a P.
        status_of(g).exit_syscall_to_queue();
        (*g).syscallsp = 0;
        (*g).waitsince = 0;
        (*g).flags &= !crate::abi::G_THROWSPLIT;
        (locked, Runnable::from_raw(g))
    };
    SCHED.lock().runq_put(g);
    // A P that went idle meanwhile did not see it.
    if state::WAKE.idle() != 0 {
        threads::wake_p();
    }
    if locked {
        schedule::schedule();
    }
    dispatch::threads::stop();
    Outcome::Reschedule
}
