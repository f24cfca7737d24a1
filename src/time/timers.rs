//! Arming, stopping and firing timers.
//!
//! A timer is in at most one heap. Its `i` is 0, or the number of the heap (from 1) above
//! [`PLACE_BITS`] and its index there below; `i` is written under the heap's lock only, so a thread
//! that finds the same heap number after taking that lock owns the timer until it unlocks.

use super::heap::{Heap, PLACE_BITS, place};
use crate::abi::{Eface, FuncVal, G, RuntimeTimer, Sys, args};
use crate::fatal::clock::nanotime;
use crate::fatal::walk::{Walk, holds, same};
use crate::probe::trace;
use crate::sched::alarm::BATCH;
use crate::sched::state::WAKE;
use crate::sched::threads;
use crate::sync::mutex::RawMutex;
use crate::sync::rank;
use crate::world::glist::GList;
use crate::world::{P, PLocal, Right, Runnable, Stopped, lists, part};
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU32, Ordering};

unsafe extern "C" {
    /// asm/switch.S: calls `f(arg, seq)` in compiled code, on this stack.
    fn gort_call_timer(f: *const FuncVal, typ: *const crate::abi::Type, data: *mut u8, seq: usize);
}

/// The timers of each P.
// SAFETY: zeroes are no timers, and the part is this room's.
static TIMERS: PLocal<LockedHeap> = unsafe { PLocal::new(&part::TIME) };

/// A P's timers.
#[derive(Debug)]
#[repr(C)]
struct LockedHeap {
    lock: RawMutex<{ rank::TIMERS }>,
    /// The heap's number, 0 before the first timer.
    id: AtomicU32,
    /// The first timer was stopped, so the P's `first_timer` may be too early. Written under the
    /// lock.
    early: AtomicBool,
    heap: UnsafeCell<Heap>,
}

// SAFETY: only who holds the lock of a heap touches it.
unsafe impl Sync for LockedHeap {}

/// The timers of a P: [`LockedHeap`], and the P's word that says when the first one is due.
#[derive(Clone, Copy)]
struct Timers(*mut P);

impl core::ops::Deref for Timers {
    type Target = LockedHeap;

    #[inline(always)]
    fn deref(&self) -> &LockedHeap {
        // SAFETY: the value names one of the Ps, which are never freed.
        unsafe { TIMERS.shared(self.0) }
    }
}

/// Ps whose heaps ever had a timer, by the heap's number less one. At least as many slots as there
/// can be Ps.
#[doc(alias = "timers")]
static HEAPS: [AtomicPtr<P>; 256] = [const { AtomicPtr::new(null_mut()) }; 256];
/// Heaps in use in [`HEAPS`].
static NHEAPS: AtomicU32 = AtomicU32::new(0);

/// A timer function that is Rust: a [`FuncVal`] whose code is [`RUST`], which no Go function has,
/// and behind it what to call, with the interface's data word and the timer's `seq`. It is a static
/// of the timer's owner.
#[derive(Debug)]
#[repr(C)]
pub struct RustTimer {
    code: &'static u8,
    call: unsafe fn(data: *mut u8, seq: usize),
}

/// Its address says that a timer function is Rust.
static RUST: u8 = 0;

impl RustTimer {
    /// A timer with this function calls `call`, on a system stack and with no lock held.
    pub const fn new(call: unsafe fn(data: *mut u8, seq: usize)) -> Self {
        Self { code: &RUST, call }
    }

    /// The timer's `f`.
    pub fn f(&'static self) -> *const FuncVal {
        core::ptr::from_ref(self).cast()
    }
}

impl Timers {
    /// See [`Watched::first_timer`](crate::world::p::Watched).
    #[inline(always)]
    fn first(&self) -> &AtomicI64 {
        // SAFETY: the value names one of the Ps, which are never freed.
        unsafe { &(*self.0).watched.first_timer }
    }

    /// Registers the heap on first use. Called under the lock.
    fn number(&self) -> u32 {
        let id = self.id.load(Ordering::Relaxed);
        if id != 0 {
            return id;
        }
        let id = NHEAPS.fetch_add(1, Ordering::Relaxed) + 1;
        if id as usize > HEAPS.len() {
            crate::fatal::throw("runtime: too many timer heaps");
        }
        // SAFETY: the caller holds the lock, and has no other reference to the heap in use.
        unsafe { (*self.heap.get()).set_id(i64::from(id)) };
        self.id.store(id, Ordering::Relaxed);
        // Release: who finds the heap in the table finds its number set.
        HEAPS[id as usize - 1].store(self.0, Ordering::Release);
        id
    }

