//! Grey objects, in blocks, and who may have some: what tells that marking is done.
//!
//! A marker opens a session ([`Pool::join`]), and fills and empties a block of its own. Full blocks
//! go to the pool, a session whose block is empty takes one from there, and [`Pool::leave`] gives
//! back what is left. The write barrier collects what it shades in a block of its P ([`Shaded`]),
//! which any marker may take with one exchange.
//!
//! A session is open before it takes anything, and is closed under the pool's lock, with its rest
//! put back. So a marker that holds the lock and finds neither a session nor a block knows that
//! nothing is grey but what barriers have shaded since. Without the lock it could see the pool as
//! another marker has left it, which has taken the last block, and the sessions as they were
//! before.

use crate::heap::stats::Counts;
use crate::mem;
use crate::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::ptr::null_mut;

/// Some grey objects.
#[repr(C)]
#[derive(Debug)]
pub struct Block<const N: usize> {
    next: *mut Self,
    /// How many there are.
    pub len: usize,
    /// Their addresses.
    pub objects: [usize; N],
}

/// Blocks that no session has, and how many sessions there are.
#[derive(Debug)]
pub struct Pool<const N: usize> {
    lists: Mutex<Lists<N>, { rank::GC_WORK }>,
    /// Blocks with objects in the pool: a hint outside the lock.
    full: AtomicU32,
    /// Open sessions.
    sessions: AtomicU32,
}

#[derive(Debug)]
struct Lists<const N: usize> {
    free: *mut Block<N>,
    full: *mut Block<N>,
    /// What closed sessions marked in this cycle.
    counts: Counts,
}

// SAFETY: a block belongs to the thread that took it under the lock.
unsafe impl<const N: usize> Send for Lists<N> {}

impl<const N: usize> Lists<N> {
    fn take(&mut self) -> *mut Block<N> {
        let b = self.free;
        if b.is_null() {
            return mem::persistent_in(&mem::GC_SYS);
        }
        // SAFETY: blocks of the pool are valid.
        unsafe {
            self.free = (*b).next;
            (*b).next = null_mut();
            (*b).len = 0;
        }
        b
    }

    fn put_free(&mut self, b: *mut Block<N>) {
        // SAFETY: the caller gives the block away.
        unsafe { (*b).next = self.free };
        self.free = b;
    }
}

impl<const N: usize> Default for Pool<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Pool<N> {
    crate::constructor! {
        /// No blocks, no sessions.
        pub fn new() -> Self {
            Self {
                lists: Mutex::new(Lists {
                    free: null_mut(),
                    full: null_mut(),
                    counts: Counts {
                        objects: 0,
                        bytes: 0,
                        scan_bytes: 0,
                    },
                }),
                full: AtomicU32::new(0),
                sessions: AtomicU32::new(0),
            }
        }
    }

    fn put_full(&self, lists: &mut Lists<N>, b: *mut Block<N>) {
        // SAFETY: the caller gives the block away.
        debug_assert!(unsafe { (1..=N).contains(&(*b).len) });
        // SAFETY: the block is the pool's from here on, and the lock held.
        unsafe { (*b).next = lists.full };
        lists.full = b;
        self.full.fetch_add(1, Ordering::Relaxed);
    }

    /// Opens a session: an empty block.
    pub fn join(&self) -> *mut Block<N> {
        // Before anything is taken: who finds no session must find what there is to mark.
        self.sessions.fetch_add(1, Ordering::SeqCst);
        self.take()
    }

    /// Closes a session. True if it was the last and nothing is left to do; `roots_taken` says, of
    /// the roots, whether all were marked from by sessions.
    ///
    /// # Safety
    /// `b` is the session's block: the caller gives it away.
    pub unsafe fn leave(
        &self,
        b: *mut Block<N>,
        counts: &mut Counts,
        roots_taken: impl FnOnce() -> bool,
    ) -> bool {
        let mut lists = self.lists.lock();
        // SAFETY: the block is the caller's, who gives it away.
        if unsafe { (*b).len } == 0 {
            lists.put_free(b);
        } else {
            self.put_full(&mut lists, b);
        }
        lists.counts.take(counts);
        // Under the lock: see the head of this file.
        let open = self.sessions.fetch_sub(1, Ordering::SeqCst);
        debug_assert!(open > 0);
        open == 1 && lists.full.is_null() && roots_taken()
    }

