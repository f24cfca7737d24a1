//! `runtime.Caller`, `Callers`, `Stack` and `Func`: what a program learns about its own stack and
//! functions.

use super::traceback::{self, Style};
use crate::abi::{GoSlice, GoString, Outcome, Sys, args};
use crate::code::symtab::{self, Function};
use crate::fatal::out::{Out, Sink};
use crate::sched::stop_the_world;
use crate::unwind::frames::{self, Frames};
use crate::world;

/// The words of a Go slice of uintptr.
///
/// # Safety
/// The slice is live during `'a`.
unsafe fn words<'a>(s: &GoSlice) -> &'a mut [usize] {
    if s.len <= 0 {
        return &mut [];
    }
    // SAFETY: by the caller's promise the slice has its elements, and nobody else writes them.
    unsafe { core::slice::from_raw_parts_mut(s.ptr.cast(), s.len as usize) }
}

/// The frames of the goroutine that called in, that call first.
fn own_frames(_: Sys<'_>) -> Frames {
    // SAFETY: in system mode curg is stopped in the runtime call that we serve.
    unsafe { Frames::of(world::curg()) }
}

/// `runtime.Callers(skip, pc)`: 0 is Callers itself.
#[doc(alias = "Callers")]
pub fn callers(sys: Sys<'_>, a: &mut args::runtime_Callers) {
    // SAFETY: the slice is an argument of the call.
    let pcs = unsafe { words(&a.pc) };
    a.r0 = frames::record(own_frames(sys), a.skip.max(0) as usize, pcs) as i64;
}

/// `runtime.Caller(skip)`: 0 is its caller.
pub fn caller(sys: Sys<'_>, a: &mut args::runtime_Caller) {
    // A negative skip counts as 0, as in Go.
    let skip = a.skip.max(0) as usize;
    (a.pc, a.file, a.line, a.ok) = (0, GoString::EMPTY, 0, false);
    if let Some(f) = own_frames(sys).nth(skip + 1) {
        a.ok = true;
        a.pc = f.pc;
        let (file, line) = f
            .func
            .map_or((&b""[..], 0), |func| func.file_line(f.place()));
        a.file = symtab::go_string(file);
        a.line = i64::from(line);
    }
}

/// `runtime.FuncForPC`.
pub fn func_for_pc(_: Sys<'_>, a: &mut args::runtime_FuncForPC) {
    a.r0 = symtab::find(a.pc).map_or(core::ptr::null_mut(), Function::to_go);
}

/// `(*Func).Name`.
pub fn func_name(_: Sys<'_>, a: &mut args::runtime___Func__Name) {
    // SAFETY: the receiver came from FuncForPC, or is nil.
    a.r0 = unsafe { Function::from_go(a.recv) }
        .map_or(GoString::EMPTY, |f| symtab::go_string(f.name()));
}

/// `(*Func).Entry`.
pub fn func_entry(_: Sys<'_>, a: &mut args::runtime___Func__Entry) {
    // SAFETY: the receiver came from FuncForPC, or is nil.
    a.r0 = unsafe { Function::from_go(a.recv) }.map_or(0, Function::entry);
}

/// `(*Func).raw`: the same pointer by another type.
pub fn func_raw(_: Sys<'_>, a: &mut args::runtime___Func__raw) {
    a.r0 = a.recv;
}

/// `(*Func).FileLine`.
pub fn func_file_line(_: Sys<'_>, a: &mut args::runtime___Func__FileLine) {
    // SAFETY: the receiver came from FuncForPC, or is nil.
    let (file, line) =
        unsafe { Function::from_go(a.recv) }.map_or((&b"?"[..], 0), |f| f.file_line(a.pc));
    a.file = symtab::go_string(file);
    a.line = i64::from(line);
}

/// `runtime.Stack(buf, all)`.
pub fn stack(sys: Sys<'_>, a: &mut args::runtime_Stack) -> Outcome {
    let mut stopped = None;
    if a.all {
        // SAFETY: system mode at a runtime call: a goroutine that has to try again makes the call
        // again.
        stopped = unsafe { stop_the_world(sys) };
        if stopped.is_none() {
            return Outcome::Again;
        }
    }
    a.r0 = 0;
    if a.buf.len > 0 {
        let g = world::curg();
        // SAFETY: the slice is an argument of the call: it has its elements.
        let buf = unsafe { core::slice::from_raw_parts_mut(a.buf.ptr, a.buf.len as usize) };
        let mut out = Out::new(buf, Sink::Cut);
        let style = Style::configured();
        // SAFETY: curg is stopped at its call of Stack, not in a frame of it; the world is stopped
        // where the others are shown.
        unsafe {
            traceback::own(&mut out, g, style);
            if a.all {
                traceback::others(&mut out, g, style);
            }
        }
        a.r0 = out.filled() as i64;
    }
    if let Some(stopped) = stopped {
        stopped.start();
    }
    Outcome::Return
}
