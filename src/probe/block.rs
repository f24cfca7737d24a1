//! The blocking profile as it comes about: a goroutine that parks notes the time if the profile is
//! on; who readies it counts the wait under its stack, which still stands as it parked. Equal
//! stacks share a bucket; buckets are off-heap and never freed.

use super::rates::ticks;
use crate::abi::G;
use crate::mem;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::unwind::frames::{self, Frames};
use crate::world::{self, WaitReason, g};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI64, Ordering};

/// Deepest stack recorded.
const DEPTH: usize = 32;
/// Heads of the hash table's chains.
const CHAINS: usize = 256;

/// Ticks of waiting for each sample on average; 1 = every wait, 0 = off.
pub(crate) static RATE: AtomicI64 = AtomicI64::new(0);

pub(crate) struct Bucket {
    pub(crate) next: *mut Bucket,
    pub(crate) count: i64,
    pub(crate) cycles: i64,
    n: usize,
    pub(crate) pcs: [usize; DEPTH],
}

pub(crate) struct Table {
    pub(crate) chains: [*mut Bucket; CHAINS],
    pub(crate) len: usize,
}

/// Innermost lock but for `mem`.
pub(crate) static TABLE: Mutex<Table, { rank::BLOCK_PROFILE }> = Mutex::new(Table {
    chains: [null_mut(); CHAINS],
    len: 0,
});

/// The profile is on.
#[inline]
pub fn enabled() -> bool {
    RATE.load(Ordering::Relaxed) != 0
}

/// `g` parks: notes when, if it is a wait that counts.
///
/// # Safety
/// Before others can ready `g`.
#[cold]
pub unsafe fn parks(g: *mut G, reason: WaitReason) {
    let counts = matches!(
        reason,
        WaitReason::ChanReceive
            | WaitReason::ChanSend
            | WaitReason::Select
            | WaitReason::Semacquire
            | WaitReason::CondWait
    );
    if counts {
        // SAFETY: by the caller's promise nobody else has the goroutine yet: the word is ours.
        unsafe { (*g).blockedat = ticks().max(1) };
    }
}

/// `g`, which noted when it parked, is about to be readied: counts the wait.
///
/// # Safety
/// `g` is parked, and nobody else readies it.
#[doc(alias = "blockevent")]
#[cold]
pub unsafe fn wakes(g: *mut G) {
    // SAFETY: by the caller's promise the goroutine is ours to ready: so is the word.
    let cycles = ticks() - unsafe { core::mem::take(&mut (*g).blockedat) };
    let rate = RATE.load(Ordering::Relaxed);
    // Shorter waits are sampled in proportion to their length.
    if rate <= 0
        || cycles <= 0
        || (rate > cycles && (world::fastrand() >> 1) as i64 % rate > cycles)
    {
        return;
    }
    let mut pcs = [0; DEPTH];
    // SAFETY: g is parked, and nobody else readies it. The collector may be about to move the
    // stack, which it cannot while we hold the goroutine.
    let n = unsafe {
        let _still = g::Still::own(g);
        frames::record(Frames::of(g), frames::details(g), &mut pcs)
    };
    let mut table = TABLE.lock();
    let bucket = table.bucket(&pcs, n);
    // SAFETY: buckets are never freed, and their counts are under the lock of the table.
    unsafe {
        (*bucket).count += 1;
        (*bucket).cycles += cycles;
    }
}

impl Table {
    /// The bucket of a stack; made if there is none.
    fn bucket(&mut self, pcs: &[usize; DEPTH], n: usize) -> *mut Bucket {
        let hash = pcs.iter().fold(n, |h, &pc| {
            (h ^ pc).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        });
        let head = &mut self.chains[hash % CHAINS];
        let mut b = *head;
        // SAFETY: buckets are never freed, and their links and stacks do not change.
        while let Some(bucket) = unsafe { b.as_ref() } {
            if bucket.n == n && bucket.pcs == *pcs {
                return b;
            }
            b = bucket.next;
        }
        let new: *mut Bucket = mem::persistent_in(&mem::BUCK_HASH_SYS);
        // SAFETY: new memory for a bucket, which nobody else knows.
        unsafe {
            *new = Bucket {
                next: *head,
                count: 0,
                cycles: 0,
                n,
                pcs: *pcs,
            };
        }
        *head = new;
        self.len += 1;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stacks_share_a_bucket() {
        let mut t = Table {
            chains: [null_mut(); CHAINS],
            len: 0,
        };
        let stack = |pc: usize| {
            let mut s = [0; DEPTH];
            s[0] = pc;
            s
        };
        let a = t.bucket(&stack(1), 1);
        assert_ne!(a, t.bucket(&stack(2), 1));
        assert_eq!(a, t.bucket(&stack(1), 1));
        for pc in 3..3000 {
            t.bucket(&stack(pc), 1);
        }
        assert_eq!((t.len, t.bucket(&stack(1), 1)), (2999, a));
    }
}
