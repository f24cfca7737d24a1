//! The two words of thread-local storage (asm/data.S): the current g, and the stack pointer at the
//! last leaf call.
//!
//! The linker of an executable knows their offsets from the thread pointer. A shared object has to
//! ask for them when it is loaded: the feature `shared` makes a library for those, whose code loads
//! each offset from the object's table before it uses it (asm/trampoline.h does the same).

use core::arch::asm;

/// The current g, as an address.
#[inline(always)]
pub fn g() -> usize {
    let g: usize;
    // SAFETY: the word is this thread's, and holds the current g from `gort_bootstrap` on. Not
    // `pure`: it changes across switches.
    unsafe {
        #[cfg(not(feature = "shared"))]
        asm!(
            "mov {}, qword ptr fs:[runtime.tlsg@TPOFF]",
            out(reg) g,
            options(nostack, preserves_flags, readonly)
        );
        #[cfg(feature = "shared")]
        asm!(
            "mov {0}, qword ptr [rip + runtime.tlsg@GOTTPOFF]",
            "mov {0}, qword ptr fs:[{0}]",
            out(reg) g,
            options(nostack, preserves_flags, readonly)
        );
    }
    g
}

/// Makes this address the current g.
///
/// # Safety
/// It is that of a goroutine that this thread runs or of its g0, or null.
#[inline(always)]
pub unsafe fn set_g(g: usize) {
    // SAFETY: the word (asm/data.S) is this thread's.
    unsafe {
        #[cfg(not(feature = "shared"))]
        asm!(
            "mov qword ptr fs:[runtime.tlsg@TPOFF], {}",
            in(reg) g,
            options(nostack, preserves_flags)
        );
        #[cfg(feature = "shared")]
        asm!(
            "mov {0}, qword ptr [rip + runtime.tlsg@GOTTPOFF]",
            "mov qword ptr fs:[{0}], {1}",
            out(reg) _,
            in(reg) g,
            options(nostack, preserves_flags)
        );
    }
}

/// The stack pointer at the leaf call that this thread entered last, in the call or after it.
#[inline(always)]
pub fn leaf_sp() -> usize {
    let sp: usize;
    // SAFETY: the word (asm/data.S) is this thread's. Not `pure`: each leaf call writes it.
    unsafe {
        #[cfg(not(feature = "shared"))]
        asm!(
            "mov {}, qword ptr fs:[gort_leafsp@TPOFF]",
            out(reg) sp,
            options(nostack, preserves_flags, readonly)
        );
        #[cfg(feature = "shared")]
        asm!(
            "mov {0}, qword ptr [rip + gort_leafsp@GOTTPOFF]",
            "mov {0}, qword ptr fs:[{0}]",
            out(reg) sp,
            options(nostack, preserves_flags, readonly)
        );
    }
    sp
}
