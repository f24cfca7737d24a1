//! The monitor thread: retakes Ps from long system calls, preempts long-running goroutines, polls
//! the network when all Ps are busy and no other thread does, and returns idle memory to the
//! kernel.
//!
//! It holds no P and never runs Go code.

use super::prompt::HOG_NS;
use crate::config::godebug::PREEMPT_STRESS;
use crate::debug::report;
use crate::dispatch;
use crate::fatal::clock::nanotime;
use crate::os::sys;
use crate::sched::alarm::{IN_POLLER, NAP_END, NAP_NOTE, NAP_TIMER, RUNS};
use crate::sched::state::{
    self, GLOBAL_RUNQ, OVERDUE, POLLER, PROMPT, SCHED, SYSMON_NOTE, SYSMON_WAIT, WAKE,
};
use crate::sched::threads::{self, KERNEL_SLICE_NS};
use crate::sched::{interrupt, park, perturb, stw};
use crate::world::m::become_sysmon;
use crate::world::p::{PState, SysmonTick, timer_due};
use crate::world::phase::GCWAITING;
use crate::world::{P, lists};
use core::ptr;
use core::sync::atomic::Ordering;

/// Shortest nap: the latency of taking a P out of a blocking system call.
const NAP_MIN_NS: i64 = 20_000;
/// Shortest naps in a row that found no P to take, about a millisecond of them with what the kernel
/// adds; then they become longer. With more, Ps are retaken sooner from calls that block once in a
/// while, and running threads are interrupted more often in vain: on a busy machine a P's thread
/// often seems blocked that only waits for a processor.
const FINE_NAPS: u32 = 12;
/// Longest nap while goroutines run.
const NAP_MAX_NS: i64 = 10_000_000;
/// All Ps are idle: it sleeps until one is not, if they still are after so long. A server that has
/// little to do is idle a thousand times a second, and each wake-up is a system call of a thread
/// that has better things to do.
const QUIET_NS: i64 = 1_000_000;
/// A goroutine's time slice.
const SLICE_NS: i64 = 10_000_000;
/// No thread has polled the network for so long: sysmon waits in the poller. With a shorter time it
/// is woken, and takes processor time, where the Ps poll often enough themselves.
const POLL_NS: i64 = 500_000;
/// A P whose goroutines run longer than this on average is one that others may have to wait for.
const HOGS_NS: i64 = 200_000;

/// Nap while a timer is overdue or an urgent goroutine waits, or after preemption was requested:
/// the request may have met a goroutine that was just leaving, or one in a loop without calls,
/// which gets a signal then. With a longer nap others wait longer for such a loop; with a shorter
/// one more goroutines are stopped by a signal that would have seen the request.
const RETRY_NS: i64 = 100_000;

/// Naps for `ns`, or until a timer is due: its P may be too busy to look, and its goroutine must
/// then be preempted. While the timer is overdue we ask again every [`RETRY_NS`], for a time slice:
/// a goroutine that cannot be preempted is not to keep us awake for ever. The same for urgent
/// goroutines.
fn doze(mut ns: i64) {
    NAP_NOTE.clear();
    let now = nanotime();
    let mut in_poller = false;
    if super::outside::has_waiters() && WAKE.idle() == 0 && !POLLER.waits() {
        if state::LAST_POLL.load(Ordering::Relaxed) + POLL_NS > now {
            ns = ns.min(POLL_NS);
        } else {
            in_poller = true;
        }
    }
    IN_POLLER.store(in_poller, Ordering::SeqCst);
    // SeqCst: we say how and until when we sleep, then look for timers; a thread that arms a timer
    // does that first, then asks when we wake (`hurry`).
    NAP_TIMER.store(i64::MAX, Ordering::Relaxed);
    NAP_END.store(now + ns, Ordering::SeqCst);
    let next = crate::time::next_when();
    NAP_TIMER.store(next, Ordering::Relaxed);
    let left = next.saturating_sub(now);
    let ns = match left {
        _ if PROMPT.load(Ordering::SeqCst) != 0 => ns.min(RETRY_NS),
        1.. => ns.min(left.max(NAP_MIN_NS)),
        _ if left > -SLICE_NS => ns.min(RETRY_NS),
        _ => ns,
    };
    if in_poller {
        wait_in_poller(ns);
    } else {
        NAP_NOTE.sleep_for(ns);
    }
    NAP_END.store(0, Ordering::SeqCst);
}

