//! Lists of goroutines linked by `schedlink`, and goroutines in a P's [`crate::sync::ring`].

use super::p::P;
use crate::abi::G;
use core::ptr;

/// A list of goroutines.
#[derive(Debug, Clone, Copy)]
pub struct GList {
    head: *mut G,
    tail: *mut G,
    len: u32,
}

impl GList {
    /// No goroutines.
    pub const fn new() -> Self {
        Self {
            head: ptr::null_mut(),
            tail: ptr::null_mut(),
            len: 0,
        }
    }

    /// Number of goroutines.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// The first, or null.
    pub fn first(&self) -> *mut G {
        self.head
    }

    /// Adds at the end.
    ///
    /// # Safety
    /// `g` is in no list.
    pub unsafe fn push(&mut self, g: *mut G) {
        // SAFETY: the list owns its members' links.
        unsafe {
            (*g).schedlink = ptr::null_mut();
            if self.tail.is_null() {
                self.head = g;
            } else {
                (*self.tail).schedlink = g;
            }
        }
        self.tail = g;
        self.len += 1;
    }

    /// Takes the first.
    pub fn pop(&mut self) -> *mut G {
        let g = self.head;
        if !g.is_null() {
            // SAFETY: a member is a live G.
            self.head = unsafe { (*g).schedlink };
            if self.head.is_null() {
                self.tail = ptr::null_mut();
            }
            self.len -= 1;
        }
        g
    }

    /// Moves all of `other` to the end.
    pub fn append(&mut self, other: &mut Self) {
        if other.is_empty() {
            return;
        }
        if self.tail.is_null() {
            self.head = other.head;
        } else {
            // SAFETY: a member is a live G.
            unsafe { (*self.tail).schedlink = other.head };
        }
        self.tail = other.tail;
        self.len += other.len;
        *other = Self::new();
    }
}

impl Default for GList {
    fn default() -> Self {
        Self::new()
    }
}

impl P {
    /// The run queue looks empty; exact only when no other thread touches it.
    #[inline(always)]
    pub fn runq_empty(&self) -> bool {
        self.runq.is_empty()
    }

    /// Adds a goroutine. Owner only. With `next` it runs before the others, and the one that was
    /// next is queued. False when the ring is full: then `overflow` holds half of the ring and the
    /// goroutine, for the global queue.
    ///
    /// # Safety
    /// `g` is a live goroutine in no list.
    #[doc(alias = "runqput")]
    pub unsafe fn runq_put(&self, g: *mut G, next: bool, overflow: &mut GList) -> bool {
        let mut item = g as usize;
        if next {
            item = self.runq.put_next(item);
            if item == 0 {
                return true;
            }
        }
        // SAFETY: the ring gives goroutines that are in no list any more.
        self.runq
            .put(item, |g| unsafe { overflow.push(g as *mut G) })
    }

    /// Takes the next goroutine, or null. Owner only. The flag says that it inherits the time slice
    /// of its waker.
    #[doc(alias = "runqget")]
    pub fn runq_get(&self) -> (*mut G, bool) {
        let (item, next) = self.runq.get();
        (item as *mut G, next)
    }

    /// Moves half of `from`'s ring into ours (owner only) and answers one of them, or null.
    /// `take_next`: the victim's next one too.
    #[doc(alias = "runqsteal")]
    #[doc(alias = "runqgrab")]
    pub fn runq_steal(&self, from: &P, take_next: bool) -> *mut G {
        self.runq.steal(&from.runq, take_next) as *mut G
    }
}
