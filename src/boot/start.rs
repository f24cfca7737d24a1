//! The steps of asm/rt0.S: the first thread, arguments, processors, and the parts of the runtime
//! one after the other.

use crate::abi::{G, M, cgo};
use crate::config::env;
use crate::debug::dying;
use crate::dispatch::schedule;
use crate::fatal;
use crate::fatal::out::{Out, Sink};
use crate::os::cpu::{self, NCPU};
use crate::os::sys;
use crate::sched::{self, threads};
use crate::world::g::set_system_stack;
use crate::world::{Stopped, lists, registers, setg};
use core::cell::UnsafeCell;
use core::sync::atomic::Ordering;

/// Bytes of the kernel's stack that count as g0's: its limit is 8 MiB almost everywhere, and this
/// is what other threads have.
const G0_STACK: usize = 128 << 10;

#[repr(transparent)]
struct Static<T>(UnsafeCell<core::mem::MaybeUninit<T>>);

// SAFETY: the cells hold m0 and g0, whose words threads touch by the rules of every M and G.
unsafe impl<T> Sync for Static<T> {}

#[doc(alias = "m0")]
static M0: Static<M> = Static(UnsafeCell::new(core::mem::MaybeUninit::zeroed()));
#[doc(alias = "g0")]
static G0: Static<G> = Static(UnsafeCell::new(core::mem::MaybeUninit::zeroed()));

/// Makes this thread m0: `sp` is where g0's stack goes on.
///
/// # Safety
///
/// On the first thread of the process, before any other code of the runtime; below `sp` are at
/// least `G0_STACK` bytes of its stack.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_bootstrap(sp: usize) {
    let (m, g) = (M0.0.get().cast::<M>(), G0.0.get().cast::<G>());
    // SAFETY: first code of the process: nothing is shared yet. The FS base must be set before
    // anything asks for g.
    unsafe {
        set_system_stack(g, sp - G0_STACK, sp + 64, sp & !15);
        (*g).m.store(m, Ordering::Relaxed);
        (*m).g0 = g;
        match cgo::init() {
            // The C library owns the FS base, and knows how large this stack is.
            Some(init) => {
                init(g, set_g_for_c);
                set_system_stack(g, (*g).stack_lo, (*g).stack_hi, (*g).sched.sp);
            }
            None => {
                (*m).fsbase = &raw const (*m).tls as usize + 8;
                set_tls(m);
            }
        }
        setg(g);
        (*m).tid.store(sys::gettid(), Ordering::Relaxed);
    }
    // SAFETY: there is one thread. Last words need its M.
    unsafe { fatal::LAST_WORDS.set(dying::last_words) };
}

/// Sets the current g of a thread that C has made for Go.
///
/// # Safety
///
/// `g` is the g0 of the thread that calls.
unsafe extern "C" fn set_g_for_c(g: *mut G) {
    // SAFETY: the C library calls this on the new thread with the g0 that was made for it.
    unsafe { setg(g) };
}

/// Makes `m.tls` this thread's `runtime.tlsg`, where compiled code looks for its g, and looks
/// whether it is.
///
/// # Safety
/// `m` is the M of this thread, whose current g nobody has asked for yet.
#[doc(alias = "settls")]
unsafe fn set_tls(m: *mut M) {
    const MARK: usize = 0x123;
    // SAFETY: the word belongs to this thread, and nobody asks for g yet.
    let errno = unsafe {
        let ret = cpu::set_fs_base((*m).fsbase);
        if ret == 0 {
            setg(MARK as *mut G);
            if (*m).tls.load(Ordering::Relaxed) == MARK {
                return;
            }
        }
        -ret
    };
    die_early(
        "runtime: no thread-local storage: arch_prctl failed with ",
        errno,
    )
}

/// Dies of what the system has refused, when there is no g yet and with it no traceback.
pub(super) fn die_early(what: &str, errno: isize) -> ! {
    let mut text = [0; 128];
    Out::new(&mut text, Sink::Stderr)
        .str(what)
        .int(errno as i64)
        .str("\n");
    sys::exit(2)
}

/// Records the argument vector; environment and auxiliary vector follow it.
///
/// # Safety
///
/// `argv` is the argument vector as the kernel laid it out: the environment and the auxiliary
/// vector follow.
#[unsafe(export_name = "runtime.args")]
unsafe extern "C" fn args(argc: i32, argv: *const *const u8) {
    // SAFETY: by the caller's promise this is the kernel's vector.
    unsafe { env::init(argc, argv) };
}

/// Asks the system what it has.
#[unsafe(export_name = "runtime.osinit")]
extern "C" fn osinit() {
    NCPU.store(cpu::count() as i32, Ordering::Relaxed);
}

/// Brings every system up. Order: memory before whatever allocates, Ps last.
///
/// # Safety
///
/// Once, on the first thread, after [`args`] and [`osinit`].
#[unsafe(export_name = "runtime.schedinit")]
unsafe extern "C" fn schedinit() {
    crate::config::godebug::init();
    crate::probe::rates::init();
    let m0 = M0.0.get().cast::<M>();
    // SAFETY: the process has one thread, which is m0's; the address is the kernel's.
    unsafe {
        sched::perturb::thread(m0);
        crate::os::clock::init(env::vdso());
    }
    // Before the first M: its generator starts from such a number.
    crate::os::random::ensure_seeded();
    // SAFETY: m0 and its g0, which only this thread knows, and which are in no list yet.
    unsafe { threads::init(m0, (*m0).g0) };
    crate::types::init();
    crate::alloc::malloc::init();
    // SAFETY: there is one thread, and nothing was freed yet.
    unsafe { crate::heap::modes::ON_FREE.set(crate::debug::allocfree::freed) };
    registers::init();
    crate::signal::init();
    // SAFETY: this thread's M, which had no alternate stack.
    unsafe { crate::signal::minit(m0) };
    let procs = match env::number(b"GOMAXPROCS") {
        Some(n) if n > 0 => (n as usize).min(lists::MAX_PROCS) as u32,
        _ => NCPU.load(Ordering::Relaxed) as u32,
    };
    // SAFETY: there is no other thread yet: the world is as good as stopped.
    sched::stw::resize(unsafe { Stopped::new() }, procs);
    crate::gc::init();
    // SAFETY: there is one thread, and no collection yet.
    unsafe { crate::gc::roots::SOURCES.set(&[crate::time::for_each_root]) };
}

/// The first thread enters the scheduler; the stack below this frame is g0's.
#[unsafe(no_mangle)]
extern "C" fn gort_mstart0() -> ! {
    schedule::start_on_empty_stack()
}

#[unsafe(no_mangle)]
extern "C" fn gort_call_too_large() -> ! {
    crate::fatal::throw("reflect.call: arguments of more than 1 GiB")
}
