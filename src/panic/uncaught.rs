//! The end of a program by a panic that nobody recovered.
//!
//! The values of all panics of the goroutine are shown, oldest first. A value with a `String` or
//! `Error` method is asked for its text, which is Go code, and people do in it what they do
//! elsewhere: log, lock, wait, start goroutines, collect garbage, panic. So it runs while the
//! program still runs, on the goroutine, called by the frame of `gopanic` like a deferred function;
//! only when the last value is shown the thread takes the right to die ([`dying`]) and the world is
//! frozen. The printing is a sequence of steps; [`LAST`] says how far it has come.
//!
//! One goroutine shows its values, the first to have an uncaught panic. Others that come to that
//! point wait, and are shown among the other goroutines, their values without methods
//! ([`crate::debug::traceback`]). The method may not return: it panics itself ([`again`]), ends the
//! goroutine ([`left`]), ends the process, or hangs; then the watchdog ends the process
//! ([`crate::debug::watch`]).

use super::values;
use crate::abi::{
    Caller, Eface, FuncType, FuncVal, G, GoString, Method, Outcome, Panic, Type, UncommonType, args,
};
use crate::debug::{builtins, dying, value, watch};
use crate::fatal::out::Out;
use crate::world::{WaitReason, getm, m};
use crate::{fatal, sched};
use core::cell::Cell;
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The goroutine that shows its values, null before there is one.
static TELLER: AtomicPtr<G> = AtomicPtr::new(ptr::null_mut());

/// Offset of the result among a method's arguments, which lie in the panic's record: the collector
/// knows them there.
const RESULT: usize = offset_of!(Panic, text) - offset_of!(Panic, receiver);

/// The fault that a panic came of.
#[derive(Clone, Copy)]
struct Fault {
    sig: u32,
    code: u32,
    address: usize,
    pc: usize,
}

struct Shared(Cell<Fault>);
// SAFETY: only the goroutine that shows its values touches it, on one thread at a time.
unsafe impl Sync for Shared {}

/// The fault of the goroutine that shows its values; signal 0: there was none.
static FAULT: Shared = Shared(Cell::new(Fault {
    sig: 0,
    code: 0,
    address: 0,
    pc: 0,
}));

/// The panic shown last: its method runs or has just returned. Null before the first one. Only the
/// goroutine that shows its values touches it.
static LAST: AtomicPtr<Panic> = AtomicPtr::new(ptr::null_mut());

/// Takes the goroutine's fault from it.
///
/// # Safety
/// `g` is stopped in a call of this thread.
unsafe fn take_fault(g: *mut G) -> Fault {
    // SAFETY: by the caller's promise g is stopped: its words are ours.
    unsafe {
        Fault {
            sig: core::mem::take(&mut (*g).sig),
            code: (*g).sigcode,
            address: (*g).sigaddr,
            pc: (*g).sigpc,
        }
    }
}

/// The goroutine whose uncaught panic ends the program; null if there is none.
pub fn teller() -> *mut G {
    TELLER.load(Ordering::Acquire)
}

/// Links the panics of the innermost level, of which none is shown yet, from the oldest to the
/// newest, behind those of the level below. Answers the oldest. There may be many: each is looked
/// at once.
///
/// # Safety
///
/// `g` is stopped in a step of gopanic or Goexit on this thread, and has a panic.
unsafe fn turn(g: *mut G) -> *mut Panic {
    // SAFETY: by the caller's promise g is stopped in a step of gopanic or Goexit, with a panic:
    // the list is ours, and panics on it are alive.
    unsafe {
        let mut p = (*g).panic;
        (*p).newer = ptr::null_mut();
        while !(*p).link.is_null() {
            let older = (*p).link;
            (*older).newer = p;
            if (*older).uncaught != 0 {
                break;
            }
            p = older;
        }
        p
    }
}

/// The oldest panic of which nothing is shown yet, or null.
///
/// # Safety
///
/// As [`turn`], and `g` is the goroutine that shows its values.
unsafe fn next_to_show(g: *mut G) -> *mut Panic {
    let last = LAST.load(Ordering::Relaxed);
    // SAFETY: by the caller's promise g is stopped and shows its values: the list is ours, panics
    // on it are alive, and the last one shown is one of them.
    unsafe {
        if !last.is_null() {
            return (*last).newer;
        }
        let mut p = (*g).panic;
        while !(*p).link.is_null() {
            p = (*p).link;
        }
        p
    }
}

