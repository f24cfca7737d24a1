//! Walking goroutine stacks: frame by frame from a saved context to goexit.
//!
//! A frame's continuation is where it goes on: the return address of the call it is in, or its
//! function's entry when its prologue called morestack (or it has not started). The linker's tables
//! answer both with one lookup (crate gort-tables); assembly frames are in the sections that
//! asm/trampoline.h fills.
//!
//! ```text
//!   higher addresses
//!   | args of the frame's function |  args map: words from top + 8
//!   | return address               |  <- top
//!   | locals                       |  locals map: the words below top
//!   | outgoing args                |  belong to the callee's args map
//!   |                              |  <- sp
//! ```

use crate::abi::G;
use crate::code::asmfuncs::goexit_pc;
use crate::code::sites::{
    asm_site, find_func, find_site, header, in_asm_text, in_go_text, is_asm_site,
};
use crate::code::symtab::{self, frame_at};
use crate::world::{GState, g::status_of};
use core::sync::atomic::Ordering;
use gort_tables as tables;
use gort_tables::{FRAME_LOADS_G, FRAME_NO_INTERRUPT};

/// Entry of the function (Go or assembly) that `pc` lies in.
pub fn function_entry(pc: usize) -> usize {
    if let Some(f) = find_func(pc) {
        return header().text as usize + f.entry as usize;
    }
    match crate::code::asmfuncs::find(pc) {
        Some(f) => f.entry as usize,
        None => crate::fatal::throw("runtime: morestack from unknown code"),
    }
}

/// What kind of code a frame belongs to.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Compiled code at a known point.
    Go(&'static tables::Frame),
    /// An assembly frame; the index is its function's surface row, -1 for none.
    Asm(i32),
    /// Compiled code that faulted here: no maps hold.
    Fault,
    /// Compiled code that a signal stopped here: no maps hold, so its words are looked at one by
    /// one ([`each_interrupted_word`](super::pointers::each_interrupted_word)).
    Interrupted,
}

/// One frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Where it goes on.
    pub pc: usize,
    /// Its stack pointer there.
    pub sp: usize,
    /// Address of the slot with its return address.
    pub top: usize,
    /// Its kind.
    pub shape: Shape,
    /// `pc` is the function's entry or the instruction where a fault or signal struck, so `pc`
    /// itself and not `pc - 1` says where it is.
    pub exact: bool,
}

/// Why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Not yet.
    Open,
    /// At the goroutine's first function.
    Bottom,
    /// At a return address that nobody knows.
    Lost(usize),
}

/// What the pc of the next frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A return address or a function's entry.
    Site,
    /// An instruction that faulted.
    Fault,
    /// An instruction at which a signal stopped the goroutine.
    Interrupted,
}

/// Steps through the frames of a stack, innermost first.
#[doc(alias = "gentraceback")]
#[derive(Debug, Clone)]
pub struct Walker {
    pc: usize,
    /// Stack pointer of the next frame.
    pub sp: usize,
    place: Place,
    /// No frame reaches above: end of the stack, for walks that start from a guess.
    pub(super) limit: usize,
    /// How the walk ended.
    pub(super) end: End,
    /// Call sites looked up in this walk, by [`seen_at`]: deep stacks are recursions, through few
    /// call sites.
    seen: [Seen; SEEN],
}

/// Slots of a walk's memory of call sites: more cost short walks, fewer make recursions through
/// several functions slower.
const SEEN: usize = 4;

/// A call site's frame description.
#[derive(Debug, Clone, Copy)]
struct Seen {
    pc: usize,
    frame: Option<&'static tables::Frame>,
}

/// The slot for a call site.
fn seen_at(pc: usize) -> usize {
    (pc ^ pc >> 4) % SEEN
}

/// Size of a frame of compiled code at a pc that is no call site and no entry.
fn frame_size_at(f: &tables::Func, pc: usize) -> Option<usize> {
    let entry = header().text + u64::from(f.entry);
    let size = tables::pcvalue::lookup(symtab::pcsp(f), entry, pc as u64);
    (size >= 0).then_some(size as usize)
}

/// The frame of compiled code in which a signal stops a goroutine, or could.
#[derive(Debug, Clone, Copy)]
pub struct Interrupted {
    /// Address of the slot with its return address.
    pub top: usize,
    /// End of its arguments and results.
    pub end: usize,
    /// It may hold the thread's M in a register.
    pub loads_g: bool,
}

/// The frame of the function that `pc` lies in, with its stack pointer at `sp`; none where a
/// goroutine may not be stopped.
pub fn interrupted_frame(pc: usize, sp: usize) -> Option<Interrupted> {
    let f = find_func(pc)?;
    let flags = symtab::frame(f.entry_frame).flags;
    if flags & FRAME_NO_INTERRUPT != 0 || !sp.is_multiple_of(8) {
        return None;
    }
    let top = sp + frame_size_at(f, pc)?;
    Some(Interrupted {
        top,
        end: top + 8 + f.args as usize,
        loads_g: flags & FRAME_LOADS_G != 0,
    })
}

/// Execution may go on at `pc` after a return: a walk gets further there.
pub fn is_return_address(pc: usize) -> bool {
    pc == goexit_pc() || find_site(pc).is_some() || is_asm_site(pc)
}

