//! Walking goroutine stacks: frame by frame from a saved context to goexit, with the pointer maps of each.
//!
//! A frame's continuation is where it goes on: the return address of the call it is in, or its function's entry when its prologue
//! called morestack (or it has not started). The linker's tables answer both with one lookup (crate gort-tables); assembly frames are in
//! the sections that asm/trampoline.h fills.
//!
//! ```text
//!   higher addresses
//!   | args of the frame's function |  args map: words from top + 8
//!   | return address               |  <- top
//!   | locals                       |  locals map: the words below top
//!   | outgoing args                |  belong to the callee's args map
//!   |                              |  <- sp
//! ```

use crate::abi::{G, SURFACE};
use crate::sched::{g::goexit_pc, g::status_of, status};
use core::slice;
use core::sync::atomic::Ordering;
use gort_tables as tables;
use gort_tables::{
    FRAME_LOADS_G, FRAME_NO_INTERRUPT, FRAME_NO_MAPS, FRAME_REFLECT, FUNC_BUCKET, NO_MAP,
    SITE_BUCKET,
};

#[cfg(not(test))]
unsafe extern "C" {
    #[link_name = "gort.tables"]
    static TABLES: tables::Header;
}
unsafe extern "C" {
    static gort_text_start: u8;
    static gort_text_end: u8;
    static gort_sites_start: AsmSite;
    static gort_sites_end: AsmSite;
}

/// A return address in an assembly frame (asm/trampoline.h, SITE).
#[repr(C)]
struct AsmSite {
    pc: usize,
    size: u32,
    /// Surface index of the function, whose arguments' map it gives; -1 for none.
    index: i32,
}

/// The linker's tables.
pub fn header() -> &'static tables::Header {
    #[cfg(not(test))]
    // SAFETY: written by the linker, never changed.
    unsafe {
        &TABLES
    }
    #[cfg(test)]
    panic!("host tests have no linked program")
}

/// `pc` is a described place in an assembly frame.
pub fn is_asm_site(pc: usize) -> bool {
    asm_sites().binary_search_by_key(&pc, |s| s.pc).is_ok()
}

/// The described places in assembly frames, in order.
fn asm_sites() -> &'static [AsmSite] {
    let (a, b) = (&raw const gort_sites_start, &raw const gort_sites_end);
    // SAFETY: the linker put all sites of the one assembly unit between the two symbols, in address order.
    unsafe { slice::from_raw_parts(a, b.offset_from(a) as usize) }
}

/// `pc` lies in compiled Go code.
pub fn in_go_text(pc: usize) -> bool {
    let h = header();
    (h.text as usize..h.etext as usize).contains(&pc)
}

/// `pc` lies in the assembly of the runtime that may stand on goroutine stacks.
pub fn in_asm_text(pc: usize) -> bool {
    (&raw const gort_text_start as usize..&raw const gort_text_end as usize).contains(&pc)
}

/// The function of Go text that `pc` lies in.
pub fn find_func(pc: usize) -> Option<&'static tables::Func> {
    let h = header();
    if !in_go_text(pc) {
        return None;
    }
    let off = (pc as u64 - h.text) as u32;
    // SAFETY: the index covers the text; the table is sorted by entry.
    unsafe {
        let mut i = *h.func_index.add((u64::from(off) / FUNC_BUCKET) as usize) as usize;
        while i + 1 < h.nfuncs as usize && (*h.funcs.add(i + 1)).entry <= off {
            i += 1;
        }
        let f = &*h.funcs.add(i);
        (f.entry <= off).then_some(f)
    }
}

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