/// `gopanic` frames of the goroutine that show values: more than one if a method called by one of
/// them has panicked.
///
/// # Safety
///
/// As [`turn`], or without a panic.
unsafe fn levels(g: *mut G) -> usize {
    let mut n = 0;
    // SAFETY: by the caller's promise g is stopped: the list is ours, and panics on it are alive.
    unsafe {
        let mut p = (*g).panic;
        while !p.is_null() {
            n += usize::from((*p).uncaught);
            p = (*p).link;
        }
    }
    n
}

/// First step of an uncaught panic, that of the innermost `gopanic`: makes this goroutine the one
/// that shows its values. If another is, this one parks for good.
///
/// # Safety
/// In the step of `gopanic` that found no more deferred calls.
pub unsafe fn start(caller: Caller<'_>, call: &mut args::gort_panicnext) -> Outcome {
    let g = caller.g();
    // SAFETY: g is stopped in this call, the step of gopanic that has pushed the innermost panic.
    let oldest = unsafe {
        m::unlock(getm(), g);
        let p = (*g).panic;
        (*p).uncaught = 1;
        // No deferred function runs any more: recover finds nothing.
        (*p).argp = 0;
        turn(g)
    };
    match TELLER.compare_exchange(ptr::null_mut(), g, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {
            // The methods may fault and recover.
            // SAFETY: g is stopped in this call.
            FAULT.0.set(unsafe { take_fault(g) });
            dying::tell();
            // SAFETY: the same, and from now on g is the one that shows its values.
            unsafe { next(g, call) }
        }
        // SAFETY: g is stopped in this call, and is the one that shows its values.
        Err(teller) if teller == g => unsafe { again(g, oldest, call) },
        Err(_) => sched::park_for_good(caller, WaitReason::PanicWait),
    }
}

/// A method called by [`next`] has panicked, and nobody recovered that either. In the words of Go
/// 1.5, which ran the method with locks held.
///
/// # Safety
///
/// As [`start`]; `g` is the goroutine that shows its values, and `oldest` what [`turn`] answered.
unsafe fn again(g: *mut G, oldest: *mut Panic, call: &mut args::gort_panicnext) -> Outcome {
    // SAFETY: by the caller's promise g is stopped in this call.
    if unsafe { take_fault(g) }.sig != 0 {
        fatal::fatal("unexpected signal during runtime execution");
    }
    // SAFETY: the same; g shows its values, and `oldest` is a panic of it.
    unsafe {
        // Of the panics that were being shown no more is.
        LAST.store((*oldest).link, Ordering::Relaxed);
        // The value of such a panic may have a method, too, but that is the last one to be called.
        if levels(g) > 2 {
            show_rest(g);
        }
        next(g, call)
    }
}

/// The goroutine ends in a method called by [`next`], by `Goexit`: its values are shown without
/// methods. Returns if it shows none.
///
/// # Safety
/// `g` has called Goexit, and has no more deferred calls.
pub(super) unsafe fn left(g: *mut G) {
    if teller() != g {
        return;
    }
    // SAFETY: by the caller's promise g is stopped in a step of Goexit. It shows its values, so it
    // has a panic, and the last one shown is of it.
    unsafe {
        if (*(*g).panic).uncaught == 0 {
            // Panics of the method itself, which Goexit has cut off.
            turn(g);
        }
        let p = LAST.load(Ordering::Relaxed);
        show_plain((*p).arg);
        end_line(p);
        show_rest(g);
        end(g)
    }
}

/// Shows the values that are left, without methods.
///
/// # Safety
///
/// As [`next_to_show`].
unsafe fn show_rest(g: *mut G) {
    loop {
        // SAFETY: by the caller's promise g is stopped, and shows its values.
        let p = unsafe { next_to_show(g) };
        if p.is_null() {
            return;
        }
        // SAFETY: a panic of g, which is stopped, is alive.
        unsafe {
            begin_line(p);
            show_plain((*p).arg);
            end_line(p);
        }
    }
}

/// Shows values until one needs a method call, whose arguments are left for `reflect.call`; after
/// the last value the program ends.
///
/// # Safety
/// In a later step of the `gopanic` that called [`start`].
pub unsafe fn next(g: *mut G, call: &mut args::gort_panicnext) -> Outcome {
    loop {
        // SAFETY: by the caller's promise g is stopped in this call, and shows its values.
        let p = unsafe { next_to_show(g) };
        if p.is_null() {
            // SAFETY: the same promise of the caller.
            unsafe { end(g) };
        }
        // SAFETY: a panic of g, whose record is ours while g is stopped.
        unsafe {
            begin_line(p);
            if let Some(code) = text_method((*p).arg) {
                (*p).receiver = (*p).arg.data;
                (*p).text = GoString::EMPTY;
                call.argtype = 0;
                call.fn_ = code;
                call.arg = (&raw mut (*p).receiver).cast();
                call.n = (RESULT + size_of::<GoString>()) as u32;
                call.retoffset = RESULT as u32;
                return Outcome::Return;
            }
            show_plain((*p).arg);
            end_line(p);
        }
    }
}

