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
    // SAFETY: leaf mode of the running goroutine.
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
    #[inline(always)]
    unsafe fn of(a: &mut args::runtime_entersyscall) -> Self {
        let sp = &raw const *a as usize;
        // SAFETY: the caller's promise.
        let pc = unsafe { *((sp - 8) as *const usize) };
        Self { pc, sp }
    }

    /// That of the call of C in which a callback ends.
    unsafe fn of_callback() -> Self {
        // SAFETY: this thread's innermost callback, and its goroutine.
        unsafe {
            let (c, g) = (callbacks::innermost(), curg());
            Self {
                pc: (*c).syscall_pc,
                sp: (*g).stack_hi - (*c).syscall_depth,
            }
        }
    }
}

/// Leaves the P behind for others.
#[doc(alias = "reentersyscall")]
#[inline(always)]
unsafe fn enter(site: CallSite) {
    // SAFETY: the running goroutine and its M and P.
    unsafe {
        let m = getm();
        let mut g = (*m).curg.load(Ordering::Relaxed);
        if g.is_null() {
            g = getg();
        }
        (*g).syscallsp = site.sp;
        (*g).syscallpc = site.pc;
        (*g).parkmap = 0;
        (*g).flags |= crate::abi::G_THROWSPLIT;
        status_of(g).enter_syscall();
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
    // SAFETY: system mode for the running goroutine.
    unsafe { enter_with_more(CallSite::of(a)) }
}

/// `gort.reentersyscall`: a callback from C ends, the call of C goes on.
pub fn reenter_leaf(_: Leaf<'_>, _a: &mut args::gort_reentersyscall) -> Result<(), Slow> {
    if needs_more() {
        return Err(Slow);
    }
    // SAFETY: leaf mode of the running goroutine, in a callback.
    unsafe { enter(CallSite::of_callback()) };
    Ok(())
}

/// As [`reenter_leaf`], where that is not enough.
pub fn reenter_slow(_: Sys<'_>, _a: &mut args::gort_reentersyscall) {
    // SAFETY: system mode for the running goroutine, in a callback.
    unsafe { enter_with_more(CallSite::of_callback()) }
}

unsafe fn enter_with_more(site: CallSite) {
    // SAFETY: system mode for the running goroutine.
    unsafe {
        alarm::wake();
        let p = getp();
        let m = getm();
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
    // SAFETY: this thread's M and the goroutine in its system call.
    unsafe {
        let m = getm();
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
        Ok(())
    }
}

/// The goroutine runs again, with a preemption requested meanwhile still pending.
unsafe fn back_to_running(m: *mut M) {
    // SAFETY: the M's goroutine is in state SYSCALL and no other thread changes that.
    unsafe {
        let g = (*m).curg.load(Ordering::Relaxed);
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
    // SAFETY: the caller's promise; Ps are never freed.
    unsafe {
        let p: *mut P = ptr::with_exposed_provenance_mut(core::mem::take(&mut (*m).tracedp));
        let tick = (*m).syscalltick;
        if (*p).status.take_from_syscall(PState::Running) {
            threads::keep_p(p);
            if (*p).syscalltick.load(Ordering::Acquire) == tick {
                (*g).systraced = 0;
            } else if trace::on() {
                // It was lost, and is now in the system call of another goroutine, which loses it
                // to us.
                trace::syscall_blocks(p);
                trace::goroutine_runs(g);
            }
            (*p).syscalltick.fetch_add(1, Ordering::Release);
            return true;
        }
        // The thread that took it increments the tick once that event is written.
        while (*p).syscalltick.load(Ordering::Acquire) == tick {
            sys::sched_yield();
        }
        false
    }
}

/// `runtime.exitsyscall` when the P is gone: takes an idle one, or queues the goroutine.
#[doc(alias = "exitsyscall0")]
#[doc(alias = "exitsyscallfast_pidle")]
pub fn exit_slow(_: Sys<'_>, _a: &mut args::runtime_exitsyscall) -> Outcome {
    // SAFETY: this thread's M without P, on g0.
    unsafe {
        let m = getm();
        let g = (*m).curg.load(Ordering::Relaxed);
        (*m).oldp = ptr::null_mut();
        debug_assert!(p_of(m).is_null() && !g.is_null());
        if (*m).tracedp != 0 && traced_exit(m, g) {
            back_to_running(m);
            return Outcome::Return;
        }
        let p = SCHED.lock().pidle_get();
        if !p.is_null() {
            threads::acquire_p(p);
            if trace::on() {
                trace::goroutine_runs(g);
            }
            back_to_running(m);
            return Outcome::Return;
        }
        // No P: the goroutine resumes where exitsyscall returns, when it is scheduled.
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
        SCHED.lock().runq_put(Runnable::from_raw(g));
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
}
