//! Records of deferred calls: pools, `deferproc`, `deferreturn`.
//!
//! Records are off-heap and come from per-P pools by size of their arguments. A P keeps up to two
//! batches of each size; more go to a shared stack of whole batches, so that a goroutine that
//! defers on one P and returns on another does not starve the first.
//!
//! A record is part of its goroutine's stack in all but place: the collector scans it with the
//! stack ([`crate::unwind::deferred`]), so it is written without barriers, and addresses in it that
//! point into the stack move with the stack.

use crate::abi::{Defer, G, Leaf, Slow, Sys, args};
use crate::sync::mutex::RawMutex;
use crate::sync::rank;
use crate::sync::stack::{self, Node};
use crate::world::deferred::args_of;
use crate::world::{OwnP, PLocal, part};
use crate::{fatal, mem, world};
use core::cell::Cell;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

/// Room for arguments in the records of each pool.
const ROOM: [usize; 4] = [32, 128, 512, 2048];
/// `Defer::pool` of a record with its own mapping.
const LARGE: u8 = ROOM.len() as u8;
/// Records in a batch: more means fewer trips to the shared stack and more memory in idle Ps.
const BATCH: u32 = 32;
/// Bytes of new records made at a time; larger records come in smaller numbers.
const CHUNK: usize = 8 << 10;

/// A P's records of one size.
struct Pool {
    /// At most [`BATCH`] records, linked by `link`.
    free: Cell<*mut Defer>,
    /// Length of `free`.
    n: Cell<u32>,
    /// A whole batch, or null.
    full: Cell<*mut Defer>,
}

/// Each P's records, by size.
// SAFETY: zeroes are empty pools, and the part is this room's.
static POOLS: PLocal<[Pool; ROOM.len()]> = unsafe { PLocal::new(&part::PANIC) };

impl Pool {
    /// A record, or null.
    ///
    /// # Safety
    /// The pool is that of a P which this thread holds.
    #[inline(always)]
    unsafe fn take(&self) -> *mut Defer {
        let d = self.free.get();
        if !d.is_null() {
            // SAFETY: records in a pool are dead, and the pool is this thread's, by the caller's
            // promise.
            self.free.set(unsafe { (*d).link });
            self.n.set(self.n.get() - 1);
        }
        d
    }

    /// Puts a list of `n` records into the empty one.
    fn fill(&self, list: *mut Defer, n: u32) {
        self.free.set(list);
        self.n.set(n);
    }
}

/// Whole batches for any P, for each pool. The first record of a batch links to the next batch by
/// `panic`.
static SHARED: [AtomicPtr<Defer>; ROOM.len()] =
    [const { AtomicPtr::new(ptr::null_mut()) }; ROOM.len()];
/// Only its holder takes batches from [`SHARED`].
static TAKER: RawMutex<{ rank::DEFER_POOL }> = RawMutex::new();

/// Copies `bytes` (a multiple of 8) of arguments; deferred calls mostly have few.
///
/// # Safety
///
/// `from` has as many bytes, `to` has room for them, and they do not overlap.
#[inline(always)]
unsafe fn copy_args(to: *mut u8, from: *const u8, bytes: usize) {
    debug_assert!(bytes.is_multiple_of(8));
    let (to, from): (*mut usize, *const usize) = (to.cast(), from.cast());
    // SAFETY: by the caller's promise both sides have `bytes` bytes and do not overlap.
    unsafe {
        match bytes / 8 {
            0 => {}
            1 => *to = *from,
            2 => {
                *to = *from;
                *to.add(1) = *from.add(1);
            }
            n => ptr::copy_nonoverlapping(from, to, n),
        }
    }
}

/// Fills a record for the call at `a` and puts it on the goroutine's list.
///
/// # Safety
///
/// `g` is the goroutine that makes the call whose arguments are at `a`; `d` is a dead record of the
/// caller's with room for them.
#[inline(always)]
unsafe fn push(g: *mut G, d: *mut Defer, pool: u8, a: &args::runtime_deferproc) {
    debug_assert!(pool == LARGE || a.siz as usize <= ROOM[usize::from(pool)]);
    let sp = &raw const *a as usize;
    // SAFETY: the caller owns g and d; the word below the arguments is the return address, the
    // call's own arguments follow the two declared ones.
    unsafe {
        *d = Defer {
            siz: a.siz,
            started: 0,
            pool,
            unused: 0,
            sp,
            pc: *((sp - 8) as *const usize),
            fn_: a.fn_,
            panic: ptr::null_mut(),
            link: (*g).defer,
        };
        copy_args(args_of(d), (sp + 16) as *const u8, a.siz as usize);
        (*g).defer = d;
    }
}

