//! Finalizers: a function to call once when an object is found dead.
//!
//! A finalizer is a special of its object's span. Marking treats what the object points to, and the function, as reachable, but not the object; an
//! object that is still unmarked when its span is swept is marked then (so its memory and all that it leads to stay for one more cycle), loses its
//! finalizer and goes to the queue. A system goroutine, `runtime.runfinq` in asm/finalizer.S, takes the queue's entries one by one and calls
//! the functions.

use crate::abi::{
    Eface, FuncType, FuncVal, G, GoString, InterfaceType, KIND_FUNC, KIND_INTERFACE, KIND_PTR,
    KIND_UNSAFE_POINTER, PtrType, Status, Type, args,
};
use crate::alloc::{self, malloc};
use crate::code::sites;
use crate::gc::{
    barrier, cycle,
    mark::{self, Marker},
    stats,
};
use crate::heap;
use crate::heap::span::Span;
use crate::heap::special::{self, Held, SLAB, Special};
use crate::heap::stats::HEAP_LIVE;
use crate::sched::{self, life};
use crate::sync::mutex::Mutex;
use crate::world::{self, WaitReason, events, g, phase};
use crate::{fatal, mem};
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};

/// A finalizer to be called.
#[repr(C)]
struct Entry {
    next: *mut Entry,
    f: usize,
    pointer: usize,
    typ: *const Type,
    param: *const Type,
    results: u32,
}

/// Finalizers to be called, in the order in which they were found, and the goroutine that does it.
struct Queue {
    first: *mut Entry,
    last: *mut Entry,
    free: *mut Entry,
    /// The goroutine while it is parked.
    waiting: *mut G,
}

// SAFETY: entries and goroutines are reached under the lock only.
unsafe impl Send for Queue {}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    first: null_mut(),
    last: null_mut(),
    free: null_mut(),
    waiting: null_mut(),
});
/// The queue has entries that the goroutine was not woken for yet.
static WORK: AtomicBool = AtomicBool::new(false);

impl Queue {
    unsafe fn push(&mut self, s: &Special) {
        let mut e = self.free;
        // SAFETY: entries are valid under the lock.
        unsafe {
            if e.is_null() {
                e = mem::persistent_in(&mem::GC_SYS);
            } else {
                self.free = (*e).next;
            }
            e.write(Entry {
                next: null_mut(),
                f: s.f,
                pointer: s.pointer,
                typ: s.typ,
                param: s.param,
                results: s.results,
            });
            if self.first.is_null() {
                self.first = e;
            } else {
                (*self.last).next = e;
            }
            self.last = e;
        }
    }
}

/// Marking begins, with the world stopped: [`mark_some`] starts over.
pub fn mark_start() {
    special::rewind();
}

/// Marks what some of the finalizers keep alive: what their objects point to, and the functions. False when there are no more; several
/// threads may take part. Finalizers that are set meanwhile look after themselves ([`set`]).
///
/// # Safety
/// While marking.
pub unsafe fn mark_some(m: &mut Marker) -> bool {
    let mut held = [Held::default(); SLAB];
    let Some(n) = special::held(&mut held) else {
        return false;
    };
    for h in &held[..n] {
        m.grey(h.f);
        m.grey(h.typ);
        m.grey(h.param);
        if h.object != 0 {
            // SAFETY: while marking nothing is freed, so that objects stay valid even if they lose their finalizers.
            unsafe { m.scan(h.object) };
        }
    }
    true
}

/// Queues the finalizers of `s`'s objects that are not marked, and marks these. What they lead to is marked already: [`mark_some`] saw to that.
///
/// # Safety
/// Marking is finished, the span is the caller's and not swept yet.
#[cold]
pub unsafe fn queue_dead(s: *mut Span) {
    // SAFETY: as the caller promises; entries are valid under the lock.
    unsafe {
        let mut specials = special::of(s);
        let mut queue = QUEUE.lock();
        let kept = specials.take_dead(s, |special| queue.push(special));
        drop(queue);
        drop(specials);
        if kept != 0 {
            HEAP_LIVE.fetch_add(kept * (*s).elemsize, Ordering::Relaxed);
            WORK.store(true, Ordering::Release);
            events::ask(events::FINALIZERS);
        }
    }
}

/// Calls `f` with the pointers of the queue.
pub fn each_queued(f: &mut impl FnMut(usize)) {
    let queue = QUEUE.lock();
    let mut e = queue.first;
    while !e.is_null() {
        // SAFETY: entries are valid under the lock.
        unsafe {
            f((*e).f);
            f((*e).pointer);
            f((*e).typ as usize);
            f((*e).param as usize);
            e = (*e).next;
        }
    }
}

/// Calls `f` with what the queue's calls are about: the pointer, the function, its parameter's type and the pointer's.
pub fn each_call(mut f: impl FnMut(usize, usize, *const Type, *const Type)) {
    let queue = QUEUE.lock();
    let mut e = queue.first;
    while !e.is_null() {
        // SAFETY: entries are valid under the lock.
        unsafe {
            f((*e).pointer, (*e).f, (*e).param, (*e).typ);
            e = (*e).next;
        }
    }
}

