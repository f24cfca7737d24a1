//! A stack of nodes that anybody may push to at any time, and one thread at a time takes from.
//!
//! Pushing is a compare-and-swap. So is taking, but only by the holder of a lock: a second taker
//! could take the first node and push it back above another one between a look at the node's link
//! and the exchange. The Release of a push pairs with the Acquire of the pop that gets the node.

use super::mutex::RawMutex;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// What can be in a stack.
///
/// # Safety
/// The link lies in the node, and nobody else uses it while the node is in a stack.
pub unsafe trait Node {
    /// Where a node keeps the one below it.
    ///
    /// # Safety
    /// The node is valid.
    unsafe fn link(this: *mut Self) -> *mut *mut Self;
}

/// Puts a node on top.
///
/// # Safety
/// The node is the caller's, in no stack, and stays valid while it is in this one.
#[inline(always)]
pub unsafe fn push<T: Node>(stack: &AtomicPtr<T>, node: *mut T) {
    let mut top = stack.load(Ordering::Relaxed);
    loop {
        debug_assert!(top != node);
        // SAFETY: the node is ours until the exchange.
        unsafe { *T::link(node) = top };
        match stack.compare_exchange(top, node, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => top = now,
        }
    }
}

/// Takes the top node, or null. Never waits where the stack is empty.
///
/// # Safety
/// Every taker of this stack uses the same lock.
#[inline(always)]
pub unsafe fn pop<T: Node, const RANK: u8>(stack: &AtomicPtr<T>, taker: &RawMutex<RANK>) -> *mut T {
    if stack.load(Ordering::Relaxed).is_null() {
        return null_mut();
    }
    taker.lock();
    let mut top = stack.load(Ordering::Acquire);
    while !top.is_null() {
        // SAFETY: nobody else takes nodes now, so `top` stays valid and its link as it is.
        let below = unsafe { *T::link(top) };
        match stack.compare_exchange(top, below, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => break,
            Err(now) => top = now,
        }
    }
    taker.unlock();
    top
}
