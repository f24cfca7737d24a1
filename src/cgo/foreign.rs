//! Callbacks on threads that Go has not made: such a thread borrows an M, with a goroutine in a
//! system call, for as long as the callback lasts.
//!
//! The Ms are in a list that a thread takes from before it has a g, so with no lock of the
//! runtime's: its head holds [`LOCKED`] for some instructions. One is always there: who takes the
//! last one makes another as soon as it has a P ([`callback`]).

use crate::abi::{G, G_THROWSPLIT, Leaf, M, Outcome, Slow, Sys, args};
use crate::code::asmfuncs::goexit_pc;
use crate::fatal::signal::restore_mask;
use crate::os::{signal as kernel, sys};
use crate::probe::timers;
use crate::sched::{park, threads};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::callbacks::Callback;
use crate::world::g::{set_stack, set_system_stack, status_of};
use crate::world::glist::GList;
use crate::world::{Parked, WaitReason, getm, lists, setg};
use crate::{fatal, mem, signal, stack};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// Bytes below its stack pointer that a thread is taken to have: not more than small threads have
/// (docs/cgo.md).
const STACK: usize = 32 << 10;
/// Bytes above its stack pointer that are the callback's own.
const ABOVE: usize = 1024;
/// Bytes above a goroutine's first frame.
const SPARE: usize = 64;
/// First stack of the goroutines.
const GOROUTINE_STACK: usize = 4 << 10;

/// A head of the list that is being changed.
const LOCKED: *mut M = ptr::without_provenance_mut(1);
/// Ms that no thread has borrowed.
#[doc(alias = "extram")]
static LIST: AtomicPtr<M> = AtomicPtr::new(ptr::null_mut());
/// The list has had its first M.
#[doc(alias = "cgoHasExtraM")]
static READY: AtomicBool = AtomicBool::new(false);
/// The last M of the list was taken.
#[doc(alias = "needextram")]
static EMPTY: AtomicBool = AtomicBool::new(false);

