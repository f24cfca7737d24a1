//! The one signal handler, on each thread's alternate stack.
//!
//! Forbidden here: locks that interrupted code may hold, allocation, anything that parks or
//! readies. Dying is the exception: then nothing else matters, and where a lock is never released
//! the watchdog's signal ends the process ([`crate::debug::watch`]).

use super::table::{self, KILL, PANIC, THROW};
use super::{fault, queue, registers};
use crate::abi::{G, M};
use crate::code::{asmfuncs, sites, symtab};
use crate::config::level;
use crate::debug::traceback::{self, Style};
use crate::debug::{builtins, dying, watch};
use crate::fatal;
use crate::fatal::out::{Out, Sink};
use crate::os::context::Context;
use crate::os::{signal, sys};
use crate::panic::uncaught;
use crate::sched::interrupt;
use crate::unwind::walk::Walker;
use crate::world::g::status_of;
use crate::world::with_c::with_c;
use crate::world::{self, GState, lists};
use core::sync::atomic::{AtomicU32, Ordering};

/// Bytes of the buffer for last words.
const TEXT: usize = 2048;

/// asm/signal.S calls it on the alternate stack; FS still names the interrupted g.
///
/// # Safety
///
/// As a signal handler is called, on the thread's alternate stack, with the current g untouched.
#[doc(alias = "sighandler")]
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_sighandler(
    sig: i32,
    info: *const libc::siginfo_t,
    uc: *mut libc::ucontext_t,
) {
    // SAFETY: by the caller's promise these are the kernel's arguments, in its handler.
    let mut ctx = unsafe { Context::new(info, uc) };
    let sig = sig as u32;
    let g = world::getg();
    if let Some(c) = with_c() {
        // SAFETY: in the handler, with the interrupted g.
        if unsafe { (c.signal)(sig, &ctx, g) } {
            return;
        }
    }
    if sig == libc::SIGPROF as u32 {
        // SAFETY: in the handler, with the interrupted g.
        unsafe { crate::probe::cpu::sample(&ctx, g) };
        return;
    }
    // SAFETY: in the handler, and g is the interrupted one.
    if sig == interrupt::SIGNAL && unsafe { interrupt::arrived(&mut ctx, g) } {
        return;
    }
    if sig == libc::SIGALRM as u32 && watch::rings_with(ctx.code()) {
        if watch::rang() {
            // SAFETY: in the handler, and g is the interrupted one.
            unsafe { method_hangs(&ctx, g) };
        }
        return;
    }
    let flags = table::flags(sig);
    let sent = ctx.code() <= 0;
    if flags & PANIC != 0 && !sent {
        if fault::end_copy(&mut ctx) {
            return;
        }
        // SAFETY: in the handler, and g is the interrupted one.
        if !unsafe { fault::inject(sig, &mut ctx, g) } {
            // SAFETY: in the handler, and g is the interrupted one.
            unsafe { runtime_fault(sig, &ctx, g) };
        }
        return;
    }
    if queue::may_have(sig, &ctx) && queue::send(sig) {
        return;
    }
    if flags & KILL != 0 {
        sys::exit(2);
    }
    if flags & THROW != 0 {
        // SAFETY: in the handler, and g is the interrupted one.
        unsafe { dump(sig, &ctx, g) };
    }
}

/// Where the interrupted goroutine can be walked from, or null when the thread runs none.
///
/// # Safety
///
/// In the handler; `g` is the interrupted one.
unsafe fn interrupted(ctx: &Context, g: *mut G) -> Option<(*mut G, Walker)> {
    // SAFETY: by the caller's promise g is the interrupted one; Ms are never freed.
    let m = unsafe { (*g).m.load(Ordering::Relaxed) };
    if m.is_null() {
        return None;
    }
    // SAFETY: the thread's own M; a goroutine that it serves is stopped in its runtime call, and
    // one that runs is stopped by the handler.
    let stack = unsafe {
        if g == (*m).g0 {
            let curg = (*m).curg.load(Ordering::Relaxed);
            return (!curg.is_null()).then(|| (curg, Walker::of(curg)));
        }
        (*g).stack_lo..(*g).stack_hi - 8
    };
    let (pc, sp, bp) = (ctx.pc(), ctx.sp(), ctx.bp());
    if sites::in_go_text(pc) {
        return Some((g, Walker::at_fault(pc, sp)));
    }
    // SAFETY: asked for addresses on the goroutine's stack alone, which is mapped.
    let word = |at: usize| unsafe { *(at as *const usize) };
    if symtab::is_duff(pc) && stack.contains(&sp) {
        // Inside the call instruction.
        return Some((g, Walker::at_fault(word(sp) - 1, sp + 8)));
    }
    // Our own code on the goroutine's stack: its Go caller is at the top of the stack, or where
    // the trampoline left it.
    for at in [sp, bp] {
        if stack.contains(&at) && sites::find_site(word(at)).is_some() {
            return Some((g, Walker::new(word(at), at + 8)));
        }
    }
    Some((g, Walker::new(0, sp)))
}

/// Entry of the assembly function that was interrupted, 0 for other code: it has no frame, but a
/// name (`runtime.Breakpoint`).
fn primitive(pc: usize) -> usize {
    if !sites::in_asm_text(pc) {
        return 0;
    }
    asmfuncs::find(pc).map_or(0, |f| f.entry as usize)
}

