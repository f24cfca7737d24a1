//! The work list of marking: blocks of grey objects, shared by all markers.
//!
//! A marker opens a session ([`join`]) and fills and empties a block of its own. Full blocks go to
//! the pool, a session whose block is empty takes one from there, and [`leave`] gives back what is
//! left. The write barrier collects what it shades in a block of its P, which any marker may take
//! with one exchange. The marker that closes the last session with the list empty tries to end the
//! cycle.

use crate::heap::stats::Counts;
use crate::mem;
use crate::sched::state::WAKE;
use crate::sched::threads;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::lists::{self, GOMAXPROCS};
use crate::world::{OwnP, PLocal, Stopped, part};
use core::cell::Cell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Objects of a block: a block with its header is 8 KiB. Larger ones are shared less often.
pub const BLOCK: usize = 1022;

/// Some grey objects.
#[repr(C)]
#[derive(Debug)]
pub struct Block {
    next: *mut Block,
    /// How many there are.
    pub len: usize,
    /// Their addresses.
    pub objects: [usize; BLOCK],
}

/// The collector's share of each P.
// SAFETY: zeroes are nothing shaded and no debt, and the part is this room's.
pub(super) static SHARES: PLocal<Share> = unsafe { PLocal::new(&part::GC) };

/// See [`SHARES`].
#[repr(C)]
#[derive(Debug)]
pub(super) struct Share {
    /// What the write barrier shaded; null while the P's owner puts something in.
    shaded: AtomicPtr<Block>,
    /// Marked by the write barrier: only the P's owner adds, and the collector with the world
    /// stopped.
    pub counts: Cell<Counts>,
    /// Bytes that this P may allocate before it must help to mark; see [`super::worker::assist`].
    pub credit: Cell<i64>,
    /// The last thing this P did was to mark, though goroutines wait.
    pub marked_last: Cell<bool>,
}

struct Pool {
    free: *mut Block,
    full: *mut Block,
    /// What closed sessions marked in this cycle.
    counts: Counts,
}

// SAFETY: a block belongs to the thread that took it under the lock.
unsafe impl Send for Pool {}

static POOL: Mutex<Pool, { rank::GC_WORK }> = Mutex::new(Pool {
    free: null_mut(),
    full: null_mut(),
    counts: Counts {
        objects: 0,
        bytes: 0,
        scan_bytes: 0,
    },
});

/// Blocks with objects in the pool: a hint outside the lock.
static FULL: AtomicU32 = AtomicU32::new(0);
/// Open sessions.
static SESSIONS: AtomicU32 = AtomicU32::new(0);

