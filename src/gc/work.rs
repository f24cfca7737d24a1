//! The work list of marking: blocks of grey objects, shared by the threads that mark, and the end of marking.
//!
//! Each marker fills and empties a block of its own. Full blocks go to the pool; a marker whose block is empty takes one from there,
//! and when there is none it counts itself idle and waits. When all that take part are idle nothing is grey any more: only a marker
//! that is not idle can make work. Helpers join when they get to run, so a late one delays nobody.
//!
//! Everything here changes under the pool's lock; [`HINT`] only saves waiting markers from taking it in vain.

use crate::os::{mem, sys};
use crate::sync::mutex::Mutex;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

/// Objects of a block: a block with its header is 8 KiB. Larger ones are shared less often.
pub const BLOCK: usize = 1022;
/// Looks at [`HINT`] before the processor is given to somebody else.
const SPINS: u32 = 200;

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

struct Pool {
    free: *mut Block,
    full: *mut Block,
    /// Blocks of objects shaded by barriers; the first one is being filled.
    shaded: *mut Block,
    /// Number of the current marking; 0 while there is none.
    active: u32,
    generation: u32,
    taking_part: u32,
    idle: u32,
    /// Marked by helpers: bytes and objects.
    bytes: usize,
    objects: usize,
}

// SAFETY: blocks belong to whoever took them under the lock.
unsafe impl Send for Pool {}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    free: null_mut(),
    full: null_mut(),
    shaded: null_mut(),
    active: 0,
    generation: 0,
    taking_part: 0,
    idle: 0,
    bytes: 0,
    objects: 0,
});

/// Changes whenever a waiting marker has a reason to look: a block was put, or marking ended.
static HINT: AtomicU32 = AtomicU32::new(0);
/// Markers that wait for work: those with much share it then.
static HUNGRY: AtomicU32 = AtomicU32::new(0);

