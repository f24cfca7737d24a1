//! Waiters: a goroutine in the queue of a channel or semaphore.
//!
//! Life: taken from the P's pool by the goroutine that parks; queued; taken off the queue by a
//! waker, which puts it into its own P's pool. Those of a select stay the goroutine's and are put
//! back by its resume step: one waker claims the goroutine (`G::selectdone`), the others drop its
//! sudog from their queue when they meet it.

use crate::abi::G;
use crate::fatal::clock::nanotime;
use crate::sync::atomic::{AtomicPtr, Ordering};
use crate::sync::mutex::RawMutex;
use crate::sync::rank;
use core::ptr::{null, null_mut};

/// The lock of a channel.
pub type ChannelLock = RawMutex<{ rank::CHANNEL }>;

/// A waiting goroutine. `elem` is the only pointer that may point into the goroutine's stack.
#[doc(alias = "sudog")]
#[derive(Debug)]
#[repr(C)]
pub struct Sudog {
    /// The waiting goroutine.
    pub g: *mut G,
    /// Slot of the element, null to discard what is received; the address of a semaphore.
    pub elem: *mut u8,
    /// Queue links, under the lock of the channel or semaphore table; off the queue, a waker's list
    /// of what it has to wake.
    pub next: *mut Sudog,
    /// See `next`; in the first waiter for a channel, the last one.
    pub prev: *mut Sudog,
    /// Next in `G::waiting` or in a pool: the owner's.
    pub waitlink: *mut Sudog,
    /// The lock of the channel, which is a part of it: who waits for one, and under which lock, is
    /// all that is asked here. Null with a semaphore.
    pub lock: LockOf,
    /// Offset of the "received" result byte from the goroutine's arguments, 0 for none.
    pub result: u16,
    /// Sends, not receives.
    pub send: bool,
    /// One of several of its goroutine: must be claimed.
    pub select: bool,
    /// Is in its channel's queue.
    pub queued: bool,
    /// Set by the waker of a select: a value was passed, the channel was not closed.
    pub ok: bool,
    /// How it gets what it waits for.
    pub patience: Patience,
    /// Number of the case in its select; count of releases or -1 in a `SyncSema`; index in the heap
    /// of a semaphore's waiters.
    pub index: i32,
    /// Semaphores: last waiter for the same address, in the first one.
    pub tail: *mut Sudog,
    /// When it lost to another goroutine for the first time, 0 for never.
    pub lost_since: i64,
}

impl Sudog {
    /// Of `g`, with everything else unset.
    #[inline(always)]
    pub(super) fn new(g: *mut G) -> Self {
        Self {
            g,
            elem: null_mut(),
            next: null_mut(),
            prev: null_mut(),
            waitlink: null_mut(),
            lock: LockOf::new(),
            result: 0,
            send: false,
            select: false,
            queued: false,
            ok: false,
            patience: Patience::Waits,
            index: 0,
            tail: null_mut(),
            lost_since: 0,
        }
    }
}

/// Names a lock. A thread that moves a stack reads it without owning the sudog, which may wait for
/// something else by then (src/stack/waiters.rs).
#[repr(transparent)]
#[derive(Debug)]
pub struct LockOf(AtomicPtr<ChannelLock>);

impl LockOf {
    crate::constructor! {
        /// None.
        pub(super) fn new() -> Self {
            Self(AtomicPtr::new(null_mut()))
        }
    }

    /// The lock, for the sudog's owner.
    #[inline(always)]
    pub fn get(&self) -> *const ChannelLock {
        self.0.load(Ordering::Relaxed)
    }

    /// The lock, for another thread. Acquire: what the sudog's earlier owners did before it came to
    /// wait for this is seen.
    #[inline(always)]
    pub fn get_of_another(&self) -> *const ChannelLock {
        self.0.load(Ordering::Acquire)
    }

    /// For the sudog's owner, before it queues it.
    #[inline(always)]
    pub fn set(&self, lock: *const ChannelLock) {
        // Release pairs with the Acquire above; on amd64 every store is one.
        self.0.store(lock.cast_mut(), Ordering::Release);
    }
}

/// How a waiter gets a unit of a semaphore, an element or room in a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Patience {
    /// It will be woken to try for one, or be served.
    Waits,
    /// It was woken to try.
    Tries,
    /// It has lost for long: it will be served.
    Lost,
}

/// For so long a waiter may lose to others, from the first time on.
const STARVING_NS: i64 = 1_000_000;

impl Sudog {
    /// It was woken to try, and another goroutine was quicker.
    pub fn loses(&mut self) {
        let now = nanotime();
        if self.lost_since == 0 {
            self.lost_since = now;
        }
        self.patience = if now - self.lost_since > STARVING_NS {
            Patience::Lost
        } else {
            Patience::Waits
        };
    }
}

/// A P's pool (src/world/sudogs.rs).
#[derive(Debug)]
#[repr(C)]
pub(super) struct Pool {
    pub(super) free: *mut Sudog,
    pub(super) len: u32,
}

/// Longest list that is sorted by insertion: most selects have two to four cases.
const INSERTION_MAX: u32 = 8;

