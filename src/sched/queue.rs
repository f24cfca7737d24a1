//! Run queues: a P's ring that its owner fills and anyone may steal from, and lists of goroutines linked by `schedlink`.
//!
//! Ring: `tail` is written by the owner only; `head` moves by compare-and-swap. `head <= tail <= head + RUNQ` (wrapping).
//! A consumer's successful Release CAS of `head` pairs with the owner's Acquire load before it reuses slots; the owner's Release store of `tail`
//! pairs with a thief's Acquire load, so the slots below are seen.

use super::p::{P, RUNQ};
use crate::abi::G;
use core::ptr;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// A list of goroutines.
#[derive(Debug, Clone, Copy)]
pub struct GList {
    head: *mut G,
    tail: *mut G,
    len: u32,
}

impl GList {
    /// No goroutines.
    pub const fn new() -> Self {
        Self {
            head: ptr::null_mut(),
            tail: ptr::null_mut(),
            len: 0,
        }
    }

    /// Number of goroutines.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// Adds at the end.
    ///
    /// # Safety
    /// `g` is in no list.
    pub unsafe fn push(&mut self, g: *mut G) {
        // SAFETY: the list owns its members' links.
        unsafe {
            (*g).schedlink = ptr::null_mut();
            if self.tail.is_null() {
                self.head = g;
            } else {
                (*self.tail).schedlink = g;
            }
        }
        self.tail = g;
        self.len += 1;
    }

    /// Takes the first.
    pub fn pop(&mut self) -> *mut G {
        let g = self.head;
        if !g.is_null() {
            // SAFETY: a member is a live G.
            self.head = unsafe { (*g).schedlink };
            if self.head.is_null() {
                self.tail = ptr::null_mut();
            }
            self.len -= 1;
        }
        g
    }

    /// Moves all of `other` to the end.
    pub fn append(&mut self, other: &mut Self) {
        if other.is_empty() {
            return;
        }
        if self.tail.is_null() {
            self.head = other.head;
        } else {
            // SAFETY: a member is a live G.
            unsafe { (*self.tail).schedlink = other.head };
        }
        self.tail = other.tail;
        self.len += other.len;
        *other = Self::new();
    }
}

impl Default for GList {
    fn default() -> Self {
        Self::new()
    }
}

impl P {
    /// The ring and `runnext` look empty; exact only when nobody else touches them.
    pub fn runq_empty(&self) -> bool {
        self.runqhead.load(Acquire) == self.runqtail.load(Acquire)
            && self.runnext.load(Acquire) == 0
    }

    /// Adds a goroutine. Owner only. With `next` it runs before the others, and the one that was next is queued.
    /// False when the ring is full: then `overflow` holds half of the ring and the goroutine, for the global queue.
    ///
    /// # Safety
    /// `g` is a live goroutine in no list.
    pub unsafe fn runq_put(&self, mut g: *mut G, next: bool, overflow: &mut GList) -> bool {
        if next {
            g = self.runnext.swap(g as usize, AcqRel) as *mut G;
            if g.is_null() {
                return true;
            }
        }
        loop {
            let head = self.runqhead.load(Acquire);
            let tail = self.runqtail.load(Relaxed);
            if tail.wrapping_sub(head) < RUNQ as u32 {
                self.runq[tail as usize % RUNQ].store(g as usize, Relaxed);
                self.runqtail.store(tail.wrapping_add(1), Release);
                return true;
            }
            let half = RUNQ as u32 / 2;
            let mut batch = [ptr::null_mut::<G>(); RUNQ / 2];
            for i in 0..half {
                batch[i as usize] =
                    self.runq[head.wrapping_add(i) as usize % RUNQ].load(Relaxed) as *mut G;
            }
            if self
                .runqhead
                .compare_exchange(head, head.wrapping_add(half), AcqRel, Relaxed)
                .is_err()
            {
                continue;
            }
            for b in batch {
                // SAFETY: the CAS made these goroutines ours.
                unsafe { overflow.push(b) };
            }
            // SAFETY: the caller gave us g.
            unsafe { overflow.push(g) };
            return false;
        }
    }

    /// Takes the next goroutine. Owner only. The flag says that it came from `runnext` and goes on with the time slice.
    pub fn runq_get(&self) -> (*mut G, bool) {
        let next = self.runnext.load(Relaxed);
        // Only a thief changes it besides us, to null; then the ring is next.
        if next != 0
            && self
                .runnext
                .compare_exchange(next, 0, AcqRel, Relaxed)
                .is_ok()
        {
            return (next as *mut G, true);
        }
        loop {
            let head = self.runqhead.load(Acquire);
            let tail = self.runqtail.load(Relaxed);
            if tail == head {
                return (ptr::null_mut(), false);
            }
            let g = self.runq[head as usize % RUNQ].load(Relaxed);
            if self
                .runqhead
                .compare_exchange(head, head.wrapping_add(1), AcqRel, Relaxed)
                .is_ok()
            {
                return (g as *mut G, false);
            }
        }
    }

    /// Moves half of `from`'s ring into ours (owner only) and answers one of them, or null. `take_next`: the victim's `runnext` too.
    pub fn runq_steal(&self, from: &P, take_next: bool) -> *mut G {
        let tail = self.runqtail.load(Relaxed);
        let n = loop {
            let head = from.runqhead.load(Acquire);
            let ftail = from.runqtail.load(Acquire);
            let avail = ftail.wrapping_sub(head);
            let n = avail - avail / 2;
            if n == 0 {
                if take_next {
                    let next = from.runnext.load(Acquire);
                    if next != 0
                        && from
                            .runnext
                            .compare_exchange(next, 0, AcqRel, Relaxed)
                            .is_ok()
                    {
                        return next as *mut G;
                    }
                }
                return ptr::null_mut();
            }
            if n > RUNQ as u32 / 2 {
                continue; // head and tail were not read together
            }
            for i in 0..n {
                let g = from.runq[head.wrapping_add(i) as usize % RUNQ].load(Relaxed);
                self.runq[tail.wrapping_add(i) as usize % RUNQ].store(g, Relaxed);
            }
            if from
                .runqhead
                .compare_exchange(head, head.wrapping_add(n), AcqRel, Relaxed)
                .is_ok()
            {
                break n;
            }
        };
        let n = n - 1;
        let g = self.runq[tail.wrapping_add(n) as usize % RUNQ].load(Relaxed) as *mut G;
        if n > 0 {
            self.runqtail.store(tail.wrapping_add(n), Release);
        }
        g
    }
}
