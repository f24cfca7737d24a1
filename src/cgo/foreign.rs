//! Callbacks on threads that Go has not made.
//!
//! Such a thread takes an extra M, with a goroutine in a system call, at its first callback, and
//! keeps it until it ends, when the C library calls [`thread_ends`]. Between two callbacks the
//! thread has no g, so that to signals and profiles it is C's own; of the runtime's it has only the
//! alternate signal stack then. Its signal mask is as the runtime needs it in callbacks only.
//!
//! Where the C library has no word for each thread left, the thread gives the M back after each
//! callback.

use super::pool::{Node, Pool};
use super::pthread::{self, Key};
use crate::abi::{G, G_THROWSPLIT, Leaf, M, Outcome, Slow, Sys, args};
use crate::code::asmfuncs::goexit_pc;
use crate::fatal::signal::{block_all, must_change_mask, restore_mask};
use crate::os::{signal as kernel, sys};
use crate::probe::timers;
use crate::sched::{park, threads};
use crate::signal::{table, take_alternate_stack};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::callbacks::Callback;
use crate::world::g::{set_stack, set_system_stack, status_of};
use crate::world::glist::GList;
use crate::world::{Parked, WaitReason, getg, lists, setg};
use crate::{fatal, mem, stack};
use core::ffi::c_void;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

/// Bytes below its stack pointer that a thread is taken to have whose stack pointer is not on the
/// stack that the C library knows: it runs a coroutine, say. Not more than small stacks have.
const ASSUMED: usize = 32 << 10;
/// Bytes above its stack pointer that are the callback's own.
const ABOVE: usize = 1024;
/// Bytes below its stack pointer without which a callback does not begin: the scheduler, the
/// allocator and the collector run there.
const NEEDED: usize = 8 << 10;
/// Bytes above a goroutine's first frame.
const SPARE: usize = 64;
/// First stack of the goroutines.
const GOROUTINE_STACK: usize = 4 << 10;

/// An M for threads of C, and what is known of the thread that has it.
#[repr(C)]
struct Extra {
    /// First: the pool knows the M by it.
    node: Node,
    m: *mut M,
    /// The thread's stack, as the C library tells; empty if it does not know.
    stack: Range<usize>,
    /// The alternate stack that the thread had before it took the M, or before its present callback
    /// if `swaps`.
    alternate: libc::stack_t,
    /// The thread had one: it gets it back after each callback.
    swaps: bool,
}

/// Those that no thread has, and those that one has.
#[doc(alias = "extram")]
static POOL: Pool = Pool::new();
/// What each thread of C has of them.
static KEY: Key = Key::new();
/// The first M is in the pool.
#[doc(alias = "cgoHasExtraM")]
static READY: AtomicBool = AtomicBool::new(false);

/// Callbacks may begin.
///
/// # Safety
/// Once, in system mode, with a P.
pub unsafe fn start() {
    KEY.make(thread_ends);
    // SAFETY: passed on.
    unsafe { POOL.add(make(ptr::null_mut()), 0) };
    READY.store(true, Ordering::Release);
}

/// Makes an M for threads of C, before `next` in a list of new ones.
///
/// # Safety
/// In system mode, with a P.
#[doc(alias = "newextram")]
#[doc(alias = "oneNewExtraM")]
unsafe fn make(next: *mut Node) -> *mut Node {
    // SAFETY: all of them are new, and live for ever.
    unsafe {
        let m: *mut M = mem::persistent();
        let g0: *mut G = mem::persistent();
        let g: *mut G = mem::persistent();
        let extra: *mut Extra = mem::persistent();
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
        (*extra).node = Node::then(next);
        (*extra).m = m;
        &raw mut (*extra).node
    }
}

