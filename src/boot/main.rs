//! The main goroutine's runtime part: `runtime.main` in asm/rt0.S calls these between Go's own
//! functions.

use super::library;
use crate::abi::{Leaf, Outcome, Sys, args, cgo};
use crate::dispatch::sysmon;
use crate::fatal;
use crate::os::sys;
use crate::sched::{self, life};
use crate::world::with_c::with_c;
use crate::world::{WaitReason, curg, getm, lists, m};
use core::sync::atomic::Ordering;

/// First step of the main goroutine: the other threads start, and initialisation stays on the main
/// thread.
pub fn start(_: Sys<'_>, _a: &mut args::gort_mainstart) {
    lists::MAIN_STARTED.store(1, Ordering::Release);
    // SAFETY: the main goroutine called in, on the first thread: both are this thread's, and the C
    // library's threads are started before any other goroutine runs.
    unsafe {
        m::lock(getm(), curg());
        sysmon::start();
        match with_c() {
            Some(c) => (c.start)(),
            None if cgo::is_on() => fatal::throw("runtime/cgo needs gort's linker"),
            None => {}
        }
    }
}

/// All packages are initialised. A LockOSThread of an init function stays in force.
///
/// In a library the main goroutine has done its part.
#[doc(alias = "main_init_done")]
pub fn init_done(_: Sys<'_>, _a: &mut args::gort_maininitdone) -> Outcome {
    if let Some(c) = with_c() {
        (c.initialised)();
    }
    // SAFETY: the main goroutine called in, on the thread that `start` locked it to.
    unsafe { m::unlock(getm(), curg()) };
    match library::is_library() {
        // SAFETY: in system mode of a goroutine that has no deferred calls.
        true => unsafe { life::goexit0() },
        false => Outcome::Return,
    }
}

/// main.main returned. A goroutine that is dying of a panic may finish its message first.
pub fn exit(sys: Sys<'_>, _a: &mut args::gort_mainexit) -> Outcome {
    if fatal::dying() || !crate::panic::uncaught::teller().is_null() {
        // The main goroutine parks for good; the dying one ends the process.
        return sched::park_for_good(sys.caller(), WaitReason::PanicWait);
    }
    sys::exit(0)
}

/// `os.runtime_beforeExit`: nothing of ours waits for the end of the process.
pub fn before_exit(_: Leaf<'_>, _a: &mut args::os_runtime_beforeExit) {}
