//! Where compiled code and assembly look for the parts of structures, and numbers that they share
//! with the runtime.

use super::go15::*;
use core::mem::offset_of;

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
    M_CURG = M.curg;
    M_P = M.p;
    M_LOCKS = M.locks;
    M_CALLBACK = M.callback;
    M_NCGOCALL = M.ncgocall;
    TYPE_HASH = Type.hash;
    TYPE_KIND = Type.kind;
    TYPE_ALG = Type.alg;
    ALG_EQUAL = TypeAlg.equal;
    ITAB_TYP = Itab.typ;
    ITAB_FUN = Itab.fun;
}

const _: () = assert!(offsets::KIND_DIRECT_IFACE == KIND_DIRECT_IFACE as i64);
const _: () = assert!(offset_of!(Type, size) == 0);
// Thread-local storage of a program without a C library (asm/data.S): two words below the FS base.
const _: () = assert!(offset_of!(M, leafsp) + 8 == offset_of!(M, tls));
const _: () = assert!(offset_of!(M, tls) + 8 == offset_of!(M, fsbase));

// The places that compiled code reaches into (calling convention of Go 1.5, inlined functions of
// package runtime).
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
