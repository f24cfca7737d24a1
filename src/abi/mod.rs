//! The binary interface with compiled Go code, from `abi/`: structures (`go15.h`), exported symbols and their
//! argument areas (`surface.toml`).

#[allow(
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    clippy::all
)]
pub mod go15;
pub mod known;
pub use go15::*;
#[cfg(test)]
pub(crate) mod tests;

use core::mem::offset_of;

/// What a runtime function tells its trampoline (asm/trampoline.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Results are written; go back to the Go caller.
    Done = offsets::STATUS_DONE as u32,
    /// The goroutine is parked and no longer ours: do not touch it, pick another.
    Parked = offsets::STATUS_PARKED as u32,
    /// Nothing was done: run others, then make the same call again.
    Retry = offsets::STATUS_RETRY as u32,
}

/// What the collector and tracebacks know of an exported function; its name is in `code::asmfuncs`.
#[derive(Debug)]
pub struct Entry {
    /// Bytes of arguments and results.
    pub args: u32,
    /// Words that hold pointers on entry, one bit each.
    pub ptrs: u32,
    /// Words that hold pointers on return, besides those of `ptrs`.
    pub results: u32,
}

mod generated {
    #![allow(
        non_snake_case,
        non_camel_case_types,
        clippy::all,
        missing_docs,
        dead_code
    )]
    use super::{Entry, Status};
    include!(concat!(env!("OUT_DIR"), "/surface.rs"));
}
pub use generated::{SURFACE, args};

/// Constants of asm/offsets.h.
pub mod offsets {
    include!(concat!(env!("OUT_DIR"), "/offsets.rs"));
}

/// `stackguard0` value that asks for preemption: no stack pointer is above it.
#[doc(alias = "stackPreempt")]
pub const STACK_PREEMPT: usize = offsets::STACK_PREEMPT as usize;
/// `stackguard0` value while a fork is under way: a stack check then is a bug.
#[doc(alias = "stackFork")]
pub const STACK_FORK: usize = -1234isize as usize;
/// Bytes below `stackguard0`.
#[doc(alias = "_StackGuard")]
#[doc(alias = "stackGuard")]
pub const STACK_GUARD: usize = offsets::STACK_GUARD as usize;

macro_rules! same {
    ($($name:ident = $ty:ident . $($field:ident).+;)*) => {
        $(const _: () = assert!(offsets::$name == offset_of!($ty, $($field).+) as i64, stringify!($name));)*
    };
}
same! {
    G_STACK_HI = G.stack_hi;
    G_STACKGUARD0 = G.stackguard0;
    G_PANIC = G.panic;
    G_M = G.m;
    G_SCHED_SP = G.sched.sp;
    G_SCHED_PC = G.sched.pc;
    G_SCHED_CTXT = G.sched.ctxt;
    G_SCHED_RET = G.sched.ret;
    G_PARKMAP = G.parkmap;
    G_PANICARG = G.panicarg;
    G_INTERRUPTED = G.interrupted;
    M_G0 = M.g0;
    M_P = M.p;
    M_LOCKS = M.locks;
    M_FSBASE = M.fsbase;
    M_LEAFSP = M.leafsp;
    TYPE_HASH = Type.hash;
    TYPE_KIND = Type.kind;
    TYPE_ALG = Type.alg;
    ALG_EQUAL = TypeAlg.equal;
    ITAB_TYP = Itab.typ;
    ITAB_FUN = Itab.fun;
}

const _: () = assert!(offsets::KIND_DIRECT_IFACE == KIND_DIRECT_IFACE as i64);
const _: () = assert!(offset_of!(Type, size) == 0);

// The places that compiled code reaches into (calling convention of Go 1.5, inlined functions of package runtime).
const _: () = {
    assert!(offset_of!(G, stackguard1) == 24);
    assert!(offset_of!(G, atomicstatus) == 176);
    assert!(offset_of!(G, goid) == 184);
    assert!(offset_of!(G, lockedm) == 248);
    assert!(offset_of!(M, lockedg) == 312);
    assert!(offset_of!(M, locked) == 708);
    assert!(offset_of!(Panic, argp) == 0);
    assert!(size_of::<Type>() == 72 && size_of::<Method>() == 48 && size_of::<StructField>() == 40);
    assert!(
        size_of::<Hmap>() == 48
            && size_of::<Hiter>() == 96
            && size_of::<Scase>() == 48
            && size_of::<Hselect>() == 24
    );
    assert!(
        size_of::<RuntimeTimer>() == 56
            && size_of::<SyncSema>() == 24
            && size_of::<MemStats>() == 5776
    );
    assert!(offset_of!(Itab, fun) == 32);
};

impl GoString {
    /// The empty string.
    pub const EMPTY: Self = Self {
        ptr: core::ptr::null(),
        len: 0,
    };

    /// A Go string with the bytes of `s`.
    pub const fn from_static(s: &'static str) -> Self {
        Self {
            ptr: s.as_ptr(),
            len: s.len() as i64,
        }
    }

    /// The string's bytes.
    ///
    /// # Safety
    /// The string must come from Go code or [`GoString::from_static`], and its object must stay live for `'a`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len <= 0 {
            return &[];
        }
        // SAFETY: Go strings are valid for `len` bytes and never change.
        unsafe { core::slice::from_raw_parts(self.ptr, self.len as usize) }
    }
}

// SAFETY: a descriptor that is shared between threads is only read.
unsafe impl Sync for GoString {}

impl Type {
    /// Kind number without flags.
    pub fn kind_number(&self) -> u32 {
        u32::from(self.kind) & KIND_MASK
    }

    /// Values hold no pointers.
    pub fn no_pointers(&self) -> bool {
        u32::from(self.kind) & KIND_NO_POINTERS != 0
    }

    /// The interface data word is the value itself.
    pub fn direct_iface(&self) -> bool {
        u32::from(self.kind) & KIND_DIRECT_IFACE != 0
    }
}

/// Empty interface value.
pub const NIL_EFACE: Eface = Eface {
    typ: core::ptr::null(),
    data: core::ptr::null_mut(),
};
