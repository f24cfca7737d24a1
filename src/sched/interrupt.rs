//! Preemption of loops without calls: a signal stops the goroutine at any instruction of compiled
//! code.
//!
//! 1. *Requested* ([`super::stw::preempt_one`]): most goroutines see it at their next prologue, and
//!    this file has nothing to do.
//! 2. *Signalled* ([`send`]): one that has not reacted when the requester comes back. SIGURG, by a
//!    call that lets the handler tell ours from others.
//! 3. *Stopped* ([`arrived`], in the handler): if the thread is at an instruction of compiled code
//!    where that is possible, all its registers go to a record ([`crate::world::registers`]), and
//!    the thread continues in the scheduler, as after any preemption. Else nothing happens, and the
//!    requester asks again.
//! 4. *Resumed* ([`resume`]): all registers are loaded again, perhaps on another thread.
//!
//! While it is so stopped (`G::interrupted`) its stack is neither moved nor written to. The
//! innermost frame is at no call site, so no map tells its pointers: docs/gc.md says how it is
//! scanned.
//!
//! No system call of the program sees the signal: [`settle`].

use crate::abi::{G, G_PARK_RESULTS, G_THROWSPLIT, M};
use crate::config::godebug::ASYNC_PREEMPT_OFF;
use crate::os::context::Context;
use crate::os::ways::Ways;
use crate::os::{signal, sys};
use crate::unwind::walk;
use crate::world::g::status_of;
use crate::world::p::PState;
use crate::world::registers::{self, Registers};
use crate::world::{GState, P, getm, lists, p_of, setg};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The signal: debuggers pass it on in silence, its default is to be ignored, and programs hardly
/// use it.
pub const SIGNAL: u32 = libc::SIGURG as u32;
/// `si_code` of our signals; the kernel lets a process send itself any negative one. Their value is
/// the address of the M.
const CODE: i32 = -0x676f;

/// Calls that send it: the one that marks it as ours, and where that is refused [`PLAIN`].
static SENDS: Ways = Ways::new();
/// One that does not mark it.
const PLAIN: usize = 1;
/// Some of ours look like any that the process sends itself.
static UNMARKED: AtomicBool = AtomicBool::new(false);

/// Whether a signal of ours is on its way to a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Interrupt {
    /// None is.
    None = 0,
    /// One is: no second is sent.
    Sent = 1,
    /// The program blocks the signal in this thread: no more are sent.
    Blocked = 2,
}

/// `M::interrupts`: an [`Interrupt`].
#[repr(transparent)]
struct Interrupts(AtomicU32);

impl Interrupts {
    /// That of `m`.
    ///
    /// # Safety
    /// `m` is one of the Ms (they are never freed).
    #[inline(always)]
    unsafe fn of<'a>(m: *mut M) -> &'a Self {
        // SAFETY: by the caller's promise one of the Ms, which are never freed; Interrupts is a
        // transparent AtomicU32.
        unsafe { &*(&raw const (*m).interrupts).cast::<Self>() }
    }

