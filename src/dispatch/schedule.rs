//! Picking the next goroutine and running it.
//!
//! Every function here runs at the base of a g0 stack: nothing of an earlier goroutine is left on
//! it ([`schedule`] ensures that).

use super::outside::{self, lacks_poller, wait_for_poller};
use super::prompt;
use super::threads::stop;
use crate::abi::{Caller, G, M, Outcome, STACK_PREEMPT, Sys};
use crate::os::sys;
use crate::probe::{self, timers};
use crate::profile::trace;
use crate::sched::state::{self, GLOBAL_RUNQ, POLLER, SCHED, Sched, WAKE};
use crate::sched::threads::{self, acquire_p};
use crate::sched::wake::{Host, Retired};
use crate::sched::{interrupt, park, perturb};
use crate::sync::futex;
use crate::sync::mutex::Guard;
use crate::sync::rank;
use crate::world::events::Event;
use crate::world::g::{answer_request, restore_guard, status_of};
use crate::world::p::{PState, timer_due};
use crate::world::phase::GCWAITING;
use crate::world::rights::assert_none_held;
use crate::world::{
    self, GState, P, Right, Runnable, curg, events, getm, getp, lists, p_of, registers,
};
use crate::{dispatch, fatal};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU32, Ordering};

unsafe extern "C" {
    /// asm/switch.S: resumes a goroutine.
    fn gort_gogo(g: *mut G) -> !;
    /// asm/switch.S: runs a function on an empty g0 stack.
    fn gort_on_empty_g0(f: unsafe extern "C" fn() -> !) -> !;
}

/// Rounds of scheduling between looks at the global queue, so that two goroutines on a local queue
/// cannot starve it.
// Odd: a yield adds a tick of its own.
const GLOBAL_EVERY: u32 = 61;

/// How long a goroutine may wait for its waker to block before a P without work steals it. With a
/// longer wait more goroutines stay where the data that they share is in the cache, and a P that
/// readies one after the other gathers some, for which no thread has to be woken; with a shorter
/// one a goroutine whose waker does not block runs sooner.
const PATIENCE_NS: i64 = 5_000;
/// How often the thief looks meanwhile.
const LOOKS: i64 = 2;

/// How long a spinning thread that saw such goroutines lingers; the kernel adds some 50
/// microseconds.
const LINGER_NS: i64 = 20_000;
/// A futex word that no thread wakes: lingering ends by its timeout.
static LINGER: AtomicU32 = AtomicU32::new(0);

/// Enters the scheduler from wherever this thread is.
pub fn start_on_empty_stack() -> ! {
    // SAFETY: whatever was on g0's stack is done.
    unsafe { gort_on_empty_g0(schedule_entry) }
}

unsafe extern "C" fn schedule_entry() -> ! {
    schedule()
}

/// The goroutine that assembly has left for g0.
///
/// # Safety
/// On g0, for good; `g` is curg, with its context saved.
unsafe fn left(g: *mut G) -> Caller<'static> {
    // SAFETY: the caller's promise.
    unsafe { Caller::new(Sys::new(), NonNull::new_unchecked(g.cast())) }
}

/// A runtime function answered [`crate::abi::Outcome::Reschedule`] or [`crate::abi::Outcome::Again`]
/// (asm/switch.S).
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_after_call(outcome: Outcome, g: *mut G) -> ! {
    // SAFETY: g called the function.
    unsafe { stopped(outcome, g) };
    schedule()
}

/// Acts on the answer of a runtime function, or resume step, of `g`: after `Again` g is queued to
/// make the same call again.
unsafe fn stopped(outcome: Outcome, g: *mut G) -> Outcome {
    if outcome == Outcome::Again {
        // SAFETY: nothing parked g: it is still curg, stopped at the return of the call that it
        // makes again.
        unsafe {
            let sp = (*g).sched.sp;
            (*g).sched.sp = sp - 8;
            (*g).sched.pc = crate::code::asmfuncs::entry_of((*g).parkmap);
            (*g).parkmap = 0;
            park::requeue_current(left(g), true);
        }
    }
    outcome
}

/// A runtime function is done and preemption was requested meanwhile (asm/switch.S). The results
/// are written.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_preempt_at_return(g: *mut G) -> ! {
    // SAFETY: g is curg and its saved context is the return of the call.
    unsafe {
        if !can_preempt(g) {
            rearm_later(g);
            gort_gogo(g);
        }
        (*g).flags |= crate::abi::G_PARK_RESULTS;
        preempt(left(g))
    }
}