    /// After a timer was added, under the lock.
    fn publish_first(&self) {
        // SeqCst pairs with the idle thread's: it says that it will sleep, then reads the word; we
        // write it, then ask who sleeps.
        self.first().store(self.first_when(), Ordering::SeqCst);
        self.early.store(false, Ordering::Relaxed);
    }

    /// After one was removed, under the lock. Who does not see it yet looks too early, and again.
    fn publish_later(&self) {
        self.first().store(self.first_when(), Ordering::Release);
        self.early.store(false, Ordering::Relaxed);
    }

    /// For the P's `first_timer`. Under the lock.
    fn first_when(&self) -> i64 {
        // SAFETY: the caller holds the lock, under which the heap is its own.
        unsafe { (*self.heap.get()).first_when() }.unwrap_or(0)
    }
}

fn heaps() -> impl Iterator<Item = Timers> {
    let n = (NHEAPS.load(Ordering::Acquire) as usize).min(HEAPS.len());
    HEAPS[..n].iter().filter_map(|h| {
        let p = h.load(Ordering::Acquire);
        (!p.is_null()).then_some(Timers(p))
    })
}

/// The heap that `t` is in, locked, or none when it is in no heap.
///
/// # Safety
///
/// `t` is alive.
unsafe fn lock_heap_of(t: *mut RuntimeTimer) -> Option<Timers> {
    loop {
        // SAFETY: by the caller's promise the timer is alive.
        let i = unsafe { place(t) };
        if i == 0 {
            return None;
        }
        debug_assert!((i >> PLACE_BITS) as u32 <= NHEAPS.load(Ordering::Relaxed));
        // Only published heaps give numbers.
        let h = Timers(HEAPS[(i >> PLACE_BITS) as usize - 1].load(Ordering::Acquire));
        h.lock.lock();
        // SAFETY: by the caller's promise the timer is alive.
        if unsafe { place(t) } >> PLACE_BITS == i >> PLACE_BITS {
            return Some(h);
        }
        // It fired, was stopped, or moved to another heap meanwhile.
        h.lock.unlock();
    }
}

/// Arms `t` to be due at its `when`, on the heap of this thread's P. True if that is earlier than
/// anybody knows of: then the caller unlocks and calls [`announce`].
///
/// # Safety
/// `t` is in no heap and stays alive and in place until it fires or is stopped. The caller holds
/// the heap's lock.
unsafe fn add_locked(h: Timers, t: *mut RuntimeTimer) -> bool {
    debug_assert!(rank::is_held(rank::TIMERS));
    h.number();
    // The heap is a root that was perhaps marked from already, and off the collector's map: the new
    // reference is shaded like any stored pointer.
    if crate::world::phase::enabled() {
        crate::gc::mark::shade(t.cast());
    }
    // SAFETY: by the caller's promise the lock is held, so the heap is ours, and the timer, in no
    // heap yet, is.
    unsafe {
        // A time that overflowed is "never", and 0 stands for no timer in `first_timer`.
        (*t).when = if (*t).when < 0 {
            i64::MAX
        } else {
            (*t).when.max(1)
        };
        (*h.heap.get()).push(t);
        // The word may be that of a timer stopped since, which was due no later: who sleeps looks
        // again then. So a timer that is put off again and again, as deadlines are, wakes nobody.
        let published = h.first().load(Ordering::Relaxed);
        if published == 0 || (*t).when < published {
            h.publish_first();
            return true;
        }
    }
    false
}

/// Tells the scheduler of a new first timer.
fn announce(when: i64) {
    crate::sched::alarm::wake_for_timer(when);
}

/// Arms `t`, running `locked` before anyone can see it fire.
///
/// # Safety
/// As [`start`].
pub(super) unsafe fn start_with(t: *mut RuntimeTimer, locked: impl FnOnce()) {
    // This thread has a P: it runs a runtime call or the scheduler.
    let h = Timers(crate::world::getp());
    h.lock.lock();
    // SAFETY: by the caller's promise the timer is in no heap; `when` is read before it can be used
    // again.
    let (first, when) = unsafe { (add_locked(h, t), (*t).when) };
    locked();
    h.lock.unlock();
    if first {
        announce(when);
    }
}

