//! Waiting for what happens outside: whoever waits, and wherever, no break, no timer and no event
//! is lost, also when everybody goes to sleep.

use super::{DEADLOCK, explore, must_fail};
use crate::sched::breaks::{Breaks, Set};
use crate::sched::poller::Poller;
use crate::sync::atomic::{
    AtomicBool, AtomicI64, Ordering::SeqCst, Weak, does, fence, fence_after_locked,
};
use core::sync::atomic::{AtomicU32 as Plain, Ordering::Relaxed};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::sync::Arc;

/// When the timer is due. Time passes only in a wait that ends then.
const DUE: i64 = 100;
/// When sysmon's nap ends.
const NAP: i64 = 1000;

/// The descriptor set.
struct Kernel {
    made: AtomicBool,
    inside: Mutex<Inside>,
    wake: Condvar,
}

#[derive(Default)]
struct Inside {
    /// The descriptor for breaks is readable.
    broken: bool,
    /// Another is.
    event: bool,
}

impl Set for Kernel {
    fn exists(&self) -> bool {
        // Sequentially consistent, which loom's loads are not.
        fence(SeqCst);
        let made = self.made.load(SeqCst);
        fence(SeqCst);
        made
    }

    fn write(&self) {
        self.inside.lock().unwrap().broken = true;
        self.wake.notify_all();
    }

    fn read(&self) {
        self.inside.lock().unwrap().broken = false;
    }
}

struct Outside {
    poller: Poller,
    breaks: Breaks,
    kernel: Kernel,
    /// When the timer is due; 0: it is not armed.
    first: AtomicI64,
    /// A goroutine waits for a descriptor.
    waiters: AtomicBool,
    idle_ps: Mutex<u32>,
    nap_end: AtomicI64,
    /// When the timer is due that sysmon knows of.
    nap_timer: AtomicI64,
    /// For the model alone: how often the timer fired, that an event was taken, that sysmon was
    /// told of the timer.
    fired: Plain,
    taken: Plain,
    hurried: Plain,
}

impl Outside {
    fn new(made: bool, idle_ps: u32) -> Arc<Self> {
        Arc::new(Self {
            poller: Poller::new(),
            breaks: Breaks::new(),
            kernel: Kernel {
                made: AtomicBool::new(made),
                inside: Mutex::new(Inside::default()),
                wake: Condvar::new(),
            },
            first: AtomicI64::new(0),
            waiters: AtomicBool::new(true),
            idle_ps: Mutex::new(idle_ps),
            nap_end: AtomicI64::new(0),
            nap_timer: AtomicI64::new(i64::MAX),
            fired: Plain::new(0),
            taken: Plain::new(0),
            hurried: Plain::new(0),
        })
    }

    fn next_when(&self) -> i64 {
        match self.first.load(SeqCst) {
            0 => i64::MAX,
            when => when,
        }
    }

    /// As `init` in `src/sched/epoll.rs`, and then something happens.
    fn make_set(&self) {
        self.kernel.made.store(true, SeqCst);
        fence(SeqCst);
        if does("tell those who wait without the set") {
            self.breaks.set_made();
        }
    }

    fn happens(&self) {
        self.kernel.inside.lock().unwrap().event = true;
        self.kernel.wake.notify_all();
    }

    /// As `netpoll`: waits without end.
    fn poll(&self) {
        if !self.kernel.exists() {
            return self.breaks.sleep_for(i64::MAX);
        }
        let early = does("look for early breaks") && self.breaks.early();
        let mut inside = self.kernel.inside.lock().unwrap();
        while !early && !inside.broken && !inside.event {
            inside = self.kernel.wake.wait(inside).unwrap();
        }
        if core::mem::take(&mut inside.event) {
            self.taken.fetch_add(1, Relaxed);
        }
        let broken = inside.broken;
        drop(inside);
        if broken {
            self.breaks.take(&self.kernel);
        }
    }

    /// As `start_with` and `wake_for_timer`, of a thread with a P. `wake` wakes another thread, if
    /// a P is idle.
    fn arm(&self, wake: impl FnOnce(&Self)) {
        self.first.store(DUE, SeqCst);
        fence_after_locked();
        if let Some(late) = self.poller.announce(DUE) {
            if late && does("break the wait") {
                self.breaks.request(&self.kernel);
            }
            return;
        }
        if self.idle() != 0 {
            wake(self);
        }
        if self.idle() == 0 && does("look again after waking") {
            self.hurry(DUE);
        }
    }

    fn idle(&self) -> u32 {
        *self.idle_ps.lock().unwrap()
    }

