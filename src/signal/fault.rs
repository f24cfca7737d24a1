//! Faults of Go code become panics.
//!
//! The handler makes the faulting instruction look like a call of `runtime.sigpanic` (asm/panic.S):
//! it pushes the instruction's address and continues there. sigpanic asks [`sigpanickind`] what the
//! fault means. The frame that faulted is at no safe point: only what its innermost deferred call
//! would need is live in it.
//!
//! A fault inside a memory primitive of ours that Go code called is a fault of that call: these
//! keep their stack pointer at the return address (or one call below), and have no frame.
//!
//! A fault in Rust code is one of the Go code that called it, too, if that call copies, hashes or
//! compares memory of the program without a lock ([`MAY_FAULT`]). On g0 that holds for the memory
//! primitives alone, since there the same calls allocate and collect, whose faults are bugs; but
//! with `debug.SetPanicOnFault`, which is for memory that may go away under a program (mapped
//! files), it holds for all that such a call does.

use crate::abi::{G, G_PANIC_ON_FAULT, M, Sys, args};
use crate::code::{asmfuncs, sites, symtab};
use crate::fatal;
use crate::fatal::out::Out;
use crate::os::context::Context;
use crate::world::g::status_of;
use crate::world::{self, GState};
use core::sync::atomic::Ordering;

unsafe extern "C" {
    #[link_name = "runtime.sigpanic"]
    static SIGPANIC: u8;
}

unsafe extern "C" {
    /// asm/memory.S: the instruction that copies what may not be readable, and where it goes on.
    static gort_copy_readable_at: u8;
    static gort_copy_readable_out: u8;
}

/// Bytes of a call of a fixed place, and the first of them.
const CALL: usize = 5;
const CALL_OPCODE: u8 = 0xe8;
/// A leaf call goes no deeper than that.
const LEAF_DEPTH: usize = 1024;

/// Beginnings of the names of functions that hold no lock, and leave nothing half done that
/// matters, when they touch memory that the program gave them.
const MAY_FAULT: [&[u8]; 11] = [
    b"runtime.assert",
    b"runtime.concatstring",
    b"runtime.conv",
    b"runtime.efaceeq",
    b"runtime.growslice",
    b"runtime.ifaceeq",
    b"runtime.map",
    b"runtime.slice",
    b"runtime.stringto",
    b"runtime.typed",
    b"runtime.writebarrier",
];

/// Numbers of run-time panics (src/panic/values.rs).
mod kind {
    pub(super) const DIVIDE: usize = 2;
    pub(super) const OVERFLOW: usize = 3;
    pub(super) const FLOAT: usize = 4;
    pub(super) const MEMORY: usize = 5;
}

/// Below it lies nothing: an access there is one through a nil pointer.
const NIL_PAGE: usize = 0x1000;
const FPE_INTDIV: u32 = 1;
const FPE_INTOVF: u32 = 2;
const BUS_ADRERR: u32 = 2;

/// The fault is one that the runtime expects (`gort_copy_readable`): goes on there.
pub(super) fn end_copy(ctx: &mut Context) -> bool {
    let here = ctx.pc() == &raw const gort_copy_readable_at as usize;
    if here {
        ctx.resume_at(&raw const gort_copy_readable_out as usize, ctx.sp());
    }
    here
}

/// Lets the interrupted goroutine panic, if the fault is one of Go code; false if it is the
/// runtime's own.
///
/// # Safety
/// In the handler, with the interrupted g.
pub(super) unsafe fn inject(sig: u32, ctx: &mut Context, g: *mut G) -> bool {
    let (pc, sp) = (ctx.pc(), ctx.sp());
    // SAFETY: by the caller's promise g is the interrupted one; Ms are never freed.
    let m = unsafe { (*g).m.load(Ordering::Relaxed) };
    if m.is_null() {
        return false;
    }
    // SAFETY: the thread's own M; its goroutine is stopped by the handler. Where its stack pointer
    // is on its stack, the words there are readable.
    let found = unsafe {
        if g == (*m).g0 {
            return inject_in_call(sig, ctx, m);
        }
        if g != (*m).curg.load(Ordering::Relaxed) || !((*g).stack_lo..(*g).stack_hi).contains(&sp) {
            return false;
        }
        place(pc, sp, ctx.address()).or_else(|| place_in_leaf(g, sp))
    };
    let Some((pc, mut sp)) = found else {
        return false;
    };
    // SAFETY: the goroutine is stopped by the handler. Below its stack pointer there is room: every
    // function leaves STACK_GUARD for what has no prologue.
    unsafe {
        note(g, sig, ctx);
        if pc != 0 {
            sp -= 8;
            *(sp as *mut usize) = pc;
        }
    }
    ctx.resume_at(&raw const SIGPANIC as usize, sp);
    true
}

