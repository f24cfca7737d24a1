//! The frames of a goroutine as Go people count them: the runtime call that it is stopped in, the
//! frames of its stack, and `runtime.goexit` at the bottom. Where a runtime function raised a
//! panic, its frame is `runtime.raise`, which is shown as the function.
//!
//! The walker of the stack ([`super::walk`]) starts in the Go caller of a runtime call, since the
//! call itself has no frame there. `runtime.Callers`, profiles and tracebacks count it like any
//! function.

use super::walk::{End, Shape, Walker};
use crate::abi::{G, ReflectContext, offsets};
use crate::code::asmfuncs::{self, goexit_pc};
use crate::code::symtab::{self, Function};
use gort_tables::FRAME_REFLECT;

/// One frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Return address of the call that it is in, or the instruction where it stands.
    pub pc: usize,
    /// `pc` is an instruction, not a return address.
    pub exact: bool,
    /// Its function.
    pub func: Option<Function>,
    /// Its stack pointer.
    pub sp: usize,
    /// Address of its arguments.
    pub args: usize,
    /// Bytes of its arguments and results.
    pub args_size: usize,
}

impl Frame {
    /// The pc that says where the frame is: inside the call instruction.
    pub fn place(&self) -> usize {
        if self.exact { self.pc } else { self.pc - 1 }
    }
}

unsafe extern "C" {
    #[link_name = "runtime.raise"]
    static RAISE: u8;
}

enum Step {
    Call,
    Stack,
    Bottom,
    Done,
}

/// Steps through a goroutine's frames, innermost first.
pub struct Frames {
    walker: Walker,
    /// The runtime call at the start.
    call: usize,
    step: Step,
    /// Bounds of the stack: a walk never reads outside.
    bounds: (usize, usize),
}

impl core::fmt::Debug for Frames {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}

impl Frames {
    /// Of a stopped goroutine.
    ///
    /// # Safety
    /// `g` is stopped and stays so.
    pub unsafe fn of(g: *mut G) -> Self {
        // SAFETY: the caller's goroutine is stopped and stays so.
        let (walker, call) = unsafe { (Walker::of(g), visible_call((*g).parkmap)) };
        // SAFETY: the same goroutine, and a walk from where it is stopped.
        unsafe { Self::from(g, walker, call) }
    }

    /// From anywhere on the stack of `g`; `call` is the entry of the runtime function called there,
    /// 0 for none.
    ///
    /// # Safety
    /// As [`Frames::of`].
    pub unsafe fn from(g: *mut G, mut walker: Walker, call: usize) -> Self {
        // SAFETY: the caller's goroutine is stopped, so its stack stays.
        let bounds = unsafe { ((*g).stack_lo, (*g).stack_hi) };
        walker.limit = bounds.1;
        Self {
            walker,
            call,
            step: if call == 0 { Step::Stack } else { Step::Call },
            bounds,
        }
    }
}

/// Innermost frames that are a detail of another package, if the runtime call that `g` is stopped
/// in is, like `sync.runtime_Semacquire`: traces and the blocking profile start with the function
/// that people know. 0 if that is the call.
///
/// # Safety
/// `g` is a G of ours, or null.
pub unsafe fn details(g: *mut G) -> usize {
    if g.is_null() {
        return 0;
    }
    // SAFETY: the caller's G is not null, and Gs are never freed.
    match symtab::name_of(unsafe { (*g).parkmap }) {
        // With sync.(*Cond).signalImpl.
        b"sync.runtime_Syncsemrelease" => 2,
        name => usize::from(name.windows(9).any(|w| w == b".runtime_")),
    }
}

/// Entry of the runtime call with this surface index, 0 for none and for the steps of the runtime's
/// own frames.
pub(crate) fn visible_call(index: u32) -> usize {
    if symtab::name_of(index).starts_with(b"gort.") {
        return 0;
    }
    asmfuncs::entry_of(index)
}

/// Entry of the runtime function that a frame of `runtime.raise` stands for, 0 for other frames.
///
/// # Safety
/// The frame is on the stack of a goroutine at rest.
unsafe fn raised_in(f: &crate::unwind::walk::Frame, func: Option<Function>) -> usize {
    match func {
        // Where a sample finds it at work itself the index may not be there yet.
        Some(Function::Asm(asm))
            if asm.entry == &raw const RAISE as u64 && !f.exact && f.sp < f.top =>
        {
            // SAFETY: asm/panic.S has left the surface index there before its call.
            visible_call(unsafe { *((f.sp + offsets::RAISED_IN as usize) as *const u32) })
        }
        _ => 0,
    }
}

/// Bytes of arguments of a frame on the stack.
///
/// # Safety
/// The frame is on the stack of a goroutine at rest.
unsafe fn args_size(frame: &crate::unwind::walk::Frame, func: Option<Function>) -> usize {
    if let Shape::Go(shape) = frame.shape
        && shape.flags & FRAME_REFLECT != 0
    {
        if frame.sp == frame.top {
            return 0;
        }
        // SAFETY: after its prologue such a frame holds the address of its context at the bottom.
        return unsafe { (*(**(frame.sp as *const *const ReflectContext)).stack).n as usize * 8 };
    }
    func.map_or(0, Function::args)
}

impl Iterator for Frames {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        if let Step::Call = self.step {
            self.step = Step::Stack;
            let sp = self.walker.sp;
            let func = symtab::find(self.call);
            return Some(Frame {
                pc: self.call + 1,
                exact: false,
                func,
                sp: sp - 8,
                args: sp,
                args_size: func.map_or(0, Function::args),
            });
        }
        if let Step::Stack = self.step {
            if !(self.bounds.0..self.bounds.1).contains(&self.walker.sp) {
                self.step = Step::Done;
                return None;
            }
            if let Some(f) = self.walker.next() {
                let mut pc = f.pc;
                let mut func = symtab::find(if f.exact { pc } else { pc - 1 });
                // SAFETY: the walker stands in a well-formed frame.
                let (entry, args_size) = unsafe { (raised_in(&f, func), args_size(&f, func)) };
                let mut args_size = args_size;
                if entry != 0 {
                    pc = entry + 1;
                    func = symtab::find(entry);
                    args_size = func.map_or(0, Function::args);
                }
                return Some(Frame {
                    pc,
                    exact: f.exact,
                    func,
                    sp: f.sp,
                    args: f.top + 8,
                    args_size,
                });
            }
            self.step = if self.walker.end == End::Bottom {
                Step::Bottom
            } else {
                Step::Done
            };
        }
        if let Step::Bottom = self.step {
            self.step = Step::Done;
            let (pc, sp) = (goexit_pc(), self.walker.sp);
            return Some(Frame {
                pc,
                exact: false,
                func: symtab::find(pc),
                sp,
                args: sp,
                args_size: 0,
            });
        }
        None
    }
}

/// Writes the pcs of the frames after the first `skip` into `pcs`; answers how many.
pub fn record(frames: Frames, skip: usize, pcs: &mut [usize]) -> usize {
    let mut n = 0;
    for (slot, f) in pcs.iter_mut().zip(frames.skip(skip)) {
        *slot = f.pc;
        n += 1;
    }
    n
}
