//! The stacks of a trace: equal ones are one record with a number, written once at the end.
//!
//! Off-heap: a hash table of chains that grow at their head under a lock and are searched without,
//! in memory that goes back when the trace ends.

use super::log::Log;
use crate::mem;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Deepest stack recorded.
pub(super) const DEPTH: usize = 128;
/// Heads of the table's chains; more make searching faster and idle programs' memory larger.
const CHAINS: usize = 2048;
/// Bytes mapped at a time for records.
const BLOCK: usize = 64 << 10;

/// A stack; its pcs follow.
#[repr(C)]
struct Record {
    next: *mut Record,
    hash: usize,
    id: u32,
    len: u32,
}

impl Record {
    /// Its words.
    ///
    /// # Safety
    /// `r` is a record of the table, and the trace does not end during `'a`.
    unsafe fn pcs<'a>(r: *const Self) -> &'a [usize] {
        // SAFETY: by the caller's promise a record, and `len` words follow every one.
        unsafe { core::slice::from_raw_parts(r.add(1).cast(), (*r).len as usize) }
    }
}

/// Memory for records: a block starts with the address of the one before it.
struct Region {
    block: *mut u8,
    used: usize,
    last_id: u32,
}

static TABLE: [AtomicPtr<Record>; CHAINS] = [const { AtomicPtr::new(null_mut()) }; CHAINS];
/// Who adds a record.
static REGION: Mutex<Region, { rank::TRACE_STACKS }> = Mutex::new(Region {
    block: null_mut(),
    used: BLOCK,
    last_id: 0,
});

impl Region {
    fn alloc(&mut self, size: usize) -> *mut Record {
        debug_assert!(size.is_multiple_of(8) && size <= BLOCK - 8);
        if self.used + size > BLOCK {
            let new = mem::map_for(&mem::OTHER_SYS, BLOCK);
            if new.is_null() {
                crate::fatal::throw("trace: out of memory");
            }
            // SAFETY: the mapping is new, and begins with the address of the block before it.
            unsafe { *new.cast::<*mut u8>() = self.block };
            (self.block, self.used) = (new, 8);
        }
        let r = self.block.wrapping_add(self.used).cast();
        self.used += size;
        r
    }
}

fn find(first: *mut Record, hash: usize, pcs: &[usize]) -> u32 {
    let mut r = first;
    // SAFETY: records are complete before they are published, and live until the trace ends.
    while let Some(record) = unsafe { r.as_ref() } {
        // SAFETY: the same record, which is complete.
        if record.hash == hash && unsafe { Record::pcs(r) } == pcs {
            return record.id;
        }
        r = record.next;
    }
    0
}

/// The number of a stack, 0 for an empty one.
pub(super) fn id_of(pcs: &[usize]) -> u32 {
    if pcs.is_empty() {
        return 0;
    }
    let hash = pcs.iter().fold(pcs.len(), |h, &pc| {
        (h ^ pc).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    });
    let head = &TABLE[hash % CHAINS];
    // Acquire pairs with the Release below: a record that is seen is complete.
    let id = find(head.load(Ordering::Acquire), hash, pcs);
    if id != 0 {
        return id;
    }
    let mut region = REGION.lock();
    let first = head.load(Ordering::Acquire);
    let id = find(first, hash, pcs);
    if id != 0 {
        return id;
    }
    region.last_id += 1;
    let r = region.alloc(size_of::<Record>() + size_of_val(pcs));
    // SAFETY: fresh memory with room for the record and its pcs.
    unsafe {
        *r = Record {
            next: first,
            hash,
            id: region.last_id,
            len: pcs.len() as u32,
        };
        core::ptr::copy_nonoverlapping(pcs.as_ptr(), r.add(1).cast(), pcs.len());
    }
    head.store(r, Ordering::Release);
    region.last_id
}

/// Writes every stack and forgets them.
///
/// # Safety
/// Nobody traces any more.
pub unsafe fn dump(log: &mut Log) {
    let mut region = REGION.lock();
    for head in &TABLE {
        let mut r = head.swap(null_mut(), Ordering::Relaxed);
        // SAFETY: by the caller's promise nobody looks for records any more: they are ours.
        while let Some(record) = unsafe { r.as_ref() } {
            // SAFETY: a record of the table, which is complete.
            log.stack(record.id, unsafe { Record::pcs(r) });
            r = record.next;
        }
    }
    while !region.block.is_null() {
        let b = region.block;
        // SAFETY: nothing refers to the block's records any more.
        unsafe {
            region.block = *b.cast::<*mut u8>();
            mem::unmap_for(&mem::OTHER_SYS, b, BLOCK);
        }
    }
    (region.used, region.last_id) = (BLOCK, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stacks_have_one_number() {
        let stack = |i: usize| vec![i, i * 7, 3, i];
        let ids: Vec<u32> = (1..5000).map(|i| id_of(&stack(i))).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().zip(1..).all(|(&id, want)| id == want));
        for (i, &id) in (1..5000).zip(&ids) {
            assert_eq!(id_of(&stack(i)), id);
        }
        assert_eq!(id_of(&[]), 0);
        let mut log = Log::new();
        // SAFETY: no other test makes stacks.
        unsafe { dump(&mut log) };
        assert_eq!(id_of(&stack(9)), 1);
        // SAFETY: as above.
        unsafe { dump(&mut log) };
        crate::probe::log::finish(&mut log);
    }
}
