//! Sizes that others have to know.

/// Bytes below its saved stack pointer that a stopped goroutine still needs: the return address of
/// the runtime call that it is in, for calls that are made again.
pub(super) const BELOW: usize = 8;

/// Bytes of a new goroutine's stack.
#[doc(alias = "_FixedStack")]
#[doc(alias = "_StackMin")]
pub const MIN_STACK: usize = 2048;