impl Walker {
    /// From a continuation pc and the stack pointer there.
    pub fn new(pc: usize, sp: usize) -> Self {
        Self {
            pc,
            sp,
            place: Place::Site,
            limit: usize::MAX,
            end: End::Open,
            seen: [Seen { pc: 0, frame: None }; SEEN],
        }
    }

    /// From a faulting instruction in compiled code.
    pub fn at_fault(pc: usize, sp: usize) -> Self {
        Self {
            place: Place::Fault,
            ..Self::new(pc, sp)
        }
    }

    /// From where `g` is stopped.
    ///
    /// # Safety
    /// `g` is stopped and stays so during the walk.
    pub unsafe fn of(g: *mut G) -> Self {
        // SAFETY: the caller's goroutine is stopped, so nobody writes these fields.
        let (syscall, context, interrupted) = unsafe {
            let syscall =
                status_of(g).state(Ordering::Relaxed) == GState::Syscall && (*g).syscallsp != 0;
            let context = if syscall {
                ((*g).syscallpc, (*g).syscallsp)
            } else {
                ((*g).sched.pc, (*g).sched.sp)
            };
            (syscall, context, !(*g).interrupted.is_null())
        };
        let w = Self::new(context.0, context.1);
        if syscall || !interrupted {
            return w;
        }
        Self {
            place: Place::Interrupted,
            ..w
        }
    }

    /// Description of the frame that goes on at the call site `pc`.
    fn frame_at_site(&mut self, pc: usize) -> Option<&'static tables::Frame> {
        let seen = &mut self.seen[seen_at(pc)];
        if seen.pc != pc {
            *seen = Seen {
                pc,
                frame: frame_at(pc),
            };
        }
        seen.frame
    }

    fn asm_frame(&mut self, fault: bool) -> Option<Frame> {
        let (pc, sp) = (self.pc, self.sp);
        if let Some(s) = asm_site(pc) {
            return Some(Frame {
                pc,
                sp,
                top: sp + s.size as usize,
                shape: Shape::Asm(s.index),
                exact: false,
            });
        }
        let f = crate::code::asmfuncs::find(pc)?;
        // A primitive that faults has no frame: src/signal/fault.rs sees to that.
        (f.entry == pc as u64 || fault).then_some(Frame {
            pc,
            sp,
            top: sp,
            shape: Shape::Asm(f.index),
            exact: true,
        })
    }
}

impl Iterator for Walker {
    type Item = Frame;

    /// Most frames of a deep stack go on at a call site that the walk has seen: they are answered
    /// here, which the compiler makes part of the caller's loop.
    #[inline]
    fn next(&mut self) -> Option<Frame> {
        let (pc, sp) = (self.pc, self.sp);
        let seen = self.seen[seen_at(pc)];
        if seen.pc == pc
            && self.place == Place::Site
            && let Some(f) = seen.frame
        {
            let top = sp + f.size as usize;
            if top < self.limit {
                // SAFETY: top lies in the stack that the caller promised to be stopped and well
                // formed.
                self.pc = unsafe { *(top as *const usize) };
                self.sp = top + 8;
                return Some(Frame {
                    pc,
                    sp,
                    top,
                    shape: Shape::Go(f),
                    exact: false,
                });
            }
        }
        self.next_slow()
    }
}

impl Walker {
    fn next_slow(&mut self) -> Option<Frame> {
        if self.end != End::Open {
            return None;
        }
        let (pc, sp) = (self.pc, self.sp);
        if pc == goexit_pc() {
            self.end = End::Bottom;
            return None;
        }
        let place = core::mem::replace(&mut self.place, Place::Site);
        let h = header();
        let frame = if in_go_text(pc) || pc == h.etext as usize {
            if place != Place::Site {
                let size = find_func(pc).and_then(|f| frame_size_at(f, pc));
                size.map(|size| Frame {
                    pc,
                    sp,
                    top: sp + size,
                    shape: if place == Place::Fault {
                        Shape::Fault
                    } else {
                        Shape::Interrupted
                    },
                    exact: true,
                })
            } else if let Some(f) = self.frame_at_site(pc) {
                Some(Frame {
                    pc,
                    sp,
                    top: sp + f.size as usize,
                    shape: Shape::Go(f),
                    exact: false,
                })
            } else {
                find_func(pc).and_then(|f| {
                    (h.text as usize + f.entry as usize == pc).then(|| Frame {
                        pc,
                        sp,
                        top: sp,
                        shape: Shape::Go(symtab::frame(f.entry_frame)),
                        exact: true,
                    })
                })
            }
        } else if in_asm_text(pc) {
            self.asm_frame(place == Place::Fault)
        } else {
            None
        };
        let Some(frame) = frame.filter(|f| f.top < self.limit) else {
            self.end = End::Lost(pc);
            return None;
        };
        debug_assert!(frame.top >= sp && frame.top.is_multiple_of(8));
        // SAFETY: top lies in the stack that the caller promised to be stopped and well formed.
        self.pc = unsafe { *(frame.top as *const usize) };
        self.sp = frame.top + 8;
        // The return address of sigpanic is the faulting instruction itself.
        if matches!(frame.shape, Shape::Asm(_)) && crate::code::asmfuncs::is_sigpanic(frame.pc) {
            self.place = Place::Fault;
        }
        Some(frame)
    }
}
