//! When the CPU profile takes samples of a thread, and how much each stands for.
//!
//! While a profile is on, each M has a kernel timer that measures the processor time of its thread
//! and signals that thread. The thread that turns the profile on makes the timers of all Ms,
//! sleeping ones included; a thread that begins meanwhile makes its own; the thread that turns the
//! profile off deletes them all. A program without a profile makes no system call for any of this.
//!
//! **A signal is the occasion, the thread's clock is the measure.** `M::profdue` says at which
//! processor time the thread's next sample is due. The handler reads the thread's clock ([`now`]);
//! if the time has not come it ignores the signal, otherwise the sample stands for all periods that
//! have ended since ([`take`]). So no period is lost where the kernel sends one signal for several
//! (it looks at such timers at its ticks, and not while a signal is pending), none is counted twice
//! when another process sends SIGPROF too, and a thread that sleeps cannot have a sample.
//!
//! The first one is due after a random part of a period: a thread that uses a tenth of a period has
//! a sample in one profile of ten.
//!
//! Where the kernel refuses a timer (`RLIMIT_SIGPENDING`, a filter), one timer goes by the time of
//! the whole process. The kernel gives its signals to a thread of its choice, mostly to one that
//! runs. A thread without timer that uses much time gets enough of them, and its clock makes them
//! right.
//!
//! `profdue` is written by the thread that turns the profile on or off, and by the handler on the
//! M's own thread, both with the profile's spin lock; the handler's write is a compare-and-swap.
//! `proftimer` is under [`TIMERS`].

use crate::abi::M;
use crate::os::random_u64;
use crate::os::timer::{Clock, Interval, Timer, To};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::lists;
use crate::world::m::is_sysmon;
use core::sync::atomic::{AtomicU64, Ordering, fence};

const SIGNAL: i32 = libc::SIGPROF;

/// Nanoseconds of processor time that a sample stands for, 0: no profile. Changes under [`TIMERS`].
static PERIOD: AtomicU64 = AtomicU64::new(0);

/// Taken before the locks of the heap's memory and of the profile, after no other.
pub static TIMERS: Mutex<Timers, { rank::THREAD_TIMERS }> = Mutex::new(Timers {
    whole_process: false,
});

/// What only one thread at a time sets up.
#[derive(Debug)]
pub struct Timers {
    /// The process's timer runs, since some M has no timer.
    whole_process: bool,
}

/// `M::profdue` of a thread whose clock nobody else could read.
const UNKNOWN: u64 = u64::MAX;

/// When the first sample of a thread is due that begins at `now`.
fn first_due(now: u64, period: u64) -> u64 {
    now + 1 + random_u64() % period
}

impl Timers {
    /// The profile is on: a sample for each `period_us` microseconds of each thread.
    pub fn start(&mut self, period_us: u64) {
        let period = period_us * 1000;
        PERIOD.store(period, Ordering::Relaxed);
        // Pairs with that of `thread_begins`: it sees the period, or we see its M with its number.
        fence(Ordering::SeqCst);
        for m in lists::all_ms() {
            // SAFETY: Ms are never freed; `self` is what the lock protects, so it is held.
            unsafe {
                let tid = (*m).tid.load(Ordering::Relaxed);
                if tid != 0 && (*m).profdue.load(Ordering::Relaxed) == 0 {
                    self.begin(m, tid, period);
                }
            }
        }
    }

    /// Before the profile ends: the threads that may owe more than what they have used since the
    /// kernel's last tick, and their times. sysmon runs for some microseconds at a time, which
    /// ticks seldom meet; a thread without timer may not have had a signal for long.
    pub fn unmet(&self) -> impl Iterator<Item = (*mut M, u64)> {
        lists::all_ms().filter_map(|m| {
            // SAFETY: Ms are never freed; the numbers are written before the thread takes part.
            unsafe {
                let late = is_sysmon(m) || self.of(m).is_none();
                if (*m).profdue.load(Ordering::Relaxed) == 0 || !late {
                    return None;
                }
                Some((m, Clock::of((*m).tid.load(Ordering::Relaxed)).read()?))
            }
        })
    }

