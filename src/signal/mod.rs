//! Signals: faults that become panics, delivery to package os/signal, and the ends of a program (docs/signal.md).
//!
//! - [`table`]: what becomes of each signal;
//! - [`handler`]: the one handler, on each thread's alternate stack;
//! - [`fault`]: faults of Go code;
//! - [`queue`]: to os/signal.
//!
//! All threads have the mask that the process started with, less the signals that the runtime lives on.

pub mod fault;
pub mod handler;
pub mod queue;
pub mod table;

use crate::abi::{M, args};
use crate::os::sys;
use crate::{fatal, mem};
use core::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use table::{DEFAULT, NOTIFY, OURS};

/// Bytes of a thread's alternate stack: a traceback runs there.
const STACK: usize = 32 << 10;
/// Bytes of the kernel's signal sets.
const SET: usize = 8;
/// `sa_restorer` is given: the kernel insists on amd64.
const SA_RESTORER: u64 = 0x0400_0000;
/// Flags of every action of ours.
const FLAGS: u64 = libc::SA_SIGINFO as u64 | libc::SA_ONSTACK as u64 | SA_RESTORER;

unsafe extern "C" {
    /// asm/signal.S.
    fn gort_sigtramp();
    fn gort_sigreturn();
}

/// The mask that every thread has: the process's first one, less the essential signals.
static MASK: AtomicU64 = AtomicU64::new(0);
/// Signals that the runtime itself has come to need ([`listen`]).
static LISTENED: AtomicU64 = AtomicU64::new(0);
/// Signals that were ignored when the process started, or when os/signal asked for them: they are ignored again afterwards.
static IGNORED: AtomicU64 = AtomicU64::new(0);
/// The process.
static PID: AtomicI32 = AtomicI32::new(0);
/// Signals with our handler.
static HANDLED: AtomicU64 = AtomicU64::new(0);

/// The kernel's `struct sigaction`.
#[repr(C)]
struct Action {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: u64,
}

fn action(sig: u32, new: *const Action, old: *mut Action) -> bool {
    // SAFETY: both are null or live across the call.
    unsafe {
        sys::syscall6(
            libc::SYS_rt_sigaction,
            sig as usize,
            new as usize,
            old as usize,
            SET,
            0,
            0,
        ) == 0
    }
}

fn set(sig: u32, handler: usize, restart: bool) {
    let new = Action {
        handler,
        flags: FLAGS | if restart { libc::SA_RESTART as u64 } else { 0 },
        restorer: gort_sigreturn as *const () as usize,
        mask: u64::MAX,
    };
    // Some emulators refuse the last signal.
    if !action(sig, &raw const new, core::ptr::null_mut()) && sig != table::SIGNALS as u32 - 1 {
        fatal::throw("rt_sigaction failure");
    }
}

fn handle(sig: u32) {
    set(sig, gort_sigtramp as *const () as usize, true);
    HANDLED.fetch_or(table::bit(sig), Ordering::Relaxed);
}

/// The handler gets `sig` from now on, whatever the program wants of it, and this thread takes it. For a program that dies: a failure is no reason to die of.
pub fn listen(sig: u32) {
    let new = Action {
        handler: gort_sigtramp as *const () as usize,
        flags: FLAGS | libc::SA_RESTART as u64,
        restorer: gort_sigreturn as *const () as usize,
        mask: u64::MAX,
    };
    LISTENED.fetch_or(table::bit(sig), Ordering::Relaxed);
    action(sig, &raw const new, core::ptr::null_mut());
    change_mask(libc::SIG_UNBLOCK, &table::bit(sig), None);
}

/// The handler gets `sig` whether os/signal wants it or not, and ignores what nobody asked for.
fn kept(sig: u32) -> bool {
    table::flags(sig) & OURS != 0 || LISTENED.load(Ordering::Relaxed) & table::bit(sig) != 0
}

