//! When a thread is woken for work, and when a thread looks once more before it sleeps: no
//! goroutine stays runnable while a P is idle.
//!
//! Two counters, read without lock: idle Ps, and spinning threads, those with a P that look for
//! work (the field `seekers`). A P is put on the idle list and taken off under the scheduler's
//! lock. The protocol:
//! - A waker queues the goroutine that it readies, and then looks at the counters
//!   ([`Wake::wanted`]): with a P idle and no thread spinning it starts one.
//! - A spinning thread that finds nothing gives its P away, then no longer counts as spinning
//!   ([`Wake::gave_up`]), and then looks at all queues again. One of the two sees the other: the
//!   first step of each is a locked instruction, or a fence follows it.
//! - A spinning thread that finds work no longer counts as spinning; the last one to stop starts
//!   another if a P is idle ([`Wake::found`]), since there may be more work.
//! - A thread that gives its P away without having spun has not looked into other Ps' queues, and
//!   relies on the threads that spin. One of those may have been counted in advance, for a P that
//!   was not idle after all. That failure is recorded ([`Wake::refused`]), and the next thread that
//!   would give its P away spins first.

use crate::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{AcqRel, Acquire, Relaxed, SeqCst},
    fence, fence_after_locked,
};

/// What a thread that runs out of work needs of the scheduler.
pub trait Host {
    /// Holds the scheduler's lock.
    type Lock;
    /// Takes the lock.
    fn lock(&self) -> Self::Lock;
    /// There is work that is found under the lock.
    fn work(&mut self, lock: &mut Self::Lock) -> bool;
    /// Puts this thread's P on the idle list ([`Wake::put_idle`]).
    fn give_away(&mut self, lock: &mut Self::Lock);
    /// Takes a P off the idle list ([`Wake::took_idle`]), if there is one.
    fn take(&mut self, lock: &mut Self::Lock) -> bool;
    /// A spinning thread has given its P away and still counts: it may linger if a thread woken
    /// instead would find nothing either.
    fn linger(&mut self);
    /// There is work somewhere.
    fn work_anywhere(&self) -> bool;
}

/// What [`Wake::retire`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retired {
    /// [`Host::work`] found something; the thread has its P.
    Work,
    /// The thread has a P and looks for work.
    Seek,
    /// The thread has no P.
    Idle,
}

/// The counters.
#[derive(Debug)]
pub struct Wake {
    idle: AtomicU32,
    seekers: AtomicU32,
    /// Under the scheduler's lock.
    refused: AtomicBool,
}

impl Default for Wake {
    fn default() -> Self {
        Self::new()
    }
}

impl Wake {
    crate::constructor! {
        /// No idle P, no spinning thread.
        pub fn new() -> Self {
            Self {
                idle: AtomicU32::new(0),
                seekers: AtomicU32::new(0),
                refused: AtomicBool::new(false),
            }
        }
    }

    /// Idle Ps; a hint outside the scheduler's lock.
    #[inline(always)]
    pub fn idle(&self) -> u32 {
        self.idle.load(Acquire)
    }

    /// Threads that spin; a hint.
    #[inline(always)]
    pub fn seekers(&self) -> u32 {
        self.seekers.load(Acquire)
    }

    /// A P came to the idle list. Under the scheduler's lock.
    pub fn put_idle(&self) {
        self.idle.fetch_add(1, SeqCst);
    }

    /// A P was taken off the idle list; how many are left. Under the scheduler's lock.
    pub fn took_idle(&self) -> u32 {
        self.idle.fetch_sub(1, AcqRel) - 1
    }

    /// After a goroutine was queued with a locked instruction: a spinning thread is to be started,
    /// if [`Wake::claim`] says so too.
    #[inline(always)]
    pub fn wanted(&self) -> bool {
        self.idle() != 0 && self.seekers() == 0
    }

    /// As [`Wake::wanted`], where what was queued may still be in the processor's store buffer.
    pub fn wanted_after_store(&self) -> bool {
        fence(SeqCst);
        self.wanted()
    }

    /// The right to start a spinning thread, which counts from now on; one of many callers gets it.
    pub fn claim(&self) -> bool {
        let claimed = self.seekers.compare_exchange(0, 1, SeqCst, Relaxed).is_ok();
        // A caller that sees another thread spin here has queued its work before that one looks for
        // the last time.
        fence_after_locked();
        claimed
    }

    /// The claimed spinning thread finds no idle P. Under the scheduler's lock.
    pub fn refused(&self) {
        self.refused.store(true, Relaxed);
        self.seekers.fetch_sub(1, SeqCst);
    }

    /// A thread without work is to spin before it gives its P away. Under the scheduler's lock.
    pub fn must_seek(&self) -> bool {
        self.refused.load(Relaxed)
    }

    /// A thread with a P begins to look for work.
    pub fn begin(&self) {
        self.refused.store(false, Relaxed);
        self.seekers.fetch_add(1, SeqCst);
    }

    /// A spinning thread has found work. True: another is to be started, if [`Wake::claim`] says so
    /// too.
    pub fn found(&self) -> bool {
        let last = self.seekers.fetch_sub(1, SeqCst) == 1;
        fence_after_locked();
        last && self.idle() > 0
    }

    /// A thread with a P found no work: it gives the P away, unless there is reason to look once
    /// more. The flag says whether it counts as spinning.
    pub fn retire(&self, seeks: &mut bool, host: &mut impl Host) -> Retired {
        let mut lock = host.lock();
        if host.work(&mut lock) {
            return Retired::Work;
        }
        if !*seeks && self.must_seek() {
            self.begin();
            *seeks = true;
            return Retired::Seek;
        }
        host.give_away(&mut lock);
        drop(lock);
        if *seeks {
            *seeks = false;
            host.linger();
            self.gave_up();
            if host.work_anywhere() {
                let mut lock = host.lock();
                self.begin();
                if host.take(&mut lock) {
                    *seeks = true;
                    return Retired::Seek;
                }
                // Every P is busy. No thread may take this work, if one without work is about to
                // give its P away.
                self.refused();
            }
        }
        Retired::Idle
    }

    /// A spinning thread has found nothing and has given its P away: it looks at all queues again
    /// now.
    pub fn gave_up(&self) {
        self.seekers.fetch_sub(1, SeqCst);
        fence_after_locked();
    }
}
