//! The scheduler's shared state.

use super::poller::Poller;
use super::wake::Wake;
use crate::abi::M;
use crate::sync::mutex::Mutex;
use crate::sync::note::Note;
use crate::sync::rank;
use crate::world::glist::GList;
use crate::world::lists::{GOMAXPROCS, GS, existing_ps};
use crate::world::phase::GCWAITING;
use crate::world::{Dead, OwnP, P, Runnable, p};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

/// What the lock of [`SCHED`] protects.
#[derive(Debug)]
pub struct Sched {
    /// Idle Ms, linked by `schedlink`.
    pub(super) midle: *mut M,
    /// Length of `midle`.
    pub nmidle: i32,
    /// Ms that wait for their locked goroutine.
    #[doc(alias = "incidlelocked")]
    pub nmidlelocked: i32,
    /// All Ms made.
    pub mcount: i32,
    /// Most Ms allowed (debug.SetMaxThreads).
    pub maxmcount: i32,
    /// Idle Ps.
    pub(super) pidle: *mut P,
    /// Runnable goroutines of no P.
    pub runq: GList<Runnable>,
    /// Urgent goroutines, which go before all others (`dispatch::prompt`).
    pub prompt: GList<Runnable>,
    /// Dead goroutines of no P.
    pub(super) gfree: GList<Dead>,
    /// Ps that the stopping thread still waits for.
    pub stopwait: i32,
    /// sysmon sleeps until a goroutine runs.
    pub sysmonwait: bool,
    /// Next M id.
    pub(super) next_mid: i64,
}

/// The scheduler's lock and what it protects.
#[doc(alias = "sched")]
pub static SCHED: Mutex<Sched, { rank::SCHED }> = Mutex::new(Sched::new());

impl Sched {
    /// Nothing is idle, nothing is queued.
    pub(super) const fn new() -> Self {
        Self {
            midle: ptr::null_mut(),
            nmidle: 0,
            nmidlelocked: 0,
            mcount: 0,
            maxmcount: 10000,
            pidle: ptr::null_mut(),
            runq: GList::new(),
            prompt: GList::new(),
            gfree: GList::new(),
            stopwait: 0,
            sysmonwait: false,
            next_mid: 0,
        }
    }
}

/// Idle Ps, and spinning Ms.
pub static WAKE: Wake = Wake::new();
/// Length of the global queue and the urgent list together: a hint outside the lock.
pub static GLOBAL_RUNQ: AtomicU32 = AtomicU32::new(0);
/// Length of the urgent list: a hint outside the lock.
pub static PROMPT: AtomicU32 = AtomicU32::new(0);
/// The timers of some P are overdue and it does not get to them: the next thread that schedules
/// fires them (`dispatch::prompt`).
pub static OVERDUE: AtomicBool = AtomicBool::new(false);
/// The thread that waits for the network and the timers.
pub static POLLER: Poller = Poller::new();
/// When a thread last polled the network.
pub static LAST_POLL: AtomicI64 = AtomicI64::new(0);
/// sysmon sleeps until [`Sched::wake_sysmon`]. Mirrors `Sched::sysmonwait`.
pub static SYSMON_WAIT: AtomicU32 = AtomicU32::new(0);
/// Wakes sysmon.
pub static SYSMON_NOTE: Note = Note::new();
/// Wakes the thread that stops the world.
pub static STOP_NOTE: Note = Note::new();

/// Goroutines that exist and are not dead: all Gs made, less those on lists of dead ones. Each P
/// counts its own list, so that making and ending goroutines writes no shared word; under the lock
/// none moves from one list to another.
pub(super) fn goroutines() -> i64 {
    let s = SCHED.lock();
    let dead: u32 = existing_ps()
        // SAFETY: Ps are never freed, the word is atomic.
        .map(|p| unsafe { (*p).ngfree.load(Ordering::Relaxed) })
        .sum();
    GS.load(Ordering::Relaxed) as i64 - i64::from(dead) - i64::from(s.gfree.len())
}

impl Sched {
    /// Takes an idle P.
    pub fn pidle_get(&mut self) -> *mut P {
        let p = self.pidle;
        if !p.is_null() {
            // SAFETY: Ps are never freed, and an idle one belongs to the list, whose lock is held.
            unsafe {
                debug_assert!((*p).status.is(p::PState::Idle, Ordering::Relaxed));
                debug_assert!((*p).m.load(Ordering::Relaxed).is_null());
                self.pidle = (*p).link;
            }
            if WAKE.took_idle() == 0 {
                // From now on goroutines may have to be preempted.
                self.wake_sysmon();
            }
        }
        p
    }

    /// Gives a P to the idle list.
    ///
    /// # Safety
    /// The caller held `p`, and its run queue is empty (or the world is stopped).
    pub unsafe fn pidle_put(&mut self, p: *mut P) {
        // SAFETY: by the caller's promise it gives the P to the list, whose lock is held.
        unsafe {
            debug_assert!((*p).runq_empty() || GCWAITING.load(Ordering::Relaxed) != 0);
            (*p).status.idle();
            (*p).m.store(ptr::null_mut(), Ordering::Relaxed);
            (*p).link = self.pidle;
        }
        self.pidle = p;
        WAKE.put_idle();
    }

    /// Wakes sysmon if it sleeps until a goroutine runs.
    pub(super) fn wake_sysmon(&mut self) {
        if self.sysmonwait {
            self.sysmonwait = false;
            SYSMON_WAIT.store(0, Ordering::Release);
            SYSMON_NOTE.wakeup();
        }
    }

