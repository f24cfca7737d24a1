//! Face of `heap`.

/// A P's share.
#[derive(Debug)]
pub struct PerP {
    _none: u8,
}
/// At boot.
pub fn init() {}
/// Gives everything in the cache back.
///
/// # Safety
/// Nobody uses the P.
pub unsafe fn flush(_p: &mut PerP) {}

/// Barrier flag, read by compiled code.
#[unsafe(export_name = "runtime.writeBarrierEnabled")]
pub static WB: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(0);
#[unsafe(no_mangle)]
extern "C" fn gort_shade() {}
#[unsafe(no_mangle)]
extern "C" fn gort_call_barrier() {}