/// Naps for `ns` in the network poller, and readies the goroutines that it answers. Until then
/// these are parked and known to this thread alone: a thread that goes to sleep meanwhile must not
/// take that for a deadlock, so this thread, which does not count otherwise, counts as one that
/// runs.
fn wait_in_poller(ns: i64) {
    SCHED.lock().nmidlelocked -= 1;
    let list = super::outside::poll(ns);
    if POLLER.waits() {
        // An idle thread waits there, too, by now; perhaps it was meant by the break that ended our
        // wait.
        crate::sched::epoll::netpoll_break();
    }
    let now = nanotime();
    if !list.is_empty() {
        // SAFETY: Ps are never freed, and this is sysmon's thread.
        if lists::all_ps().any(|p| unsafe { is_hogged(p, now) }) {
            super::prompt::ready_list(list);
        } else {
            // The Ps get to them soon; before others that became ready earlier would not be fair.
            state::LAST_POLL.store(now, Ordering::Relaxed);
            park::ready_list(list);
        }
    }
    let mut s = SCHED.lock();
    s.nmidlelocked += 1;
    super::deadlock::check_dead(&mut s);
}

/// Goroutines run long on `p`.
///
/// # Safety
///
/// `p` is a P, and this is sysmon's thread.
unsafe fn is_hogged(p: *mut P, now: i64) -> bool {
    // SAFETY: Ps are never freed; by the caller's promise nobody else touches what sysmon has seen
    // of one, and the rest is atomic.
    let (p, seen) = unsafe { (&*p, &(*p).watched.sysmon) };
    let tick = p.schedtick.load(Ordering::Relaxed);
    let began = tick.wrapping_sub(seen.looktick);
    p.status.is(PState::Running, Ordering::Relaxed)
        && (now - seen.lookwhen > HOGS_NS * (i64::from(began) + 1)
            || (tick == seen.schedtick && now - seen.schedwhen > HOGS_NS))
}

/// The thread's function.
#[doc(alias = "sysmon")]
extern "C" fn run() {
    become_sysmon();
    sys::wish_slice(KERNEL_SLICE_NS);
    if PREEMPT_STRESS.on() {
        sys::wish_exact_sleeps();
    }
    let (mut idle, mut nap) = (0u32, NAP_MIN_NS);
    let mut all_idle = false;
    let mut seen = Seen::default();
    loop {
        if idle == 0 {
            nap = NAP_MIN_NS;
        } else if idle > FINE_NAPS {
            nap = (nap * 2).min(NAP_MAX_NS);
        }
        let stress = i64::from(PREEMPT_STRESS.get());
        doze(match stress {
            1.. => stress * 1000,
            _ if seen.asked => nap.min(RETRY_NS),
            _ if all_idle => QUIET_NS,
            _ => nap,
        });
        if GCWAITING.load(Ordering::Acquire) != 0
            || WAKE.idle() == lists::GOMAXPROCS.load(Ordering::Relaxed)
        {
            if super::outside::lacks_poller() && GCWAITING.load(Ordering::Acquire) == 0 {
                threads::wake_p();
            } else if !report::on() && core::mem::replace(&mut all_idle, true) {
                sleep_while_idle(crate::heap::scavenge::run(nanotime()));
                (idle, all_idle) = (0, false);
            }
        } else {
            all_idle = false;
        }
        let now = nanotime();
        report::tick(now);
        crate::heap::scavenge::run(now);
        if WAKE.idle() != 0 && super::outside::lacks_poller() {
            // The thread that waited found no idle P, and left the poller.
            threads::wake_p();
        }
        if crate::gc::overdue(now) {
            crate::world::events::force();
            threads::wake_p();
        }
        seen = retake(now);
        if seen.taken > 0 {
            idle = 0;
        } else {
            idle += 1;
        }
    }
}

