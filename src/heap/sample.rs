//! The heap profile: every so many bytes (`runtime.MemProfileRate`, on average) an allocation is
//! recorded with its stack.
//!
//! The usual allocation pays nothing for it. Bytes are counted when a cache takes a window of
//! slots; when the next sample falls into a window, the slots from it on are set aside
//! ([`super::cache::Cache::rest`]), so that the allocation in question finds the window used up and
//! comes here. With a rate of 1 that is every allocation.
//!
//! A profile shows the state at the end of the last collection whose sweeping is complete: what was
//! allocated until then and what that collection found dead. What was allocated later stays out,
//! since nobody knows yet how much of it lives. `runtime.GC` sweeps everything.

use super::find::find_object;
use super::owned::OwnedSpan;
use super::span::{Bucket, SAMPLE_DEPTH, Sample, Span};
use super::trigger;
use crate::probe::rates::MEM_PROFILE_RATE;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::unwind::frames::{self, Frames};
use crate::{mem, world};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// Hash chains: more stacks than this make chains longer, nothing else.
const CHAINS: usize = 4096;

pub(crate) struct Profile {
    chains: *mut *mut Bucket,
    pub(crate) all: *mut Bucket,
    free: *mut Sample,
}

// SAFETY: the records belong to the profile, not to a thread.
unsafe impl Send for Profile {}

/// Taken after no other lock; takes `mem`'s inside.
#[doc(alias = "proflock")]
pub(crate) static PROFILE: Mutex<Profile, { rank::MEM_PROFILE }> = Mutex::new(Profile {
    chains: null_mut(),
    all: null_mut(),
    free: null_mut(),
});

/// Number of markings of which the profile shows the result.
static SHOWN: AtomicUsize = AtomicUsize::new(0);

/// The rate that all caches know, or will after the next stop of the world.
pub(super) static SEEN: AtomicI64 = AtomicI64::new(0);

/// At boot.
pub fn init() {
    SEEN.store(rate(), Ordering::Relaxed);
    PROFILE.lock().chains = mem::persistent_for(&mem::BUCK_HASH_SYS, CHAINS * 8, 8).cast();
}

/// Average bytes between two samples; 0: no samples.
#[inline(always)]
pub(super) fn rate() -> i64 {
    // Host tests have no goroutine whose stack could be recorded.
    if cfg!(test) {
        0
    } else {
        MEM_PROFILE_RATE.load(Ordering::Relaxed)
    }
}

/// Bytes until the next sample: the rate on average.
#[doc(alias = "nextSample")]
pub(super) fn distance(rate: i64) -> i64 {
    let limit = rate.clamp(0, 0x3fff_ffff).wrapping_mul(2) as u64;
    if limit == 0 {
        i64::MAX
    } else {
        (world::fastrand() % limit) as i64
    }
}

/// Splits `free` slots of `size` bytes where the next sample falls: those before it, and those from
/// it on. Counts the former.
#[inline]
pub(super) fn split(free: u64, size: usize, next: &mut i64) -> (u64, u64) {
    debug_assert!(size > 0 && *next >= 0);
    let bytes = (u64::from(free.count_ones()) as i64).wrapping_mul(size as i64);
    if bytes < *next {
        *next = next.wrapping_sub(bytes);
        return (free, 0);
    }
    let mut rest = free;
    // Slots of 8 bytes and more: fewer than 64 rounds, as the window has no more than that.
    while rest != 0 && *next >= size as i64 {
        *next = next.wrapping_sub(size as i64);
        rest &= rest.wrapping_sub(1);
    }
    *next = 0;
    (free & !rest, rest)
}

impl Profile {
    /// The allocation site of this stack and size, made on first use.
    fn bucket(&mut self, stack: &[usize], size: usize) -> *mut Bucket {
        debug_assert!(stack.len() <= SAMPLE_DEPTH && !self.chains.is_null());
        let mut hash = size as u64;
        for &pc in stack {
            hash = (hash ^ pc as u64)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29);
        }
        // SAFETY: there are `CHAINS` chains from boot on; they hold buckets, which are never freed
        // and which the lock guards that `self` stands for.
        unsafe {
            let chain = self.chains.add(hash as usize % CHAINS);
            let mut b = *chain;
            while !b.is_null() {
                if (*b).hash == hash && (*b).size == size && (&(*b).stack)[..(*b).depth] == *stack {
                    return b;
                }
                b = (*b).next;
            }
            b = mem::persistent_in(&mem::BUCK_HASH_SYS);
            (*b).size = size;
            (*b).hash = hash;
            (*b).depth = stack.len();
            for (to, &pc) in (*b).stack.iter_mut().zip(stack) {
                *to = pc;
            }
            (*b).next = *chain;
            *chain = b;
            (*b).all_next = self.all;
            self.all = b;
            b
        }
    }

    /// Records the allocation of object `index` of `span` at `bucket`.
    ///
    /// # Safety
    /// The object is live, so its span stays; the bucket is the profile's.
    unsafe fn add(&mut self, span: *mut Span, index: usize, bucket: *mut Bucket) {
        // SAFETY: the caller's object is one of the span's.
        debug_assert!(unsafe { (*span).is_alloc(index) });
        let mut s = self.free;
        // SAFETY: records are valid under the lock.
        unsafe {
            (*bucket).allocs[trigger::cycle() % 2] += 1;
            if s.is_null() {
                s = mem::persistent();
            } else {
                self.free = (*s).next;
            }
            s.write(Sample {
                next: (*span).samples.load(Ordering::Relaxed),
                bucket,
                index,
            });
            (*span).samples.store(s, Ordering::Relaxed);
        }
    }
}