    /// The profile is off.
    pub fn stop(&mut self) {
        PERIOD.store(0, Ordering::Relaxed);
        if core::mem::take(&mut self.whole_process) {
            Interval::Prof.set(0, 0);
        }
        for m in lists::all_ms() {
            // SAFETY: Ms are never freed; the timer's number is under the lock, which is held.
            unsafe {
                (*m).profdue.store(0, Ordering::Relaxed);
                if let Some(timer) = self.of(m) {
                    timer.delete();
                    (*m).proftimer = 0;
                }
            }
        }
    }

    /// The timer of `m`.
    ///
    /// # Safety
    ///
    /// `m` is one of the Ms.
    unsafe fn of(&self, m: *mut M) -> Option<Timer> {
        // SAFETY: by the caller's promise an M; the number is under the lock, which is held.
        let n = unsafe { (*m).proftimer };
        (n != 0).then(|| Timer::from_id((n - 1) as i32))
    }

    /// `m`, whose thread is `tid`, takes part.
    ///
    /// # Safety
    ///
    /// `m` is one of the Ms, whose `profdue` is 0.
    unsafe fn begin(&mut self, m: *mut M, tid: i32, period: u64) {
        let clock = Clock::of(tid);
        let first = clock.read().map_or(UNKNOWN, |now| first_due(now, period));
        // SAFETY: by the caller's promise an M; `proftimer` is under the lock, which is held.
        unsafe {
            // Before the first signal.
            (*m).profdue.store(first, Ordering::Relaxed);
            if first != UNKNOWN
                && let Some(timer) = Timer::new(clock, To::Thread(tid), SIGNAL)
            {
                if timer.set(first, period) {
                    (*m).proftimer = timer.id() as u32 + 1;
                    return;
                }
                timer.delete();
            }
        }
        if !core::mem::replace(&mut self.whole_process, true) {
            Interval::Prof.set(1, period / 1000);
        }
    }

    /// Before a fork: no timer signals this thread. What becomes due meanwhile is not lost.
    ///
    /// # Safety
    ///
    /// On the thread of `m`.
    unsafe fn pause(&self, m: *mut M) {
        // SAFETY: by the caller's promise this thread's M.
        if let Some(timer) = unsafe { self.of(m) } {
            timer.set(0, 0);
        }
        if self.whole_process {
            Interval::Prof.set(0, 0);
        }
    }

    /// After [`Timers::pause`].
    ///
    /// # Safety
    ///
    /// On the thread of `m`.
    unsafe fn go_on(&self, m: *mut M, period: u64) {
        // SAFETY: by the caller's promise this thread's M, of which the word is atomic.
        let (timer, due) = unsafe { (self.of(m), (*m).profdue.load(Ordering::Relaxed)) };
        if let Some(timer) = timer {
            timer.set(due, period);
        }
        if self.whole_process {
            Interval::Prof.set(1, period / 1000);
            // Who forks often would never get one of its signals: that comes now.
            // SAFETY: by the caller's promise this is the thread of m.
            if due != UNKNOWN && unsafe { now(m) }.is_some() {
                crate::os::signal::raise_thread(SIGNAL as u32);
            }
        }
    }
}

/// The thread of `m` leaves it, whose number is taken away: what it owes is not counted.
///
/// # Safety
/// On the thread of `m`.
pub unsafe fn thread_leaves(m: *mut M) {
    // SAFETY: by the caller's promise this thread's M; the words are atomic.
    let due = unsafe {
        (*m).tid.store(0, Ordering::Relaxed);
        &(*m).profdue
    };
    // Pairs with that of `start`, as in `thread_begins`: it sees that the number is gone, or
    // this sees that it has begun.
    fence(Ordering::SeqCst);
    if PERIOD.load(Ordering::Relaxed) == 0 && due.load(Ordering::Relaxed) == 0 {
        return;
    }
    let timers = TIMERS.lock();
    due.store(0, Ordering::Relaxed);
    // SAFETY: the same M; its timer's number is under the lock, which is held.
    unsafe {
        if let Some(timer) = timers.of(m) {
            timer.delete();
            (*m).proftimer = 0;
        }
    }
}