/// May this goroutine be stopped here? Not while it holds the thread (procPin), nor in a system
/// call.
unsafe fn can_preempt(g: *mut G) -> bool {
    // SAFETY: g runs on this M.
    unsafe {
        let m = getm();
        let p = p_of(m);
        (*m).locks.load(Ordering::Relaxed) == 0
            && !p.is_null()
            && status_of(g).is(GState::Running, Ordering::Relaxed)
            && (*p).status.is(PState::Running, Ordering::Relaxed)
    }
}

/// Restores the real guard; `g.preempt` stays. The requester asks again.
unsafe fn rearm_later(g: *mut G) {
    // SAFETY: g runs on this M.
    unsafe {
        if (*g).stackguard0.load(Ordering::Relaxed) == STACK_PREEMPT {
            restore_guard(g);
        }
    }
}

/// Stops the running goroutine at its saved context and picks another.
///
/// # Safety
/// It may be stopped there.
#[doc(alias = "gopreempt_m")]
unsafe fn preempt(caller: Caller<'_>) -> ! {
    let g = caller.g();
    // SAFETY: the caller's promise.
    unsafe {
        debug_assert!(curg() == g);
        answer_request(g);
    }
    park::requeue_current(caller, true);
    schedule()
}

/// asm/switch.S: the prologue of the function whose return slot is at `g.sched.sp` found no room,
/// or preemption was asked for.
#[doc(alias = "newstack")]
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_newstack(g: *mut G) -> ! {
    // SAFETY: morestack saved g's context and switched to g0.
    unsafe {
        if (*g).flags & crate::abi::G_THROWSPLIT != 0 {
            fatal::throw("runtime: stack split at bad time");
        }
        (*g).sched.pc = crate::unwind::walk::function_entry((*g).sched.pc);
        if (*g).stackguard0.load(Ordering::Relaxed) == STACK_PREEMPT {
            if can_preempt(g) {
                preempt(left(g));
            }
            rearm_later(g);
            gort_gogo(g);
        }
        crate::stack::grow(&left(g));
        gort_gogo(g)
    }
}

#[unsafe(no_mangle)]
extern "C" fn gort_morestack_on_g0() -> ! {
    fatal::throw("morestack on g0")
}

#[doc(alias = "badmcall")]
#[unsafe(no_mangle)]
extern "C" fn gort_parked_on_g0() -> ! {
    fatal::throw("blocking operation on a system stack")
}

/// Runs goroutines for ever. The code that has parked or preempted this thread's goroutine calls
/// it, at the base of the g0 stack or a few frames above it. No callee may call it again, or the
/// stack would grow with every goroutine (`gort prove` looks for such a path).
#[unsafe(export_name = "gort_schedule")]
pub extern "C" fn schedule() -> ! {
    if cfg!(debug_assertions) || perturb::on() {
        check_depth();
    }
    assert_none_held();
    // SAFETY: this is g0, for good.
    let sys = unsafe { Sys::new() };
    loop {
        // SAFETY: this thread's M; nothing of an earlier goroutine is on the stack.
        unsafe {
            let m = getm();
            if (*m).locks.load(Ordering::Relaxed) != 0 {
                fatal::throw("schedule: holding locks");
            }
            let (g, inherit) = pick(sys, m);
            if let Some(g) = execute(sys, g, inherit) {
                gort_gogo(g);
            }
        }
    }
}

/// Ends the process if this g0 stack is deeper than at its base.
fn check_depth() {
    /// More than the frames of a runtime function that enters the scheduler, less than a few nested
    /// rounds of scheduling.
    const ENTRY: usize = 512;
    let here = 0u8;
    // SAFETY: this thread's M and its g0.
    let base = unsafe { (*(*getm()).g0).sched.sp };
    if base.wrapping_sub(&raw const here as usize) > ENTRY {
        fatal::throw("schedule: not at the base of a g0 stack");
    }
}