/// `runtime.deferproc` while the P has a small record.
#[doc(alias = "deferproc")]
pub fn deferproc_fast(_: Leaf<'_>, a: &mut args::runtime_deferproc) -> Result<(), Slow> {
    let g = world::getg();
    // SAFETY: g is the goroutine that runs on this thread, which has its M.
    let p = unsafe { world::p_of((*g).m.load(Ordering::Relaxed)) };
    let p = NonNull::new(p).ok_or(Slow)?;
    if a.siz as u32 > ROOM[0] as u32 {
        return Err(Slow);
    }
    // SAFETY: this thread holds the P, and with it its pools, until we return.
    let d = unsafe { POOLS.mine(OwnP::new(p))[0].take() };
    if d.is_null() {
        return Err(Slow);
    }
    // SAFETY: g makes this very call; the record is off its pool, which is that of its size.
    unsafe { push(g, d, 0, a) };
    Ok(())
}

/// `runtime.deferproc`: makes records.
pub fn deferproc_slow(_: Sys<'_>, a: &mut args::runtime_deferproc) {
    let g = world::curg();
    let sp = &raw const *a as usize;
    // SAFETY: a goroutine that called in is stopped in this call: its stack stays in place.
    if g.is_null() || !unsafe { (*g).stack_lo..(*g).stack_hi }.contains(&sp) {
        fatal::throw("defer on system stack");
    }
    let size = a.siz as usize;
    let Some(class) = ROOM.iter().position(|&room| size <= room) else {
        let d: *mut Defer = mem::map_for(&mem::OTHER_SYS, size_of::<Defer>() + size).cast();
        if d.is_null() {
            fatal::throw("runtime: cannot allocate memory");
        }
        // SAFETY: g makes this very call, and the new record has room for its arguments.
        unsafe { push(g, d, LARGE, a) };
        return;
    };
    // SAFETY: in system mode at a runtime call the thread holds a P. The pool is not empty after a
    // refill, and g makes this very call; no safe point comes before its arguments are copied.
    unsafe {
        let pool = &POOLS.mine(OwnP::held())[class];
        if pool.free.get().is_null() {
            refill(pool, class);
        }
        push(g, pool.take(), class as u8, a);
    }
}

/// Gets records into an empty list.
fn refill(pool: &Pool, class: usize) {
    debug_assert!(pool.free.get().is_null() && pool.n.get() == 0);
    let mut batch = pool.full.replace(ptr::null_mut());
    if batch.is_null() {
        batch = take_batch(class);
    }
    if !batch.is_null() {
        pool.fill(batch, BATCH);
        return;
    }
    let size = size_of::<Defer>() + ROOM[class];
    let n = (CHUNK / size).clamp(1, BATCH as usize);
    let chunk = mem::persistent_alloc(n * size, 16);
    for i in 0..n {
        let d: *mut Defer = chunk.wrapping_add(i * size).cast();
        // SAFETY: the chunk has n records, which nobody else knows.
        unsafe { (*d).link = batch };
        batch = d;
    }
    pool.fill(batch, n as u32);
}

// SAFETY: a record in a pool is in no panic, so the word is free to link it.
unsafe impl Node for Defer {
    /// # Safety
    /// As [`Node::link`].
    #[inline(always)]
    unsafe fn link(this: *mut Self) -> *mut *mut Self {
        // SAFETY: by the caller's promise `this` is a record.
        unsafe { (&raw mut (*this).panic).cast() }
    }
}

fn take_batch(class: usize) -> *mut Defer {
    // SAFETY: records live for ever; who holds the taker's lock is the only one that takes any.
    unsafe { stack::pop(&SHARED[class], &TAKER) }
}

/// Gives a batch (of at least one record) away.
fn give_batch(class: usize, batch: *mut Defer) {
    debug_assert!(!batch.is_null());
    // SAFETY: the batch is the caller's, and has one record at least.
    unsafe { stack::push(&SHARED[class], batch) };
}

