//! Roots: where the program's pointers start.
//!
//! - Go variables: the linker's masks of data and bss. Pointer-free sections hold itab cells and
//!   the like, which lead to nothing in the heap.
//! - Goroutine stacks, frame by frame, with the arguments of the runtime call that each is stopped
//!   in.
//! - Saved closures, pending deferred calls, running panics.
//! - What the runtime itself holds: the finalizer queue, single words registered with [`add_root`],
//!   what rooms above answer for ([`SOURCES`]: timers).
//!
//! Marking is precise, so a root that is left out here is a use after free: code that keeps a Go
//! pointer off-heap registers it.
//!
//! All roots are marked once while the program runs, in jobs that the markers take one after the
//! other ([`mark_next`]). Stores into variables and the runtime's words go through the write
//! barrier, so they need no second scan. Stacks do: compiled code stores into its own frame without
//! barrier. A goroutine that runs after its stack was scanned, or is made meanwhile, enters a list
//! ([`ran`](crate::world::ran::ran)); the stacks on it are scanned again, concurrently while they
//! are many, and finally with the world stopped.
//!
//! While a stack is scanned its goroutine is held at rest ([`Still`]): a thread that wants to
//! change its state waits.

use super::jobs::{FINALIZERS, JOBS, NEXT, STACKS_LEFT};
use super::mark::Marker;
use super::specials;
use crate::abi::G;
use crate::code::sites;
use crate::fatal::Hook;
use crate::fatal::clock;
use crate::heap::dead;
use crate::heap::layout::load;
use crate::sched::{interrupt, stw};
use crate::stack::poison;
use crate::sync::mutex::{Guard, Mutex};
use crate::sync::rank;
use crate::unwind::pointers;
use crate::world::g::{Hold, Still, ask_to_stop, status_of};
use crate::world::ran::{note_ran, set_held, take_ran};
use crate::world::{GState, Stopped, lists, registers};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Most words that can be registered: subsystems, not objects.
const MAX_WORDS: usize = 64;
/// Bytes of variables that one job marks from: a fraction of a stop's budget when nothing is
/// cached.
const CHUNK: usize = 128 << 10;
/// Bytes of stack in use that the first stop still scans.
const SHALLOW: usize = 16 << 10;
/// Stacks of this size are not scanned in the final stop if that can be avoided: some ten thousand
/// frames take a millisecond.
const DEEP: usize = 64 << 10;
/// Most goroutines that are held at a time.
const MOST_HELD: usize = 64;
/// How long to wait for one of them to stop.
const HOLD_NS: i64 = 2_000_000;
/// Goroutines of one job.
const STACKS: usize = 16;

struct Words {
    slots: [usize; MAX_WORDS],
    len: usize,
}

static WORDS: Mutex<Words, { rank::GC_ROOTS }> = Mutex::new(Words {
    slots: [0; MAX_WORDS],
    len: 0,
});

/// Registers a word of the runtime, at a place that never moves, that may hold a Go pointer.
pub fn add_root(slot: *const usize) {
    debug_assert!(slot.is_aligned());
    let mut w = WORDS.lock();
    if w.len == MAX_WORDS {
        crate::fatal::throw("too many runtime roots");
    }
    let n = w.len;
    w.slots[n] = slot as usize;
    w.len += 1;
}

/// Next goroutine whose stack is to be scanned.
static NEXT_G: Mutex<Cursor, { rank::GC_NEXT_G }> = Mutex::new(Cursor(null_mut()));
/// Number of the present cycle: what `G::scanned` is compared with.
static CYCLE: AtomicUsize = AtomicUsize::new(0);

struct Cursor(*mut G);
// SAFETY: the cursor is behind a lock, and Gs are never freed.
unsafe impl Send for Cursor {}

fn chunks() -> (usize, usize) {
    let h = sites::header();
    let n = |a: u64, b: u64| ((b - a) as usize).div_ceil(CHUNK);
    (n(h.data, h.edata), n(h.bss, h.ebss))
}

