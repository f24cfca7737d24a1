//! Goroutines in a heap dump: their stacks frame by frame, deferred calls and panics.

use super::out::{NO_MORE, Out, Tag, writer};
use crate::abi::{G, G_PARK_RESULTS, G_SYSTEM, SURFACE};
use crate::code::symtab;
use crate::unwind::pointers;
use crate::unwind::walk::{Frame, Shape, Walker};
use crate::world::{GState, Stopped, WaitReason, g::status_of, lists};
use core::sync::atomic::Ordering;

/// Every goroutine. In system mode, so that the one that called in is at rest, too.
pub(super) fn goroutines(_: &Stopped, out: &mut Out) {
    for g in lists::all_gs() {
        // SAFETY: Gs are never freed, and all are at rest while the world is stopped.
        unsafe {
            let state = status_of(g).state(Ordering::Relaxed);
            if !state.is_dead() {
                goroutine(out, g, state);
            }
        }
    }
}

/// A goroutine and its frames.
///
/// # Safety
///
/// `g` is one of the Gs, and at rest.
unsafe fn goroutine(out: &mut Out, g: *mut G, mut state: GState) {
    // SAFETY: by the caller's promise g is at rest: its words do not change.
    let (it, mut walker) = unsafe { (&*g, Walker::of(g)) };
    let mut reason = WaitReason::text(it.waitreason);
    if g == writer() {
        // For the reader it waits for this.
        (state, reason) = (GState::Waiting, "dumping heap");
    }
    out.tag(Tag::Goroutine);
    out.numbers(&[
        g as u64,
        walker.sp as u64,
        it.goid as u64,
        it.gopc as u64,
        state as u64,
        u64::from(it.flags & G_SYSTEM != 0),
        // Not a worker of the collector: those are no goroutines here.
        0,
        it.waitsince as u64,
    ]);
    out.string(reason.as_bytes());
    out.numbers(&[
        it.sched.ctxt as u64,
        it.m.load(Ordering::Relaxed) as u64,
        it.defer as u64,
        it.panic as u64,
    ]);
    let mut child = None;
    for depth in 0.. {
        let Some(f) = walker.next() else { break };
        // SAFETY: a frame of g, which is at rest.
        let f = unsafe {
            let f = pointers::with_maps(g, f);
            frame(out, g, depth, &f, child.as_ref());
            f
        };
        child = Some(f);
    }
    // SAFETY: g is at rest, by the same promise.
    unsafe { records(out, g) };
}

/// Pointer words among the arguments of the runtime call that `g` is stopped in.
///
/// # Safety
///
/// `g` is one of the Gs, and at rest.
unsafe fn call_mask(g: *mut G) -> u32 {
    // SAFETY: by the caller's promise g is at rest.
    let (index, flags) = unsafe { ((*g).parkmap as usize, (*g).flags) };
    if index == 0 {
        return 0;
    }
    let e = &SURFACE[index];
    if flags & G_PARK_RESULTS != 0 {
        e.ptrs | e.results
    } else {
        e.ptrs
    }
}

/// A frame: from its stack pointer to its return address. The arguments that it passes are
/// described by the function that it calls, `child`, or by the runtime call that it is stopped in.
///
/// # Safety
///
/// `f` is a frame of `g`, which is at rest, and `child` the one that it calls.
unsafe fn frame(out: &mut Out, g: *mut G, depth: u64, f: &Frame, child: Option<&Frame>) {
    let func = symtab::find(if f.exact { f.pc } else { f.pc - 1 });
    let end = f.top + 8;
    out.tag(Tag::Frame);
    out.numbers(&[f.sp as u64, depth, child.map_or(0, |c| c.sp as u64)]);
    // SAFETY: the words of a frame of a stack at rest, by the caller's promise.
    unsafe { out.memory(f.sp, end) };
    let entry = func.map_or(0, |f| f.entry());
    out.numbers(&[entry as u64, f.pc as u64, f.pc as u64]);
    out.string(func.map_or(b"unknown function", |f| f.name()));
    let inside = f.sp..end;
    let mut pointer = |slot: usize| {
        if inside.contains(&slot) {
            out.pointer(slot - f.sp);
        }
    };
    // SAFETY: frames of g, with their maps; what its call describes lies at the stack pointer of
    // the innermost one.
    unsafe {
        match child {
            Some(child) => pointers::each_pointer(child, &mut pointer),
            None => pointers::each_masked(call_mask(g), f.sp, &mut pointer),
        }
        match f.shape {
            // Nobody knows which of its words are pointers: any of them may be.
            Shape::Interrupted => (f.sp..f.top).step_by(8).for_each(pointer),
            _ => pointers::each_pointer(f, &mut pointer),
        }
    }
    out.number(NO_MORE);
}

/// Pending deferred calls and running panics.
///
/// # Safety
///
/// `g` is one of the Gs, and at rest.
unsafe fn records(out: &mut Out, g: *mut G) {
    // SAFETY: by the caller's promise g is at rest, so its lists do not change.
    let (mut d, mut p) = unsafe { ((*g).defer, (*g).panic) };
    // SAFETY: the same; records on a list are alive.
    while let Some(call) = unsafe { d.as_ref() } {
        // SAFETY: what is deferred is nil, or a func value.
        let code = unsafe { call.fn_.as_ref() }.map_or(0, |f| f.code);
        out.tag(Tag::Defer);
        out.numbers(&[
            d as u64,
            g as u64,
            call.sp as u64,
            call.pc as u64,
            call.fn_ as u64,
            code as u64,
            call.link as u64,
        ]);
        d = call.link;
    }
    // SAFETY: the same; panics on a list are alive.
    while let Some(panic) = unsafe { p.as_ref() } {
        out.tag(Tag::Panic);
        out.numbers(&[
            p as u64,
            g as u64,
            panic.arg.typ as u64,
            panic.arg.data as u64,
            // The deferred call that runs, which is not recorded.
            0,
            panic.link as u64,
        ]);
        p = panic.link;
    }
}