    /// An empty block.
    pub fn take(&self) -> *mut Block<N> {
        self.lists.lock().take()
    }

    /// Puts a block with objects up for all.
    ///
    /// # Safety
    /// The caller gives the block away, which it has from this pool.
    pub(super) unsafe fn put(&self, full: *mut Block<N>) {
        self.put_full(&mut self.lists.lock(), full);
    }

    /// Puts a block with objects up for all, answers an empty one.
    ///
    /// # Safety
    /// As for [`Pool::put`]: the caller gives the block away, which it has from this pool.
    pub unsafe fn exchange(&self, full: *mut Block<N>) -> *mut Block<N> {
        let mut lists = self.lists.lock();
        self.put_full(&mut lists, full);
        lists.take()
    }

    /// A block with objects for one that is empty; null if there is none. Where the pool has none
    /// `shaded` may find what barriers shaded.
    ///
    /// # Safety
    /// The caller has `empty` from this pool, and gives it away unless the answer is null.
    pub unsafe fn refill(
        &self,
        empty: *mut Block<N>,
        shaded: impl FnOnce() -> *mut Block<N>,
    ) -> *mut Block<N> {
        if !self.available() {
            let b = shaded();
            if !b.is_null() {
                self.lists.lock().put_free(empty);
            }
            return b;
        }
        let mut lists = self.lists.lock();
        let b = lists.full;
        if !b.is_null() {
            // SAFETY: blocks of the pool are valid.
            lists.full = unsafe { (*b).next };
            self.full.fetch_sub(1, Ordering::Relaxed);
            lists.put_free(empty);
        }
        b
    }

    /// Some work lies in the pool: a hint.
    #[inline(always)]
    pub(super) fn available(&self) -> bool {
        self.full.load(Ordering::Relaxed) != 0
    }

    /// The object at `base` is grey, and no P is there to keep it.
    pub fn put_one(&self, base: usize) {
        let b = self.take();
        // SAFETY: the block is ours, and empty.
        unsafe {
            add(b, base);
            self.put(b);
        }
    }

    /// Looks at what closed sessions marked in this cycle, or changes it.
    pub fn counts<T>(&self, f: impl FnOnce(&mut Counts) -> T) -> T {
        f(&mut self.lists.lock().counts)
    }
}

/// Adds an object to a block; answers how many there are then.
///
/// # Safety
/// The block is the caller's and has room.
unsafe fn add<const N: usize>(b: *mut Block<N>, base: usize) -> usize {
    // SAFETY: the caller has the block, and no other thread.
    let n = unsafe { (*b).len };
    debug_assert!(n < N);
    // SAFETY: the block is the caller's, and has room for one more.
    unsafe {
        *(&raw mut (*b).objects).cast::<usize>().add(n) = base;
        (*b).len = n + 1;
    }
    n + 1
}

/// What the write barrier of a P has shaded. Valid as zeroes.
#[repr(transparent)]
#[derive(Debug, Default)]
pub struct Shaded<const N: usize> {
    /// Null while the P's owner puts something in.
    block: AtomicPtr<Block<N>>,
}

impl<const N: usize> Shaded<N> {
    /// The object at `base` was shaded.
    ///
    /// # Safety
    /// The caller holds the P. All that it puts here goes to the same pool.
    pub unsafe fn put(&self, pool: &Pool<N>, base: usize) {
        let mut b = self.block.swap(null_mut(), Ordering::Acquire);
        if b.is_null() {
            b = pool.take();
        }
        // SAFETY: the block is ours between the two exchanges; there is room.
        unsafe {
            if add(b, base) < N {
                self.block.store(b, Ordering::Release);
            } else {
                pool.put(b);
            }
        }
    }

    /// Takes all of it: a block with objects, or null.
    pub fn take(&self) -> *mut Block<N> {
        // Acquire pairs with the Release of the store that put it there.
        if self.block.load(Ordering::Relaxed).is_null() {
            return null_mut();
        }
        self.block.swap(null_mut(), Ordering::AcqRel)
    }
}
