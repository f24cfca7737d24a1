//! Faults of Go code.

use crate::abi::args;

/// What the fault that called `runtime.sigpanic` becomes.
///
/// # Safety
/// Called by its trampoline.
pub unsafe fn sigpanickind(a: &mut args::gort_sigpanickind) {
    a.kind = 5;
}
