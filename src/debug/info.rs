//! What a program learns about its toolchain.

use crate::abi::{GoString, Sys, args};
use crate::code::symtab;
use crate::config::env;
use crate::world::lists::all_ms;
use core::sync::atomic::Ordering;

/// The Go release whose programs this runtime runs.
const VERSION: &str = "go1.5.4";
/// Where the official archives of that release expect to be.
const DEFAULT_GOROOT: &str = "/usr/local/go";

/// Tools find the version of a program by this variable.
#[doc(alias = "buildVersion")]
#[unsafe(export_name = "runtime.buildVersion")]
static BUILD_VERSION: GoString = GoString::from_static(VERSION);

/// `runtime.Version`.
pub fn version(_: Sys<'_>, a: &mut args::runtime_Version) {
    a.r0 = GoString::from_static(VERSION);
}

/// `runtime.GOROOT`: the environment's, or the usual place.
pub fn goroot(_: Sys<'_>, a: &mut args::runtime_GOROOT) {
    a.r0 = match env::get(b"GOROOT") {
        Some(v) if !v.is_empty() => symtab::go_string(v),
        _ => GoString::from_static(DEFAULT_GOROOT),
    };
}

/// `runtime.NumCgoCall`.
pub fn num_cgo_call(_: Sys<'_>, a: &mut args::runtime_NumCgoCall) {
    // SAFETY: Ms are never freed, and the count is atomic.
    a.r0 = all_ms()
        .map(|m| unsafe { (*m).ncgocall.load(Ordering::Relaxed) as i64 })
        .sum();
}
