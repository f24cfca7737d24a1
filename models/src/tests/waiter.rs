//! A goroutine that waits for a descriptor, the poller, and whoever closes it: the goroutine is
//! readied once, and never sleeps through any of the two.

use super::{DEADLOCK, explore, must_fail};
use crate::net::waiter::{Begin, Waiter};
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst, Weak};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::sync::Arc;

const G: usize = 0x1000;

#[derive(Default)]
struct Descriptor {
    word: Waiter,
    closing: AtomicBool,
    readied: Mutex<u32>,
    woken: Condvar,
    happened: AtomicU32,
}

#[derive(Debug, PartialEq)]
enum Waited {
    Ready,
    Closing,
}

impl Descriptor {
    fn ready(&self) {
        *self.readied.lock().unwrap() += 1;
        self.woken.notify_one();
    }

    /// As `wait` and its resume step in `src/net/desc.rs`.
    fn wait(&self) -> Waited {
        match self.word.begin() {
            Begin::Waits => {}
            Begin::Happened => return Waited::Ready,
            Begin::Taken => panic!("nobody else waits"),
        }
        if self.closing.load(SeqCst) {
            return if self.word.end() {
                Waited::Ready
            } else {
                Waited::Closing
            };
        }
        if !self.word.park(G) {
            self.ready();
        }
        let mut readied = self.readied.lock().unwrap();
        while *readied == 0 {
            readied = self.woken.wait(readied).unwrap();
        }
        assert_eq!(*readied, 1);
        if self.word.end() {
            return Waited::Ready;
        }
        assert!(self.closing.load(SeqCst), "woken for nothing");
        Waited::Closing
    }

    fn unblock(&self, ready: bool) {
        match self.word.unblock(ready) {
            0 => {}
            g => {
                assert_eq!(g, G);
                self.ready();
            }
        }
    }

    fn happen(&self) {
        self.happened.fetch_add(1, SeqCst);
        self.unblock(true);
    }

    fn close(&self) {
        self.closing.swap(true, SeqCst);
        self.unblock(false);
    }
}

fn with(others: &[fn(&Descriptor)], check: fn(&Descriptor, Waited)) {
    let d = Arc::new(Descriptor::default());
    let threads: Vec<_> = others
        .iter()
        .map(|&f| {
            let d = d.clone();
            thread::spawn(move || f(&d))
        })
        .collect();
    let waited = d.wait();
    for t in threads {
        t.join().unwrap();
    }
    assert!(*d.readied.lock().unwrap() <= 1, "readied once");
    check(&d, waited);
}

fn event() {
    with(&[Descriptor::happen], |_, w| assert_eq!(w, Waited::Ready));
}

fn closing() {
    with(&[Descriptor::close], |_, w| assert_eq!(w, Waited::Closing));
}

fn both() {
    with(&[Descriptor::happen, Descriptor::close], |_, _| {});
}

#[test]
fn an_event_wakes_the_waiter() {
    explore(event);
}

#[test]
fn closing_wakes_the_waiter() {
    explore(closing);
    must_fail(Weak::Fence, DEADLOCK, closing);
}

#[test]
fn event_and_closing_wake_once() {
    explore(both);
    // One that readies the goroutine it sees, instead of the one that it took off.
    must_fail(Weak::Nothing, "readied once", || {
        let close_carelessly = |d: &Descriptor| {
            d.closing.swap(true, SeqCst);
            if d.word.blocked() {
                d.word.unblock(false);
                d.ready();
            }
        };
        with(&[Descriptor::happen, close_carelessly], |_, _| {});
    });
}

/// The goroutine looks for a reason not to wait before it says that it does.
#[test]
fn looking_too_early_is_noticed() {
    let model = || {
        let d = Arc::new(Descriptor::default());
        let theirs = d.clone();
        let t = thread::spawn(move || theirs.close());
        if !d.closing.load(SeqCst) && d.word.begin() == Begin::Waits {
            if !d.word.park(G) {
                d.ready();
            }
            let mut readied = d.readied.lock().unwrap();
            while *readied == 0 {
                readied = d.woken.wait(readied).unwrap();
            }
        }
        t.join().unwrap();
    };
    must_fail(Weak::Nothing, DEADLOCK, model);
}