/// Takes the list, which is empty only if `or_empty`.
#[doc(alias = "lockextra")]
fn lock(or_empty: bool) -> *mut M {
    loop {
        let head = LIST.load(Ordering::Relaxed);
        if head != LOCKED
            && (or_empty || !head.is_null())
            // Acquire pairs with the Release of who has put it there.
            && LIST
                .compare_exchange_weak(head, LOCKED, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        {
            return head;
        }
        sys::sched_yield();
    }
}

/// Gives the list back.
#[doc(alias = "unlockextra")]
fn unlock(head: *mut M) {
    LIST.store(head, Ordering::Release);
}

fn push(m: *mut M) {
    let head = lock(true);
    // SAFETY: the M is ours.
    unsafe { (*m).schedlink = head };
    unlock(m);
}

/// Makes an M for threads of C.
///
/// # Safety
/// In system mode, with a P.
#[doc(alias = "newextram")]
#[doc(alias = "oneNewExtraM")]
pub unsafe fn make() {
    // SAFETY: all of them are new, and live for ever.
    unsafe {
        let m: *mut M = mem::persistent();
        let g0: *mut G = mem::persistent();
        let g: *mut G = mem::persistent();
        threads::init(m, g0);
        let (lo, hi) = stack::alloc(GOROUTINE_STACK);
        set_stack(g, lo, hi);
        (*g).sched.sp = hi - SPARE;
        (*g).sched.pc = goexit_pc();
        (*g).sched.g = g;
        (*g).syscallsp = (*g).sched.sp;
        (*g).syscallpc = (*g).sched.pc;
        (*g).startpc = (*g).sched.pc;
        (*g).flags = G_THROWSPLIT;
        (*g).goid = lists::GOIDGEN.fetch_add(1, Ordering::Relaxed) + 1;
        (*g).m.store(m, Ordering::Relaxed);
        (*g).lockedm.store(m, Ordering::Relaxed);
        (*m).curg.store(g, Ordering::Relaxed);
        (*m).lockedg.store(g, Ordering::Relaxed);
        (*m).locked = 2;
        status_of(g).begin_in_c();
        lists::add_g(g);
        push(m);
    }
    READY.store(true, Ordering::Release);
}

/// A thread without g calls Go: it borrows an M. `c` is at the end of its stack.
#[doc(alias = "needm")]
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_need_m(c: *mut Callback) {
    if !READY.load(Ordering::Acquire) {
        sys::write(2, b"fatal error: cgo callback before cgo call\n");
        sys::exit(1);
    }
    // No handler may find a g without a thread.
    let mut mask = 0;
    kernel::change_mask(libc::SIG_SETMASK, &u64::MAX, Some(&mut mask));
    let m = lock(false);
    // SAFETY: the M is ours from here on, and the record is on this thread's stack.
    unsafe {
        let next = (*m).schedlink;
        if next.is_null() {
            EMPTY.store(true, Ordering::Relaxed);
        }
        unlock(next);
        (*m).schedlink = ptr::null_mut();
        (*m).sigmask = mask;
        let (g0, sp) = ((*m).g0, c as usize);
        set_system_stack(g0, sp - STACK, sp + ABOVE, sp);
        setg(g0);
        (*c).foreign = 1;
        let Some(alternate) = kernel::alternate_stack() else {
            fatal::throw("callback of a signal handler of C, on the signal stack");
        };
        (*c).alternate = alternate;
        signal::take_alternate_stack(m);
        (*m).tid.store(sys::gettid(), Ordering::Relaxed);
        timers::thread_begins(m);
        restore_mask(mask & !signal::table::essential());
    }
}

/// The thread gives its M back.
#[doc(alias = "dropm")]
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_drop_m(c: *mut Callback) {
    fatal::signal::block_all();
    // SAFETY: this thread's M, in no callback.
    unsafe {
        let m = getm();
        let mask = (*m).sigmask;
        timers::thread_leaves(m);
        if !kernel::restore_alternate_stack(&(*c).alternate) {
            fatal::throw("the thread's signal stack cannot be restored");
        }
        setg(ptr::null_mut());
        push(m);
        kernel::change_mask(libc::SIG_SETMASK, &mask, None);
    }
}

/// Callbacks that wait for the initialisation of all packages.
#[doc(alias = "main_init_done")]
static WAITING: Mutex<GList<Parked>, { rank::CGO_INIT }> = Mutex::new(GList::new());
/// All packages are initialised. Set under the lock of those that wait for it.
static INITIALISED: AtomicBool = AtomicBool::new(false);

/// [`callback`] has nothing to do.
pub fn callback_leaf(_: Leaf<'_>, _a: &mut args::gort_foreigncallback) -> Result<(), Slow> {
    // Acquire: what the packages have initialised is seen.
    Slow::unless(INITIALISED.load(Ordering::Acquire) && !EMPTY.load(Ordering::Relaxed))
}

/// First step of such a callback that has a P: makes another M if that was the last one, and waits
/// until all packages are initialised.
pub fn callback(sys: Sys<'_>, _a: &mut args::gort_foreigncallback) -> Outcome {
    if EMPTY.load(Ordering::Relaxed) && EMPTY.swap(false, Ordering::Relaxed) {
        // SAFETY: in system mode, with a P.
        unsafe { make() };
    }
    let mut waiting = WAITING.lock();
    if INITIALISED.load(Ordering::Relaxed) {
        return Outcome::Return;
    }
    let (parked, outcome) = park::park(sys.caller(), WaitReason::ChanReceive);
    waiting.push(parked);
    outcome
}

/// All packages are initialised.
#[cold]
pub fn initialised() {
    let mut waiting = WAITING.lock();
    INITIALISED.store(true, Ordering::Release);
    let list = core::mem::take(&mut *waiting);
    drop(waiting);
    park::ready_list(list);
}