    /// The caller may send one. Ordered before what it looks at next: see [`settle`].
    fn claim(&self) -> bool {
        let (none, sent) = (Interrupt::None as u32, Interrupt::Sent as u32);
        self.0
            .compare_exchange(none, sent, Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
    }

    /// The caller has not sent it after all.
    fn unclaim(&self) {
        self.0.store(Interrupt::None as u32, Ordering::Release);
    }

    /// One is on its way.
    #[inline(always)]
    fn is_sent(&self, order: Ordering) -> bool {
        self.0.load(order) == Interrupt::Sent as u32
    }

    /// In the handler: true if one was on its way, or the program had blocked it.
    fn arrives(&self) -> bool {
        self.0.swap(Interrupt::None as u32, Ordering::AcqRel) != Interrupt::None as u32
    }

    /// It does not arrive. Unless it just did, no more are sent.
    fn give_up(&self) {
        let (sent, blocked) = (Interrupt::Sent as u32, Interrupt::Blocked as u32);
        let _ = self
            .0
            .compare_exchange(sent, blocked, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// How often [`settle`] reads the word before it takes the signal for blocked: a thousand times as
/// long as a signal takes. With fewer reads a sender that the kernel descheduled interrupts the
/// call after all; more of them delay a thread that blocks the signal for longer, once.
const PATIENCE: u32 = 200_000;

unsafe extern "C" {
    /// asm/switch.S: where a thread continues after its goroutine was stopped, on an empty g0
    /// stack.
    fn gort_interrupted();
    /// asm/switch.S: resumes a goroutine that was stopped.
    fn gort_resume(g: *mut G, registers: *mut Registers) -> !;
}

/// Sends the thread that holds `p` a signal if its goroutine was asked to stop and still runs. At
/// most one is on its way to a thread.
///
/// # Safety
/// `p` is one of the Ps (they are never freed).
#[doc(alias = "asyncPreempt")]
#[doc(alias = "suspendG")]
pub unsafe fn send(p: *mut P) {
    // SAFETY: Ps are never freed, and both words are atomic.
    let (m, running) = unsafe {
        let running = !ASYNC_PREEMPT_OFF.on() && (*p).status.is(PState::Running, Ordering::Acquire);
        ((*p).m.load(Ordering::Relaxed), running)
    };
    if !running || m.is_null() || m == getm() {
        return;
    }
    // SAFETY: Ps, Ms and Gs are never freed; the words are atomic, and hints: the handler decides.
    unsafe {
        if (*m).tid.load(Ordering::Relaxed) == 0 {
            return;
        }
        let g = (*m).curg.load(Ordering::Relaxed);
        // Not while the goroutine is pinned (`locks`), which includes a fork: a signal would make
        // the kernel start that over.
        if g.is_null()
            || (*g).preempt.load(Ordering::Relaxed) == 0
            || (*m).locks.load(Ordering::Relaxed) != 0
        {
            return;
        }
        let word = Interrupts::of(m);
        if !word.claim() {
            return;
        }
        // SeqCst: see `settle`.
        if !status_of(g).is(GState::Running, Ordering::SeqCst)
            || (*p).m.load(Ordering::Relaxed) != m
            || !queue(m)
        {
            word.unclaim();
        }
    }
}

/// As [`send`], to the thread that runs `g`, if any does.
///
/// # Safety
/// `g` is one of the Gs (they are never freed).
pub unsafe fn send_to(g: *mut G) {
    // SAFETY: by the caller's promise one of the Gs; Ms are never freed.
    let p = unsafe {
        let m = (*g).m.load(Ordering::Relaxed);
        if m.is_null() {
            ptr::null_mut()
        } else {
            p_of(m)
        }
    };
    if !p.is_null() {
        // SAFETY: an M's P is one of the Ps.
        unsafe { send(p) };
    }
}

/// Stops the goroutine that runs on `p` by a signal, whether or not it could have seen a request.
///
/// # Safety
/// As [`send`].
pub unsafe fn at_once(p: *mut P) {
    // SAFETY: by the caller's promise one of the Ps; Ms are never freed.
    let g = unsafe {
        let m = (*p).m.load(Ordering::Relaxed);
        if m.is_null() {
            ptr::null_mut()
        } else {
            (*m).curg.load(Ordering::Relaxed)
        }
    };
    if !g.is_null() {
        // SAFETY: Gs are never freed, and the word is atomic; the P is the caller's.
        unsafe {
            (*g).preempt.store(1, Ordering::Relaxed);
            send(p);
        }
    }
}

/// Sends the signal to the thread of `m`; false if it has not been sent.
///
/// # Safety
/// `m` is one of the Ms, and the caller has claimed the right to interrupt it.
unsafe fn queue(m: *mut M) -> bool {
    let pid = signal::pid();
    if pid == 0 {
        return false;
    }
    // SAFETY: Ms are never freed. The number is the thread's: threads of the runtime never end, and
    // one of C gives its M back after it has entered the call of C, which waits for a signal that
    // was claimed (`settle`).
    let tid = unsafe { (*m).tid.load(Ordering::Relaxed) };
    SENDS.call(0, PLAIN, |way| {
        if way == PLAIN {
            UNMARKED.store(true, Ordering::Release);
            return signal::send(pid, tid, SIGNAL);
        }
        signal::queue(pid, tid, SIGNAL, CODE, m as usize)
    }) == 0
}

/// The thread of `m` is about to make a system call; its goroutine is in state SYSCALL already. A
/// signal on its way arrives first, so that none interrupts the call: some calls then fail with
/// EINTR whatever the handler's flags.
///
/// SeqCst: we change the goroutine's status, then look at `interrupts`; [`send`] sets that, then
/// looks at the status. One of the two sees the other.
///
/// # Safety
/// On the thread of `m`.
#[inline(always)]
pub unsafe fn settle(m: *mut M) {
    // SAFETY: by the caller's promise the thread's own M.
    unsafe {
        if Interrupts::of(m).is_sent(Ordering::SeqCst) {
            wait(m);
        }
    }
}

/// Waits until the signal that is on its way has arrived.
///
/// # Safety
///
/// On the thread of `m`.
#[cold]
#[inline(never)]
unsafe fn wait(m: *mut M) {
    // SAFETY: by the caller's promise the thread's own M.
    let word = unsafe { Interrupts::of(m) };
    for i in 1..PATIENCE {
        if !word.is_sent(Ordering::Acquire) {
            return;
        }
        if i.is_multiple_of(100) {
            sys::sched_yield();
        } else {
            core::hint::spin_loop();
        }
    }
    // Blocked, so it cannot disturb the call either.
    word.give_up();
}

/// The signal is one that [`send`] marks, of this runtime or of another that is in the process.
pub fn is_marked(ctx: &Context) -> bool {
    ctx.code() == CODE
}

/// It is of this runtime: for a thread of its own.
pub fn is_ours(ctx: &Context) -> bool {
    is_marked(ctx) && lists::all_ms().any(|m| m as usize == ctx.value())
}

/// SIGURG, in the handler. Ours: stops the goroutine if that is possible, and answers true. Others
/// are left to the caller.
///
/// # Safety
/// In the handler, with the interrupted g.
pub unsafe fn arrived(ctx: &mut Context, g: *mut G) -> bool {
    // SAFETY: by the caller's promise g is the interrupted one.
    let m = unsafe { (*g).m.load(Ordering::Relaxed) };
    if m.is_null() {
        // Between two goroutines g has no M for a moment.
        return ctx.code() == CODE;
    }
    let mut ours = ctx.code() == CODE && ctx.value() == m as usize;
    // Another sender's signal may have replaced ours: of equal signals to a thread the kernel keeps
    // the first. And where it had no memory for the data that we sent with ours, the signal has no
    // sender.
    // SAFETY: a goroutine that runs on this thread has its M, which is never freed.
    let sent = unsafe { Interrupts::of(m) }.arrives();
    ours |= sent && ctx.code() == libc::SI_USER && ctx.sender() == 0;
    ours |= sent
        && UNMARKED.load(Ordering::Acquire)
        && ctx.code() == libc::SI_TKILL
        && ctx.sender() == signal::pid();
    // SAFETY: in the handler, with the interrupted g and this thread's M; `may_stop` is asked
    // first.
    unsafe {
        if ours && may_stop(ctx, g, m) {
            stop(ctx, g, m);
        }
    }
    ours
}

/// Preemption of the goroutine is requested (`G::preempt`), and it can be stopped at this
/// instruction.
///
/// # Safety
///
/// In the handler, with the interrupted g and this thread's M.
unsafe fn may_stop(ctx: &Context, g: *mut G, m: *mut M) -> bool {
    // SAFETY: by the caller's promise this thread's own g and M; its P is one of the Ps.
    let stack = unsafe {
        let p = p_of(m);
        if g == (*m).g0
            || g != (*m).curg.load(Ordering::Relaxed)
            || (*g).preempt.load(Ordering::Relaxed) == 0
            || (*g).flags & G_THROWSPLIT != 0
            || !status_of(g).is(GState::Running, Ordering::Relaxed)
            || (*m).locks.load(Ordering::Relaxed) != 0
            || (*m).registers.is_null()
            || ctx.vector().is_null()
            || p.is_null()
            || !(*p).status.is(PState::Running, Ordering::Relaxed)
        {
            return false;
        }
        (*g).stack_lo..(*g).stack_hi
    };
    let (pc, sp) = (ctx.pc(), ctx.sp());
    if !stack.contains(&sp) {
        return false;
    }
    let Some(frame) = walk::interrupted_frame(pc, sp) else {
        return false;
    };
    // SAFETY: words between the goroutine's stack pointer and the end of its stack; g and M are
    // this thread's.
    unsafe {
        frame.end <= stack.end
            && walk::is_return_address(*(frame.top as *const usize))
            && thread_is_free(ctx, g, m, &frame)
    }
}

/// The goroutine is not in the middle of an inlined LockOSThread or UnlockOSThread: these hold the
/// M in a register or in a call's arguments.
///
/// # Safety
///
/// As [`may_stop`]; `frame` is the innermost one of `g`.
unsafe fn thread_is_free(ctx: &Context, g: *mut G, m: *mut M, frame: &walk::Interrupted) -> bool {
    // SAFETY: by the caller's promise this thread's own g and M.
    let (locked, agree, end) = unsafe {
        let locked = (*m).lockedg.load(Ordering::Relaxed) == g;
        let agree =
            locked == ((*g).lockedm.load(Ordering::Relaxed) == m) && locked == ((*m).locked != 0);
        (locked, agree, m.add(1))
    };
    if !agree {
        return false;
    }
    if locked || !frame.loads_g {
        return true;
    }
    let of_m = m as usize..end as usize;
    let in_frame = (ctx.sp()..frame.top).step_by(8).any(|slot| {
        // SAFETY: a word of the goroutine's stack, above its stack pointer.
        of_m.contains(unsafe { &*(slot as *const usize) })
    });
    !in_frame && !ctx.general().iter().any(|r| of_m.contains(r))
}

/// Saves the registers and makes the thread continue in `gort_stop_interrupted`.
///
/// # Safety
///
/// As [`may_stop`], which said yes.
unsafe fn stop(ctx: &mut Context, g: *mut G, m: *mut M) {
    // SAFETY: `may_stop` said yes. The goroutine's code does not run before the handler is done, so
    // everything here is ours, as is the record that the M keeps for this.
    let g0_sp = unsafe {
        let r: *mut Registers = (*m).registers.cast();
        (*m).registers = ptr::null_mut();
        debug_assert!((*g).interrupted.is_null() && !(*g).resume.is_some());
        (*r).save(g, ctx.general(), ctx.vector());
        (*g).sched.pc = ctx.pc();
        (*g).sched.sp = ctx.sp();
        (*g).sched.ctxt = 0;
        (*g).parkmap = 0;
        (*g).flags &= !G_PARK_RESULTS;
        (*g).interrupted = r.cast();
        setg((*m).g0);
        (*(*m).g0).sched.sp
    };
    ctx.resume_at(gort_interrupted as *const () as usize, g0_sp);
}

/// Resumes a goroutine that a signal stopped.
///
/// # Safety
/// On g0; `g` is curg, and was stopped so.
pub unsafe fn resume(g: *mut G) -> ! {
    debug_assert!(crate::world::curg() == g);
    // SAFETY: by the caller's promise on g0, and g is curg: its record is complete, and loading it
    // leaves this stack.
    unsafe {
        debug_assert!(!(*g).interrupted.is_null());
        gort_resume(g, registers::take_back(g, getm()))
    }
}
