//! Stands for the runtime's `src/abi`.

use crate::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize};
use crate::world::status::GState;
use crate::world::sudog::Sudog;
use core::ptr::null_mut;

/// A goroutine, as far as the models' protocols know it. Words that the runtime uses atomically are
/// atomics.
#[derive(Debug)]
pub struct G {
    /// A [`GState`].
    pub atomicstatus: AtomicU32,
    /// A waker has claimed it.
    pub selectdone: AtomicU32,
    /// Sudogs that it waits with.
    pub waiting: AtomicPtr<Sudog>,
    /// A [`crate::world::WaitReason`].
    pub waitreason: u32,
    /// What woke it.
    pub param: *mut Sudog,
    /// It is on the list of those that ran.
    pub ran: AtomicUsize,
    /// The next on that list.
    pub ranlink: *mut Self,
    /// Its stack was scanned since it ran.
    pub scanned: bool,
}

impl G {
    /// In this state.
    pub fn new(state: GState) -> Self {
        Self {
            atomicstatus: AtomicU32::new(state as u32),
            selectdone: AtomicU32::new(0),
            waiting: AtomicPtr::new(null_mut()),
            waitreason: 0,
            param: null_mut(),
            ran: AtomicUsize::new(0),
            ranlink: null_mut(),
            scanned: false,
        }
    }
}
