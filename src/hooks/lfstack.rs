//! Stacks of the tests' own nodes: those that batches of defer records wait on
//! ([`crate::sync::stack`]).

use crate::abi::{Sys, args};
use crate::sync::mutex::RawMutex;
use crate::sync::stack::{self, Node};
use core::sync::atomic::AtomicPtr;

/// A node of the tests, which begins with the link.
struct TestNode {
    next: *mut TestNode,
}

// SAFETY: the tests leave nodes alone that are in a stack.
unsafe impl Node for TestNode {
    /// # Safety
    /// A node of the tests.
    unsafe fn link(this: *mut Self) -> *mut *mut Self {
        // SAFETY: the caller's node is one of the tests, which begins so.
        unsafe { &raw mut (*this).next }
    }
}

/// One for all stacks, as that of the defer records.
static TAKER: RawMutex = RawMutex::new();

/// `runtime.hookStackPush`, with a word that is only a stack and a node that the test keeps alive.
pub fn push(_: Sys<'_>, a: &mut args::runtime_hookStackPush) {
    // SAFETY: package runtime's tests keep to what the comment says.
    unsafe {
        stack::push(
            AtomicPtr::from_ptr(a.stack.cast()),
            a.node.cast::<TestNode>(),
        )
    };
}

/// `runtime.hookStackPop`, with a word that is only a stack.
pub fn pop(_: Sys<'_>, a: &mut args::runtime_hookStackPop) {
    // SAFETY: the tests use the word for nothing else; all stacks of theirs have one lock.
    let node = unsafe { stack::pop(AtomicPtr::<TestNode>::from_ptr(a.stack.cast()), &TAKER) };
    a.r0 = node.cast();
}