/// Index of the call site with this return address, in the linker's site table.
pub fn find_site(pc: usize) -> Option<usize> {
    let h = header();
    if !in_go_text(pc) && pc != h.etext as usize {
        return None;
    }
    let off = (pc as u64 - h.text) as u32;
    let bucket = (u64::from(off) / SITE_BUCKET) as usize;
    if bucket + 1 >= h.nsite_index as usize {
        return None;
    }
    // SAFETY: the index has an entry for each bucket and one more.
    unsafe {
        let (mut i, end) = (
            *h.site_index.add(bucket) as usize,
            *h.site_index.add(bucket + 1) as usize,
        );
        while i < end {
            let at = (*h.sites.add(i)).pc;
            if at >= off {
                return (at == off).then_some(i);
            }
            i += 1;
        }
    }
    None
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
    /// Compiled code that a signal stopped here: no maps hold, so its words are looked at one by one ([`each_interrupted_word`]).
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
    /// `pc` is the function's entry or the instruction where a fault or signal struck, so `pc` itself and not `pc - 1` says where it is.
    pub exact: bool,
}

/// Why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
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
#[derive(Debug, Clone)]
pub struct Walker {
    pc: usize,
    /// Stack pointer of the next frame.
    pub sp: usize,
    place: Place,
    /// No frame reaches above: end of the stack, for walks that start from a guess.
    pub limit: usize,
    /// How the walk ended.
    pub end: End,
    /// Call sites looked up in this walk, by [`seen_at`]: deep stacks are recursions, through few call sites.
    seen: [Seen; SEEN],
}

/// Slots of a walk's memory of call sites: more cost short walks, fewer make recursions through several functions slower.
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
    let size = tables::pcvalue::lookup(crate::code::symtab::pcsp(f), entry, pc as u64);
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