/// Begins a cycle: everything is to be marked from.
pub(super) fn prepare(_: &Stopped) {
    CYCLE.fetch_add(1, Ordering::Relaxed);
    // What is left of the last cycle's list says nothing about this one.
    take_ran(|_| {});
    let (data, bss) = chunks();
    JOBS.store(data + bss + 1, Ordering::Relaxed);
    NEXT.store(0, Ordering::Relaxed);
    specials::mark_start();
    FINALIZERS.store(true, Ordering::Relaxed);
    let first = lists::all_gs().next().unwrap_or(null_mut());
    NEXT_G.lock().0 = first;
    STACKS_LEFT.store(!first.is_null(), Ordering::Release);
}

/// Marks from some roots that nobody has marked from yet; false if there are none. Stacks that are
/// too large become smaller if `shrink` says so: a stop of the world has no time for that.
///
/// # Safety
/// While marking.
#[doc(alias = "markroot")]
pub(super) unsafe fn mark_next(m: &mut Marker, shrink: bool) -> bool {
    if NEXT.load(Ordering::Relaxed) < JOBS.load(Ordering::Relaxed) {
        let job = NEXT.fetch_add(1, Ordering::Relaxed);
        let ((data, bss), h) = (chunks(), sites::header());
        let f = &mut |p| m.grey(p);
        if job < data {
            // SAFETY: the linker's section, its mask, and one of its chunks.
            unsafe { each_in_chunk(h.data as usize, h.edata as usize, h.data_mask, job, f) };
        } else if job < data + bss {
            // SAFETY: the linker's section, its mask, and one of its chunks.
            unsafe { each_in_chunk(h.bss as usize, h.ebss as usize, h.bss_mask, job - data, f) };
        } else if job == data + bss {
            each_of_runtime(f);
        }
        return true;
    }
    if FINALIZERS.load(Ordering::Relaxed) {
        // SAFETY: marking runs, as the caller says.
        if !unsafe { specials::mark_some(m) } {
            FINALIZERS.store(false, Ordering::Relaxed);
        }
        return true;
    }
    if STACKS_LEFT.load(Ordering::Relaxed) {
        let mut gs = [null_mut(); STACKS];
        {
            let mut next = NEXT_G.lock();
            for g in &mut gs {
                *g = next.0;
                if next.0.is_null() {
                    STACKS_LEFT.store(false, Ordering::Relaxed);
                    super::stats::roots_done();
                    break;
                }
                // SAFETY: listed Gs are never freed, and their link does not change.
                next.0 = unsafe { (*next.0).alllink };
            }
        }
        for g in gs.into_iter().take_while(|g| !g.is_null()) {
            // SAFETY: a listed G, and marking runs.
            unsafe { mark_stack(m, g, shrink) };
        }
        return true;
    }
    false
}

/// Scans the stacks of goroutines that ran since the last scan. Those that run now enter the list
/// again. `shrink` as in [`mark_next`].
///
/// # Safety
/// While marking.
pub(super) unsafe fn mark_ran(m: &mut Marker, shrink: bool) {
    // SAFETY: what enters that list are Gs; marking runs, as the caller says.
    take_ran(|g| unsafe { mark_stack(m, g, shrink) });
}

/// Marks from the stacks of the goroutines that ran last: most likely they do again and cannot be
/// scanned for long. Not from deep ones, a stop is to be short.
///
/// # Safety
/// While marking.
pub(super) unsafe fn mark_last(_: &Stopped, m: &mut Marker) {
    for p in lists::all_ps() {
        // SAFETY: Ps and Gs are never freed; with the world stopped saved contexts hold.
        unsafe {
            let g = (*p).last.load(Ordering::Relaxed);
            if !g.is_null() && (*g).stack_hi.wrapping_sub((*g).sched.sp) < SHALLOW {
                mark_stack(m, g, false);
            }
        }
    }
}

/// Marks from the innermost frames of goroutines that a signal stopped, as far as that was not done
/// in this cycle. What is a pointer there nobody knows: every word counts that leads to an object.
/// With the world stopped no allocation is under way, so every object that is given out is
/// complete.
///
/// In the first stop this is what makes the barrier sound: a goroutine may stand between a look at
/// the barrier's switch and the store; what it is about to store is in a register.
///
/// # Safety
/// While marking.
pub(super) unsafe fn mark_interrupted(stopped: &Stopped, m: &mut Marker) {
    let cycle = CYCLE.load(Ordering::Relaxed);
    registers::each_stopped(stopped, |g, r| {
        if r.scanned.swap(cycle, Ordering::Relaxed) != cycle {
            // SAFETY: a signal stopped the goroutine, which does not run while the world is stopped.
            unsafe {
                pointers::each_interrupted_word(g, &mut |word| m.grey_if_object(stopped, word));
            }
        }
    });
}

