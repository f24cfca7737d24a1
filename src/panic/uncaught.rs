//! The end of a program by a panic that nobody recovered.
//!
//! The values of all panics of the goroutine are shown, oldest first. A value with a `String` or
//! `Error` method is asked for its text, which is Go code, and people do in it what they do
//! elsewhere: log, lock, wait, start goroutines, collect garbage, panic. So it runs while the
//! program still runs, on the goroutine, called by the frame of `gopanic` like a deferred function;
//! only when the last value is shown the thread takes the right to die ([`dying`]) and the world is
//! frozen. The printing is a sequence of steps; [`STORY`] knows how far it has come.
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
use core::cell::UnsafeCell;
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

/// What the goroutine that shows its values has to remember.
struct Story {
    /// Its fault; signal 0: there was none.
    fault: Fault,
    /// The panic shown last: its method runs or has just returned. Null before the first one.
    last: *mut Panic,
}

struct Shared(UnsafeCell<Story>);
// SAFETY: only the goroutine that shows its values touches it.
unsafe impl Sync for Shared {}

static STORY: Shared = Shared(UnsafeCell::new(Story {
    fault: Fault {
        sig: 0,
        code: 0,
        address: 0,
        pc: 0,
    },
    last: ptr::null_mut(),
}));

/// Takes the goroutine's fault from it.
unsafe fn take_fault(g: *mut G) -> Fault {
    // SAFETY: g is stopped in our caller's runtime call.
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
unsafe fn turn(g: *mut G) -> *mut Panic {
    // SAFETY: g is stopped in its call of a step of gopanic or Goexit.
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
unsafe fn next_to_show(g: *mut G) -> *mut Panic {
    // SAFETY: as in `turn`; g shows its values.
    unsafe {
        let last = (*STORY.0.get()).last;
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
unsafe fn levels(g: *mut G) -> usize {
    // SAFETY: as in `turn`.
    unsafe {
        let (mut n, mut p) = (0, (*g).panic);
        while !p.is_null() {
            n += usize::from((*p).uncaught);
            p = (*p).link;
        }
        n
    }
}

/// First step of an uncaught panic, that of the innermost `gopanic`: makes this goroutine the one
/// that shows its values. If another is, this one parks for good.
///
/// # Safety
/// In the step of `gopanic` that found no more deferred calls.
pub unsafe fn start(caller: Caller<'_>, call: &mut args::gort_panicnext) -> Outcome {
    let g = caller.g();
    // SAFETY: g is stopped in this call.
    unsafe {
        m::unlock(getm(), g);
        let p = (*g).panic;
        (*p).uncaught = 1;
        // No deferred function runs any more: recover finds nothing.
        (*p).argp = 0;
        let oldest = turn(g);
        match TELLER.compare_exchange(ptr::null_mut(), g, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                // The methods may fault and recover.
                (*STORY.0.get()).fault = take_fault(g);
                dying::tell();
                next(g, call)
            }
            Err(teller) if teller == g => again(g, oldest, call),
            Err(_) => sched::park_for_good(caller, WaitReason::PanicWait),
        }
    }
}

/// A method called by [`next`] has panicked, and nobody recovered that either. In the words of Go
/// 1.5, which ran the method with locks held.
unsafe fn again(g: *mut G, oldest: *mut Panic, call: &mut args::gort_panicnext) -> Outcome {
    // SAFETY: g is stopped in this call.
    unsafe {
        if take_fault(g).sig != 0 {
            fatal::fatal("unexpected signal during runtime execution");
        }
        // Of the panics that were being shown no more is.
        (*STORY.0.get()).last = (*oldest).link;
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
pub unsafe fn left(g: *mut G) {
    if teller() != g {
        return;
    }
    // SAFETY: g is stopped in a step of Goexit.
    unsafe {
        if (*(*g).panic).uncaught == 0 {
            // Panics of the method itself, which Goexit has cut off.
            turn(g);
        }
        let p = (*STORY.0.get()).last;
        show_plain((*p).arg);
        end_line(p);
        show_rest(g);
        end(g)
    }
}

/// Shows the values that are left, without methods.
unsafe fn show_rest(g: *mut G) {
    // SAFETY: g is stopped, and nobody else shows values.
    unsafe {
        loop {
            let p = next_to_show(g);
            if p.is_null() {
                return;
            }
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
    // SAFETY: g is stopped in this call, and nobody else shows values.
    unsafe {
        loop {
            let p = next_to_show(g);
            if p.is_null() {
                end(g);
            }
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
pub unsafe fn shown() {
    // SAFETY: as in `next`; the string was copied back by reflect.call, and the record keeps it
    // alive.
    unsafe {
        let p = (*STORY.0.get()).last;
        write(|out| {
            out.gostring((*p).text);
        });
        end_line(p);
    }
}

/// All values are shown: the traceback, and the end.
unsafe fn end(g: *mut G) -> ! {
    // SAFETY: g is stopped in a runtime call of this thread.
    unsafe {
        if levels(g) > 1 {
            fatal::fatal("panic holding locks");
        }
        dying::start();
        let Fault {
            sig,
            code,
            address,
            pc,
        } = (*STORY.0.get()).fault;
        ((*g).sig, (*g).sigcode, (*g).sigaddr, (*g).sigpc) = (sig, code, address, pc);
        dying::finish(g)
    }
}

/// Writes what is part of a value, or stands around it.
fn write(f: impl FnOnce(&mut Out<'_>)) {
    watch::writing(|| builtins::with(f));
}

unsafe fn begin_line(p: *mut Panic) {
    // SAFETY: the panic is on its goroutine's list.
    let first = unsafe {
        (*STORY.0.get()).last = p;
        (*p).link.is_null() || (*(*p).link).uncaught != 0
    };
    write(|out| {
        out.str(if first { "panic: " } else { "\tpanic: " });
    });
}

unsafe fn end_line(p: *mut Panic) {
    // SAFETY: the panic is on its goroutine's list.
    let recovered = unsafe { (*p).recovered != 0 };
    write(|out| {
        out.str(if recovered { " [recovered]\n" } else { "\n" });
    });
}

/// The value's `String() string`, or else its `Error() string`, as a func value.
unsafe fn text_method(e: Eface) -> Option<*const FuncVal> {
    // SAFETY: descriptors are well formed.
    unsafe {
        let x = e.typ.as_ref()?.x.as_ref()?;
        method(x, b"String").or_else(|| method(x, b"Error"))
    }
}

/// An exported method without parameters that returns a string.
unsafe fn method(x: &UncommonType, name: &[u8]) -> Option<*const FuncVal> {
    // SAFETY: descriptors are well formed.
    unsafe {
        let methods =
            core::slice::from_raw_parts(x.methods.ptr.cast::<Method>(), x.methods.len as usize);
        let m = methods
            .iter()
            .find(|m| (*m.name).bytes() == name && m.pkgpath.is_null())?;
        let t = &*m.mtyp.cast::<FuncType>();
        let string = values::string_value("").typ;
        let fits =
            t.in_.len == 0 && t.out.len == 1 && ptr::eq(*t.out.ptr.cast::<*const Type>(), string);
        // The code's address in the table serves as func value: it is the first word at its own
        // address.
        fits.then_some((&raw const m.ifn).cast())
    }
}

/// Shows a value without methods.
fn show_plain(e: Eface) {
    // SAFETY: the value is live as long as its panic.
    write(|out| unsafe { value::plain(out, e) });
}

/// A panic where there is no goroutine to run deferred calls on, or in the middle of something: a
/// fatal error.
pub fn throw_instead(e: Eface, why: &'static str) -> ! {
    builtins::with(|out| {
        out.str("panic: ");
    });
    show_plain(e);
    fatal::puts("\n");
    fatal::throw(why)
}
