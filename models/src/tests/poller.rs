//! The thread that waits for all timers, and one that arms a timer: the wait ends when that timer
//! is due.

use super::{DEADLOCK, explore, must_fail};
use crate::sched::poller::Poller;
use crate::sync::atomic::{AtomicI64, Ordering::SeqCst, Weak, fence_after_locked};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::sync::Arc;

struct Timers {
    poller: Poller,
    /// When the first timer is due; 0: none.
    first: AtomicI64,
    /// The wait is broken.
    broken: Mutex<bool>,
    wake: Condvar,
}

impl Timers {
    fn next(&self) -> i64 {
        match self.first.load(SeqCst) {
            0 => i64::MAX,
            when => when,
        }
    }

    /// As `start_with` in `src/time/timers.rs`, without a P that is idle. True: somebody else must
    /// see to the timer.
    fn arm(&self, when: i64) -> bool {
        self.first.store(when, SeqCst);
        fence_after_locked();
        match self.poller.announce(when) {
            Some(true) => {
                *self.broken.lock().unwrap() = true;
                self.wake.notify_one();
                false
            }
            Some(false) => false,
            None => true,
        }
    }

    /// As `wait_for_poller` in `src/dispatch/outside.rs`. The timers that it then looks at: when
    /// the first is due.
    fn wait(&self) -> i64 {
        assert!(self.poller.claim());
        if self.poller.until(|| self.next()) > 100 {
            // Longer than the timer is from now.
            let mut broken = self.broken.lock().unwrap();
            while !*broken {
                broken = self.wake.wait(broken).unwrap();
            }
        }
        self.poller.leave();
        self.next()
    }
}

fn timers(first: i64) -> Arc<Timers> {
    Arc::new(Timers {
        poller: Poller::new(),
        first: AtomicI64::new(first),
        broken: Mutex::new(false),
        wake: Condvar::new(),
    })
}

/// There was a later timer, or none; who arms one at 100 may find that nobody waits, and then goes
/// on to wait itself.
fn arm_while_waiting(first: i64) {
    let t = timers(first);
    let theirs = t.clone();
    let waiter = thread::spawn(move || theirs.wait());
    let unseen = t.arm(100);
    if unseen {
        // Before the waiter began, which then sees it, or after it left: it looks at the timers,
        // too, or had a reason to leave.
        assert_eq!(t.next(), 100);
    }
    assert_eq!(waiter.join().unwrap(), 100);
}

#[test]
fn a_timer_breaks_the_wait() {
    explore(|| arm_while_waiting(0));
    explore(|| arm_while_waiting(1000));
    must_fail(Weak::Fence, DEADLOCK, || arm_while_waiting(0));
    must_fail(Weak::Fence, DEADLOCK, || arm_while_waiting(1000));
}

/// The waiter looks at the timers only before it says that it waits.
#[test]
fn looking_too_early_is_noticed() {
    must_fail(Weak::Nothing, DEADLOCK, || {
        let t = timers(0);
        let theirs = t.clone();
        let waiter = thread::spawn(move || {
            let next = theirs.next();
            assert!(theirs.poller.claim());
            if theirs.poller.until(|| next) > 100 {
                let mut broken = theirs.broken.lock().unwrap();
                while !*broken {
                    broken = theirs.wake.wait(broken).unwrap();
                }
            }
        });
        t.arm(100);
        waiter.join().unwrap();
    });
}
