//! Signals as the kernel knows them: actions, masks, sending.
//!
//! All threads have the mask that the process started with, less the signals that the runtime lives
//! on ([`MASK`]).

use super::sys;
use core::sync::atomic::{AtomicI32, AtomicU64, Ordering};

/// Bytes of the kernel's signal sets.
const SET: usize = 8;
/// `sa_restorer` is given: the kernel insists on amd64.
const SA_RESTORER: u64 = 0x0400_0000;
/// Flags of every action of ours.
const FLAGS: u64 = libc::SA_SIGINFO as u64 | libc::SA_ONSTACK as u64 | SA_RESTORER;

unsafe extern "C" {
    /// asm/signal.S.
    pub(crate) fn gort_sigtramp();
    fn gort_sigreturn();
}

/// The mask that every thread has: the process's first one, less the essential signals.
pub(crate) static MASK: AtomicU64 = AtomicU64::new(0);
/// Signals that the runtime itself has come to need ([`listen`]).
pub(crate) static LISTENED: AtomicU64 = AtomicU64::new(0);

/// The process.
pub(crate) static PID: AtomicI32 = AtomicI32::new(0);

/// The kernel's `struct sigaction`.
#[repr(C)]
struct Action {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: u64,
}

/// What `SIG_DFL` is, without flags.
const NOTHING: Action = Action {
    handler: libc::SIG_DFL,
    flags: 0,
    restorer: 0,
    mask: 0,
};

fn action(sig: u32, new: *const Action, old: *mut Action) -> bool {
    let (sig, new, old) = (sig as usize, new as usize, old as usize);
    // SAFETY: the callers pass null or actions that live across the call.
    let r = unsafe { sys::syscall6(libc::SYS_rt_sigaction, sig, new, old, SET, 0, 0) };
    r == 0
}

/// The handler of `sig`, or one of the kernel's numbers for what it does itself.
pub fn handler_of(sig: u32) -> usize {
    let mut old = NOTHING;
    action(sig, core::ptr::null(), &raw mut old);
    old.handler
}

/// Has the handler of `sig`, if there is one, run on the thread's alternate stack.
pub fn on_alternate_stack(sig: u32) {
    let mut old = NOTHING;
    let handled = action(sig, core::ptr::null(), &raw mut old) && old.handler > libc::SIG_IGN;
    if handled && old.flags & libc::SA_ONSTACK as u64 == 0 {
        old.flags |= libc::SA_ONSTACK as u64;
        action(sig, &raw const old, core::ptr::null_mut());
    }
}

/// Has `handler` get `sig`; `restart`: calls that it interrupts go on. Answers whether the kernel
/// agreed.
pub fn set(sig: u32, handler: usize, restart: bool) -> bool {
    let new = Action {
        handler,
        flags: FLAGS | if restart { libc::SA_RESTART as u64 } else { 0 },
        restorer: gort_sigreturn as *const () as usize,
        mask: u64::MAX,
    };
    action(sig, &raw const new, core::ptr::null_mut())
}

/// The handler gets `sig` from now on, whatever the program wants of it, and this thread takes it.
/// For a program that dies: a failure is no reason to die of.
pub fn listen(sig: u32) {
    let new = Action {
        handler: gort_sigtramp as *const () as usize,
        flags: FLAGS | libc::SA_RESTART as u64,
        restorer: gort_sigreturn as *const () as usize,
        mask: u64::MAX,
    };
    LISTENED.fetch_or(bit(sig), Ordering::Relaxed);
    action(sig, &raw const new, core::ptr::null_mut());
    change_mask(libc::SIG_UNBLOCK, &bit(sig), None);
}

pub(crate) fn is_ignored(sig: u32) -> bool {
    let mut old = NOTHING;
    action(sig, core::ptr::null(), &raw mut old) && old.handler == libc::SIG_IGN
}

