//! The last moments of the process: one thread at a time may print and end it.

use super::{builtins, print};
use crate::abi::G;
use crate::os::sys;
use crate::sched;
use crate::sync::mutex::RawMutex;
use core::sync::atomic::{AtomicU32, Ordering};

/// Threads that are dying, printing or waiting to print.
static DYING: AtomicU32 = AtomicU32::new(0);
/// Held by the one that prints.
static PRINTING: RawMutex = RawMutex::new();
/// Never free once taken: where a thread waits for the end.
static FOREVER: RawMutex = RawMutex::new();

/// Some thread is dying.
pub fn is_dying() -> bool {
    DYING.load(Ordering::Acquire) != 0
}

/// Takes the right to die. A thread that dies again while it prints its last words gives up part of them each time.
pub fn start() {
    let m = sched::getm();
    // SAFETY: the field is only touched by its own thread.
    let before = unsafe {
        let before = (*m).dying;
        (*m).dying = before + 1;
        before
    };
    match before {
        0 => {
            builtins::abandon();
            DYING.fetch_add(1, Ordering::AcqRel);
            PRINTING.lock();
            // SAFETY: as above. From here on this thread is not preempted, and a panic in a String method is fatal.
            unsafe { (*m).locks += 1 };
        }
        1 => print::puts("panic during panic\n"),
        2 => {
            print::puts("stack trace unavailable\n");
            sys::exit(4);
        }
        _ => sys::exit(5),
    }
}

/// Shows the goroutines and ends the process. `g` is the goroutine that dies, or null.
///
/// # Safety
/// [`start`] was called.
pub unsafe fn finish(_g: *mut G) -> ! {
    leave()
}

/// Ends the process, or lets the next dying thread do so after its own last words.
fn leave() -> ! {
    PRINTING.unlock();
    if DYING.fetch_sub(1, Ordering::AcqRel) != 1 {
        FOREVER.lock();
        FOREVER.lock();
    }
    sys::exit(2)
}