/// Goroutines that are held, until this is dropped.
pub(super) struct Held {
    list: Guard<'static, HeldList, { rank::GC_HELD }>,
}

struct HeldList {
    gs: [*mut G; MOST_HELD],
    len: usize,
}

// SAFETY: the list is behind a lock, and Gs are never freed.
unsafe impl Send for HeldList {}

static HELD: Mutex<HeldList, { rank::GC_HELD }> = Mutex::new(HeldList {
    gs: [null_mut(); MOST_HELD],
    len: 0,
});

impl Drop for Held {
    fn drop(&mut self) {
        for i in 0..core::mem::take(&mut self.list.len) {
            set_held(self.list.gs[i], false);
        }
    }
}

/// Scans deep stacks that changed, and holds their goroutines, so that the final stop does not have
/// to scan them again. None if another thread is at it.
///
/// # Safety
/// While marking, on g0 of a thread with a P and no goroutine.
pub(super) unsafe fn hold_deep(m: &mut Marker, stop: impl Fn() -> bool) -> Option<Held> {
    let mut held = Held {
        list: HELD.try_lock()?,
    };
    take_ran(|g| {
        let list = &mut *held.list;
        // SAFETY: Gs are never freed. The size may change meanwhile: it decides no more than where
        // the stack is scanned.
        let (size, lockedm) = unsafe { ((*g).stack_size, &(*g).lockedm) };
        let deep = size >= DEEP && lockedm.load(Ordering::Relaxed).is_null();
        if !deep || list.len == MOST_HELD {
            // SAFETY: what is held are Gs, which are never freed.
            return unsafe { note_ran(g) };
        }
        set_held(g, true);
        list.gs[list.len] = g;
        list.len += 1;
    });
    for &g in &held.list.gs[..held.list.len] {
        let begun = clock::nanotime();
        // SAFETY: what is held are Gs, which are never freed.
        let status = unsafe { status_of(g) };
        while status.is(GState::Running, Ordering::Acquire)
            && clock::nanotime() < begun + HOLD_NS
            && !stop()
        {
            // SAFETY: Gs are never freed; a signal is sent only to one that runs.
            unsafe {
                ask_to_stop(g);
                if clock::nanotime() > begun + stw::ASK_AGAIN_NS {
                    interrupt::send_to(g);
                }
            }
            crate::os::sys::sched_yield();
        }
        // SAFETY: a G of ours, and marking runs, as the caller says.
        unsafe { mark_stack(m, g, true) };
    }
    Some(held)
}

/// Marks from the stack of `g` unless that was done since it ran; if it runs it is left for later.
/// The first time in a cycle it is looked at whether the stack is too large.
///
/// # Safety
/// `g` is one of the Gs (they are never freed); marking runs.
#[doc(alias = "scanstack")]
unsafe fn mark_stack(m: &mut Marker, g: *mut G, shrink: bool) {
    let mut spins = 0u32;
    let still = loop {
        // SAFETY: the caller's G is one of ours.
        match unsafe { Still::hold(g) } {
            Hold::Still(still) => break still,
            Hold::Taken => {
                spins += 1;
                crate::world::g::wait_for_scan(spins);
            }
            // One that comes to life enters the list.
            Hold::Not(state) if state.is_dead() => return,
            // SAFETY: the caller's G is one of ours.
            Hold::Not(_) => return unsafe { note_ran(g) },
        }
    };
    let cycle = CYCLE.load(Ordering::Relaxed);
    // SAFETY: the goroutine is at rest, and held by this thread: nobody else writes these fields,
    // moves its stack or looks through it. Marking runs.
    unsafe {
        if shrink && (*g).shrunk != cycle {
            (*g).shrunk = cycle;
            crate::stack::shrink(&still);
        }
        if poison::on() && still.state() != GState::Syscall {
            poison::check(g);
        }
        if (*g).scanned != cycle {
            m.scanned = m.scanned.wrapping_add((*g).stack_hi - (*g).sched.sp);
            each_of_goroutine(g, &mut |p| m.grey(p));
            (*g).scanned = cycle;
        }
    }
}