    /// As `start`: a thread has the idle P, if there still is one, and finds work.
    fn find_work(&self) {
        let mut idle = self.idle_ps.lock().unwrap();
        if *idle != 0 {
            *idle -= 1;
            drop(idle);
            self.busy();
        }
    }

    /// As `busy`.
    fn busy(&self) {
        if self.idle() == 0 && !self.poller.waits() && does("tell sysmon before working") {
            let next = self.next_when();
            if next < self.nap_timer.load(SeqCst) {
                self.hurry(next);
            }
        }
    }

    /// As `doze`. True: sysmon wakes for the timer.
    fn doze(&self) -> bool {
        self.nap_timer.store(i64::MAX, SeqCst);
        self.nap_end.store(NAP, SeqCst);
        fence_after_locked();
        let next = self.next_when();
        self.nap_timer.store(next, SeqCst);
        next < NAP
    }

    fn hurry(&self, when: i64) {
        fence_after_locked();
        if when < self.nap_end.load(SeqCst) && does("hurry sysmon") {
            self.hurried.fetch_add(1, Relaxed);
        }
    }

    /// All Ps are busy now. `looked`: sysmon knew of the timer.
    fn assert_noticed(&self, looked: bool) {
        let fired = self.fired.load(Relaxed) == 1;
        let hurried = self.hurried.load(Relaxed) > 0;
        assert!(looked || fired || hurried, "sysmon sleeps too long");
    }

    fn fire(&self) {
        if self.first.swap(0, SeqCst) != 0 {
            self.fired.fetch_add(1, Relaxed);
        }
        // The model ends: nobody has anything to wait for.
        self.waiters.store(false, SeqCst);
        self.breaks.request(&self.kernel);
    }

    /// As `wait_for_poller`, of a thread without P. True: it has one again.
    fn wait_for_poller(&self) -> bool {
        if self.next_when() == i64::MAX && !self.waiters.load(SeqCst) {
            return false;
        }
        if !self.poller.claim() {
            return false;
        }
        if self.poller.until(|| self.next_when()) <= DUE {
            self.fire();
        } else if self.waiters.load(SeqCst) {
            self.poll();
        }
        self.poller.leave();
        let mut idle = self.idle_ps.lock().unwrap();
        if *idle == 0 {
            drop(idle);
            let next = self.next_when();
            if next != i64::MAX {
                self.hurry(next);
            }
            return false;
        }
        *idle -= 1;
        drop(idle);
        true
    }

    /// A thread with a P and nothing to run.
    fn run_out(&self) {
        loop {
            *self.idle_ps.lock().unwrap() += 1;
            if !self.wait_for_poller() || !does("wait again") {
                return;
            }
        }
    }

    /// The thread that waits for all others, until the timer is due.
    fn wait_for_timer(&self) {
        loop {
            assert!(self.poller.claim());
            let due = self.poller.until(|| self.next_when()) <= DUE;
            if !due {
                self.poll();
            }
            self.poller.leave();
            if due {
                return;
            }
        }
    }
}

/// A timer is armed while somebody waits, and while the descriptor set is being made.
fn arm_while_the_set_is_made() {
    let o = Outside::new(false, 0);
    let theirs = o.clone();
    let waiter = thread::spawn(move || theirs.wait_for_timer());
    let theirs = o.clone();
    let maker = thread::spawn(move || theirs.make_set());
    o.arm(|_| ());
    maker.join().unwrap();
    waiter.join().unwrap();
}

/// Something happens in a set that the waiter does not know yet.
fn event_in_a_new_set() {
    let o = Outside::new(false, 0);
    let theirs = o.clone();
    let waiter = thread::spawn(move || {
        while theirs.taken.load(Relaxed) == 0 {
            theirs.poll();
        }
    });
    o.make_set();
    o.happens();
    waiter.join().unwrap();
}

/// sysmon naps in the poller, too: what was to break the other's wait may break its nap.
fn two_wait(made: bool) {
    let o = Outside::new(made, 0);
    let theirs = o.clone();
    let waiter = thread::spawn(move || theirs.wait_for_timer());
    let theirs = o.clone();
    let sysmon = thread::spawn(move || {
        // As `wait_in_poller`.
        theirs.poll();
        if theirs.poller.waits() && does("pass the break on") {
            theirs.breaks.request(&theirs.kernel);
        }
    });
    o.arm(|_| ());
    waiter.join().unwrap();
    // The nap ends.
    o.breaks.request(&o.kernel);
    sysmon.join().unwrap();
}

