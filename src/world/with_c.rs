//! What of the runtime only programs with a C library have (docs/cgo.md).
//!
//! The rooms before `cgo` reach it through a table that the linker makes a part of such programs
//! alone (asm/data.S), so that others are no larger for it.

use crate::abi::G;
use crate::os::context::Context;

/// The table, made by room `cgo`.
#[derive(Debug)]
pub struct WithC {
    /// The runtime is ready. In system mode of the main goroutine.
    pub start: unsafe fn(),
    /// All packages are initialised. In system mode of the main goroutine.
    pub initialised: fn(),
    /// Makes the thread of a new M, with this g0, on a thread that is not in a goroutine's code.
    pub make_thread: unsafe fn(*mut G),
    /// The runtime's handler is about to become that of the signal.
    pub remember: fn(u32),
    /// In the handler, with the interrupted g, or null. True: the signal was C's, and is dealt with.
    pub signal: unsafe fn(u32, &Context, *mut G) -> bool,
    /// In the handler, with the interrupted g: its thread runs a goroutine's call of C.
    pub in_call: unsafe fn(*mut G) -> bool,
}

/// The table, in a program with a C library.
#[inline(always)]
pub fn with_c() -> Option<&'static WithC> {
    #[allow(improper_ctypes, reason = "both sides of it are ours")]
    unsafe extern "C" {
        #[link_name = "gort_c_entry"]
        static TABLE: Option<&'static WithC>;
    }
    // SAFETY: the linker's data; nobody writes it.
    unsafe { TABLE }
}