    /// Gives an M to the idle list.
    ///
    /// # Safety
    /// It is the caller's own, without P, and is about to wait for one.
    pub unsafe fn midle_put(&mut self, m: *mut M) {
        // SAFETY: by the caller's promise its own M, which it gives to the list, whose lock is
        // held.
        unsafe {
            debug_assert!((*m).p.load(Ordering::Relaxed).is_null() && (*m).nextp.is_null());
            debug_assert!((*m).curg.load(Ordering::Relaxed).is_null() && (*m).spinning == 0);
            (*m).schedlink = self.midle;
        }
        self.midle = m;
        self.nmidle += 1;
    }

    /// Takes an idle M.
    pub(super) fn midle_get(&mut self) -> *mut M {
        let m = self.midle;
        if !m.is_null() {
            debug_assert!(self.nmidle > 0);
            // SAFETY: Ms are never freed, and an idle one belongs to the list, whose lock is held.
            unsafe {
                debug_assert!((*m).p.load(Ordering::Relaxed).is_null() && (*m).nextp.is_null());
                self.midle = (*m).schedlink;
            }
            self.nmidle -= 1;
        }
        m
    }

    /// Queues a goroutine globally.
    #[doc(alias = "globrunqput")]
    pub fn runq_put(&mut self, g: Runnable) {
        self.runq.push(g);
        self.publish();
    }

    /// After a change of the global queue or the urgent list.
    pub fn publish(&self) {
        PROMPT.store(self.prompt.len(), Ordering::Release);
        GLOBAL_RUNQ.store(self.runq.len() + self.prompt.len(), Ordering::Release);
    }

    /// There are goroutines for any P.
    pub fn has_runnable(&self) -> bool {
        !self.runq.is_empty() || !self.prompt.is_empty()
    }

    /// Takes a goroutine from the urgent list or the global queue, and a fair share of the others
    /// into `p`'s ring.
    pub fn runq_get(&mut self, own: OwnP<'_>, max: u32) -> Option<Runnable> {
        let first = self
            .prompt_get(own)
            .or_else(|| share(&mut self.runq, own, max));
        self.publish();
        first
    }

    /// Takes a goroutine from the urgent list. Only if `p` has no others to run does it take its
    /// share of the list: on its ring they would queue behind those. The caller publishes.
    pub fn prompt_get(&mut self, own: OwnP<'_>) -> Option<Runnable> {
        let others = !own.runq_empty();
        share(&mut self.prompt, own, u32::from(others))
    }
}

/// Takes the first goroutine of `list` and moves a P's share of the others, at most `max` with the
/// first (0: half a ring), into `p`'s ring.
fn share(list: &mut GList<Runnable>, own: OwnP<'_>, max: u32) -> Option<Runnable> {
    let share = list.len() / GOMAXPROCS.load(Ordering::Relaxed).max(1) + 1;
    let mut n = share.min(p::RUNQ as u32 / 2);
    if max > 0 {
        n = n.min(max);
    }
    let first = list.pop();
    for _ in 1..n {
        let Some(g) = list.pop() else { break };
        let mut overflow = GList::new();
        if !own.runq_put(g, false, &mut overflow) {
            list.append(&mut overflow);
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::G;
    use crate::world::Right;

    fn zeroed<T>() -> *mut T {
        // SAFETY: Ps and Gs of zeroes are valid; the tests never free them.
        Box::into_raw(unsafe { Box::<T>::new_zeroed().assume_init() })
    }

    fn raw(g: Option<Runnable>) -> *mut G {
        g.map_or(ptr::null_mut(), Right::into_raw)
    }

    fn list(n: usize) -> (GList<Runnable>, Vec<*mut G>) {
        let gs: Vec<*mut G> = (0..n).map(|_| zeroed()).collect();
        let mut list = GList::new();
        for &g in &gs {
            // SAFETY: new, in no list.
            list.push(unsafe { Runnable::from_raw(g) });
        }
        (list, gs)
    }

    #[test]
    fn prompt_goroutines_come_first_and_never_stand_behind_others() {
        GOMAXPROCS.store(1, Ordering::Relaxed);
        let mut s = SCHED.lock();
        // SAFETY: ours alone.
        let p = unsafe { OwnP::new(ptr::NonNull::new_unchecked(zeroed::<P>())) };
        let (busy, others) = list(2);
        let (prompt, first) = list(3);
        (s.runq, s.prompt) = (busy, prompt);
        s.publish();
        assert_eq!(
            (
                GLOBAL_RUNQ.load(Ordering::Relaxed),
                PROMPT.load(Ordering::Relaxed)
            ),
            (5, 3)
        );
        // Something waits on the ring: one urgent goroutine at a time.
        let (mut local, locals) = list(1);
        let mut overflow = GList::new();
        assert!(p.runq_put(local.pop().unwrap(), false, &mut overflow));
        assert_eq!(raw(s.prompt_get(p)), first[0]);
        assert_eq!(s.prompt.len(), 2);
        assert_eq!(raw(p.runq_get().0), locals[0]);
        assert!(p.runq_empty());
        // Nothing else to do: a share of the list goes along.
        assert_eq!(raw(s.runq_get(p, 0)), first[1]);
        assert_eq!(raw(p.runq_get().0), first[2]);
        assert_eq!(raw(s.runq_get(p, 0)), others[0]);
        assert_eq!(raw(p.runq_get().0), others[1]);
        assert!(!s.has_runnable());
        assert_eq!(GLOBAL_RUNQ.load(Ordering::Relaxed), 0);
    }
}