/// Two threads run out of work; one has armed a timer before.
fn all_go_to_sleep() {
    let o = Outside::new(true, 0);
    let theirs = o.clone();
    let other = thread::spawn(move || theirs.run_out());
    // A thread that it wakes does what it does itself then.
    o.arm(|_| ());
    o.run_out();
    other.join().unwrap();
    assert_eq!(o.fired.load(Relaxed), 1, "the timer fired once");
}

/// All Ps are busy: the one that has a timer fires it when sysmon preempts its goroutine, so sysmon
/// is told, by the thread that armed it or the one that stops waiting for it, or looks itself.
fn all_are_busy() {
    let o = Outside::new(true, 0);
    let theirs = o.clone();
    let waiter = thread::spawn(move || {
        theirs.wait_for_poller();
    });
    let theirs = o.clone();
    let sysmon = thread::spawn(move || theirs.doze());
    let theirs = o.clone();
    let armer = thread::spawn(move || theirs.arm(Outside::find_work));
    o.happens();
    armer.join().unwrap();
    waiter.join().unwrap();
    o.assert_noticed(sysmon.join().unwrap());
}

/// The thread that waits for all others takes the last idle P, for an event.
fn waiter_takes_the_last_idle_p() {
    let o = Outside::new(true, 1);
    let theirs = o.clone();
    let waiter = thread::spawn(move || {
        if theirs.wait_for_poller() {
            theirs.busy();
        }
    });
    let theirs = o.clone();
    let sysmon = thread::spawn(move || theirs.doze());
    o.happens();
    o.arm(Outside::find_work);
    waiter.join().unwrap();
    o.assert_noticed(sysmon.join().unwrap());
}

/// A thread that comes back from a system call takes the last idle P, which the thread that arms a
/// timer has just seen.
fn another_takes_the_last_idle_p() {
    let o = Outside::new(true, 1);
    let theirs = o.clone();
    let other = thread::spawn(move || {
        let mut idle = theirs.idle_ps.lock().unwrap();
        *idle = idle.saturating_sub(1);
    });
    let theirs = o.clone();
    let sysmon = thread::spawn(move || theirs.doze());
    o.arm(Outside::find_work);
    other.join().unwrap();
    o.assert_noticed(sysmon.join().unwrap());
}

#[test]
fn no_break_is_lost_while_the_set_is_made() {
    explore(arm_while_the_set_is_made);
    must_fail(
        Weak::Step("look for early breaks"),
        DEADLOCK,
        arm_while_the_set_is_made,
    );
    must_fail(
        Weak::Step("break the wait"),
        DEADLOCK,
        arm_while_the_set_is_made,
    );
    must_fail(Weak::Fence, DEADLOCK, arm_while_the_set_is_made);
}

#[test]
fn the_waiter_goes_to_the_new_set() {
    explore(event_in_a_new_set);
    must_fail(
        Weak::Step("tell those who wait without the set"),
        DEADLOCK,
        event_in_a_new_set,
    );
}

#[test]
fn a_break_reaches_the_one_it_is_for() {
    explore(|| two_wait(true));
    explore(|| two_wait(false));
    must_fail(Weak::Step("pass the break on"), DEADLOCK, || two_wait(true));
    must_fail(Weak::Step("pass the break on"), DEADLOCK, || {
        two_wait(false)
    });
}

#[test]
fn no_timer_is_lost_when_all_go_to_sleep() {
    explore(all_go_to_sleep);
    must_fail(
        Weak::Step("wait again"),
        "the timer fired once",
        all_go_to_sleep,
    );
    must_fail(Weak::Step("break the wait"), DEADLOCK, all_go_to_sleep);
    must_fail(Weak::Fence, DEADLOCK, all_go_to_sleep);
}

#[test]
fn sysmon_knows_of_timers_when_all_are_busy() {
    explore(all_are_busy);
    must_fail(
        Weak::Step("hurry sysmon"),
        "sysmon sleeps too long",
        all_are_busy,
    );
    must_fail(Weak::Fence, "sysmon sleeps too long", all_are_busy);
}

#[test]
fn sysmon_knows_of_timers_when_the_last_idle_p_is_taken() {
    explore(waiter_takes_the_last_idle_p);
    explore(another_takes_the_last_idle_p);
    for (step, model) in [
        (
            "tell sysmon before working",
            waiter_takes_the_last_idle_p as fn(),
        ),
        ("look again after waking", another_takes_the_last_idle_p),
    ] {
        must_fail(Weak::Step(step), "sysmon sleeps too long", model);
    }
}
