//! Roots: where the program's pointers start.
//!
//! - Go variables: the linker's masks of data and bss. Pointer-free sections hold itab cells and the like, which lead to nothing in the heap.
//! - Goroutine stacks, frame by frame, with the arguments of the runtime call that each is stopped in.
//! - Saved closures, pending deferred calls, running panics.
//! - What the runtime itself holds: timers, the finalizer queue, single words registered with [`add_root`].
//!
//! Marking is precise, so a root that is left out here is a use after free: whoever keeps a Go pointer off-heap registers it.

use super::mark::Marker;
use crate::abi::G;
use crate::sched::{g::status_of, state, status};
use crate::stack::walk;
use crate::sync::mutex::Mutex;
use crate::time::clock;
use core::sync::atomic::Ordering;

/// Most words that can be registered: subsystems, not objects.
const MAX_WORDS: usize = 64;

struct Words {
    slots: [usize; MAX_WORDS],
    len: usize,
}

static WORDS: Mutex<Words> = Mutex::new(Words {
    slots: [0; MAX_WORDS],
    len: 0,
});

/// Registers a word of the runtime, at a place that never moves, that may hold a Go pointer.
pub fn add_root(slot: *const usize) {
    let mut w = WORDS.lock();
    if w.len == MAX_WORDS {
        crate::debug::print::throw("too many runtime roots");
    }
    let n = w.len;
    w.slots[n] = slot as usize;
    w.len += 1;
}

/// Marks everything that the roots point to.
///
/// # Safety
/// The world must be stopped.
pub unsafe fn mark_all(m: &mut Marker) {
    // SAFETY: passed on to the caller.
    unsafe { each(&mut |p| m.grey(p), &mut |_| {}) };
}

/// Calls `f` with every pointer in a root; `stack` with each goroutine before its own.
///
/// # Safety
/// The world must be stopped.
pub unsafe fn each(f: &mut impl FnMut(usize), stack: &mut impl FnMut(*mut G)) {
    let h = walk::header();
    // SAFETY: the sections and masks are the linker's; the world is stopped.
    unsafe {
        each_masked(h.data as usize, h.edata as usize, h.data_mask, f);
        each_masked(h.bss as usize, h.ebss as usize, h.bss_mask, f);
        {
            let w = WORDS.lock();
            for &slot in &w.slots[..w.len] {
                f(*(slot as *const usize));
            }
        }
        super::finalizer::each_queued(f);
        crate::time::for_each_root(|t| f(t as usize));
        for g in state::all_gs() {
            stack(g);
            each_of_goroutine(g, f);
        }
    }
}

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
                    f(*((start + w * 8) as *const usize));
                }
                bits &= bits - 1;
            }
            i += 8;
        }
    }
}

/// The pointers that belong to one goroutine.
///
/// # Safety
/// The world must be stopped.
unsafe fn each_of_goroutine(g: *mut G, f: &mut impl FnMut(usize)) {
    // SAFETY: Gs are never freed; with the world stopped their stacks and records stand still.
    unsafe {
        match status_of(g).load(Ordering::Relaxed) & !status::SCAN {
            status::DEAD | status::IDLE => return,
            // Tracebacks show how long a goroutine has waited, to the minute: the clock is not read at every park.
            status::WAITING if (*g).waitsince == 0 => (*g).waitsince = clock::nanotime(),
            _ => {}
        }
        if (*g).stack_lo == 0 {
            return;
        }
        f((*g).sched.ctxt);
        f((*g).panicarg.data as usize);
        f((*g).panicarg.typ as usize);
        crate::panic::roots::for_each_root(g, |p| f(p as usize));
        walk::each_stack_pointer(g, &mut |slot| f(*(slot as *const usize)));
    }
}
