//! The work list of marking: grey objects that wait to be scanned ([`super::grey`]), and what each P
//! has of them.
//!
//! The marker that closes the last session with the list empty tries to end the cycle.

use super::grey::{self, Pool, Shaded};
use crate::heap::stats::Counts;
use crate::sched::state::WAKE;
use crate::sched::threads;
use crate::world::lists::{self, GOMAXPROCS};
use crate::world::{OwnP, PLocal, Stopped, part};
use core::cell::Cell;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// Objects of a block: a block with its header is 8 KiB. Larger ones are shared less often.
pub(super) const BLOCK: usize = 1022;

/// Some grey objects.
pub(super) type Block = grey::Block<BLOCK>;

/// The collector's share of each P.
// SAFETY: zeroes are nothing shaded and no debt, and the part is this room's.
pub(super) static SHARES: PLocal<Share> = unsafe { PLocal::new(&part::GC) };

/// See [`SHARES`].
#[repr(C)]
#[derive(Debug)]
pub(super) struct Share {
    /// What the write barrier shaded.
    shaded: Shaded<BLOCK>,
    /// Marked by the write barrier: only the P's owner adds, and the collector with the world
    /// stopped.
    pub(super) counts: Cell<Counts>,
    /// Bytes that this P may allocate before it must help to mark; see [`super::worker::assist`].
    pub(super) credit: Cell<i64>,
    /// The last thing this P did was to mark, though goroutines wait.
    pub(super) marked_last: Cell<bool>,
}

/// What all markers share.
static POOL: Pool<BLOCK> = Pool::new();

/// Opens a session: an empty block.
pub(super) fn join() -> *mut Block {
    POOL.join()
}

/// Closes a session. True if it was the last and left nothing to do: all that may be grey was
/// shaded by barriers since.
pub(super) fn leave(b: *mut Block, counts: &mut Counts) -> bool {
    // SAFETY: there is one pool, and a session's block is its marker's.
    unsafe { POOL.leave(b, counts, super::jobs::all_taken) }
}

/// Puts a block with objects up for all, answers an empty one.
pub(super) fn exchange(full: *mut Block) -> *mut Block {
    // SAFETY: a session's block is its marker's, who takes the answer in its place.
    unsafe { POOL.exchange(full) }
}

/// An empty block.
pub(super) fn take() -> *mut Block {
    POOL.take()
}

/// Puts a block with objects up for all.
pub(super) fn put(full: *mut Block) {
    // SAFETY: a marker's, which has taken another in its place.
    unsafe { POOL.put(full) };
}

/// A block with objects for one that is empty; null if there is none.
pub(super) fn refill(empty: *mut Block) -> *mut Block {
    // SAFETY: a session's block is its marker's, who takes the answer in its place.
    unsafe { POOL.refill(empty, take_shaded) }
}

/// What some P's write barrier shaded; null if there is nothing.
fn take_shaded() -> *mut Block {
    for p in lists::existing_ps() {
        // SAFETY: Ps are never freed, and what barriers shaded is behind an atomic.
        let b = unsafe { (*SHARES.of(p)).shaded.take() };
        if !b.is_null() {
            return b;
        }
    }
    null_mut()
}

/// Some work lies in the pool: a hint.
#[inline(always)]
pub(super) fn available() -> bool {
    POOL.available()
}

/// This thread shaded the object at `base`; without a P of its own the pool takes it.
pub(super) fn put_shaded(own: Option<OwnP<'_>>, base: usize) {
    let Some(own) = own else {
        return POOL.put_one(base);
    };
    // SAFETY: the P is this thread's, and there is one pool.
    unsafe { SHARES.mine(own).shaded.put(&POOL, base) };
}

/// Begins a cycle: nothing marked yet.
pub(super) fn reset(stopped: &Stopped) {
    debug_assert!(!POOL.available());
    POOL.counts(|c| *c = Counts::default());
    for share in SHARES.each(stopped) {
        share.counts.take();
        share.credit.take();
    }
}

/// What was marked in this cycle, with all sessions closed.
pub(super) fn counted(stopped: &Stopped) -> Counts {
    POOL.counts(|counts| {
        for share in SHARES.each(stopped) {
            counts.take(&mut share.counts.take());
        }
        *counts
    })
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
            // SAFETY: the test has just taken the block.
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
            assert!(leave(join(), &mut Counts::default()), "no other session");
            assert!(!available());
            assert_eq!(POOL.counts(core::mem::take).objects, (1 << 12) - 1);
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
            let full = refill(take());
            assert_eq!((*full).len, BLOCK);
            let rest = shaded.take();
            assert_eq!(((*rest).len, (*rest).objects[0]), (5, BLOCK + 1));
            assert!(shaded.take().is_null());
        }
    }
}
