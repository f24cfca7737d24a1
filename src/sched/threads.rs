//! Threads: making and waking Ms, and handing Ps to them.

use super::perturb;
use super::state::{SCHED, Sched, WAKE};
use crate::abi::{G, M, cgo};
use crate::fatal::out::Out;
use crate::heap::cache::CACHES;
use crate::os::{self, sys};
use crate::probe::trace;
use crate::sync::mutex::Guard;
use crate::sync::note::Note;
use crate::sync::rank;
use crate::world::g::set_system_stack;
use crate::world::m::is_sysmon;
use crate::world::with_c::with_c;
use crate::world::{P, getg, getm, lists, p_of};
use crate::{fatal, mem};
use core::ptr;
use core::sync::atomic::Ordering;

/// Bytes of a thread's system stack: compiled hash functions, timers and the collector run there.
const G0_STACK: usize = 128 << 10;

/// The note that an M sleeps on.
///
/// # Safety
/// `m` is an M of ours (they are never freed).
pub(crate) unsafe fn note<'a>(m: *mut M) -> &'a Note {
    // SAFETY: by the caller's promise one of the Ms, which are never freed; the word is used as a
    // note only.
    Note::of(unsafe { &(*m).park })
}

/// Sets up what every M needs, besides its stack.
///
/// # Safety
/// `m` and `g0` are zeroed and ours.
pub unsafe fn init(m: *mut M, g0: *mut G) {
    // SAFETY: by the caller's promise both are ours.
    unsafe {
        (*m).g0 = g0;
        (*g0).m.store(m, Ordering::Relaxed);
        (*g0).sched.g = g0;
        (*m).fsbase = &raw const (*m).tls as usize + 8;
        (*m).tls.store(g0 as usize, Ordering::Relaxed);
        (*m).fastrand = (m as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ crate::os::random_u64();
    }
    let mut s = SCHED.lock();
    debug_assert!(s.next_mid == s.mcount.into());
    // SAFETY: the M is ours until it is in the list, where it has its number already.
    unsafe {
        (*m).id = s.next_mid;
        s.next_mid += 1;
        perturb::thread(m);
        s.mcount += 1;
        check_count(s);
        lists::add_m(m);
    }
}

/// Dies if there are more threads than `debug.SetMaxThreads` allows.
pub fn check_count(s: Guard<'_, Sched, { rank::SCHED }>) {
    if s.mcount > s.maxmcount {
        let max = s.maxmcount;
        drop(s);
        let say = |out: &mut Out<'_>| {
            out.str("runtime: program exceeds ").int(max.into());
            out.str("-thread limit\n");
        };
        fatal::throw_saying(say, "thread exhaustion");
    }
}

/// Starts a thread that runs `f` first (0 = nothing) and then schedules, with `p` if given.
///
/// # Safety
/// The caller gives `p` away.
#[doc(alias = "newm")]
pub unsafe fn new_m(f: usize, p: *mut P) -> *mut M {
    let m: *mut M = mem::persistent();
    let g0: *mut G = mem::persistent();
    if let Some(c) = with_c() {
        // SAFETY: M and G are new and live for ever; this thread is not in a goroutine's code.
        unsafe {
            init(m, g0);
            (*m).startfn = f;
            (*m).nextp = p.cast();
            (c.make_thread)(g0);
        }
        return m;
    }
    let base = mem::map_for(&mem::OTHER_SYS, G0_STACK) as usize;
    if base == 0 {
        fatal::throw("runtime: cannot allocate memory for a thread's stack");
    }
    // SAFETY: the first page of the new mapping, which nobody uses.
    if !unsafe { os::protect(base as *mut u8, 4096) } {
        fatal::throw("runtime: cannot protect the end of a thread's stack");
    }
    let top = base + G0_STACK;
    // SAFETY: M and G are new and live for ever, and so does the mapping, of which this is the end.
    let (sp, fsbase) = unsafe {
        (*m).g0stack = base;
        (*m).g0stacksize = G0_STACK;
        set_system_stack(g0, base + 4096, top, top - 64);
        init(m, g0);
        (*m).startfn = f;
        (*m).nextp = p.cast();
        ((*g0).sched.sp, (*m).fsbase)
    };
    fatal::signal::block_all_during(|| {
        // SAFETY: the stack and the FS base are the new M's, which `init` has completed.
        let ret = with_usual_slices(|| unsafe { sys::clone_thread(sp, m, fsbase) });
        if ret < 0 {
            let others = (SCHED.lock().mcount - 1) as u64;
            let say = |out: &mut Out<'_>| {
                out.str("runtime: failed to create new OS thread (have ")
                    .uint(others);
                out.str(" already; errno=").uint((-ret) as u64).str(")\n");
                if ret == -(libc::EAGAIN as isize) {
                    out.str("runtime: may need to increase max user processes (ulimit -u)\n");
                }
            };
            fatal::throw_saying(say, "newosproc");
        }
    });
    m
}

