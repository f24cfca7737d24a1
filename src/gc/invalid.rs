//! `GODEBUG=invalidptr=1` (the default): a pointer into memory of the heap that no object can be in
//! ends the program.
//!
//! Such a word is no pointer, or a dangling one: an integer in a variable of pointer type, a
//! pointer kept as an integer, a bug of ours. The marker finds it on its slow path; only then are
//! the objects, variables and stacks searched that hold it.

use crate::code::{sites, symtab};
use crate::config::godebug::INVALID_PTR;
use crate::fatal::{put_hex, put_u64, puts, throw};
use crate::heap::{arena, geometry, layout, pages, span};
use crate::unwind::pointers;
use crate::world::g::{Hold, Still};
use crate::world::lists;
use core::sync::atomic::Ordering;

/// `p`, which lies where the heap can be, leads to no span with objects. Returns if that may be.
///
/// # Safety
/// While marking, on g0.
#[cold]
#[inline(never)]
pub(super) unsafe fn found(p: usize) {
    // Where there is no arena somebody else's memory may lie.
    if !INVALID_PTR.on() || arena::arena(arena::index_of(p)).is_null() {
        return;
    }
    puts("runtime: pointer ");
    put_hex(p as u64);
    let s = arena::span_of(p);
    // SAFETY: records of spans are never freed.
    match unsafe { s.as_ref() } {
        None => puts(" to pages that are free\n"),
        Some(s) => {
            puts(" to a span in state ");
            put_u64(u64::from(s.state.load(Ordering::Relaxed)));
            puts(" from ");
            put_hex(s.base as u64);
            puts(" to ");
            put_hex((s.base + s.pages as usize * geometry::PAGE) as u64);
            puts("\n");
        }
    }
    // What holds it.
    stacks(p);
    variables(p);
    // SAFETY: while marking runs nothing is swept.
    unsafe { objects(p) };
    throw("found bad pointer in Go heap (incorrect use of unsafe or cgo?)")
}

fn at(what: &str, slot: usize) {
    puts("runtime: found in ");
    puts(what);
    puts(" at ");
    put_hex(slot as u64);
    puts("\n");
}

/// Prints the words of stacks of goroutines at rest that hold `p`. They stay held, as the process
/// is about to end.
fn stacks(p: usize) {
    for g in lists::all_gs() {
        // SAFETY: what is listed is a G of ours: they are never freed.
        match unsafe { Still::hold(g) } {
            Hold::Still(still) => core::mem::forget(still),
            Hold::Taken => {}
            Hold::Not(_) => continue,
        }
        // SAFETY: called below with words of the stack of a goroutine at rest.
        let note = |slot: usize| unsafe {
            at("the stack", slot);
            puts("\tof goroutine ");
            put_u64((*g).goid as u64);
            puts(", function ");
            match pointers::frame_of(g, slot).and_then(|f| symtab::find(f.pc)) {
                Some(f) => crate::os::sys::write(2, f.name()),
                None => puts("?"),
            }
            puts("\n");
        };
        // SAFETY: the goroutine is held at rest, by this thread or another.
        unsafe {
            pointers::each_stack_pointer(g, &mut |slot| {
                if layout::load(slot as *const usize) == p {
                    note(slot);
                }
            });
        }
    }
}

/// Prints the variables that hold `p`.
fn variables(p: usize) {
    let h = sites::header();
    for (start, end, mask) in [(h.data, h.edata, h.data_mask), (h.bss, h.ebss, h.bss_mask)] {
        for i in 0..(end - start) as usize / 8 {
            let slot = start as usize + i * 8;
            // SAFETY: the mask has a bit for each word of the section.
            unsafe {
                if *mask.add(i / 8) >> (i % 8) & 1 != 0 && layout::load(slot as *const usize) == p {
                    at("a variable", slot);
                }
            }
        }
    }
}

/// Prints the marked objects that hold `p`.
///
/// # Safety
/// While marking: nothing is swept.
unsafe fn objects(p: usize) {
    // SAFETY: spans that are in use stay so while nothing is swept.
    for s in unsafe { pages::spans_now() } {
        // SAFETY: the span stays, and marked objects are complete.
        unsafe {
            let s = &*s;
            if s.class.noscan() || s.state.load(Ordering::Relaxed) != span::state::IN_USE {
                continue;
            }
            for i in (0..s.objects as usize).filter(|&i| s.is_marked(i)) {
                let base = s.address_of(i);
                layout::each_slot(s, base, |slot| {
                    if layout::load(slot) == p {
                        at("an object", slot as usize);
                        puts("\tat ");
                        put_hex(base as u64);
                        puts(", of ");
                        put_u64(s.elemsize as u64);
                        puts(" bytes\n");
                    }
                });
            }
        }
    }
}
