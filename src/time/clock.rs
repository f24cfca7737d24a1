//! What time it is, as packages time and net ask (`fatal::clock` knows).

use crate::abi::args;
use crate::fatal::clock::{nanotime, walltime};

/// `time.now`.
pub unsafe fn now(a: &mut args::time_now) {
    (a.sec, a.nsec) = walltime();
}

/// `time.runtimeNano`.
pub unsafe fn runtime_nano(a: &mut args::time_runtimeNano) {
    a.r0 = nanotime();
}

/// `net.runtimeNano`.
pub unsafe fn net_runtime_nano(a: &mut args::net_runtimeNano) {
    a.r0 = nanotime();
}
