//! Which thread of C has which of the extra Ms.
//!
//! Each node of the [`Pool`] is one M. It is *free*, or a thread has it, whose number stands in it.
//! Nodes are never freed. A thread keeps its node from its first callback until it ends, and then
//! gives it back ([`Pool::give`]). One that ends without telling anybody (by the system call
//! itself) leaves its node behind, which [`Pool::reclaim`] finds by its number.
//!
//! A thread that finds no free node sleeps. The thread that took the last one makes others, as many
//! as threads wait, once it can: nodes are made with a P, which a thread has in its callback only.
//! So a thousand threads that come at once wait for one of them, not each for the one before.

use crate::sync::atomic::{AtomicBool, AtomicU32, MODEL, Ordering};
use crate::sync::futex;
use crate::sync::mutex::Mutex;
use core::ptr;

/// What the pool knows of an M.
#[derive(Debug)]
pub struct Node {
    /// The next free one. Under the lock.
    next: *mut Node,
    /// The one that was made before. Never changes.
    older: *mut Node,
    /// Number of the thread that has it; 0: it is free, or its thread has only just taken it.
    owner: AtomicU32,
}

impl Node {
    /// In no pool yet; before `next` in a list of such nodes.
    pub fn then(next: *mut Self) -> Self {
        Self {
            next,
            older: ptr::null_mut(),
            owner: AtomicU32::new(0),
        }
    }

    /// The thread `tid` has it. Until it has said so, the node is not reclaimed.
    pub fn owned_by(&self, tid: u32) {
        self.owner.store(tid, Ordering::Relaxed);
    }

    /// The thread that has it.
    pub fn owner(&self) -> u32 {
        self.owner.load(Ordering::Relaxed)
    }
}

/// Under the lock.
#[derive(Debug)]
struct Lists {
    free: *mut Node,
    /// Length of that list.
    free_now: u32,
    newest: *mut Node,
    made: u32,
    /// How many are made before threads that have ended are looked for again.
    look_at: u32,
    waiting: u32,
    /// How many are being made.
    coming: u32,
}

/// Nodes made before [`Pool::reclaim`] looks for the first time. A look visits all nodes. The next
/// one is when half as many have been taken at the least, so that the cost for each is the same
/// however many there are.
const FIRST_LOOK: u32 = if MODEL { 1 } else { 64 };