/// A thread without g calls Go. `c` is at the end of its stack.
#[doc(alias = "needm")]
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_foreign_begins(c: *mut Callback) {
    let mut extra: *mut Extra = KEY.get().cast();
    let sp = c as usize;
    // SAFETY: the M is this thread's, and the record on its stack.
    unsafe {
        if extra.is_null() {
            extra = take(sp);
        } else {
            runs_on((*extra).m, bounds(extra, sp), sp);
            if (*extra).swaps {
                swap_alternate_stack(extra);
            }
        }
        let m = (*extra).m;
        (*c).extra = extra.cast();
        (*m).tid
            .store((*extra).node.owner() as i32, Ordering::Relaxed);
        timers::thread_begins(m);
        // A fault of Go code with its signal blocked would end the process.
        must_change_mask(libc::SIG_UNBLOCK, &table::ESSENTIAL, Some(&mut (*c).mask));
    }
}

/// The callback is over.
#[doc(alias = "dropm")]
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_foreign_ends(c: *mut Callback) {
    // SAFETY: this thread's M, in no callback.
    unsafe {
        let extra: *mut Extra = (*c).extra.cast();
        timers::thread_leaves((*extra).m);
        if (*extra).swaps {
            give_alternate_stack(extra);
        }
        let mask = (*c).mask;
        if KEY.get().is_null() {
            block_all();
            give(extra);
            restore_mask(mask);
            return;
        }
        // Without g a signal that the runtime has sent is ignored.
        setg(ptr::null_mut());
        if mask & table::ESSENTIAL != 0 {
            restore_mask(mask);
        }
    }
}

/// The current g is g0 of `m`, on the stack with these bounds.
///
/// # Safety
/// `m` is this thread's, which has no g yet; `sp` is in the innermost frame.
#[inline(always)]
unsafe fn runs_on(m: *mut M, bounds: Range<usize>, sp: usize) {
    // SAFETY: the caller's promise. A handler finds either no g, or all of one.
    unsafe {
        set_system_stack((*m).g0, bounds.start, bounds.end, sp);
        setg((*m).g0);
    }
    if sp - bounds.start < NEEDED {
        too_small(sp - bounds.start);
    }
}

/// Bounds of the stack that `sp` is on.
#[inline(always)]
unsafe fn bounds(extra: *mut Extra, sp: usize) -> Range<usize> {
    // SAFETY: this thread has it.
    unsafe {
        let stack = &(*extra).stack;
        if stack.contains(&sp) {
            return stack.clone();
        }
        unknown_stack((*extra).m, sp)
    }
}

/// `sp` is not on the thread's stack.
#[cold]
#[inline(never)]
unsafe fn unknown_stack(m: *mut M, sp: usize) -> Range<usize> {
    // SAFETY: this thread's M.
    unsafe {
        if kernel::alternate_stack().is_none() {
            // To say so.
            set_system_stack((*m).g0, sp - ASSUMED, sp + ABOVE, sp);
            setg((*m).g0);
            fatal::throw("callback of a signal handler of C, on the signal stack");
        }
    }
    sp - ASSUMED..sp + ABOVE
}

#[cold]
#[inline(never)]
fn too_small(left: usize) -> ! {
    let say = |out: &mut fatal::out::Out<'_>| {
        out.str("runtime: callback on a thread of C with ");
        out.uint(left as u64).str(" bytes of stack left, ");
        out.uint(NEEDED as u64).str(" are needed\n");
    };
    fatal::throw_saying(say, "stack of the thread is too small for Go")
}

/// The first callback of a thread: an M for it, whose g0 is current from then on.
#[cold]
#[inline(never)]
unsafe fn take(sp: usize) -> *mut Extra {
    if !READY.load(Ordering::Acquire) {
        sys::write(2, b"fatal error: cgo callback before cgo call\n");
        sys::exit(1);
    }
    // A handler that calls Go would wait for the pool's lock, which this thread holds.
    let mut mask = 0;
    kernel::change_mask(libc::SIG_SETMASK, &u64::MAX, Some(&mut mask));
    let extra: *mut Extra = POOL.take().cast();
    // SAFETY: the M is this thread's from here on.
    unsafe {
        let m = (*extra).m;
        let errno = pthread::errno();
        (*extra).stack = pthread::stack();
        runs_on(m, bounds(extra, sp), sp);
        (*extra).node.owned_by(sys::gettid() as u32);
        (*extra).swaps = false;
        swap_alternate_stack(extra);
        (*extra).swaps = (*extra).alternate.ss_flags & libc::SS_DISABLE == 0;
        KEY.set(extra.cast());
        pthread::set_errno(errno);
        restore_mask(mask);
        extra
    }
}

