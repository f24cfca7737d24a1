//! Goroutines as text, in the format of Go 1.5.

use super::value;
use crate::abi::{G, G_SYSTEM};
use crate::code::symtab::{self, Function};
use crate::config::level;
use crate::fatal::out::Out;
use crate::unwind::frames::{Frame, Frames};
use crate::unwind::walk::Walker;
use crate::world::g::status_of;
use crate::world::{self, GState, WaitReason, lists};
use core::sync::atomic::Ordering;

/// Most frames of a goroutine that are looked at.
const MAX_FRAMES: usize = 100;
/// Most argument words of a frame that are shown.
const MAX_ARGS: usize = 10;
const MINUTE: i64 = 60_000_000_000;

/// What is shown of goroutines and frames.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The runtime's own frames and goroutines too.
    pub all: bool,
    /// Stack addresses.
    pub addresses: bool,
}

impl Style {
    /// As GOTRACEBACK says.
    pub fn configured() -> Self {
        let all = level::get().frames > 1;
        Self {
            all,
            addresses: all,
        }
    }
}

/// Is a function part of the program, as opposed to the runtime's insides?
fn of_program(name: &[u8]) -> bool {
    if name.starts_with(b"gort.") {
        return false;
    }
    match name.strip_prefix(b"runtime.") {
        Some(rest) => rest.first().is_some_and(u8::is_ascii_uppercase),
        None => name.contains(&b'.'),
    }
}

/// The state of a goroutine.
///
/// # Safety
/// `g` is one of the Gs.
unsafe fn state_of(g: *mut G) -> GState {
    // SAFETY: Gs are never freed, and the state is atomic.
    unsafe { status_of(g).state(Ordering::Acquire) }
}

/// `goroutine 1 [running]:`
///
/// # Safety
/// `g` is a G of ours.
pub unsafe fn header(out: &mut Out<'_>, g: *mut G) {
    // SAFETY: Gs are never freed; the words are read whole.
    let (state, reason, id, since, locked) = unsafe {
        let locked = !(*g).lockedm.load(Ordering::Relaxed).is_null();
        let (reason, since) = ((*g).waitreason, (*g).waitsince);
        (state_of(g), reason, (*g).goid, since, locked)
    };
    let mut text = match state {
        GState::Idle => "idle",
        GState::Runnable => "runnable",
        GState::Running => "running",
        GState::Syscall => "syscall",
        GState::Waiting => "waiting",
        GState::Dead => "dead",
        GState::CopyStack => "copystack",
    };
    if state == GState::Waiting {
        let reason = WaitReason::text(reason);
        if !reason.is_empty() {
            text = reason;
        }
    }
    out.str("goroutine ").int(id).str(" [").str(text);
    if matches!(state, GState::Waiting | GState::Syscall) && since != 0 {
        let minutes = (crate::fatal::clock::nanotime() - since) / MINUTE;
        if minutes >= 1 {
            out.str(", ").int(minutes).str(" minutes");
        }
    }
    // The main goroutine is during initialisation, though it did not ask for it.
    if locked {
        out.str(", locked to thread");
    }
    out.str("]:\n");
}

fn position(out: &mut Out<'_>, func: Option<Function>, place: usize, pc: usize, style: Style) {
    let (file, line) = match func {
        // Who looks at the runtime's own frames looks for its code; everybody else may tell the
        // runtime by Go's names.
        Some(f) if style.all => f.code_place(place),
        Some(f) => f.file_line(place),
        None => (&b"?"[..], 0),
    };
    out.str("\t").bytes(file).str(":").uint(u64::from(line));
    let entry = func.map_or(pc, Function::entry);
    if pc > entry {
        out.str(" +").hex((pc - entry) as u64);
    }
}

/// A frame: function and arguments, and where it stands.
///
/// # Safety
/// `f` is of a stack at rest.
unsafe fn frame(out: &mut Out<'_>, f: &Frame, style: Style) {
    out.bytes(f.func.map_or(b"?", Function::name)).str("(");
    for i in 0..f.args_size / 8 {
        if i >= MAX_ARGS {
            out.str(", ...");
            break;
        }
        // SAFETY: the arguments lie in the caller's frame, whose stack is stopped.
        out.str(if i > 0 { ", " } else { "" })
            .hex(unsafe { *((f.args + 8 * i) as *const u64) });
    }
    out.str(")\n");
    position(out, f.func, f.place(), f.pc, style);
    if style.addresses {
        out.str(" fp=")
            .hex(f.args as u64)
            .str(" sp=")
            .hex(f.sp as u64);
    }
    out.str("\n");
}