/// Has the C library make the thread of `g0`, which then has a stack of its own choice. It says so
/// itself, and aborts, if it cannot.
///
/// # Safety
/// `g0` is that of a new M, on a thread that is not in a goroutine's code.
pub unsafe fn start_by_c(g0: *mut G) {
    unsafe extern "C" {
        /// asm/cgo.S: the thread's first function.
        fn gort_cgo_mstart();
    }
    let Some(start) = cgo::thread_start() else {
        fatal::throw("_cgo_thread_start missing");
    };
    let mut ts = cgo::ThreadStart {
        g: g0,
        tls: ptr::null_mut(),
        first: gort_cgo_mstart,
    };
    // SAFETY: by the caller's promise g0 is that of a new M; C copies what it wants to keep.
    with_usual_slices(|| unsafe { start(&raw mut ts) });
}

/// What the C library may have put above the first frame of a thread, and its guard page.
const C_RESERVE: usize = 64 << 10;

/// The bounds of a thread's stack that the C library has made: `sp` is its stack pointer, the size
/// is where C has left it. Answers the M.
///
/// # Safety
///
/// Once, on a thread that [`start_by_c`] has asked for, with its stack pointer.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_cgo_thread(sp: usize) -> *mut M {
    let g0 = getg();
    // SAFETY: by the caller's promise this is the first code of a new thread, whose current g is
    // its g0: the stack is ours to set.
    unsafe {
        let size = (*g0).stack_hi;
        set_system_stack(g0, sp - (size - C_RESERVE.min(size / 4)), sp, sp - 64);
        (*g0).m.load(Ordering::Relaxed)
    }
}

/// Takes `p` for this M.
///
/// # Safety
/// `p` was taken from the idle list or handed to us; this M has none.
#[doc(alias = "acquirep")]
pub unsafe fn acquire_p(p: *mut P) {
    // SAFETY: by the caller's promise nobody else has p, and this M has no other.
    unsafe { keep_p(p) };
    if trace::on() {
        trace::proc_starts();
    }
}

/// Takes back `p`, which this M had before its system call and no other thread has taken.
///
/// # Safety
/// Its status was changed by us; this M has none.
#[inline(always)]
pub unsafe fn keep_p(p: *mut P) {
    let m = getm();
    // SAFETY: by the caller's promise nobody else has p, and this thread's M has no other.
    unsafe {
        debug_assert!(p_of(m).is_null() && (*p).m.load(Ordering::Relaxed).is_null());
        // Release: a thread that finds the M there finds it initialised.
        (*p).m.store(m, Ordering::Release);
        (*p).status.run();
        (*m).p.store(p.cast(), Ordering::Relaxed);
        (*m).mcache = CACHES.of(p).cast();
    }
}

/// Releases this M's P and answers it. The caller sets its status.
///
/// # Safety
/// This M holds a P.
pub unsafe fn release_p() -> *mut P {
    if trace::on() {
        trace::proc_stops();
    }
    let m = getm();
    // SAFETY: this thread's M, and by the caller's promise the P that it holds.
    unsafe {
        let p = p_of(m);
        // One that goes out of use is nobody's already.
        debug_assert!(
            !p.is_null() && matches!((*p).m.load(Ordering::Relaxed), n if n == m || n.is_null())
        );
        (*m).p.store(ptr::null_mut(), Ordering::Relaxed);
        (*m).mcache = ptr::null_mut();
        (*p).m.store(ptr::null_mut(), Ordering::Relaxed);
        p
    }
}

