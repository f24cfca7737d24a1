//! The live pointers of a stopped goroutine's stack: the runtime call it is stopped in, then frame
//! by frame.

use super::walk::{End, Frame, Shape, Walker, interrupted_frame};
use crate::abi::{G, SURFACE};
use crate::code::symtab::{self, frame_at};
use crate::world::registers::Registers;
use gort_tables::{FRAME_NO_MAPS, FRAME_REFLECT, NO_MAP};

/// The frame of a stopped goroutine whose locals and outgoing arguments `slot` is among.
///
/// # Safety
/// `g` is stopped.
pub unsafe fn frame_of(g: *mut G, slot: usize) -> Option<Frame> {
    // SAFETY: the caller's goroutine is stopped, for longer than the walk takes.
    unsafe { Walker::of(g) }.find(|f| slot <= f.top)
}

/// Calls `f` with the address of each set bit's word.
///
/// # Safety
/// `bits` has `words` bits, at least 8-byte aligned and padded.
unsafe fn each_bit(bits: *const u8, words: usize, base: usize, f: &mut impl FnMut(usize)) {
    for w in 0..words.div_ceil(64) {
        // SAFETY: the bitmap is padded to whole words.
        let mut m = unsafe { *bits.cast::<u64>().add(w) };
        let left = words - w * 64;
        if left < 64 {
            m &= (1 << left) - 1;
        }
        while m != 0 {
            let i = m.trailing_zeros() as usize;
            m &= m - 1;
            f(base + (w * 64 + i) * 8);
        }
    }
}

/// Calls `f` with the address of every word of `mask` from `base`.
pub fn each_masked(mask: u32, base: usize, f: &mut impl FnMut(usize)) {
    let mut m = mask;
    while m != 0 {
        let i = m.trailing_zeros() as usize;
        m &= m - 1;
        f(base + i * 8);
    }
}

/// Calls `f` with the address of every live pointer slot of the frame: its locals, and its
/// arguments in the caller's outgoing area.
///
/// # Safety
/// The frame is of a stopped stack.
pub unsafe fn each_pointer(frame: &Frame, f: &mut impl FnMut(usize)) {
    match frame.shape {
        Shape::Fault | Shape::Interrupted => {}
        Shape::Asm(index) => {
            if index >= 0 {
                let e = &SURFACE[index as usize];
                each_masked(e.ptrs, frame.top + 8, f);
            }
        }
        Shape::Go(m) => {
            if m.flags & FRAME_NO_MAPS != 0 {
                return;
            }
            if m.locals != NO_MAP {
                let n = m.locals_words as usize;
                // SAFETY: the linker wrote a bitmap of so many bits there.
                unsafe { each_bit(symtab::bits(m.locals), n, frame.top - 8 * n, f) };
            }
            if m.flags & FRAME_REFLECT != 0 {
                // 0(SP) holds the context: {code, *bitVector}; before the prologue stored it there
                // is nothing to say.
                if frame.sp != frame.top {
                    f(frame.sp);
                    // SAFETY: the caller's frame is that of a stub of package reflect past its
                    // prologue; a context names the bits of its arguments.
                    unsafe {
                        let context = *(frame.sp as *const *const crate::abi::ReflectContext);
                        let bv = &*(*context).stack;
                        for i in 0..bv.n as usize {
                            if *bv.data.ptr.add(i / 8) >> (i % 8) & 1 != 0 {
                                f(frame.top + 8 + i * 8);
                            }
                        }
                    }
                }
            } else if m.args != NO_MAP {
                let n = m.args_words as usize;
                // SAFETY: the linker wrote a bitmap of so many bits there.
                unsafe { each_bit(symtab::bits(m.args), n, frame.top + 8, f) };
            }
        }
    }
}

/// Calls `f` with every word that the innermost frame of a goroutine that a signal stopped may use:
/// its registers, its frame, its arguments and results. Any of them may be a pointer, and none need
/// be.
///
/// # Safety
/// `g` is stopped that way.
pub unsafe fn each_interrupted_word(g: *mut G, f: &mut impl FnMut(usize)) {
    // SAFETY: the caller's goroutine is stopped by a signal: then `interrupted` holds its registers.
    let (pc, sp, registers) = unsafe {
        let registers = (*g).interrupted.cast::<Registers>();
        ((*g).sched.pc, (*g).sched.sp, &*registers)
    };
    for &word in registers.general() {
        f(word);
    }
    if let Some(frame) = interrupted_frame(pc, sp) {
        for slot in (sp..frame.end).step_by(8).filter(|&s| s != frame.top) {
            // SAFETY: a word of the frame or of its arguments, on the goroutine's stack: the frame
            // was looked up in the same way when it was stopped.
            f(unsafe { *(slot as *const usize) });
        }
    }
}

/// `frame`, with maps if it faulted: it is live only as its innermost pending deferred call needs
/// it, as stopped at that deferproc. None if it has none.
///
/// # Safety
/// The frame is of the stack of `g`, which is stopped.
pub unsafe fn with_maps(g: *mut G, frame: Frame) -> Frame {
    if !matches!(frame.shape, Shape::Fault) {
        return frame;
    }
    // SAFETY: the caller's goroutine is stopped, so its list does not change.
    let pc = unsafe { crate::world::deferred::pending_defer_pc(g, frame.sp, frame.top) };
    match (pc != 0).then(|| frame_at(pc)).flatten() {
        None => frame,
        Some(m) => Frame {
            shape: Shape::Go(m),
            ..frame
        },
    }
}

/// Calls `f` with every live pointer slot of a stopped goroutine's stack: the runtime call it is
/// stopped in, then frame by frame. Not with what the frame holds that a signal stopped: nobody
/// knows what of that is a pointer.
///
/// # Safety
/// `g` is stopped.
#[doc(alias = "adjustframe")]
pub unsafe fn each_stack_pointer(g: *mut G, f: &mut impl FnMut(usize)) {
    // SAFETY: the caller's goroutine is stopped, for longer than the walk takes.
    let (mut w, call, flags) = unsafe { (Walker::of(g), (*g).parkmap, (*g).flags) };
    if call != 0 {
        let e = &SURFACE[call as usize];
        let mut mask = e.ptrs;
        if flags & crate::abi::G_PARK_RESULTS != 0 {
            mask |= e.results;
        }
        each_masked(mask, w.sp, f);
    }
    for frame in w.by_ref() {
        // SAFETY: a frame of the stack of the caller's goroutine.
        unsafe { each_pointer(&with_maps(g, frame), f) };
    }
    if let End::Lost(pc) = w.end {
        use crate::fatal::{put_hex, puts, throw};
        puts("runtime: goroutine ");
        // SAFETY: the number is written once, before the goroutine first runs.
        crate::fatal::put_u64(unsafe { (*g).goid } as u64);
        puts(": unexpected return pc ");
        put_hex(pc as u64);
        puts("\n");
        throw("unexpected return pc");
    }
}