/// A fault in the runtime's own code: a bug, or memory that the program destroyed.
///
/// # Safety
///
/// As [`interrupted`].
unsafe fn runtime_fault(sig: u32, ctx: &Context, g: *mut G) -> ! {
    dying::blame_runtime();
    dying::start();
    builtins::abandon();
    let mut buf = [0u8; TEXT];
    let mut out = Out::new(&mut buf, Sink::Stderr);
    out.str("fatal error: unexpected signal during runtime execution\n");
    dying::signal_line(&mut out, sig, ctx.code() as u32, ctx.address(), ctx.pc());
    // SAFETY: by the caller's promise in the handler, and g is the interrupted one; the goroutine
    // that it finds is stopped there.
    unsafe {
        let (g, walker) = interrupted(ctx, g).unzip();
        drop(out);
        dying::finish_from(g.unwrap_or(core::ptr::null_mut()), walker)
    }
}

/// The goroutine whose uncaught panic ends the program has called a method of its value that does
/// not return.
///
/// # Safety
///
/// As [`interrupted`].
unsafe fn method_hangs(ctx: &Context, g: *mut G) -> ! {
    dying::start();
    builtins::abandon();
    fatal::puts("fatal error: method of the panic's value does not return\n");
    // SAFETY: by the caller's promise in the handler, and g is the interrupted one. The teller is a
    // G; where no thread runs it, it is at rest.
    unsafe {
        // That one first, unless another thread runs it: then it is among the others.
        let teller = uncaught::teller();
        if let Some((g, walker)) = interrupted(ctx, g).filter(|(g, _)| *g == teller) {
            dying::finish_from(g, Some(walker))
        }
        if status_of(teller).is(GState::Running, Ordering::Acquire) {
            dying::finish_from(core::ptr::null_mut(), None)
        }
        dying::finish(teller)
    }
}

/// Threads that have shown what they run, with GOTRACEBACK=crash.
static CRASHED: AtomicU32 = AtomicU32::new(0);
/// How long such a thread waits for the others.
const RELAY_NS: i64 = 5_000_000_000;

/// The next thread shows what it runs: those that have done it block the signal, so the kernel
/// gives it to another one. Returns when there is none left, or when it does not come back.
fn relay() {
    // SAFETY: Ms are never freed. Some wait for a thread of C to borrow them.
    let has_thread = |m: &*mut M| unsafe { (**m).tid.load(Ordering::Relaxed) != 0 };
    let threads = lists::all_ms().filter(has_thread).count() as u32;
    if CRASHED.fetch_add(1, Ordering::AcqRel) + 1 >= threads {
        return;
    }
    fatal::puts("\n-----\n\n");
    dying::pass_on();
    signal::raise_process(libc::SIGQUIT as u32);
    sys::nanosleep(RELAY_NS);
}

/// SIGQUIT and the like: shows everything and ends.
///
/// # Safety
///
/// As [`interrupted`].
unsafe fn dump(sig: u32, ctx: &Context, g: *mut G) -> ! {
    dying::start();
    builtins::abandon();
    let level = level::get();
    // Another thread has shown all goroutines but those that run.
    let relayed = CRASHED.load(Ordering::Acquire) != 0;
    let mut buf = [0u8; TEXT];
    let mut out = Out::new(&mut buf, Sink::Stderr);
    if table::text(sig).is_empty() {
        out.str("Signal ").uint(u64::from(sig)).str("\n");
    } else {
        out.str(table::text(sig)).str("\n");
    }
    // SAFETY: by the caller's promise in the handler, and g is the interrupted one, with the
    // thread's own M; what runs elsewhere is not walked.
    unsafe {
        let m = (*g).m.load(Ordering::Relaxed);
        out.str("PC=")
            .hex(ctx.pc() as u64)
            .str(" m=")
            .int(if m.is_null() { -1 } else { (*m).id })
            .str("\n");
        if with_c().is_some_and(|c| (c.in_call)(g)) {
            out.str("signal arrived during cgo execution\n");
        }
        out.str("\n");
        if level.frames > 0 {
            let style = Style::configured();
            let (shown, walker) = interrupted(ctx, g).unzip();
            if !m.is_null() && g == (*m).g0 {
                // The thread was in the scheduler or in a runtime call: its system stack has no Go
                // frames.
                traceback::header(&mut out, g);
                let running = |g: *mut G| status_of(g).is(GState::Running, Ordering::Acquire);
                if let Some(curg) = shown.filter(|&curg| !relayed || running(curg)) {
                    out.str("\n");
                    traceback::goroutine(&mut out, curg, style);
                }
            } else if let (Some(g), Some(walker)) = (shown, walker) {
                let whole = Style {
                    all: true,
                    addresses: true,
                };
                traceback::from(&mut out, g, walker, primitive(ctx.pc()), whole);
            }
            if !relayed {
                traceback::others(&mut out, shown.unwrap_or(g), style);
            }
            out.str("\n");
            registers::dump(ctx, &mut out);
        }
    }
    drop(out);
    if level.crash {
        relay();
        fatal::signal::die_by_abort();
    }
    dying::leave(false)
}
