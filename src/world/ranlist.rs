//! A list that goroutines enter when they run, each once, and that markers empty.
//!
//! A thread changes a goroutine's status, and then has it enter; a marker that empties the list
//! says of each that it is off, and then looks at its status. So where a goroutine is on the list
//! still, and need not enter, the marker sees the new status.

use crate::abi::G;
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use core::ptr::null_mut;

/// The list, linked by `G::ranlink`.
#[derive(Debug)]
pub struct RanList {
    first: AtomicPtr<G>,
    /// How many there are: a hint.
    len: AtomicUsize,
}

impl Default for RanList {
    fn default() -> Self {
        Self::new()
    }
}

impl RanList {
    crate::constructor! {
        /// No goroutines.
        pub fn new() -> Self {
            Self {
                first: AtomicPtr::new(null_mut()),
                len: AtomicUsize::new(0),
            }
        }
    }

    /// `g` enters, unless it is on the list.
    ///
    /// # Safety
    /// `g` is one of the Gs (they are never freed).
    pub unsafe fn note(&self, g: *mut G) {
        // SAFETY: the caller's G is one of ours: they are never freed.
        let ran = unsafe { &(*g).ran };
        // SeqCst: see the head of this file.
        if ran.swap(1, Ordering::SeqCst) != 0 {
            return;
        }
        self.len.fetch_add(1, Ordering::Relaxed);
        let mut head = self.first.load(Ordering::Relaxed);
        loop {
            // SAFETY: the thread that changes `ran` from 0 owns `ranlink` until the list is taken.
            unsafe { (*g).ranlink = head };
            match self
                .first
                .compare_exchange_weak(head, g, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(h) => head = h,
            }
        }
    }

    /// Empties the list. Whom `f` is called with may have entered again.
    pub fn take(&self, mut f: impl FnMut(*mut G)) {
        let mut g = self.first.swap(null_mut(), Ordering::Acquire);
        while !g.is_null() {
            let left = self.len.fetch_sub(1, Ordering::Relaxed);
            debug_assert!(left > 0);
            // SAFETY: the members are ours now; Gs are never freed.
            unsafe {
                // Before it is off: then it may enter again.
                let next = (*g).ranlink;
                (*g).ran.swap(0, Ordering::SeqCst);
                f(g);
                g = next;
            }
        }
    }

    /// How many there are: a hint while goroutines run.
    pub fn count(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }
}
