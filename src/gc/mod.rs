//! The collector: finds the objects that the program can still reach, and frees the others.
//!
//! Precise, non-moving mark and sweep. Marking runs with the world stopped, which the scheduler does at points where no
//! Rust frame of a goroutine is live ([`poll`]); sweeping is done span by span as allocation needs them (`heap::central`). `docs/gc.md` tells how
//! and why, and what changes when marking runs beside the program: roots, work list, barriers and the mark bits are made for that.
//!
//! Phases of a cycle, all between [`collect`]'s stop and start of the world:
//! 1. finish sweeping the last cycle; flush the Ps' caches, so that every span's bits are exact;
//! 2. mark from the roots ([`roots`]) until the work list ([`mark`]) is empty;
//! 3. queue the finalizers of objects found dead, which keeps them for one more cycle ([`finalizer`]);
//! 4. hand every span to the sweepers; set the size at which the next cycle starts ([`pace`]).
//!
//! Lock order: the world, special records, the finalizer queue; the heap's locks inside.

pub mod barrier;
pub mod finalizer;
pub mod helpers;
pub mod mark;
pub mod pace;
pub mod roots;
pub mod stats;
pub mod verify;
pub mod work;

use crate::abi::{Status, args};
use crate::heap;
use crate::sched::{self, state, stw};
use crate::time::clock;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

pub use barrier::{bulk as bulk_barrier, enabled as barrier_enabled, typed_memmove, write_ptr};
pub use pace::check_trigger;
pub use roots::add_root;

/// A cycle was asked for and has not begun.
static REQUESTED: AtomicBool = AtomicBool::new(false);
/// `sync.runtime_registerPoolCleanup`: called at the start of every cycle.
static POOL_CLEANUP: AtomicPtr<crate::abi::FuncVal> = AtomicPtr::new(core::ptr::null_mut());

unsafe extern "C" {
    /// asm/switch.S: calls a Go function on g0.
    fn gort_call_alg(f: *const crate::abi::FuncVal, a: *const u8, b: usize) -> usize;
}

/// At boot, after the Ps exist.
pub fn init() {
    stats::init();
    pace::init();
}

/// The heap has grown enough: a cycle starts as soon as the running goroutine reaches a safe point.
#[cold]
#[inline(never)]
pub fn request() {
    REQUESTED.store(true, Ordering::Relaxed);
    let g = sched::curg();
    if !g.is_null() {
        // SAFETY: the goroutine is stopped in the call that allocates.
        unsafe {
            (*g).preempt = 1;
            (*g).stackguard0 = crate::abi::STACK_PREEMPT;
        }
    }
}

/// Runs a cycle if one was asked for. The scheduler calls it on g0 where no Rust frame of a goroutine is live.
#[inline]
pub fn poll() {
    if REQUESTED.load(Ordering::Relaxed) {
        poll_slow();
    }
}

#[cold]
fn poll_slow() {
    // SAFETY: on g0 with a P; a goroutine that was running here is stopped with its context saved.
    unsafe {
        let start = clock::nanotime();
        if !stw::stop_world() {
            return;
        }
        if pace::due() {
            collect(Cause::Heap, start);
        }
        REQUESTED.store(false, Ordering::Relaxed);
        stw::start_world();
    }
    finalizer::wake();
}

/// Why a cycle runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The heap reached its goal.
    Heap,
    /// `runtime.GC` and the like: everything is swept before the world goes on.
    Forced,
}

/// One cycle; `start` is when the thread began to stop the world.
///
/// # Safety
/// This thread stopped the world.
pub unsafe fn collect(cause: Cause, start: i64) {
    // SAFETY: the world is stopped.
    unsafe {
        clear_pools();
        let before = heap::stats::HEAP_LIVE.load(Ordering::Relaxed);
        heap::central::sweep_all();
        flush_caches();
        let prepared = clock::nanotime();
        let goal = pace::enabled().then(pace::next_gc);
        let mut m = mark::Marker::new();
        let helped = helpers::call();
        if helped.is_some() {
            m.set_shared();
        }
        roots::mark_all(&mut m);
        finalizer::mark_held(&mut m);
        match helped {
            Some(generation) => m.drain_shared(generation),
            None => m.drain(),
        }
        finalizer::queue_dead(&mut m);
        m.drain();
        if pace::VERIFY.load(Ordering::Relaxed) {
            verify::check();
        }
        let rest = m.finish();
        let all = if helped.is_some() {
            work::counted()
        } else {
            (0, 0)
        };
        let marked = rest.0 + all.0;
        stats::LOOKUPS.fetch_add((rest.1 + all.1) as u64, Ordering::Relaxed);
        heap::sample::collected();
        let marked_at = clock::nanotime();
        heap::stats::HEAP_LIVE.store(marked, Ordering::Relaxed);
        pace::set_goal(marked);
        heap::central::start_sweep();
        if cause == Cause::Forced {
            heap::central::sweep_all();
        }
        stats::cycle_done(&stats::Cycle {
            cause,
            start,
            prepared,
            marked_at,
            before,
            marked,
            goal,
        });
    }
}

/// Gives every P's cached spans back, so that the spans' own bits and counts are exact.
///
/// # Safety
/// The world must be stopped.
pub unsafe fn flush_caches() {
    for p in (0..state::MAX_PROCS)
        .map(state::p_at)
        .take_while(|p| !p.is_null())
    {
        // SAFETY: Ps are never freed; with the world stopped nobody uses their caches.
        unsafe { heap::flush(&mut (*p).heap) };
    }
}

/// Runs the function that package sync registered. It is Go code that neither blocks nor allocates.
unsafe fn clear_pools() {
    let f = POOL_CLEANUP.load(Ordering::Relaxed);
    if !f.is_null() {
        // SAFETY: a Go function without arguments, made to be called with the world stopped.
        unsafe { gort_call_alg(f, core::ptr::null(), 0) };
    }
}

/// `sync.runtime_registerPoolCleanup`. The function is a static one: no root is needed.
pub unsafe fn register_pool_cleanup(a: &mut args::sync_runtime_registerPoolCleanup) {
    POOL_CLEANUP.store(a.cleanup.cast_mut(), Ordering::Relaxed);
}

/// `runtime.GC`.
pub unsafe fn gc_call(_a: &mut args::runtime_GC) -> Status {
    // SAFETY: system mode at a runtime call: the caller's context is saved.
    unsafe {
        let start = clock::nanotime();
        if !stw::stop_world() {
            return Status::Retry;
        }
        collect(Cause::Forced, start);
        stw::start_world();
    }
    finalizer::wake();
    Status::Done
}

/// `debug.FreeOSMemory`: a cycle, then everything free goes back to the system.
pub unsafe fn free_os_memory(_a: &mut args::runtime_debug_freeOSMemory) -> Status {
    // SAFETY: as in `gc_call`.
    unsafe {
        let start = clock::nanotime();
        if !stw::stop_world() {
            return Status::Retry;
        }
        collect(Cause::Forced, start);
        heap::pages::HEAP.lock().release_free();
        stw::start_world();
    }
    finalizer::wake();
    Status::Done
}

/// `p` was stored somewhere while marking runs: the object it points to is live.
#[cold]
#[inline(never)]
pub fn shade(p: *mut u8) {
    mark::shade(p as usize);
}
