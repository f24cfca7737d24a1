//! Goroutines in a heap dump: their stacks frame by frame, deferred calls and panics.

use super::out::{NO_MORE, Out, Tag, writer};
use crate::abi::{G, G_PARK_RESULTS, G_SYSTEM, SURFACE};
use crate::code::symtab;
use crate::unwind::pointers;
use crate::unwind::walk::{Frame, Shape, Walker};
use crate::world::{GState, Stopped, WaitReason, g::status_of, lists};
use core::sync::atomic::Ordering;

/// Every goroutine.
///
/// # Safety
/// System mode for curg.
pub(super) unsafe fn goroutines(_: &Stopped, out: &mut Out) {
    for g in lists::all_gs() {
        // SAFETY: Gs are never freed; the caller's promise.
        unsafe {
            let state = status_of(g).state(Ordering::Relaxed);
            if !state.is_dead() {
                goroutine(out, g, state);
            }
        }
    }
}

unsafe fn goroutine(out: &mut Out, g: *mut G, mut state: GState) {
    // SAFETY: the world is stopped.
    unsafe {
        let mut reason = WaitReason::text((*g).waitreason);
        if g == writer() {
            // For the reader it waits for this.
            (state, reason) = (GState::Waiting, "dumping heap");
        }
        let mut walker = Walker::of(g);
        out.tag(Tag::Goroutine);
        out.numbers(&[
            g as u64,
            walker.sp as u64,
            (*g).goid as u64,
            (*g).gopc as u64,
            state as u64,
            u64::from((*g).flags & G_SYSTEM != 0),
            // Not a worker of the collector: those are no goroutines here.
            0,
            (*g).waitsince as u64,
        ]);
        out.string(reason.as_bytes());
        out.numbers(&[
            (*g).sched.ctxt as u64,
            (*g).m.load(Ordering::Relaxed) as u64,
            (*g).defer as u64,
            (*g).panic as u64,
        ]);
        let mut child = None;
        for depth in 0.. {
            let Some(f) = walker.next() else { break };
            let f = pointers::with_maps(g, f);
            frame(out, g, depth, &f, child.as_ref());
            child = Some(f);
        }
        records(out, g);
    }
}

/// Pointer words among the arguments of the runtime call that `g` is stopped in.
unsafe fn call_mask(g: *mut G) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        if (*g).parkmap == 0 {
            return 0;
        }
        let e = &SURFACE[(*g).parkmap as usize];
        if (*g).flags & G_PARK_RESULTS != 0 {
            e.ptrs | e.results
        } else {
            e.ptrs
        }
    }
}

/// A frame: from its stack pointer to its return address. The arguments that it passes are
/// described by the function that it calls, `child`, or by the runtime call that it is stopped in.
unsafe fn frame(out: &mut Out, g: *mut G, depth: u64, f: &Frame, child: Option<&Frame>) {
    // SAFETY: the goroutine is at rest.
    unsafe {
        let func = symtab::find(if f.exact { f.pc } else { f.pc - 1 });
        let end = f.top + 8;
        out.tag(Tag::Frame);
        out.numbers(&[f.sp as u64, depth, child.map_or(0, |c| c.sp as u64)]);
        out.memory(f.sp, end);
        let entry = func.map_or(0, |f| f.entry());
        out.numbers(&[entry as u64, f.pc as u64, f.pc as u64]);
        out.string(func.map_or(b"unknown function", |f| f.name()));
        let inside = f.sp..end;
        let mut pointer = |slot: usize| {
            if inside.contains(&slot) {
                out.pointer(slot - f.sp);
            }
        };
        match child {
            Some(child) => pointers::each_pointer(child, &mut pointer),
            None => pointers::each_masked(call_mask(g), f.sp, &mut pointer),
        }
        match f.shape {
            // Nobody knows which of its words are pointers: any of them may be.
            Shape::Interrupted => (f.sp..f.top).step_by(8).for_each(pointer),
            _ => pointers::each_pointer(f, &mut pointer),
        }
        out.number(NO_MORE);
    }
}

/// Pending deferred calls and running panics.
unsafe fn records(out: &mut Out, g: *mut G) {
    // SAFETY: the world is stopped, so the goroutine's lists do not change.
    unsafe {
        let mut d = (*g).defer;
        while !d.is_null() {
            let f = (*d).fn_;
            let code = if f.is_null() { 0 } else { (*f).code };
            out.tag(Tag::Defer);
            out.numbers(&[
                d as u64,
                g as u64,
                (*d).sp as u64,
                (*d).pc as u64,
                f as u64,
                code as u64,
                (*d).link as u64,
            ]);
            d = (*d).link;
        }
        let mut p = (*g).panic;
        while !p.is_null() {
            let arg = &(*p).arg;
            out.tag(Tag::Panic);
            out.numbers(&[
                p as u64,
                g as u64,
                arg.typ as u64,
                arg.data as u64,
                // The deferred call that runs, which is not recorded.
                0,
                (*p).link as u64,
            ]);
            p = (*p).link;
        }
    }
}
