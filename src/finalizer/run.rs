//! The goroutine that calls finalizers: `runtime.runfinq` in asm/finalizer.S takes the queue's
//! entries one by one and calls the functions.

use crate::abi::{
    Caller, FuncVal, InterfaceType, KIND_INTERFACE, KIND_PTR, KIND_UNSAFE_POINTER, Outcome,
    PtrType, ResumeStep, Sys, Type, args,
};
use crate::alloc;
use crate::code::sites;
use crate::gc::barrier;
use crate::heap::dead::{Entry, QUEUE};
use crate::sched::{self, life};
use crate::world::{self, Right, WaitReason, g};
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};

unsafe extern "C" {
    #[link_name = "runtime.runfinq"]
    static RUNFINQ: u8;
}

#[repr(transparent)]
struct Static<T>(T);
// SAFETY: a constant of this file, which nobody writes.
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

/// `gort.nextfinalizer() (fn, frame, size)`: the next call for the finalizer goroutine; it parks
/// while there is none.
pub fn next(sys: Sys<'_>, a: &mut args::gort_nextfinalizer) -> Outcome {
    let mut queue = QUEUE.lock();
    let e = queue.first;
    let caller = sys.caller();
    let g = caller.g();
    // While it runs a finalizer, it is a goroutine of the program like any other.
    // SAFETY: the caller is stopped at this call, so its G is this thread's to write.
    unsafe { g::set_system(g, e.is_null()) };
    if e.is_null() {
        // The same call is made again after the wake-up.
        // SAFETY: the caller is still stopped, and its G this thread's to write.
        unsafe { (*g).resume = ResumeStep::new(again) };
        let (parked, outcome) = sched::park(caller, WaitReason::FinalizerWait);
        queue.waiting.put(parked);
        drop(queue);
        return outcome;
    }
    // SAFETY: what is on the queue and on the list of free entries is ours as long as we hold the
    // lock.
    let Entry {
        f,
        pointer,
        typ,
        param,
        results,
        ..
    } = unsafe {
        queue.first = (*e).next;
        let entry = core::ptr::read(e);
        (*e).next = queue.free;
        entry
    };
    queue.free = e;
    drop(queue);
    // SAFETY: SetFinalizer has entered the descriptor of the function's parameter.
    let interface = unsafe { (*param).kind_number() } == KIND_INTERFACE;
    let arg = if interface { 16 } else { 8 };
    let size = arg + results as usize;
    // SAFETY: a type of one word, which divides the size: so do 8, 16 and what `set` made of the
    // results.
    let frame = unsafe { alloc::mallocgc(sys, size, &raw const POINTER.0, true) };
    // SAFETY: the frame is new and has as many words; the parameter is an interface where its kind
    // says so, and `typ` the type of the pointer that was accepted for it.
    unsafe {
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
    }
    // No results are copied back, so no type is needed; a scan of the frame takes the word for a
    // pointer.
    a.argtype = null_mut();
    a.fn_ = f as *mut u8;
    a.frame = frame;
    a.size = size as u32;
    a.retoffset = size as u32;
    Outcome::Return
}

/// Resume step: the goroutine was woken, there is work.
///
/// # Safety
/// The goroutine parked in [`next`].
unsafe extern "C" fn again(caller: Caller<'_>, _arg: usize) -> Outcome {
    let g = caller.g();
    // SAFETY: the goroutine is stopped at the return of gort.nextfinalizer, whose call it makes
    // again.
    unsafe {
        // Its stack may have been moved without what lies below.
        (*g).sched.sp -= 8;
        ((*g).sched.sp as *mut usize).write((*g).sched.pc);
        (*g).sched.pc = crate::code::asmfuncs::entry_of((*g).parkmap);
        (*g).parkmap = 0;
    }
    Outcome::Return
}

/// The itab of a finalizer's argument, or 0 if the type lacks a method.
///
/// # Safety
/// The descriptors of an interface type with methods and of a type.
unsafe fn itab(inter: *const InterfaceType, typ: *const Type) -> usize {
    // SAFETY: the caller passes descriptors, the first with methods.
    let tab = unsafe { crate::types::itab::get(inter, typ) };
    // SAFETY: an itab is never freed, and complete when it is answered.
    if unsafe { (*tab).bad } != 0 {
        0
    } else {
        tab as usize
    }
}

/// Starts the goroutine that calls finalizers.
pub(super) fn start(_: Sys<'_>) {
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
    // SAFETY: the thread is in system mode, with a P; the function takes no arguments, and nothing
    // runs the goroutine before it is on the queue.
    unsafe {
        let g = life::new_goroutine((&raw const FUNC.0).cast::<FuncVal>(), null(), 0, 0);
        g::set_system(g.g(), true);
        sched::park::runq_put(world::OwnP::held(), g, false);
    }
}

/// A finalizer with a parameter of type `param` can be called with a pointer of type `etyp` to
/// `elem`.
///
/// # Safety
/// All three are descriptors.
pub(super) unsafe fn accepts(param: *const Type, etyp: *const Type, elem: *const Type) -> bool {
    if param == etyp {
        return true;
    }
    // SAFETY: called with the caller's descriptors; what names a type is null or a record.
    let named = |t: *const Type| unsafe { !(*t).x.is_null() && !(*(*t).x).name.is_null() };
    // SAFETY: a descriptor is that of a pointer or an interface type where its kind says so.
    unsafe {
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

pub(super) fn in_globals(p: usize) -> bool {
    let h = sites::header();
    let p = p as u64;
    (h.noptrdata..h.enoptrdata).contains(&p)
        || (h.data..h.edata).contains(&p)
        || (h.bss..h.ebss).contains(&p)
        || (h.noptrbss..h.enoptrbss).contains(&p)
}
