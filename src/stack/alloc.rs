//! Where stacks come from.
//!
//! Orders 0..5 (2 to 32 KiB) are cut from slabs and kept in free lists, per P and shared; larger
//! stacks are mappings of their own, of which a few of each size are kept. A free stack's first
//! word links it.

use super::{poison, size::MIN_STACK};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::{OwnP, PLocal, part};
use crate::{mem, os};
use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

/// Sizes that are cut from slabs.
#[doc(alias = "_NumStackOrders")]
const ORDERS: usize = 5;
/// Bytes of a slab: larger wastes more when only one size is used.
const SLAB: usize = 256 << 10;
/// Bytes of free stacks of one order that a P keeps; half of them move at a time.
#[doc(alias = "_StackCacheSize")]
const CACHE: usize = 32 << 10;
/// Free large stacks kept of each size.
const LARGE_KEPT: usize = 4;
/// Sizes of large stacks: up to 2^(11 + ORDERS + 20).
const LARGE: usize = 20;

/// Bytes of stacks in use, and obtained from the system (MemStats).
pub static STACK_INUSE: AtomicU64 = AtomicU64::new(0);
/// See [`STACK_INUSE`].
pub static STACK_SYS: AtomicU64 = AtomicU64::new(0);

/// Each P's free stacks, by order.
// SAFETY: zeroes are empty lists, and the part is this room's.
static FREE: PLocal<[Cell<List>; ORDERS]> = unsafe { PLocal::new(&part::STACK) };

#[derive(Debug, Clone, Copy)]
struct List {
    head: usize,
    len: usize,
}

impl List {
    const EMPTY: Self = Self { head: 0, len: 0 };

    /// # Safety
    /// `lo` is a free stack.
    unsafe fn push(&mut self, lo: usize) {
        debug_assert!(lo != 0 && lo != self.head && lo.is_multiple_of(MIN_STACK));
        // SAFETY: the caller's stack is free: nobody uses its memory, and it has a first word.
        unsafe { *(lo as *mut usize) = self.head };
        self.head = lo;
        self.len += 1;
    }

    fn pop(&mut self) -> usize {
        let lo = self.head;
        if lo != 0 {
            debug_assert!(self.len > 0);
            // SAFETY: members are free stacks linked by their first word.
            self.head = unsafe { *(lo as *const usize) };
            self.len -= 1;
        }
        lo
    }
}

/// Stacks from this order on have a slab of their own, whose memory comes by page faults: of a
/// stack that has just grown to 32 KiB two pages in eight may never be touched. Of smaller ones
/// every page is: more than half was needed before it grew, and the link of the free lists lies in
/// the lowest page.
const SPARSE: usize = 4;

struct Pool {
    small: [List; ORDERS],
    /// What is left of the slab for the orders below [`SPARSE`], and of that for the others.
    slabs: [[usize; 2]; 2],
    /// Of the former.
    ahead: mem::Ahead,
    large: [List; LARGE],
}

#[doc(alias = "stackpool")]
#[doc(alias = "stackpoolmu")]
static POOL: Mutex<Pool, { rank::STACK_POOL }> = Mutex::new(Pool {
    small: [List::EMPTY; ORDERS],
    slabs: [[0, 0]; 2],
    ahead: mem::Ahead::new(),
    large: [List::EMPTY; LARGE],
});

fn order_of(size: usize) -> usize {
    debug_assert!(size.is_power_of_two() && size >= MIN_STACK);
    (size / MIN_STACK).trailing_zeros() as usize
}

fn no_memory() -> ! {
    crate::fatal::throw("runtime: cannot allocate memory for a goroutine stack")
}

impl Pool {
    /// A stack of `order` from the shared list or a slab.
    #[doc(alias = "stackpoolalloc")]
    fn take(&mut self, order: usize) -> usize {
        let lo = self.small[order].pop();
        if lo != 0 {
            return lo;
        }
        let size = MIN_STACK << order;
        let sparse = order >= SPARSE;
        let slab = &mut self.slabs[usize::from(sparse)];
        if slab[0] + size > slab[1] {
            // What is left of the slab becomes smaller stacks.
            for o in (0..order).rev() {
                while slab[0] + (MIN_STACK << o) <= slab[1] {
                    // SAFETY: nothing has used this part of the slab, and nothing else will.
                    unsafe { self.small[o].push(slab[0]) };
                    slab[0] += MIN_STACK << o;
                }
            }
            let p = os::map(0, SLAB) as usize;
            if p == 0 {
                no_memory();
            }
            STACK_SYS.fetch_add(SLAB as u64, Ordering::Relaxed);
            *slab = [p, p + SLAB];
            if !sparse {
                self.ahead.begin(p);
            }
        }
        let lo = slab[0];
        slab[0] += size;
        if !sparse {
            // SAFETY: the memory up to the slab's end is the pool's, and nothing uses it yet.
            unsafe { self.ahead.reach(lo + size, slab[1]) };
        }
        lo
    }
}