/// All Ps are idle or stopped: sleeps until that changes, or until `end`.
fn sleep_while_idle(end: i64) {
    {
        let mut s = SCHED.lock();
        if GCWAITING.load(Ordering::Acquire) == 0
            && WAKE.idle() != lists::GOMAXPROCS.load(Ordering::Relaxed)
        {
            return;
        }
        SYSMON_NOTE.clear();
        s.sysmonwait = true;
        SYSMON_WAIT.store(1, Ordering::SeqCst);
    }
    let left = end.saturating_sub(nanotime());
    if !SYSMON_NOTE.sleep_for(left.min(crate::gc::PERIOD_NS / 2)) {
        // No goroutine runs, but memory unused for long can be given back.
        let mut s = SCHED.lock();
        s.sysmonwait = false;
        SYSMON_WAIT.store(0, Ordering::Release);
    }
    SYSMON_NOTE.clear();
}

/// What a pass over all Ps found.
#[derive(Default)]
struct Seen {
    /// Ps taken out of system calls.
    taken: u32,
    /// Preemption of some goroutine was requested.
    asked: bool,
}

/// Looks at every P.
fn retake(now: i64) -> Seen {
    let mut found = Seen::default();
    let mut overdue = false;
    for p in lists::all_ps() {
        // SAFETY: Ps are never freed; `sysmon` is ours, the rest atomic.
        unsafe {
            let seen = &mut (*p).watched.sysmon;
            match (*p).status.state(Ordering::Acquire) {
                PState::Syscall => {
                    let tick = (*p).syscalltick.load(Ordering::Relaxed);
                    let blocks = seen.blocks(tick, now);
                    if blocks {
                        seen.runs = 0;
                    }
                    // A goroutine that makes many short calls is hardly ever seen running: its
                    // slice ends all the same, if others wait.
                    let late = seen.lateness(p, now);
                    let over = (late >= SLICE_NS && others_wait(p)) || is_urgent(p, late, now);
                    // The caller keeps the P while no other thread wants it, but not so long that
                    // sysmon itself cannot sleep.
                    let unwanted = (*p).runq_empty()
                        && WAKE.seekers() + WAKE.idle() > 0
                        && seen.syscallwhen + SLICE_NS > now
                        && !perturb::chance(2);
                    if !over && (!blocks || unwanted) {
                        continue;
                    }
                    if (*p).status.take_from_syscall(PState::Idle) {
                        found.taken += 1;
                        threads::lost(p);
                        dispatch::threads::hand_off(p);
                    }
                }
                PState::Running => {
                    let late = seen.lateness(p, now);
                    seen.looktick = seen.schedtick;
                    seen.lookwhen = now;
                    let hogs = seen.found_running(p, now) >= SLICE_NS && others_wait(p);
                    let over = late >= SLICE_NS || is_urgent(p, late, now);
                    if over || hogs {
                        let again = core::mem::replace(&mut seen.asked, true);
                        stw::preempt_one(p);
                        // One that parks for moments is stopped at once: what it is in the middle of
                        // may be all that others wait for.
                        if again || hogs {
                            interrupt::send(p);
                        }
                        overdue |= again && timer_due(p);
                        // One that cannot be preempted is not to keep us awake for ever.
                        found.asked |= over && late < 2 * SLICE_NS;
                    }
                    if hogs {
                        seen.runs = 0;
                    }
                    if PREEMPT_STRESS.on() {
                        interrupt::at_once(p);
                    }
                }
                _ => seen.runs = 0,
            }
        }
    }
    if overdue {
        let hogs = lists::all_ps().filter(|&p| {
            // SAFETY: Ps are never freed; `sysmon` is this thread's, the state atomic.
            unsafe {
                (*p).status.is(PState::Running, Ordering::Acquire)
                    && now - (*p).watched.sysmon.schedwhen >= HOG_NS
            }
        });
        super::prompt::timers_overdue(hogs);
    }
    found
}