fn is_ignored(sig: u32) -> bool {
    let mut old = Action {
        handler: 0,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    action(sig, core::ptr::null(), &raw mut old) && old.handler == libc::SIG_IGN
}

/// Installs the handler. At boot, on the first thread.
pub fn init() {
    // Where a filter refuses to tell, the first thread's number is the process's; 0 if that is refused, too: no signals are sent.
    let pid = sys::getpid().unwrap_or_else(|| sys::gettid().max(0));
    PID.store(pid, Ordering::Relaxed);
    let mut mask = 0u64;
    must_change_mask(libc::SIG_BLOCK, &0, Some(&mut mask));
    MASK.store(mask & !table::essential(), Ordering::Relaxed);
    for sig in 1..table::SIGNALS as u32 {
        let flags = table::flags(sig);
        if flags & !table::UNBLOCK == 0 || flags & DEFAULT != 0 {
            continue;
        }
        // A program started with these ignored (nohup, a background job) leaves them so.
        if matches!(sig as i32, libc::SIGHUP | libc::SIGINT) && is_ignored(sig) {
            IGNORED.fetch_or(table::bit(sig), Ordering::Relaxed);
            continue;
        }
        handle(sig);
    }
}

/// Gives a thread its alternate stack and mask.
///
/// # Safety
/// On the thread of `m`, once.
pub unsafe fn minit(m: *mut M) {
    // SAFETY: the mapping lives as long as the thread.
    unsafe {
        if (*m).sigstack == 0 {
            (*m).sigstack = mem::map_for(&mem::OTHER_SYS, STACK) as usize;
            (*m).sigstacksize = STACK;
        }
        if (*m).sigstack == 0 {
            fatal::throw("runtime: cannot allocate memory for a signal stack");
        }
        let stack = libc::stack_t {
            ss_sp: (*m).sigstack as *mut libc::c_void,
            ss_flags: 0,
            ss_size: (*m).sigstacksize,
        };
        if sys::syscall3(libc::SYS_sigaltstack, &raw const stack as usize, 0, 0) != 0 {
            // The handler would run on a goroutine's stack, and past its end.
            fatal::throw("sigaltstack failure");
        }
    }
    restore_mask(MASK.load(Ordering::Relaxed));
}

fn change_mask(how: i32, new: &u64, old: Option<&mut u64>) -> bool {
    let old = old.map_or(0, |o| core::ptr::from_mut(o) as usize);
    // SAFETY: both masks live across the call.
    unsafe {
        sys::syscall6(
            libc::SYS_rt_sigprocmask,
            how as usize,
            core::ptr::from_ref(new) as usize,
            old,
            SET,
            0,
            0,
        ) == 0
    }
}

/// [`change_mask`], or the end: a thread that does not block what it should takes signals on no stack of its own, or while it holds a lock of their handler.
fn must_change_mask(how: i32, new: &u64, old: Option<&mut u64>) {
    if !change_mask(how, new, old) {
        fatal::throw("rt_sigprocmask failure");
    }
}

/// Runs `f` with all signals blocked: a new thread starts that way, and has no alternate stack yet.
pub fn block_all_during(f: impl FnOnce()) {
    let old = block_all();
    f();
    restore_mask(old);
}

/// Blocks all signals of this thread; answers the mask before.
pub fn block_all() -> u64 {
    let mut old = 0;
    must_change_mask(libc::SIG_SETMASK, &u64::MAX, Some(&mut old));
    old
}

/// Puts back what [`block_all`] answered.
pub fn restore_mask(mask: u64) {
    must_change_mask(libc::SIG_SETMASK, &mask, None);
}

/// os/signal wants a signal.
pub fn enable(sig: u32) {
    if sig == 0 || sig >= table::SIGNALS as u32 || table::flags(sig) & NOTIFY == 0 {
        return;
    }
    // Blocked since before the program started: this thread takes it from now on.
    must_change_mask(libc::SIG_UNBLOCK, &table::bit(sig), None);
    MASK.fetch_and(!table::bit(sig), Ordering::Relaxed);
    if HANDLED.load(Ordering::Relaxed) & table::bit(sig) == 0 {
        if is_ignored(sig) {
            IGNORED.fetch_or(table::bit(sig), Ordering::Relaxed);
        }
        handle(sig);
    }
}

/// os/signal no longer wants a signal: it does what it does by default.
pub fn disable(sig: u32) {
    if sig == 0 || sig >= table::SIGNALS as u32 || table::flags(sig) & NOTIFY == 0 {
        return;
    }
    if kept(sig) {
        return;
    }
    let bit = table::bit(sig);
    if HANDLED.fetch_and(!bit, Ordering::Relaxed) & bit != 0 {
        let ignored = IGNORED.load(Ordering::Relaxed) & bit != 0;
        set(
            sig,
            if ignored {
                libc::SIG_IGN
            } else {
                libc::SIG_DFL
            },
            true,
        );
    }
}

/// os/signal wants a signal ignored.
pub fn ignore(sig: u32) {
    if sig == 0 || sig >= table::SIGNALS as u32 || table::flags(sig) & NOTIFY == 0 {
        return;
    }
    if kept(sig) {
        return;
    }
    HANDLED.fetch_and(!table::bit(sig), Ordering::Relaxed);
    set(sig, libc::SIG_IGN, true);
}

/// Number of this process, 0 if it is not known.
pub fn pid() -> i32 {
    PID.load(Ordering::Relaxed)
}

/// The process to send a signal to: the program may have made another one without exec.
fn this_process() -> Option<i32> {
    sys::getpid().or_else(|| Some(pid()).filter(|&pid| pid != 0))
}

/// Somebody waits for signals, so the program is not dead.
pub fn keeps_alive() -> bool {
    queue::in_use()
}

/// Gives a signal its default action and sends it to this thread. Returns where that cannot be: the caller has another end.
fn die_by(sig: u32) {
    set(sig, libc::SIG_DFL, false);
    change_mask(libc::SIG_UNBLOCK, &table::bit(sig), None);
    raise_thread(sig);
}

/// Sends a signal to this thread.
pub fn raise_thread(sig: u32) {
    if let Some(pid) = this_process() {
        // SAFETY: no pointers.
        unsafe {
            let tid = sys::gettid() as usize;
            sys::syscall3(libc::SYS_tgkill, pid as usize, tid, sig as usize);
        }
    }
}

/// Ends the process by SIGABRT, for a core dump.
pub fn die_by_abort() {
    die_by(libc::SIGABRT as u32);
}

/// Sends a signal to the process: a thread that does not block it takes it. Where that fails none does, and the caller does not wait for it for ever.
fn raise_process(sig: u32) {
    if let Some(pid) = this_process() {
        // SAFETY: no memory is involved.
        unsafe { sys::syscall3(libc::SYS_kill, pid as usize, sig as usize, 0) };
    }
}

/// `os.sigpipe`: a write to a broken standard output or error ends the program as it ends others.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn sigpipe(_a: &mut args::os_sigpipe) {
    die_by(libc::SIGPIPE as u32);
}