/// Arms `t`; if it is armed already it is armed anew. System mode, with a P.
///
/// # Safety
/// `t` stays alive and in place until it fires or is stopped; nobody else arms it at the same time.
#[doc(alias = "addtimer")]
pub unsafe fn start(t: *mut RuntimeTimer) {
    // SAFETY: by the caller's promise the timer is alive, stays in place, and nobody else arms it:
    // stopped, it is in no heap.
    unsafe {
        stop(t);
        start_with(t, || {});
    }
}

/// `t` is in a heap, unless it fires just now.
///
/// # Safety
/// `t` is live.
pub unsafe fn is_armed(t: *mut RuntimeTimer) -> bool {
    // SAFETY: by the caller's promise the timer is alive.
    unsafe { place(t) != 0 }
}

/// Disarms `t`; true if it was armed.
///
/// # Safety
/// `t` is live.
#[doc(alias = "deltimer")]
pub unsafe fn stop(t: *mut RuntimeTimer) -> bool {
    // SAFETY: by the caller's promise the timer is alive.
    let Some(h) = (unsafe { lock_heap_of(t) }) else {
        return false;
    };
    // SAFETY: the lock of its heap is held: its place there is the one that it says.
    let at = unsafe {
        let at = (place(t) & ((1 << PLACE_BITS) - 1)) as usize;
        (*h.heap.get()).remove(at);
        at
    };
    if at == 0 {
        // Not published: most timers that are stopped are armed anew, for later.
        h.early.store(true, Ordering::Relaxed);
    }
    h.lock.unlock();
    true
}

/// Runs up to [`BATCH`] timers of `p` (any P) that are due. System mode, on a thread with a P,
/// holding no lock.
///
/// # Safety
/// As said: timer functions are compiled code that allocates and readies goroutines.
pub unsafe fn check(p: *mut P) {
    // SAFETY: on a system stack of a thread with a P, without locks, by the caller's promise.
    unsafe { run(Timers(p), nanotime(), || {}) }
}

/// [`check`] of `of`, but the goroutine that each timer readies goes to `ready` and not to the run
/// queue of this thread's own `p`.
///
/// # Safety
/// As [`check`]; this thread holds `p`.
pub unsafe fn check_into(p: *mut P, of: *mut P, ready: &mut GList<Runnable>) {
    // SAFETY: by the caller's promise this thread holds p, whose queue is atomic.
    let runq = unsafe { &(*p).runq };
    let next = runq.take_next();
    let after = || {
        let g = runq.take_next() as *mut G;
        // SAFETY: who was readied became the next one on the ring of this P, from where only a
        // thief takes it away; a goroutine that we get from there is on no queue.
        if let Some(g) = unsafe { Runnable::from_word(g) } {
            ready.push(g);
        }
    };
    // SAFETY: on a system stack of a thread with a P, without locks, by the caller's promise.
    unsafe { run(Timers(of), nanotime(), after) };
    if next != 0 {
        runq.put_next(next);
        // Somebody may have looked meanwhile, and gone to sleep.
        if WAKE.wanted() {
            threads::wake_p();
        }
    }
}

/// Runs up to [`BATCH`] timers of `h` that are due, and `after` after each.
///
/// # Safety
///
/// As [`check`].
#[doc(alias = "runtimer")]
#[doc(alias = "timerproc")]
unsafe fn run(h: Timers, now: i64, mut after: impl FnMut()) {
    for _ in 0..BATCH {
        h.lock.lock();
        // SAFETY: the lock is held; timers in the heap are alive. Function and argument are copied
        // before unlocking: then the timer may be stopped, armed anew or dropped by its owner.
        let (f, arg, seq) = unsafe {
            let heap = &mut *h.heap.get();
            if heap.first_when().is_none_or(|when| when > now) {
                if h.early.load(Ordering::Relaxed) {
                    h.publish_later();
                }
                h.lock.unlock();
                return;
            }
            let t = heap.get(0);
            let call = ((*t).f, (*t).arg, (*t).seq);
            debug_assert!(!(*t).f.is_null());
            if (*t).period > 0 {
                // The next multiple of the period that is not in the past.
                let late = (now - (*t).when) / (*t).period;
                (*t).when = (*t)
                    .when
                    .saturating_add((*t).period.saturating_mul(late + 1));
                heap.first_changed();
            } else {
                heap.remove(0);
            }
            h.publish_later();
            call
        };
        h.lock.unlock();
        let _traced = trace::Timers::run();
        // SAFETY: what the timer's owner asked for, on a system stack; no lock is held.
        unsafe { call(f, arg, seq) };
        after();
    }
}