/// The frames, and who created the goroutine.
///
/// # Safety
/// `g` is stopped; `walk` makes its frames.
unsafe fn frames(out: &mut Out<'_>, g: *mut G, style: Style, walk: impl Fn() -> Frames) {
    let mut show = |all: bool| {
        let (mut shown, mut seen) = (0, 0);
        for f in walk().take(MAX_FRAMES) {
            seen += 1;
            if all || of_program(f.func.map_or(b"?", Function::name)) {
                // SAFETY: by the caller's promise the goroutine is stopped, and this is a frame of
                // it.
                unsafe { frame(out, &f, style) };
                shown += 1;
            }
        }
        if seen == MAX_FRAMES && shown == MAX_FRAMES {
            out.str("...additional frames elided...\n");
        }
        shown
    };
    // A goroutine with frames of the runtime only: better those than nothing.
    if show(style.all) == 0 && !style.all {
        show(true);
    }
    // SAFETY: by the caller's promise g is a goroutine.
    unsafe { created_by(out, g, style) };
}

/// Who created a goroutine.
///
/// # Safety
///
/// `g` is one of the Gs.
unsafe fn created_by(out: &mut Out<'_>, g: *mut G, style: Style) {
    // SAFETY: by the caller's promise one of the Gs, whose origin does not change while it lives.
    let (pc, id) = unsafe { ((*g).gopc, (*g).goid) };
    let Some(func) = symtab::find(pc) else { return };
    if id == 1 || !(style.all || of_program(func.name())) {
        return;
    }
    out.str("created by ").bytes(func.name()).str("\n");
    position(
        out,
        Some(func),
        if pc > func.entry() { pc - 1 } else { pc },
        pc,
        style,
    );
    out.str("\n");
}

/// A goroutine with header and frames.
///
/// # Safety
/// `g` is stopped.
pub unsafe fn goroutine(out: &mut Out<'_>, g: *mut G, style: Style) {
    // SAFETY: by the caller's promise g is stopped, so its stack is at rest.
    unsafe {
        header(out, g);
        waiting_panics(out, g);
        frames(out, g, style, || Frames::of(g));
    }
}

/// The values of a goroutine that waits with an uncaught panic while another one shows its own,
/// oldest first.
///
/// # Safety
///
/// `g` is one of the Gs, and at rest.
unsafe fn waiting_panics(out: &mut Out<'_>, g: *mut G) {
    // SAFETY: by the caller's promise g is at rest.
    let mut p = unsafe {
        if state_of(g) != GState::Waiting || (*g).waitreason != WaitReason::PanicWait as u32 {
            return;
        }
        (*g).panic
    };
    // SAFETY: a parked goroutine's panics do not change; it linked them to the newer ones before.
    unsafe {
        while !p.is_null() && !(*p).link.is_null() {
            p = (*p).link;
        }
        let mut intro = "panic: ";
        while !p.is_null() {
            out.str(intro);
            value::plain(out, (*p).arg);
            out.str("\n");
            intro = "\tpanic: ";
            p = (*p).newer;
        }
    }
}

/// The goroutine whose runtime call is being served, from that call's caller on.
///
/// # Safety
/// `g` is stopped in that call.
pub(super) unsafe fn own(out: &mut Out<'_>, g: *mut G, style: Style) {
    // SAFETY: by the caller's promise g is stopped in that call, so its stack is at rest.
    unsafe {
        header(out, g);
        frames(out, g, style, || Frames::from(g, Walker::of(g), 0));
    }
}

/// A goroutine whose frames start at `walker`, after the runtime function with entry `call` (0 =
/// none).
///
/// # Safety
/// `walker` is of the stack of `g`, which is at rest.
pub unsafe fn from(out: &mut Out<'_>, g: *mut G, walker: Walker, call: usize, style: Style) {
    // SAFETY: by the caller's promise the walker is of the stack of g, which is at rest.
    unsafe {
        header(out, g);
        frames(out, g, style, || Frames::from(g, walker.clone(), call));
    }
}

/// Every goroutine but `me`, oldest first.
///
/// # Safety
/// The world is stopped, or the process dies.
pub unsafe fn others(out: &mut Out<'_>, me: *mut G, style: Style) {
    let m = world::getm();
    lists::each_g_by_age(|g| {
        // SAFETY: Gs are never freed; flags that change meanwhile are read whole.
        let (state, hidden, on) = unsafe {
            let hidden = (*g).flags & G_SYSTEM != 0 && !style.all;
            (state_of(g), hidden, (*g).m.load(Ordering::Relaxed))
        };
        if g == me || state.is_dead() || hidden {
            return;
        }
        out.str("\n");
        // SAFETY: the list has Gs. By the caller's promise the world is stopped, so what no other
        // thread runs is at rest; where the process dies instead, that is as good as it gets.
        unsafe {
            if state == GState::Running && on != m {
                header(out, g);
                out.str("\tgoroutine running on other thread; stack unavailable\n");
                created_by(out, g, style);
            } else {
                goroutine(out, g, style);
            }
        }
    });
}