/// The goroutine that this thread runs next, ours and runnable; waits until there is one. True: it
/// inherits the time slice of its waker.
unsafe fn pick(sys: Sys<'_>, m: *mut M) -> (Runnable, bool) {
    // SAFETY: this thread's M.
    unsafe {
        if !(*m).lockedg.load(Ordering::Relaxed).is_null() {
            return (dispatch::threads::stop_locked(), false);
        }
        if p_of(m).is_null() {
            dispatch::threads::stop();
        }
        loop {
            if GCWAITING.load(Ordering::Acquire) != 0 {
                dispatch::threads::stop_for_gc();
                continue;
            }
            if events::asked() {
                crate::gc::poll(sys);
                if events::take(Event::OUTSIDE).has(Event::OUTSIDE) {
                    outside::look();
                }
                // What was asked for may have to be tried again; goroutines do not wait for that.
                if GCWAITING.load(Ordering::Acquire) != 0 {
                    continue;
                }
            }
            if cfg!(debug_assertions) {
                super::walk::turn(sys);
                // Another thread stops the world.
                if GCWAITING.load(Ordering::Acquire) != 0 {
                    continue;
                }
            }
            let (g, inherit) = match trace::reader_to_run() {
                None => next_goroutine(m),
                reader => (reader, false),
            };
            let Some(g) = g else { continue };
            if (*m).spinning != 0 {
                stop_spinning(m);
            }
            if crate::world::phase::enabled() && crate::world::ran::is_held(g.g()) {
                park::requeue_held(g);
                continue;
            }
            let locked_to = (*g.g()).lockedm.load(Ordering::Relaxed);
            if !locked_to.is_null() && locked_to != m {
                dispatch::threads::start_locked(g);
                continue;
            }
            return (g, inherit);
        }
    }
}

/// The M found work: it no longer counts as spinning. Another must spin if there may be more.
#[doc(alias = "resetspinning")]
unsafe fn stop_spinning(m: *mut M) {
    // SAFETY: this thread's M.
    unsafe {
        debug_assert!((*m).spinning != 0);
        (*m).spinning = 0;
    }
    if WAKE.found() {
        threads::wake_p();
    }
}

/// Makes `g` this thread's running goroutine and runs its resume step, if there is one. Answers the
/// goroutine to go on with, unless that step has parked or requeued it again. `inherit`: it
/// inherits the time slice of its waker.
unsafe fn execute(sys: Sys<'_>, g: Runnable, inherit: bool) -> Option<*mut G> {
    // SAFETY: g is ours; its context is saved.
    unsafe {
        let g = g.into_raw();
        let m = getm();
        let p = p_of(m);
        debug_assert!((*p).m.load(Ordering::Relaxed) == m);
        debug_assert!((*p).status.is(PState::Running, Ordering::Relaxed));
        debug_assert!((*m).curg.load(Ordering::Relaxed).is_null());
        debug_assert!((*g).m.load(Ordering::Relaxed).is_null());
        debug_assert!({
            let to = (*g).lockedm.load(Ordering::Relaxed);
            to.is_null() || to == m
        });
        if !inherit {
            (*p).begin_slice();
        }
        (*m).curg.store(g, Ordering::Relaxed);
        (*p).last.store(g, Ordering::Relaxed);
        (*g).m.store(m, Ordering::Relaxed);
        status_of(g).run();
        if probe::trace::on() {
            probe::trace::goroutine_runs(g);
        }
        if crate::world::phase::enabled() {
            crate::world::ran::ran(g);
        }
        (*g).preempt.store(0, Ordering::Relaxed);
        (*g).waitsince = 0;
        restore_guard(g);
        (*g).flags &= !crate::abi::G_PARK_RESULTS;
        perturb::runs(g);
        if (*m).registers.is_null() {
            registers::refill(m);
        }
        debug_assert!((*g).stack_lo < (*g).sched.sp && (*g).sched.sp < (*g).stack_hi);
        if !(*g).interrupted.is_null() {
            interrupt::resume(g);
        }
        if let Some(step) = (*g).resume.take() {
            let caller = Caller::new(sys, NonNull::new_unchecked(g.cast()));
            if stopped(step(caller, (*g).resumearg), g) != Outcome::Return {
                return None;
            }
        }
        Some(g)
    }
}