/// The extra Ms.
#[derive(Debug)]
pub struct Pool {
    lists: Mutex<Lists>,
    /// The last free node was taken, and the thread that has it has not made others yet.
    short: AtomicBool,
    /// Counts up when those that wait are to look again.
    word: AtomicU32,
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl Pool {
    crate::constructor! {
        /// Without nodes.
        pub fn new() -> Self {
            Self {
                lists: Mutex::new(Lists {
                    free: ptr::null_mut(),
                    free_now: 0,
                    newest: ptr::null_mut(),
                    made: 0,
                    look_at: FIRST_LOOK,
                    waiting: 0,
                    coming: 0,
                }),
                short: AtomicBool::new(false),
                word: AtomicU32::new(0),
            }
        }
    }

    /// A free node, which the thread has from now on. The thread that gets the last one must come
    /// to [`Pool::shortage`] soon: all others wait for it.
    ///
    /// Runs on threads that have no g, with all signals blocked: a handler of this thread would
    /// wait for the lock for ever.
    pub fn take(&self) -> *mut Node {
        let mut lists = self.lists.lock();
        while lists.free.is_null() {
            lists.waiting += 1;
            // Under the lock, as who changes it: a node that comes after this changes the word.
            let word = self.word.load(Ordering::Relaxed);
            drop(lists);
            futex::sleep(&self.word, word, -1);
            lists = self.lists.lock();
            lists.waiting -= 1;
        }
        let node = lists.free;
        // SAFETY: a node on the list is no thread's, and the lock protects the list.
        unsafe { lists.free = (*node).next };
        lists.free_now -= 1;
        if lists.free.is_null() {
            self.short.store(true, Ordering::Relaxed);
        }
        node
    }

    /// The last free node was taken: the caller, which has a P, is to ask for [`Pool::shortage`].
    #[inline(always)]
    pub fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    /// How many nodes the caller is to make and to [`Pool::add`] together: 0 if another thread
    /// does.
    pub fn shortage(&self) -> u32 {
        let mut lists = self.lists.lock();
        if !self.short.swap(false, Ordering::Relaxed) {
            return 0;
        }
        // One is always there for the next thread. Some may have come since the last was taken, for
        // threads that have not woken yet.
        let n = (lists.waiting + 1).saturating_sub(lists.coming + lists.free_now);
        lists.coming += n;
        n
    }

    /// Adds new nodes, a list of [`Node::then`], for `asked` that were asked for. One by one threads that wait would take each as it
    /// comes, find that it is the last, and make others.
    ///
    /// # Safety
    /// Nobody else knows them, and they are never freed.
    pub unsafe fn add(&self, mut node: *mut Node, asked: u32) {
        let mut lists = self.lists.lock();
        let mut n = 0;
        while !node.is_null() {
            // SAFETY: the caller's promise; a node is on no list but the caller's.
            unsafe {
                let next = (*node).next;
                (*node).older = lists.newest;
                lists.newest = node;
                free(&mut lists, node);
                node = next;
            }
            n += 1;
        }
        lists.made += n;
        lists.coming -= asked;
        let wakes = self.count(&lists, n);
        drop(lists);
        self.wake(wakes);
    }

    /// Gives a node back.
    ///
    /// # Safety
    /// The calling thread has it, and does not touch it any more.
    pub unsafe fn give(&self, node: *mut Node) {
        let mut lists = self.lists.lock();
        // SAFETY: the caller's promise; it is on no list.
        unsafe { free(&mut lists, node) };
        let wakes = self.count(&lists, 1);
        drop(lists);
        self.wake(wakes);
    }

    /// Gives back the nodes of threads that have `ended`, if there are enough nodes for that to be
    /// worth the look. Answers how many that were.
    ///
    /// # Safety
    /// `ended` is true only for a thread that is gone, and whose node nobody uses.
    pub unsafe fn reclaim(&self, ended: impl Fn(*mut Node, u32) -> bool) -> u32 {
        let mut lists = self.lists.lock();
        if lists.made < lists.look_at {
            return 0;
        }
        let (mut node, mut n) = (lists.newest, 0);
        while !node.is_null() {
            // SAFETY: nodes are never freed. One whose thread is gone is only touched by a thread
            // that finds it here, and there is one at a time under the lock; a thread that still
            // lives gives its node back under the lock, too, and takes its number away with it.
            unsafe {
                let owner = (*node).owner();
                if owner != 0 && ended(node, owner) {
                    free(&mut lists, node);
                    n += 1;
                }
                node = (*node).older;
            }
        }
        // Those that were found are taken first, or as many are made.
        let enough = n >= lists.made / 2;
        lists.look_at = lists.made * if enough { 1 } else { 2 };
        let wakes = self.count(&lists, n);
        drop(lists);
        self.wake(wakes);
        n
    }

    /// How many threads to wake for `n` nodes that came.
    fn count(&self, lists: &Lists, n: u32) -> u32 {
        let wakes = n.min(lists.waiting);
        if wakes != 0 {
            let word = self.word.load(Ordering::Relaxed);
            self.word.store(word.wrapping_add(1), Ordering::Relaxed);
        }
        wakes
    }

    fn wake(&self, n: u32) {
        if n != 0 {
            futex::wake(&self.word, n);
        }
    }
}

/// Puts a node on the list of free ones.
///
/// # Safety
/// It is on no list, and no thread uses it.
unsafe fn free(lists: &mut Lists, node: *mut Node) {
    // SAFETY: the caller's promise.
    unsafe {
        (*node).owner.store(0, Ordering::Relaxed);
        (*node).next = lists.free;
    }
    lists.free = node;
    lists.free_now += 1;
}
