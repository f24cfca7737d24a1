//! `GODEBUG=allocfreetrace=1`: every allocation and every free is printed, in the words of Go 1.5,
//! with the stack of the goroutine that allocates, or in whose allocation the sweeper runs.
//!
//! As in Go, what the tiny allocator puts into an existing block is not shown, and sizes are those
//! of size classes.

use crate::abi::Type;
use crate::debug::traceback::{self, Style};
use crate::fatal::out::{Out, Sink};
use crate::sync::mutex::RawMutex;
use crate::sync::rank;
use crate::world::{self, Stopped};

/// Bytes of the buffer for a trace, on g0's stack.
const TEXT: usize = 2048;

/// Traces do not mix.
static LOCK: RawMutex<{ rank::ALLOC_TRACE }> = RawMutex::new();

/// Go shows the runtime's frames in these.
const STYLE: Style = Style {
    all: true,
    addresses: true,
};

fn with(f: impl FnOnce(&mut Out<'_>)) {
    let mut buf = [0u8; TEXT];
    LOCK.lock();
    let mut out = Out::new(&mut buf, Sink::Stderr);
    f(&mut out);
    out.str("\n").flush();
    LOCK.unlock();
}

fn stack(out: &mut Out<'_>) {
    let g = world::curg();
    if g.is_null() {
        // The scheduler, a timer.
        out.str("goroutine 0 [idle]:\n");
    } else {
        // SAFETY: the goroutine that called in is stopped in its runtime call.
        unsafe { traceback::goroutine(out, g, STYLE) };
    }
}

/// An object of `size` bytes was allocated at `p`, for values of `typ` (null: unknown).
///
/// # Safety
/// In system mode; `typ` is a type or null.
#[cold]
pub unsafe fn allocated(p: *mut u8, size: usize, typ: *const Type) {
    with(|out| {
        out.str("tracealloc(").hex(p as u64);
        out.str(", ").hex(size as u64);
        // SAFETY: by the caller's promise a type or null; descriptors and their names are constant.
        let name = unsafe { typ.as_ref().and_then(|t| t.string.as_ref()) };
        if let Some(&name) = name {
            out.str(", ").gostring(name);
        }
        out.str(")\n");
        stack(out);
    });
}

/// The object of `size` bytes at `at` was found dead.
#[cold]
pub fn freed(at: usize, size: usize) {
    with(|out| {
        out.str("tracefree(").hex(at as u64);
        out.str(", ").hex(size as u64).str(")\n");
        stack(out);
    });
}

/// A cycle starts.
#[cold]
pub fn collects(_: &Stopped) {
    with(|out| {
        out.str("tracegc()\n");
        // SAFETY: the world is stopped, as the token proves.
        unsafe { traceback::others(out, core::ptr::null_mut(), STYLE) };
        out.str("end tracegc\n");
    });
}