/// The next goroutine to run; waits for one. None: look again (the world stops, or the like).
unsafe fn next_goroutine(m: *mut M) -> (Option<Runnable>, bool) {
    // SAFETY: this M holds a P.
    unsafe {
        let p = p_of(m);
        let g = prompt::next(p);
        if g.is_some() {
            return (g, false);
        }
        if crate::world::phase::enabled() && crate::gc::worker::before_goroutine(p) {
            return (None, false);
        }
        if (*p)
            .schedtick
            .load(Ordering::Relaxed)
            .is_multiple_of(if perturb::on() { 3 } else { GLOBAL_EVERY })
            && GLOBAL_RUNQ.load(Ordering::Acquire) > 0
        {
            let g = SCHED.lock().runq_get(&*p, 1);
            if g.is_some() {
                return (g, false);
            }
        }
        let (g, inherit) = (*p).runq_get();
        if g.is_some() {
            return (g, inherit);
        }
        (find_runnable(m), false)
    }
}

/// Nothing on the local queue: the global one, the network, other Ps; at last sleep.
#[doc(alias = "findrunnable")]
unsafe fn find_runnable(m: *mut M) -> Option<Runnable> {
    // SAFETY: this M holds a P until it says otherwise.
    unsafe {
        // Another P runs goroutines that ready each other.
        let mut come_and_go = false;
        loop {
            if GCWAITING.load(Ordering::Acquire) != 0 {
                return None;
            }
            let p = p_of(m);
            if GLOBAL_RUNQ.load(Ordering::Acquire) > 0 {
                let g = SCHED.lock().runq_get(&*p, 0);
                if g.is_some() {
                    return g;
                }
            }
            if outside::active() && !POLLER.waits() {
                let mut list = outside::poll(0);
                state::LAST_POLL.store(crate::fatal::clock::nanotime(), Ordering::Relaxed);
                if let Some(parked) = list.pop() {
                    park::ready_list(list);
                    return Some(park::make_runnable(parked));
                }
            }
            if crate::world::phase::enabled() && crate::gc::worker::has_work() {
                // Others may look for goroutines; if they find none they mark too.
                if (*m).spinning != 0 {
                    stop_spinning(m);
                }
                if crate::gc::worker::while_idle(p) || events::asked() {
                    return None;
                }
            }
            // More spinning threads than half the busy Ps only burn processor time.
            let busy = lists::GOMAXPROCS.load(Ordering::Relaxed) - WAKE.idle();
            if (*m).spinning != 0 || 2 * WAKE.seekers() < busy {
                if (*m).spinning == 0 {
                    (*m).spinning = 1;
                    WAKE.begin();
                }
                let (g, runs) = steal(p);
                if g.is_some() {
                    return g;
                }
                come_and_go = runs;
                if !(*p).runq_empty() || timer_due(p) {
                    return None;
                }
            }
            // A P without work sweeps a little at a time.
            if crate::heap::central::sweep_some(8) {
                return None;
            }
            let mut seeks = (*m).spinning != 0;
            let mut last = LastLook {
                found: None,
                come_and_go,
            };
            let retired = WAKE.retire(&mut seeks, &mut last);
            (*m).spinning = u32::from(seeks);
            match retired {
                Retired::Work => return last.found,
                Retired::Seek => continue,
                Retired::Idle => {}
            }
            // After the poller the queue may have goroutines, and a steal needs an empty one: start
            // over.
            if !wait_for_poller() {
                dispatch::threads::stop();
            }
            return None;
        }
    }
}

/// A thread that has found nothing gives its P away
/// ([`Wake::retire`](crate::sched::wake::Wake::retire)).
struct LastLook {
    /// A goroutine found in the last look; none: there is something else to do.
    found: Option<Runnable>,
    /// Another P runs goroutines that ready each other.
    come_and_go: bool,
}

impl Host for LastLook {
    type Lock = Guard<'static, Sched, { rank::SCHED }>;

    fn lock(&self) -> Self::Lock {
        SCHED.lock()
    }

    fn work(&mut self, s: &mut Self::Lock) -> bool {
        if GCWAITING.load(Ordering::Acquire) != 0 || events::asked() {
            return true;
        }
        if !s.has_runnable() {
            return false;
        }
        // SAFETY: this thread holds a P.
        self.found = unsafe { s.runq_get(&*getp(), 0) };
        true
    }

    fn give_away(&mut self, s: &mut Self::Lock) {
        // SAFETY: this thread holds a P, whose queue is empty.
        unsafe {
            let p = threads::release_p();
            s.pidle_put(p);
        }
    }

