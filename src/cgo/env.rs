//! C's environment, which follows that of package syscall.

use crate::abi::{GoString, Leaf, Slow, Sys, args, cgo};
use crate::alloc::malloc::mallocgc;
use core::ptr;

/// A copy of `s` as C wants it.
///
/// # Safety
/// The string is live.
unsafe fn c_string(sys: Sys<'_>, s: GoString) -> *const u8 {
    // SAFETY: no collection begins before C is done with it.
    unsafe {
        let n = s.len as usize;
        let p = mallocgc(sys, n + 1, ptr::null(), false);
        ptr::copy_nonoverlapping(s.ptr, p, n);
        p.add(n).write(0);
        p
    }
}

/// `syscall.setenv_c`, where there is no C.
pub fn setenv_leaf(_: Leaf<'_>, _a: &mut args::syscall_setenv_c) -> Result<(), Slow> {
    Slow::unless(cgo::setenv().is_none())
}

/// `syscall.setenv_c`.
pub fn setenv(sys: Sys<'_>, a: &mut args::syscall_setenv_c) {
    if let Some(f) = cgo::setenv() {
        // SAFETY: C copies the strings. It runs on the system stack.
        unsafe {
            let pair = [c_string(sys, a.k), c_string(sys, a.v)];
            f(pair.as_ptr());
        }
    }
}

/// `syscall.unsetenv_c`, where there is no C.
pub fn unsetenv_leaf(_: Leaf<'_>, _a: &mut args::syscall_unsetenv_c) -> Result<(), Slow> {
    Slow::unless(cgo::unsetenv().is_none())
}

/// `syscall.unsetenv_c`.
pub fn unsetenv(sys: Sys<'_>, a: &mut args::syscall_unsetenv_c) {
    if let Some(f) = cgo::unsetenv() {
        // SAFETY: as in `setenv`. This one takes the string itself.
        unsafe { f(c_string(sys, a.k)) };
    }
}
