//! All goroutines, threads and processors ever made, and how many are in use. The lists only grow:
//! they are walked without a lock.

use super::P;
use crate::abi::{G, M};
use crate::os;
use core::ptr;
use core::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// Largest GOMAXPROCS, as in Go 1.5.
#[doc(alias = "_MaxGomaxprocs")]
pub const MAX_PROCS: usize = 256;

/// Number of Ps in use.
#[doc(alias = "gomaxprocs")]
pub static GOMAXPROCS: AtomicU32 = AtomicU32::new(0);

/// Goroutine ids, handed out in batches.
pub static GOIDGEN: AtomicI64 = AtomicI64::new(0);
/// Gs ever made.
pub(crate) static GS: AtomicU64 = AtomicU64::new(0);
/// System goroutines.
pub static NGSYS: AtomicU32 = AtomicU32::new(0);
/// `runtime.main` has begun. Until then no thread is woken for a new goroutine, since nothing can
/// run in parallel with it.
pub static MAIN_STARTED: AtomicU32 = AtomicU32::new(0);

#[doc(alias = "allp")]
static ALL_PS: [AtomicPtr<P>; MAX_PROCS] = [const { AtomicPtr::new(ptr::null_mut()) }; MAX_PROCS];
/// Under a name of its own, for debuggers.
#[doc(alias = "allgs")]
#[unsafe(export_name = "gort_allgs")]
static ALL_GS: AtomicPtr<G> = AtomicPtr::new(ptr::null_mut());
#[doc(alias = "allm")]
static ALL_MS: AtomicPtr<M> = AtomicPtr::new(ptr::null_mut());

/// The P with this index.
pub fn p_at(i: usize) -> *mut P {
    ALL_PS[i].load(Ordering::Acquire)
}

/// Publishes a P.
pub fn set_p(i: usize, p: *mut P) {
    debug_assert!(!p.is_null() && p_at(i).is_null());
    ALL_PS[i].store(p, Ordering::Release);
}

/// Every P ever made, those beyond GOMAXPROCS too.
pub fn existing_ps() -> impl Iterator<Item = *mut P> {
    (0..MAX_PROCS).map(p_at).take_while(|p| !p.is_null())
}

/// The Ps in use.
pub fn all_ps() -> impl Iterator<Item = *mut P> {
    (0..GOMAXPROCS.load(Ordering::Acquire) as usize)
        .map(p_at)
        .filter(|p| !p.is_null())
}

/// Publishes a new G; it stays in the list for ever.
///
/// # Safety
/// `g` is new and will never be freed.
pub unsafe fn add_g(g: *mut G) {
    let mut head = ALL_GS.load(Ordering::Relaxed);
    debug_assert!(head != g);
    loop {
        // SAFETY: no other thread knows g yet.
        unsafe { (*g).alllink = head };
        match ALL_GS.compare_exchange(head, g, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => break,
            Err(h) => head = h,
        }
    }
    GS.fetch_add(1, Ordering::Relaxed);
}

/// Every G ever made, dead ones too, newest first.
pub fn all_gs() -> impl Iterator<Item = *mut G> {
    let first = ALL_GS.load(Ordering::Acquire);
    // SAFETY: Gs are never freed and their link is written before they are published.
    core::iter::successors((!first.is_null()).then_some(first), |&g| unsafe {
        (!(*g).alllink.is_null()).then_some((*g).alllink)
    })
}

/// Calls `f` with every G ever made, oldest first.
pub fn each_g_by_age(mut f: impl FnMut(*mut G)) {
    let n = all_gs().count();
    // They are listed newest first, and turned around in memory of their own, since the heap may be
    // what failed.
    let bytes = (n * size_of::<*mut G>()).next_multiple_of(4096);
    let list: *mut *mut G = os::map(0, bytes).cast();
    if list.is_null() {
        return;
    }
    // SAFETY: the memory holds n pointers and is ours.
    unsafe {
        let listed = core::slice::from_raw_parts_mut(list, n);
        // Newer ones may have come meanwhile.
        let newer = all_gs().count() - n;
        for (slot, g) in listed.iter_mut().rev().zip(all_gs().skip(newer)) {
            *slot = g;
        }
        listed.iter().for_each(|&g| f(g));
        os::unmap(list.cast(), bytes);
    }
}

/// Publishes a new M.
///
/// # Safety
/// `m` is new and will never be freed.
pub unsafe fn add_m(m: *mut M) {
    let mut head = ALL_MS.load(Ordering::Relaxed);
    debug_assert!(head != m);
    loop {
        // SAFETY: no other thread knows m yet.
        unsafe { (*m).alllink = head };
        match ALL_MS.compare_exchange(head, m, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(h) => head = h,
        }
    }
}

/// Every M ever made.
pub fn all_ms() -> impl Iterator<Item = *mut M> {
    let first = ALL_MS.load(Ordering::Acquire);
    // SAFETY: Ms are never freed and their link is written before they are published.
    core::iter::successors((!first.is_null()).then_some(first), |&m| unsafe {
        (!(*m).alllink.is_null()).then_some((*m).alllink)
    })
}