/// A stack of `size` bytes (a power of two): its bounds.
#[doc(alias = "stackalloc")]
#[doc(alias = "mHeap_AllocStack")]
pub fn alloc(size: usize) -> (usize, usize) {
    STACK_INUSE.fetch_add(size as u64, Ordering::Relaxed);
    let order = order_of(size);
    let lo = if order < ORDERS {
        // SAFETY: the thread keeps its P meanwhile.
        if let Some(own) = unsafe { OwnP::current() } {
            let kept = &FREE.mine(own)[order];
            let mut list = kept.get();
            if list.head == 0 {
                let mut pool = POOL.lock();
                for _ in 0..(CACHE / 2 / size).max(1) {
                    // SAFETY: what the pool gives is free.
                    unsafe { list.push(pool.take(order)) };
                }
            }
            let lo = list.pop();
            kept.set(list);
            lo
        } else {
            POOL.lock().take(order)
        }
    } else {
        let kept = POOL.lock().large[order - ORDERS].pop();
        if kept != 0 {
            kept
        } else {
            STACK_SYS.fetch_add(size as u64, Ordering::Relaxed);
            os::map(0, size) as usize
        }
    };
    if lo == 0 {
        no_memory();
    }
    if poison::on() {
        // SAFETY: the stack is new, so nobody uses it yet.
        unsafe { poison::fill(lo, lo + size) };
    }
    (lo, lo + size)
}

/// Gives a stack back.
///
/// # Safety
/// Nothing uses it any more; `size` is what it was made with.
#[doc(alias = "stackfree")]
#[doc(alias = "stackpoolfree")]
#[doc(alias = "mHeap_FreeStack")]
pub unsafe fn free(lo: usize, size: usize) {
    STACK_INUSE.fetch_sub(size as u64, Ordering::Relaxed);
    if poison::on() {
        // SAFETY: nothing uses the caller's stack any more.
        unsafe { poison::fill(lo, lo + size) };
    }
    let order = order_of(size);
    if order < ORDERS {
        // SAFETY: the thread keeps its P meanwhile.
        let Some(own) = (unsafe { OwnP::current() }) else {
            // SAFETY: the caller's stack is free from here on.
            unsafe { POOL.lock().small[order].push(lo) };
            return;
        };
        let kept = &FREE.mine(own)[order];
        let mut list = kept.get();
        // SAFETY: the caller's stack is free from here on.
        unsafe { list.push(lo) };
        if list.len * size >= CACHE {
            let mut pool = POOL.lock();
            while list.len * size > CACHE / 2 {
                // SAFETY: what was in the list is free, and `CACHE / 2` bytes are not all of it.
                unsafe { pool.small[order].push(list.pop()) };
            }
        }
        kept.set(list);
        return;
    }
    {
        let mut pool = POOL.lock();
        let list = &mut pool.large[order - ORDERS];
        if list.len < LARGE_KEPT {
            // SAFETY: the caller's stack is free from here on.
            unsafe { list.push(lo) };
            return;
        }
    }
    STACK_SYS.fetch_sub(size as u64, Ordering::Relaxed);
    // SAFETY: a large stack is a mapping of its own, which nothing uses any more.
    unsafe { os::unmap(lo as *mut u8, size) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_stacks_get_their_memory_by_page_faults() {
        const SIZE: usize = 32 << 10;
        const PAGE: usize = 4096;
        // More slabs than any purpose gets by page faults.
        let mut pool = POOL.lock();
        let stacks: Vec<usize> = (0..40 * SLAB / SIZE).map(|_| pool.take(SPARSE)).collect();
        drop(pool);
        let resident = |&lo: &usize| {
            let mut pages = [0u8; SIZE / PAGE];
            // SAFETY: asks about the stack's pages, and there is a byte for each.
            let r = unsafe { libc::mincore(lo as *mut _, SIZE, pages.as_mut_ptr()) };
            assert_eq!(r, 0);
            pages.iter().filter(|&&p| p & 1 != 0).count()
        };
        let all: usize = stacks.iter().map(resident).sum();
        assert_eq!(all, 0);
    }
}
