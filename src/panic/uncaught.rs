//! The end of a program by a panic that nobody recovered.
//!
//! The values of all panics of the goroutine are shown, oldest first. A value with a `String` or `Error` method is asked for
//! its text, which is Go code: it runs on the goroutine, called by the frame of `gopanic` like a deferred function. So the
//! printing is a sequence of steps between which the state below says where it stands; only the one thread that holds the right to
//! die ([`dying`]) uses it.

use super::values;
use crate::abi::{Eface, FuncType, FuncVal, G, GoString, Method, Panic, Type, UncommonType, args};
use crate::debug::{builtins, dying, print};
use core::cell::UnsafeCell;
use core::ptr;

unsafe extern "C" {
    #[link_name = "type.int"]
    static INT: Type;
}

/// Where the printing stands.
struct Progress {
    /// The panic whose value is being shown.
    current: *mut Panic,
    call: Call,
}

/// Arguments of a method `func() string` and its result.
#[repr(C)]
struct Call {
    receiver: *mut u8,
    text: GoString,
}

struct Shared(UnsafeCell<Progress>);
// SAFETY: only the thread that holds the right to die touches it.
unsafe impl Sync for Shared {}

static PROGRESS: Shared = Shared(UnsafeCell::new(Progress {
    current: ptr::null_mut(),
    call: Call {
        receiver: ptr::null_mut(),
        text: GoString::EMPTY,
    },
}));

/// The panic raised just after `p` on the same goroutine; the oldest one for null.
unsafe fn newer(g: *mut G, p: *mut Panic) -> *mut Panic {
    // SAFETY: g is stopped in its call of a step of gopanic.
    unsafe {
        let mut q = (*g).panic;
        if q == p {
            return ptr::null_mut();
        }
        while (*q).link != p {
            q = (*q).link;
        }
        q
    }
}

/// Shows values until one needs a method call, whose arguments are left for `reflect.call`; after the last value the
/// program ends.
///
/// # Safety
/// In the step of `gopanic` that found no more deferred calls.
pub unsafe fn next(g: *mut G, call: &mut args::gort_panicnext) {
    // SAFETY: this thread holds the right to die from the first step on, and g is stopped.
    unsafe {
        let progress = &mut *PROGRESS.0.get();
        // Only the innermost panic gets here, each time, so the first visit is the one before any value was shown.
        if (*(*g).panic).printing == 1 {
            crate::boot::main::unlock();
            dying::start();
            (*(*g).panic).printing = 2;
            progress.current = ptr::null_mut();
        }
        loop {
            let p = newer(g, progress.current);
            if p.is_null() {
                dying::finish(g);
            }
            let oldest = progress.current.is_null();
            progress.current = p;
            builtins::with(|out| {
                out.str(if oldest { "panic: " } else { "\tpanic: " });
            });
            let e = (*p).arg;
            if let Some(code) = text_method(e) {
                progress.call = Call {
                    receiver: e.data,
                    text: GoString::EMPTY,
                };
                call.argtype = 0;
                call.fn_ = code;
                call.arg = (&raw mut progress.call).cast();
                call.n = size_of::<Call>() as u32;
                call.retoffset = core::mem::offset_of!(Call, text) as u32;
                return;
            }
            show_plain(e);
            end_line(p);
        }
    }
}

/// The method called by [`next`] returned: shows its text.
///
/// # Safety
/// As [`next`].
pub unsafe fn shown(_g: *mut G) {
    // SAFETY: as in `next`; the string was copied back by reflect.call just before, with no safe point since.
    unsafe {
        let progress = &mut *PROGRESS.0.get();
        builtins::with(|out| {
            out.gostring(progress.call.text);
        });
        end_line(progress.current);
    }
}

unsafe fn end_line(p: *mut Panic) {
    // SAFETY: the panic is on its goroutine's list.
    let recovered = unsafe { (*p).recovered != 0 };
    builtins::with(|out| {
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
        // The code's address in the table serves as func value: it is the first word at its own address.
        fits.then_some((&raw const m.ifn).cast())
    }
}

/// Shows a value without methods.
fn show_plain(e: Eface) {
    builtins::with(|out| {
        // SAFETY: the value is live as long as its panic.
        unsafe {
            if e.typ.is_null() {
                out.str("nil");
            } else if ptr::eq(e.typ, &raw const INT) {
                out.int(*e.data.cast());
            } else if let Some((text, error)) = values::plain_text(e) {
                out.str(if error { "runtime error: " } else { "" })
                    .gostring(text);
            } else {
                out.str("(")
                    .gostring(*(*e.typ).string)
                    .str(") (")
                    .hex(e.typ as u64)
                    .str(",")
                    .hex(e.data as u64)
                    .str(")");
            }
        }
    });
}

/// A panic where there is no goroutine to run deferred calls on, or in the middle of something: a fatal error.
pub fn throw_instead(e: Eface, why: &'static str) -> ! {
    builtins::with(|out| {
        out.str("panic: ");
    });
    show_plain(e);
    print::puts("\n");
    print::throw(why)
}
