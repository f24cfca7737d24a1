//! The records of a dump, one kind after the other.

use super::out::{NO_MORE, Out, Tag};
use super::stack;
use crate::abi::{Itab, KIND_DIRECT_IFACE, MemStats, Outcome, Sys, Type, args};
use crate::code::{sites, symtab};
use crate::gc::{roots, stats};
use crate::heap::span::{Special, state};
use crate::heap::{arena, cache, central, dead, geometry, layout, pages, sample, special};
use crate::sched::stop_the_world;
use crate::types::itab;
use crate::world::{Stopped, lists, phase};
use core::sync::atomic::Ordering;

/// What Go 1.5 calls this architecture.
const ARCH_CHAR: u64 = b'6' as u64;

/// `runtime/debug.WriteHeapDump`.
pub fn write(sys: Sys<'_>, a: &mut args::runtime_debug_WriteHeapDump) -> Outcome {
    // SAFETY: system mode at a runtime call: a goroutine that has to try again makes the call
    // again.
    let Some(mut stopped) = (unsafe { stop_the_world(sys) }) else {
        return Outcome::Again;
    };
    if let Some(mut out) = Out::new(a.fd as i32) {
        dump(&mut stopped, &mut out);
    }
    stopped.start();
    Outcome::Return
}

/// All records. In system mode, so the goroutine that called in is at rest, too.
fn dump(stopped: &mut Stopped, out: &mut Out) {
    // Slots that caches have not given out are no objects, nor are those that the last marking
    // found dead.
    cache::flush_caches(stopped);
    if !phase::enabled() {
        central::sweep_all();
    }
    out.bytes(b"go1.5 heap dump\n");
    params(out);
    // SAFETY: what is handed out is a table of interfaces.
    itab::for_each(|tab| unsafe { interface_table(out, tab) });
    objects(stopped, out);
    stack::goroutines(stopped, out);
    threads(out);
    variables(stopped, out);
    runtime_roots(out);
    finalizers(stopped, out);
    mem_stats(stopped, out);
    allocations(stopped, out);
    out.tag(Tag::End);
}

fn params(out: &mut Out) {
    let end = pages::address(pages::HEAP.lock().end_page());
    out.tag(Tag::Params);
    // Little endian, bytes of a pointer.
    out.numbers(&[0, 8, geometry::BASE as u64, end as u64, ARCH_CHAR]);
    // Experiments of the tool chain.
    out.string(b"");
    out.number(crate::os::cpu::NCPU.load(Ordering::Relaxed) as u64);
}

/// A type, and whether the data word of an interface with it is a pointer.
///
/// # Safety
/// `t` is a descriptor.
unsafe fn type_record(out: &mut Out, t: *const Type) {
    // SAFETY: by the caller's promise a descriptor; these are constant, and their names are Go
    // strings.
    let (typ, x, string) = unsafe { (&*t, (*t).x.as_ref(), (*(*t).string).bytes()) };
    out.tag(Tag::Type);
    out.numbers(&[t as u64, typ.size as u64]);
    // SAFETY: the names of a descriptor are null or Go strings, which are constant and have their
    // bytes.
    let names = x.and_then(|x| unsafe {
        let (package, name) = x.pkgpath.as_ref().zip(x.name.as_ref())?;
        Some((package.bytes(), name.bytes()))
    });
    match names {
        None => out.string(string),
        Some((package, name)) => {
            out.number((package.len() + 1 + name.len()) as u64);
            out.bytes(package);
            out.bytes(b".");
            out.bytes(name);
        }
    }
    let indirect = u32::from(typ.kind) & KIND_DIRECT_IFACE == 0;
    out.number(u64::from(indirect || !typ.no_pointers()));
}

/// The type of the data word that goes with an interface table.
///
/// # Safety
/// `tab` is a table.
unsafe fn interface_table(out: &mut Out, tab: *mut Itab) {
    // SAFETY: by the caller's promise a table: it names a descriptor, which may name its pointer's.
    unsafe {
        let mut t = (*tab).typ;
        if u32::from((*t).kind) & KIND_DIRECT_IFACE == 0 && !(*t).ptrto.is_null() {
            t = (*t).ptrto;
        }
        type_record(out, t);
        out.tag(Tag::Itab);
        out.numbers(&[tab as u64, t as u64]);
    }
}

/// The objects of all spans, which are swept.
fn objects(stopped: &Stopped, out: &mut Out) {
    for s in pages::spans(stopped) {
        // SAFETY: records of spans are never freed, and do not change while the world is stopped.
        let s = unsafe { &*s };
        if s.state.load(Ordering::Relaxed) != state::IN_USE {
            continue;
        }
        // SAFETY: the span has so many slots.
        let allocated = |i: &usize| unsafe { s.is_alloc(*i) };
        for i in (0..s.objects as usize).filter(allocated) {
            let base = s.address_of(i);
            out.tag(Tag::Object);
            out.number(base as u64);
            // SAFETY: an object of a span in use, which no goroutine writes to.
            unsafe {
                out.memory(base, base + s.elemsize);
                if !s.class.noscan() {
                    layout::each_slot(s, base, |slot| out.pointer(slot as usize - base));
                }
            }
            out.number(NO_MORE);
        }
    }
}