impl Pool {
    fn take(&mut self) -> *mut Block {
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

    fn put_free(&mut self, b: *mut Block) {
        // SAFETY: the caller gives the block away.
        unsafe { (*b).next = self.free };
        self.free = b;
    }

    fn put_full(&mut self, b: *mut Block) {
        // SAFETY: the caller gives the block away.
        unsafe { (*b).next = self.full };
        self.full = b;
        FULL.fetch_add(1, Ordering::Relaxed);
    }

    fn pop_full(&mut self) -> *mut Block {
        let b = self.full;
        if !b.is_null() {
            // SAFETY: blocks of the pool are valid.
            self.full = unsafe { (*b).next };
            FULL.fetch_sub(1, Ordering::Relaxed);
        }
        b
    }
}

/// Opens a session: an empty block.
pub(super) fn join() -> *mut Block {
    // Before anything is taken from the pool: somebody who finds the pool empty must see that we
    // have it.
    SESSIONS.fetch_add(1, Ordering::SeqCst);
    POOL.lock().take()
}

/// Closes a session. True if it was the last and left nothing to do.
pub(super) fn leave(b: *mut Block, counts: &mut Counts) -> bool {
    let mut pool = POOL.lock();
    // SAFETY: the block is the caller's.
    if unsafe { (*b).len } == 0 {
        pool.put_free(b);
    } else {
        pool.put_full(b);
    }
    pool.counts.take(counts);
    drop(pool);
    SESSIONS.fetch_sub(1, Ordering::SeqCst) == 1 && exhausted()
}

/// Puts a block with objects up for all, answers an empty one.
pub(super) fn exchange(full: *mut Block) -> *mut Block {
    let mut pool = POOL.lock();
    pool.put_full(full);
    pool.take()
}

/// An empty block.
pub(super) fn take() -> *mut Block {
    POOL.lock().take()
}

/// Puts a block with objects up for all.
pub(super) fn put(full: *mut Block) {
    POOL.lock().put_full(full);
}

/// A block with objects for one that is empty; null if there is none.
pub(super) fn refill(empty: *mut Block) -> *mut Block {
    if FULL.load(Ordering::Relaxed) == 0 {
        return steal_shaded(empty);
    }
    let mut pool = POOL.lock();
    let b = pool.pop_full();
    if !b.is_null() {
        pool.put_free(empty);
    }
    b
}

/// What some P's write barrier shaded, for an empty block; null if there is nothing.
fn steal_shaded(empty: *mut Block) -> *mut Block {
    for p in lists::existing_ps() {
        // SAFETY: Ps are never freed.
        let b = take_shaded(unsafe { &(*SHARES.of(p)).shaded });
        if !b.is_null() {
            POOL.lock().put_free(empty);
            return b;
        }
    }
    null_mut()
}

fn take_shaded(shaded: &AtomicPtr<Block>) -> *mut Block {
    // Acquire pairs with the Release of the store that put it there.
    if shaded.load(Ordering::Relaxed).is_null() {
        return null_mut();
    }
    shaded.swap(null_mut(), Ordering::AcqRel)
}

/// Some work lies in the pool: a hint.
#[inline(always)]
pub fn available() -> bool {
    FULL.load(Ordering::Relaxed) != 0
}

/// No session is open, no block lies in the pool, no root is left: all that may be grey was shaded
/// by barriers since.
fn exhausted() -> bool {
    SESSIONS.load(Ordering::SeqCst) == 0
        && FULL.load(Ordering::SeqCst) == 0
        && super::jobs::all_taken()
}

/// This thread shaded the object at `base`; without a P of its own the pool takes it.
pub(super) fn put_shaded(own: Option<OwnP<'_>>, base: usize) {
    let slot = own.map(|own| &SHARES.mine(own).shaded);
    let mut b = slot.map_or(null_mut(), |s| s.swap(null_mut(), Ordering::Acquire));
    // SAFETY: the block is ours between the two exchanges; there is room.
    unsafe {
        if b.is_null() {
            b = POOL.lock().take();
        }
        let n = (*b).len;
        *(&raw mut (*b).objects).cast::<usize>().add(n) = base;
        (*b).len = n + 1;
        match slot {
            Some(s) if n + 1 < BLOCK => s.store(b, Ordering::Release),
            _ => POOL.lock().put_full(b),
        }
    }
}

/// Begins a cycle: nothing marked yet.
pub(super) fn reset(stopped: &Stopped) {
    POOL.lock().counts = Counts::default();
    for share in SHARES.each(stopped) {
        share.counts.take();
        share.credit.take();
    }
}

/// What was marked in this cycle, with all sessions closed.
pub(super) fn counted(stopped: &Stopped) -> Counts {
    let mut pool = POOL.lock();
    for share in SHARES.each(stopped) {
        pool.counts.take(&mut share.counts.take());
    }
    pool.counts
}

/// There are others who could mark if there were work for two.
#[inline(always)]
pub(super) fn others() -> bool {
    GOMAXPROCS.load(Ordering::Relaxed) > 1
}

/// Work was put up for all: an idle P may take it.
#[inline]
pub(super) fn more_work() {
    if WAKE.wanted() {
        threads::wake_p();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::plocal;
    use core::ptr::NonNull;
    use std::sync::atomic::AtomicUsize;

    /// Threads pass numbers along: each n makes work n - 1 twice. All is done when the last session
    /// is closed that left nothing behind.
    #[test]
    fn nothing_is_lost_between_sessions() {
        for _ in 0..20 {
            let done = AtomicUsize::new(0);
            let first = join();
            // SAFETY: the block is ours.
            unsafe {
                (*first).objects[0] = 12;
                (*first).len = 1;
            }
            leave(first, &mut Counts::default());
            let session = |limit: usize| {
                let mut counts = Counts::default();
                let mut block = join();
                for _ in 0..limit {
                    // SAFETY: the block is ours until it is exchanged or given back.
                    unsafe {
                        if (*block).len == 0 {
                            let b = refill(block);
                            if b.is_null() {
                                break;
                            }
                            block = b;
                        }
                        (*block).len -= 1;
                        let n = (*block).objects[(*block).len];
                        done.fetch_add(1, Ordering::Relaxed);
                        counts.objects += 1;
                        for _ in 0..if n > 1 { 2 } else { 0 } {
                            if (*block).len == 3 {
                                block = exchange(block);
                            }
                            (*block).objects[(*block).len] = n - 1;
                            (*block).len += 1;
                        }
                    }
                }
                leave(block, &mut counts);
            };
            std::thread::scope(|s| {
                for limit in [7, 50, 100_000] {
                    let (session, done) = (&session, &done);
                    s.spawn(move || {
                        while done.load(Ordering::Relaxed) < (1 << 12) - 1 {
                            session(limit);
                        }
                    });
                }
            });
            assert_eq!(done.load(Ordering::Relaxed), (1 << 12) - 1);
            assert_eq!(SESSIONS.load(Ordering::Relaxed), 0);
            assert!(!available());
            let mut pool = POOL.lock();
            assert_eq!(core::mem::take(&mut pool.counts).objects, (1 << 12) - 1);
        }
        shaded_objects_can_be_taken();
    }

    /// Part of the test above: they share the pool.
    fn shaded_objects_can_be_taken() {
        // SAFETY: a new P; nobody else knows it.
        unsafe {
            let own = OwnP::new(NonNull::new_unchecked(plocal::new(0)));
            let shaded = &SHARES.mine(own).shaded;
            for i in 1..=BLOCK + 5 {
                put_shaded(Some(own), i);
            }
            let full = POOL.lock().pop_full();
            assert_eq!((*full).len, BLOCK);
            let rest = take_shaded(shaded);
            assert_eq!(((*rest).len, (*rest).objects[0]), (5, BLOCK + 1));
            assert!(take_shaded(shaded).is_null());
            let mut pool = POOL.lock();
            pool.put_free(full);
            pool.put_free(rest);
        }
    }
}
