//! What time it is, as packages time and net ask (`fatal::clock` knows).

use crate::abi::{Sys, args};
use crate::fatal::clock::{nanotime, walltime};

/// `time.now`.
pub fn now(_: Sys<'_>, a: &mut args::time_now) {
    (a.sec, a.nsec) = walltime();
}

/// `time.runtimeNano`.
pub fn runtime_nano(_: Sys<'_>, a: &mut args::time_runtimeNano) {
    a.r0 = nanotime();
}

/// `net.runtimeNano`.
pub fn net_runtime_nano(_: Sys<'_>, a: &mut args::net_runtimeNano) {
    a.r0 = nanotime();
}