/// Wakes the finalizer goroutine if sweeping found work for it. For the scheduler: sweepers are in the middle of an allocation and ready nobody.
pub fn wake() {
    if !WORK.load(Ordering::Relaxed) {
        return;
    }
    let mut queue = QUEUE.lock();
    WORK.store(false, Ordering::Relaxed);
    let g = core::mem::replace(&mut queue.waiting, null_mut());
    drop(queue);
    if !g.is_null() {
        // SAFETY: it is parked, and readied once, by whoever took it from `waiting`.
        unsafe { sched::ready(g) };
    }
}

unsafe extern "C" {
    #[link_name = "runtime.runfinq"]
    static RUNFINQ: u8;
}

#[repr(transparent)]
struct Static<T>(T);
// SAFETY: only read.
unsafe impl<T> Sync for Static<T> {}

/// A word that is a pointer: frames of finalizer calls are arrays of it.
static POINTER: Static<Type> = Static(Type {
    size: 8,
    ptrdata: 8,
    hash: 0,
    unused: 0,
    align: 8,
    field_align: 8,
    kind: KIND_UNSAFE_POINTER as u8,
    alg: null(),
    gcdata: &raw const ONE,
    string: null(),
    x: null(),
    ptrto: null(),
    zero: null(),
});
static ONE: u8 = 1;

/// `gort.nextfinalizer() (fn, frame, size)`: the next call for the finalizer goroutine; it parks while there is none.
pub unsafe fn next(a: &mut args::gort_nextfinalizer) -> Status {
    let mut queue = QUEUE.lock();
    let e = queue.first;
    // SAFETY: entries are valid under the lock; the frame is ours until the call.
    unsafe {
        let g = world::curg();
        // While it runs a finalizer, it is a goroutine of the program like any other.
        g::set_system(g, e.is_null());
        if e.is_null() {
            queue.waiting = g;
            // The same call is made again after the wake-up.
            (*g).resume = again as *const () as usize;
            let status = sched::park(g, WaitReason::FinalizerWait);
            drop(queue);
            return status;
        }
        queue.first = (*e).next;
        let Entry {
            f,
            pointer,
            typ,
            param,
            results,
            ..
        } = core::ptr::read(e);
        (*e).next = queue.free;
        queue.free = e;
        drop(queue);
        let interface = (*param).kind_number() == KIND_INTERFACE;
        let arg = if interface { 16 } else { 8 };
        let size = arg + results as usize;
        let frame = alloc::mallocgc(size, &raw const POINTER.0, true);
        if interface {
            let inter = param.cast::<InterfaceType>();
            let first = if (*inter).mhdr.len == 0 {
                typ as usize
            } else {
                itab(inter, typ)
            };
            barrier::write_ptr(frame.cast(), first as *mut u8);
            barrier::write_ptr(frame.cast::<*mut u8>().add(1), pointer as *mut u8);
        } else {
            barrier::write_ptr(frame.cast(), pointer as *mut u8);
        }
        // No results are copied back, so no type is needed; the word is a pointer to whoever scans the frame.
        a.argtype = null_mut();
        a.fn_ = f as *mut u8;
        a.frame = frame;
        a.size = size as u32;
        a.retoffset = size as u32;
    }
    Status::Done
}

/// Resume step: the goroutine was woken, there is work.
unsafe extern "C" fn again(g: *mut G, _arg: usize) -> Status {
    // SAFETY: the goroutine is stopped at the return of gort.nextfinalizer, whose call it makes again.
    unsafe {
        // Its stack may have been moved without what lies below.
        (*g).sched.sp -= 8;
        ((*g).sched.sp as *mut usize).write((*g).sched.pc);
        (*g).sched.pc = crate::code::asmfuncs::entry_of((*g).parkmap);
        (*g).parkmap = 0;
    }
    Status::Done
}

/// The itab of a finalizer's argument, or 0 if the type lacks a method.
unsafe fn itab(inter: *const InterfaceType, typ: *const Type) -> usize {
    // SAFETY: valid types.
    unsafe {
        let tab = crate::types::itab::get(inter, typ);
        if (*tab).bad != 0 { 0 } else { tab as usize }
    }
}

/// Starts the goroutine that calls finalizers.
unsafe fn start() {
    static STARTED: AtomicBool = AtomicBool::new(false);
    if STARTED.load(Ordering::Relaxed) || STARTED.swap(true, Ordering::Relaxed) {
        return;
    }
    static FUNC: Static<FuncValOf> = Static(FuncValOf {
        code: &raw const RUNFINQ,
    });
    #[repr(C)]
    struct FuncValOf {
        code: *const u8,
    }
    // SAFETY: system mode; the function takes no arguments.
    unsafe {
        let g = life::new_goroutine((&raw const FUNC.0).cast::<FuncVal>(), null(), 0, 0);
        g::set_system(g, true);
        sched::park::runq_put(world::getp(), g, false);
    }
}