/// Waits for a P, spinning for `ns` nanoseconds before the thread sleeps.
///
/// # Safety
/// As `stop` (src/dispatch/threads.rs), and the M is on the list of idle ones.
pub(crate) unsafe fn wait_awake(ns: i64) {
    let m = getm();
    // SAFETY: this thread's own M, which is idle by the caller's promise.
    unsafe {
        note(m).spin_for(ns);
        sleep_for_p(m);
    }
}

/// Sleeps on the M's note until another thread has put a P into `nextp`; takes it.
///
/// # Safety
/// `m` is this thread's M, without P, and another thread can find it.
pub(crate) unsafe fn sleep_for_p(m: *mut M) {
    // SAFETY: by the caller's promise this thread's M. The waker writes nextp before it signals the
    // note, and not after.
    let p: *mut P = unsafe {
        note(m).sleep();
        note(m).clear();
        core::mem::replace(&mut (*m).nextp, ptr::null_mut()).cast()
    };
    debug_assert!(!p.is_null(), "who signals has given one");
    // SAFETY: the P was handed to this M, which has none.
    unsafe { acquire_p(p) };
}

/// Gives `p` (null: an idle one) to an idle or new M. `spinning`: the caller counted it in
/// [`WAKE`].
///
/// # Safety
/// The caller holds `p`, if given, and gives it away.
#[doc(alias = "startm")]
pub unsafe fn start(mut p: *mut P, spinning: bool) {
    let mut s = SCHED.lock();
    if p.is_null() {
        p = s.pidle_get();
        if p.is_null() {
            if spinning {
                WAKE.refused();
            }
            return;
        }
    }
    let m = s.midle_get();
    drop(s);
    // SAFETY: m came off the idle list: it sleeps until this thread wakes it.
    unsafe {
        if m.is_null() {
            let f = if spinning {
                mark_spinning as *const () as usize
            } else {
                0
            };
            new_m(f, p);
            return;
        }
        debug_assert!((*p).m.load(Ordering::Relaxed).is_null() && (*m).nextp.is_null());
        (*m).spinning = u32::from(spinning);
        (*m).nextp = p.cast();
        note(m).wakeup();
    }
}

extern "C" fn mark_spinning() {
    // SAFETY: this thread's own M, whose word no other touches while it runs.
    unsafe { (*getm()).spinning = 1 };
}

/// Makes one more M spin, unless one does already: called whenever a goroutine is made runnable and
/// a P is idle.
#[doc(alias = "wakep")]
pub fn wake_p() {
    if WAKE.claim() {
        // SAFETY: no P is given away: `start` takes an idle one.
        unsafe { start(ptr::null_mut(), true) };
    }
}

/// The caller has taken `p` from the system call of its goroutine.
///
/// # Safety
/// By changing its status, just now.
pub unsafe fn lost(p: *mut P) {
    // SAFETY: by the caller's promise the P was taken from its state, so it is the caller's.
    let ticks = unsafe {
        if trace::on() {
            trace::syscall_blocks(p);
            trace::taken_proc_stops(p);
        }
        &(*p).syscalltick
    };
    // Release pairs with `traced_exit`: what was written of the P's loss comes before what is
    // written of the goroutine's return.
    ticks.fetch_add(1, Ordering::Release);
}

/// Time slice that sysmon asks the kernel for, the shortest that it grants. sysmon sleeps nearly
/// always; what matters is that it wakes in time although every processor runs a thread of this
/// process: with the usual slice it may have to wait for those, for milliseconds.
pub(crate) const KERNEL_SLICE_NS: u64 = 100_000;

/// Runs `f`, which makes a thread. A new thread inherits the slice of its maker, and sysmon's is
/// for sysmon alone.
fn with_usual_slices<T>(f: impl FnOnce() -> T) -> T {
    if !is_sysmon(getm()) {
        return f();
    }
    sys::wish_slice(0);
    let t = f();
    sys::wish_slice(KERNEL_SLICE_NS);
    t
}