/// All threads.
fn threads(out: &mut Out) {
    for m in lists::all_ms() {
        out.tag(Tag::Thread);
        // SAFETY: Ms are never freed, and their numbers do not change.
        let (id, tid) = unsafe { ((*m).id, (*m).tid.load(Ordering::Relaxed)) };
        out.numbers(&[m as u64, id as u64, tid as u64]);
    }
}

/// The sections of Go variables.
fn variables(_: &Stopped, out: &mut Out) {
    let h = sites::header();
    for (tag, start, end, mask) in [
        (Tag::Data, h.data, h.edata, h.data_mask),
        (Tag::Bss, h.bss, h.ebss, h.bss_mask),
    ] {
        out.tag(tag);
        out.number(start);
        // SAFETY: the linker wrote where the sections are, and a mask with a bit for each word;
        // nobody writes to them while the world is stopped.
        unsafe {
            out.memory(start as usize, end as usize);
            for i in 0..((end - start) / 8) as usize {
                if *mask.add(i / 8) >> (i % 8) & 1 != 0 {
                    out.pointer(i * 8);
                }
            }
        }
        out.number(NO_MORE);
    }
}

/// What the runtime itself refers to.
fn runtime_roots(out: &mut Out) {
    let mut root = |description: &[u8], to: usize| {
        if arena::in_range(to) {
            out.tag(Tag::OtherRoot);
            out.string(description);
            out.number(to as u64);
        }
    };
    roots::each_word(|p| root(b"runtime", p));
    crate::time::for_each_root(&mut |t| root(b"timer", t));
}

fn finalizer_record(
    out: &mut Out,
    tag: Tag,
    pointer: usize,
    f: usize,
    param: *const Type,
    typ: *const Type,
) {
    out.tag(tag);
    // SAFETY: what a finalizer calls is a func value, which starts with its code's address.
    let code = unsafe { *(f as *const u64) };
    out.numbers(&[pointer as u64, f as u64, code, param as u64, typ as u64]);
}

fn finalizers(stopped: &Stopped, out: &mut Out) {
    // SAFETY: spans in use are valid, and with the world stopped nobody changes their lists.
    unsafe {
        for s in pages::spans(stopped) {
            special::of(s).each(s, |s: &Special| {
                finalizer_record(out, Tag::Finalizer, s.pointer, s.f, s.param, s.typ)
            });
        }
    }
    dead::each_call(|pointer, f, param, typ| {
        finalizer_record(out, Tag::QueuedFinalizer, pointer, f, param, typ)
    });
}

fn mem_stats(stopped: &mut Stopped, out: &mut Out) {
    // SAFETY: the structure has numbers only, and zeroes are such.
    let mut m: MemStats = unsafe { core::mem::zeroed() };
    stats::fill(stopped, &mut m);
    out.tag(Tag::MemStats);
    out.numbers(&[
        m.alloc,
        m.total_alloc,
        m.sys,
        m.lookups,
        m.mallocs,
        m.frees,
        m.heap_alloc,
        m.heap_sys,
        m.heap_idle,
        m.heap_inuse,
        m.heap_released,
        m.heap_objects,
        m.stack_inuse,
        m.stack_sys,
        m.mspan_inuse,
        m.mspan_sys,
        m.mcache_inuse,
        m.mcache_sys,
        m.buck_hash_sys,
        m.gc_sys,
        m.other_sys,
        m.next_gc,
        m.last_gc,
        m.pause_total_ns,
    ]);
    out.numbers(&m.pause_ns);
    out.number(u64::from(m.num_gc));
}

/// Where sampled objects were allocated, and which objects those are.
fn allocations(stopped: &Stopped, out: &mut Out) {
    sample::each_site(|site, size, pcs, allocs, frees| {
        out.tag(Tag::AllocSite);
        out.numbers(&[site as u64, size as u64, pcs.len() as u64]);
        for &pc in pcs {
            let func = symtab::find(pc.wrapping_sub(1));
            let (file, line) = func.map_or((&b"?"[..], 0), |f| f.file_line(pc.wrapping_sub(1)));
            out.string(func.map_or(b"?", |f| f.name()));
            out.string(file);
            out.number(u64::from(line));
        }
        out.numbers(&[allocs as u64, frees as u64]);
    });
    // SAFETY: spans in use are valid, and with the world stopped nobody changes their lists.
    unsafe {
        for s in pages::spans(stopped) {
            sample::each_of(s, |object, site| {
                out.tag(Tag::AllocSample);
                out.numbers(&[object as u64, site as u64]);
            });
        }
    }
}