/// Sorts a list linked by `waitlink` by the addresses of the locks, which is the order of the
/// channels.
///
/// # Safety
/// The list is ours.
pub unsafe fn sort_by_lock(mut list: *mut Sudog) -> *mut Sudog {
    let mut sorted: *mut Sudog = null_mut();
    for _ in 0..INSERTION_MAX {
        if list.is_null() {
            return sorted;
        }
        // SAFETY: both lists are ours; `link` is where `s` belongs in the sorted one.
        unsafe {
            let s = list;
            list = (*s).waitlink;
            let mut link: *mut *mut Sudog = &raw mut sorted;
            while !(*link).is_null() && (**link).lock.get() < (*s).lock.get() {
                link = &raw mut (**link).waitlink;
            }
            (*s).waitlink = *link;
            *link = s;
        }
    }
    // SAFETY: both lists are parts of the caller's.
    unsafe { merge(sorted, merge_sort(list)) }
}

/// Merge sort, without recursion. `bins[i]` holds a sorted list of 2^i.
///
/// # Safety
/// The list is ours.
#[cold]
unsafe fn merge_sort(mut list: *mut Sudog) -> *mut Sudog {
    // 2^17 cases are more than a select can have.
    let mut bins = [null_mut::<Sudog>(); 18];
    while !list.is_null() {
        // SAFETY: the caller's list is ours; lists in the bins are parts of it.
        unsafe {
            let mut run = list;
            list = (*list).waitlink;
            (*run).waitlink = null_mut();
            let mut i = 0;
            while i < bins.len() - 1 && !bins[i].is_null() {
                run = merge(bins[i], run);
                bins[i] = null_mut();
                i += 1;
            }
            bins[i] = if bins[i].is_null() {
                run
            } else {
                merge(bins[i], run)
            };
        }
    }
    let mut sorted = null_mut();
    for &bin in &bins {
        // SAFETY: both are parts of the caller's list.
        sorted = unsafe { merge(bin, sorted) };
    }
    sorted
}

/// Merges two sorted lists.
///
/// # Safety
/// Both are ours.
unsafe fn merge(mut a: *mut Sudog, mut b: *mut Sudog) -> *mut Sudog {
    let mut head = null_mut();
    let mut link: *mut *mut Sudog = &raw mut head;
    // SAFETY: both lists are ours; `link` is the end of the merged one.
    unsafe {
        while !a.is_null() && !b.is_null() {
            let take = if (*a).lock.get() <= (*b).lock.get() {
                &mut a
            } else {
                &mut b
            };
            *link = *take;
            link = &raw mut (**take).waitlink;
            *take = *link;
        }
        *link = if a.is_null() { b } else { a };
    }
    head
}

/// Iterates over a list linked by `waitlink`; the link is read before the sudog is handed out.
pub(crate) fn each(list: *mut Sudog) -> impl Iterator<Item = *mut Sudog> {
    let mut at = list;
    core::iter::from_fn(move || {
        let s = at;
        if s.is_null() {
            return None;
        }
        // SAFETY: the caller's list of live sudogs.
        at = unsafe { (*s).waitlink };
        Some(s)
    })
}

/// Locks every channel of a sorted list once.
///
/// # Safety
/// The list is that of a select, whose channels stay.
pub(crate) unsafe fn lock_all(list: *mut Sudog) {
    let mut last = null();
    for s in each(list) {
        // SAFETY: channels of a select are live.
        unsafe {
            if (*s).lock.get() != last {
                let before = last;
                last = (*s).lock.get();
                debug_assert!(before < last, "the list is sorted");
                (*last).lock();
            }
        }
    }
}

/// Unlocks every channel of a sorted list once, the first in the list last: see the file's head.
/// The list is turned round and back, for it has no backward links.
///
/// # Safety
/// The list is what [`lock_all`] was given, and its channels are still locked.
pub(crate) unsafe fn unlock_all(list: *mut Sudog) {
    let mut back: *mut Sudog = null_mut();
    for s in each(list) {
        // `prev` of a queued sudog belongs to its queue, so the way back is found through `tail`.
        // SAFETY: the sudogs of a select stay its goroutine's, whose list is the caller's.
        unsafe { (*s).tail = back };
        back = s;
    }
    while !back.is_null() {
        // Everything is read before the last unlock of a run of equal channels.
        // SAFETY: the list does not change before the last of its locks is free, and what `lock`
        // names is held by the caller.
        unsafe {
            let lock = (*back).lock.get();
            while !(*back).tail.is_null() && (*(*back).tail).lock.get() == lock {
                back = (*back).tail;
            }
            let before = (*back).tail;
            (*lock).unlock();
            back = before;
        }
    }
}

/// What `g` waits for, linked by `waitlink`.
///
/// # Safety
/// `g` is one of the Gs (they are never freed).
pub(crate) unsafe fn waiting(g: *mut G) -> *mut Sudog {
    // SAFETY: the caller's G is one of ours: they are never freed.
    let waiting = unsafe { &(*g).waiting };
    // Acquire: see `waits_no_more`.
    waiting.load(Ordering::Acquire).cast()
}

/// The waiter was served: its stack is not touched from outside any more.
///
/// # Safety
/// `g` is parked in a plain send or receive; the caller served it and holds the channel's lock.
pub(crate) unsafe fn waits_no_more(g: *mut G) {
    // SAFETY: the caller's G is one of ours: they are never freed.
    let waiting = unsafe { &(*g).waiting };
    // Release: a thread that finds, without the lock, that it waits for nothing finds its slots
    // written.
    waiting.store(null_mut(), Ordering::Release);
}