/// Calls `f` with every pointer in a root; `stack` with each goroutine before its own.
pub(super) fn each(_: &Stopped, f: &mut impl FnMut(usize), stack: &mut impl FnMut(*mut G)) {
    let h = sites::header();
    // SAFETY: the sections and masks are the linker's; the world is stopped.
    unsafe {
        each_masked(h.data as usize, h.edata as usize, h.data_mask, f);
        each_masked(h.bss as usize, h.ebss as usize, h.bss_mask, f);
        each_of_runtime(f);
        for g in lists::all_gs() {
            stack(g);
            each_of_goroutine(g, f);
            if !(*g).interrupted.is_null() {
                pointers::each_interrupted_word(g, f);
            }
        }
    }
}

/// Calls `f` with what the registered words hold.
pub fn each_word(mut f: impl FnMut(usize)) {
    let w = WORDS.lock();
    for &slot in &w.slots[..w.len] {
        // SAFETY: registered words are valid for ever.
        f(unsafe { load(slot as *const usize) });
    }
}

/// Calls its argument with every pointer that a part of the runtime holds.
type Source = fn(&mut dyn FnMut(usize));

/// Those of the rooms above. Filled by boot.
pub static SOURCES: Hook<&'static [Source]> = Hook::new();

/// What the runtime holds.
fn each_of_runtime(f: &mut impl FnMut(usize)) {
    each_word(&mut *f);
    dead::each_queued(f);
    for source in SOURCES.get().unwrap_or(&[]) {
        source(f);
    }
}

/// Chunk number `i` of a section.
///
/// # Safety
/// A section of variables, its mask, and a chunk that it has.
unsafe fn each_in_chunk(
    start: usize,
    end: usize,
    mask: *const u8,
    i: usize,
    f: &mut impl FnMut(usize),
) {
    let from = start + i * CHUNK;
    // SAFETY: the mask has a bit for each word of the section, a byte for each 64 bytes.
    unsafe { each_masked(from, end.min(from + CHUNK), mask.add(i * CHUNK / 64), f) };
}

/// The words of `start..end` whose bit in `mask` is set.
///
/// # Safety
/// Variables of the program, aligned to words; the mask has a bit for each word, in whole bytes.
unsafe fn each_masked(start: usize, end: usize, mask: *const u8, f: &mut impl FnMut(usize)) {
    let words = (end - start) / 8;
    let mut i = 0;
    // SAFETY: the mask has a bit for each word of the section.
    unsafe {
        while i < words {
            let mut bits = *mask.add(i / 8);
            while bits != 0 {
                let w = i + bits.trailing_zeros() as usize;
                if w < words {
                    f(load((start + w * 8) as *const usize));
                }
                bits &= bits - 1;
            }
            i += 8;
        }
    }
}

/// The pointers that belong to one goroutine, but for those in a frame that a signal stopped.
///
/// # Safety
/// The goroutine must be at rest: the world is stopped, or it is held.
unsafe fn each_of_goroutine(g: *mut G, f: &mut impl FnMut(usize)) {
    // SAFETY: the caller's G is one of ours: they are never freed.
    match unsafe { status_of(g) }.state(Ordering::Relaxed) {
        GState::Dead | GState::Idle => return,
        // Tracebacks show how long a goroutine has waited, to the minute: the clock is not read at
        // every park.
        // SAFETY: the caller's goroutine is at rest, so the field is the caller's to write.
        GState::Waiting | GState::Syscall => unsafe {
            if (*g).waitsince == 0 {
                (*g).waitsince = clock::nanotime();
            }
        },
        _ => {}
    }
    // SAFETY: the caller's goroutine is at rest: its fields, its stack and what hangs on it stay.
    unsafe {
        if (*g).stack_lo == 0 {
            return;
        }
        f((*g).sched.ctxt);
        f((*g).panicarg.data as usize);
        f((*g).panicarg.typ as usize);
        crate::unwind::deferred::for_each_root(g, |p| f(p as usize));
        // A waker may be writing a result into the frame.
        pointers::each_stack_pointer(g, &mut |slot| f(load(slot as *const usize)));
    }
}