/// For [`sigpanickind`] and the line that a crash shows.
///
/// # Safety
///
/// In the handler; `g` is this thread's goroutine.
unsafe fn note(g: *mut G, sig: u32, ctx: &Context) {
    let (code, address, pc) = (ctx.code() as u32, ctx.address(), ctx.pc());
    // SAFETY: by the caller's promise the handler has stopped g: its words are ours.
    unsafe {
        (*g).sig = sig;
        (*g).sigcode = code;
        (*g).sigaddr = address;
        (*g).sigpc = pc;
    }
}

/// A fault on g0, in a runtime call of the thread's goroutine: the call panics where it stands.
///
/// # Safety
///
/// In the handler, which has interrupted this thread on its g0; `m` is its M.
unsafe fn inject_in_call(sig: u32, ctx: &mut Context, m: *mut M) -> bool {
    // SAFETY: by the caller's promise the thread's own M, and the goroutine that it serves is
    // stopped at its call.
    let g = unsafe {
        let g = (*m).curg.load(Ordering::Relaxed);
        if g.is_null()
            || (*m).locks.load(Ordering::Relaxed) != 0
            || (*m).dying != 0
            || (*g).syscallsp != 0
            || status_of(g).state(Ordering::Relaxed) != GState::Running
            || !may_fault((*g).sched.pc)
            || ((*g).flags & G_PANIC_ON_FAULT == 0 && !sites::in_asm_text(ctx.pc()))
        {
            return false;
        }
        g
    };
    // SAFETY: in the handler, and g is this thread's goroutine.
    unsafe { note(g, sig, ctx) };
    // As after a call: one word off the alignment.
    let sp = (ctx.sp() - LEAF_DEPTH) & !15;
    ctx.resume_at(raise as *const () as usize, sp - 8);
    true
}

extern "C" fn raise() -> ! {
    // SAFETY: the handler resumed the thread here, on its g0, in the call that faulted; curg is
    // stopped at it.
    let sys = unsafe {
        kind_of(world::curg());
        Sys::new()
    };
    crate::panic::raise_error(sys, "invalid memory address or nil pointer dereference")
}

/// The call that returns to `ret` may fault as Go code does.
fn may_fault(ret: usize) -> bool {
    if sites::find_site(ret).is_none() {
        return false;
    }
    let call = (ret - CALL) as *const u8;
    // SAFETY: a call site is preceded by its call, in text of Go, of at least so many bytes.
    let (opcode, offset) = unsafe { (*call, call.add(1).cast::<i32>().read_unaligned()) };
    if opcode != CALL_OPCODE {
        return false;
    }
    let target = ret.wrapping_add_signed(offset as isize);
    let name = asmfuncs::find(target).map_or(&b""[..], symtab::library_name);
    MAY_FAULT.iter().any(|start| name.starts_with(start))
}

/// The place for a fault in a leaf call, in Rust code on the goroutine's stack: inside the call
/// instruction, since nothing returns there.
///
/// # Safety
///
/// In the handler; `g` is this thread's goroutine, and `sp` is on its stack.
unsafe fn place_in_leaf(g: *mut G, sp: usize) -> Option<(usize, usize)> {
    let at = world::leaf_sp();
    // SAFETY: g is a G, whose stack does not move while the handler runs.
    let end = unsafe { (*g).stack_hi } - 8;
    if !(sp..end).contains(&at) || at - sp > LEAF_DEPTH {
        return None;
    }
    // SAFETY: the word is on the goroutine's stack, above what runs.
    let ret = unsafe { *(at as *const usize) };
    may_fault(ret).then_some((ret - 1, at + 8))
}