/// Records the allocation of the object at `p`, by the goroutine that called into the runtime.
///
/// # Safety
/// In system mode; the object must be the caller's.
#[doc(alias = "mProf_Malloc")]
#[cold]
pub unsafe fn record(p: *mut u8) {
    let Some(o) = find_object(p as usize) else {
        return;
    };
    let g = world::curg();
    let mut stack = [0; SAMPLE_DEPTH];
    let depth = if g.is_null() {
        0
    } else {
        // SAFETY: the goroutine is stopped in its call.
        let (call, frames) = unsafe { ((*g).parkmap, Frames::of(g)) };
        // Go shows the runtime's function too, unless it is the plain one.
        let plain = crate::code::symtab::name_of(call) == b"runtime.newobject";
        frames::record(frames, usize::from(plain), &mut stack)
    };
    let mut profile = PROFILE.lock();
    // SAFETY: the object is the caller's, so its span stays.
    let size = unsafe { (*o.span).elemsize };
    let bucket = profile.bucket(&stack[..depth], size);
    // SAFETY: the object is the caller's, and the bucket has just been found.
    unsafe { profile.add(o.span, o.index, bucket) };
}

/// `s` is about to be swept: samples that are not marked count as freed.
///
/// # Safety
/// Marking is finished, and the span was not swept since.
#[cold]
pub(super) unsafe fn swept(s: &OwnedSpan) {
    let mut profile = PROFILE.lock();
    // SAFETY: records are valid under the lock; so is the span.
    unsafe {
        let mut kept = null_mut();
        let mut at = s.samples.load(Ordering::Relaxed);
        while !at.is_null() {
            let next = (*at).next;
            if s.is_marked((*at).index) {
                (*at).next = kept;
                kept = at;
            } else {
                (*(*at).bucket).frees += 1;
                (*at).next = profile.free;
                profile.free = at;
            }
            at = next;
        }
        s.samples.store(kept, Ordering::Relaxed);
    }
}

/// Everything is swept: from now on a profile shows the result of the last marking. Must be called
/// between any two markings.
pub fn publish() {
    if SHOWN.load(Ordering::Relaxed) == trigger::cycle() {
        return;
    }
    let profile = PROFILE.lock();
    // Somebody may have done it while we waited.
    let cycle = trigger::cycle();
    if SHOWN.swap(cycle, Ordering::Relaxed) == cycle {
        return;
    }
    let mut b = profile.all;
    while !b.is_null() {
        // SAFETY: buckets are valid under the lock.
        unsafe {
            (*b).shown.allocs += core::mem::take(&mut (*b).allocs[(cycle + 1) % 2]);
            (*b).shown.frees += core::mem::take(&mut (*b).frees);
            b = (*b).all_next;
        }
    }
}

/// Calls `f` with every allocation site of the profile: its address, bytes of an object, stack,
/// allocated and freed objects up to now.
pub fn each_site(mut f: impl FnMut(usize, usize, &[usize], i64, i64)) {
    let profile = PROFILE.lock();
    let mut b = profile.all;
    while !b.is_null() {
        // SAFETY: buckets are valid under the lock.
        unsafe {
            let bucket = &*b;
            f(
                b as usize,
                bucket.size,
                &bucket.stack[..bucket.depth],
                bucket.shown.allocs + bucket.allocs[0] + bucket.allocs[1],
                bucket.shown.frees + bucket.frees,
            );
            b = bucket.all_next;
        }
    }
}

/// Calls `f` with every sampled object of `span` and the address of its allocation site.
///
/// # Safety
/// The span must be valid.
pub unsafe fn each_of(span: *mut Span, mut f: impl FnMut(usize, usize)) {
    let _profile = PROFILE.lock();
    // SAFETY: records are valid under the lock.
    unsafe {
        let mut s = (*span).samples.load(Ordering::Relaxed);
        while !s.is_null() {
            f((*span).address_of((*s).index), (*s).bucket as usize);
            s = (*s).next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_split_at_the_sample() {
        for (free, size, start) in [
            (!0u64, 8usize, 100i64),
            (0b1011, 16, 33),
            (0b1011, 16, 0),
            (!0, 8, 512),
            (!0, 8, 513),
            (1, 1024, 5),
        ] {
            let mut next = start;
            let (before, rest) = split(free, size, &mut next);
            assert_eq!((before | rest, before & rest), (free, 0));
            let n = i64::from(before.count_ones());
            if rest == 0 {
                assert_eq!(next, start - n * size as i64);
                assert!(next >= 0);
            } else {
                assert_eq!(next, 0);
                assert_eq!(n, start / size as i64);
                assert!(before < rest & rest.wrapping_neg());
            }
        }
    }
}
