//! The C half of a callback: asm/cgo.S calls these on the C stack.

use crate::abi::G;
use crate::code::asmfuncs::goexit_pc;
use crate::fatal;
use crate::world::callbacks::{self, Callback};
use crate::world::g::{GState, status_of};
use crate::world::getm;
use core::sync::atomic::Ordering;

unsafe extern "C" {
    /// asm/cgo.S: a return address in asmcgocall.
    static gort_cgo_site: u8;
    /// What runtime/cgo says for the function that `_cgo_panic` calls: a variable of its own.
    #[link_name = "runtime._cgo_panic_internal"]
    static PANIC_NAME: u8;
    #[link_name = "gort.cgopanic"]
    static PANIC: u8;
}

/// C calls Go: answers the goroutine that goes on.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_callback_begins(c: *mut Callback) -> *mut G {
    // SAFETY: on the C stack of this thread's M, below a call of C.
    unsafe {
        let m = getm();
        let g = (*m).curg.load(Ordering::Relaxed);
        if g.is_null() || status_of(g).state(Ordering::Relaxed) != GState::Syscall {
            fatal::throw("callback of C code that no call of C has begun");
        }
        (*c).ret = if !(*c).extra.is_null() {
            goexit_pc()
        } else {
            &raw const gort_cgo_site as usize
        };
        if (*c).code == &raw const PANIC_NAME as usize {
            (*c).code = &raw const PANIC as usize;
        }
        callbacks::begin(m, g, c);
        g
    }
}

/// The goroutine is back in its call of C.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_callback_ends() {
    // SAFETY: on the C stack, in this thread's innermost callback.
    unsafe {
        let m = getm();
        callbacks::end(m, (*m).curg.load(Ordering::Relaxed));
    }
}

#[unsafe(no_mangle)]
extern "C" fn gort_no_cgo() -> ! {
    fatal::throw("cgocall unavailable")
}

#[unsafe(no_mangle)]
extern "C" fn gort_cgo_nil() -> ! {
    fatal::throw("cgocall nil")
}