/// Where the call of sigpanic is to appear: instruction and stack pointer. Instruction 0: Go code
/// called something that is no code, and the return address on the stack is that call's.
///
/// # Safety
///
/// `sp` is the stack pointer of a goroutine that the handler has stopped, and on its stack.
unsafe fn place(pc: usize, sp: usize, address: usize) -> Option<(usize, usize)> {
    let is_site = |pc: usize| sites::find_site(pc).is_some();
    if sites::in_go_text(pc) {
        return Some((pc, sp));
    }
    // SAFETY: sp is inside the goroutine's stack, which has words above it.
    let (ret, ret2) = unsafe { (*(sp as *const usize), *((sp + 8) as *const usize)) };
    if sites::in_asm_text(pc) {
        if sites::is_asm_site(pc) || is_site(ret) {
            return Some((pc, sp));
        }
        // The call itself faults.
        if symtab::is_duff(pc) && sites::in_go_text(ret) {
            return Some((ret - CALL, sp + 8));
        }
        // One of our primitives called another.
        if sites::in_asm_text(ret) && is_site(ret2) {
            return Some((ret, sp + 8));
        }
        return None;
    }
    // The instruction could not even be fetched.
    (address == pc && (is_site(ret) || sites::is_asm_site(ret))).then_some((0, sp))
}

/// What the fault that called `runtime.sigpanic` becomes: the number of a run-time panic, or the
/// end of the program.
pub fn sigpanickind(_: Sys<'_>, a: &mut args::gort_sigpanickind) {
    let (g, m) = (world::curg(), world::getm());
    // SAFETY: this thread's M, and the goroutine that called in, which faulted just before.
    let expected = unsafe {
        let running =
            status_of(g).state(Ordering::Relaxed) == GState::Running && (*g).syscallsp == 0;
        (*m).locks.load(Ordering::Relaxed) == 0 && (*m).dying == 0 && running
    };
    if !expected {
        fatal::throw("unexpected signal during runtime execution");
    }
    // SAFETY: the goroutine that called in, which faulted just before.
    a.kind = unsafe { kind_of(g) };
}

/// The number of the run-time panic that the fault of `g` becomes, if it is not the end of the
/// program.
///
/// # Safety
///
/// `g` is this thread's goroutine, stopped after its fault.
unsafe fn kind_of(g: *mut G) -> usize {
    // SAFETY: by the caller's promise g is this thread's goroutine, stopped after its fault.
    let (sig, code, address, flags) = unsafe { ((*g).sig, (*g).sigcode, (*g).sigaddr, (*g).flags) };
    let nil = address < NIL_PAGE;
    match sig as i32 {
        libc::SIGSEGV if nil && code <= 2 => kind::MEMORY,
        libc::SIGBUS if nil && code == BUS_ADRERR => kind::MEMORY,
        libc::SIGFPE if code == FPE_INTDIV => kind::DIVIDE,
        libc::SIGFPE if code == FPE_INTOVF => kind::OVERFLOW,
        libc::SIGFPE => kind::FLOAT,
        _ if flags & G_PANIC_ON_FAULT != 0 => kind::MEMORY,
        _ => {
            let say = |out: &mut Out<'_>| {
                out.str("unexpected fault address ")
                    .hex(address as u64)
                    .str("\n");
            };
            fatal::throw_saying(say, "fault")
        }
    }
}

/// `runtime.setPanicOnFault`: of the running goroutine.
pub fn set_panic_on_fault(_: Sys<'_>, a: &mut args::runtime_setPanicOnFault) {
    // SAFETY: the goroutine that called in is stopped in this call: only this thread touches its
    // flags.
    let flags = unsafe { &mut (*world::curg()).flags };
    a.old = *flags & G_PANIC_ON_FAULT != 0;
    *flags = if a.new_ {
        *flags | G_PANIC_ON_FAULT
    } else {
        *flags & !G_PANIC_ON_FAULT
    };
}
