//! Lists of goroutines linked by `schedlink`, and goroutines in a P's [`crate::sync::ring`].

use super::p::P;
use super::rights::{Right, Runnable};
use crate::abi::G;
use core::marker::PhantomData;
use core::ptr;

/// A list of goroutines, with the rights to them.
#[derive(Debug)]
pub struct GList<T> {
    head: *mut G,
    tail: *mut G,
    len: u32,
    rights: PhantomData<T>,
}

impl<T> GList<T> {
    /// No goroutines.
    pub const fn new() -> Self {
        Self {
            head: ptr::null_mut(),
            tail: ptr::null_mut(),
            len: 0,
            rights: PhantomData,
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
        (other.head, other.tail, other.len) = (ptr::null_mut(), ptr::null_mut(), 0);
    }
}

impl<T: Right> GList<T> {
    /// Adds at the end.
    pub fn push(&mut self, right: T) {
        let g = right.into_raw();
        // SAFETY: the list owns its members' links, and the right to `g` says that it is in no
        // other.
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
    pub fn pop(&mut self) -> Option<T> {
        let g = self.head;
        if g.is_null() {
            return None;
        }
        // SAFETY: a member is a live G.
        self.head = unsafe { (*g).schedlink };
        if self.head.is_null() {
            self.tail = ptr::null_mut();
        }
        self.len -= 1;
        // SAFETY: the list had the right.
        Some(unsafe { T::from_raw(g) })
    }
}

impl<T> Default for GList<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(debug_assertions)]
impl<T> Drop for GList<T> {
    fn drop(&mut self) {
        assert!(self.is_empty(), "goroutines were lost");
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
    #[doc(alias = "runqput")]
    pub fn runq_put(&self, g: Runnable, next: bool, overflow: &mut GList<Runnable>) -> bool {
        let mut item = g.into_raw() as usize;
        if next {
            item = self.runq.put_next(item);
            if item == 0 {
                return true;
            }
        }
        self.runq.put(item, |g| {
            // SAFETY: the ring had the right.
            overflow.push(unsafe { Runnable::from_raw(g as *mut G) });
        })
    }

    /// Takes the next goroutine. Owner only. The flag says that it inherits the time slice of its
    /// waker.
    #[doc(alias = "runqget")]
    pub fn runq_get(&self) -> (Option<Runnable>, bool) {
        let (item, next) = self.runq.get();
        // SAFETY: the ring had the right.
        (unsafe { Runnable::from_word(item as *mut G) }, next)
    }

    /// Moves half of `from`'s ring into ours (owner only) and answers one of them. `take_next`: the
    /// victim's next one too.
    #[doc(alias = "runqsteal")]
    #[doc(alias = "runqgrab")]
    pub fn runq_steal(&self, from: &P, take_next: bool) -> Option<Runnable> {
        let item = self.runq.steal(&from.runq, take_next);
        // SAFETY: the ring had the right.
        unsafe { Runnable::from_word(item as *mut G) }
    }
}