/// Gives the M back. All signals are blocked.
///
/// # Safety
/// This thread has it, and is in no callback.
unsafe fn give(extra: *mut Extra) {
    // SAFETY: the caller's promise.
    unsafe {
        if !(*extra).swaps {
            give_alternate_stack(extra);
        }
        setg(ptr::null_mut());
        POOL.give(&raw mut (*extra).node);
    }
}

/// The thread gets the alternate stack of its M, and keeps in mind which it had.
unsafe fn swap_alternate_stack(extra: *mut Extra) {
    // SAFETY: this thread has it.
    unsafe {
        let Some(alternate) = kernel::alternate_stack() else {
            fatal::throw("callback of a signal handler of C, on the signal stack");
        };
        (*extra).alternate = alternate;
        take_alternate_stack((*extra).m);
    }
}

/// The thread has the alternate stack again that it had. Where C has set another one meanwhile,
/// that stays.
unsafe fn give_alternate_stack(extra: *mut Extra) {
    // SAFETY: this thread has it.
    unsafe {
        let m = (*extra).m;
        let ours = kernel::alternate_stack().is_some_and(|a| a.ss_sp.addr() == (*m).sigstack);
        if ours && !kernel::restore_alternate_stack(&(*extra).alternate) {
            fatal::throw("the thread's signal stack cannot be restored");
        }
    }
}

/// Destructor of [`KEY`]: the thread ends.
unsafe extern "C" fn thread_ends(extra: *mut c_void) {
    if !getg().is_null() {
        // In a call of C that a callback has made: the goroutine never goes on, and nobody else can
        // have its M.
        return;
    }
    let mut mask = 0;
    kernel::change_mask(libc::SIG_SETMASK, &u64::MAX, Some(&mut mask));
    // SAFETY: the word is what this thread has set, and it is in no callback.
    unsafe { give(extra.cast()) };
    kernel::change_mask(libc::SIG_SETMASK, &mask, None);
}

/// The thread `tid`, which has `node`, is gone, and was in no callback.
fn has_ended(node: *mut Node, tid: u32) -> bool {
    let extra: *mut Extra = node.cast();
    // SAFETY: a node is the head of an Extra, and never freed; nobody writes what belongs to a
    // thread that is gone.
    pthread::ended(tid as i32) && unsafe { (*(*extra).m).callback.is_null() }
}

/// Callbacks that wait for the initialisation of all packages.
#[doc(alias = "main_init_done")]
static WAITING: Mutex<GList<Parked>, { rank::CGO_INIT }> = Mutex::new(GList::new());
/// All packages are initialised. Set under the lock of those that wait for it.
static INITIALISED: AtomicBool = AtomicBool::new(false);

/// [`callback`] has nothing to do.
pub fn callback_leaf(_: Leaf<'_>, _a: &mut args::gort_foreigncallback) -> Result<(), Slow> {
    // Acquire: what the packages have initialised is seen.
    Slow::unless(INITIALISED.load(Ordering::Acquire) && !POOL.is_short())
}

/// First step of such a callback that has a P: makes other Ms if the last free one was taken, and
/// waits until all packages are initialised.
pub fn callback(sys: Sys<'_>, _a: &mut args::gort_foreigncallback) -> Outcome {
    if POOL.is_short() {
        let n = POOL.shortage();
        // SAFETY: in system mode, with a P. Of a thread that is gone nobody uses anything.
        unsafe {
            if n != 0 {
                let found = POOL.reclaim(has_ended);
                let list = (found..n).fold(ptr::null_mut(), |list, _| make(list));
                POOL.add(list, n);
            }
        }
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
