//! Stacks of the tests' own nodes: those that batches of defer records wait on
//! ([`crate::sync::stack`]).

use crate::abi::args;
use crate::sync::mutex::RawMutex;
use crate::sync::stack::{self, Node};
use core::sync::atomic::AtomicPtr;

/// A node of the tests, which begins with the link.
struct TestNode {
    next: *mut TestNode,
}

// SAFETY: the tests leave nodes alone that are in a stack.
unsafe impl Node for TestNode {
    unsafe fn link(this: *mut Self) -> *mut *mut Self {
        // SAFETY: the caller's promise.
        unsafe { &raw mut (*this).next }
    }
}

/// One for all stacks, as that of the defer records.
static TAKER: RawMutex = RawMutex::new();

/// `runtime.hookStackPush`.
///
/// # Safety
/// Called by its trampoline, with a word that is only a stack and a node that the caller keeps
/// alive.
pub unsafe fn push(a: &mut args::runtime_hookStackPush) {
    // SAFETY: the caller's promise.
    unsafe {
        stack::push(
            AtomicPtr::from_ptr(a.stack.cast()),
            a.node.cast::<TestNode>(),
        )
    };
}

/// `runtime.hookStackPop`.
///
/// # Safety
/// Called by its trampoline, with a word that is only a stack.
pub unsafe fn pop(a: &mut args::runtime_hookStackPop) {
    // SAFETY: the caller's promise; all stacks of the tests have one lock.
    let node = unsafe { stack::pop(AtomicPtr::<TestNode>::from_ptr(a.stack.cast()), &TAKER) };
    a.r0 = node.cast();
}