/// The thread of `m`, whose number is written, begins: it takes part in a profile that is on.
///
/// # Safety
/// On the thread of `m`.
#[doc(alias = "resetcpuprofiler")]
pub unsafe fn thread_begins(m: *mut M) {
    // Pairs with that of `start`.
    fence(Ordering::SeqCst);
    if PERIOD.load(Ordering::Relaxed) == 0 {
        return;
    }
    let mut timers = TIMERS.lock();
    let period = PERIOD.load(Ordering::Relaxed);
    // SAFETY: by the caller's promise this thread's M, and the lock is held.
    unsafe {
        if period != 0 && (*m).profdue.load(Ordering::Relaxed) == 0 {
            timers.begin(m, (*m).tid.load(Ordering::Relaxed), period);
        }
    }
}

/// Before a fork: no signal of the profile comes, since a signal makes some kernels begin the fork
/// anew.
///
/// # Safety
/// On the thread of `m`.
pub unsafe fn before_fork(m: *mut M) {
    if PERIOD.load(Ordering::Relaxed) != 0 {
        // SAFETY: by the caller's promise this is the thread of m.
        unsafe { TIMERS.lock().pause(m) };
    }
}

/// After [`before_fork`], in the parent.
///
/// # Safety
/// On the thread of `m`.
pub unsafe fn after_fork(m: *mut M) {
    if PERIOD.load(Ordering::Relaxed) != 0 {
        let timers = TIMERS.lock();
        // The profile may have ended meanwhile.
        let period = PERIOD.load(Ordering::Relaxed);
        if period != 0 {
            // SAFETY: by the caller's promise this is the thread of m.
            unsafe { timers.go_on(m, period) };
        }
    }
}

/// In the handler: the thread's processor time, if `m` owes a sample.
///
/// # Safety
/// On the thread of `m`.
pub(super) unsafe fn now(m: *mut M) -> Option<u64> {
    // SAFETY: by the caller's promise this thread's M, which is never freed.
    let word = unsafe { &(*m).profdue };
    let due = word.load(Ordering::Relaxed);
    let period = PERIOD.load(Ordering::Relaxed);
    if due == 0 || period == 0 {
        return None;
    }
    match Clock::OWN.read() {
        // A filter refuses the clock: the signal stands for one period.
        None => Some(due),
        Some(now) if due == UNKNOWN => {
            // A failure is the end of the profile.
            let _ = word.compare_exchange(
                due,
                first_due(now, period),
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            None
        }
        Some(now) => (now >= due).then_some(now),
    }
}

/// With the profile's lock, all signals blocked: how many periods of `m` have ended at `now`, its
/// thread's time. They count no more.
///
/// # Safety
/// `m` is an M of ours (they are never freed).
pub unsafe fn take(m: *mut M, now: u64) -> usize {
    // SAFETY: by the caller's promise one of the Ms, which are never freed.
    let word = unsafe { &(*m).profdue };
    let due = word.load(Ordering::Relaxed);
    let (n, next) = ended(due, now, PERIOD.load(Ordering::Relaxed));
    // Another profile may have begun meanwhile.
    match word.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => n as usize,
        Err(_) => 0,
    }
}

/// Of periods that end at `due` and each `period` later: how many have ended at `now`, and when the
/// next one does. `due` 0: none.
fn ended(due: u64, now: u64, period: u64) -> (u64, u64) {
    if due == 0 || now < due || period == 0 {
        return (0, due);
    }
    let n = (now - due) / period + 1;
    (n, due.saturating_add(n * period))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end() {
        assert_eq!(ended(0, 5, 10), (0, 0), "takes none");
        assert_eq!(ended(7, 6, 10), (0, 7));
        assert_eq!(ended(7, 7, 10), (1, 17));
        assert_eq!(ended(7, 16, 10), (1, 17));
        assert_eq!(ended(7, 17, 10), (2, 27));
        assert_eq!(ended(7, 1_000_007, 1000), (1001, 1_001_007));
        assert_eq!(ended(7, 8, 0), (0, 7), "over");
        assert_eq!(ended(UNKNOWN, UNKNOWN, 10), (1, UNKNOWN));
        // Whenever signals come, the periods that have ended are counted.
        let (mut due, mut sum) = (3, 0);
        for now in [1, 2, 3, 50, 51, 51, 230, 999] {
            let (n, next) = ended(due, now, 10);
            (due, sum) = (next, sum + n);
        }
        assert_eq!((sum, due), (100, 1003));
    }
}