impl Pool {
    fn take(&mut self) -> *mut Block {
        let b = self.free;
        if b.is_null() {
            return mem::persistent();
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

    fn pop_full(&mut self) -> *mut Block {
        if self.full.is_null() {
            // What barriers shaded is work like any other.
            self.full = core::mem::replace(&mut self.shaded, null_mut());
        }
        let b = self.full;
        if !b.is_null() {
            // SAFETY: blocks of the pool are valid.
            self.full = unsafe { (*b).next };
        }
        b
    }
}

/// An empty block.
pub fn new_block() -> *mut Block {
    POOL.lock().take()
}

/// Gives a block back.
pub(super) fn free_block(b: *mut Block) {
    POOL.lock().put_free(b);
}

/// Puts a block with objects up for all, answers an empty one.
pub(super) fn exchange(full: *mut Block) -> *mut Block {
    let mut pool = POOL.lock();
    // SAFETY: the caller gives the block away.
    unsafe { (*full).next = pool.full };
    pool.full = full;
    let b = pool.take();
    drop(pool);
    HINT.fetch_add(1, Ordering::Release);
    b
}

/// Whether a marker waits for work.
#[inline(always)]
pub fn hungry() -> bool {
    HUNGRY.load(Ordering::Relaxed) != 0
}

/// A block with objects for one that is empty; null if there is none, for a marker that works alone.
pub(super) fn refill(empty: *mut Block) -> *mut Block {
    let mut pool = POOL.lock();
    let b = pool.pop_full();
    if !b.is_null() {
        pool.put_free(empty);
    }
    b
}

/// Begins marking that helpers may join. The caller takes part.
pub fn open() -> u32 {
    let mut pool = POOL.lock();
    pool.generation = pool.generation.wrapping_add(1).max(1);
    pool.active = pool.generation;
    pool.taking_part = 1;
    pool.idle = 0;
    pool.bytes = 0;
    pool.objects = 0;
    HUNGRY.store(0, Ordering::Relaxed);
    pool.generation
}

/// Joins the current marking; none if there is none.
pub fn join() -> Option<u32> {
    let mut pool = POOL.lock();
    if pool.active == 0 {
        return None;
    }
    pool.taking_part += 1;
    Some(pool.active)
}

/// As [`refill`], for a marker of `generation`: waits for work, null when marking has ended. `counts` is what it has marked since its last call.
pub(super) fn wait(generation: u32, empty: *mut Block, counts: &mut (usize, usize)) -> *mut Block {
    let mut pool = POOL.lock();
    if pool.active == generation {
        pool.bytes += core::mem::take(&mut counts.0);
        pool.objects += core::mem::take(&mut counts.1);
        pool.idle += 1;
        HUNGRY.fetch_add(1, Ordering::Relaxed);
    }
    let mut spins = 0;
    loop {
        if pool.active != generation {
            return null_mut();
        }
        let b = pool.pop_full();
        if !b.is_null() {
            pool.idle -= 1;
            HUNGRY.fetch_sub(1, Ordering::Relaxed);
            pool.put_free(empty);
            return b;
        }
        if pool.idle == pool.taking_part {
            pool.active = 0;
            drop(pool);
            HUNGRY.store(0, Ordering::Relaxed);
            HINT.fetch_add(1, Ordering::Release);
            return null_mut();
        }
        let seen = HINT.load(Ordering::Acquire);
        drop(pool);
        while HINT.load(Ordering::Acquire) == seen {
            spins += 1;
            if spins % SPINS == 0 {
                sys::sched_yield();
            } else {
                core::hint::spin_loop();
            }
        }
        pool = POOL.lock();
    }
}

/// What the markers of the ended marking counted: bytes and objects.
pub fn counted() -> (usize, usize) {
    let pool = POOL.lock();
    (pool.bytes, pool.objects)
}

/// A barrier shaded the object at `base`.
pub fn put_shaded(base: usize) {
    let mut pool = POOL.lock();
    // SAFETY: blocks of the pool are valid; there is room.
    unsafe {
        if pool.shaded.is_null() || (*pool.shaded).len == BLOCK {
            let b = pool.take();
            (*b).next = pool.shaded;
            pool.shaded = b;
        }
        let b = pool.shaded;
        (*b).objects[(*b).len] = base;
        (*b).len += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// Threads pass numbers along: each n makes work n - 1 twice. Ends when all is done, and not before.
    #[test]
    fn marking_ends_when_all_work_is_done() {
        for round in 0..20 {
            let done = AtomicUsize::new(0);
            let generation = open();
            let first = new_block();
            // SAFETY: the block is ours.
            unsafe {
                (*first).objects[0] = 12;
                (*first).len = 1;
            }
            free_block(exchange(first));
            let run = |generation: u32| {
                let mut counts = (0, 0);
                let mut block = new_block();
                loop {
                    let b = wait(generation, block, &mut counts);
                    if b.is_null() {
                        free_block(block);
                        return;
                    }
                    block = b;
                    // SAFETY: the blocks are ours between wait and exchange.
                    unsafe {
                        while (*block).len > 0 {
                            (*block).len -= 1;
                            let n = (*block).objects[(*block).len];
                            done.fetch_add(1, Ordering::Relaxed);
                            counts.1 += 1;
                            if n > 1 {
                                let mut out = new_block();
                                for _ in 0..2 {
                                    (*out).objects[(*out).len] = n - 1;
                                    (*out).len += 1;
                                }
                                out = exchange(out);
                                free_block(out);
                            }
                        }
                    }
                }
            };
            std::thread::scope(|s| {
                for _ in 0..3 {
                    s.spawn(|| {
                        if let Some(generation) = join() {
                            run(generation);
                        }
                    });
                }
                run(generation);
                assert_eq!(done.load(Ordering::Relaxed), (1 << 12) - 1, "round {round}");
                assert_eq!(counted().1, (1 << 12) - 1);
            });
        }
    }
}
