//! What a P runs next: from its own queue, the global one, the network, or another P; else its
//! thread sleeps.

use super::outside::{self, lacks_poller, wait_for_poller};
use super::{prompt, threads::stop};
use crate::abi::M;
use crate::sched::state::{self, GLOBAL_RUNQ, POLLER, SCHED, Sched, WAKE};
use crate::sched::wake::{Host, Retired};
use crate::sched::{alarm, park, perturb, threads};
use crate::sync::futex;
use crate::sync::mutex::Guard;
use crate::sync::rank;
use crate::world::p::{PState, timer_due};
use crate::world::phase::GCWAITING;
use crate::world::{self, OwnP, P, Runnable, events, lists, p_of};
use core::sync::atomic::{AtomicU32, Ordering};

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

/// The M found work: it no longer counts as spinning. Another must spin if there may be more.
///
/// # Safety
///
/// `m` is this thread's M, and spins.
#[doc(alias = "resetspinning")]
pub(super) unsafe fn stop_spinning(m: *mut M) {
    // SAFETY: by the caller's promise this thread's M, and the word is only touched by its thread.
    let was = unsafe { core::mem::replace(&mut (*m).spinning, 0) };
    debug_assert!(was != 0);
    if WAKE.found() {
        threads::wake_p();
    }
    alarm::busy(crate::time::next_when);
}

/// The next goroutine to run; waits for one. None: look again (the world stops, or the like).
///
/// # Safety
///
/// On g0 of the thread whose M is `m`, with a P, without goroutine and locks.
pub(super) unsafe fn next_goroutine(m: *mut M) -> (Option<Runnable>, bool) {
    // SAFETY: this thread's M, which holds a P, by the caller's promise.
    let p = unsafe { p_of(m) };
    // SAFETY: on g0, and this thread holds p, and no lock.
    let g = unsafe { prompt::next(p) };
    if g.is_some() {
        return (g, false);
    }
    // SAFETY: on g0, and this thread holds p.
    if crate::world::phase::enabled() && unsafe { crate::gc::worker::before_goroutine(p) } {
        return (None, false);
    }
    // SAFETY: this thread holds p, until it gives it away in `find_runnable`.
    let (own, held) = unsafe { (OwnP::held(), &*p) };
    let every = if perturb::on() { 3 } else { GLOBAL_EVERY };
    if held.schedtick.load(Ordering::Relaxed).is_multiple_of(every)
        && GLOBAL_RUNQ.load(Ordering::Acquire) > 0
    {
        let g = SCHED.lock().runq_get(own, 1);
        if g.is_some() {
            return (g, false);
        }
    }
    let (g, inherit) = own.runq_get();
    if g.is_some() {
        return (g, inherit);
    }
    // SAFETY: this thread's M, which holds a P.
    (unsafe { find_runnable(m) }, false)
}

/// Nothing on the local queue: the global one, the network, other Ps; at last sleep.
///
/// # Safety
///
/// As [`next_goroutine`].
#[doc(alias = "findrunnable")]
unsafe fn find_runnable(m: *mut M) -> Option<Runnable> {
    // Another P runs goroutines that ready each other.
    let mut come_and_go = false;
    loop {
        if GCWAITING.load(Ordering::Acquire) != 0 {
            return None;
        }
        // SAFETY: by the caller's promise m is this thread's, and it holds a P, in every round:
        // what gives that away below gets one again or returns.
        let p = unsafe { p_of(m) };
        // SAFETY: this thread holds p for this round, or returns.
        let own = unsafe { OwnP::held() };
        // SAFETY: only this thread touches the word of its M.
        let spins = move || unsafe { (*m).spinning != 0 };
        if GLOBAL_RUNQ.load(Ordering::Acquire) > 0 {
            let g = SCHED.lock().runq_get(own, 0);
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
            if spins() {
                // SAFETY: this thread's own M, and it spins.
                unsafe { stop_spinning(m) };
            }
            // SAFETY: on g0, and this thread holds p.
            if unsafe { crate::gc::worker::while_idle(p) } || events::asked() {
                return None;
            }
        }
        // More spinning threads than half the busy Ps only burn processor time.
        let busy = lists::GOMAXPROCS.load(Ordering::Relaxed) - WAKE.idle();
        if spins() || 2 * WAKE.seekers() < busy {
            if !spins() {
                // SAFETY: only this thread touches the word of its M.
                unsafe { (*m).spinning = 1 };
                WAKE.begin();
            }
            // SAFETY: this thread holds p, and no lock.
            let (g, runs) = unsafe { steal(p) };
            if g.is_some() {
                return g;
            }
            come_and_go = runs;
            if !own.runq_empty() || timer_due(p) {
                return None;
            }
        }
        // A P without work sweeps a little at a time.
        if crate::heap::central::sweep_some(8) {
            return None;
        }
        let mut seeks = spins();
        let mut last = LastLook {
            found: None,
            come_and_go,
        };
        let retired = WAKE.retire(&mut seeks, &mut last);
        // SAFETY: only this thread touches the word of its M.
        unsafe { (*m).spinning = u32::from(seeks) };
        match retired {
            Retired::Work => return last.found,
            Retired::Seek => continue,
            Retired::Idle => {}
        }
        // After the poller the queue may have goroutines, and a steal needs an empty one: start
        // over.
        // SAFETY: on g0; the P was given away, and no lock is held.
        if !unsafe { wait_for_poller() } {
            stop();
        }
        return None;
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
        // SAFETY: this thread holds a P until it gives it away.
        self.found = s.runq_get(unsafe { OwnP::held() }, 0);
        true
    }

    fn give_away(&mut self, s: &mut Self::Lock) {
        // SAFETY: this thread holds a P, whose queue is empty: it has looked.
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
        // SAFETY: Ps are never freed, and their queues are atomic.
        lists::all_ps().any(|p| unsafe { !(*p).runq_empty() })
            || GLOBAL_RUNQ.load(Ordering::Acquire) > 0
            || events::asked()
    }
}

/// Tries to steal work from the other Ps, in random order. True: one of them has work that it will
/// run soon itself ([`runs_its_next`]).
///
/// # Safety
///
/// On g0 of the thread that holds `p`, without locks.
unsafe fn steal(p: *mut P) -> (Option<Runnable>, bool) {
    let mut runs = false;
    // SAFETY: by the caller's promise this thread holds p.
    let own = unsafe { OwnP::held() };
    let n = lists::GOMAXPROCS.load(Ordering::Acquire) as u64;
    for round in 0..4 {
        let start = world::fastrand() % n;
        for i in 0..n {
            let victim = lists::p_at(((start + i) % n) as usize);
            if victim == p || victim.is_null() {
                continue;
            }
            if round == 3 && timer_due(victim) {
                // SAFETY: Ps are never freed; this thread has a P, on g0, and holds no lock.
                unsafe { crate::time::check(victim) };
                let (g, _) = own.runq_get();
                if g.is_some() {
                    return (g, false);
                }
            }
            // SAFETY: Ps are never freed; of this one only what is atomic is touched.
            let victim = unsafe { &*victim };
            // The victim's next goroutine only in the last round: it is about to run there.
            let take_next = if round == 3 {
                let itself = runs_its_next(victim);
                runs |= itself;
                !itself
            } else {
                perturb::chance(4)
            };
            let g = own.runq_steal(victim, take_next);
            if g.is_some() {
                return (g, false);
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
fn runs_its_next(victim: &P) -> bool {
    let queue = &victim.runq;
    let next = queue.peek_next();
    if next == 0 || !victim.status.is(PState::Running, Ordering::Relaxed) {
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