unsafe fn name(t: *const Type) -> GoString {
    // SAFETY: every type has its name.
    unsafe { *(*t).string }
}

/// Dies: what is wrong with the arguments of SetFinalizer.
#[cold]
unsafe fn die(parts: &[&[u8]]) -> ! {
    let mut text = [0u8; 512];
    let mut n = 0;
    for part in parts {
        for &b in *part {
            if n < text.len() {
                text[n] = b;
                n += 1;
            }
        }
    }
    match core::str::from_utf8(&text[..n]) {
        Ok(s) => fatal::throw(s),
        Err(_) => fatal::throw("runtime.SetFinalizer: bad arguments"),
    }
}

/// `runtime.SetFinalizer`. Misuse ends the program, as in Go 1.5.
pub unsafe fn set(a: &mut args::runtime_SetFinalizer) {
    let (obj, fun): (Eface, Eface) = (a.obj, a.finalizer);
    // SAFETY: compiled code passes interfaces; types are as their kinds say.
    unsafe {
        let etyp = obj.typ;
        if etyp.is_null() {
            fatal::throw("runtime.SetFinalizer: first argument is nil");
        }
        if (*etyp).kind_number() != KIND_PTR {
            die(&[
                b"runtime.SetFinalizer: first argument is ",
                name(etyp).bytes(),
                b", not pointer",
            ]);
        }
        let elem = (*etyp.cast::<PtrType>()).elem;
        let p = obj.data as usize;
        stats::LOOKUPS.fetch_add(1, Ordering::Relaxed);
        let Some(o) = malloc::find_object(p) else {
            // Values without bytes, and composite literals that the compiler made globals of, live for ever.
            // So does everything under sbrk.
            if p == malloc::zero_base() as usize || in_globals(p) || heap::modes::sbrk() {
                return;
            }
            fatal::throw("runtime.SetFinalizer: pointer not in allocated block");
        };
        if p != o.base && (!(*elem).no_pointers() || (*elem).size >= heap::cache::TINY) {
            fatal::throw("runtime.SetFinalizer: pointer not at beginning of allocated block");
        }
        let ftyp = fun.typ;
        if ftyp.is_null() {
            special::of(o.span).remove(o.span, o.index as u32, p);
            return;
        }
        if (*ftyp).kind_number() != KIND_FUNC {
            die(&[
                b"runtime.SetFinalizer: second argument is ",
                name(ftyp).bytes(),
                b", not a function",
            ]);
        }
        let ft = ftyp.cast::<FuncType>();
        let param = if (*ft).dotdotdot != 0 || (*ft).in_.len != 1 {
            null()
        } else {
            *(*ft).in_.ptr.cast::<*const Type>()
        };
        if param.is_null() || !accepts(param, etyp, elem) {
            die(&[
                b"runtime.SetFinalizer: cannot pass ",
                name(etyp).bytes(),
                b" to finalizer ",
                name(ftyp).bytes(),
            ]);
        }
        let mut results = 0usize;
        for i in 0..(*ft).out.len as usize {
            let t = *(*ft).out.ptr.cast::<*const Type>().add(i);
            results = results.next_multiple_of(usize::from((*t).align).max(1)) + (*t).size;
        }
        let results = results.next_multiple_of(8);
        start();
        let special = Special::new(
            o.span,
            o.index as u32,
            p,
            fun.data as usize,
            etyp,
            param,
            results as u32,
        );
        let held = special.held();
        if !special::of(o.span).add(special) {
            fatal::throw("runtime.SetFinalizer: finalizer already set");
        }
        if phase::enabled() {
            // Marking may have been through the finalizers.
            for p in [held.f, held.typ, held.param] {
                cycle::shade(p as *mut u8);
            }
            if held.object != 0 {
                mark::each_slot(&*o.span, held.object, |slot| cycle::shade(*slot as *mut u8));
            }
        }
    }
}

/// A finalizer with a parameter of type `param` can be called with a pointer of type `etyp` to `elem`.
unsafe fn accepts(param: *const Type, etyp: *const Type, elem: *const Type) -> bool {
    // SAFETY: types are as their kinds say.
    unsafe {
        if param == etyp {
            return true;
        }
        let named = |t: *const Type| !(*t).x.is_null() && !(*(*t).x).name.is_null();
        match (*param).kind_number() {
            // Both pointers to the same, one of them without a name of its own: assignable.
            KIND_PTR => (!named(param) || !named(etyp)) && (*param.cast::<PtrType>()).elem == elem,
            KIND_INTERFACE => {
                let inter = param.cast::<InterfaceType>();
                (*inter).mhdr.len == 0 || itab(inter, etyp) != 0
            }
            _ => false,
        }
    }
}

fn in_globals(p: usize) -> bool {
    let h = sites::header();
    let p = p as u64;
    (h.noptrdata..h.enoptrdata).contains(&p)
        || (h.data..h.edata).contains(&p)
        || (h.bss..h.ebss).contains(&p)
        || (h.noptrbss..h.enoptrbss).contains(&p)
}
