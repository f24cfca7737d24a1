//! What the collector and the stack copier see of deferred calls and panics.

use crate::abi::{Defer, FuncVal, G, ReflectContext, SURFACE};
use crate::code::{asmfuncs, symtab};
use crate::world::deferred;
use gort_tables::{FRAME_REFLECT, NO_MAP};

/// Which words of an argument block hold pointers.
#[derive(Debug, Clone, Copy)]
struct Words {
    bits: Bits,
    n: usize,
}

#[derive(Debug, Clone, Copy)]
enum Bits {
    Mask(u64),
    Bytes(*const u8),
}

impl Words {
    const NONE: Self = Self {
        bits: Bits::Mask(0),
        n: 0,
    };

    /// Word `i` holds a pointer.
    fn pointer(self, i: usize) -> bool {
        match self.bits {
            Bits::Mask(m) => i < 64 && m >> i & 1 != 0,
            // SAFETY: the bitmap has a bit for each of the `n` words.
            Bits::Bytes(b) => unsafe { *b.add(i / 8) >> (i % 8) & 1 != 0 },
        }
    }

    /// Indices of the words with pointers.
    fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.n).filter(move |&i| self.pointer(i))
    }
}

/// The pointer words of the `size` argument bytes that `f` takes. With nil `f` nothing: the
/// arguments are never used.
///
/// # Safety
/// `f` is nil or a func value.
unsafe fn argument_words(f: *const FuncVal, size: usize) -> Words {
    let limit = size / 8;
    if f.is_null() || limit == 0 {
        return Words::NONE;
    }
    // SAFETY: a func value starts with the code's address.
    let code = unsafe { (*f).code };
    if let Some(func) = crate::code::sites::find_func(code) {
        let frame = symtab::frame(func.entry_frame);
        if frame.flags & FRAME_REFLECT != 0 {
            // SAFETY: the func value of a reflect stub starts as every such context does.
            let bv = unsafe { &*(*f.cast::<ReflectContext>()).stack };
            return Words {
                bits: Bits::Bytes(bv.data.ptr),
                n: (bv.n as usize).min(limit),
            };
        }
        if frame.args == NO_MAP {
            return Words::NONE;
        }
        return Words {
            bits: Bits::Bytes(symtab::bits(frame.args)),
            n: (frame.args_words as usize).min(limit),
        };
    }
    match asmfuncs::find(code).and_then(|f| SURFACE.get(f.index as usize)) {
        Some(row) => Words {
            bits: Bits::Mask(u64::from(row.ptrs)),
            n: limit.min(64),
        },
        None => Words::NONE,
    }
}

/// Calls `f` with every pointer in the goroutine's deferred calls and panics.
///
/// # Safety
/// `g` is stopped.
pub unsafe fn for_each_root(g: *mut G, mut f: impl FnMut(*mut u8)) {
    // SAFETY: the caller's goroutine is stopped, so nobody writes its fields.
    let (mut d, mut p, arg) = unsafe { ((*g).defer, (*g).panic, (*g).panicarg) };
    while !d.is_null() {
        // SAFETY: the list of a stopped goroutine does not change; a record has the arguments that
        // its words are of.
        unsafe {
            f((*d).fn_.cast_mut().cast());
            let words: *const *mut u8 = deferred::args_of(d).cast();
            for i in pointer_words(d).iter() {
                f(*words.add(i));
            }
            d = (*d).link;
        }
    }
    while !p.is_null() {
        // SAFETY: the list of a stopped goroutine does not change.
        unsafe {
            f((*p).arg.typ.cast_mut().cast());
            f((*p).arg.data);
            f((*p).text.ptr.cast_mut());
            p = (*p).link;
        }
    }
    f(arg.data);
}

/// Adds `delta` to every address in `[lo, hi)`, the stack's old place, in the goroutine's deferred
/// calls and panics.
///
/// # Safety
/// `g` is stopped and its old stack still readable.
pub unsafe fn adjust(g: *mut G, lo: usize, hi: usize, delta: usize) {
    let moved = |at: usize| {
        if (lo..hi).contains(&at) {
            at.wrapping_add(delta)
        } else {
            at
        }
    };
    // SAFETY: a stopped goroutine's lists do not change; a func value on the stack is read at its
    // old place.
    unsafe {
        let mut d = (*g).defer;
        while !d.is_null() {
            let words: *mut usize = deferred::args_of(d).cast();
            for i in pointer_words(d).iter() {
                *words.add(i) = moved(*words.add(i));
            }
            (*d).fn_ = moved((*d).fn_ as usize) as *const FuncVal;
            (*d).sp = moved((*d).sp);
            d = (*d).link;
        }
        let mut p = (*g).panic;
        while !p.is_null() {
            (*p).argp = moved((*p).argp);
            (*p).arg.data = moved((*p).arg.data as usize) as *mut u8;
            (*p).receiver = moved((*p).receiver as usize) as *mut u8;
            (*p).text.ptr = moved((*p).text.ptr as usize) as *const u8;
            p = (*p).link;
        }
        (*g).panicarg.data = moved((*g).panicarg.data as usize) as *mut u8;
    }
}

/// Words of arguments that the collector and the stack copier look at in a record.
///
/// # Safety
/// `d` is on the list of a stopped goroutine.
unsafe fn pointer_words(d: *mut Defer) -> Words {
    // SAFETY: a record on a list stays as long as its goroutine is stopped.
    let (func, size) = unsafe { ((*d).fn_, (*d).siz as usize) };
    // SAFETY: what a record calls is nil or a func value.
    unsafe { argument_words(func, size) }
}