/// The frame of the function that `pc` lies in, with its stack pointer at `sp`; none where a goroutine may not be stopped.
pub fn interrupted_frame(pc: usize, sp: usize) -> Option<Interrupted> {
    let f = find_func(pc)?;
    let flags = crate::code::symtab::frame(f.entry_frame).flags;
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
        // SAFETY: the caller's promise.
        unsafe {
            if status_of(g).load(Ordering::Relaxed) & !status::SCAN == status::SYSCALL
                && (*g).syscallsp != 0
            {
                return Self::new((*g).syscallpc, (*g).syscallsp);
            }
            let w = Self::new((*g).sched.pc, (*g).sched.sp);
            if (*g).interrupted.is_null() {
                return w;
            }
            Self {
                place: Place::Interrupted,
                ..w
            }
        }
    }

    /// Description of the frame that goes on at the call site `pc`.
    fn frame_at_site(&mut self, pc: usize) -> Option<&'static tables::Frame> {
        let seen = &mut self.seen[seen_at(pc)];
        if seen.pc != pc {
            let h = header();
            *seen = Seen {
                pc,
                // SAFETY: the site's frame index is in range: the linker wrote both.
                frame: find_site(pc)
                    .map(|i| unsafe { &*h.frames.add((*h.sites.add(i)).frame as usize) }),
            };
        }
        seen.frame
    }

    fn asm_frame(&mut self, fault: bool) -> Option<Frame> {
        let (pc, sp) = (self.pc, self.sp);
        let sites = asm_sites();
        if let Ok(i) = sites.binary_search_by_key(&pc, |s| s.pc) {
            let s = &sites[i];
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

    /// Most frames of a deep stack go on at a call site that the walk has seen: they are answered here, which the compiler makes part of the caller's loop.
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
                // SAFETY: top lies in the stack that the caller promised to be stopped and well formed.
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
                    (h.text as usize + f.entry as usize == pc).then(|| {
                        // SAFETY: as above.
                        let e: &'static tables::Frame =
                            unsafe { &*h.frames.add(f.entry_frame as usize) };
                        Frame {
                            pc,
                            sp,
                            top: sp,
                            shape: Shape::Go(e),
                            exact: true,
                        }
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

/// The frame of a stopped goroutine whose locals and outgoing arguments `slot` is among.
///
/// # Safety
/// `g` is stopped.
pub unsafe fn frame_of(g: *mut G, slot: usize) -> Option<Frame> {
    // SAFETY: the caller's promise.
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

/// Calls `f` with the address of every live pointer slot of the frame: its locals, and its arguments in the caller's outgoing area.
///
/// # Safety
/// The frame is of a stopped stack.
pub unsafe fn each_pointer(frame: &Frame, f: &mut impl FnMut(usize)) {
    let h = header();
    // SAFETY: the maps are the linker's; reflect's contexts are as its own assembly lays them out.
    unsafe {
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
                    each_bit(h.bits.add(m.locals as usize), n, frame.top - 8 * n, f);
                }
                if m.flags & FRAME_REFLECT != 0 {
                    // 0(SP) holds the context: {code, *bitVector}; before the prologue stored it there is nothing to say.
                    if frame.sp != frame.top {
                        f(frame.sp);
                        let context = *(frame.sp as *const *const crate::abi::ReflectContext);
                        let bv = &*(*context).stack;
                        for i in 0..bv.n as usize {
                            if *bv.data.ptr.add(i / 8) >> (i % 8) & 1 != 0 {
                                f(frame.top + 8 + i * 8);
                            }
                        }
                    }
                } else if m.args != NO_MAP {
                    each_bit(
                        h.bits.add(m.args as usize),
                        m.args_words as usize,
                        frame.top + 8,
                        f,
                    );
                }
            }
        }
    }
}

/// Calls `f` with every word that the innermost frame of a goroutine that a signal stopped may use: its registers, its frame, its arguments and
/// results. Any of them may be a pointer, and none need be.
///
/// # Safety
/// `g` is stopped that way.
pub unsafe fn each_interrupted_word(g: *mut G, f: &mut impl FnMut(usize)) {
    // SAFETY: the caller's promise: the frame was looked up in the same way when the goroutine was stopped.
    unsafe {
        let (pc, sp) = ((*g).sched.pc, (*g).sched.sp);
        let registers = (*g)
            .interrupted
            .cast::<crate::sched::registers::Registers>();
        for &word in (*registers).general() {
            f(word);
        }
        if let Some(frame) = interrupted_frame(pc, sp) {
            for slot in (sp..frame.end).step_by(8).filter(|&s| s != frame.top) {
                f(*(slot as *const usize));
            }
        }
    }
}

/// `frame`, with maps if it faulted: it is live only as its innermost pending deferred call needs it, as stopped at that deferproc. None if it has none.
///
/// # Safety
/// The frame is of the stack of `g`, which is stopped.
pub unsafe fn with_maps(g: *mut G, frame: Frame) -> Frame {
    if !matches!(frame.shape, Shape::Fault) {
        return frame;
    }
    // SAFETY: the caller's promise; frame indices are the linker's.
    unsafe {
        let pc = crate::panic::pending_defer_pc(g, frame.sp, frame.top);
        match (pc != 0).then(|| find_site(pc)).flatten() {
            None => frame,
            Some(i) => {
                let h = header();
                let m: &'static tables::Frame = &*h.frames.add((*h.sites.add(i)).frame as usize);
                Frame {
                    shape: Shape::Go(m),
                    ..frame
                }
            }
        }
    }
}

/// Calls `f` with every live pointer slot of a stopped goroutine's stack: the runtime call it is stopped in, then frame by frame. Not with what the frame
/// holds that a signal stopped: nobody knows what of that is a pointer.
///
/// # Safety
/// `g` is stopped.
pub unsafe fn each_stack_pointer(g: *mut G, f: &mut impl FnMut(usize)) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut w = Walker::of(g);
        if (*g).parkmap != 0 {
            let e = &SURFACE[(*g).parkmap as usize];
            let mut mask = e.ptrs;
            if (*g).flags & crate::abi::G_PARK_RESULTS != 0 {
                mask |= e.results;
            }
            each_masked(mask, w.sp, f);
        }
        for frame in w.by_ref() {
            each_pointer(&with_maps(g, frame), f);
        }
        if let End::Lost(pc) = w.end {
            use crate::fatal::{put_hex, puts, throw};
            puts("runtime: goroutine ");
            crate::fatal::put_u64((*g).goid as u64);
            puts(": unexpected return pc ");
            put_hex(pc as u64);
            puts("\n");
            throw("unexpected return pc");
        }
    }
}