/// The method called by [`next`] returned: shows its text.
///
/// # Safety
/// As [`next`].
pub(super) unsafe fn shown() {
    let p = LAST.load(Ordering::Relaxed);
    // SAFETY: the panic whose method was called. The string was copied back by reflect.call, and
    // the record keeps it alive.
    let text = unsafe { (*p).text };
    write(|out| {
        out.gostring(text);
    });
    // SAFETY: the same panic, which is not over.
    unsafe { end_line(p) };
}

/// All values are shown: the traceback, and the end.
///
/// # Safety
///
/// As [`next_to_show`].
unsafe fn end(g: *mut G) -> ! {
    // SAFETY: by the caller's promise g is stopped.
    if unsafe { levels(g) } > 1 {
        fatal::fatal("panic holding locks");
    }
    dying::start();
    let Fault {
        sig,
        code,
        address,
        pc,
    } = FAULT.0.get();
    // SAFETY: g is stopped in a runtime call of this thread, which has the right to die.
    unsafe {
        ((*g).sig, (*g).sigcode, (*g).sigaddr, (*g).sigpc) = (sig, code, address, pc);
        dying::finish(g)
    }
}

/// Writes what is part of a value, or stands around it.
fn write(f: impl FnOnce(&mut Out<'_>)) {
    watch::writing(|| builtins::with(f));
}

/// What stands before a value.
///
/// # Safety
/// `p` is a panic of the goroutine that shows its values.
unsafe fn begin_line(p: *mut Panic) {
    LAST.store(p, Ordering::Relaxed);
    // SAFETY: panics on the goroutine's list are alive, and it is stopped.
    let first = unsafe { (*p).link.is_null() || (*(*p).link).uncaught != 0 };
    write(|out| {
        out.str(if first { "panic: " } else { "\tpanic: " });
    });
}

/// What stands behind a value.
///
/// # Safety
/// As [`begin_line`].
unsafe fn end_line(p: *mut Panic) {
    // SAFETY: panics on the goroutine's list are alive, and it is stopped.
    let recovered = unsafe { (*p).recovered != 0 };
    write(|out| {
        out.str(if recovered { " [recovered]\n" } else { "\n" });
    });
}

/// The value's `String() string`, or else its `Error() string`, as a func value.
///
/// # Safety
///
/// `e` is a value of an interface.
unsafe fn text_method(e: Eface) -> Option<*const FuncVal> {
    // SAFETY: the type of a value is nil or a descriptor, which is constant and well formed, as is
    // its table of methods.
    let x = unsafe { e.typ.as_ref()?.x.as_ref()? };
    // SAFETY: the methods are those of a type descriptor.
    unsafe { method(x, b"String").or_else(|| method(x, b"Error")) }
}

/// An exported method without parameters that returns a string.
///
/// # Safety
///
/// `x` is part of a type descriptor.
unsafe fn method(x: &UncommonType, name: &[u8]) -> Option<*const FuncVal> {
    // SAFETY: by the caller's promise of a descriptor: its slice of methods has its elements, whose
    // names are strings.
    let m = unsafe {
        let (first, n) = (x.methods.ptr.cast::<Method>(), x.methods.len as usize);
        let methods = core::slice::from_raw_parts(first, n);
        let mut named = methods.iter().filter(|m| (*m.name).bytes() == name);
        named.find(|m| m.pkgpath.is_null())?
    };
    let string = values::string_value("").typ;
    // SAFETY: the type of a method is that of a function; one with a result has it in the slice.
    let fits = unsafe {
        let t = &*m.mtyp.cast::<FuncType>();
        t.in_.len == 0 && t.out.len == 1 && ptr::eq(*t.out.ptr.cast::<*const Type>(), string)
    };
    // The code's address in the table serves as func value: it is the first word at its own
    // address.
    fits.then_some((&raw const m.ifn).cast())
}

/// Shows a value without methods.
fn show_plain(e: Eface) {
    // SAFETY: the value of a panic is alive as long as the panic, which is not over.
    write(|out| unsafe { value::plain(out, e) });
}

/// A panic where there is no goroutine to run deferred calls on, or in the middle of something: a
/// fatal error.
pub(super) fn throw_instead(e: Eface, why: &'static str) -> ! {
    builtins::with(|out| {
        out.str("panic: ");
    });
    show_plain(e);
    fatal::puts("\n");
    fatal::throw(why)
}