/// There are goroutines that `p` would run next.
///
/// # Safety
/// `p` is one of the Ps.
unsafe fn others_wait(p: *mut P) -> bool {
    // SAFETY: Ps are never freed; the indices of the queue are atomic.
    unsafe { !(*p).runq_empty() || GLOBAL_RUNQ.load(Ordering::Acquire) > 0 }
}

/// The goroutine of `p`, which has run for `late` ns, is to be preempted: a timer of `p` should
/// have fired, or an urgent goroutine waits.
fn is_urgent(p: *mut P, late: i64, now: i64) -> bool {
    if PROMPT.load(Ordering::Relaxed) != 0 || OVERDUE.load(Ordering::Relaxed) {
        late >= HOG_NS
    } else {
        timer_due(p) && crate::time::next_when() <= now
    }
}

impl SysmonTick {
    /// How long `p` has run the same goroutine, as far as was seen.
    ///
    /// # Safety
    /// `p` is the P that this belongs to.
    unsafe fn lateness(&mut self, p: *mut P, now: i64) -> i64 {
        // SAFETY: Ps are never freed, and the word is atomic.
        let tick = unsafe { (*p).schedtick.load(Ordering::Relaxed) };
        if self.schedtick != tick {
            self.schedtick = tick;
            self.schedwhen = now;
            self.asked = false;
        }
        now - self.schedwhen
    }

    /// How long every visit has found the same goroutine running on `p`. One that parks again and
    /// again for a moment, until others have done what it waits for, begins a slice each time, and
    /// may have nearly all of the processor nevertheless.
    ///
    /// # Safety
    /// `p` is the P that this belongs to.
    unsafe fn found_running(&mut self, p: *mut P, now: i64) -> i64 {
        // SAFETY: the word is atomic, and only compared.
        let runs = unsafe { (*p).last.load(Ordering::Relaxed) }.addr();
        if self.runs != runs {
            self.runs = runs;
            self.runswhen = now;
        }
        now - self.runswhen
    }

    /// A system call, the `tick`th, has lasted for a nap. Two looks may follow each other at once,
    /// as after an event on the network, and on the processor that the caller waits for; a P that
    /// is taken from a short call costs two thread switches.
    fn blocks(&mut self, tick: u32, now: i64) -> bool {
        if self.syscalltick != tick {
            self.syscalltick = tick;
            self.syscallwhen = now;
        }
        now - self.syscallwhen >= NAP_MIN_NS
    }
}

/// Starts the thread.
///
/// # Safety
/// Once, at boot.
pub unsafe fn start() {
    RUNS.store(1, Ordering::Relaxed);
    // SAFETY: the thread gets no P; `run` is a function of the type that starts a thread, and never
    // returns.
    unsafe { threads::new_m(run as *const () as usize, ptr::null_mut()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_seen_twice_at_once_does_not_block() {
        // SAFETY: a P of zeroes is valid.
        let mut seen = unsafe { Box::<P>::new_zeroed().assume_init() }
            .watched
            .sysmon;
        let start = 1_000_000_000;
        assert!(!seen.blocks(7, start));
        assert!(!seen.blocks(7, start + NAP_MIN_NS - 1));
        assert!(seen.blocks(7, start + NAP_MIN_NS));
        assert!(!seen.blocks(8, start + 2 * NAP_MIN_NS), "the next call");
    }
}