/// Gives a record back. On a goroutine's stack or g0, with a P.
///
/// # Safety
/// The record is off its goroutine's list.
#[inline(always)]
pub(super) unsafe fn free(d: *mut Defer) {
    // SAFETY: by the caller's promise the record is off its list, and ours.
    let class = unsafe { (*d).pool } as usize;
    // SAFETY: this thread has a P, and with it its pools, until we return.
    let own = unsafe { OwnP::held() };
    let Some(pool) = POOLS.mine(own).get(class) else {
        // SAFETY: a record of no pool has a mapping of its own, of this size.
        unsafe {
            let size = size_of::<Defer>() + (*d).siz as usize;
            mem::unmap_for(&mem::OTHER_SYS, d.cast(), size);
        }
        return;
    };
    if pool.n.get() == BATCH {
        spill(pool, class);
    }
    // SAFETY: the record is ours until it is in the pool.
    unsafe { (*d).link = pool.free.replace(d) };
    pool.n.set(pool.n.get() + 1);
}

#[cold]
#[inline(never)]
fn spill(pool: &Pool, class: usize) {
    debug_assert!(pool.n.get() == BATCH && !pool.free.get().is_null());
    let batch = pool.full.replace(pool.free.get());
    pool.fill(ptr::null_mut(), 0);
    if !batch.is_null() {
        give_batch(class, batch);
    }
}

/// What `deferreturn` found.
#[repr(C)]
#[derive(Debug)]
struct Found {
    /// Func value to call, possibly nil.
    func: usize,
    /// 1 when there is one.
    found: usize,
}

/// Takes the innermost record if it belongs to the frame whose outgoing area is at `argp`, and
/// leaves its arguments there.
///
/// # Safety
/// Called by `runtime.deferreturn` (asm/panic.S) on the goroutine's stack; no safe point comes
/// before the jump to the function.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_deferreturn(argp: *mut u8) -> Found {
    let g = world::getg();
    // SAFETY: g is the goroutine that runs on this thread: its list is ours.
    let d = unsafe { (*g).defer };
    // SAFETY: records on a list are alive.
    if d.is_null() || unsafe { (*d).sp } != argp as usize {
        return Found { func: 0, found: 0 };
    }
    // SAFETY: the frame has room for the arguments, which it once pushed for deferproc; off the
    // list the record is ours.
    unsafe {
        copy_args(argp, args_of(d), (*d).siz as usize);
        let func = (*d).fn_ as usize;
        (*g).defer = (*d).link;
        free(d);
        Found { func, found: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(n: usize) -> *mut Defer {
        let mut first: *mut Defer = ptr::null_mut();
        for _ in 0..n {
            // SAFETY: all fields are numbers and raw pointers.
            let mut d: Box<Defer> = Box::new(unsafe { core::mem::zeroed() });
            d.link = first;
            first = Box::into_raw(d);
        }
        first
    }

    fn length(mut d: *mut Defer) -> usize {
        let mut n = 0;
        // SAFETY: the records of these tests are leaked and well linked.
        while let Some(r) = unsafe { d.as_ref() } {
            n += 1;
            d = r.link;
        }
        n
    }

    #[test]
    fn batches_come_back_whole() {
        // The last class: nothing else in this process uses it.
        let class = ROOM.len() - 1;
        assert!(take_batch(class).is_null());
        let (a, b) = (records(3), records(5));
        give_batch(class, a);
        give_batch(class, b);
        assert_eq!((take_batch(class), take_batch(class)), (b, a));
        assert!(take_batch(class).is_null());
        assert_eq!((length(a), length(b)), (3, 5));
    }

    #[test]
    fn batches_survive_many_threads() {
        let class = ROOM.len() - 2;
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(move || {
                    let mut mine = 0;
                    for i in 0..2000 {
                        if i % 2 == 0 {
                            give_batch(class, records(2));
                        } else {
                            mine += length(take_batch(class));
                        }
                    }
                    mine
                })
            })
            .collect();
        let mut taken: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
        loop {
            let batch = take_batch(class);
            if batch.is_null() {
                break;
            }
            taken += length(batch);
        }
        assert_eq!(taken, 4 * 1000 * 2);
    }

    #[test]
    fn a_full_list_becomes_a_batch() {
        let batch = records(BATCH as usize);
        let pool = Pool {
            free: Cell::new(batch),
            n: Cell::new(BATCH),
            full: Cell::new(ptr::null_mut()),
        };
        spill(&pool, 0);
        assert_eq!((pool.full.get(), pool.n.get()), (batch, 0));
        assert!(pool.free.get().is_null());
        refill(&pool, 0);
        assert_eq!((pool.free.get(), pool.n.get()), (batch, BATCH));
    }
}
