//! Clocks of the kernel, among them those of the processor time that threads have used, and timers
//! that go by them.

use super::sys;

/// A clock of the kernel, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Clock(i32);

impl Clock {
    /// The time since the machine started.
    pub const MONOTONIC: Self = Self(libc::CLOCK_MONOTONIC);
    /// The processor time that the calling thread has used: what `/proc/PID/task/TID/schedstat`
    /// begins with.
    pub const OWN: Self = Self(libc::CLOCK_THREAD_CPUTIME_ID);

    /// The same of the thread `tid` of this process. The kernel makes the number of such a clock of
    /// the thread's, inverted, above three bits: the lowest two say which time (2: used, by the
    /// scheduler's account), the third that it is a thread's and not a process's.
    /// clock_getcpuclockid(3) and its siblings give such numbers.
    pub fn of(tid: i32) -> Self {
        const SCHEDULED: i32 = 2;
        const THREAD: i32 = 4;
        Self(!tid << 3 | THREAD | SCHEDULED)
    }

    /// What it shows; nothing if the kernel does not say.
    pub fn read(self) -> Option<u64> {
        let mut ts = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the kernel writes the timespec, which lives across the call.
        let r = unsafe {
            sys::syscall3(
                libc::SYS_clock_gettime,
                self.0 as usize,
                &raw mut ts as usize,
                0,
            )
        };
        (r == 0).then_some(ts.tv_sec as u64 * 1_000_000_000 + ts.tv_nsec as u64)
    }
}

/// Who gets a timer's signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// Some thread that does not block it.
    Process,
    /// The thread of this process with this number.
    Thread(i32),
}

/// A timer of the kernel's that sends a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer(i32);

impl Timer {
    /// A timer, not set, that goes by `clock` and sends `sig`. Refused where no more signals may be
    /// queued, and by filters.
    pub fn new(clock: Clock, to: To, sig: i32) -> Option<Self> {
        let mut id = 0i32;
        // SAFETY: integers and a pointer that nobody follows; the call reads the structure and
        // writes the number.
        let r = unsafe {
            let mut event: libc::sigevent = core::mem::zeroed();
            event.sigev_signo = sig;
            match to {
                To::Process => event.sigev_notify = libc::SIGEV_SIGNAL,
                To::Thread(tid) => {
                    event.sigev_notify = libc::SIGEV_THREAD_ID;
                    event.sigev_notify_thread_id = tid;
                }
            }
            sys::syscall3(
                libc::SYS_timer_create,
                clock.0 as usize,
                &raw const event as usize,
                &raw mut id as usize,
            )
        };
        (r == 0).then_some(Self(id))
    }

    /// The timer with the kernel's number `id`, as [`Timer::id`] has given it.
    pub fn from_id(id: i32) -> Self {
        Self(id)
    }

    /// The kernel's number of it.
    pub fn id(self) -> i32 {
        self.0
    }

    /// Sends its signal when the clock shows `when`, and each `every` nanoseconds from then on.
    /// `when` 0: never.
    pub fn set(self, when: u64, every: u64) -> bool {
        let spec = |ns: u64| libc::timespec {
            tv_sec: (ns / 1_000_000_000) as i64,
            tv_nsec: (ns % 1_000_000_000) as i64,
        };
        let new = libc::itimerspec {
            it_interval: spec(every),
            it_value: spec(when),
        };
        // SAFETY: the structure lives across the call; what was set before is not asked for.
        let r = unsafe {
            sys::syscall6(
                libc::SYS_timer_settime,
                self.0 as usize,
                libc::TIMER_ABSTIME as usize,
                &raw const new as usize,
                0,
                0,
                0,
            )
        };
        r == 0
    }

    /// It sends nothing any more.
    pub fn delete(self) {
        // SAFETY: the call takes a number. It cannot fail for a timer that exists.
        unsafe { sys::syscall3(libc::SYS_timer_delete, self.0 as usize, 0, 0) };
    }
}

/// The two older timers of which a process has one each, to fall back to. They send their signals
/// to whichever thread the kernel chooses, and survive execve(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Interval {
    /// SIGALRM, by the time that goes by.
    Real = libc::ITIMER_REAL,
    /// SIGPROF, by the processor time of all threads together. The kernel adds a tick to the first
    /// time.
    Prof = libc::ITIMER_PROF,
}

impl Interval {
    /// Sends its signal after `first` microseconds, and each `every` microseconds from then on;
    /// never if both are 0.
    pub fn set(self, first: u64, every: u64) -> bool {
        let value = |us: u64| libc::timeval {
            tv_sec: (us / 1_000_000) as i64,
            tv_usec: (us % 1_000_000) as i64,
        };
        let new = libc::itimerval {
            it_interval: value(every),
            it_value: value(first),
        };
        // SAFETY: the structure lives across the call; what was set before is not asked for.
        let r = unsafe {
            sys::syscall3(
                libc::SYS_setitimer,
                self as usize,
                &raw const new as usize,
                0,
            )
        };
        r == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    /// The number of no thread: above all that the kernel gives.
    const NOBODY: i32 = (1 << 28) - 1;

    /// Works until the calling thread's clock shows `until`.
    fn work(until: u64) {
        while Clock::OWN.read().unwrap() < until {
            black_box((0..1000u64).sum::<u64>());
        }
    }

    #[test]
    fn a_thread_reads_the_clock_of_another() {
        let tid = sys::gettid();
        work(2_000_000);
        let own = Clock::OWN.read().unwrap();
        let (seen, others) = std::thread::spawn(move || (Clock::of(tid).read(), Clock::OWN.read()))
            .join()
            .unwrap();
        assert!(seen.unwrap() >= own && others.unwrap() < own);
        assert!(Clock::of(NOBODY).read().is_none());
    }

    #[test]
    fn a_timer_counts_the_time_of_its_thread_alone() {
        const SIG: i32 = libc::SIGPROF;
        const MS: u64 = 1_000_000;
        // SAFETY: a set of signals is plain words, for which zeroes are valid.
        let mut set: libc::sigset_t = unsafe { core::mem::zeroed() };
        // SAFETY: a set of our own; the signal stays blocked in this thread, which the test ends
        // with.
        unsafe {
            libc::sigaddset(&mut set, SIG);
            libc::pthread_sigmask(libc::SIG_BLOCK, &set, core::ptr::null_mut());
        }
        let arrived = || {
            let now = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // SAFETY: set and time are our own.
            unsafe { libc::sigtimedwait(&set, core::ptr::null_mut(), &now) == SIG }
        };
        let tid = sys::gettid();
        let start = Clock::OWN.read().unwrap();
        let timer = std::thread::spawn(move || {
            let timer = Timer::new(Clock::of(tid), To::Thread(tid), SIG).unwrap();
            assert!(timer.set(start + 20 * MS, 0));
            work(30 * MS);
            timer
        })
        .join()
        .unwrap();
        assert!(!arrived(), "the time of another thread");
        let now = || Clock::OWN.read().unwrap();
        // The kernel looks at its ticks, and a busy host may withhold those.
        let comes = || {
            (0..100).any(|_| {
                work(now() + 10 * MS);
                arrived()
            })
        };
        assert!(comes());
        let later = now();
        assert!(timer.set(later + 20 * MS, 0) && timer.set(0, 0));
        work(later + 60 * MS);
        assert!(!arrived(), "not set");
        assert!(timer.set(later, 0) && arrived(), "the time has passed");
        timer.delete();
        assert!(!timer.set(later, 0));
        assert_eq!(Timer::new(Clock::of(NOBODY), To::Thread(tid), SIG), None);
    }
}