/// Calls the function of a timer.
///
/// # Safety
/// On a system stack, without locks; `f` and the rest are those of a timer that was armed.
unsafe fn call(f: *const FuncVal, arg: Eface, seq: usize) {
    // SAFETY: by the caller's promise a func value.
    let code = unsafe { (*f).code };
    // SAFETY: it is a func(interface{}, uintptr), or the head of a `RustTimer`, whose argument is
    // what that one was armed with.
    unsafe {
        if code == (&raw const RUST).addr() {
            ((*f.cast::<RustTimer>()).call)(arg.data, seq);
        } else {
            gort_call_timer(f, arg.typ, arg.data, seq);
        }
    }
}

/// For a thread that is to wait for timers: has [`next_when`] forget those that were stopped before
/// this thread came to wait. A wait for one would end too early, and if there is no other timer, it
/// would hide a deadlock until then.
pub fn forget_stopped() {
    for h in heaps().filter(|h| h.early.load(Ordering::Relaxed)) {
        h.lock.lock();
        if h.early.load(Ordering::Relaxed) {
            h.publish_later();
        }
        h.lock.unlock();
    }
}

/// When the first of all timers is due, or sooner, if one was stopped since ([`forget_stopped`]);
/// `i64::MAX`: there are none.
pub fn next_when() -> i64 {
    heaps()
        .map(|h| h.first().load(Ordering::SeqCst))
        .filter(|&w| w != 0)
        .min()
        .unwrap_or(i64::MAX)
}

/// Moves all timers of Ps from the one with the number `first` on to the first P.
pub fn move_from(_: &Stopped, first: u32) {
    let to = Timers(lists::p_at(0));
    for from in lists::existing_ps().skip(first as usize).map(Timers) {
        // With the world stopped nobody waits for either lock while holding the other.
        from.lock.lock();
        to.lock.lock();
        // SAFETY: the lock is held, under which the heap is ours.
        let heap = unsafe { &mut *from.heap.get() };
        while !heap.is_empty() {
            let last = heap.len() - 1;
            let t = heap.get(last);
            // SAFETY: both locks are held; the timer is alive while it is armed, and then in no
            // heap.
            unsafe {
                heap.remove(last);
                add_locked(to, t);
            }
        }
        from.publish_later();
        to.publish_first();
        to.lock.unlock();
        from.lock.unlock();
    }
}

/// Every heap is in order, and its P's word says when its first timer is due, or less if it may be
/// too early.
pub(crate) fn walk() -> Walk {
    for h in heaps() {
        h.lock.lock();
        // SAFETY: the lock is held, under which the heap does not change.
        let walk = unsafe { (*h.heap.get()).walk() }.and_then(|()| {
            let (is, first) = (h.first().load(Ordering::Relaxed), h.first_when());
            let what = "published time of a P's timers";
            if h.early.load(Ordering::Relaxed) {
                let in_time = is != 0 && (first == 0 || is <= first);
                return holds(what, h.0 as usize, in_time);
            }
            same(what, h.0 as usize, is as usize, first as usize)
        });
        h.lock.unlock();
        walk?;
    }
    Ok(())
}

/// Calls `f` with every armed timer: those in Go objects are roots of the collector. With the world
/// stopped, or tolerating that timers armed during the walk may be missed (arming shades them).
pub fn for_each_root(f: &mut dyn FnMut(usize)) {
    for h in heaps() {
        h.lock.lock();
        // SAFETY: the lock is held, under which the heap does not change.
        let heap = unsafe { &*h.heap.get() };
        for i in 0..heap.len() {
            f(heap.get(i) as usize);
        }
        h.lock.unlock();
    }
}

/// `time.startTimer`.
pub fn start_timer(_: Sys<'_>, a: &mut args::time_startTimer) {
    // SAFETY: package time passes a timer; its object is a root while it is armed, and nobody else
    // arms it.
    unsafe { start(a.a0) };
}

/// `time.stopTimer`.
pub fn stop_timer(_: Sys<'_>, a: &mut args::time_stopTimer) {
    // SAFETY: package time passes a timer, which its frame names.
    a.r0 = unsafe { stop(a.a0) };
}