/// Changes this thread's mask. Answers whether the kernel agreed.
pub fn change_mask(how: i32, new: &u64, old: Option<&mut u64>) -> bool {
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

/// Number of this process, 0 if it is not known.
pub fn pid() -> i32 {
    PID.load(Ordering::Relaxed)
}

/// The process to send a signal to: the program may have made another one without exec.
fn this_process() -> Option<i32> {
    sys::getpid().or_else(|| Some(pid()).filter(|&pid| pid != 0))
}

/// Sends a signal to this thread.
pub fn raise_thread(sig: u32) {
    if let Some(pid) = this_process() {
        send(pid, sys::gettid(), sig);
    }
}

/// Sends a signal to the thread `tid` of the process `pid`. Answers 0 or `-errno`.
pub fn send(pid: i32, tid: i32, sig: u32) -> isize {
    let (pid, tid, sig) = (pid as usize, tid as usize, sig as usize);
    // SAFETY: the call takes numbers, no pointers.
    unsafe { sys::syscall3(libc::SYS_tgkill, pid, tid, sig) }
}

/// The kernel's `siginfo_t` of a queued signal.
#[repr(C)]
struct Info {
    signo: i32,
    errno: i32,
    code: i32,
    pad: i32,
    pid: i32,
    uid: u32,
    value: usize,
    rest: [u64; 12],
}
const _: () = assert!(size_of::<Info>() == size_of::<libc::siginfo_t>());

/// As [`send`], with a code, which must be negative, and a value for the handler.
pub fn queue(pid: i32, tid: i32, sig: u32, code: i32, value: usize) -> isize {
    let info = Info {
        signo: sig as i32,
        errno: 0,
        code,
        pad: 0,
        pid,
        uid: 0,
        value,
        rest: [0; 12],
    };
    let (call, info) = (libc::SYS_rt_tgsigqueueinfo, &raw const info as usize);
    let (pid, tid, sig) = (pid as usize, tid as usize, sig as usize);
    // SAFETY: the structure lives across the call.
    unsafe { sys::syscall6(call, pid, tid, sig, info, 0, 0) }
}

/// The alternate stack that this thread has; none if it uses it now.
pub fn alternate_stack() -> Option<libc::stack_t> {
    // SAFETY: the structure is plain words, for which zeroes are valid.
    let mut old: libc::stack_t = unsafe { core::mem::zeroed() };
    let to = &raw mut old as usize;
    // SAFETY: the structure lives across the call.
    let done = unsafe { sys::syscall3(libc::SYS_sigaltstack, 0, to, 0) == 0 };
    (done && old.ss_flags & libc::SS_ONSTACK == 0).then_some(old)
}

/// Gives this thread back the alternate stack that [`alternate_stack`] answered. Answers whether the
/// kernel agreed.
pub fn restore_alternate_stack(old: &libc::stack_t) -> bool {
    let from = core::ptr::from_ref(old) as usize;
    // SAFETY: the structure lives across the call.
    unsafe { sys::syscall3(libc::SYS_sigaltstack, from, 0, 0) == 0 }
}

/// This thread's handlers run on the `size` bytes at `base`. Answers whether the kernel agreed.
///
/// # Safety
/// They are mapped for the thread's life, and nothing else is there.
pub unsafe fn set_alternate_stack(base: usize, size: usize) -> bool {
    let stack = libc::stack_t {
        ss_sp: base as *mut libc::c_void,
        ss_flags: 0,
        ss_size: size,
    };
    // SAFETY: the structure lives across the call; the old one is not asked for.
    unsafe { sys::syscall3(libc::SYS_sigaltstack, &raw const stack as usize, 0, 0) == 0 }
}

/// Sends a signal to the process: a thread that does not block it takes it. Where that fails none
/// does, and the caller does not wait for it for ever.
pub(crate) fn raise_process(sig: u32) {
    if let Some(pid) = this_process() {
        // SAFETY: the call takes numbers, no pointers.
        unsafe { sys::syscall3(libc::SYS_kill, pid as usize, sig as usize, 0) };
    }
}

/// Number of signals, 0 included.
pub const SIGNALS: usize = 65;

/// A signal's bit in the kernel's masks.
pub const fn bit(sig: u32) -> u64 {
    1 << (sig - 1)
}