    fn take(&mut self, s: &mut Self::Lock) -> bool {
        let p = s.pidle_get();
        if p.is_null() {
            return false;
        }
        // SAFETY: off the idle list it is ours; this thread has none.
        unsafe { threads::acquire_p(p) };
        true
    }

    fn linger(&mut self) {
        // Each time they do, they would wake a thread again, which costs more than the work that it
        // could steal. A thread that sleeps without P delays no other, and looks for other work
        // afterwards. But a thread must wait for the network and the timers.
        if self.come_and_go && !lacks_poller() {
            futex::sleep(&LINGER, 0, LINGER_NS);
        }
    }

    fn work_anywhere(&self) -> bool {
        // SAFETY: Ps are never freed, their queues atomic.
        lists::all_ps().any(|p| unsafe { !(*p).runq_empty() })
            || GLOBAL_RUNQ.load(Ordering::Acquire) > 0
            || events::asked()
    }
}

/// Tries to steal work from the other Ps, in random order. True: one of them has work that it will
/// run soon itself ([`runs_its_next`]).
unsafe fn steal(p: *mut P) -> (Option<Runnable>, bool) {
    let mut runs = false;
    // SAFETY: we hold p; the others are only touched through their atomic queues and timer locks.
    unsafe {
        let n = lists::GOMAXPROCS.load(Ordering::Acquire) as u64;
        for round in 0..4 {
            let start = world::fastrand() % n;
            for i in 0..n {
                let victim = lists::p_at(((start + i) % n) as usize);
                if victim == p || victim.is_null() {
                    continue;
                }
                if round == 3 && timer_due(victim) {
                    crate::time::check(victim);
                    let (g, _) = (*p).runq_get();
                    if g.is_some() {
                        return (g, false);
                    }
                }
                // The victim's next goroutine only in the last round: it is about to run there.
                let take_next = if round == 3 {
                    let itself = runs_its_next(victim);
                    runs |= itself;
                    !itself
                } else {
                    perturb::chance(4)
                };
                let g = (*p).runq_steal(&*victim, take_next);
                if g.is_some() {
                    return (g, false);
                }
            }
        }
    }
    (None, runs)
}

/// `victim` runs a goroutine, and its next one is all that there is to steal: watches it for
/// [`PATIENCE_NS`], or until there is more. True: its next goroutine has changed meanwhile, so it
/// runs them itself.
#[expect(
    clippy::len_zero,
    reason = "`is_empty` asks for the next one, too; the length is that of the others"
)]
unsafe fn runs_its_next(victim: *mut P) -> bool {
    // SAFETY: Ps are never freed, their queues atomic.
    unsafe {
        let queue = &(*victim).runq;
        let next = queue.peek_next();
        if next == 0 || !(*victim).status.is(PState::Running, Ordering::Relaxed) {
            return false;
        }
        for _ in 0..LOOKS {
            let end = crate::fatal::clock::nanotime() + PATIENCE_NS / LOOKS;
            while GCWAITING.load(Ordering::Relaxed) == 0 && crate::fatal::clock::nanotime() < end {
                // The kernel likes to have who is woken run on the processor of the waker: that may
                // be whom we watch.
                crate::os::sys::sched_yield();
            }
            // Each look takes the queue's cache line from the victim.
            if queue.len() != 0 {
                return false;
            }
            if queue.peek_next() != next {
                return true;
            }
        }
        false
    }
}

/// asm/switch.S: the handler stopped the thread's goroutine.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_stop_interrupted() -> ! {
    // SAFETY: on an empty g0 stack; curg's context is saved.
    unsafe { preempt(left(curg())) }
}

/// First function of a thread, on its g0 stack. The base of that stack is where system mode starts.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_mstart(m: *mut M) -> ! {
    // SAFETY: clone gave us m with fs set; no other thread runs as m.
    unsafe {
        (*m).tid.store(sys::gettid(), Ordering::Relaxed);
        crate::signal::minit(m);
        timers::thread_begins(m);
        if (*m).startfn != 0 {
            let f: extern "C" fn() = core::mem::transmute((*m).startfn);
            f();
        }
        if !(*m).nextp.is_null() {
            acquire_p((*m).nextp.cast());
            (*m).nextp = ptr::null_mut();
        } else {
            stop();
        }
        start_on_empty_stack()
    }
}
